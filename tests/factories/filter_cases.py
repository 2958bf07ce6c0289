"""Every filter of finite reach as one function of an image, and images for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st

from pictologics import Image, filters

BOUNDARIES = ("zero", "nearest", "periodic", "mirror")

AVERAGING: Mapping[str, Callable[..., Image]] = {
    "mean": lambda image, **more: filters.mean_filter(image, 5, **more),
    "gaussian": lambda image, **more: filters.gaussian_filter(image, 1.2, **more),
    "median": lambda image, **more: filters.median_filter(image, 3, **more),
}


def laws(image: Image, dimensions: int = 3, **more: Any) -> Image:
    return filters.laws_filter(image, "L5E5S3"[: 2 * dimensions], dimensions=dimensions, **more)


def all_laws(image: Image, dimensions: int = 3, **more: Any) -> Image:
    turned = {"rotation_invariance": True, "energy_distance": 2}
    return filters.laws_filter(image, "E3W5L5"[: 2 * dimensions], dimensions=dimensions, **turned, **more)


def wavelet(image: Image, dimensions: int = 3, **more: Any) -> Image:
    return filters.wavelet_filter(image, "db2", "LLH"[:dimensions], 2, dimensions=dimensions, **more)


def all_wavelets(image: Image, dimensions: int = 3, **more: Any) -> Image:
    return filters.wavelet_filter(
        image, "coif1", "HLL"[:dimensions], rotation_invariance=True, dimensions=dimensions, **more
    )


def gabor(image: Image, dimensions: int = 3, **more: Any) -> Image:
    return filters.gabor_filter(
        image, 1.5, 3.0, 0.8, 30.0, rotation_invariance=True, orthogonal_planes=dimensions == 3, truncate=2.5, **more
    )


FINITE: Mapping[str, Callable[..., Image]] = {
    **AVERAGING,
    "laplacian": lambda image, **more: filters.laplacian_of_gaussian(image, 1.2, **more),
    "gradient": filters.gradient_magnitude,
    "laws": laws,
    "all laws": all_laws,
    "wavelet": wavelet,
    "all wavelets": all_wavelets,
    "gabor": gabor,
}


def image_of(array: np.ndarray, valid: np.ndarray | None = None, spacing=(1.0, 1.0, 1.0)) -> Image:
    return Image(np.asfortranarray(array), spacing, (3.0, -2.0, 5.0), source_mask=valid)


def noise(shape=(14, 13, 12), seed: int = 0, dtype="float32") -> np.ndarray:
    """Values like those of a CT."""
    return np.random.default_rng(seed).normal(-200, 300, shape).astype(dtype)


@st.composite
def masks(draw, shape=(14, 13, 12)) -> np.ndarray:
    """Valid voxels: some of them at random, or all but a box, at least one."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    valid = random.random(shape) < draw(st.sampled_from([0.02, 0.5, 0.95, 1.0]))
    low, high = sorted(draw(st.tuples(st.integers(0, shape[0]), st.integers(0, shape[0]))))
    valid[low:high] = draw(st.booleans())
    valid[tuple(random.integers(0, shape))] = True
    return np.asfortranarray(valid)
