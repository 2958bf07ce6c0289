"""The one way in: sample an array where the voxels of another grid lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ..array_types import AnyArray, BoolArray, FloatArray
from ..geometry import CORNER_ERROR_NOTED, nearest_axes
from ..provenance import Decision
from ..rescaling import find_exact_float
from ..validity import Validity, find_valid
from . import Interpolation
from .boundaries import Extension
from .filled_types import widen_type
from .influence import find_source_box, make_whole_box, shift_map
from .oblique import PlaneMap, copy_nearest_points, interpolate_points
from .separable import (
    ValidVoxels,
    choose_block_planes,
    copy_nearest,
    interpolate,
)
from .weights import (
    BLOCK_ROWS,
    COORDINATE_ROUNDING,
    NARROW_ROWS,
    find_nearest_samples,
    make_axis_weights,
)

__all__ = ["Sampled", "Sampling", "sample"]


@dataclass(frozen=True)
class Sampling:
    """How values between voxel centers are made.

    Attributes:
        interpolation: Nearest neighbor, linear, or cubic B-spline with prefilter.
        extension: How the array goes on beyond its outermost centers; with ``"constant"`` not at all. Where axes
            are turned against each other, always ``"nearest"``.
        min_valid_weight: Of the weight that makes a voxel, the share that must be on valid voxels.
        fill_value: What voxels outside the source hold, and those that are not valid.
    """

    interpolation: Interpolation
    extension: Extension = "nearest"
    min_valid_weight: float = 0.5
    fill_value: float = 0.0


@dataclass(frozen=True)
class Sampled:
    """What sampling made.

    Attributes:
        array: The values, (x, y, z) in Fortran order.
        valid: Where they come from valid voxels; None if all of the source was valid.
        inside: How many of them lie within the source.
        not_finite: How many voxels of the source were taken for invalid because they are NaN or infinite.
        lost_labels: Of labels that were sampled by their fractions, those of which nothing is left while something
            is of others.
    """

    array: AnyArray
    valid: BoolArray | None
    inside: int
    not_finite: int = 0
    lost_labels: tuple[int, ...] = ()

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The warning that is due where numbers were not finite."""
        return Validity(None, self.not_finite).decisions


def sample(
    array: AnyArray,
    to_source: FloatArray,
    shape: tuple[int, int, int],
    how: Sampling,
    valid: BoolArray | None = None,
) -> Sampled:
    """Sample an array on another lattice.

    A voxel lies within the source if its center lies within one of the source's voxels, which reach half a voxel
    beyond their centers. There the array goes on by the extension; further out, voxels hold the fill value.

    Args:
        array: The source, (x, y, z). With nearest neighbors any type, which is kept; otherwise real numbers, which
            give the smallest float type that holds them exactly. NaN and infinity are invalid.
        to_source: 4x4 matrix, from voxel index of the result to voxel index of the source.
        shape: Of the result.
        how: How values are made.
        valid: True where the source holds data; None for everywhere. What is not True is never looked at.
    """
    cut = find_source_box(make_whole_box(shape), to_source, array.shape, how.interpolation, how.extension)
    array, to_source = array[cut], shift_map(to_source, make_whole_box(shape), cut)
    valid = None if valid is None else valid[cut]
    validity = find_valid(array, valid)
    made = sample_finite(array, to_source, shape, how, validity.mask)
    return replace(made, not_finite=validity.not_finite)


def sample_finite(
    array: AnyArray,
    to_source: FloatArray,
    shape: tuple[int, int, int],
    how: Sampling,
    valid: BoolArray | None,
) -> Sampled:
    """Sample an array that is finite wherever it is valid."""
    dtype = choose_result_type(array, how)
    linear = to_source[:3, :3]
    axes, _ = nearest_axes(linear)
    straight = np.zeros((3, 3))
    straight[list(axes), range(3)] = linear[list(axes), range(3)]
    # What the last voxel is off, counted from the middle: the tolerance is that of grids that are one.
    half = (np.asarray(shape) - 1) / 2.0
    if (np.abs(linear - straight) @ half).max() >= CORNER_ERROR_NOTED:
        return sample_points(array, to_source, shape, how, valid, dtype)
    middle = linear @ half + to_source[:3, 3]
    coordinates = [straight[axis, k] * (np.arange(shape[k]) - half[k]) + middle[axis] for k, axis in enumerate(axes)]
    moved = None if valid is None else valid.transpose(axes)
    return sample_axes(array.transpose(axes), coordinates, how, moved, dtype)


def choose_result_type(array: AnyArray, how: Sampling) -> np.dtype[Any]:
    """The type of the result, in the machine's byte order."""
    if how.interpolation == "nearest":
        return widen_type(array, how.fill_value)
    return widen_type(np.empty(0, find_exact_float(array.dtype)), how.fill_value)


def sample_axes(
    array: AnyArray,
    coordinates: list[FloatArray],
    how: Sampling,
    valid: BoolArray | None,
    dtype: np.dtype[Any],
) -> Sampled:
    """Sample along parallel axes; coordinates are those of the result's voxels along each axis of the source."""
    reach = 0.0 if how.extension == "constant" else 0.5
    shape = tuple(places.size for places in coordinates)
    box = []
    for places, size in zip(coordinates, array.shape, strict=True):
        inside = np.flatnonzero(
            (places >= -reach - COORDINATE_ROUNDING) & (places <= size - 1 + reach + COORDINATE_ROUNDING)
        )
        box.append(slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0, 0))
    count = int(np.prod([side.stop - side.start for side in box]))
    is_whole = count == np.prod(shape)
    result = np.empty(shape, dtype, order="F") if is_whole else np.full(shape, how.fill_value, dtype, order="F")
    result_valid = None if valid is None else np.zeros(shape, np.bool_, order="F")
    if count:
        fill_box(
            array.T,
            [places[side] for places, side in zip(coordinates, box, strict=True)][::-1],
            how,
            result[tuple(box)].T,
            None if valid is None else valid.T,
            None if result_valid is None else result_valid[tuple(box)].T,
        )
    return Sampled(result, result_valid, count)


def fill_box(
    source: AnyArray,
    coordinates: list[FloatArray],
    how: Sampling,
    result: AnyArray,
    valid: BoolArray | None,
    result_valid: BoolArray | None,
) -> None:
    """Fill the part of the result that lies within the source; all of it as (z, y, x)."""
    if how.interpolation == "nearest":
        numbers = [find_nearest_samples(places, size) for places, size in zip(coordinates, source.shape, strict=True)]
        copy_nearest(source, numbers, result, pair_masks(how, valid, result_valid))
        return
    in_plane = NARROW_ROWS if how.interpolation == "linear" else BLOCK_ROWS
    rows = [choose_block_planes(source.shape, coordinates[0].size, result.dtype), in_plane, in_plane]
    axes = [
        make_axis_weights(places, size, how.interpolation, how.extension, result.dtype, count)
        for places, size, count in zip(coordinates, source.shape, rows, strict=True)
    ]
    interpolate(source, axes, result, pair_masks(how, valid, result_valid))


def pair_masks(how: Sampling, valid: BoolArray | None, result_valid: BoolArray | None) -> ValidVoxels | None:
    """Both masks and the rule between them."""
    if valid is None or result_valid is None:
        return None
    return ValidVoxels(valid, result_valid, how.min_valid_weight, how.fill_value)


def sample_points(
    array: AnyArray,
    to_source: FloatArray,
    shape: tuple[int, int, int],
    how: Sampling,
    valid: BoolArray | None,
    dtype: np.dtype[Any],
) -> Sampled:
    """Sample where axes are turned against each other."""
    source = array.T
    places = PlaneMap(to_source[2::-1, 2::-1].copy(), to_source[2::-1, 3].copy(), source.shape)
    result = np.full(shape, how.fill_value, dtype, order="F")
    inside = np.zeros(shape, np.bool_, order="F")
    result_valid = None if valid is None else np.zeros(shape, np.bool_, order="F")
    if how.interpolation == "nearest":
        copy_nearest_points(source, places, result.T, inside.T)
        if valid is not None and result_valid is not None:
            copy_nearest_points(valid.T, places, result_valid.T, inside.T)
            np.copyto(result, how.fill_value, where=~result_valid, casting="unsafe")
    else:
        voxels = pair_masks(how, None if valid is None else valid.T, None if result_valid is None else result_valid.T)
        order: Literal[1, 3] = 1 if how.interpolation == "linear" else 3
        interpolate_points(source, places, result.T, inside.T, order=order, voxels=voxels)
    return Sampled(result, result_valid, int(np.count_nonzero(inside)))
