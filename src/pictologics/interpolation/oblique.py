"""Grids turned against each other: point by point, a plane at a time, in parallel.

Arrays here are (z, y, x) with x fastest, as in :mod:`pictologics.interpolation.separable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..array_types import AnyArray, BoolArray, FloatArray
from ..threads import run_in_shares
from .separable import WEIGHT_ROUNDING, ValidVoxels, interpolate
from .weights import COORDINATE_ROUNDING, find_nearest_samples, make_axis_weights

__all__ = ["PlaneMap", "copy_nearest_points", "interpolate_points"]


SPLINE_MARGIN = 2
"""Samples beyond each end that the weights of a cubic spline reach from half a voxel outside."""


@dataclass(frozen=True)
class PlaneMap:
    """Where the voxels of the result lie in the source.

    Attributes:
        matrix: 3x3, from (z, y, x) of the result to (z, y, x) of the source.
        offset: Place of the result's first voxel in the source.
        shape: Of the source.
    """

    matrix: FloatArray
    offset: FloatArray
    shape: tuple[int, ...]

    def start(self, plane: int) -> FloatArray:
        """Place of the first voxel of a plane."""
        return np.asarray(self.offset + self.matrix[:, 0] * plane)

    def coordinates(self, plane: int, size: Sequence[int]) -> list[FloatArray]:
        """Coordinates (z, y, x) in the source of a plane's voxels, each of the plane's shape."""
        rows, columns = np.arange(size[0])[:, None], np.arange(size[1])
        start = self.start(plane)
        return [start[k] + self.matrix[k, 1] * rows + self.matrix[k, 2] * columns for k in range(3)]

    def inside(self, coordinates: Sequence[FloatArray]) -> BoolArray:
        """Whether positions lie within the source's voxels, which reach half a voxel beyond their centers."""
        within = np.ones(coordinates[0].shape, np.bool_)
        for places, size in zip(coordinates, self.shape, strict=True):
            within &= (places >= -0.5 - COORDINATE_ROUNDING) & (places <= size - 0.5 + COORDINATE_ROUNDING)
        return within


def copy_nearest_points(source: AnyArray, places: PlaneMap, result: AnyArray, inside: BoolArray) -> None:
    """Copy the nearest voxel of the source to each voxel of the result that lies within it.

    Args:
        source: Voxels of any type.
        places: Where the voxels of the result lie.
        result: Where the values go; voxels outside the source are left as they are.
        inside: Becomes True where a voxel lies within the source.
    """

    def copy_share(share: Iterable[int]) -> None:
        for k in share:
            coordinates = places.coordinates(k, result.shape[1:])
            within = places.inside(coordinates)
            inside[k] = within
            numbers = [
                find_nearest_samples(along_axis[within], size)
                for along_axis, size in zip(coordinates, source.shape, strict=True)
            ]
            result[k][within] = source[tuple(numbers)]

    run_in_shares(copy_share, result.shape[0])


def interpolate_points(
    source: AnyArray,
    places: PlaneMap,
    result: AnyArray,
    inside: BoolArray,
    *,
    order: Literal[1, 3],
    voxels: ValidVoxels | None = None,
) -> None:
    """Interpolate at each voxel of the result that lies within the source.

    Beyond its outermost centers the source goes on with their values. Valid voxels are treated as in
    :func:`pictologics.interpolation.separable.interpolate`.

    Args:
        source: Real numbers, finite wherever they are valid.
        places: Where the voxels of the result lie.
        result: Where the values go, float32 or float64; voxels outside the source are left as they are.
        inside: Becomes True where a voxel lies within the source.
        order: 1 for linear, 3 for a cubic B-spline.
        voxels: Which voxels are valid; None for all of them.
    """
    # Heavy, and loading an image that is placed exactly needs none of it.
    from scipy import ndimage

    values = source if voxels is None else np.where(voxels.source, source, 0)
    margin = 0 if order == 1 else SPLINE_MARGIN
    samples = values if order == 1 else find_spline_coefficients(values, result.dtype)
    del values
    weights = None if voxels is None else voxels.source.view(np.uint8)
    if weights is not None and order != 1:
        weights = find_spline_coefficients(weights, result.dtype)

    def at_plane(samples: AnyArray, k: int) -> AnyArray:
        start = places.start(k) + margin
        made: AnyArray = np.empty((1, *result.shape[1:]), result.dtype)
        ndimage.affine_transform(
            samples,
            places.matrix,
            start,
            output_shape=made.shape,
            output=made,
            order=order,
            mode="nearest",
            prefilter=False,
        )
        return np.asarray(made[0])

    def fill_share(share: Iterable[int]) -> None:
        for k in share:
            within = places.inside(places.coordinates(k, result.shape[1:]))
            inside[k] = within
            if not within.any():
                continue
            made = at_plane(samples, k)
            if voxels is not None and weights is not None:
                weight = at_plane(weights, k)
                valid = within & (weight >= voxels.least_weight - WEIGHT_ROUNDING)
                voxels.result[k] = valid
                with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                    made /= weight
                made[~valid] = voxels.fill_value
            np.copyto(result[k], made, where=within)

    run_in_shares(fill_share, result.shape[0])


def find_spline_coefficients(source: AnyArray, dtype: np.dtype[Any]) -> AnyArray:
    """The coefficients of the cubic spline through the source, with a margin on every side."""
    axes = [
        make_axis_weights(
            np.arange(-SPLINE_MARGIN, size + SPLINE_MARGIN, dtype=np.float64), size, "coefficients", "nearest", dtype
        )
        for size in source.shape
    ]
    made = np.empty([weights.count for weights in axes], dtype)
    interpolate(source, axes, made)
    return made
