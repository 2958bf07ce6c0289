"""Voxels to polygons: the outlines of a mask along the edges of its voxels, the way back of drawing them.

The edges of a mask meet in its corners: points between four voxels where an outline turns. On each line between two
rows of voxels, corners are by turns the beginning and the end of an edge, and on each line between two columns too. So
every corner has one neighbor along its row and one along its column, and following them by turns runs round an outline.
Where two voxels of the mask touch at a corner only, there are two corners at one place, one for each voxel: parts that
touch so are parts by themselves.

An outline runs with the mask on its right-hand side, as seen on a screen, where rows are counted downwards. A hole is
joined to what is around it by a keyhole: a channel without width, from the corner of the hole that comes first straight
up to the next edge, and back (DICOM PS3.3 C.8.8.6.3). No center of a voxel lies on an edge or in a channel, so that
every rule of drawing gives the same voxels, the even-odd rule as well as that of winding numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..array_types import BoolArray, IntArray

__all__ = ["MaskOutlines", "trace_outlines"]


@dataclass(frozen=True)
class MaskOutlines:
    """Closed polygons along the edges of voxels, plane by plane.

    Attributes:
        corners: (n, 2) column and row of each corner, counted in edges: edge 0 is the outer one of voxel 0, half a
            voxel before its center. The last corner of a polygon is joined to its first.
        starts: (m + 1,) where each polygon begins in the corners, and their number.
        planes: (m,) the plane of each polygon, ascending.
    """

    corners: IntArray
    starts: IntArray
    planes: IntArray


@dataclass(frozen=True)
class Corners:
    """The corners of a mask in the order of planes, rows and columns; several of one place stand together.

    Attributes:
        planes: (n,) the plane of each.
        rows: (n,) which line between rows.
        columns: (n,) which line between columns.
        places: (n,) all three in one number, ascending.
        following: (n,) the next corner on the outline.
        inside_below: (n,) whether the voxel to the lower right is in the mask.
    """

    planes: IntArray
    rows: IntArray
    columns: IntArray
    places: IntArray
    following: IntArray
    inside_below: BoolArray


def trace_outlines(mask: BoolArray) -> MaskOutlines:
    """Trace the outlines of a mask, each part in each plane as one polygon, holes by keyholes.

    Voxels are of one part where they share an edge.

    Args:
        mask: (planes, rows, columns).

    Examples:
        >>> import numpy as np
        >>> outlines = trace_outlines(np.ones((1, 1, 2), bool))
        >>> outlines.corners.tolist(), outlines.starts.tolist(), outlines.planes.tolist()
        ([[0, 0], [2, 0], [2, 1], [0, 1]], [0, 4], [0])
    """
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)))
    corners = find_corners(padded)
    links = corners.following.tolist()
    # The first corner of an outline, the leftmost of its uppermost ones, begins an edge.
    order, starts, firsts = follow_outlines(links, range(0, len(links), 2))
    holes = firsts[~corners.inside_below[firsts]]
    points = np.column_stack([corners.columns, corners.rows])
    if holes.size:
        points = np.concatenate([points, join_holes(padded, corners, holes, links)])
        order, starts, firsts = follow_outlines(links, firsts[corners.inside_below[firsts]].tolist())
    return MaskOutlines(points[order], starts, corners.planes[firsts])


def find_corners(padded: BoolArray) -> Corners:
    """Find the corners of a mask, and which one follows on which.

    Args:
        padded: The mask with a row and a column of nothing on every side.
    """
    rows, columns = padded.shape[1] - 1, padded.shape[2] - 1
    # Where an edge runs between a row and the next.
    along = padded[:, :-1] != padded[:, 1:]
    turns = along[:, :, :-1] != along[:, :, 1:]
    # Edges on both sides of a point, and the mask above one and below the other.
    touches = along[:, :, :-1] & along[:, :, 1:] & (padded[:, :-1, :-1] != padded[:, :-1, 1:])
    keys = np.flatnonzero(turns | touches)
    times = 1 + touches.ravel()[keys]
    keys = np.repeat(keys, times)
    lines, column = np.divmod(keys, columns)
    plane, row = np.divmod(lines, rows)
    lower_left, inside_below = padded[plane, row + 1, column], padded[plane, row + 1, column + 1]
    following = np.empty(len(keys), np.int64)
    # Along rows: every other corner begins an edge. An edge with the mask below it, on the right-hand side then, is
    # passed from the left to the right.
    left = np.arange(0, len(keys), 2)
    forward = inside_below[left]
    following[left[forward]] = left[forward] + 1
    following[left[~forward] + 1] = left[~forward]
    # Along columns: of two corners at one place the one with the edge upwards comes first. That is the left one where
    # the mask is to the upper left, and the right one otherwise.
    second = np.zeros(len(keys), np.bool_)
    second[1:] = keys[1:] == keys[:-1]
    goes_down = np.where(inside_below, second, ~second) & np.repeat(times > 1, times)
    order = np.lexsort((goes_down, row, column, plane))
    upper, lower = order[::2], order[1::2]
    downward = lower_left[upper]
    following[upper[downward]] = lower[downward]
    following[lower[~downward]] = upper[~downward]
    return Corners(plane, row, column, keys, following, inside_below)


def follow_outlines(links: list[int], candidates: Iterable[int]) -> tuple[IntArray, IntArray, IntArray]:
    """Follow outlines from corner to corner.

    Args:
        links: Which corner follows on each.
        candidates: Corners from which to go round, unless an outline has passed them.

    Returns:
        The corners one after another; where each outline begins in them, and their number; its first corner.
    """
    passed = bytearray(len(links))
    order: list[int] = []
    starts, firsts = [0], []
    for first in candidates:
        if passed[first]:
            continue
        firsts.append(first)
        corner = first
        while not passed[corner]:
            passed[corner] = 1
            order.append(corner)
            corner = links[corner]
        starts.append(len(order))
    return np.array(order, np.int64), np.array(starts, np.int64), np.array(firsts, np.int64)


def join_holes(padded: BoolArray, corners: Corners, holes: IntArray, links: list[int]) -> IntArray:
    """Join holes to the outlines around them, by channels straight up from their first corners.

    Both voxels above the first corner of a hole are in the mask, and so are all on both sides of the channel, up to an
    edge that has the mask below it and so runs to the right. No two channels meet.

    Args:
        padded: The mask with a row and a column of nothing on every side.
        corners: Its corners.
        holes: The first corner of each hole.
        links: Which corner follows on each; what joins the holes is added.

    Returns:
        (k, 2) column and row of the corners that are added to the end of the list.
    """
    before = np.empty(len(links), np.int64)
    before[corners.following] = np.arange(len(links))
    added: list[tuple[int, int]] = []

    def add_corner(column: int, row: int) -> int:
        added.append((column, row))
        links.append(-1)
        return len(links) - 1

    # From the right to the left: of several channels to one edge, the one to the left is met first.
    for hole in holes[np.argsort(-corners.columns[holes], kind="stable")].tolist():
        plane, row, column = int(corners.planes[hole]), int(corners.rows[hole]), int(corners.columns[hole])
        is_inside = padded[plane, : row + 1, column : column + 2].all(axis=1)
        above = int(np.flatnonzero(~is_inside)[-1])
        place = corners.places[hole] - (row - above) * (padded.shape[2] - 1)
        # Every other corner begins an edge along its row.
        begin = (int(np.searchsorted(corners.places, place, "right")) - 1) & ~1
        follower, back = links[begin], add_corner(column, row)
        links[before[hole]] = back
        enter = begin
        if column > corners.columns[begin]:
            enter = links[begin] = add_corner(column, above)
        links[enter] = hole
        if column < corners.columns[begin + 1]:
            links[back] = add_corner(column, above)
            back = links[back]
        links[back] = follower
    return np.array(added, np.int64)
