"""Slices -> the planes of a regular volume: moved in their plane, blended along the normal, in parallel.

What goes where is decided before (:mod:`pictologics.dicom.stacks.rectifying`); here are only voxels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...array_types import AnyArray, BoolArray, FloatArray
from ...interpolation.filled_types import widen_type
from ...threads import run_in_shares

__all__ = ["InPlanePlan", "NormalPlan", "fill_volume"]


class NormalPlan(NamedTuple):
    """Which slices make which plane of the volume.

    Plane k is slice ``lower[k]``, blended with the next slice by ``weight[k]``; -1 is a plane without data.
    """

    step: float
    lower: npt.NDArray[np.intp]
    weight: FloatArray


class InPlanePlan(NamedTuple):
    """Where in the widened planes each slice goes; all of it as (x, y).

    Slice i begins at voxel ``start[i]``, and ``part[i]`` of a voxel later. The first slice begins at ``first``.
    """

    shape: tuple[int, int]
    first: npt.NDArray[np.intp]
    start: npt.NDArray[np.intp]
    part: FloatArray


class MovedSlice(NamedTuple):
    """A part of a plane of the volume: (rows, columns) of values, which are valid, and their first row and column."""

    values: AnyArray
    valid: BoolArray | None
    top: int
    left: int

    def window(self, top: int, bottom: int, left: int, right: int) -> tuple[slice, slice]:
        """Rows and columns of the plane, counted in this piece."""
        return slice(top - self.top, bottom - self.top), slice(left - self.left, right - self.left)


def fill_volume(
    array: AnyArray, source_mask: BoolArray | None, normal: NormalPlan, plane: InPlanePlan, fill_value: float
) -> tuple[AnyArray, BoolArray]:
    """Make every plane of the volume, and say which of its voxels hold data."""
    # Seen as (plane, row, column), each plane is one stretch of memory.
    slices = array.T
    masks = None if source_mask is None else source_mask.T
    columns, rows = plane.shape
    values = np.empty((normal.lower.size, rows, columns), widen_type(array, fill_value))
    valid = np.zeros(values.shape, np.bool_)

    def make_piece(k: int) -> MovedSlice:
        return move_slice(slices[k], None if masks is None else masks[k], plane.start[k], plane.part[k])

    def fill_share(share: Iterable[int]) -> None:
        # A slice is moved once for all planes that it takes part in; at most two are held.
        pieces: dict[int, MovedSlice] = {}
        for k in share:
            lower, weight = int(normal.lower[k]), float(normal.weight[k])
            if lower < 0:
                values[k] = fill_value
                continue
            wanted = (lower, lower + 1) if weight else (lower,)
            # Two infinite values that meet give NaN, silently.
            with np.errstate(invalid="ignore"):
                pieces = {number: pieces.get(number) or make_piece(number) for number in wanted}
                blend_pieces(list(pieces.values()), weight, values[k], valid[k], fill_value)

    run_in_shares(fill_share, normal.lower.size)
    return values.T, valid.T


def move_slice(values: AnyArray, valid: BoolArray | None, start: npt.NDArray[np.intp], part: FloatArray) -> MovedSlice:
    """Move a slice to its place in the widened plane; by a part of a voxel, it loses one column or row."""
    # A voxel of the plane lies a part of a voxel before the slice's own voxel there: between that one and the one
    # before. The first voxel of each row, and of each column, has none before it and is lost.
    left, top = (int(place) for place in start)
    columns, rows = (float(share) for share in part)
    if columns:
        values = interpolate_between(values[:, 1:], values[:, :-1], columns)
        valid = None if valid is None else valid[:, 1:] & valid[:, :-1]
        left += 1
    if rows:
        values = interpolate_between(values[1:], values[:-1], rows)
        valid = None if valid is None else valid[1:] & valid[:-1]
        top += 1
    return MovedSlice(values, valid, top, left)


def interpolate_between(start: AnyArray, end: AnyArray, weight: float, out: AnyArray | None = None) -> AnyArray:
    """The values at a part of the way from one to the other."""
    # Not (1 - w) * start + w * end, which rounds twice: where both are equal, exactly that value comes out.
    out = np.subtract(end, start, out=out)
    out *= weight
    out += start
    return out


def blend_pieces(
    pieces: list[MovedSlice], weight: float, values: AnyArray, valid: BoolArray, fill_value: float
) -> None:
    """Write one plane of the volume from one moved slice, or from two where both have data."""
    rows, columns = values.shape
    top = max(piece.top for piece in pieces)
    left = max(piece.left for piece in pieces)
    bottom = max(top, min(piece.top + piece.values.shape[0] for piece in pieces))
    right = max(left, min(piece.left + piece.values.shape[1] for piece in pieces))
    windows = [piece.window(top, bottom, left, right) for piece in pieces]
    inside = values[top:bottom, left:right]
    if len(pieces) == 1:
        inside[...] = pieces[0].values[windows[0]]
    else:
        interpolate_between(pieces[0].values[windows[0]], pieces[1].values[windows[1]], weight, out=inside)
    for margin in ((slice(0, top),), (slice(bottom, rows),), (slice(top, bottom), slice(0, left))):
        values[margin] = fill_value
    values[top:bottom, right:columns] = fill_value
    # A value that was interpolated from an invalid voxel is invalid, however small its weight.
    masks = [piece.valid[window] for piece, window in zip(pieces, windows, strict=True) if piece.valid is not None]
    valid[top:bottom, left:right] = np.logical_and.reduce(masks) if masks else True
    if masks:
        inside[~valid[top:bottom, left:right]] = fill_value
