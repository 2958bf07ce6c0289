"""What a mask may hold, and what becomes of values that are nearly labels or none at all."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics import UnsupportedFormatError
from pictologics.labels import convert_mask_values, list_labels

ADVICE = "load it otherwise"


def regions(*values, shape=(20, 20, 20), dtype="float32") -> np.ndarray:
    """Slabs of one value each, three voxels thick along x, on 0."""
    array = np.zeros(shape, dtype, order="F")
    for place, value in enumerate(values):
        array[3 * place : 3 * place + 3, 5:15, 5:15] = value
    return array


def scan(values: int, dtype="uint16") -> np.ndarray:
    """Values of an image on a background of 0."""
    array = np.zeros((40, 40, 40), dtype, order="F")
    array[5:35, 5:35, 5:35] = np.random.default_rng(4).integers(1, values + 1, (30, 30, 30))
    return array


def convert(array, threshold=None, **options):
    return convert_mask_values(array, threshold, path="mask.nii", advice=ADVICE, **options)


@pytest.mark.parametrize(
    ("highest", "stored", "kept"),
    [(1, "bool", "uint8"), (200, "int16", "uint8"), (300, "float32", "uint16"), (614454277, "float64", "uint32")],
)
def test_whole_numbers_are_kept_in_the_smallest_type(highest, stored, kept):
    array = regions(1, highest, dtype=stored)
    labels, decisions = convert(array)
    np.testing.assert_array_equal(labels, array)
    assert labels.dtype == kept
    assert not decisions
    assert labels.flags.f_contiguous


def test_nan_is_background_and_is_told():
    array = regions(2)
    array[-1] = np.nan
    labels, (told,) = convert(array)
    np.testing.assert_array_equal(labels, regions(2))
    assert (told.value, told.warning) == (400, "content")


def test_labels_rounded_by_a_slope_are_whole_again():
    array = np.rint(regions(1, 5, 12) * 255 / 12) * np.float32(12 / 255)
    labels, (told,) = convert(array)
    np.testing.assert_array_equal(labels, regions(1, 5, 12))
    assert told.kind == "rounded"
    assert told.warning == "content"


def test_fractions_need_a_threshold():
    array = regions(0.25, 0.5, 1)
    with pytest.raises(UnsupportedFormatError, match=r"'mask.nii': .* not whole numbers, such as 0.25, .*use it"):
        convert(array, fraction_advice="use it")
    labels, (told,) = convert(array, 0.5)
    np.testing.assert_array_equal(labels, array >= 0.5)
    assert "fractions from 0 to 1" in told.text


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (regions(1, -1), "the value -1"),
        (regions(1, 2.5), "such as 2.5"),
        (regions(1, np.inf), "infinite"),
        (scan(3000), "different values .* of an image"),
        (scan(3000, "float32"), "different values .* of an image"),
    ],
)
def test_what_is_no_mask_is_refused(array, match):
    with pytest.raises(UnsupportedFormatError, match=rf"{match}.* from 0; {ADVICE}"):
        convert(array)


def test_eight_bits_of_an_image_are_warned_of():
    labels, (told,) = convert(scan(200, "uint8"))
    np.testing.assert_array_equal(labels, scan(200, "uint8"))
    assert told.warning == "content"
    assert "each was taken as a label" in told.text


def test_thousands_of_regions_are_labels():
    array = np.repeat(np.arange(1, 4001, dtype=np.float32).reshape(20, 20, 10), 3, axis=0)
    labels, decisions = convert(np.asfortranarray(array))
    np.testing.assert_array_equal(labels, array)
    assert not decisions


def test_thousands_of_points_are_warned_of_and_kept():
    array = np.zeros((60, 60, 60), np.int32, order="F")
    array[::4, ::4, ::4] = np.arange(1, 15**3 + 1).reshape(15, 15, 15)
    labels, (told,) = convert(array)
    np.testing.assert_array_equal(labels, array)
    assert told.warning == "content"


def test_what_a_file_calls_labels_need_not_look_like_them():
    labels, decisions = convert(scan(3000), are_labels=True)
    np.testing.assert_array_equal(labels, scan(3000))
    assert not decisions


@pytest.mark.parametrize("highest", [3, 65535, 70000])
def test_labels_are_listed(highest):
    array = regions(1, highest, dtype="uint32")
    assert list_labels(array) == [1, highest]
    assert list_labels(array * 0) == []
