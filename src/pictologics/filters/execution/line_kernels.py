"""One-dimensional kernels: weights at voxel offsets, turned, stretched and applied along an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ...interpolation.boundaries import SCIPY_MODES, Extension
from .separable_passes import filter_across_planes

__all__ = ["LineKernel", "apply_kernel", "gaussian_radius", "make_gaussian_kernel", "make_laplacian_kernel"]


MANY_VOXELS = 2**40
"""More than any image has: a larger reach is refused anyway, and need not be exact."""


@dataclass(frozen=True)
class LineKernel:
    """The weights of a filter along one axis.

    The response at voxel i is the sum of ``taps[j]`` times the voxel at i + ``first`` + j.

    Attributes:
        taps: Weights, by ascending offset.
        first: Offset of the first one, voxels.
    """

    taps: tuple[float, ...]
    first: int

    @classmethod
    def convolving(cls, weights: Sequence[float]) -> LineKernel:
        """The kernel of a convolution, which runs through the line against its weights.

        An odd number of weights is centered on the voxel; of an even number the first of the two in the middle lies
        on the voxel after it, as in the reference maps of IBSI 2.
        """
        count = len(weights)
        return cls(tuple(float(weight) for weight in reversed(weights)), count // 2 - count + 1)

    @property
    def reach(self) -> int:
        """Voxels to the farther side that it looks at."""
        return max(-self.first, self.first + len(self.taps) - 1)

    @cached_property
    def total(self) -> float:
        """Sum of the weights: the response to a constant of one."""
        return math.fsum(self.taps)

    @cached_property
    def absolute(self) -> LineKernel:
        """The same with every weight positive."""
        return LineKernel(tuple(abs(tap) for tap in self.taps), self.first)

    @property
    def flipped(self) -> LineKernel:
        """The kernel for a line that runs the other way."""
        return LineKernel(self.taps[::-1], -(self.first + len(self.taps) - 1))

    def stretched(self, step: int) -> LineKernel:
        """The same weights at offsets that are ``step`` times as far away, zeros between them."""
        taps = np.zeros((len(self.taps) - 1) * step + 1)
        taps[::step] = self.taps
        return LineKernel(tuple(taps.tolist()), self.first * step)


def apply_kernel(
    kernel: LineKernel,
    array: npt.NDArray[Any],
    axis: int,
    extension: Extension,
    outside: float = 0.0,
    output: npt.NDArray[Any] | None = None,
) -> npt.NDArray[Any]:
    """Run a kernel along an axis of an array.

    Args:
        kernel: The kernel.
        array: Any shape.
        axis: Which of its axes.
        extension: What lies beyond its ends.
        outside: What stands for zero in the extension ``"zero"``.
        output: Where to write; may be the array itself.

    Returns:
        The response, of the array's type.
    """
    result = np.empty_like(array) if output is None else output
    size = len(kernel.taps)
    origin = -kernel.first - size // 2
    mode = SCIPY_MODES[extension]

    def along(lines: npt.NDArray[Any], into: npt.NDArray[Any], line_axis: int = -1) -> None:
        ndimage.correlate1d(lines, kernel.taps, line_axis, output=into, mode=mode, cval=outside, origin=origin)

    if axis == 0 and array.ndim == 3:
        filter_across_planes(along, array, result, range(array.shape[1]))
    else:
        along(array, result, axis)
    return result


def gaussian_radius(sigma: float, truncate: float) -> int:
    """How far a Gaussian is followed, voxels: ``truncate`` sigma, rounded to whole voxels."""
    return int(min(truncate * sigma + 0.5, MANY_VOXELS))


def make_gaussian_kernel(sigma: float, truncate: float) -> LineKernel:
    """A Gaussian sampled at voxel centers whose weights sum to one.

    Args:
        sigma: Standard deviation, voxels.
        truncate: Where it ends, in sigma.
    """
    return LineKernel(tuple(sample_gaussian(sigma, truncate).tolist()), -gaussian_radius(sigma, truncate))


def make_laplacian_kernel(sigma: float, truncate: float) -> LineKernel:
    """The second derivative of a Gaussian, per square voxel, sampled at voxel centers; its weights sum to zero."""
    radius = gaussian_radius(sigma, truncate)
    offsets = np.arange(-radius, radius + 1)
    weights = sample_gaussian(sigma, truncate)
    second = weights * (offsets**2 / sigma**4 - 1 / sigma**2)
    # Truncated at 4 sigma the weights sum to about 0.001 / sigma², and a constant of 1000 HU would not give 0. The rest
    # is taken away in proportion to the Gaussian, which leaves the shape of the kernel.
    second -= weights * second.sum()
    return LineKernel(tuple(second.tolist()), -radius)


def sample_gaussian(sigma: float, truncate: float) -> npt.NDArray[np.float64]:
    """Samples of a Gaussian from one end to the other, with a sum of one."""
    radius = gaussian_radius(sigma, truncate)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return np.asarray(weights / weights.sum())
