"""What is saved comes back: types, source masks, labels; or the call says what does not."""

from __future__ import annotations

import json
import warnings

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import ContentWarning, Image, OptionError, load_image, save_image
from pictologics.loaders import get_segment_info, load_seg

SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".ome.zarr"]
TYPES = [
    "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float16", "float32", "float64",
]  # fmt: skip
PLACE = ((0.7, 0.9, 2.5), (-10.0, 20.0, 30.5))
each_suffix = pytest.mark.parametrize("suffix", SUFFIXES)


def numbers(rng: np.random.Generator, dtype: str, extent: str) -> np.ndarray:
    """Few small numbers, whole ones, or everything that the type has, its ends included."""
    kind = np.dtype(dtype)
    shape = (5, 4, 3)
    if kind == np.bool_:
        return rng.random(shape) < 0.5
    if kind.kind == "f":
        values = rng.normal(size=shape).astype(kind)
        if extent == "few":
            values = rng.integers(-3, 2000, shape).astype(kind)
        if extent == "whole":
            values.flat[:4] = np.finfo(kind).max, np.finfo(kind).min, np.inf, -np.inf
        if extent == "holes":
            values.flat[::7] = np.nan
        return values
    limits = np.iinfo(kind)
    if extent != "whole":
        return rng.integers(0, 5, shape).astype(kind)
    values = rng.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)
    values.flat[:3] = limits.min, limits.max, 0
    return values


@settings(max_examples=200, deadline=None)
@given(
    suffix=st.sampled_from(SUFFIXES),
    dtype=st.sampled_from(TYPES),
    extent=st.sampled_from(["few", "any", "whole", "holes"]),
    stored=st.sampled_from(["own", "smallest"]),
    share=st.sampled_from([None, 0.0, 0.3, 0.97, 1.0]),
    labels=st.sampled_from([{}, {1: "liver", 3: "tumor"}]),
    order=st.sampled_from("FC"),
    is_uniform=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_types_masks_and_voxels_come_back(
    tmp_path_factory, suffix, dtype, extent, stored, share, labels, order, is_uniform, seed
):
    rng = np.random.default_rng(seed)
    array = np.array(numbers(rng, dtype, extent), order=order)
    mask = None if share is None else rng.random(array.shape) < share
    if mask is not None and is_uniform:
        array[~mask] = array.flat[seed % array.size]
    before = array.copy()
    path = tmp_path_factory.mktemp("trip") / f"image{suffix}"
    image = Image(array, *PLACE, source_mask=mask, labels=labels)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        save_image(image, path, dtype=stored)
    told = " ".join(str(one.message) for one in caught)
    np.testing.assert_array_equal(array, before)
    back = load_image(path)
    assert back.array.dtype == array.dtype
    if mask is None:
        assert back.source_mask is None
        np.testing.assert_array_equal(back.array, array)
    elif "hold values of their own" in told:
        assert np.unique(array[~mask]).size > 1
        assert back.source_mask is None
        np.testing.assert_array_equal(back.array, array)
    elif "the source mask was not saved" in told:
        # No value is left: of 64 bits, or of 32 in a format without more.
        assert extent == "whole"
        assert np.dtype(dtype).itemsize == 8
        np.testing.assert_array_equal(back.array, array)
    else:
        np.testing.assert_array_equal(back.source_mask, mask)
        np.testing.assert_array_equal(back.array, array)
    # Once more, and nothing changes any more.
    again = path.with_name(f"again{suffix}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        save_image(back, again)
    once_more = load_image(again)
    np.testing.assert_array_equal(once_more.array, back.array)
    assert (once_more.source_mask is None) == (back.source_mask is None)


@pytest.mark.parametrize(
    ("values", "dtype", "stored"),
    [
        ((-1024, 3071), "float32", "int16"),
        ((0, 255), "float32", "uint8"),
        ((0, 65535), "float32", "float32"),
        ((0, 65535), "float64", "int32"),
        ((0, 300), "int32", "int16"),
        ((0, 300), "uint16", "uint16"),
        ((0, 0.5), "float32", "float32"),
        ((0, -0.0), "float32", "float32"),
        ((0, np.nan), "float32", "float32"),
        ((0, np.inf), "float32", "float32"),
        ((0, 2.0**40), "float64", "float64"),
    ],
)
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_whole_numbers_take_the_smallest_type_that_others_read_too(tmp_path, suffix, values, dtype, stored):
    array = np.zeros((4, 5, 20), dtype, order="F")
    array[1, 2, 0], array[3, 4, 17] = values
    save_image(Image(array, *PLACE), tmp_path / f"image{suffix}", dtype="smallest")
    other = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / f"image{suffix}"))).T
    assert other.dtype == stored
    # ITK turns what is not finite into zeros.
    np.testing.assert_array_equal(other[np.isfinite(array)], array[np.isfinite(array)])
    back = load_image(tmp_path / f"image{suffix}").array
    assert back.dtype == dtype
    assert back.tobytes() == array.tobytes()


def test_an_unknown_way_to_store_is_refused(tmp_path):
    image = Image(np.zeros((2, 2, 2)), *PLACE)
    with pytest.raises(OptionError, match='dtype is \'int16\' and must be "own" or "smallest"'):
        save_image(image, tmp_path / "image.nii", dtype="int16")


@each_suffix
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16"])
def test_a_type_all_of_whose_values_are_used_is_stored_in_the_next(tmp_path, suffix, dtype):
    limits = np.iinfo(dtype)
    array = np.resize(np.arange(limits.min, limits.max + 1), (64, 64, 32)).astype(dtype, order="F")
    mask = np.ones(array.shape, np.bool_)
    mask[:, :, -1] = np.random.default_rng(3).random((64, 64)) < 0.5
    array[~mask] = limits.max
    path = tmp_path / f"image{suffix}"
    save_image(Image(array, *PLACE, source_mask=mask), path)
    back = load_image(path)
    np.testing.assert_array_equal(back.source_mask, mask)
    np.testing.assert_array_equal(back.array[mask], array[mask])
    assert back.array.dtype == dtype


@each_suffix
def test_a_sentinel_that_invalid_voxels_hold_already_stays(tmp_path, suffix):
    array = np.asfortranarray(np.arange(60, dtype=np.int16).reshape(5, 4, 3))
    array[array < 20] = -2048
    mask = array > -2048
    path = tmp_path / f"image{suffix}"
    save_image(Image(array, *PLACE, source_mask=mask), path)
    back = load_image(path)
    np.testing.assert_array_equal(back.array, array)
    np.testing.assert_array_equal(back.source_mask, mask)


@pytest.mark.parametrize("held", [-1024.0, 0.0, -0.0, 3.5, np.nan, np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_value_that_was_chosen_for_invalid_voxels_is_as_good_as_kept(tmp_path, dtype, held):
    """Air is -1024 and what lies outside was filled with -1024: other software sees the same, and all comes back."""
    array = np.asfortranarray(np.arange(60).reshape(5, 4, 3) - 1030).astype(dtype)
    array[1, 1] = 0.0, 3.5, 1.0
    mask = np.random.default_rng(0).random(array.shape) < 0.5
    mask[1, 1] = True
    array[~mask] = held
    save_image(Image(array, *PLACE, source_mask=mask), tmp_path / "image.nii.gz")
    back = load_image(tmp_path / "image.nii.gz")
    np.testing.assert_array_equal(back.array, array)
    np.testing.assert_array_equal(back.source_mask, mask)
    data = np.asarray(nibabel.load(tmp_path / "image.nii.gz").dataobj)
    np.testing.assert_allclose(data, array.astype(np.float64), rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize(
    ("array", "labels", "expected", "stored"),
    [
        (np.arange(60.0, dtype=np.float32), {}, np.nextafter(np.float32(25), np.float32(0)), "float32"),
        (np.arange(60, dtype=np.int16), {}, 19, "int16"),
        (np.full(60, 7, np.uint8), {7: "liver"}, -1, "int16"),
    ],
    ids=["the float beside it", "the next value below", "no label"],
)
def test_what_other_software_sees_in_invalid_voxels(tmp_path, array, labels, expected, stored):
    array = np.asfortranarray(array.reshape(3, 4, 5).T)
    mask = np.zeros((5, 4, 3), np.bool_)
    mask[:, :, 1] = True
    mask[0, 0, 2] = True
    # A valid voxel has this value too.
    array[~mask] = array[0, 1, 1]
    save_image(Image(array, *PLACE, source_mask=mask, labels=labels), tmp_path / "image.nii")
    data = np.asarray(nibabel.load(tmp_path / "image.nii").dataobj)
    itk = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "image.nii"))).T
    assert data.dtype == stored
    np.testing.assert_array_equal(data[~mask], expected)
    np.testing.assert_array_equal(data[mask], array[mask])
    np.testing.assert_array_equal(itk[mask], array[mask])


def test_a_note_that_no_longer_fits_the_values_is_not_used(tmp_path):
    """Other software keeps the header's extension and changes the voxels."""
    array, mask = np.ones((5, 4, 3), np.int16), np.ones((5, 4, 3), np.bool_)
    array[0], mask[0] = 5, False
    path = tmp_path / "image.nii"
    save_image(Image(array, *PLACE, source_mask=mask), path)
    given_image = nibabel.load(path)
    changed = np.asarray(given_image.dataobj) * np.int16(2) + np.int16(3)
    nibabel.save(nibabel.Nifti1Image(changed, given_image.affine, given_image.header), tmp_path / "changed.nii")
    with pytest.warns(ContentWarning, match="does not fit its values any more"):
        back = load_image(tmp_path / "changed.nii")
    assert back.source_mask is None
    np.testing.assert_array_equal(back.array, changed)
    # As floats they are another tool's voxels altogether.
    header = given_image.header.copy()
    header.set_data_dtype(np.float32)
    nibabel.save(nibabel.Nifti1Image(changed.astype("f4"), given_image.affine, header), tmp_path / "floats.nii")
    floats = load_image(tmp_path / "floats.nii")
    assert (floats.array.dtype, floats.source_mask) == (np.float32, None)


@pytest.mark.parametrize(
    "change", [{"dtype": "U4"}, {"dtype": "nonsense"}, {"fill": "x"}, {"fill": "99999"}, {"invalid": []}]
)
def test_a_note_that_makes_no_sense_is_none(tmp_path, change):
    array, mask = np.ones((5, 4, 3), np.int16), np.ones((5, 4, 3), np.bool_)
    mask[0] = False
    path = tmp_path / "image.nrrd"
    save_image(Image(array, *PLACE, source_mask=mask, modality="MR"), path)
    content = path.read_bytes()
    line = next(line for line in content.split(b"\n") if line.startswith(b"pictologics:="))
    note = json.loads(line.partition(b":=")[2]) | change
    path.write_bytes(content.replace(line, b"pictologics:=" + json.dumps(note).encode()))
    back = load_image(path)
    assert back.modality == "Unknown"
    assert back.array.dtype == np.float32


def test_a_type_that_is_asked_for_counts(tmp_path):
    array, mask = np.full((5, 4, 3), 255, np.uint8), np.ones((5, 4, 3), np.bool_)
    array[0], mask[0] = 3, False
    array[1] = 0
    path = tmp_path / "image.nii.gz"
    save_image(Image(array, *PLACE, source_mask=mask, modality="SEG"), path)
    for dtype in ("uint8", "float64", "int32"):
        back = load_image(path, dtype=dtype)
        assert back.array.dtype == dtype
        np.testing.assert_array_equal(back.source_mask, mask)
        np.testing.assert_array_equal(back.array[mask], array[mask])


# --- integers that few programs open ---


@pytest.mark.parametrize(
    ("low", "high", "stored"),
    [(0, 255, np.uint8), (0, 256, np.int16), (-1, 3, np.int16), (0, 40000, np.int32), (-(2**31), 2**31 - 1, np.int32)],
)
def test_integers_of_64_bits_are_written_as_what_all_nifti_software_reads(tmp_path, low, high, stored):
    for dtype in ("int64", "uint64") if low >= 0 else ("int64",):
        array = np.asfortranarray(np.resize(np.array([low, high, 1], dtype), (5, 4, 3)))
        save_image(Image(array, *PLACE), tmp_path / "image.nii")
        assert nibabel.load(tmp_path / "image.nii").get_data_dtype() == stored
        back = load_image(tmp_path / "image.nii")
        assert back.array.dtype == dtype
        np.testing.assert_array_equal(back.array, array)


@pytest.mark.parametrize("value", [2**31, 2**53 + 1, -(2**63)])
def test_larger_ones_are_written_as_they_are_and_told(tmp_path, value):
    array = np.asfortranarray(np.resize(np.array([value, 1], np.int64), (5, 4, 3)))
    with pytest.warns(ContentWarning, match="voxels of type int64 were saved, which FSL, SPM and AFNI do not open"):
        save_image(Image(array, *PLACE), tmp_path / "image.nii")
    np.testing.assert_array_equal(load_image(tmp_path / "image.nii").array, array)


# --- segmentations of 3D Slicer ---


@settings(max_examples=60, deadline=None)
@given(
    dtype=st.sampled_from(["bool", "uint8", "uint16", "int16", "int64", "float32", "float64"]),
    values=st.lists(st.integers(0, 65535), max_size=5),
    named=st.lists(st.integers(0, 65535), max_size=3),
    shape=st.sampled_from([(5, 4, 3), (1, 1, 1), (1, 4, 1)]),
)
def test_label_maps_come_back_label_by_label(tmp_path_factory, dtype, values, named, shape):
    array = np.zeros(shape)
    array.flat[: len(values)] = values[: array.size]
    most = np.iinfo(dtype).max if np.dtype(dtype).kind in "iu" else 65535
    array = np.asfortranarray(np.minimum(array, most)).astype(dtype)
    labels = {value: f"name {value}" for value in named}
    path = tmp_path_factory.mktemp("seg") / "labels.seg.nrrd"
    save_image(Image(array, *PLACE, modality="SEG", labels=labels), path)
    back = load_image(path)
    np.testing.assert_array_equal(back.array, array)
    assert back.array.dtype == dtype
    there = {int(value) for value in np.unique(array)} - {0}
    assert set(back.labels) == there | (set(labels) - {0})
    assert all(back.labels[value] == name for value, name in labels.items() if value)
    np.testing.assert_array_equal(load_seg(path).array, array)
    assert {one["segment_number"] for one in get_segment_info(path)} == set(back.labels)
    assert back.grid == Image(array, *PLACE).grid


@pytest.mark.parametrize("value", [0.5, -1, 65536, np.nan])
def test_what_is_no_label_is_refused(tmp_path, value):
    array = np.zeros((5, 4, 3))
    array[0, 0, 0] = value
    with pytest.raises(OptionError, match="whole numbers from 0 to 65535"):
        save_image(Image(array, *PLACE), tmp_path / "labels.seg.nrrd")
    assert not list(tmp_path.iterdir())


def test_a_segmentation_has_no_place_for_a_source_mask(tmp_path):
    mask = np.ones((5, 4, 3), np.bool_)
    image = Image(np.ones((5, 4, 3), np.uint8), *PLACE, source_mask=mask)
    save_image(image, tmp_path / "labels.seg.nrrd")
    mask[0] = False
    with pytest.warns(ContentWarning, match=r"source mask was not saved.*save as \.nrrd"):
        save_image(image, tmp_path / "labels.seg.nrrd")
    np.testing.assert_array_equal(load_seg(tmp_path / "labels.seg.nrrd").array, 1)


@each_suffix
def test_a_saved_label_map_has_its_type_and_names(tmp_path, suffix):
    labels = {1: "liver", 3: "tumor"}
    array = np.asfortranarray(np.resize(np.array([0, 1, 3], np.uint8), (5, 4, 3)))
    save_image(Image(array, *PLACE, modality="SEG", labels=labels), tmp_path / f"labels{suffix}")
    back = load_image(tmp_path / f"labels{suffix}")
    assert (back.array.dtype, back.modality, back.labels) == (np.uint8, "SEG", labels)
    np.testing.assert_array_equal(back.array, array)
