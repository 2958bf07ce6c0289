"""How far a mask, a dose or contours are from the voxels of their image, from headers alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...array_types import FloatArray, IntArray
from ...errors import GeometryError
from ...geometry import CORNER_ERROR_REFUSED, Grid

__all__ = ["Meeting", "meet_contours", "meet_grids", "read_grid"]

IMAGE_EDGE = 0.5
"""Voxels: how far beyond the centers of its outermost voxels an image reaches."""


@dataclass(frozen=True)
class Meeting:
    """How a mask and its image meet.

    Attributes:
        voxels: How far they are apart, in voxels of the image.
        fault: What is wrong, empty if nothing is.
    """

    voxels: float
    fault: str = ""


def read_grid(row: Mapping[str, Any], prefix: str = "") -> Grid | None:
    """The grid of a row of the tables; None if it has none.

    Args:
        row: The row.
        prefix: What its columns begin with.
    """
    if row[f"{prefix}size_x"] is None:
        return None
    shape = tuple(row[f"{prefix}size_{axis}"] for axis in "xyz")
    spacing = tuple(row[f"{prefix}spacing_{axis}"] for axis in "xyz")
    direction = np.reshape(row[f"{prefix}direction"], (3, 3))
    return Grid(shape, spacing, tuple(row[f"{prefix}origin"]), direction)


def meet_grids(mask: Grid, image: Grid, *, needs_lattice: bool) -> Meeting:
    """Compare the voxels of a mask with those of its image.

    Args:
        mask: The grid of the mask, which may hold a part of the image only.
        image: The grid of the image.
        needs_lattice: Whether the voxels have to be the same; those of a dose need not.
    """
    low, high = find_bounds(image, mask.index_to_world(mask.corner_indices))
    size = np.asarray(image.shape)
    if (low > size - 1 + IMAGE_EDGE).any() or (high < -IMAGE_EDGE).any():
        apart = float(np.maximum(low - (size - 1 + IMAGE_EDGE), -IMAGE_EDGE - high).max())
        return Meeting(apart, f"it lies outside of its image, {apart:.3g} voxels away")
    if not needs_lattice:
        return Meeting(0.0)
    try:
        return Meeting(image.lattice_map(mask).corner_error)
    except GeometryError as error:
        apart = float(error.values.get("corner_error", np.inf))
        return Meeting(apart, f"its voxels are not those of its image: {error.found}")


def meet_contours(points: FloatArray, starts: IntArray, image: Grid) -> Meeting:
    """Compare contours with the slices of their image.

    Args:
        points: (n, 3) positions, LPS mm.
        starts: (m + 1,) where each contour begins in the points.
        image: The grid of the image.
    """
    if not len(points):
        return Meeting(0.0, "it has no closed contour")
    index = image.world_to_index(points)
    beyond = np.maximum(-IMAGE_EDGE - index, index - (np.asarray(image.shape) - 1 + IMAGE_EDGE)).max()
    if beyond >= IMAGE_EDGE:
        return Meeting(float(beyond), f"its contours reach {beyond:.3g} voxels beyond its image")
    firsts = starts[:-1].astype(np.intp)
    lowest, highest = (np.asarray(take.reduceat(index, firsts)) for take in (np.minimum, np.maximum))
    # Contours lie in planes across one axis of the image, nearly always the third.
    is_level = (highest - lowest < 2 * CORNER_ERROR_REFUSED).all(axis=0)
    if not is_level.any():
        return Meeting(0.0)
    heights = ((lowest + highest) / 2)[:, is_level]
    off = float(np.abs(heights - np.round(heights)).max(axis=0).min())
    if off < CORNER_ERROR_REFUSED:
        return Meeting(off)
    return Meeting(off, f"its contours lie up to {off:.3g} voxels beside the slices of its image")


def find_bounds(image: Grid, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The lowest and the highest voxel indices of an image that positions have along its axes."""
    index = image.world_to_index(positions)
    return np.asarray(index.min(axis=0)), np.asarray(index.max(axis=0))
