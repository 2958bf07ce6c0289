"""Whole numbers in fewer bytes: the same numbers, however the array lies in memory."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics.formats.small_integers import narrow_voxels

VALUES = np.arange(60.0, dtype=np.float32).reshape(3, 4, 5) - 20

LAYOUTS = {
    "as images lie": np.asfortranarray,
    "the last axis fastest": np.ascontiguousarray,
    "a part of another": lambda values: np.repeat(values, 2, axis=1)[:, ::2],
    "backwards": lambda values: np.ascontiguousarray(values[::-1])[::-1],
    "axes in another order": lambda values: np.ascontiguousarray(values.transpose(1, 0, 2)).transpose(1, 0, 2),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("added", "stored"), [(0, np.int16), (20, np.uint8), (100_000, np.float32)])
def test_every_layout_gives_the_same_numbers(layout, added, stored):
    array = LAYOUTS[layout](VALUES + np.float32(added))
    narrow = narrow_voxels(array)
    assert narrow.dtype == stored
    np.testing.assert_array_equal(narrow, array)


def test_halves_stay_as_they_are():
    array = np.ascontiguousarray(VALUES / 2)
    assert narrow_voxels(array) is array
