"""Finds contours of one ROI and plane that enclose the same region, or that cross.

By the even-odd rule a region that stands twice wipes itself out, and of two that cross, the common part falls out. The
standard means neither by CLOSED_PLANAR, whose holes are keyholes; only CLOSEDPLANAR_XOR combines contours by an
exclusive or (DICOM PS3.3 C.8.8.6.3). Regions are compared, not numbers: the same polygon may begin at another point,
run the other way, or be written with other decimals and more points on its edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ...array_types import BoolArray, FloatArray, IntArray
from ...geometry import CORNER_ERROR_REFUSED
from ...rasterizing import cross_rows, fill_patch

__all__ = ["Comparison", "compare_contours", "count_single_round"]

SAME_OUTLINE: Final = CORNER_ERROR_REFUSED
"""Outlines nowhere further apart than this, in voxels, are one: no wall of a hollow organ is so thin."""

SAME_WHERE_CROSSING: Final = 0.5**0.5 + 1e-3
"""Outlines that cross again and again and are nowhere further apart than this, in voxels, are one.

Corners that are rounded to whole voxels move by up to half the diagonal of one. The outlines of a wall do not cross."""

SHARE_OF_SIZE: Final = 0.1
"""Nor may crossing outlines be further apart than this share of their extent: small neighbors that overlap are two."""

PAIRS_AT_ONCE: Final = 1 << 20
"""Pairs of a point and an edge that are looked at in one go."""


@dataclass(frozen=True)
class Comparison:
    """Which contours say again what another one says, or contradict another one.

    Attributes:
        repeated: (m,) whether an earlier contour encloses the same region.
        crossing: (m,) whether the contour crosses another one, so that each has voxels that the other has not, and
            some that both have.
    """

    repeated: BoolArray
    crossing: BoolArray


@dataclass(frozen=True)
class Outlines:
    """Polygons, one after another, with the boxes of their edges and of the whole.

    Attributes:
        corners: (n, 2) positions, in voxels.
        following: (n, 2) the next corner of each.
        edge_low: (n, 2) smallest coordinates of the edge from each corner to the next.
        edge_high: (n, 2) largest coordinates.
        starts: (m + 1,) where each polygon begins in the corners, and their number.
        low: (m, 2) smallest coordinates of each polygon.
        high: (m, 2) largest coordinates.
    """

    corners: FloatArray
    following: FloatArray
    edge_low: FloatArray
    edge_high: FloatArray
    starts: IntArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, points: FloatArray, starts: IntArray, axes: IntArray) -> Outlines:
        """The outlines of contours in planes across some axes."""
        others = np.array([[1, 2], [0, 2], [0, 1]])
        if (axes == axes[0]).all():
            corners = points[:, others[axes[0]]]
        else:
            corners = np.take_along_axis(points, others[np.repeat(axes, np.diff(starts))], axis=1)
        next_ones = np.arange(1, len(corners) + 1)
        next_ones[starts[1:] - 1] = starts[:-1]
        following = corners[next_ones]
        low, high = np.minimum.reduceat(corners, starts[:-1]), np.maximum.reduceat(corners, starts[:-1])
        edges = np.minimum(corners, following), np.maximum(corners, following)
        return cls(corners, following, *edges, starts, low, high)

    def polygon(self, k: int) -> FloatArray:
        """The corners of one of them."""
        return self.corners[self.starts[k] : self.starts[k + 1]]

    def select_edges(self, k: int, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Select the edges of a polygon whose boxes reach into a box: where each begins and ends."""
        part = slice(self.starts[k], self.starts[k + 1])
        reaching = (self.edge_low[part] <= high) & (self.edge_high[part] >= low)
        chosen = np.flatnonzero(reaching[:, 0] & reaching[:, 1]) + self.starts[k]
        return self.corners[chosen], self.following[chosen]


def compare_contours(
    points: FloatArray, starts: IntArray, keys: IntArray, places: IntArray, exempt: BoolArray
) -> Comparison:
    """Compare the contours that count together: those of equal keys.

    Args:
        points: (n, 3) voxel indices.
        starts: (m + 1,) where each contour begins in the points, and the number of points.
        keys: (m, 4) axis, plane, ROI and sheet of each contour; equal ones stand together.
        places: (m,) of each contour in the file: the first of equal ones is kept.
        exempt: (m,) contours that are combined by an exclusive or, and may repeat and cross.
    """
    repeated, crossing = np.zeros(len(keys), np.bool_), np.zeros(len(keys), np.bool_)
    if not (keys[1:] == keys[:-1]).all(axis=1).any():
        # One contour in each plane: nothing to compare.
        return Comparison(repeated, crossing)
    outlines = Outlines.of(points, starts, keys[:, 0])
    pairs = list_touching_pairs(outlines, keys, exempt)
    for first, second in sorted(pairs, key=lambda pair: sorted(places[list(pair)].tolist())):
        if repeated[first] or repeated[second]:
            continue
        do_meet, do_cross = compare_edges(outlines, first, second)
        if is_same_outline(outlines, first, second, do_cross):
            repeated[max(first, second, key=places.__getitem__)] = True
        elif do_meet and is_voxel_contested(outlines.polygon(first), outlines.polygon(second)):
            crossing[[first, second]] = True
    return Comparison(repeated, crossing & ~repeated)


def list_touching_pairs(outlines: Outlines, keys: IntArray, exempt: BoolArray) -> list[tuple[int, int]]:
    """List the pairs of contours of one key whose boxes overlap."""
    low, high = outlines.low, outlines.high
    groups = np.concatenate([[0], np.cumsum((keys[1:] != keys[:-1]).any(axis=1))])
    pairs: list[tuple[int, int]] = []
    # Neighbors first, then the next but one, and so on: few planes hold more than a handful of contours.
    for step in range(1, int(np.bincount(groups).max())):
        first = np.flatnonzero((groups[step:] == groups[:-step]) & ~exempt[step:] & ~exempt[:-step])
        second = first + step
        touching = ((low[first] <= high[second]) & (low[second] <= high[first])).all(axis=1)
        pairs += zip(first[touching].tolist(), second[touching].tolist(), strict=True)
    return pairs


def is_same_outline(outlines: Outlines, first: int, second: int, do_cross: bool) -> bool:
    """Whether two polygons have the same outline but for rounding."""
    low, high = outlines.low, outlines.high
    # A tenth of a voxel is too much where the whole polygon is hardly larger.
    limit = min(
        SAME_WHERE_CROSSING if do_cross else SAME_OUTLINE, SHARE_OF_SIZE * float((high[first] - low[first]).max())
    )
    if max(np.abs(low[first] - low[second]).max(), np.abs(high[first] - high[second]).max()) > limit:
        return False
    polygon, other = outlines.polygon(first), outlines.polygon(second)
    return measure_distance(polygon, other) <= limit and measure_distance(other, polygon) <= limit


def measure_distance(polygon: FloatArray, outline: FloatArray) -> float:
    """Measure how far the corners and the middles of the edges of a polygon are from an outline, at most."""
    samples = np.concatenate([polygon, (polygon + np.roll(polygon, -1, axis=0)) / 2])
    begin, edge = outline, np.roll(outline, -1, axis=0) - outline
    length = np.maximum((edge * edge).sum(axis=1), np.finfo(np.float64).tiny)
    furthest = 0.0
    at_once = max(1, PAIRS_AT_ONCE // len(outline))
    for first in range(0, len(samples), at_once):
        from_begin = samples[first : first + at_once, None] - begin
        share = np.clip((from_begin * edge).sum(axis=2) / length, 0.0, 1.0)
        away = from_begin - share[:, :, None] * edge
        furthest = max(furthest, float((away * away).sum(axis=2).min(axis=1).max()))
    return float(np.sqrt(furthest))


def compare_edges(outlines: Outlines, first: int, second: int) -> tuple[bool, bool]:
    """Say whether edges of two polygons meet, be it in a point or along each other, and whether any cross inside."""
    low = np.maximum(outlines.low[first], outlines.low[second])
    high = np.minimum(outlines.high[first], outlines.high[second])
    a, b = outlines.select_edges(first, low, high)
    if not len(a):
        return False, False
    c, d = outlines.select_edges(second, low, high)
    do_meet = False
    at_once = max(1, PAIRS_AT_ONCE // max(1, len(c)))
    for begin in range(0, len(a) if len(c) else 0, at_once):
        p, q = a[begin : begin + at_once, None], b[begin : begin + at_once, None]
        # On which side of an edge the ends of the other lie: on different ones where they cross.
        sides = side_of(p, q, c) * side_of(p, q, d)
        others = side_of(c, d, p) * side_of(c, d, q)
        if bool(((sides < 0) & (others < 0)).any()):
            return True, True
        do_meet = do_meet or bool(((sides <= 0) & (others <= 0)).any())
    return do_meet, False


def side_of(begin: FloatArray, end: FloatArray, point: FloatArray) -> FloatArray:
    """Say by its sign on which side of a line a point lies, 0 within rounding of it; all of them broadcast."""
    along, away = end - begin, point - begin
    crossed = along[..., 0] * away[..., 1] - along[..., 1] * away[..., 0]
    return np.where(np.abs(crossed) < 1e-9, 0.0, crossed)


def is_voxel_contested(polygon: FloatArray, other: FloatArray) -> bool:
    """Whether there are centers of voxels in both polygons, and some in each that are not in the other.

    Where contours touch or cross by less, no voxel depends on how they are combined.
    """
    shift = np.floor(np.minimum(polygon.min(axis=0), other.min(axis=0)))
    width, height = (np.ceil(np.maximum(polygon.max(axis=0), other.max(axis=0)) - shift) + 1).astype(int).tolist()
    planes = np.zeros((2, height, width), np.bool_)
    for plane, corners in zip(planes, (polygon, other), strict=True):
        crossed = cross_rows(corners - shift, np.array([0, len(corners)]), width, height)
        patch = fill_patch(crossed.rows, crossed.columns)
        if patch is not None:
            plane[patch.box] = patch.values
    first, second = planes
    return bool((first & second).any() and (first & ~second).any() and (second & ~first).any())


def count_single_round(points: FloatArray) -> int:
    """Count the points of a contour's first round, where it runs the same round twice or another even number of times.

    By the even-odd rule such a contour encloses nothing.
    """
    count = len(points)
    is_closed = bool((points[0] == points[-1]).all())
    # A round may end with its first point or not, and the last one may do so alone.
    for rounds in (count, count - 1) if is_closed else (count,):
        kept = rounds
        while kept >= 6 and kept % 2 == 0 and (points[: kept // 2] == points[kept // 2 : kept]).all():
            kept //= 2
        if kept < rounds:
            return kept
    return count
