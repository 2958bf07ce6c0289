"""Stored numbers to values: exact, rounded once, and the same whichever way is taken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics import OptionError
from pictologics.rescaling import add_within_words, find_exact_float, rescale_into

TYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]


@pytest.mark.parametrize("name", TYPES)
def test_the_smallest_float_holds_the_extremes_of_its_type(name):
    stored = np.dtype(name)
    chosen = find_exact_float(stored)
    limits = np.iinfo(stored) if stored.kind in "iu" else np.finfo(stored)
    ends = np.array([limits.min, limits.max], stored)
    if stored.itemsize < 8 or stored.kind == "f":
        assert (ends.astype(chosen).astype(np.longdouble) == ends.astype(np.longdouble)).all()
    assert chosen == (np.float32 if stored.itemsize <= 2 or name == "float32" else np.float64)


@given(
    st.integers(1, 16),
    st.booleans(),
    st.integers(-70000, 70000) | st.floats(-10, 10),
    st.lists(st.integers(0, 65535), min_size=1, max_size=50),
)
def test_sums_within_words_are_right_or_refused(bits, signed, intercept, raw):
    numbers = np.array(raw, np.uint32) % (1 << bits)
    if signed:
        numbers = numbers.astype(np.int64) - (1 << bits - 1)
    words = numbers.astype(np.int16 if signed else np.uint16)
    before = words.copy()
    sums = add_within_words(words, bits, intercept)
    if sums is None:
        np.testing.assert_array_equal(words, before)
        assert not float(intercept).is_integer() or abs(intercept) + (1 << bits) > 32767
    else:
        np.testing.assert_array_equal(sums, before.astype(np.int64) + int(intercept))


@pytest.mark.parametrize("name", TYPES)
@given(slope=st.floats(-1e3, 1e3), intercept=st.floats(-1e4, 1e4), seed=st.integers(0, 99))
def test_values_are_computed_in_float64_and_rounded_once(name, slope, intercept, seed):
    stored = np.random.default_rng(seed).integers(0, 100, 20).astype(name)
    for dtype in (np.float32, np.float64):
        target = np.empty(20, dtype)
        rescale_into(target, stored, slope, intercept, "file")
        np.testing.assert_array_equal(target, (stored.astype(np.float64) * slope + intercept).astype(dtype))


def test_what_a_type_cannot_hold_is_refused_by_the_name_of_the_file():
    for dtype, slope in ((np.uint8, 100.0), (np.int16, 0.5), (np.float32, 1e300)):
        with pytest.raises(OptionError, match="file"):
            rescale_into(np.empty(3, dtype), np.array([1, 2, 3], np.int16), slope, 0.0, "file")
