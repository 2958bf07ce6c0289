"""How much of each voxel lies inside polygons: exact areas, by the even-odd rule.

The plane is cut into horizontal slabs at every corner of a polygon, every border between rows, and every point where
edges cross. Within a slab, edges are straight pieces that do not cross, so that from left to right they enter and
leave the inside by turns.

The covered area of a voxel is the integral, over its height, of the length of the inside between its left and right
border. A piece that enters adds what lies to the right of it, one that leaves takes it away. For one straight piece
that integral is the area of a trapezium in closed form (:func:`integrate_behind`): nothing is sampled, and the result
is exact but for rounding.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..array_types import FloatArray, IntArray
from ..errors import GeometryError

__all__ = ["measure_coverage"]

HALF: Final = 0.5
"""A voxel reaches this far to every side of its center."""

CROSSING_ROUNDS: Final = 32
"""How often slabs are cut where edges cross; edges that cross in one slab several times need several rounds."""

MOST_PIECES: Final = 10_000_000
"""More pieces than this are refused: a contour of an organ has thousands, and each takes some hundred bytes."""

SAME_HEIGHT: Final = 1e-9
"""Slabs thinner than this, in voxels, are not cut further: it is the rounding of where edges cross.
What they get wrong is less area than float32 shows."""


def measure_coverage(
    points: FloatArray, starts: IntArray, width: int, height: int
) -> tuple[int, int, npt.NDArray[np.float32]] | None:
    """Compute the share of each voxel's area that lies inside polygons.

    Args:
        points: (n, 2) column and row of each point, in voxels.
        starts: (m + 1,) where each polygon begins in the points, and their number.
        width: Number of columns of the field; what lies outside it is clipped.
        height: Number of rows.

    Returns:
        First row, first column and the fractions, (rows, columns), of the smallest part of the field that holds the
        polygons; None if no part of it does.

    Raises:
        GeometryError: If the edges make more than ``MOST_PIECES`` pieces.
    """
    corners = points + HALF
    low = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(np.int64)
    high = np.clip(np.ceil(corners.max(axis=0)), 0, (width, height)).astype(np.int64)
    columns, rows = high - low
    if columns <= 0 or rows <= 0:
        return None
    # Counted from the corner of that part.
    corners = corners - low
    following = np.arange(1, len(corners) + 1)
    following[starts[1:] - 1] = starts[:-1]
    upward = corners[:, 1] < corners[following, 1]
    lower, upper = np.where(upward[:, None], (corners, corners[following]), (corners[following], corners))
    # Horizontal edges enclose no area by themselves.
    slanted = lower[:, 1] < upper[:, 1]
    lower, upper = lower[slanted], upper[slanted]
    pieces = cut_into_slabs(lower, upper, int(rows))
    changes = sum_changes_along_rows(*pieces, int(columns), int(rows))
    fractions = np.cumsum(changes, axis=1)
    # Running sums carry the rounding of a row, some 1e-14, which must not show as -0.0 or 1.0000001.
    return int(low[1]), int(low[0]), np.clip(fractions, 0.0, 1.0).astype(np.float32)


def cut_into_slabs(
    lower: FloatArray, upper: FloatArray, rows: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Cut edges into pieces that lie in one row each and do not cross.

    Args:
        lower: (n, 2) lower end of each edge.
        upper: (n, 2) upper end.
        rows: Number of rows; what lies below or above them is cut off.

    Returns:
        For each piece the bottom of its slab, its height, counted negative where the piece leaves the inside, and
        its columns at bottom and top.
    """
    heights = np.unique(np.clip(np.concatenate([lower[:, 1], upper[:, 1], np.arange(rows + 1.0)]), 0.0, rows))
    for _ in range(CROSSING_ROUNDS):
        edges, slabs = pair_edges_with_slabs(lower, upper, heights)
        bottom, top = heights[slabs], heights[slabs + 1]
        at_bottom, at_top = (
            interpolate_columns(lower, upper, edges, bottom),
            interpolate_columns(lower, upper, edges, top),
        )
        order = np.lexsort((at_bottom + at_top, slabs))
        edges, slabs, bottom, top = edges[order], slabs[order], bottom[order], top[order]
        at_bottom, at_top = at_bottom[order], at_top[order]
        # Sorted by their middles, which cannot be equal unless pieces cross or are the same.
        more = find_crossings(slabs, bottom, top, at_bottom, at_top)
        if not more.size:
            break
        heights = np.union1d(heights, more)
    first = np.searchsorted(slabs, slabs)
    entering = (np.arange(len(slabs)) - first) % 2 == 0
    return bottom, np.where(entering, top - bottom, bottom - top), at_bottom, at_top


def pair_edges_with_slabs(lower: FloatArray, upper: FloatArray, heights: FloatArray) -> tuple[IntArray, IntArray]:
    """Pair each edge with every slab through which it runs."""
    from_slab = np.searchsorted(heights, np.clip(lower[:, 1], heights[0], heights[-1]))
    to_slab = np.searchsorted(heights, np.clip(upper[:, 1], heights[0], heights[-1]))
    counts = to_slab - from_slab
    pieces = int(counts.sum())
    if pieces > MOST_PIECES:
        raise GeometryError(
            f"the contours of one plane have {pieces} pieces between the heights of their corners, and "
            f"{MOST_PIECES} is the limit",
            advice="draw them by the centers of voxels (coverage=False)",
            pieces=pieces,
        )
    edges = np.repeat(np.arange(len(lower)), counts)
    begin = np.cumsum(counts) - counts
    return edges, np.arange(len(edges)) - begin[edges] + from_slab[edges]


def interpolate_columns(lower: FloatArray, upper: FloatArray, edges: IntArray, heights: FloatArray) -> FloatArray:
    """Compute the columns of edges at some heights."""
    (x0, y0), (x1, y1) = lower[edges].T, upper[edges].T
    # Clipped, so that rounding never takes a piece beyond the ends of its edge.
    share = np.clip((heights - y0) / (y1 - y0), 0.0, 1.0)
    return np.asarray(x0 + share * (x1 - x0))


def find_crossings(
    slabs: IntArray, bottom: FloatArray, top: FloatArray, at_bottom: FloatArray, at_top: FloatArray
) -> FloatArray:
    """Find the heights at which neighbors in a slab cross, well inside it."""
    same = slabs[1:] == slabs[:-1]
    before, after = np.diff(at_bottom), np.diff(at_top)
    crossing = same & (before * after < 0)
    # Only neighbors are looked at: those that cross further away become neighbors in a later round.
    share = before[crossing] / (before[crossing] - after[crossing])
    low, high = bottom[1:][crossing], top[1:][crossing]
    at = low + share * (high - low)
    return np.asarray(at[(at > low + SAME_HEIGHT) & (at < high - SAME_HEIGHT)])


def sum_changes_along_rows(
    bottom: FloatArray, signed: FloatArray, at_bottom: FloatArray, at_top: FloatArray, columns: int, rows: int
) -> FloatArray:
    """Sum for each voxel how much more of it is covered than of its neighbor to the left.

    A piece changes the cover only in the few columns that it runs through, and all further ones alike. So changes are
    summed here and the shares are their running sums, instead of adding a row of ones for every piece.

    Args:
        bottom: Bottom of each piece.
        signed: Height of each piece, negative where it leaves the inside.
        at_bottom: Its column there.
        at_top: Its column at its top.
        columns: Number of columns.
        rows: Number of rows.
    """
    left, right = np.minimum(at_bottom, at_top), np.maximum(at_bottom, at_top)
    # The covered share changes from the column where the piece begins to the one behind that where it ends.
    first = np.clip(np.floor(left), 0, columns).astype(np.int64)
    last = np.clip(np.floor(right) + 1, 0, columns - 1).astype(np.int64)
    counts = np.maximum(last - first + 1, 0)
    piece = np.repeat(np.arange(len(left)), counts)
    column = np.arange(len(piece)) - (np.cumsum(counts) - counts)[piece] + first[piece]
    left, right, signed = left[piece], right[piece], signed[piece]
    here = integrate_behind(column + 1.0, left, right) - integrate_behind(column, left, right)
    before = np.where(
        column > 0, integrate_behind(column, left, right) - integrate_behind(column - 1.0, left, right), 0.0
    )
    row = np.floor(bottom).astype(np.int64)[piece]
    # bincount adds in float64 and in the order of pieces, the same on every machine.
    changes = np.bincount(row * columns + column, weights=(here - before) * signed, minlength=rows * columns)
    return changes.reshape(rows, columns).astype(np.float64)


def integrate_behind(column: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray:
    """Integrate the width between a piece and the border ``column`` to its right, over a slab of height one.

    The piece runs from ``left`` to ``right``. Where the border cuts it, the area is a triangle,
    reach**2 / (2 * length); beyond it, the triangle of the whole piece, length / 2, and a rectangle.
    """
    reach = np.clip(column, left, right) - left
    length = right - left
    slanted = np.divide(reach * reach, 2 * length, out=np.zeros(len(left)), where=length > 0)
    return np.asarray(slanted + np.maximum(column - right, 0.0))
