"""Voxels whose center is inside polygons, by scan lines through the centers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ..array_types import FloatArray, IntArray

__all__ = ["TIE_SHIFT", "Crossings", "Patch", "cross_rows", "fill_patch"]

TIE_SHIFT: Final = (1e-6, 0.381966e-6)
"""How far, in voxels along columns and rows, a center is moved before it is judged.

It decides for centers that lie on an edge, and always the same way, so that of two polygons that share an edge exactly
one has the voxel. A millionth of a voxel lies between two needs. Rounding on the way from text to world to voxels moves
an edge by less than 1e-9 voxels, and must never decide. Contours are written to 0.001 mm or so, and must not be moved
visibly. The two numbers are in the ratio of the golden section, which no simple slope has: along an edge of a simple
slope, such as 1, equal shifts would leave centers on the edge."""

MOST_AT_ONCE: Final = 1 << 22
"""Crossings that are worked out in one go: some 200 megabytes."""


@dataclass(frozen=True)
class Crossings:
    """Where the edges of polygons cross the lines through the centers of the voxels' rows.

    Attributes:
        rows: (k,) the row of each crossing.
        columns: (k,) the first column whose center lies behind it, from 0 to the width of the field.
        ends: (m + 1,) of each polygon's crossings, where they begin, and their number.
    """

    rows: IntArray
    columns: IntArray
    ends: IntArray


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
        """The rows and columns of the plane that the patch covers."""
        rows, columns = self.values.shape
        return slice(self.row, self.row + rows), slice(self.column, self.column + columns)


def cross_rows(points: FloatArray, starts: IntArray, width: int, height: int) -> Crossings:
    """Find where polygons cross the lines through the centers of a field's rows.

    What lies outside the field is clipped: crossings beyond its left side count at the first column, those beyond the
    right side behind the last.

    Args:
        points: (n, 2) column and row of each point, in voxels.
        starts: (m + 1,) where each polygon begins in the points, and their number. The last point of a polygon is
            joined to its first.
        width: Number of columns.
        height: Number of rows.
    """
    # Moving the polygons back is moving all centers forward.
    shifted = points - np.array(TIE_SHIFT)
    u0, v0 = shifted[:, 0], shifted[:, 1]
    following = np.arange(1, len(points) + 1)
    following[starts[1:] - 1] = starts[:-1]
    u1, v1 = u0[following], v0[following]
    # An edge crosses the rows from its lower end, included, to its upper end, excluded: where two edges meet on a row,
    # it is crossed once if they go on in one direction and twice or never at a tip. Horizontal edges cross nothing.
    low = np.clip(np.ceil(np.minimum(v0, v1)), 0, height).astype(np.int64)
    high = np.clip(np.ceil(np.maximum(v0, v1)), 0, height).astype(np.int64)
    counts = high - low
    first = np.concatenate([[0], np.cumsum(counts)])
    slope = np.divide(u1 - u0, v1 - v0, out=np.zeros(len(points)), where=counts > 0)

    def cross_edges(begin: int, end: int) -> tuple[IntArray, IntArray, IntArray]:
        """Find edge, row and column of each crossing of some edges."""
        edges = np.repeat(np.arange(begin, end), counts[begin:end])
        rows = np.arange(first[begin], first[end]) - first[edges] + low[edges]
        crossing_columns = u0[edges] + (rows - v0[edges]) * slope[edges]
        # Clipping to the field changes no count of crossings before a center in it, and so no parity.
        return edges, rows, np.clip(np.ceil(crossing_columns), 0, width).astype(np.int64)

    if first[-1] <= MOST_AT_ONCE:
        _, rows, columns = cross_edges(0, len(points))
        return Crossings(rows, columns, first[starts])
    return cross_rows_in_parts(cross_edges, first, starts, width, height)


def cross_rows_in_parts(
    cross_edges: Callable[[int, int], tuple[IntArray, IntArray, IntArray]],
    first: IntArray,
    starts: IntArray,
    width: int,
    height: int,
) -> Crossings:
    """Do what :func:`cross_rows` does for edges far longer than the field is wide, a part of them at a time.

    Two crossings of a polygon at one place cancel out by the even-odd rule. So no more need to be kept than the field
    has voxels, however many there are.
    """
    kept: list[IntArray] = []
    begin = 0
    while begin < len(first) - 1:
        end = max(begin + 1, int(np.searchsorted(first, first[begin] + MOST_AT_ONCE, "right")) - 1)
        edges, rows, columns = cross_edges(begin, end)
        polygons = np.searchsorted(starts, edges, "right") - 1
        # One number for each place of each polygon, in ascending order of polygons, rows and columns.
        places, times = np.unique((polygons * height + rows) * (width + 1) + columns, return_counts=True)
        kept.append(places[times % 2 == 1])
        begin = end
    places = np.concatenate(kept)
    lines, columns = np.divmod(places, width + 1)
    polygons, rows = np.divmod(lines, height)
    return Crossings(rows, columns, np.searchsorted(polygons, np.arange(len(starts))))


def fill_patch(rows: IntArray, columns: IntArray) -> Patch | None:
    """Fill the voxels between crossings: 1 where an odd number of them lies before the center.

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
    # Counts may wrap around at 256, which keeps whether they are odd.
    np.add.at(flags, (rows - row) * (width + 1) + (columns - column), np.uint8(1))
    inside = np.bitwise_xor.accumulate(flags) & np.uint8(1)
    return Patch(row, column, inside.reshape(height, width + 1)[:, :width])
