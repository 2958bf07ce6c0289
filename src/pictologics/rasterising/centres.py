"""Voxels whose centre is inside polygons, by scan lines through the centres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["TIE_SHIFT", "Crossings", "Patch", "cross_rows", "fill_patch"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

TIE_SHIFT: Final = (1e-6, 0.381966e-6)
"""How far, in voxels along columns and rows, a centre is thought to be moved before it is judged.

It decides for centres that lie on an edge, and always the same way: half-open. Rounding in the ways from text to world
to voxels moves an edge by less than a thousandth of this. The second number is no simple part of the first, so that no
edge of a slope that occurs keeps its tie."""


@dataclass(frozen=True)
class Crossings:
    """Where the edges of polygons cross the lines through the centres of the voxels' rows.

    Attributes:
        rows: (k,) the row of each crossing.
        columns: (k,) the first column whose centre lies behind it, from 0 to the width of the field.
        ends: (m + 1,) of each polygon's crossings, where they begin, and their number.
    """

    rows: Indices
    columns: Indices
    ends: Indices


@dataclass(frozen=True)
class Patch:
    """A part of a plane.

    Attributes:
        row: Its first row.
        column: Its first column.
        values: (rows, columns).
    """

    row: int
    column: int
    values: npt.NDArray[np.uint8]

    @property
    def box(self) -> tuple[slice, slice]:
        """Its rows and columns in the plane."""
        rows, columns = self.values.shape
        return slice(self.row, self.row + rows), slice(self.column, self.column + columns)


def cross_rows(points: Floats, starts: Indices, width: int, height: int) -> Crossings:
    """Cross polygons with the rows of a field.

    What lies outside the field is clipped: crossings beyond its left side count at the first column, those beyond the
    right side behind the last.

    Args:
        points: (n, 2) column and row of each point, in voxels.
        starts: (m + 1,) where each polygon begins in the points, and their number. The last point of a polygon is
            joined to its first.
        width: Number of columns.
        height: Number of rows.
    """
    shifted = points - np.array(TIE_SHIFT)
    u0, v0 = shifted[:, 0], shifted[:, 1]
    following = np.arange(1, len(points) + 1)
    following[starts[1:] - 1] = starts[:-1]
    u1, v1 = u0[following], v0[following]
    # An edge crosses the rows from its lower end, included, to its upper end, excluded.
    low = np.clip(np.ceil(np.minimum(v0, v1)), 0, height).astype(np.int64)
    high = np.clip(np.ceil(np.maximum(v0, v1)), 0, height).astype(np.int64)
    counts = high - low
    edges = np.repeat(np.arange(len(points)), counts)
    first = np.concatenate([[0], np.cumsum(counts)])
    rows = np.arange(first[-1]) - first[edges] + low[edges]
    slope = np.divide(u1 - u0, v1 - v0, out=np.zeros(len(points)), where=counts > 0)
    at = u0[edges] + (rows - v0[edges]) * slope[edges]
    columns = np.clip(np.ceil(at), 0, width).astype(np.int64)
    return Crossings(rows, columns, first[starts])


def fill_patch(rows: Indices, columns: Indices) -> Patch | None:
    """The voxels between crossings: 1 where an odd number of them lies before the centre.

    Args:
        rows: Row of each crossing; every row has an even number of them.
        columns: First column behind each crossing.

    Returns:
        The smallest patch that holds all crossings, or None where there are none or nothing is between them.
    """
    if not rows.size:
        return None
    row, column = int(rows.min()), int(columns.min())
    height, width = int(rows.max()) - row + 1, int(columns.max()) - column
    if not width:
        return None
    # One column more than the patch has holds the crossings behind the last column. As every row has an even
    # number of crossings, the parity that runs on from row to row begins each of them anew.
    flags = np.zeros(height * (width + 1), np.uint8)
    np.add.at(flags, (rows - row) * (width + 1) + (columns - column), np.uint8(1))
    inside = np.bitwise_xor.accumulate(flags) & np.uint8(1)
    return Patch(row, column, inside.reshape(height, width + 1)[:, :width])
