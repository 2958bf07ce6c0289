"""Bad input: an error of ours that names it, before any work."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pictologics import (
    GeometryError,
    Image,
    OptionError,
    filters,
)
from tests.factories.filter_cases import image_of, noise

NAN, INF = float("nan"), float("inf")
IMAGE = image_of(noise((12, 11, 10)))


@pytest.mark.parametrize(
    ("name", "arguments", "keywords", "words"),
    [
        *[("mean_filter", (size,), {}, "support") for size in (0, -3, 4, 2.5, "5", True, None)],
        *[("median_filter", (size,), {}, "support") for size in (0, 6, NAN)],
        *[("gaussian_filter", (size,), {}, "sigma_mm") for size in (0, -1, NAN, INF, "1", None, True, 1 + 1j)],
        ("gaussian_filter", (1.0, 0), {}, "truncate"),
        ("laplacian_of_gaussian", (0,), {}, "sigma_mm"),
        ("laplacian_of_gaussian", (0.05,), {}, "before the next voxel"),
        ("laplacian_of_gaussian", (1e-200,), {}, "before the next voxel"),
        ("gabor_filter", (1e-200, 1), {}, "before the next voxel"),
        ("gabor_filter", (1, 1e-300), {}, "wavelength_mm"),
        ("laws_filter", ("E5L5",), {}, "2 kernels, and 3D filters need 3"),
        ("laws_filter", ("E5L5S5",), {"dimensions": 2}, "need 2"),
        ("laws_filter", ("E5L5X5",), {}, '"L3", "L5"'),
        ("laws_filter", ("e5l5s5",), {}, "kernels"),
        ("laws_filter", (7,), {}, "kernels"),
        ("laws_filter", (), {"energy_distance": 0}, "energy_distance"),
        ("laws_filter", (), {"pooling": "average"}, '"max", "mean" or "min"'),
        ("gabor_filter", (0, 1), {}, "sigma_mm"),
        ("gabor_filter", (1, NAN), {}, "wavelength_mm"),
        ("gabor_filter", (1, 1, -1), {}, "gamma"),
        ("gabor_filter", (1, 1, 1, INF), {}, "theta"),
        ("gabor_filter", (1, 1), {"rotation_invariance": True, "theta_step": 50}, "full turn"),
        ("gabor_filter", (1, 1), {"rotation_invariance": True, "theta_step": 0}, "theta_step"),
        ("gabor_filter", (1, 1), {"rotation_invariance": True, "theta_step": 1e-9}, "full turn"),
        ("wavelet_filter", ("morl",), {}, "haar, db, sym, coif"),
        ("wavelet_filter", ("db99",), {}, "haar, db, sym, coif"),
        ("wavelet_filter", (None,), {}, "wavelet"),
        ("wavelet_filter", ("db2", "LHX"), {}, "letters L and H"),
        ("wavelet_filter", ("db2", "LH"), {}, "3 letters"),
        ("wavelet_filter", ("db2", "LHL", 0), {}, "level"),
        ("simoncelli_filter", (0,), {}, "level"),
        ("simoncelli_filter", (9,), {}, "at most 12"),
        ("simoncelli_filter", (10**12,), {}, "level"),
        ("simoncelli_filter", (1,), {"invalid_as": "median"}, "invalid_as"),
        ("riesz_filter", ((1, 0, 0),), {}, "sigma_mm"),
        ("riesz_filter", ((0, 0, 0),), {"sigma_mm": 1}, "order"),
        ("riesz_filter", ((1, 0),), {"sigma_mm": 1}, "order"),
        ("riesz_filter", ((1, 0, -1),), {"sigma_mm": 1}, "order"),
        ("riesz_filter", ((10**9, 0, 0),), {"sigma_mm": 1}, "order"),
        ("riesz_filter", (2,), {"sigma_mm": 1}, "order"),
        ("riesz_filter", ((1, 0, 0), "gabor"), {}, '"log" or "simoncelli"'),
        ("mean_filter", (3,), {"dimensions": 4}, "dimensions"),
        ("mean_filter", (3,), {"dimensions": "2"}, "dimensions"),
        ("mean_filter", (3,), {"boundary": "reflect"}, '"zero", "nearest", "periodic", "mirror" or "symmetric"'),
        ("mean_filter", (3,), {"boundary": ["zero"]}, "boundary"),
        ("gradient_magnitude", (), {"fill_value": "none"}, "fill_value"),
    ],
)
def test_a_wrong_option_is_named(name, arguments, keywords, words):
    with pytest.raises(OptionError, match=words):
        getattr(filters, name)(IMAGE, *arguments, **keywords)


@pytest.mark.slow
@pytest.mark.parametrize("boundary", ["mirror", "periodic"])
def test_a_filter_beyond_the_copies_of_the_image_is_refused(boundary):
    calls = {
        "mean_filter": (23,),
        "median_filter": (23,),
        "gaussian_filter": (3.0,),
        "laplacian_of_gaussian": (3.0,),
        "gabor_filter": (3.0, 3.0),
        "wavelet_filter": ("db2", "LLL", 4),
    }
    for name, arguments in calls.items():
        with pytest.raises(GeometryError, match=r"reaches 1\d voxels") as caught:
            getattr(filters, name)(IMAGE, *arguments, boundary=boundary)
        assert caught.value.values["size"] < caught.value.values["reach"]
    for name, arguments in calls.items():
        assert getattr(filters, name)(IMAGE, *arguments, boundary="nearest").array.shape == (12, 11, 10)


@pytest.mark.parametrize("boundary", ["zero", "nearest", "mirror"])
def test_a_filter_without_measure_takes_no_memory(boundary):
    calls = {
        "mean_filter": (10**12 + 1,),
        "median_filter": (10**12 + 1,),
        "gaussian_filter": (1e300,),
        "laplacian_of_gaussian": (1e300,),
        "gabor_filter": (1e300, 3.0),
        "wavelet_filter": ("db2", "LLL", 10**9),
        "laws_filter": ("E5L5S5", False, "max", 10**12),
        "riesz_filter": ((1, 0, 0), "log", 1e300),
    }
    for name, arguments in calls.items():
        with pytest.raises(GeometryError, match="reaches"):
            getattr(filters, name)(IMAGE, *arguments, boundary=boundary)


def test_what_is_no_image_is_refused():
    mean = filters.mean_filter
    with pytest.raises(OptionError, match="image is of type ndarray and must be an Image"):
        mean(noise())
    with pytest.raises(GeometryError, match=r"\(3, 4\)"):
        mean(Image(np.zeros((3, 4)), (1, 1, 1), (0, 0, 0)))
    with pytest.raises(GeometryError):
        mean(Image(np.zeros((3, 0, 4)), (1, 1, 1), (0, 0, 0)))
    with pytest.raises(GeometryError):
        mean(image_of(noise(), spacing=(1, 0, 1)))
    with pytest.raises(OptionError, match="complex"):
        mean(image_of(noise().astype(complex)))
    with pytest.raises(GeometryError, match="source mask has shape"):
        mean(image_of(noise((3, 4, 5)), np.ones((3, 4, 6), bool)))
    with pytest.raises(OptionError, match="the image has no valid voxel"):
        mean(image_of(noise(), np.zeros((14, 13, 12), bool)))
    with pytest.raises(OptionError, match="the image has no valid voxel"):
        mean(image_of(np.full((4, 4, 4), np.nan)))


def test_names_are_imported_when_they_are_used():
    code = (
        "import sys, pictologics.filters as f; assert not {'scipy', 'pywt'} & set(sys.modules); f.mean_filter; "
        "assert 'scipy' in sys.modules and 'pywt' not in sys.modules; assert set(f.__all__) <= set(dir(f)); "
        "[getattr(f, name) for name in f.__all__]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="sharpen"):
        _ = filters.sharpen
