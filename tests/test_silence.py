"""Warnings of one thread are passed over, those of all others are heard, and the filters are as they were."""

from __future__ import annotations

import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pictologics import GeometryWarning, load_image
from pictologics.dicom.headers.pydicom_edge import decode_text
from pictologics.silence import hear_this_thread, silence_this_thread


@pytest.fixture
def fast_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def strict():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield list(warnings.filters)


def test_this_thread_is_silent_and_then_not(strict):
    with silence_this_thread():
        with silence_this_thread():
            warnings.warn("inner", UserWarning, stacklevel=1)
        warnings.warn("outer", UserWarning, stacklevel=1)
    assert list(warnings.filters) == strict
    with pytest.raises(UserWarning, match="after"):
        warnings.warn("after", UserWarning, stacklevel=1)


def test_an_error_in_the_block_leaves_the_filters_as_they_were(strict):
    with pytest.raises(ZeroDivisionError), silence_this_thread():
        raise ZeroDivisionError
    assert list(warnings.filters) == strict


def test_filters_added_meanwhile_stay(strict):
    with silence_this_thread():
        warnings.simplefilter("always", BytesWarning)
        with silence_this_thread():
            warnings.warn("passed over", UserWarning, stacklevel=1)
    assert list(warnings.filters) == [("always", None, BytesWarning, None, 0), *strict]


def test_other_threads_are_heard(strict, fast_switches):
    heard, ends = [], threading.Event()

    def warn():
        for _ in range(3000):
            try:
                warnings.warn("heard", UserWarning, stacklevel=1)
            except UserWarning:
                heard.append(1)

    def silence():
        while not ends.is_set():
            with silence_this_thread():
                warnings.warn("passed over", UserWarning, stacklevel=1)

    with ThreadPoolExecutor(4) as pool:
        silencers = [pool.submit(silence) for _ in range(2)]
        for task in [pool.submit(warn) for _ in range(2)]:
            task.result()
        ends.set()
        for task in silencers:
            task.result()
    assert len(heard) == 6000
    assert list(warnings.filters) == strict


def test_error_on_geometry_warning_holds_in_threads(fast_switches):
    """Beside texts in a character set that pydicom warns of."""
    header = bytearray(348)
    header[:4] = (348).to_bytes(4, "little")
    header[40:56] = np.array([3, 2, 2, 2, 1, 1, 1, 1], "<i2").tobytes()
    header[70:74] = np.array([2, 8], "<i2").tobytes()
    header[76:92] = np.ones(4, "<f4").tobytes()
    header[108:112] = np.float32(352).tobytes()
    header[344:348] = b"n+1\0"
    bare = bytes(header) + bytes(4 + 8)

    def load(k):
        if k % 2:
            assert decode_text(b"caf\xe9", ["ISO_IR 999"]) == "caf\xe9"
            return False
        try:
            load_image(bare)
        except GeometryWarning:
            return True
        return False

    # Whoever imports pydicom first imports urllib3 too, if that is installed, which adds filters of its own.
    load(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = list(warnings.filters)
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(load, range(2000))) == 1000
        assert list(warnings.filters) == before


def test_what_a_thread_is_warned_of_is_noted_by_class_and_nobody_else_is_heard(strict):
    others: list[str] = []

    def warn_elsewhere():
        try:
            warnings.warn("elsewhere", UserWarning, stacklevel=1)
        except UserWarning as error:
            others.append(str(error))

    with hear_this_thread() as heard:
        warnings.warn("where", GeometryWarning, stacklevel=1)
        warnings.warn("of users", UserWarning, stacklevel=1)
        with silence_this_thread():
            warnings.warn("passed over", GeometryWarning, stacklevel=1)
        np.log(np.zeros(1))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(warn_elsewhere).result()
        with pytest.raises(DeprecationWarning):
            warnings.warn("for programmers", DeprecationWarning, stacklevel=1)
        # A second time at the same line is a second warning.
        warnings.warn("where", GeometryWarning, stacklevel=1)
    assert [kind for kind, _ in heard] == ["GeometryWarning", "UserWarning", "RuntimeWarning", "GeometryWarning"]
    assert heard[0] == ("GeometryWarning", "where")
    assert others == ["elsewhere"]
    assert list(warnings.filters) == strict
