"""What must hold of every filter: linear ones are linear, slices are slices, turned images give turned responses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics import Image, filters
from pictologics.provenance import Decision, Provenance
from tests.factories.filter_cases import BOUNDARIES, FINITE, image_of, masks, noise

WHOLE = {
    "simoncelli": lambda image, **more: filters.simoncelli_filter(image, 2, **more),
    "riesz": lambda image, dimensions=3, **more: filters.riesz_filter(
        image, (0, 1, 1)[:dimensions], sigma_mm=1.0, dimensions=dimensions, **more
    ),
    "riesz of simoncelli": lambda image, dimensions=3, **more: filters.riesz_filter(
        image, (2, 0, 1)[:dimensions], "simoncelli", dimensions=dimensions, **more
    ),
}
ALL = {**FINITE, **WHOLE}
LINEAR = ["mean", "gaussian", "laplacian", "laws", "wavelet", *WHOLE]

any_boundary = st.sampled_from(BOUNDARIES)


@given(st.sampled_from(LINEAR), any_boundary, st.sampled_from([2, 3]), masks(), st.floats(-5, 5))
def test_linear_filters_are_linear_also_with_a_mask(name, boundary, dimensions, valid, factor):
    if name in WHOLE:
        valid = None
    one, other = noise(seed=1, dtype="float64"), noise(seed=2, dtype="float64")
    first, second, both = (
        ALL[name](image_of(array, valid), boundary=boundary, dimensions=dimensions).array
        for array in (one, other, one + factor * other)
    )
    np.testing.assert_allclose(both, first + factor * second, rtol=1e-9, atol=1e-7)


@given(st.sampled_from(sorted(ALL)), any_boundary, masks())
def test_two_dimensional_filters_take_each_slice_by_itself(name, boundary, valid):
    if name in WHOLE:
        valid = np.ones_like(valid)
    array = noise()
    found = ALL[name](image_of(array, valid), boundary=boundary, dimensions=2)
    k = int(np.argmax(valid.any(axis=(0, 1))))
    alone = ALL[name](image_of(array[..., [k]], valid[..., [k]]), boundary=boundary, dimensions=2)
    # Relative to the middle of the whole image's range, so not to the last bit.
    np.testing.assert_allclose(found.array[..., [k]], alone.array, rtol=1e-4, atol=2e-3)


TURNED = {
    "mean": FINITE["mean"],
    "median": FINITE["median"],
    "gaussian": FINITE["gaussian"],
    "laplacian": FINITE["laplacian"],
    "gradient": FINITE["gradient"],
    "all laws": FINITE["all laws"],
    "all wavelets": FINITE["all wavelets"],
    "gabor": lambda image, **more: filters.gabor_filter(
        image, 1.5, 3.0, rotation_invariance=True, theta_step=90, orthogonal_planes=True, truncate=2.5, **more
    ),
}


@given(st.sampled_from(sorted(TURNED)), any_boundary, masks(), st.permutations(range(3)), st.integers(0, 7))
def test_rotation_invariant_filters_turn_with_the_image(name, boundary, valid, axes, flips):
    odd = sum(axes[a] > axes[b] for a, b in ((0, 1), (0, 2), (1, 2))) % 2
    if (flips.bit_count() + odd) % 2:
        flips ^= 1  # a rotation, not a mirror image

    def turned(array):
        return np.flip(array.transpose(axes), [k for k in range(3) if flips >> k & 1])

    array = noise()
    spacing = (1.0, 0.8, 1.25)
    keywords = {"boundary": boundary}
    found = TURNED[name](image_of(array, valid, spacing), **keywords).array
    other = image_of(turned(array), np.asfortranarray(turned(valid)), tuple(spacing[k] for k in axes))
    np.testing.assert_allclose(TURNED[name](other, **keywords).array, turned(found), rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_response_is_an_image_of_the_same_place_that_says_what_was_done(name):
    direction = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    image = Image(
        np.asfortranarray(noise()),
        (1.0, 1.0, 1.0),
        (3.0, -2.0, 5.0),
        direction,
        "CT",
        metadata={"units": "HU", "series_number": "3"},
        labels={1: "liver"},
        provenance=Provenance("scan.nii", decisions=(Decision("assumed", "nothing"),)),
    )
    before = image.array.copy()
    found = ALL[name](image)
    assert found.grid == image.grid
    assert found.modality == "CT"
    assert found.labels == {}
    assert found.array.dtype == np.float32
    assert found.array.flags.f_contiguous
    assert np.array_equal(image.array, before)
    assert found.metadata["series_number"] == "3"
    # What is no average is in other units.
    assert found.metadata.get("units") == ("HU" if name in {"mean", "gaussian", "median"} else None)
    first, last = found.provenance.decisions
    assert first.text == "nothing"
    assert "3D, boundary mirror" in last.text


def test_pooling_joins_the_responses_of_all_rotations():
    image = image_of(noise(dtype="float64"))
    turned = [
        filters.laws_filter(image, "L5S5", dimensions=2).array,
        filters.laws_filter(image, "S5L5", dimensions=2).array,
    ]
    for pooling, rule in (("max", np.max), ("min", np.min), ("mean", np.mean)):
        found = filters.laws_filter(image, "L5S5", rotation_invariance=True, pooling=pooling, dimensions=2).array
        np.testing.assert_allclose(found, rule(turned, axis=0), atol=1e-9)
    edges = (
        filters.laws_filter(image, "E5L5", dimensions=2).array,
        filters.laws_filter(image, "L5E5", dimensions=2).array,
    )
    found = filters.laws_filter(image, "E5L5", rotation_invariance=True, dimensions=2).array
    np.testing.assert_allclose(found, np.max(np.abs(edges), axis=0), atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("of", [{"sigma_mm": 1.0}, {"of": "simoncelli", "level": 2}])
def test_the_riesz_transform_of_a_cosine_is_the_sine(axis, of):
    """With -i f / |f| the wave cos(kx) becomes sin(kx): its sign is that of the definition, (-i)^L."""
    size, cycles = 16, 4
    angle = 2 * np.pi * cycles / size * np.arange(size)
    shape = [size if k == axis else 1 for k in range(3)]
    wave, expected = (
        np.broadcast_to(f(angle).reshape(shape), (size,) * 3).astype(np.float64) for f in (np.cos, np.sin)
    )
    image = image_of(wave)
    order = tuple(int(k == axis) for k in range(3))
    found = filters.riesz_filter(image, order, boundary="periodic", **of).array
    plain = (
        filters.laplacian_of_gaussian(image, 1.0, boundary="periodic")
        if "sigma_mm" in of
        else filters.simoncelli_filter(image, 2, boundary="periodic")
    ).array
    gain = float((plain * wave).sum() / (wave**2).sum())
    assert abs(gain) > 0.01
    np.testing.assert_allclose(found, gain * expected, atol=1e-6)


def test_the_second_riesz_transform_turns_a_cosine_over():
    """(-i)^2 is -1: along its own axis a wave comes back with the opposite sign, across it as nothing."""
    wave = np.broadcast_to(np.cos(np.pi / 2 * np.arange(16)).reshape(16, 1, 1), (16, 16, 16)).astype(np.float64)
    image = image_of(wave)
    plain = filters.laplacian_of_gaussian(image, 1.0, boundary="periodic").array
    along = filters.riesz_filter(image, (2, 0, 0), sigma_mm=1.0, boundary="periodic").array
    across = filters.riesz_filter(image, (0, 2, 0), sigma_mm=1.0, boundary="periodic").array
    np.testing.assert_allclose(along, -plain, atol=1e-9)
    np.testing.assert_allclose(across, 0, atol=1e-9)
