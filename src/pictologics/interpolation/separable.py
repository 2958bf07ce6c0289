"""Grids with parallel axes: one axis at a time, in blocks that stay small, in parallel.

Arrays here are (z, y, x) with x fastest, as they lie in memory; an array in another order is right, but slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..array_types import AnyArray, BoolArray
from ..threads import run_in_shares
from .block_arithmetic import (
    Scratch,
    multiply_columns,
    multiply_rows,
    select_values,
)
from .weights import BLOCK_ROWS, AxisWeights, WeightBlock

__all__ = ["ValidVoxels", "choose_block_planes", "copy_nearest", "interpolate"]


BLOCK_BYTES = 2**25
"""Planes up to this size are made together: more of them share the reading of the planes that they are made of."""

FEWEST_PLANES = 8
"""Planes that are made together at least, however large they are: fewer leave no product to share."""

WEIGHT_ROUNDING = 1e-5
"""What a float32 sum of weights may lack of the weight that is asked for: some hundred terms of 6e-8 each."""


@dataclass(frozen=True)
class ValidVoxels:
    """Which voxels of the source count, and what becomes of those of the result.

    Attributes:
        source: True where a voxel of the source holds data.
        result: True where a voxel of the result does; written to.
        least_weight: The share of a new voxel's weight that must be on valid voxels.
        fill_value: What the other voxels of the result hold.
    """

    source: BoolArray
    result: BoolArray
    least_weight: float
    fill_value: float


def copy_nearest(
    source: AnyArray, samples: Sequence[npt.NDArray[np.intp]], result: AnyArray, voxels: ValidVoxels | None = None
) -> None:
    """Copy voxels by their numbers along each axis.

    Args:
        source: Voxels of any type.
        samples: For each axis the number of the old voxel that each new one is.
        result: Where they go.
        voxels: Which voxels are valid; None for all of them.
    """
    numbers, rows, columns = samples[0], as_slice(samples[1]), as_slice(samples[2])

    def take(planes: AnyArray, k: int) -> AnyArray:
        plane: AnyArray = planes[numbers[k]][rows]
        return plane[:, columns] if isinstance(columns, slice) else plane.take(columns, axis=1, mode="clip")

    def copy_share(share: Iterable[int]) -> None:
        scratch = Scratch()
        last = -1
        for k in share:
            repeats = k - 1 == last >= 0 and numbers[k] == numbers[last]
            last = k
            result[k] = result[k - 1] if repeats else take(source, k)
            if voxels is not None:
                voxels.result[k] = voxels.result[k - 1] if repeats else take(voxels.source, k)
                select_values(result[k], voxels.result[k], voxels.fill_value, result[k], scratch)

    run_in_shares(copy_share, numbers.size)


def as_slice(numbers: npt.NDArray[np.intp]) -> slice | npt.NDArray[np.intp]:
    """Consecutive numbers as a slice, which copies nothing; others as they are."""
    if np.array_equal(numbers, np.arange(numbers[0], numbers[0] + numbers.size)):
        return slice(int(numbers[0]), int(numbers[0]) + numbers.size)
    return numbers


def choose_block_planes(shape: Sequence[int], planes: int, dtype: np.dtype[Any]) -> int:
    """How many planes of the result are made together, so that their parts stay small.

    Args:
        shape: Of the source, (z, y, x).
        planes: How many planes the result has.
        dtype: Type of the sums.
    """
    plane = shape[1] * shape[2] * dtype.itemsize
    # Where planes get fewer, each is made of several.
    together = BLOCK_BYTES / plane * min(1.0, planes / shape[0])
    return int(np.clip(together, FEWEST_PLANES, BLOCK_ROWS))


def interpolate(
    source: AnyArray, axes: Sequence[AxisWeights], result: AnyArray, voxels: ValidVoxels | None = None
) -> None:
    """Interpolate along each axis.

    Where only some voxels are valid, values are weighted by validity and divided by the summed weight (normalized
    convolution, Knutsson and Westin 1993). What invalid voxels hold is never looked at.

    Args:
        source: Real numbers, finite wherever they are valid.
        axes: The weights of each axis.
        result: Where the values go, float32 or float64; sums are made in its type.
        voxels: Which voxels are valid; None for all of them.
    """
    pieces = list(list_z_blocks(axes[0], source))

    def fill_share(share: Iterable[int]) -> None:
        scratch = Scratch()
        for number in share:
            fill_block(source, pieces[number], axes, result, voxels, scratch)

    run_in_shares(fill_share, len(pieces))


def list_z_blocks(weights: AxisWeights, source: AnyArray) -> Iterator[WeightBlock]:
    """The blocks of the third axis; planes that stay as they are need no matrix."""
    if not weights.is_identity:
        yield from weights.blocks
        return
    # Where z is fastest, planes lie interleaved, and reading one alone reads them all.
    together = 1 if abs(source.strides[0]) >= abs(source.strides[2]) else BLOCK_ROWS // 2
    for first in range(0, weights.count, together):
        planes = slice(first, min(first + together, weights.count))
        yield WeightBlock(planes, planes, np.empty((0, 0)))


def fill_block(
    source: AnyArray,
    block: WeightBlock,
    axes: Sequence[AxisWeights],
    result: AnyArray,
    voxels: ValidVoxels | None,
    scratch: Scratch,
) -> None:
    """Make the planes of one block."""
    values, target = source[block.old], result[block.new]
    if voxels is None:
        interpolate_planes(values, block, axes, target, scratch)
        return
    valid, target_valid = voxels.source[block.old], voxels.result[block.new]
    if valid.all():
        interpolate_planes(values, block, axes, target, scratch)
        target_valid[...] = True
    elif valid.any():
        counted = scratch.array("counted", values.shape, target.dtype)
        for k, plane in enumerate(counted):
            np.copyto(plane, values[k])
            select_values(plane, valid[k], 0.0, plane, scratch)
        interpolate_planes(counted, block, axes, target, scratch)
        np.copyto(counted, valid)
        weight = scratch.array("weight", target.shape, target.dtype)
        interpolate_planes(counted, block, axes, weight, scratch)
        for k, plane in enumerate(target):
            normalize_plane(plane, weight[k], target_valid[k], voxels, scratch)
    else:
        target[...] = voxels.fill_value
        target_valid[...] = False


def normalize_plane(
    target: AnyArray, weight: AnyArray, target_valid: BoolArray, voxels: ValidVoxels, scratch: Scratch
) -> None:
    """Divide sums by their weight, and fill what has too little of it."""
    # A voxel of which exactly the asked share is valid must not be lost to a rounding.
    np.greater_equal(weight, voxels.least_weight - WEIGHT_ROUNDING, out=target_valid)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        np.divide(target, weight, out=target)
    select_values(target, target_valid, voxels.fill_value, target, scratch)


def interpolate_planes(
    planes: AnyArray, block: WeightBlock, axes: Sequence[AxisWeights], target: AnyArray, scratch: Scratch
) -> None:
    """Interpolate along z, and each plane that this makes along y and x."""
    dtype = target.dtype
    if block.matrix.size:
        together = arrange_values(planes, dtype, "together", scratch).reshape(planes.shape[0], -1)
        stacked = scratch.array("stacked", (block.matrix.shape[0], together.shape[1]), dtype)
        multiply_columns(block.matrix, together, stacked)
        planes = stacked.reshape(-1, *planes.shape[1:])
    # The axis that loses most voxels first: the other one then has less to do.
    steps = sorted((k for k in (1, 2) if not axes[k].is_identity), key=lambda k: axes[k].growth)
    for plane, made in zip(planes, target, strict=True):
        part = arrange_values(plane, dtype, "plane", scratch) if steps else plane
        for step in steps[:-1]:
            shape = (axes[1].count, plane.shape[1]) if step == 1 else (plane.shape[0], axes[2].count)
            part = interpolate_along(part, step, axes[step], scratch.array("part", shape, dtype))
        if steps:
            interpolate_along(part, steps[-1], axes[steps[-1]], made)
        else:
            made[...] = part


def arrange_values(values: AnyArray, dtype: np.dtype[Any], name: str, scratch: Scratch) -> AnyArray:
    """Values of the right type with x fastest: themselves, or a copy in scratch memory."""
    if values.dtype == dtype and values.flags.c_contiguous:
        return values
    copied = scratch.array(name, values.shape, dtype)
    np.copyto(copied, values)
    return copied


def interpolate_along(plane: AnyArray, axis: int, weights: AxisWeights, made: AnyArray) -> AnyArray:
    """Interpolate a plane along y (1) or x (2)."""
    for new, old, matrix in weights.blocks:
        if axis == 1:
            multiply_columns(matrix, plane[old], made[new])
        else:
            multiply_rows(matrix, plane[:, old], made[:, new])
    return made
