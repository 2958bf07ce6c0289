"""The type that holds values and a fill value: standard, as small as possible, and never one that changes either."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics import Grid, Image, OptionError
from pictologics.interpolation.filled_types import widen_type
from pictologics.placement import place
from pictologics.preprocessing import resample_to


@pytest.mark.parametrize(
    ("dtype", "fill_value", "expected"),
    [
        ("bool", 1, "bool"),
        ("bool", -1, "int8"),
        ("bool", 7, "uint8"),
        ("bool", 0.5, "float32"),
        ("uint8", 255, "uint8"),
        ("uint8", True, "uint8"),
        ("uint8", 256, "uint16"),
        ("uint8", -1, "int16"),
        ("uint8", np.float32(-1024), "int16"),
        ("uint8", 0.1, "float32"),
        ("uint8", 1e-60, "float64"),
        ("uint8", np.nan, "float32"),
        ("uint8", float(np.finfo(np.float32).min), "float32"),
        ("uint8", -1e20, "float32"),
        ("uint16", np.inf, "float32"),
        ("uint32", -1, "int64"),
        ("int32", np.nan, "float64"),
        ("int64", np.nan, "float64"),
        ("uint64", -1, "int64"),
        ("float32", 0.1, "float32"),
        ("float32", 1e300, "float64"),
        (">u2", -1, "int32"),
    ],
)
def test_the_smallest_standard_type(dtype, fill_value, expected):
    image = Image(np.ones((3, 3, 3), dtype), (1, 1, 1), (0, 0, 0))
    assert widen_type(image.array, fill_value) == np.dtype(expected)
    around = Grid((9, 9, 9), (1, 1, 1), (-3, -3, -3))
    for placed in (place(image, around, fill_value), resample_to(image, around, "nearest", fill_value)):
        assert placed.array.dtype == np.dtype(expected)
        np.testing.assert_allclose(placed.array[0, 0, 0], float(fill_value), rtol=1e-6)
        assert placed.array[4, 4, 4] == 1


@pytest.mark.parametrize(("value", "fill_value"), [(2**60, 0.5), (2**63 + 1, -1)])
def test_what_no_type_holds_is_refused(value, fill_value):
    image = Image(np.full((3, 3, 3), value, np.uint64), (1, 1, 1), (0, 0, 0))
    with pytest.raises(OptionError, match="fill_value is"):
        place(image, Grid((9, 9, 9)), fill_value)


def test_a_number_beyond_every_type_is_refused():
    image = Image(np.ones((3, 3, 3), np.uint8), (1, 1, 1), (0, 0, 0))
    with pytest.raises(OptionError, match="a number that float64 holds"):
        resample_to(image, Grid((9, 9, 9)), "nearest", 10**400)
