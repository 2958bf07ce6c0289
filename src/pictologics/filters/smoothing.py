"""Averages: the mean of a box of voxels, and the Gaussian."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
from scipy import ndimage

from ..array_types import FloatingArray
from ..checks import check_number, check_whole
from ..image import Image
from ..interpolation.boundaries import SCIPY_MODES, Boundary
from .execution.filter_input import FilterInput, make_result, prepare_input
from .execution.line_kernels import apply_kernel, gaussian_radius, make_gaussian_kernel
from .execution.separable_passes import LinePass, average_valid
from .options import Dimensions

__all__ = ["average_box", "gaussian_filter", "mean_filter"]


def mean_filter(
    image: Image,
    support: int = 15,
    *,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """The mean of the voxels around each voxel (IBSI 2, section 3.1).

    With a source mask it is the mean of the valid ones among them, so a constant stays constant.

    Args:
        image: The image.
        support: Width of the box along each axis, an odd number of voxels.
        dimensions: 3 for the volume, 2 for each slice; as for all filters (see :mod:`pictologics.filters`).
        boundary: What lies beyond the image; as for all filters.
        fill_value: What invalid voxels of the result hold; as for all filters.

    Returns:
        The response on the same grid.

    Raises:
        OptionError: If an option is wrong, or no voxel is valid.
        GeometryError: If the box reaches farther than a mirrored or periodic image does.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import mean_filter
        >>> step = np.zeros((4, 1, 1), np.float32, order="F")
        >>> step[2:] = 3
        >>> image = Image(step, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> mean_filter(image, 3, boundary="nearest").array.ravel().tolist()
        [0.0, 1.0, 2.0, 3.0]
    """
    size = check_whole("support", support, 1, odd=True)
    source = prepare_input(image, dimensions, boundary, fill_value)
    response = average_box(source, size // 2)
    return make_result(source, response, f"mean of {size} voxels along each axis", keeps_units=True)


def average_box(source: FilterInput, distance: int) -> FloatingArray:
    """The mean of the voxels within a Chebyshev distance."""
    source.check_reach([distance] * source.dimensions, "mean")
    mode = SCIPY_MODES[source.extension]

    def along(array: npt.NDArray[Any], output: npt.NDArray[Any], axis: int, outside: float) -> None:
        ndimage.uniform_filter1d(array, 2 * distance + 1, axis, output=output, mode=mode, cval=outside)

    return average_valid(source, [along] * source.dimensions)


def gaussian_filter(
    image: Image,
    sigma_mm: float,
    truncate: float = 4.0,
    *,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """A Gaussian average.

    With a source mask it is the sum of weight times value over the valid voxels, divided by the sum of their
    weights (normalized convolution), so a constant stays constant.

    Args:
        image: The image.
        sigma_mm: Standard deviation, mm; along each axis it is divided by the spacing there.
        truncate: Where the Gaussian ends, in sigma; the end is rounded to whole voxels.
        dimensions: 3 for the volume, 2 for each slice; as for all filters (see :mod:`pictologics.filters`).
        boundary: What lies beyond the image; as for all filters.
        fill_value: What invalid voxels of the result hold; as for all filters.

    Returns:
        The response on the same grid.

    Raises:
        OptionError: If an option is wrong, or no voxel is valid.
        GeometryError: If the Gaussian reaches farther than a mirrored or periodic image does.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import gaussian_filter
        >>> image = Image(np.full((8, 8, 8), 40.0, np.float32), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
        >>> np.allclose(gaussian_filter(image, 1.5).array, 40)
        True
    """
    sigma = check_number("sigma_mm", sigma_mm, "mm", above=0)
    cut = check_number("truncate", truncate, "sigma", above=0)
    source = prepare_input(image, dimensions, boundary, fill_value)
    source.check_reach([gaussian_radius(sigma / step, cut) for step in source.spacing], "Gaussian")
    kernels = [make_gaussian_kernel(sigma / step, cut) for step in source.spacing]

    def line_pass(axis: int) -> LinePass | None:
        kernel = kernels[axis]
        if kernel.reach == 0:
            return None  # far narrower than a voxel: nothing to do along this axis

        def along(array: npt.NDArray[Any], output: npt.NDArray[Any], axis: int, outside: float) -> None:
            apply_kernel(kernel, array, axis, source.extension, outside, output)

        return along

    response = average_valid(source, [line_pass(axis) for axis in range(dimensions)])
    text = f"Gaussian, sigma {sigma:g} mm, ending at {cut:g} sigma"
    return make_result(source, response, text, keeps_units=True)
