"""Intensity steps against their definitions, written out one value at a time."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from pictologics import (
    ContentWarning,
    GeometryError,
    Image,
    OptionError,
    create_full_mask,
    load_image,
)
from pictologics.preprocessing import (
    clip_intensities,
    discretize_image,
    filter_outliers,
    normalize_image,
    resegment_mask,
    round_intensities,
)
from tests.preprocessing.scenes import on_grid

SHAPE = (5, 4, 3)
WHOLE = npst.arrays(np.float32, SHAPE, elements=st.integers(-1000, 1000).map(float))
LABELS = npst.arrays(np.uint8, SHAPE, elements=st.integers(0, 2)).filter(lambda labels: labels.any())
MARKS = npst.arrays(bool, SHAPE)
#: What may stand where there is no data.
JUNK = st.sampled_from([0.0, -2048.0, 1e30, math.nan, math.inf])


def mask_of(marks: np.ndarray, **fields) -> Image:
    return on_grid(marks, modality="SEG", **fields)


# --- the value of an invalid voxel never matters ---

STEPS = {
    "resegment": lambda image, mask: resegment_mask(image, mask, (-400, 600)),
    "outliers": lambda image, mask: filter_outliers(image, mask, 1.2),
    "bin number": lambda image, mask: discretize_image(image, mask, bin_number=7),
    "bin size": lambda image, mask: discretize_image(image, mask, bin_size=25),
    "z-score": normalize_image,
    "min-max": lambda image, mask: normalize_image(image, mask, "min-max"),
    "percentiles": lambda image, mask: normalize_image(image, mask, "percentiles"),
    "no mask": lambda image, mask: discretize_image(image, bin_number=5),
}


def outcome(step, image: Image, mask: Image):
    """The voxels that a step gives, or its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ContentWarning)  # a label may lose every voxel
        try:
            return step(image, mask).array.tolist()
        except OptionError as error:
            return str(error)


@pytest.mark.parametrize("name", STEPS)
@given(values=WHOLE, labels=LABELS, valid=MARKS, junk=JUNK)
def test_invalid_voxels_never_count(name, values, labels, valid, junk):
    image, mask = on_grid(values, source_mask=valid), mask_of(labels)
    changed = on_grid(np.where(valid, values, np.float32(junk)), source_mask=valid)
    assert outcome(STEPS[name], image, mask) == outcome(STEPS[name], changed, mask)


@pytest.mark.parametrize("name", ["resegment", "outliers", "bin number", "bin size"])
@given(values=WHOLE, labels=LABELS)
def test_each_label_is_treated_as_if_it_were_alone(name, values, labels):
    image = on_grid(values)
    alone = np.zeros(SHAPE, int)
    for number in np.unique(labels[labels > 0]):
        try:
            alone += STEPS[name](image, mask_of((labels == number) * number)).array
        except OptionError:
            continue
    if alone.any():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ContentWarning)
            together = STEPS[name](image, mask_of(labels, labels={1: "a", 2: "b"}))
        np.testing.assert_array_equal(together.array, alone)
        assert together.array.dtype == np.uint8


def test_numbers_that_are_none_count_as_invalid_and_are_told():
    values = np.arange(60, dtype=np.float32).reshape(SHAPE)
    values[0, 0, 0], values[1, 1, 1] = math.nan, math.inf
    image, mask = on_grid(values), mask_of(np.ones(SHAPE, np.uint8))
    with pytest.warns(ContentWarning, match="2 voxels are NaN or infinite"):
        kept = resegment_mask(image, mask, (None, None))
    assert kept.array.sum() == 58
    with pytest.warns(ContentWarning, match="2 voxels are NaN or infinite"):
        normal = normalize_image(image, mask)
    assert np.isfinite(normal.array).all()
    inside = np.isfinite(values)
    np.testing.assert_allclose(normal.array[inside].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(normal.array[inside].std(), 1, rtol=1e-6)


# --- IBSI 2.7: discretization ---


@given(values=WHOLE, labels=LABELS, count=st.integers(1, 300))
def test_a_fixed_bin_number(values, labels, count):
    bins = discretize_image(on_grid(values), mask_of(labels > 0), bin_number=count).array
    roi = values[labels > 0]
    low, high = int(roi.min()), int(roi.max())
    for value, number in zip(roi.tolist(), bins[labels > 0].tolist(), strict=True):
        x = int(value)
        # In whole numbers, which round nothing.
        assert number == (count if x == high else count * (x - low) // (high - low) + 1)
    assert not bins[labels == 0].any()
    assert bins.dtype == (np.uint8 if count <= 255 else np.uint16)


@given(values=WHOLE, labels=LABELS, size=st.integers(1, 90), below=st.integers(0, 500))
def test_a_fixed_bin_size(values, labels, size, below):
    roi = values[labels > 0]
    for minimum in (None, int(roi.min()) - below):
        bins = discretize_image(on_grid(values), mask_of(labels > 0), bin_size=size, minimum=minimum).array
        low = int(roi.min()) if minimum is None else minimum
        assert bins[labels > 0].tolist() == [(int(x) - low) // size + 1 for x in roi.tolist()]


def test_bins_are_refused_where_they_mean_nothing():
    image, mask = on_grid(np.arange(60.0).reshape(SHAPE)), mask_of(np.ones(SHAPE, np.uint8))
    for options, message in [
        ({}, "exactly one of bin_number and bin_size is required, and neither"),
        ({"bin_number": 4, "bin_size": 2}, "exactly one of bin_number and bin_size is required, and both"),
        ({"bin_number": 0}, "bin_number is 0 and must be a whole number from 1 to 65535"),
        ({"bin_number": 2.5}, r"bin_number is 2\.5"),
        ({"bin_number": True}, "bin_number is True"),
        ({"bin_number": 10**400}, "bin_number is 1000"),
        ({"bin_size": 0}, "bin_size is 0 and must be a number above 0"),
        ({"bin_size": math.nan}, "bin_size is nan"),
        ({"bin_size": 5, "minimum": math.inf}, "minimum is inf"),
        ({"bin_number": 5, "minimum": 3}, "leave minimum out"),
        ({"bin_size": 5, "minimum": 3}, "3 voxels of the mask lie below the minimum 3, the lowest at 0"),
        ({"bin_size": 2**-11}, "make 120833 bins, and 65535 is the limit"),
    ]:
        with pytest.raises(OptionError, match=message):
            discretize_image(image, mask, **options)


# --- normalizing, clipping, rounding ---


def test_normalizing():
    values = np.random.default_rng(5).normal(300, 50, SHAPE)
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:4] = 1
    image, mask = on_grid(values, metadata={"units": "HU", "phase": "1"}), mask_of(labels)
    roi = values[1:4]
    normal = normalize_image(image, mask)
    np.testing.assert_allclose(normal.array, (values - roi.mean()) / roi.std(), rtol=1e-12)
    assert dict(normal.metadata) == {"phase": "1"}
    scaled = normalize_image(image, mask, "min-max").array
    assert (scaled[1:4].min(), scaled[1:4].max()) == (0, 1)
    spread = normalize_image(image, mask, "percentiles", percentiles=(10, 90)).array
    np.testing.assert_allclose(np.percentile(spread[1:4], (10, 90)), (0, 1), atol=1e-12)
    assert normalize_image(on_grid(values.astype(np.int16))).array.dtype == np.float32
    with pytest.raises(OptionError, match="are all 7, and a spread is required"):
        normalize_image(on_grid(np.full(SHAPE, 7)))
    with pytest.raises(OptionError, match="method is 'rank'"):
        normalize_image(image, method="rank")
    with pytest.raises(OptionError, match="percentiles is"):
        normalize_image(image, method="percentiles", percentiles=(90, 10))


@given(values=WHOLE, low=st.integers(-1200, 1200), width=st.integers(0, 500), kind=st.sampled_from(["f4", "i2", "f8"]))
def test_clipping(values, low, width, kind):
    array = values.astype(kind)
    result = clip_intensities(on_grid(array), (low, low + width)).array
    np.testing.assert_array_equal(result, np.clip(values, low, low + width))
    assert result.dtype == array.dtype
    open_end = clip_intensities(on_grid(array), (None, low)).array
    np.testing.assert_array_equal(open_end, np.minimum(values, low))


def test_clipping_whole_numbers_at_fractions_and_beyond_their_type():
    image = on_grid(np.arange(60, dtype=np.uint8).reshape(SHAPE))
    clipped = clip_intensities(image, (2.5, 7.5)).array
    assert (clipped.min(), clipped.max()) == (3, 7)
    np.testing.assert_array_equal(clip_intensities(image, (-1000, 1e9)).array, image.array)
    for value_range in [(3, 2), (math.nan, 1), "ab", (1, 2, 3), 5, (True, 2)]:
        with pytest.raises(OptionError, match="value_range is"):
            clip_intensities(image, value_range)


def test_rounding():
    values = np.array([[[-0.4, 0.5, 1.5, -2.6, 7.0]]], np.float32)
    rounded = round_intensities(on_grid(values)).array
    assert rounded.tolist() == [[[0, 0, 2, -3, 7]]]
    assert not np.signbit(rounded[0, 0, 0])
    assert rounded.dtype == np.float32


# --- what fits no image ---


def test_a_mask_of_another_place_or_kind_is_refused():
    image = on_grid(np.arange(60.0).reshape(SHAPE))
    ones = np.ones(SHAPE, np.uint8)
    with pytest.raises(GeometryError, match=r"shape \(5, 4, 2\) and the image \(5, 4, 3\); place the mask"):
        resegment_mask(image, mask_of(ones[:, :, :2]), (0, 1))
    aside = Image(ones, (0.8, 0.9, 2.5), (-12.5, 30.2, -410.0))
    with pytest.raises(GeometryError, match=r"lies elsewhere: its worst corner is 0\.222 voxels"):
        filter_outliers(image, aside)
    near = Image(ones, (0.8, 0.9, 2.5), (-12.5, 30.0001, -410.0))
    assert filter_outliers(image, near).array.all()
    with pytest.raises(OptionError, match="the mask marks no voxel"):
        normalize_image(image, mask_of(ones * 0))
    with pytest.raises(OptionError, match=r"the mask holds the value 0\.3, and labels are whole numbers"):
        resegment_mask(image, mask_of(ones * 0.3), (0, 1))
    with pytest.raises(OptionError, match="mask is of type ndarray and must be an Image"):
        resegment_mask(image, ones, (0, 1))
    with pytest.raises(OptionError, match="none of the 60 voxels holds valid data"):
        resegment_mask(image.with_source_mask(np.zeros(SHAPE, bool)), create_full_mask(image), (0, 1))
    with pytest.raises(OptionError, match=r"no voxel of the mask lies in \[100, 200\]: its values run from 0 to 59"):
        resegment_mask(image, create_full_mask(image), (100, 200))


def test_an_image_that_is_not_sound_is_refused():
    ones = np.ones(SHAPE)
    for image, kind, message in [
        (
            Image(ones, (1, 1, 1), (0, 0, 0), source_mask=np.ones((2, 2, 2), bool)),
            GeometryError,
            "source mask has shape",
        ),
        (on_grid(ones + 1j), OptionError, "the voxels are of type complex128 and must be real numbers"),
        (ones, OptionError, "image is of type ndarray and must be an Image"),
        (Image(ones[0], (1, 1, 1), (0, 0, 0)), GeometryError, "a grid has three axes"),
    ]:
        for step in (clip_intensities, lambda image, _: discretize_image(image, bin_number=3)):
            with pytest.raises(kind, match=message):
                step(image, (0, 1))
    with pytest.raises(OptionError, match="the mask marks no voxel"):
        resegment_mask(on_grid(ones), on_grid(ones * math.nan), (0, 1))


def test_a_label_that_loses_every_voxel_is_told():
    values = np.arange(60.0).reshape(SHAPE)
    labels = np.where(values < 30, 1, 2)
    with pytest.warns(ContentWarning, match=r"leaves nothing of label 2 \(tumor\)"):
        kept = resegment_mask(on_grid(values), mask_of(labels, labels={2: "tumor"}), (0, 10))
    assert kept.labels == {2: "tumor"}
    assert kept.array.sum() == 11


# --- the IBSI digital phantom ---


def test_the_digital_phantom(shared_data):
    folder = shared_data / "ibsi_digital" / "nifti"
    image = load_image(folder / "image" / "phantom.nii.gz")
    mask = load_image(folder / "mask" / "mask.nii.gz")
    kept = resegment_mask(image, mask, (1, 6))
    roi = image.array[kept.array > 0].astype(float)
    # Reference values of the IBSI manual, statistical features of the digital phantom.
    assert roi.size == 74
    assert roi.mean() == pytest.approx(2.15, abs=5e-3)
    assert roi.var() == pytest.approx(3.05, abs=5e-3)
    assert (roi.min(), roi.max()) == (1, 6)
    # Gray levels 1 to 6 with a bin size of 1 are bins 1 to 6; IBSI's own statement is that it needs none.
    bins = discretize_image(image, mask, bin_size=1).array
    np.testing.assert_array_equal(bins[mask.array > 0], image.array[mask.array > 0])


@pytest.mark.parametrize("value_range", [(300, None), (None, -5), (0.2, 0.8)])
def test_a_range_that_whole_voxels_cannot_hold_is_refused(value_range):
    image = on_grid(np.array([[[1, 200]]], np.uint8))
    with pytest.raises(
        OptionError, match="must be a range with a whole number from 0 to 255, because the voxels are uint8"
    ):
        clip_intensities(image, value_range)
