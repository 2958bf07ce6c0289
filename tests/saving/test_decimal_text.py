"""Numbers to decimal strings: what Python's own formatting gives, shorter than 17 characters."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics import GeometryError
from pictologics.saving.structures.decimal_text import choose_decimals, write_decimals


@given(st.lists(st.floats(-9999, 9999), max_size=20), st.integers(0, 9))
def test_numbers_are_written_as_python_writes_them(values, decimals):
    text, begins = write_decimals(np.array(values, float), decimals)
    written = [text[begin : end - 1].decode() for begin, end in pairwise(begins.tolist())]
    assert text.count(b"\\") == len(values) == text.decode().count("\\")
    for value, shown in zip(values, written, strict=True):
        assert Decimal(shown) == Decimal(round(value * 10**decimals)).scaleb(-decimals)
        assert len(shown) <= 16
        assert not ("." in shown and shown.endswith(("0", ".")))
        assert shown.removeprefix("-") == "0" or not shown.removeprefix("-").startswith(("00", "."))


@pytest.mark.parametrize(
    ("values", "text"), [([0.0, -0.0, -1e-9], b"0\\0\\0\\"), ([-0.5, 120, 3.25], b"-0.5\\120\\3.25\\")]
)
def test_examples(values, text):
    assert write_decimals(np.array(values), 3)[0] == text


def test_decimals_follow_the_voxels_as_far_as_there_is_room():
    assert choose_decimals(1.0, 500.0) == 5
    assert choose_decimals(0.7, 1700.0) == 6
    assert choose_decimals(0.001, 99.0) == 8
    assert choose_decimals(0.001, 123456.0) == 8
    assert choose_decimals(1.0, 123456789012.0) == 2
    with pytest.raises(GeometryError, match="decimal strings of DICOM have 16 characters"):
        choose_decimals(0.001, 12345678901.0)
