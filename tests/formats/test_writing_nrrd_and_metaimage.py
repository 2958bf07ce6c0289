"""NRRD and MetaImage: what is saved loads back bit for bit, and SimpleITK reads the same."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    Image,
    OptionError,
    load_image,
    save_image,
)
from tests.factories.grids import grids
from tests.factories.oracles import assert_is_as_in_simpleitk

SUFFIXES = [".nrrd", ".nhdr", ".mha", ".mhd"]
DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64", ">i2"]

each_suffix = pytest.mark.parametrize("suffix", SUFFIXES)


def values(shape, dtype="float32"):
    numbers = np.random.default_rng(5).normal(0, 50, shape)
    return np.asfortranarray(numbers.astype(dtype) if np.dtype(dtype).kind != "u" else np.abs(numbers).astype(dtype))


def simple(array, **fields) -> Image:
    return Image(array, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), **fields)


@each_suffix
@given(grid=grids(st.tuples(*[st.integers(1, 6)] * 3)))
@settings(max_examples=25)
def test_round_trip_is_bit_for_bit(tmp_path, suffix, grid):
    facts = {"units": "HU", "series_description": 'a "name" \\ of\ntwo lines, \N{GREEK SMALL LETTER MU}'}
    labels = {1: "liver", 300: "b = c: d"}
    image = Image.from_grid(values(grid.shape), grid, modality="CT", metadata=facts, labels=labels)
    path = tmp_path / f"image{suffix}"
    save_image(image, path)
    back = load_image(path)
    np.testing.assert_array_equal(back.array, image.array)
    assert back.array.dtype == np.float32
    assert back.grid == image.grid
    assert (back.modality, back.metadata, back.labels) == ("CT", facts, labels)
    assert_is_as_in_simpleitk(path, image)


@each_suffix
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_is_stored_as_it_is(tmp_path, suffix, dtype):
    image = simple(values((3, 4, 5), dtype))
    path = tmp_path / f"image{suffix}"
    save_image(image, path)
    stored = sitk.GetArrayFromImage(sitk.ReadImage(str(path))).T
    assert stored.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(stored, image.array)


@each_suffix
def test_masks_of_bool_half_floats_and_arrays_in_any_order(tmp_path, suffix):
    path = tmp_path / f"image{suffix}"
    for array in (
        values((3, 4, 5)) > 0,
        values((3, 4, 5)).astype(np.float16),
        np.ascontiguousarray(values((6, 8, 30)))[::2, ::-1, 1:29],
    ):
        save_image(simple(array), path)
        np.testing.assert_array_equal(load_image(path).array, array.astype(np.float32))


@each_suffix
def test_names_of_very_many_labels_do_no_harm_to_others(tmp_path, suffix):
    """MetaIO gives up on a value of 500 characters."""
    image = simple(values((3, 4, 5), "uint16"), labels={k: f"structure number {k}" for k in range(1, 2000)})
    path = tmp_path / f"image{suffix}"
    save_image(image, path)
    assert load_image(path).labels == image.labels
    assert_is_as_in_simpleitk(path, image)


@each_suffix
def test_a_note_that_the_header_contradicts_is_not_used(tmp_path, suffix):
    """Another program moved the image and copied the header's keys along."""
    path = tmp_path / f"image{suffix}"
    save_image(simple(values((3, 4, 5)), modality="PT", labels={1: "liver"}), path)
    moved = sitk.ReadImage(str(path))
    moved.SetOrigin((40.0, 5.0, 6.0))
    sitk.WriteImage(moved, path)
    back = load_image(path)
    assert back.origin[0] == pytest.approx(40.0)
    assert (back.modality, back.labels) == ("Unknown", {})


@each_suffix
def test_the_same_image_gives_the_same_bytes(tmp_path, suffix):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save_image(simple(values((3, 4, 5))), tmp_path / name / f"image{suffix}")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


@each_suffix
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, suffix, monkeypatch):
    path = tmp_path / f"image{suffix}"
    save_image(simple(values((3, 4, 5))), path)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    with pytest.raises(OptionError, match="complex"):
        save_image(simple(np.zeros((3, 4, 5), complex)), path)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        f"pictologics.formats.{'nrrd' if suffix[1] == 'n' else 'metaimage'}.writing.iterate_planes", full
    )
    with pytest.raises(OSError, match="No space"):
        save_image(simple(values((3, 4, 5))), path)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_a_modality_that_metaimage_has_a_word_for(tmp_path):
    save_image(simple(values((3, 4, 5)), modality="MR"), tmp_path / "image.mha")
    assert b"Modality = MET_MOD_MR\n" in (tmp_path / "image.mha").read_bytes()


def test_names_of_labels_survive_in_nifti_too(tmp_path):
    image = simple(values((3, 4, 5), "uint8"), labels={1: "liver", 7: "Milz \N{LATIN SMALL LETTER SHARP S}"})
    save_image(image, tmp_path / "image.nii.gz")
    assert load_image(tmp_path / "image.nii.gz").labels == image.labels
