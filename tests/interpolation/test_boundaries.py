"""One vocabulary for what lies beyond an array: against numpy and scipy, and across filters and resampling."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from scipy import ndimage

from pictologics import Image
from pictologics.filters import mean_filter, wavelet_filter
from pictologics.interpolation.boundaries import (
    FILTER_BOUNDARIES,
    IBSI_NAMES,
    OUTSIDE,
    RESAMPLING_BOUNDARIES,
    SCIPY_MODES,
    Boundary,
    BoundaryMode,
    extend_array,
    find_stand_ins,
)
from pictologics.preprocessing import resample_image

NUMPY_MODES = {
    "nearest": "edge",
    "periodic": "wrap",
    "symmetric": "symmetric",
    "mirror_without_edge": "reflect",
    "zero": "constant",
}
ROW = np.array([2.0, 3.0, 5.0, 7.0])


@pytest.mark.parametrize("extension", NUMPY_MODES)
@pytest.mark.parametrize("size", [1, 2, 4])
def test_stand_ins_are_those_of_numpy(extension, size):
    row = ROW[:size]
    found = find_stand_ins(np.arange(-9, size + 9), size, extension)
    values = np.where(found == OUTSIDE, 0.0, row[found])
    np.testing.assert_array_equal(values, np.pad(row, 9, mode=NUMPY_MODES[extension]))


@pytest.mark.parametrize("extension", SCIPY_MODES)
def test_extended_arrays_and_scipys_modes_are_the_same_thing(extension):
    extended = extend_array(ROW, [(3, 3)], extension)
    np.testing.assert_array_equal(extended, np.pad(ROW, 3, mode=NUMPY_MODES[extension]))
    np.testing.assert_allclose(
        ndimage.correlate1d(ROW, [1.0, 2.0, 4.0], mode=SCIPY_MODES[extension]),
        np.convolve(extended[2:-2], [4.0, 2.0, 1.0], mode="valid"),
    )


def test_every_accepted_word_has_a_meaning_and_common_words_have_one():
    assert tuple(FILTER_BOUNDARIES) == get_args(Boundary)
    assert tuple(RESAMPLING_BOUNDARIES) == get_args(BoundaryMode)
    assert set(IBSI_NAMES) == set(FILTER_BOUNDARIES.values()) == set(SCIPY_MODES)
    both = set(FILTER_BOUNDARIES) & set(RESAMPLING_BOUNDARIES)
    assert {word for word in both if FILTER_BOUNDARIES[word] != RESAMPLING_BOUNDARIES[word]} == {"mirror"}
    assert {"nearest", "periodic", "symmetric"} < both


@pytest.mark.parametrize(
    ("word", "also"), [("mirror", "mirror_without_edge"), ("reflect", "symmetric"), ("wrap", "periodic")]
)
def test_resampling_takes_the_words_of_both(word, also):
    image = Image(ROW.reshape(4, 1, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    first, second = (resample_image(image, (0.4, 1, 1), "cubic", boundary_mode=mode).array for mode in (word, also))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("name", ["mean_filter", "wavelet_filter"])
def test_filters_take_the_word_of_both_and_record_that_of_ibsi(name):
    image = Image(np.random.default_rng(1).normal(size=(9, 8, 7)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    call = {"mean_filter": lambda **more: mean_filter(image, 5, **more), "wavelet_filter": None}[name] or (
        lambda **more: wavelet_filter(image, "db2", "LHL", 2, **more)
    )
    first, second = call(boundary="mirror"), call(boundary="symmetric")
    np.testing.assert_array_equal(first.array, second.array)
    assert "boundary mirror" in second.provenance.decisions[-1].text
