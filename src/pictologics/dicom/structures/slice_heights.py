"""Moves contours along with slices that are not evenly spaced, on an image that was loaded as if they were."""

from __future__ import annotations

import numpy as np

from ...array_types import FloatArray
from ...geometry import CORNER_ERROR_REFUSED
from ...image import Image
from ...provenance import Decision

__all__ = ["find_uneven_heights", "move_to_even_slices"]


def find_uneven_heights(image: Image) -> FloatArray | None:
    """Find where the slices of an image truly are, as its third index; None where the grid says it as well.

    Slices that were loaded with ``irregular="ignore"`` stand at their mean distance in the grid, and at their own
    positions in the provenance.
    """
    slices = image.provenance.slices
    grid = image.grid
    positions = [plane.position for plane in slices if plane.position is not None]
    if (
        image.provenance.is_resampled
        or len(positions) != len(slices)
        or len(slices) != grid.shape[2]
        or len(slices) < 3
    ):
        return None
    heights = grid.world_to_index(positions)[:, 2]
    places = np.arange(len(heights))
    # A stack that was cut or turned since has a record that is no longer its own.
    is_own = np.all(np.diff(heights) > 0) and np.abs(heights - places)[[0, -1]].max() < CORNER_ERROR_REFUSED
    return heights if is_own and np.abs(heights - places).max() >= CORNER_ERROR_REFUSED else None


def move_to_even_slices(points: FloatArray, image: Image) -> tuple[FloatArray, list[Decision]]:
    """Move points with the slices between which they lie, to where the grid of an image has those slices.

    Args:
        points: (n, 3) positions, LPS mm.
        image: The image.

    Returns:
        The points; and what was decided, nothing where the slices are even.
    """
    heights = find_uneven_heights(image)
    if heights is None or not len(points):
        return points, []
    index = image.grid.world_to_index(points)
    places = np.arange(len(heights), dtype=np.float64)
    # One more slice at each end, at the distance of the last one, for what lies beyond.
    known = np.concatenate([[2 * heights[0] - heights[1]], heights, [2 * heights[-1] - heights[-2]]])
    inside = np.clip(index[:, 2], known[0], known[-1])
    moved = np.interp(inside, known, np.concatenate([[-1.0], places, [places[-1] + 1]]))
    index[:, 2] = moved + (index[:, 2] - inside)
    text = "the image's slices are not evenly spaced: contours were drawn on the slices at their true positions"
    return image.grid.index_to_world(index), [Decision("placed", text)]
