"""The magnitude of the gradient."""

from __future__ import annotations

import numpy as np

from ..array_types import FloatingArray
from ..image import Image
from .boundary import Boundary
from .kernels import Kernel, apply
from .options import Dimensions
from .slabs import Block, respond_in_slabs
from .source import array_axis, prepare, result_image

__all__ = ["gradient_magnitude"]

NEXT = Kernel((0.0, 0.0, 1.0), -1)
PREVIOUS = NEXT.flipped
CENTRAL = Kernel((-0.5, 0.0, 0.5), -1)


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
        dimensions: 3 for the volume, 2 for each slice of the third axis by itself.
        boundary: What lies beyond the image: ``"zero"``, ``"nearest"``, ``"periodic"`` or ``"mirror"``. It counts
            as valid. ``"mirror"`` and ``"nearest"`` are one here: the outermost voxel is its own neighbor.
        fill_value: What voxels that are invalid in the image hold in the result; the others are all valid.

    Returns:
        An image on the same grid, float32 where that holds the image's values and float64 otherwise.

    Raises:
        OptionError: If an option is wrong, or no voxel is valid.

    Warns:
        ContentWarning: If voxels hold NaN or infinity; they are treated as invalid.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import gradient_magnitude
        >>> ramp = np.arange(5, dtype=np.float32).reshape(5, 1, 1)
        >>> gradient_magnitude(Image(ramp, (0.5, 1.0, 1.0), (0.0, 0.0, 0.0))).array.ravel().tolist()
        [1.0, 2.0, 2.0, 2.0, 1.0]
    """
    source = prepare(image, dimensions, boundary, fill_value)

    def respond(block: Block) -> FloatingArray:
        total = np.zeros_like(block.values)
        for axis, step in enumerate(source.spacing):
            total += (difference(block, array_axis(axis)) / total.dtype.type(step)) ** 2
        return np.asarray(np.sqrt(total, out=total))

    response = respond_in_slabs(source, 1 if dimensions == 3 else 0, respond)
    return result_image(source, response, "gradient magnitude per mm, central differences")


def difference(block: Block, axis: int) -> FloatingArray:
    """The difference for one voxel further along an axis, from the valid neighbors on both sides."""
    if block.valid is None:
        return apply(CENTRAL, block.values, axis, block.boundary)
    values = [apply(side, block.values, axis, block.boundary) for side in (NEXT, PREVIOUS)]
    counts = [apply(side, block.valid, axis, block.boundary, 1.0) for side in (NEXT, PREVIOUS)]
    for value, count in zip(values, counts, strict=True):
        np.copyto(value, block.values, where=count == 0)
    return np.asarray((values[0] - values[1]) / np.maximum(counts[0] + counts[1], 1))
