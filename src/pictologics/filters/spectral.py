"""Filters that live in the Fourier domain: Simoncelli's wavelets and the Riesz transform."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from scipy import fft

from ..array_types import FloatingArray
from ..checks import check_choice, check_number, check_whole
from ..errors import OptionError
from ..image import Image
from ..interpolation.boundaries import Boundary, extend_array
from .execution.filter_input import FilterInput, array_axis, make_result, prepare_input
from .execution.transfer_functions import (
    RieszTransfer,
    SimoncelliBand,
    Transfer,
    multiply_spectrum,
)
from .laplacian import (
    LaplacianKernels,
    filter_laplacian,
    find_laplacian_reaches,
    make_laplacian_kernels,
)
from .options import Dimensions, check_orders

__all__ = ["InvalidAs", "riesz_filter", "simoncelli_filter"]

InvalidAs = float | Literal["mean"] | None
"""What stands for invalid voxels: a value, the mean of the valid ones, or nothing, which refuses them."""

BAND_REACH = 8
"""Voxels that are put around an image for Simoncelli's wavelet, times two for each level: beyond them the wavelet is
below a hundredth of its peak."""


def simoncelli_filter(
    image: Image,
    level: int = 1,
    *,
    invalid_as: InvalidAs = None,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """Simoncelli's wavelet: the details of one size, whatever their direction (IBSI 2, section 3.6).

    With the frequency f, 1 at its highest along an axis, the spectrum is multiplied by cos(pi/2 log2(2^level f))
    where 2^(level - 1) f is between 1/4 and 1, and by 0 elsewhere. As in the reference maps of IBSI 2, f runs in even
    steps from -1 at the first to 1 at the last sample of the spectrum, and the real part of the result is taken.

    The wavelet has no end, so a source mask is refused unless ``invalid_as`` says what stands for invalid voxels.

    Args:
        image: The image.
        level: From 1, the finest; each next one looks at details twice as large.
        invalid_as: What stands for invalid voxels, in their place: a value, or ``"mean"`` for the mean of the valid
            ones. None refuses an image that has any.
        dimensions: 3 for the volume, 2 for each slice; as for all filters (see :mod:`pictologics.filters`).
        boundary: What lies beyond the image; as for all filters. A periodic image is transformed
            as it is; for the others it is extended by 8 * 2^level voxels to each side first, and to a size that
            transforms fast.
        fill_value: What invalid voxels of the result hold; as for all filters.

    Returns:
        The response on the same grid.

    Raises:
        OptionError: If an option is wrong, the level has no frequency in so small an image, or voxels are invalid
            and ``invalid_as`` does not say what stands for them.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import simoncelli_filter
        >>> image = Image(np.ones((16, 16, 16), np.float32), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> float(np.abs(simoncelli_filter(image, 1).array).max()) < 1e-6  # a constant has no details
        True
    """
    source = prepare_whole_input(image, invalid_as, dimensions, boundary, fill_value)
    check_level(level, source)
    padding = ExtendedInput(source, BAND_REACH << level)
    band = SimoncelliBand(padding.shape, level, dimensions)
    response = padding.cut(multiply_spectrum(padding.extend(), band, dimensions))
    return make_result(source, response, f"Simoncelli wavelet, level {level}{describe_invalid(source, invalid_as)}")


def riesz_filter(
    image: Image,
    order: Sequence[int],
    of: Literal["log", "simoncelli"] = "log",
    sigma_mm: float | None = None,
    truncate: float = 4.0,
    level: int = 1,
    *,
    invalid_as: InvalidAs = None,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """The Riesz transform of a Laplacian of Gaussian or of Simoncelli's wavelet (IBSI 2, section 3.7).

    The spectrum is multiplied by (-i)^L sqrt(L! / (l1! l2! l3!)) f1^l1 f2^l2 f3^l3 / |f|^L, where L is the sum of the
    order (l1, l2, l3) and f the frequency per mm along each axis.

    The transform has no end, so a source mask is refused unless ``invalid_as`` says what stands for invalid voxels.

    Args:
        image: The image.
        order: How often it is derived along each axis, x first: three numbers in 3D and two in 2D.
        of: What is transformed: ``"log"`` or ``"simoncelli"``.
        sigma_mm: Standard deviation of the Laplacian of Gaussian, mm; needed for it.
        truncate: Where its Gaussian ends, in sigma.
        level: Of Simoncelli's wavelet.
        invalid_as: What stands for invalid voxels, in their place: a value, or ``"mean"`` for the mean of the valid
            ones. None refuses an image that has any.
        dimensions: 3 for the volume, 2 for each slice; as for all filters (see :mod:`pictologics.filters`).
        boundary: What lies beyond the image; as for all filters. A periodic image is transformed
            as it is; for the others it is extended first, by twice the reach of the Laplacian of Gaussian or as for
            Simoncelli's wavelet.
        fill_value: What invalid voxels of the result hold; as for all filters.

    Returns:
        The response on the same grid.

    Raises:
        OptionError: If an option is wrong or missing, or voxels are invalid and ``invalid_as`` does not say what
            stands for them.
        GeometryError: If a Laplacian of Gaussian reaches farther than a mirrored or periodic image does.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import riesz_filter
        >>> spot = np.zeros((17, 17, 17), np.float32, order="F")
        >>> spot[8, 8, 8] = 1000
        >>> image = Image(spot, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> response = riesz_filter(image, (1, 0, 0), sigma_mm=1.0, boundary="periodic").array
        >>> bool(np.allclose(response, -response[::-1], atol=1e-3))  # odd along x
        True
    """
    check_choice("of", of, ("log", "simoncelli"))
    source = prepare_whole_input(image, invalid_as, dimensions, boundary, fill_value)
    orders = check_orders("order", order, dimensions)
    transfer: Transfer
    make: Callable[[], FloatingArray]
    if of == "log":
        sigma = check_number("sigma_mm", float("nan") if sigma_mm is None else sigma_mm, "mm", above=0)
        cut = check_number("truncate", truncate, "sigma", above=0)
        reaches = find_laplacian_reaches(source.spacing, sigma, cut)
        source.check_reach(reaches, "Laplacian of Gaussian")
        kernels = make_laplacian_kernels(source.spacing, sigma, cut)
        padding = ExtendedInput(source, 2 * max(reaches))
        transfer = RieszTransfer(padding.shape, orders, source.spacing)
        make = partial(filter_extended_laplacian, padding, kernels)
        name = f"Laplacian of Gaussian, sigma {sigma:g} mm, ending at {truncate:g} sigma"
    else:
        check_level(level, source)
        padding = ExtendedInput(source, BAND_REACH << level)
        band = SimoncelliBand(padding.shape, level, dimensions)
        transfer = RieszTransfer(padding.shape, orders, source.spacing, band)
        make = padding.extend
        name = f"Simoncelli wavelet, level {level}"
    # Nothing here holds on to an array that the transform is done with.
    response = padding.cut(multiply_spectrum(make(), transfer, dimensions))
    return make_result(
        source, response, f"Riesz transform of order {orders} of {name}{describe_invalid(source, invalid_as)}"
    )


class ExtendedInput:
    """An image extended by its boundary condition, for a Fourier transform, which takes everything for periodic.

    Attributes:
        shape: Of the extended array, (z, y, x).

    Args:
        source: The image, all of whose values count.
        width: Voxels to each side along the filtered axes, at most as many as the image has.
    """

    def __init__(self, source: FilterInput, width: int) -> None:
        self.source = source
        sizes = source.values.shape
        self.margins = [(0, 0)] * 3
        if source.extension != "periodic":
            for axis in range(source.dimensions):
                size = sizes[array_axis(axis)]
                before = min(width, size)
                after = fft.next_fast_len(size + 2 * before, real=True) - size - before
                self.margins[array_axis(axis)] = (before, after)
        self.shape = tuple(before + size + after for (before, after), size in zip(self.margins, sizes, strict=True))

    def extend(self) -> FloatingArray:
        """The extended array, or the image's own where nothing is added."""
        if self.shape == self.source.values.shape:
            return self.source.values
        return extend_array(self.source.values, self.margins, self.source.extension)

    def cut(self, response: FloatingArray) -> FloatingArray:
        """The part of a response that is the image's."""
        sizes = self.source.values.shape
        inner = tuple(slice(before, before + size) for (before, _), size in zip(self.margins, sizes, strict=True))
        return np.ascontiguousarray(response[inner])


def filter_extended_laplacian(padding: ExtendedInput, kernels: LaplacianKernels) -> FloatingArray:
    """The Laplacian of Gaussian of an extended image."""
    return filter_laplacian(replace(padding.source, values=padding.extend(), valid=None), kernels)


def prepare_whole_input(
    image: Image, invalid_as: InvalidAs, dimensions: Dimensions, boundary: Boundary, fill_value: float
) -> FilterInput:
    """Prepare an image for a filter without an end, with a value in the place of each invalid voxel.

    Raises:
        OptionError: If voxels are invalid and ``invalid_as`` is None.
    """
    if invalid_as is not None and invalid_as != "mean":
        check_number("invalid_as", invalid_as)
    source = prepare_input(image, dimensions, boundary, fill_value)
    if source.valid is None:
        return source
    if invalid_as is None:
        count = int(np.count_nonzero(~source.valid))
        raise OptionError(
            f"'{image.provenance.source or 'image'}': {count} voxels are invalid, and this filter uses all voxels",
            advice="pass invalid_as='mean' or a value to replace them, or use a filter of finite reach",
            invalid=count,
        )
    value = float(source.values[source.valid].mean(dtype=np.float64)) if invalid_as == "mean" else float(invalid_as)
    return replace(source, values=np.where(source.valid, source.values, source.values.dtype.type(value)))


def check_level(level: int, source: FilterInput) -> None:
    """Refuse a level whose frequencies are below those of the image.

    Raises:
        OptionError: If it is not a whole number from 1 on, or too high.
    """
    check_whole("level", level, 1)
    largest = max(source.values.shape[array_axis(axis)] for axis in range(source.dimensions))
    if level > 62 or 1 << level > largest:
        raise OptionError(
            f"level is {level}, of details of 2^{level} voxels and more, and the image has at most {largest} along "
            "an axis",
            advice="pass a lower level",
            level=level,
        )


def describe_invalid(source: FilterInput, invalid_as: InvalidAs) -> str:
    """What stood for invalid voxels, for the provenance."""
    return "" if source.valid is None else f", invalid voxels replaced by {invalid_as}"
