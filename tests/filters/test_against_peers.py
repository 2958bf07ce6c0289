"""Filters without a mask beside independent software: scipy, SimpleITK, PyWavelets and numpy's Fourier transform."""

from __future__ import annotations

import numpy as np
import pytest
import pywt
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, signal

from pictologics import filters
from tests.factories.filter_cases import BOUNDARIES, image_of, noise

SHAPE = (17, 12, 14)
SPACING = (0.8, 1.0, 2.5)
SCIPY = {"zero": "constant", "nearest": "nearest", "periodic": "wrap", "mirror": "reflect"}
NUMPY = {"zero": "constant", "nearest": "edge", "periodic": "wrap", "mirror": "symmetric"}

any_boundary = st.sampled_from(BOUNDARIES)
any_dimensions = st.sampled_from([2, 3])
any_type = st.sampled_from(["float32", "float64", "int16", "uint8"])


@given(any_boundary, any_dimensions, any_type, st.integers(0, 4))
def test_mean_and_median_are_those_of_scipy(boundary, dimensions, dtype, reach):
    array = noise(SHAPE).astype("int16").astype(dtype)
    size = (2 * reach + 1,) * dimensions + (1,) * (3 - dimensions)
    keywords = {"dimensions": dimensions, "boundary": boundary}
    mean = filters.mean_filter(image_of(array), 2 * reach + 1, **keywords).array
    np.testing.assert_allclose(
        mean, ndimage.uniform_filter(array.astype("float64"), size, mode=SCIPY[boundary]), rtol=1e-5, atol=1e-3
    )
    median = filters.median_filter(image_of(array), 2 * min(reach, 1) + 1, **keywords).array
    size = tuple(min(one, 3) for one in size)
    np.testing.assert_array_equal(median, ndimage.median_filter(array, size, mode=SCIPY[boundary]))
    assert mean.dtype == median.dtype == ("float64" if dtype == "float64" else "float32")
    assert mean.flags.f_contiguous


@given(any_boundary, any_dimensions, st.floats(0.5, 2.5))
def test_gaussian_and_laplacian_are_those_of_scipy_with_sigma_in_mm(boundary, dimensions, sigma):
    array = noise(SHAPE, dtype="float64")
    keywords = {"dimensions": dimensions, "boundary": boundary}
    voxels = [sigma / step for step in SPACING[:dimensions]] + [0] * (3 - dimensions)
    found = filters.gaussian_filter(image_of(array, spacing=SPACING), sigma, **keywords).array
    np.testing.assert_allclose(found, ndimage.gaussian_filter(array, voxels, mode=SCIPY[boundary]), atol=1e-9)
    # Of cubes: scipy derives per voxel. It leaves the sum of a truncated kernel, a thousandth, as it is.
    image = image_of(array, spacing=(sigma / 1.4,) * 3)
    found = filters.laplacian_of_gaussian(image, sigma, **keywords).array
    if dimensions == 3:
        expected = ndimage.gaussian_laplace(array, 1.4, mode=SCIPY[boundary])
    else:
        slices = [ndimage.gaussian_laplace(array[..., k], 1.4, mode=SCIPY[boundary]) for k in range(SHAPE[2])]
        expected = np.stack(slices, axis=2)
    np.testing.assert_allclose(found, expected, atol=2e-3 * np.abs(array).max())


def test_the_laplacian_is_the_same_in_all_directions_of_space():
    """A blob sampled finely along one axis and coarsely along another: the response has the same shape in mm."""
    spacing, sigma = (1.0, 0.5, 2.0), 4.0
    x, y, z = np.meshgrid(*(step * np.arange(-24 / step, 24 / step + 1) for step in spacing), indexing="ij")
    blob = np.exp(-(x**2 + y**2 + z**2) / (2 * 6.0**2))
    found = filters.laplacian_of_gaussian(image_of(blob, spacing=spacing), sigma, boundary="zero").array
    # A Gaussian smoothed by a Gaussian is a Gaussian, whose Laplacian is known.
    square = 6.0**2 + sigma**2
    r = x**2 + y**2 + z**2
    expected = (36 / square) ** 1.5 * np.exp(-r / (2 * square)) * (r / square**2 - 3 / square)
    np.testing.assert_allclose(found, expected * (1.0 * 0.5 * 2.0) ** (2 / 3), atol=0.01 * np.abs(expected).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_is_that_of_simpleitk(dtype):
    array = noise(SHAPE, dtype=dtype)
    itk = SimpleITK.GetImageFromArray(array.T)
    itk.SetSpacing(SPACING)
    expected = SimpleITK.GetArrayFromImage(SimpleITK.GradientMagnitude(itk)).T
    for boundary in ("mirror", "nearest"):
        found = filters.gradient_magnitude(image_of(array, spacing=SPACING), boundary=boundary).array
        np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.slow
@given(
    any_boundary, st.sampled_from(["db2", "coif1", "bior2.2", "dmey", "haar"]), st.text("LH", min_size=3, max_size=3)
)
def test_wavelets_are_convolutions_with_the_filters_of_pywavelets(boundary, name, band):
    array = noise((40, 33, 32), dtype="float64")
    wavelet = pywt.Wavelet(name)
    expected = array
    for axis, letter in enumerate(band):
        weights = np.array(wavelet.dec_lo if letter == "L" else wavelet.dec_hi)
        half = len(weights) // 2
        margins = [(0, 0)] * 3
        margins[axis] = (half - 1, half)
        padded = np.pad(expected, margins, mode=NUMPY[boundary])
        shape = [1, 1, 1]
        shape[axis] = -1
        expected = signal.convolve(padded, weights.reshape(shape), "valid", method="direct")
    found = filters.wavelet_filter(image_of(array), name, band, boundary=boundary).array
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_wavelets_of_a_periodic_image_are_the_stationary_transform_of_pywavelets(level):
    array = noise((32, 32, 32), dtype="float64")
    expected = pywt.swtn(array, "db2", level)[0]["dad"]
    found = filters.wavelet_filter(image_of(array), "db2", "HLH", level, boundary="periodic").array
    # The filters are centered otherwise there: the same values, moved.
    step = 1 << (level - 1)
    shifts = [np.roll(found, (k, k, k), (0, 1, 2)) for k in range(-4 * step, 4 * step + 1)]
    assert min(np.abs(one - expected).max() for one in shifts) < 1e-9


@given(any_boundary, st.floats(0, 360), st.sampled_from([(0, 1), (0, 2), (1, 2)]))
def test_gabor_is_direct_convolution(boundary, theta, axes):
    array = noise(SHAPE)
    sigma, wavelength, gamma = 2.0, 3.0, 0.7
    steps = [SPACING[axis] for axis in axes]
    reaches = [int(1.5 * sigma / gamma / step + 0.5) for step in steps]
    u, v = np.meshgrid(*(step * np.arange(-r, r + 1) for step, r in zip(steps, reaches, strict=True)), indexing="ij")
    turned = u * np.cos(np.radians(theta)) + v * np.sin(np.radians(theta))
    across = v * np.cos(np.radians(theta)) - u * np.sin(np.radians(theta))
    kernel = np.exp(-(turned**2 + gamma**2 * across**2) / (2 * sigma**2) + 2j * np.pi * turned / wavelength)
    other = 3 - sum(axes)
    planes = np.moveaxis(array.astype("float64"), other, 0)
    padded = np.pad(planes, [(0, 0), *((r, r) for r in reaches)], mode=NUMPY[boundary])
    expected = np.abs(signal.convolve(padded, kernel[None], "valid", method="direct"))
    if axes == (0, 1):
        found = filters.gabor_filter(
            image_of(array, spacing=SPACING), sigma, wavelength, gamma, theta, truncate=1.5, boundary=boundary
        ).array
    else:  # the plane (x, y) of an image with its axes in that order
        order = (*axes, other)
        image = image_of(array.transpose(order), spacing=tuple(SPACING[k] for k in order))
        found = filters.gabor_filter(image, sigma, wavelength, gamma, theta, truncate=1.5, boundary=boundary).array
        found = found.transpose(np.argsort(order))
    np.testing.assert_allclose(np.moveaxis(found, other, 0), expected, rtol=1e-5, atol=1e-2)


def test_first_order_riesz_components_share_the_energy_of_what_they_transform():
    """The transform of order one is unitary but for the mean; its parts at the highest frequency are nothing."""
    array = noise((15, 17, 13), dtype="float64")
    for options in ({"sigma_mm": 1.0}, {"of": "simoncelli"}):
        parts = [
            filters.riesz_filter(image_of(array), order, boundary="periodic", **options).array
            for order in np.eye(3, dtype=int).tolist()
        ]
        if "sigma_mm" in options:
            whole = filters.laplacian_of_gaussian(image_of(array), 1.0, boundary="periodic").array
        else:
            whole = filters.simoncelli_filter(image_of(array), boundary="periodic").array
        assert sum((one**2).sum() for one in parts) == pytest.approx((whole**2).sum(), rel=1e-9)


def test_simoncelli_is_the_band_of_the_spectrum():
    """An odd image, where the even steps of the frequency lie evenly around zero; a whole transform by numpy."""
    array = noise((15, 17, 13), dtype="float64")
    axes = [np.fft.ifftshift(np.linspace(-1, 1, n)) for n in array.shape]
    frequency = np.sqrt(sum(one**2 for one in np.meshgrid(*axes, indexing="ij")))
    for level in (1, 2, 3):
        scaled = 2.0**level * frequency
        with np.errstate(divide="ignore", invalid="ignore"):
            band = np.where((scaled > 0.5) & (scaled <= 2), np.cos(np.pi / 2 * np.log2(scaled)), 0)
        expected = np.fft.ifftn(np.fft.fftn(array) * band).real
        found = filters.simoncelli_filter(image_of(array), level, boundary="periodic").array
        np.testing.assert_allclose(found, expected, atol=1e-9)
