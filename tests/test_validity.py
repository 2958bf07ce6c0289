"""Which voxels of an array are valid, whatever its type and order of memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pictologics import Image
from pictologics.errors import GeometryError, OptionError
from pictologics.filters import mean_filter
from pictologics.image_checks import check_image, find_valid_voxels
from pictologics.preprocessing import clip_intensities, resample_image
from pictologics.validity import as_source_mask, find_valid, is_finite

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=5)
VALUES = st.sampled_from([0.0, -1.0, np.nan, np.inf, -np.inf, float(np.float32(3e38)), float(np.float32(-3e38))])


@given(hnp.arrays(np.float32, SHAPES, elements=st.one_of(st.just(1.0), VALUES)), st.data())
def test_what_is_marked_and_finite_is_valid(array, data):
    array = data.draw(st.sampled_from([array, np.asfortranarray(array), array.transpose(1, 2, 0), array[::-1, :, ::2]]))
    mask = data.draw(st.one_of(st.none(), hnp.arrays(np.bool_, array.shape)))
    validity = find_valid(array, mask)
    everything = np.ones(array.shape, np.bool_)
    marked = everything if mask is None else mask
    found = everything if validity.mask is None else validity.mask
    np.testing.assert_array_equal(found, marked & np.isfinite(array))
    assert validity.not_finite == np.count_nonzero(marked & ~np.isfinite(array))
    assert (validity.mask is mask) == (validity.not_finite == 0)
    assert len(validity.decisions) == (validity.not_finite > 0)
    assert is_finite(array) == bool(np.isfinite(array).all())


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_whole_numbers_are_finite(dtype):
    mask = np.zeros((2, 2, 2), bool)
    assert find_valid(np.ones((2, 2, 2), dtype), mask).mask is mask


def test_a_mask_of_numbers_marks_what_is_above_zero():
    mask = np.array([[[0.0, 0.5, -1.0, np.nan]]])
    assert as_source_mask(mask, mask.shape).tolist() == [[[False, True, False, False]]]
    marked = mask > 0
    assert as_source_mask(marked, mask.shape) is marked


@pytest.mark.parametrize("dtype", ["complex64", "U3", object])
def test_a_mask_of_anything_else_is_refused(dtype):
    mask = np.zeros((1, 1, 4), dtype)
    with pytest.raises(OptionError, match=r"^'scan\.nii': the source mask is of type .* and must be boolean"):
        as_source_mask(mask, mask.shape, "scan.nii")
    image = Image(np.zeros((1, 1, 4)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), source_mask=mask)
    for function in (check_image, find_valid_voxels, lambda image: image.with_source_mask(mask)):
        with pytest.raises(OptionError, match="must be boolean"):
            function(image)


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(GeometryError, match=r"shape \(2, 2\) and the image \(1, 2, 2\)") as caught:
        as_source_mask(np.ones((2, 2), bool), (1, 2, 2))
    assert caught.value.values == {"mask_shape": (2, 2), "image_shape": (1, 2, 2)}


def test_functions_treat_a_mask_of_numbers_as_one_of_truth_values():
    values = np.arange(24.0).reshape(2, 3, 4)
    numbers = (values % 3).astype(np.uint8)
    given = Image(values, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), source_mask=numbers)
    true = given.with_source_mask(numbers)
    for function in (
        lambda image: mean_filter(image, 3, boundary="nearest"),
        lambda image: clip_intensities(image, (5, 9)),
        lambda image: resample_image(image, (1.0, 1.5, 2.0)),
    ):
        np.testing.assert_array_equal(function(given).array, function(true).array)
    assert check_image(true) is true
    assert check_image(given).source_mask.dtype == np.bool_
