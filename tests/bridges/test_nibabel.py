"""nibabel, there and back."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings

from pictologics import ContentWarning, GeometryError, Grid, Image, OptionError, load_image, save_image
from pictologics.bridges.nibabel import from_nibabel, to_nibabel
from tests.bridges.crossings import assert_came_back, assert_same_corners, images
from tests.factories.phantom import PHANTOM

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@pytest.fixture
def scan() -> Image:
    grid = Grid(PHANTOM.array.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    array = np.arange(PHANTOM.array.size, dtype=np.float32).reshape(grid.shape, order="F")
    return Image.from_grid(array, grid, modality="CT", metadata={"units": "HU"})


@settings(max_examples=40)
@given(images())
def test_everything_comes_back(image):
    made = image.to_nibabel()
    assert_same_corners(image, LPS_FROM_RAS @ made.affine, made.shape)
    back = Image.from_nibabel(made)
    assert back.grid == image.grid
    assert_came_back(image, back)


@settings(max_examples=40)
@given(images())
def test_everything_comes_back_from_the_bytes_of_a_file(image):
    back = from_nibabel(nibabel.Nifti1Image.from_bytes(to_nibabel(image).to_bytes()))
    assert back.grid == image.grid
    assert_came_back(image, back)


@settings(max_examples=40)
@given(images())
def test_a_foreign_image_comes_back(image):
    """Without our comment: only the affine and the voxels."""
    stored = image.array.astype(np.uint8) if image.dtype == np.bool_ else image.array
    made = nibabel.Nifti1Image(stored, image.grid.affine_in("RAS"), dtype=stored.dtype)
    back = from_nibabel(made)
    assert_same_corners(image, back.affine, back.shape)
    np.testing.assert_array_equal(back.array, stored)


def test_files_of_either_side_are_read_by_the_other(scan, tmp_path):
    nibabel.save(scan.to_nibabel(), tmp_path / "theirs.nii.gz")
    assert load_image(tmp_path / "theirs.nii.gz").equals(scan)
    save_image(scan, tmp_path / "ours.nii.gz")
    back = from_nibabel(nibabel.load(tmp_path / "ours.nii.gz"))
    assert back.grid == scan.grid and back.equals(scan)
    assert back.provenance.source == str(tmp_path / "ours.nii.gz")
    back.array[0, 0, 0] = 5


def masked_at_random(scan: Image) -> Image:
    """Voxels outside the source mask hold values of their own."""
    return scan.with_source_mask(np.random.default_rng(0).random(scan.shape) > 0.5)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_file_that_nibabel_saves_holds_the_source_mask(scan, tmp_path, suffix):
    masked = masked_at_random(scan)
    path = tmp_path / f"scan{suffix}"
    nibabel.save(masked.to_nibabel(), path)
    assert load_image(path).equals(masked)
    part = load_image(path, region=Grid.crop(scan.grid, (1, 2, 0), (3, 2, 4)))
    np.testing.assert_array_equal(part.source_mask, masked.source_mask[1:4, 2:4, 0:4])
    # Values that nibabel changed, with the header that it carries along.
    made = masked.to_nibabel()
    nibabel.save(nibabel.Nifti1Image(made.get_fdata() + 1, made.affine, made.header), path)
    with pytest.warns(ContentWarning, match="source mask in its header does not fit"):
        assert load_image(path).source_mask is None


def test_a_source_mask_that_is_longer_than_a_head_is_said(tmp_path):
    array = np.zeros((100, 100, 100), np.uint8)
    image = masked_at_random(Image(array, (1, 1, 1), (0, 0, 0), modality="SEG", labels={1: "liver"}))
    nibabel.save(image.to_nibabel(), tmp_path / "mask.nii")
    with pytest.warns(ContentWarning, match="longer than what is read of a header"):
        loaded = load_image(tmp_path / "mask.nii")
    assert (loaded.source_mask, loaded.labels) == (None, {1: "liver"})
    assert from_nibabel(nibabel.load(tmp_path / "mask.nii")).equals(image)


def test_both_codes_say_the_same_place(scan):
    header = scan.to_nibabel().header
    assert (int(header["qform_code"]), int(header["sform_code"])) == (1, 1)
    np.testing.assert_allclose(header.get_qform(), header.get_sform(), atol=1e-4)
    assert header.get_xyzt_units()[0] == "mm"


def test_voxels_are_shared_both_ways(scan):
    made = scan.to_nibabel()
    assert np.shares_memory(made.dataobj, scan.array)
    assert np.shares_memory(from_nibabel(made).array, scan.array)
    mask = Image.from_grid(scan.array > 5, scan.grid)
    assert np.shares_memory(mask.to_nibabel().dataobj, mask.array)


def test_a_moved_image_keeps_its_facts_and_its_own_place(scan):
    made = scan.to_nibabel()
    moved = nibabel.Nifti1Image(made.dataobj, made.affine @ np.diag([1, 1, 1.001, 1]), made.header)
    back = from_nibabel(moved)
    assert_same_corners(back, LPS_FROM_RAS @ moved.affine, moved.shape)
    assert (back.modality, back.metadata["units"]) == ("CT", "HU")


def test_flat_images_and_single_volumes_of_series_are_volumes():
    for shape in [(4, 5), (4, 5, 1), (4, 5, 6, 1), (4, 5, 6, 1, 1)]:
        array = np.zeros(shape, np.int16)
        assert from_nibabel(nibabel.Nifti1Image(array, np.eye(4))).shape == (*shape, 1)[:3]


def test_other_images_of_nibabel_cross_too():
    image = nibabel.MGHImage(np.zeros((3, 4, 5), np.float32), np.diag([-2.0, 1.0, 1.0, 1.0]))
    assert from_nibabel(image).grid.spacing == (2.0, 1.0, 1.0)


def with_units(unit: str) -> nibabel.Nifti1Image:
    image = nibabel.Nifti1Image(np.zeros((3, 4, 5), np.int16), np.eye(4))
    image.header.set_xyzt_units(unit)
    return image


FLAT = np.array([[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1.0]])
SHEARED = np.array([[1, 0.3, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])


@pytest.mark.parametrize(
    ("image", "error", "match"),
    [
        (nibabel.Nifti1Image(np.zeros((3, 4, 5), np.int16), SHEARED), GeometryError, "sheared.*resample"),
        (nibabel.MGHImage(np.zeros((3, 4, 5), np.int16), FLAT), GeometryError, "singular"),
        (nibabel.Nifti1Image(np.zeros((3, 4, 5), np.int16), None), GeometryError, "no affine"),
        (nibabel.Nifti1Image(np.zeros((3, 4, 5, 2), np.int16), np.eye(4)), GeometryError, r"slicer\[\.\.\., 0\]"),
        (nibabel.Nifti1Image(np.zeros((3, 4, 5), np.complex64), np.eye(4)), OptionError, "complex64"),
        (with_units("micron"), GeometryError, "unit 'micron' and millimeters are required"),
        (with_units("meter"), GeometryError, "unit 'meter'"),
        (np.zeros((3, 4, 5)), OptionError, "an image of nibabel"),
    ],
)
def test_what_cannot_be_kept_is_refused(image, error, match):
    with pytest.raises(error, match=match):
        Image.from_nibabel(image)


def test_a_long_axis_becomes_nifti_2():
    made = to_nibabel(Image(np.zeros((32768, 1, 1), np.uint8), (1, 1, 1), (0, 0, 0)))
    assert isinstance(made, nibabel.Nifti2Image)
    assert from_nibabel(made).shape == (32768, 1, 1)
