"""What is saved loads back bit for bit, and other software reads the same."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st

from pictologics import (
    GeometryError,
    Grid,
    Image,
    OptionError,
    load_image,
    save_image,
)
from tests.factories.grids import grids

small = st.tuples(*[st.integers(1, 6)] * 3)


def values(shape, dtype="float32"):
    numbers = np.random.default_rng(5).normal(0, 50, shape)
    return np.asfortranarray(numbers.astype(dtype) if np.dtype(dtype).kind != "u" else np.abs(numbers).astype(dtype))


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@given(grid=grids(small))
def test_round_trip_is_bit_for_bit(tmp_path, suffix, grid):
    image = Image.from_grid(values(grid.shape), grid, modality="CT", metadata={"units": "HU"})
    path = tmp_path / f"image{suffix}"
    save_image(image, path)
    back = load_image(path)
    np.testing.assert_array_equal(back.array, image.array)
    assert back.array.dtype == np.float32
    assert back.grid == image.grid
    assert (back.modality, back.metadata) == ("CT", {"units": "HU"})


@pytest.mark.parametrize("angle", [0.0, 1e-4, 4e-4, 6e-4, 8e-4, 2e-3])
@pytest.mark.parametrize("sides", [(-1.0, 1.0, 1.0), (1.0, 1.0, -1.0), (-1.0, -1.0, 1.0), (1.0, 1.0, 1.0)])
def test_a_quaternion_near_a_half_turn_is_no_disagreement(tmp_path, angle, sides):
    """Of such a quaternion float32 keeps the angle to a twentieth of a degree: a long thin voxel shows it."""
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])
    grid = Grid((1, 1, 4), (1.0, 0.125, 11.0), (0.0, 0.0, 0.0), np.diag(sides) @ turn)
    save_image(Image.from_grid(values(grid.shape), grid), tmp_path / "image.nii")
    assert load_image(tmp_path / "image.nii").grid == grid


@given(grid=grids(small))
def test_nibabel_and_simpleitk_see_the_same(tmp_path, grid):
    image = Image.from_grid(values(grid.shape), grid)
    path = tmp_path / "image.nii"
    save_image(image, path)
    other = nibabel.load(path)
    np.testing.assert_array_equal(np.asarray(other.dataobj), image.array)
    # The header's float32 numbers are good to 1e-7 of the largest of them.
    scale = np.abs(grid.affine).max()
    np.testing.assert_allclose(other.get_sform(), grid.affine_in("RAS"), atol=scale * 2e-6)
    np.testing.assert_allclose(other.get_qform(), grid.affine_in("RAS"), atol=scale * 2e-5)
    assert int(other.header["sform_code"]) == int(other.header["qform_code"]) == 1
    itk = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(itk).T, image.array)
    for corner in grid.corner_indices[[0, 7]]:
        point = itk.TransformContinuousIndexToPhysicalPoint(corner.tolist())
        np.testing.assert_allclose(point, grid.index_to_world(corner), atol=scale * 1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64", ">i2"])
def test_every_type_is_stored_as_it_is(tmp_path, dtype):
    image = Image(values((3, 4, 5), dtype), (1.0, 2.0, 3.0), (0.0, 0.0, 0.0))
    save_image(image, tmp_path / "image.nii")
    stored = np.asarray(nibabel.load(tmp_path / "image.nii").dataobj)
    assert stored.dtype == np.dtype(dtype).newbyteorder("<")
    np.testing.assert_array_equal(stored, image.array)


def test_masks_of_bool_and_half_floats_are_stored_in_the_next_type(tmp_path):
    for dtype, stored in ((bool, np.uint8), (np.float16, np.float32)):
        array = values((3, 4, 5)).astype(dtype)
        save_image(Image(array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), tmp_path / "image.nii")
        assert nibabel.load(tmp_path / "image.nii").get_data_dtype() == stored
        np.testing.assert_array_equal(load_image(tmp_path / "image.nii").array, array.astype(np.float32))


def test_c_ordered_and_sliced_arrays(tmp_path):
    array = np.ascontiguousarray(values((6, 8, 10)))[::2, ::-1, 1:9]
    save_image(Image(array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), tmp_path / "image.nii.gz")
    np.testing.assert_array_equal(load_image(tmp_path / "image.nii.gz").array, array)


def test_an_axis_too_long_for_nifti_1_makes_nifti_2(tmp_path):
    image = Image(values((40000, 1, 2), "int16"), (1.0, 1.0, 1.0), (-5.0, 0.0, 0.0))
    save_image(image, tmp_path / "long.nii")
    assert isinstance(nibabel.load(tmp_path / "long.nii"), nibabel.Nifti2Image)
    np.testing.assert_array_equal(load_image(tmp_path / "long.nii").array, image.array)


def test_a_note_that_the_header_contradicts_is_not_used(tmp_path):
    """Another program moved the image and copied the header's extensions along."""
    path = tmp_path / "image.nii"
    save_image(Image(values((3, 4, 5)), (0.7, 0.7, 1.1), (1.0, 2.0, 3.0), modality="CT"), path)
    moved = nibabel.load(path)
    affine = moved.affine.copy()
    affine[0, 3] += 5.0
    header = moved.header.copy()
    assert json.loads(header.extensions[0].get_content().rstrip(b"\0"))["pictologics"] == 1
    nibabel.Nifti1Image(np.asarray(moved.dataobj), affine, header).to_filename(tmp_path / "moved.nii")
    assert len(nibabel.load(tmp_path / "moved.nii").header.extensions) == 1
    back = load_image(tmp_path / "moved.nii")
    assert back.origin[0] == pytest.approx(1.0 - 5.0)
    assert back.modality == "Unknown"


def test_the_same_image_gives_the_same_bytes(tmp_path):
    image = Image(values((3, 4, 5)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    for name in ("a.nii.gz", "b.nii.gz"):
        save_image(image, tmp_path / name)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "image.nii"
    save_image(Image(values((3, 4, 5)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), path)
    before = path.read_bytes()
    with pytest.raises(OptionError, match="complex"):
        save_image(Image(np.zeros((3, 4, 5), complex), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), path)
    with pytest.raises(GeometryError):
        save_image(Image(np.zeros((3, 4)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), path)
    assert [one.name for one in tmp_path.iterdir()] == ["image.nii"]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "words"), [("image.png", "suffix"), ("image", "suffix"), ("missing/image.nii", "folder"), (".", "name")]
)
def test_names_that_cannot_be_written(tmp_path, name, words):
    image = Image.from_grid(values((3, 4, 5)), Grid((3, 4, 5)))
    with pytest.raises(OptionError, match=words):
        save_image(image, tmp_path / name)
    (tmp_path / "folder.nii").mkdir()
    with pytest.raises(OptionError, match="folder"):
        save_image(image, tmp_path / "folder.nii")
