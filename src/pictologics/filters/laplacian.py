"""The Laplacian of a Gaussian."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..array_types import FloatingArray
from ..checks import check_number
from ..errors import OptionError
from ..image import Image
from ..interpolation.boundaries import Boundary, Extension
from ..threads import run_in_shares
from .execution.filter_input import FilterInput, array_axis, make_result, prepare_input
from .execution.line_kernels import (
    LineKernel,
    apply_kernel,
    gaussian_radius,
    make_gaussian_kernel,
    make_laplacian_kernel,
)
from .options import Dimensions

__all__ = [
    "LaplacianKernels",
    "filter_laplacian",
    "find_laplacian_reaches",
    "laplacian_of_gaussian",
    "make_laplacian_kernels",
]

LaplacianKernels = Sequence[tuple[LineKernel, LineKernel]]
"""For each axis, x first: the Gaussian, and its second derivative."""


def laplacian_of_gaussian(
    image: Image,
    sigma_mm: float,
    truncate: float = 4.0,
    *,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """The Laplacian of a Gaussian (IBSI 2, section 3.2): negative on what is brighter than its surroundings.

    The sum over the axes of the second derivative of a Gaussian along one and a Gaussian along the others. The
    response to a constant is zero. Where the voxels are cubes it is per square voxel, as IBSI defines it. Where they
    are not, it is the Laplacian per square millimeter times the square of the geometric mean of the spacings.

    With a source mask an invalid voxel around a voxel counts as the mean of the valid ones, weighted by the Gaussian
    there (normalized convolution).

    Args:
        image: The image.
        sigma_mm: Standard deviation of the Gaussian, mm; along each axis it is divided by the spacing there.
        truncate: Where the Gaussian ends, in sigma; the end is rounded to whole voxels.
        dimensions: 3 for the volume, 2 for each slice; as for all filters (see :mod:`pictologics.filters`).
        boundary: What lies beyond the image; as for all filters.
        fill_value: What invalid voxels of the result hold; as for all filters.

    Returns:
        The response on the same grid.

    Raises:
        OptionError: If an option is wrong, the Gaussian does not reach a neighbor, or no voxel is valid.
        GeometryError: If the Gaussian reaches farther than a mirrored or periodic image does.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import laplacian_of_gaussian
        >>> spot = np.zeros((15, 15, 15), np.float32, order="F")
        >>> spot[7, 7, 7] = 1000
        >>> response = laplacian_of_gaussian(Image(spot, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), 1.5)
        >>> round(float(response.array[7, 7, 7]), 2)
        -25.08
    """
    sigma = check_number("sigma_mm", sigma_mm, "mm", above=0)
    cut = check_number("truncate", truncate, "sigma", above=0)
    source = prepare_input(image, dimensions, boundary, fill_value)
    source.check_reach(find_laplacian_reaches(source.spacing, sigma, cut), "Laplacian of Gaussian")
    kernels = make_laplacian_kernels(source.spacing, sigma, cut)
    text = f"Laplacian of Gaussian, sigma {sigma:g} mm, ending at {cut:g} sigma"
    return make_result(source, filter_laplacian(source, kernels), text)


def find_laplacian_reaches(spacing: Sequence[float], sigma_mm: float, truncate: float) -> list[int]:
    """How far the kernels reach along each axis, voxels, x first.

    Raises:
        OptionError: If one of them ends before the next voxel.
    """
    reaches = [gaussian_radius(sigma_mm / step, truncate) for step in spacing]
    for step, reach in zip(spacing, reaches, strict=True):
        if reach == 0:
            raise OptionError(
                f"sigma_mm is {sigma_mm:g} and ends at {truncate:g} sigma, before the next voxel, {step:g} mm away",
                advice="pass a larger sigma_mm",
                sigma_mm=sigma_mm,
                spacing=step,
            )
    return reaches


def make_laplacian_kernels(spacing: Sequence[float], sigma_mm: float, truncate: float) -> LaplacianKernels:
    """The kernels for each axis, x first; they reach at least the next voxel."""
    # Per square voxel where voxels are cubes (IBSI 2, section 3.2); elsewhere there is no such unit, and the square of
    # the geometric mean of the spacings keeps the response comparable and the operator isotropic in mm.
    square = float(np.prod(spacing)) ** (2 / len(spacing))
    kernels = []
    for step in spacing:
        second = make_laplacian_kernel(sigma_mm / step, truncate)
        scaled = LineKernel(tuple(square / step**2 * tap for tap in second.taps), second.first)
        kernels.append((make_gaussian_kernel(sigma_mm / step, truncate), scaled))
    return kernels


def filter_laplacian(source: FilterInput, kernels: LaplacianKernels) -> FloatingArray:
    """The Laplacian of Gaussian of a source: first in the planes, then, in 3D, along the lines across them.

    Returns:
        (z, y, x), of the source's type. Invalid voxels hold anything.
    """
    values, valid = source.values, source.valid
    middle = values.dtype.type(source.middle)
    # With a mask the validity goes the same way as the values. Beyond the image all is valid.
    outsides = [0.0] if valid is None else [-source.middle, 1.0]
    halfway = [(np.empty_like(values), np.empty_like(values)) for _ in outsides]

    def filter_planes(share: Iterable[int]) -> None:
        for index in share:
            planes = [values[index]]
            if valid is not None:
                known = np.where(valid[index], values[index], middle) - middle
                planes = [known, valid[index].astype(values.dtype)]
            for plane, outside, (smooth, second) in zip(planes, outsides, halfway, strict=True):
                bent = SmoothAndCurved(plane)
                for axis in (0, 1):
                    bent = bent.along(array_axis(axis) - 1, kernels[axis], source.extension, outside)
                smooth[index], second[index] = bent.smooth, bent.second

    run_in_shares(filter_planes, len(values))
    if source.dimensions == 2:
        return combine_validity([SmoothAndCurved(*pair) for pair in halfway])

    def filter_rows(share: Iterable[int]) -> None:
        for row in share:
            ends = []
            for pair, outside in zip(halfway, outsides, strict=True):
                lines = SmoothAndCurved(*(np.ascontiguousarray(array[:, row].T) for array in pair))
                ends.append(lines.along(1, kernels[2], source.extension, outside, ends=valid is None))
            halfway[0][1][:, row] = combine_validity(ends).T

    run_in_shares(filter_rows, values.shape[1])
    return halfway[0][1]


@dataclass(frozen=True)
class SmoothAndCurved:
    """An array after the kernels of some axes: its Gaussian average, and its Laplacian of Gaussian so far.

    Attributes:
        smooth: With the Gaussians along all of them.
        second: With the second derivative along one and the Gaussians along the others, summed over the ones; zero
            before the first.
    """

    smooth: FloatingArray
    second: FloatingArray | float = 0.0

    def along(
        self,
        axis: int,
        kernels: tuple[LineKernel, LineKernel],
        extension: Extension,
        outside: float,
        *,
        ends: bool = False,
    ) -> SmoothAndCurved:
        """The array after one more axis.

        Args:
            axis: Of the array.
            kernels: The Gaussian, and its second derivative.
            extension: What lies beyond the array.
            outside: What stands for zero there; derivatives of that are zero.
            ends: Nothing comes after this, and the smooth array is not needed.
        """
        gaussian, curved = kernels
        second = apply_kernel(curved, self.smooth, axis, extension, outside)
        if isinstance(self.second, np.ndarray):
            second += apply_kernel(gaussian, self.second, axis, extension)
        return SmoothAndCurved(
            self.smooth if ends else apply_kernel(gaussian, self.smooth, axis, extension, outside), second
        )


def combine_validity(parts: Sequence[SmoothAndCurved]) -> FloatingArray:
    """The response; with a mask an invalid voxel counts as the mean of the valid ones, weighted by the Gaussian."""
    values = parts[0]
    if len(parts) == 1:
        return np.asarray(values.second)
    validity = parts[1]
    mean = np.divide(values.smooth, validity.smooth, out=np.zeros_like(values.smooth), where=validity.smooth > 0)
    return np.asarray(values.second - mean * validity.second)
