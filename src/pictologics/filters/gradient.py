"""The magnitude of the gradient."""

from __future__ import annotations

import numpy as np

from ..array_types import FloatingArray
from ..image import Image
from ..interpolation.boundaries import Boundary
from .execution.filter_input import array_axis, make_result, prepare_input
from .execution.line_kernels import LineKernel, apply_kernel
from .execution.slabs import Slab, respond_in_slabs
from .options import Dimensions

__all__ = ["gradient_magnitude"]

NEXT = LineKernel((0.0, 0.0, 1.0), -1)
PREVIOUS = NEXT.flipped
CENTRAL = LineKernel((-0.5, 0.0, 0.5), -1)


def gradient_magnitude(
    image: Image,
    *,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """The length of the gradient, from central differences, per millimeter.

    With a source mask the difference along an axis is one-sided where one of the two neighbors is invalid, and zero
    where both are; so a constant gives zero, and a ramp its slope up to the border of the mask.

    Args:
        image: The image.
        dimensions: 3 for the volume, 2 for each slice; as for all filters (see :mod:`pictologics.filters`).
        boundary: What lies beyond the image; as for all filters. ``"mirror"`` and ``"nearest"`` are one here: the
            outermost voxel is its own neighbor.
        fill_value: What invalid voxels of the result hold; as for all filters.

    Returns:
        The response on the same grid.

    Raises:
        OptionError: If an option is wrong, or no voxel is valid.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import gradient_magnitude
        >>> ramp = np.arange(5, dtype=np.float32).reshape(5, 1, 1)
        >>> gradient_magnitude(Image(ramp, (0.5, 1.0, 1.0), (0.0, 0.0, 0.0))).array.ravel().tolist()
        [1.0, 2.0, 2.0, 2.0, 1.0]
    """
    source = prepare_input(image, dimensions, boundary, fill_value)

    def respond(slab: Slab) -> FloatingArray:
        total = np.zeros_like(slab.values)
        for axis, step in enumerate(source.spacing):
            total += (take_difference(slab, array_axis(axis)) / total.dtype.type(step)) ** 2
        return np.asarray(np.sqrt(total, out=total))

    response = respond_in_slabs(source, 1 if dimensions == 3 else 0, respond)
    return make_result(source, response, "gradient magnitude per mm, central differences")


def take_difference(slab: Slab, axis: int) -> FloatingArray:
    """The difference for one voxel further along an axis, from the valid neighbors on both sides."""
    if slab.valid is None:
        return apply_kernel(CENTRAL, slab.values, axis, slab.extension)
    values = [apply_kernel(side, slab.values, axis, slab.extension) for side in (NEXT, PREVIOUS)]
    counts = [apply_kernel(side, slab.valid, axis, slab.extension, 1.0) for side in (NEXT, PREVIOUS)]
    for value, count in zip(values, counts, strict=True):
        np.copyto(value, slab.values, where=count == 0)
    return np.asarray((values[0] - values[1]) / np.maximum(counts[0] + counts[1], 1))
