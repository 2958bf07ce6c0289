"""A source mask: what is invalid never matters, constants stay constant, and the rule is normalized convolution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from pictologics import (
    ContentWarning,
    OptionError,
    filters,
    set_num_threads,
)
from tests.factories.filter_cases import AVERAGING, BOUNDARIES, FINITE, image_of, masks, noise

any_filter = st.sampled_from(sorted(FINITE))
any_boundary = st.sampled_from(BOUNDARIES)
any_dimensions = st.sampled_from([2, 3])


@given(any_filter, any_dimensions, any_boundary, masks(), st.integers(0, 99))
def test_values_of_invalid_voxels_never_matter(name, dimensions, boundary, valid, seed):
    first, second = noise(seed=seed), noise(seed=seed)
    junk = np.array([np.nan, np.inf, -np.inf, -2048, 3e38, 0], np.float32)
    second[~valid] = np.random.default_rng(seed).choice(junk, np.count_nonzero(~valid))
    one, other = (
        FINITE[name](image_of(array, valid), dimensions=dimensions, boundary=boundary, fill_value=-7.0)
        for array in (first, second)
    )
    assert one.array.tobytes(order="F") == other.array.tobytes(order="F")
    assert np.isfinite(one.array).all()
    assert (one.array[~valid] == -7).all()
    assert np.array_equal(one.source_mask, valid)


@pytest.mark.parametrize("name", AVERAGING)
@pytest.mark.parametrize("value", [1e-45, 5e-39, -3.4e38])
def test_a_constant_at_the_ends_of_the_type_stays_constant(name, value):
    valid = np.random.default_rng(0).random((9, 8, 7)) > 0.5
    found = FINITE[name](image_of(np.full(valid.shape, value, np.float32), valid)).array
    assert (found[valid] == np.float32(value)).all()


@given(any_filter, any_dimensions, st.sampled_from(BOUNDARIES[1:]), masks(), st.floats(-3000, 3000, width=32))
def test_a_constant_gives_what_it_gives_without_a_mask(name, dimensions, boundary, valid, value):
    array = np.full(valid.shape, value, np.float32)
    keywords = {"dimensions": dimensions, "boundary": boundary}
    whole = FINITE[name](image_of(array), **keywords).array
    holed = FINITE[name](image_of(np.where(valid, array, np.float32(np.nan)), valid), **keywords).array
    if name in AVERAGING:
        assert (holed[valid] == np.float32(value)).all()  # exactly
    np.testing.assert_allclose(holed[valid], whole[valid], rtol=1e-6, atol=1e-6)


@given(st.sampled_from(["gaussian", "mean"]), any_boundary, masks(), st.integers(0, 9))
def test_averages_are_normalized_convolution(name, boundary, valid, seed):
    mode = {"zero": "constant", "nearest": "nearest", "periodic": "wrap", "mirror": "reflect"}[boundary]
    array = noise(seed=seed, dtype="float64")

    def average(values, outside):
        if name == "mean":
            return ndimage.uniform_filter(values, 5, mode=mode, cval=outside)
        return ndimage.gaussian_filter(values, 1.2, mode=mode, cval=outside)

    # Beyond the image the boundary condition's values count as valid.
    expected = average(np.where(valid, array, 0), 0.0) / np.where(valid, average(valid.astype(float), 1.0), 1)
    found = AVERAGING[name](image_of(array, valid), boundary=boundary).array
    np.testing.assert_allclose(found[valid], expected[valid], rtol=1e-9, atol=1e-9)


@given(any_boundary, any_dimensions, masks(), st.integers(0, 9))
def test_the_median_is_that_of_the_valid_voxels(boundary, dimensions, valid, seed):
    array = noise(seed=seed)
    mode = {"zero": "constant", "nearest": "edge", "periodic": "wrap", "mirror": "symmetric"}[boundary]
    margins = [(1, 1)] * dimensions + [(0, 0)] * (3 - dimensions)
    filled = np.pad(np.where(valid, array, np.nan), margins, mode=mode)
    windows = np.lib.stride_tricks.sliding_window_view(filled, [3] * dimensions + [1] * (3 - dimensions))
    found = filters.median_filter(image_of(array, valid), 3, boundary=boundary, dimensions=dimensions).array
    index = np.argwhere(valid)[:200]
    expected = [np.nanmedian(windows[tuple(at)]) for at in index]
    np.testing.assert_allclose(found[tuple(index.T)], expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["laws", "laplacian", "wavelet", "gabor"])
def test_an_invalid_voxel_counts_as_the_weighted_mean_of_the_valid_ones(name):
    """The rule of filters with signs, by hand: put that mean in its place, and the plain filter gives the same."""
    array, valid = noise((21, 21, 21), dtype="float64"), np.ones((21, 21, 21), bool)
    valid[10, 10, 10] = False
    weights = {
        "laws": lambda image: filters.laws_filter(image, "E3S3L3"),
        "laplacian": lambda image: filters.laplacian_of_gaussian(image, 1.0),
        "wavelet": lambda image: filters.wavelet_filter(image, "haar", "HLH"),
        "gabor": lambda image: filters.gabor_filter(image, 1.0, 3.0, truncate=2.0),
    }[name]
    found = weights(image_of(array, valid)).array
    at = (11, 10, 10)
    # The absolute weights around the voxel at which we look, from the response to single voxels.
    absolute = np.zeros(array.shape)
    for offset in np.ndindex(9, 9, 9):
        place = tuple(np.array(at) + offset - 4)
        impulse = np.zeros(array.shape)
        impulse[place] = 1
        if name == "laplacian":
            impulse = filters.gaussian_filter(image_of(impulse), 1.0).array
            absolute[place] = impulse[at]
        elif abs(np.array(offset) - 4).max() <= 2:
            absolute[place] = abs(weights(image_of(impulse)).array[at])
    mean = (absolute * array * valid).sum() / (absolute * valid).sum()
    stand_in = np.where(valid, array, mean)
    assert found[at] == pytest.approx(weights(image_of(stand_in)).array[at], rel=1e-9, abs=1e-9)


def test_a_gradient_keeps_the_slope_up_to_the_border():
    x, y, z = np.meshgrid(*map(np.arange, (9, 8, 7)), indexing="ij")
    ramp = (3.0 * x + 2.0 * y - 6.0 * z).astype(np.float32)
    valid = x + y + z < 14
    response = filters.gradient_magnitude(image_of(ramp, valid, spacing=(1.0, 0.5, 3.0)), boundary="nearest")
    inner = np.zeros(ramp.shape, bool)
    inner[1:-1, 1:-1, 1:-1] = True
    np.testing.assert_allclose(response.array[inner & valid], np.sqrt(9 + 16 + 4), rtol=1e-5)


@pytest.mark.parametrize("name", sorted(FINITE))
def test_a_mask_that_is_true_everywhere_changes_nothing(name):
    whole = FINITE[name](image_of(noise()))
    masked = FINITE[name](image_of(noise(), np.ones((14, 13, 12), bool)))
    assert whole.source_mask is None
    assert masked.source_mask.all()
    assert np.array_equal(whole.array, masked.array)


@pytest.mark.parametrize("name", sorted(FINITE))
def test_nan_and_infinity_are_invalid_voxels_with_a_warning(name):
    array, valid = noise(), np.ones((14, 13, 12), bool)
    array[3, 4, 5], array[6, 6, 6] = np.nan, -np.inf
    valid[3, 4, 5] = valid[6, 6, 6] = False
    with pytest.warns(ContentWarning, match="2 voxels are NaN or infinite") as caught:
        found = FINITE[name](image_of(array))
    assert caught[0].filename.endswith("filter_cases.py") or caught[0].filename == __file__
    expected = FINITE[name](image_of(noise(), valid))
    assert np.array_equal(found.array, expected.array)
    assert np.array_equal(found.source_mask, valid)
    assert any("NaN" in one.text for one in found.provenance.decisions)


@pytest.mark.parametrize("name", sorted(FINITE))
def test_the_number_of_threads_changes_no_bit(name):
    valid = noise(seed=3) < 0
    try:
        set_num_threads(1)
        alone = FINITE[name](image_of(noise(), valid)).array
        set_num_threads(5)
        shared = FINITE[name](image_of(noise(), valid)).array
    finally:
        set_num_threads(None)
    assert np.array_equal(alone, shared)


@pytest.mark.parametrize(
    "apply",
    [filters.simoncelli_filter, lambda image, **more: filters.riesz_filter(image, (0, 1, 0), sigma_mm=1.0, **more)],
    ids=["simoncelli", "riesz"],
)
def test_filters_without_an_end_refuse_a_mask_or_fill_it(apply):
    valid = np.ones((14, 13, 12), bool)
    valid[5:8, 5, 5] = False
    array = noise()
    with pytest.raises(OptionError, match="3 voxels are invalid") as caught:
        apply(image_of(array, valid))
    assert caught.value.values["invalid"] == 3
    filled = np.where(valid, array, np.float32(40))
    found = apply(image_of(np.where(valid, array, np.float32(np.nan)), valid), invalid_as=40, fill_value=-1.0)
    assert np.array_equal(found.array[valid], apply(image_of(filled)).array[valid])
    assert (found.array[~valid] == -1).all()
    assert np.array_equal(found.source_mask, valid)
    mean = np.where(valid, array, array[valid].mean(dtype=np.float64).astype(np.float32))
    found = apply(image_of(array, valid), invalid_as="mean")
    np.testing.assert_allclose(found.array[valid], apply(image_of(mean)).array[valid], atol=1e-3)
