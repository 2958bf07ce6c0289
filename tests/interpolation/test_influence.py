"""Boxes of influence leave nothing out: labels resampled part by part equal those of whole arrays."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics import Image
from pictologics.interpolation.influence import find_result_box, find_source_box, intersect_boxes, shift_map
from pictologics.preprocessing import crop_to_mask, resample_image


@pytest.mark.filterwarnings("ignore:.*look like labels")
@pytest.mark.parametrize("method", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("threshold", [0.01, 0.1, 0.5])
def test_a_label_is_seen_wherever_its_fraction_reaches_the_threshold(method, width, threshold):
    array = np.zeros((25, 7, 3), np.uint8, order="F")
    array[10 : 10 + width, 3:4, :] = 1
    mask = Image(array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    fraction = Image(array.astype(np.float32), mask.spacing, mask.origin)
    fine = (0.25, 0.4, 1.0)
    everywhere = resample_image(fraction, fine, method).array
    # A spline rises again beyond the label, which a box around it must not cut off.
    found = resample_image(mask, fine, method, mask_threshold=threshold).array
    np.testing.assert_array_equal(found, everywhere >= threshold - 1e-6)


def test_boxes_are_mapped_and_cut_to_the_other_grid():
    to_source = np.diag([0.5, 1.0, 2.0, 1.0])
    to_source[:3, 3] = (1.0, 0.0, -2.0)
    part = (slice(4, 8), slice(0, 3), slice(2, 4))
    source = find_source_box(part, to_source, (50, 50, 50), "linear", "nearest")
    # x: 3 to 4.5, y: 0 to 2, z: 2 to 4; and two voxels more on each side, as far as there are any.
    assert source == (slice(1, 8), slice(0, 5), slice(0, 7))
    assert find_source_box(part, to_source, (50, 50, 50), "linear", "periodic") == (slice(0, 50),) * 3
    label = find_result_box((slice(3, 4), slice(1, 2), slice(2, 3)), to_source, (50, 50, 50), "linear", "nearest")
    # One voxel of the source to each side, and one of the result.
    assert label == (slice(1, 8), slice(0, 4), slice(0, 5))
    moved = shift_map(to_source, part, source)
    np.testing.assert_allclose(moved @ (0, 0, 0, 1), to_source @ (4, 0, 2, 1) - np.array([1, 0, 0, 0]))


def test_boxes_that_share_nothing():
    here, there = (slice(0, 3),) * 3, (slice(2, 5), slice(0, 3), slice(3, 4))
    assert intersect_boxes(here, there) is None
    assert intersect_boxes(here, (slice(2, 5), slice(1, 2), slice(0, 9))) == (slice(2, 3), slice(1, 2), slice(0, 3))


@pytest.mark.parametrize(("margin", "step", "voxels"), [(0.3, 0.1, 3), (0.29, 0.1, 2), (2.1, 0.7, 3), (1.4, 0.7, 2)])
def test_a_margin_of_whole_voxels_reaches_the_last_one(margin, step, voxels):
    array = np.zeros((15, 15, 15), np.uint8)
    array[7, 7, 7] = 1
    mask = Image(array, (step, step, step), (0.0, 0.0, 0.0))
    cropped, _ = crop_to_mask(mask, mask, margin)
    assert cropped.array.shape == (2 * voxels + 1,) * 3
