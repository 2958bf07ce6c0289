"""Separable wavelets, undecimated."""

from __future__ import annotations

import pywt  # type: ignore[import-untyped]

from ..checks import check_choice, check_whole, option_error
from ..errors import OptionError
from ..image import Image
from ..interpolation.boundaries import Boundary
from .execution.filter_input import make_result, prepare_input
from .execution.line_kernels import LineKernel
from .execution.orientations import filter_orientations, plan_orientations
from .options import Dimensions, Pooling

__all__ = ["wavelet_filter"]


def wavelet_filter(
    image: Image,
    wavelet: str = "db2",
    decomposition: str = "LHL",
    level: int = 1,
    rotation_invariance: bool = False,
    pooling: Pooling = "mean",
    *,
    dimensions: Dimensions = 3,
    boundary: Boundary = "mirror",
    fill_value: float = 0.0,
) -> Image:
    """A band of the undecimated transform by separable wavelets (IBSI 2, section 3.5).

    At level j the image has been through the low-pass filter along every axis j - 1 times, and the filters' weights
    lie 2^(j-1) voxels apart (the algorithm *à trous*). The coefficients are those of PyWavelets' decomposition filters.

    With a source mask an invalid voxel around a voxel counts as the mean of the valid ones, weighted by the absolute
    weights there, at each level (normalized convolution). So a constant gives what it gives without a mask.

    Args:
        image: The image.
        wavelet: Any discrete wavelet of PyWavelets, such as ``"haar"``, ``"db2"`` or ``"coif1"``.
        decomposition: L (low-pass) or H (high-pass) for each axis, x first: three letters in 3D and two in 2D.
        level: From 1.
        rotation_invariance: Pool the responses in all orientations by right angles: 24 in 3D, 4 in 2D.
        pooling: How: ``"mean"``, ``"max"`` or ``"min"``.
        dimensions: 3 for the volume, 2 for each slice; as for all filters (see :mod:`pictologics.filters`).
        boundary: What lies beyond the image, at each level; as for all filters.
        fill_value: What invalid voxels of the result hold; as for all filters.

    Returns:
        The response on the same grid.

    Raises:
        OptionError: If an option is wrong, or no voxel is valid.
        GeometryError: If a filter reaches farther than a mirrored or periodic image does.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.filters import wavelet_filter
        >>> image = Image(np.ones((8, 8, 8), np.float32), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> low = wavelet_filter(image, "haar", "LLL").array
        >>> np.allclose(low, 2**1.5)  # each axis gains the square root of two
        True
    """
    filters = {letter: LineKernel.convolving(weights) for letter, weights in find_coefficients(wavelet).items()}
    if not isinstance(decomposition, str) or not decomposition or set(decomposition) - {"L", "H"}:
        raise option_error("decomposition", decomposition, "letters L and H")
    check_whole("level", level, 1)
    check_choice("pooling", pooling, ("mean", "max", "min"))
    source = prepare_input(image, dimensions, boundary, fill_value)
    if len(decomposition) != dimensions:
        raise OptionError(
            f"decomposition is {decomposition!r} and needs {dimensions} letters in {dimensions}D", value=decomposition
        )
    reach = max(kernel.reach for kernel in filters.values())
    # From level 64 on no image is large enough, and larger powers of two would only fill memory.
    source.check_reach([reach << min(level - 1, 64)] * dimensions, "wavelet")
    # À trous: instead of thinning out the image, as a decimated transform does, the weights move apart.
    bands = ["L" * dimensions] * (level - 1) + [decomposition]
    each = [[filters[letter].stretched(1 << k) for letter in band] for k, band in enumerate(bands)]
    response = filter_orientations(source, plan_orientations(each, rotation_invariance), pooling)
    text = f"wavelet {wavelet}, {decomposition}, level {level}"
    if rotation_invariance:
        text += f", {pooling} of all right-angle orientations"
    return make_result(source, response, text)


def find_coefficients(name: str) -> dict[str, list[float]]:
    """The decomposition filters of a wavelet, low-pass and high-pass.

    Raises:
        OptionError: If PyWavelets knows no such discrete wavelet.
    """
    if not isinstance(name, str) or name.lower() not in pywt.wavelist(kind="discrete"):
        families = ", ".join(family for family in pywt.families() if pywt.wavelist(family, kind="discrete"))
        required = f"a discrete wavelet of a family of PyWavelets: {families}"
        raise option_error("wavelet", name, required, "pywt.wavelist(kind='discrete') lists them all")
    known = pywt.Wavelet(name)
    return {"L": list(known.dec_lo), "H": list(known.dec_hi)}
