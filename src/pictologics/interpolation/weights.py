"""The weights of one axis: which samples make each new one, and how much of each.

A row of samples goes on beyond its ends by one of the extensions, so that weights that fall there are given to
the samples that stand for them. With that, linear and cubic interpolation along an axis are one matrix, whose rows
are new samples and whose columns are old ones. It is kept as dense blocks along its diagonal, because a product with
a small dense matrix is the fastest thing that a processor does.

The cubic B-spline interpolates by a recursive prefilter and four weights (Unser 1999, "Splines: a perfect fit for
signal and image processing"). Both are folded into one row here: its weights fall by a factor of 3.7 from sample to
sample, and what is below the precision of the type is cut off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .boundaries import Extension, find_stand_ins

__all__ = [
    "BLOCK_ROWS",
    "COORDINATE_ROUNDING",
    "NARROW_ROWS",
    "AxisWeights",
    "WeightBlock",
    "WeightKind",
    "find_nearest_samples",
    "make_axis_weights",
]

WeightKind = Literal["linear", "cubic", "coefficients"]
"""What a row of weights does: interpolate linearly or by a B-spline, or only the B-spline's prefilter."""

COORDINATE_ROUNDING = 1e-6
"""Voxels by which a coordinate may be off from rounding: a position that close to a voxel center is on it, and one
that close to the middle between two centers is in the middle."""

POLE = np.sqrt(3.0) - 2.0
"""The pole of the cubic B-spline's prefilter, the root of z**2 + 4 z + 1 within the unit circle: the prefilter is the
inverse of the kernel's samples 1/6, 4/6, 1/6. Its impulse response is sqrt(3) * POLE**abs(k)."""

BLOCK_ROWS = 40
"""New samples of one block: fewer waste calls, more waste products with zeros."""

NARROW_ROWS = 16
"""The same where each new sample is made of two old ones, and there are few products to share a call."""


class WeightBlock(NamedTuple):
    """Consecutive new samples, the stretch of old ones that they are made of, and their weights."""

    new: slice
    old: slice
    matrix: npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class AxisWeights:
    """All weights of one axis.

    Attributes:
        size: How many old samples there are.
        count: How many new samples there are.
        blocks: The matrix, (new, old), in blocks of rows.
        is_identity: Whether every new sample is the old one of the same number.
    """

    size: int
    count: int
    blocks: tuple[WeightBlock, ...]
    is_identity: bool

    @property
    def growth(self) -> float:
        """New samples for each old one."""
        return self.count / self.size


def snap_to_samples(coordinates: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Coordinates without what rounding did to whole numbers, so that what lies on a sample is that sample."""
    whole = np.round(coordinates)
    return np.where(np.abs(coordinates - whole) < COORDINATE_ROUNDING, whole, coordinates)


def find_nearest_samples(coordinates: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.intp]:
    """The sample nearest to each coordinate; in the middle between two, the one with the higher number."""
    # Half goes up, not to the even one as np.round would have it: twice as many voxels must repeat each old one twice.
    nearest = np.floor(coordinates + (0.5 + COORDINATE_ROUNDING)).astype(np.intp)
    return np.clip(nearest, 0, size - 1, out=nearest)


def list_kernel_weights(
    coordinates: npt.NDArray[np.float64], kernel: WeightKind, dtype: np.dtype[Any]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """For each coordinate the numbers of its samples, which may lie beyond the ends, and their weights."""
    below = np.floor(coordinates)
    part = (coordinates - below)[:, None]
    if kernel == "linear":
        return below.astype(np.intp)[:, None] + np.arange(2), np.concatenate([1.0 - part, part], axis=1)
    # The recursive prefilter, written as the row of weights that it comes to: it is cut off where abs(POLE)**reach is a
    # hundredth of the type's precision, so that not even the sum of what is cut off changes a result.
    reach = int(np.ceil(np.log(np.finfo(dtype).eps / 100) / np.log(abs(POLE))))
    near = np.arange(-1, 3)
    offsets = np.arange(-reach - 1, reach + 3)
    response = np.sqrt(3.0) * POLE ** np.abs(near[:, None] - offsets)
    if kernel == "coefficients":
        weights = np.repeat(response[1:2], below.size, axis=0)
    else:
        # The cubic B-spline at the four samples around: t**3 / 6 at the outer ones, 2/3 - t**2 + t**3 / 2 at the inner.
        left, right = part, 1.0 - part
        inner = [2 / 3 - t * t * (2.0 - t) / 2.0 for t in (left, right)]
        weights = np.concatenate([right**3 / 6.0, *inner, left**3 / 6.0], axis=1) @ response
        # At a sample the spline is that sample, to the last bit.
        weights = np.where(part == 0.0, (offsets == 0).astype(np.float64), weights)
    # Of constant samples the new ones are that constant, whatever was cut off.
    weights /= weights.sum(axis=1, keepdims=True)
    return below.astype(np.intp)[:, None] + offsets, weights


def make_axis_weights(
    coordinates: npt.NDArray[np.float64],
    size: int,
    kernel: WeightKind,
    extension: Extension,
    dtype: np.dtype[Any],
    rows: int = BLOCK_ROWS,
) -> AxisWeights:
    """The matrix of one axis.

    Args:
        coordinates: Where the new samples lie, in numbers of old ones.
        size: How many old samples there are.
        kernel: How samples are made.
        extension: How the old samples go on beyond their ends.
        dtype: Type of the weights, float32 or float64.
        rows: The most new samples of one block.
    """
    places = snap_to_samples(coordinates)
    count = places.size
    if kernel != "coefficients" and count == size and np.array_equal(places, np.arange(size)):
        return AxisWeights(size, count, (), is_identity=True)
    samples, weights = list_kernel_weights(places, kernel, dtype)
    # Nothing is taken from beyond the ends of "constant"; for the prefilter the row must still go on somehow.
    samples = find_stand_ins(samples, size, "mirror_without_edge" if extension == "constant" else extension)
    blocks = []
    # Blocks of equal size, so that threads get equal shares.
    pieces = -(-count // rows)
    for piece in range(pieces):
        new = slice(count * piece // pieces, count * (piece + 1) // pieces)
        used = samples[new][weights[new] != 0.0]
        old = slice(int(used.min()), int(used.max()) + 1)
        matrix = np.zeros((new.stop - new.start, old.stop - old.start))
        numbers = np.broadcast_to(np.arange(matrix.shape[0])[:, None], samples[new].shape)
        columns = np.clip(samples[new] - old.start, 0, matrix.shape[1] - 1)
        np.add.at(matrix, (numbers, columns), weights[new])
        blocks.append(WeightBlock(new, old, matrix.astype(dtype)))
    return AxisWeights(size, count, tuple(blocks), is_identity=False)
