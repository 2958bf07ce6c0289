"""Outlines of masks: one for each part, and every rule of drawing gives the mask again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.ndimage import label
from skimage.draw import polygon2mask

from pictologics.rasterizing import cross_rows, fill_patch
from pictologics.rasterizing.outlines import trace_outlines

masks = arrays(np.bool_, array_shapes(min_dims=3, max_dims=3, max_side=9), elements=st.booleans())


def polygons(outlines):
    """(plane, corners in voxels) of each outline."""
    for k, plane in enumerate(outlines.planes.tolist()):
        yield plane, outlines.corners[outlines.starts[k] : outlines.starts[k + 1]] - 0.5


def drawn(outlines, shape) -> np.ndarray:
    """By our own even-odd rule, all outlines of a plane at once."""
    made = np.zeros(shape, bool)
    for plane in range(shape[0]):
        own = [corners for where, corners in polygons(outlines) if where == plane]
        if own:
            starts = np.cumsum([0, *map(len, own)])
            crossed = cross_rows(np.concatenate(own), starts, shape[2], shape[1])
            patch = fill_patch(crossed.rows, crossed.columns)
            made[plane][patch.box] = patch.values
    return made


def winding_numbers(corners, shape) -> np.ndarray:
    """How often a polygon runs round the center of each voxel, clockwise as seen on a screen."""
    rounds = np.zeros(shape, int)
    for (x0, y0), (_, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        low, high = sorted((y0, y1))
        inside = (np.arange(shape[0]) > low) & (np.arange(shape[0]) < high)
        rounds[np.ix_(inside, np.arange(shape[1]) < x0)] += 1 if y1 > y0 else -1
    return rounds


@given(masks)
def test_drawing_gives_the_mask_by_every_rule(mask):
    outlines = trace_outlines(mask)
    np.testing.assert_array_equal(drawn(outlines, mask.shape), mask)
    made, rounds = np.zeros(mask.shape, int), np.zeros(mask.shape, int)
    for plane, corners in polygons(outlines):
        made[plane] += polygon2mask(mask.shape[1:], corners[:, ::-1])
        rounds[plane] += winding_numbers(corners, mask.shape[1:])
    # No voxel is in two outlines, each is passed once round, and none the other way.
    np.testing.assert_array_equal(made, mask)
    np.testing.assert_array_equal(rounds, mask)


@given(masks)
def test_each_part_is_one_outline_that_turns_at_every_corner_but_those_of_channels(mask):
    outlines = trace_outlines(mask)
    assert len(outlines.planes) == sum(label(plane)[1] for plane in mask)
    assert (np.diff(outlines.planes) >= 0).all()
    for _, corners in polygons(outlines):
        steps = np.diff(corners, axis=0, append=corners[:1])
        assert (np.count_nonzero(steps, axis=1) == 1).all()


def test_a_hole_is_reached_by_a_channel_from_above():
    mask = np.ones((1, 5, 5), bool)
    mask[0, 2, 2] = False
    outlines = trace_outlines(mask)
    assert outlines.corners.tolist() == [
        [0, 0], [2, 0], [2, 2], [2, 3], [3, 3], [3, 2], [2, 2], [2, 0], [5, 0], [5, 5], [0, 5],
    ]  # fmt: skip


@pytest.mark.parametrize("shape", [(0, 3, 3), (2, 0, 3), (1, 3, 3)])
def test_a_mask_of_nothing_has_no_outline(shape):
    outlines = trace_outlines(np.zeros(shape, bool))
    assert outlines.corners.shape == (0, 2)
    assert outlines.starts.tolist() == [0]
    assert outlines.planes.size == 0


def test_many_holes_above_and_beside_one_another():
    mask = np.ones((2, 31, 31), bool)
    mask[:, 1::2, 1::2] = False
    outlines = trace_outlines(mask)
    assert len(outlines.planes) == 2
    np.testing.assert_array_equal(drawn(outlines, mask.shape), mask)
