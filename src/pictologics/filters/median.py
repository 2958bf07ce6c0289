"""The median of the voxels around each voxel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ..array_types import FloatingArray
from ..checks import check_whole
from ..image import Image
from ..interpolation.boundaries import SCIPY_MODES, Boundary, extend_array
from .execution.filter_input import make_result, prepare_input
from .execution.line_kernels import LineKernel, apply_kernel
from .execution.slabs import Slab, respond_in_slabs
from .options import Dimensions

__all__ = ["median_filter"]

SORTED_AT_ONCE = 1 << 20
"""Values that are sorted in one go where windows hold invalid voxels."""


def median_filter(
    image: Image,
    support: int = 3,
    *,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """The median of the voxels around each voxel.

    With a source mask it is the median of the valid ones among them; of an even number, the mean of the two in the
    middle.

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
        >>> from pictologics.filters import median_filter
        >>> noisy = np.full((5, 5, 5), 7.0, np.float32, order="F")
        >>> noisy[2, 2, 2] = 1000
        >>> float(median_filter(Image(noisy, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))).array.max())
        7.0
    """
    size = check_whole("support", support, 1, odd=True)
    source = prepare_input(image, dimensions, boundary, fill_value)
    distance = size // 2
    source.check_reach([distance] * dimensions, "median")
    sizes = (size,) * 3 if dimensions == 3 else (1, size, size)

    def respond(slab: Slab) -> FloatingArray:
        response = ndimage.median_filter(slab.values, sizes, mode=SCIPY_MODES[slab.extension])
        if slab.valid is not None:
            replace_by_valid_medians(response, slab, sizes)
        return response

    response = respond_in_slabs(source, distance if dimensions == 3 else 0, respond)
    return make_result(source, response, f"median of {size} voxels along each axis", keeps_units=True)


def replace_by_valid_medians(response: npt.NDArray[Any], slab: Slab, sizes: tuple[int, int, int]) -> None:
    """Put the median of the valid voxels where a window also holds invalid ones."""
    assert slab.valid is not None
    counts, outside = slab.valid, 1.0
    for axis, size in enumerate(sizes):
        counts = apply_kernel(LineKernel((1.0,) * size, -(size // 2)), counts, axis, slab.extension, outside)
        outside *= size
    margins = [(size // 2, size // 2) for size in sizes]
    # Planes beyond this slab are not there: the response within a window of its ends is not used.
    counts[: margins[0][0]] = outside
    counts[len(counts) - margins[0][0] :] = outside
    mixed = np.argwhere((counts < outside) & (slab.valid > 0))
    values = np.where(slab.valid > 0, slab.values, slab.values.dtype.type(np.inf))
    padded = extend_array(values, [(0, 0), *margins[1:]], slab.extension)
    windows = np.lib.stride_tricks.sliding_window_view(padded, sizes)
    volume = int(np.prod(sizes))
    step = max(SORTED_AT_ONCE // volume, 1)
    for start in range(0, len(mixed), step):
        z, y, x = mixed[start : start + step].T
        found = windows[z - margins[0][0], y, x].reshape(len(z), volume)
        found.sort(axis=1)
        number = np.rint(counts[z, y, x]).astype(np.intp)
        rows = np.arange(len(z))
        lower, upper = found[rows, (number - 1) // 2], found[rows, number // 2]
        # Halved first, so that the sum of the largest floats does not overflow; half the smallest would be zero.
        response[z, y, x] = np.where(lower == upper, lower, lower / 2 + upper / 2)
