"""Derivatives: the Laplacian of a Gaussian, and the magnitude of the gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import OptionError
from ..image import Image
from .boundary import Boundary
from .kernels import Kernel, apply, gaussian_kernel, laplacian_kernel
from .options import Dimensions, check_positive
from .slabs import Block, respond_in_slabs
from .source import Floats, Source, array_axis, prepare, result_image

__all__ = ["LaplacianKernels", "gradient_magnitude", "laplacian_of_gaussian", "laplacian_response"]

LaplacianKernels = Sequence[tuple[Kernel, Kernel]]
"""For each axis, x first: the Gaussian, and its second derivative."""

NEXT = Kernel((0.0, 0.0, 1.0), -1)
PREVIOUS = NEXT.flipped


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
    are not, it is the Laplacian per square millimetre times the square of the geometric mean of the spacings.

    With a source mask an invalid voxel around a voxel counts as the mean of the valid ones, weighted by the Gaussian
    there (normalized convolution).

    Args:
        image: The image.
        sigma_mm: Standard deviation of the Gaussian, mm; along each axis it is divided by the spacing there.
        truncate: Where the Gaussian ends, in sigma; the end is rounded to whole voxels.
        dimensions: 3 for the volume, 2 for each slice of the third axis by itself.
        boundary: What lies beyond the image: ``"zero"``, ``"nearest"``, ``"periodic"`` or ``"mirror"``. It counts
            as valid.
        fill_value: What voxels that are invalid in the image hold in the result; the others are all valid.

    Returns:
        An image on the same grid, float32 where that holds the image's values and float64 otherwise.

    Raises:
        OptionError: If an option is wrong, the Gaussian does not reach a neighbour, or no voxel is valid.
        GeometryError: If the Gaussian reaches farther than a mirrored or periodic image does.

    Warns:
        ContentWarning: If voxels hold NaN or infinity; they are treated as invalid.

    Example:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import laplacian_of_gaussian
        >>> spot = np.zeros((15, 15, 15), np.float32, order="F")
        >>> spot[7, 7, 7] = 1000
        >>> response = laplacian_of_gaussian(Image(spot, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), 1.5)
        >>> round(float(response.array[7, 7, 7]), 2)
        -25.08
    """
    sigma = check_positive("sigma_mm", sigma_mm, "mm")
    cut = check_positive("truncate", truncate, "sigma")
    source = prepare(image, dimensions, boundary, fill_value)
    kernels = laplacian_kernels(source.spacing, sigma, cut)
    source.check_reach([gaussian.reach for gaussian, _ in kernels], "Laplacian of Gaussian")
    text = f"Laplacian of Gaussian, sigma {sigma:g} mm, ending at {cut:g} sigma"
    return result_image(source, laplacian_response(source, kernels), text)


def laplacian_kernels(spacing: Sequence[float], sigma_mm: float, truncate: float) -> LaplacianKernels:
    """The kernels for each axis, x first.

    Raises:
        OptionError: If one of them ends before the next voxel.
    """
    square = float(np.prod(spacing)) ** (2 / len(spacing))
    kernels = []
    for step in spacing:
        gaussian, second = (kind(sigma_mm / step, truncate) for kind in (gaussian_kernel, laplacian_kernel))
        if gaussian.reach == 0:
            raise OptionError(
                f"sigma_mm is {sigma_mm:g} and ends at {truncate:g} sigma, before the next voxel, {step:g} mm away",
                advice="pass a larger sigma_mm",
                sigma_mm=sigma_mm,
                spacing=step,
            )
        scale = square / step**2
        kernels.append((gaussian, Kernel(tuple(scale * one for one in second.taps), second.first)))
    return kernels


def laplacian_response(source: Source, kernels: LaplacianKernels) -> Floats:
    """The Laplacian of Gaussian of a source; (z, y, x)."""

    def both(array: Floats, outside: float) -> tuple[Floats, Floats]:
        """The Gaussian of an array, and its Laplacian, which is zero for whatever constant lies outside."""
        smooth, second = array, None
        for axis, (gaussian, curved) in enumerate(kernels):
            along = array_axis(axis)
            bent = apply(curved, smooth, along, source.boundary, outside)
            if second is not None:
                bent += apply(gaussian, second, along, source.boundary)
            second = bent
            smooth = apply(gaussian, smooth, along, source.boundary, outside)
        assert second is not None
        return smooth, second

    def respond(block: Block) -> Floats:
        if block.valid is None:
            return both(block.values, 0.0)[1]
        smooth, second = both(block.values, 0.0)
        weight, bent_weight = both(block.valid, 1.0)
        mean = np.divide(smooth, weight, out=np.zeros_like(smooth), where=block.valid > 0)
        return np.asarray(second - mean * bent_weight)

    reach = kernels[2][0].reach if source.dimensions == 3 else 0
    return respond_in_slabs(source, reach, respond)


def gradient_magnitude(
    image: Image,
    *,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """The length of the gradient, from central differences, per millimetre.

    With a source mask the difference along an axis is one-sided where one of the two neighbours is invalid, and zero
    where both are; so a constant gives zero, and a ramp its slope up to the border of the mask.

    Args:
        image: The image.
        dimensions: 3 for the volume, 2 for each slice of the third axis by itself.
        boundary: What lies beyond the image: ``"zero"``, ``"nearest"``, ``"periodic"`` or ``"mirror"``. It counts
            as valid. ``"mirror"`` and ``"nearest"`` are one here: the outermost voxel is its own neighbour.
        fill_value: What voxels that are invalid in the image hold in the result; the others are all valid.

    Returns:
        An image on the same grid, float32 where that holds the image's values and float64 otherwise.

    Raises:
        OptionError: If an option is wrong, or no voxel is valid.

    Warns:
        ContentWarning: If voxels hold NaN or infinity; they are treated as invalid.

    Example:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import gradient_magnitude
        >>> ramp = np.arange(5, dtype=np.float32).reshape(5, 1, 1)
        >>> gradient_magnitude(Image(ramp, (0.5, 1.0, 1.0), (0.0, 0.0, 0.0))).array.ravel().tolist()
        [1.0, 2.0, 2.0, 2.0, 1.0]
    """
    source = prepare(image, dimensions, boundary, fill_value)

    def respond(block: Block) -> Floats:
        total = np.zeros_like(block.values)
        for axis, step in enumerate(source.spacing):
            along = array_axis(axis)
            values = [apply(side, block.values, along, boundary) for side in (NEXT, PREVIOUS)]
            distance: Floats | float = 2 * step
            if block.valid is not None:
                counts = [apply(side, block.valid, along, boundary, 1.0) for side in (NEXT, PREVIOUS)]
                for value, count in zip(values, counts, strict=True):
                    np.copyto(value, block.values, where=count == 0)
                distance = np.maximum(counts[0] + counts[1], 1) * total.dtype.type(step)
            total += ((values[0] - values[1]) / distance) ** 2
        return np.asarray(np.sqrt(total, out=total))

    response = respond_in_slabs(source, 1 if dimensions == 3 else 0, respond)
    return result_image(source, response, "gradient magnitude per mm, central differences")
