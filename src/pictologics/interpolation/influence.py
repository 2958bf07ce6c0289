"""Boxes of voxels: which part of one grid has to do with a part of another."""

from __future__ import annotations

import itertools

import numpy as np

from ..array_types import FloatArray
from ..geometry import Box
from . import Interpolation
from .boundaries import Extension

__all__ = ["find_result_box", "find_source_box", "intersect_boxes", "make_whole_box", "shift_map"]


INFLUENCE_MARGIN = {"nearest": 1, "linear": 2, "cubic": 40}
"""Voxels around a part of the source beyond which nothing has an influence on it.

The weights of a cubic spline fall to 1e-23 over that distance, less than float64 can tell."""

VISIBLE_MARGIN = {"nearest": 1, "linear": 1, "cubic": 4}
"""Voxels around a label within which its fraction, if it is 1 there, may rise to a hundredth.

The lobes of a cubic spline beyond a voxel fall by a factor of 3.7 from one to the next: 0.14, 0.04, 0.01, 0.003."""


def intersect_boxes(box: Box, other: Box) -> Box | None:
    """The voxels that two boxes share; None if there are none."""
    both = [slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(box, other, strict=True)]
    return None if any(part.stop <= part.start for part in both) else (both[0], both[1], both[2])


def find_source_box(
    part: Box, to_source: FloatArray, size: tuple[int, ...], interpolation: Interpolation, extension: Extension
) -> Box:
    """The voxels of the source that have an influence on a part of the result."""
    if extension == "periodic":
        return make_whole_box(size)
    return map_box(part, to_source, size, 0, INFLUENCE_MARGIN[interpolation])


def find_result_box(
    box: Box, to_source: FloatArray, shape: tuple[int, ...], interpolation: Interpolation, extension: Extension
) -> Box:
    """The voxels of the result on which a label that fills a box of the source may be seen."""
    if extension == "periodic":
        return make_whole_box(shape)
    return map_box(box, np.asarray(np.linalg.inv(to_source)), shape, VISIBLE_MARGIN[interpolation], 1)


def make_whole_box(shape: tuple[int, ...]) -> Box:
    """The box of all voxels."""
    return slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2])


def map_box(box: Box, matrix: FloatArray, size: tuple[int, ...], before: int, after: int) -> Box:
    """The box of another grid that holds a box of this one, at least one voxel.

    Args:
        box: The box.
        matrix: 4x4, from voxel index of this grid to that of the other.
        size: Shape of the other grid.
        before: Voxels of this grid by which the box is widened first.
        after: Voxels of the other by which the result is widened.
    """
    ends = [(side.start - before, side.stop - 1 + before) for side in box]
    # An affine map takes a box into the hull of its mapped corners.
    corners = np.array(list(itertools.product(*ends))) @ matrix[:3, :3].T + matrix[:3, 3]
    # Bounded before they become integers: a grid may be further away than those reach.
    low = np.clip(np.floor(corners.min(axis=0)) - after, 0, np.array(size) - 1)
    high = np.clip(np.ceil(corners.max(axis=0)) + after, 0, np.array(size) - 1)
    first, second, third = (slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))
    return first, second, third


def shift_map(to_source: FloatArray, part: Box, cut: Box) -> FloatArray:
    """The matrix from voxel index of a part of the result to voxel index of a part of the source."""
    matrix = to_source.copy()
    start = np.array([side.start for side in part])
    matrix[:3, 3] += to_source[:3, :3] @ start - np.array([side.start for side in cut])
    return matrix
