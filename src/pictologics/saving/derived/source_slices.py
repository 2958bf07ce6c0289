"""Which slices of a source series lie in the place of each plane of an image made of it."""

from __future__ import annotations

import numpy as np

from ...geometry import CORNER_ERROR_REFUSED, Grid
from ..source_series import SourceSeries

__all__ = ["find_slices", "is_same_place"]

PARALLEL_SLICES = 0.9999
"""Cosine of the angle between normals, under one degree, up to which slices are parallel."""


def is_same_place(grid: Grid, series: SourceSeries) -> bool:
    """Whether the voxels of a grid are those of the series."""
    own = series.planes.grid
    return grid.shape == own.shape and grid.corner_error(own) < CORNER_ERROR_REFUSED


def find_slices(grid: Grid, series: SourceSeries) -> list[tuple[int, list[int]]]:
    """Find for each plane of a grid, along its third axis, the nearest slice of a series and all that it may show.

    Those are the slices that its own thickness reaches. Where planes are not parallel to the slices, each may show all
    of them.

    Args:
        grid: The grid.
        series: The series.
    """
    normal = series.planes.grid.direction[:, 2]
    heights = series.plane_positions @ normal
    middles = grid.index_to_world([((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2, k) for k in range(grid.shape[2])])
    away = np.abs(middles @ normal - heights[:, None])
    nearest = away.argmin(axis=0).tolist()
    if abs(float(grid.direction[:, 2] @ normal)) < PARALLEL_SLICES:
        return [(first, list(range(len(heights)))) for first in nearest]
    # Half of each thickness; where slices touch only, none reaches the other.
    reach = (grid.spacing[2] + series.planes.grid.spacing[2]) / 2 * (1 - CORNER_ERROR_REFUSED)
    return [
        (first, np.union1d([first], np.flatnonzero(away[:, k] < reach)).tolist()) for k, first in enumerate(nearest)
    ]
