"""Filters of images: the convolutional filters of IBSI 2, median and gradient magnitude, all aware of a source mask.

Each takes an :class:`~pictologics.Image` and returns one on the same grid. Names are imported when they are first
used, because scipy and PyWavelets take a moment to load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy_imports import lazy_names

if TYPE_CHECKING:
    from .boundary import Boundary
    from .gabor import gabor_filter
    from .gradient import gradient_magnitude
    from .laplacian import laplacian_of_gaussian
    from .laws import laws_filter
    from .ranks import median_filter
    from .smoothing import gaussian_filter, mean_filter
    from .spectral import riesz_filter, simoncelli_filter
    from .wavelets import wavelet_filter

_HOME = {
    "Boundary": "boundary",
    "gabor_filter": "gabor",
    "gaussian_filter": "smoothing",
    "gradient_magnitude": "gradient",
    "laplacian_of_gaussian": "laplacian",
    "laws_filter": "laws",
    "mean_filter": "smoothing",
    "median_filter": "ranks",
    "riesz_filter": "spectral",
    "simoncelli_filter": "spectral",
    "wavelet_filter": "wavelets",
}

__all__ = [
    "Boundary",
    "gabor_filter",
    "gaussian_filter",
    "gradient_magnitude",
    "laplacian_of_gaussian",
    "laws_filter",
    "mean_filter",
    "median_filter",
    "riesz_filter",
    "simoncelli_filter",
    "wavelet_filter",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME)
