"""SimpleITK, there and back."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import ContentWarning, GeometryError, Grid, Image, OptionError, load_image
from pictologics.bridges.sitk import from_sitk, to_sitk
from tests.bridges.crossings import assert_came_back, assert_same_corners, images
from tests.factories.grids import grids
from tests.factories.phantom import PHANTOM


@pytest.fixture
def scan() -> Image:
    grid = Grid(PHANTOM.array.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    array = np.arange(PHANTOM.array.size, dtype=np.float32).reshape(grid.shape, order="F")
    return Image.from_grid(array, grid, modality="CT", metadata={"units": "HU"})


def affine_of(image) -> np.ndarray:
    """What SimpleITK itself says of where voxels are."""
    affine = np.eye(4)
    affine[:3, 3] = image.TransformContinuousIndexToPhysicalPoint((0, 0, 0))
    for axis in range(3):
        step = [0.0, 0.0, 0.0]
        step[axis] = 1.0
        affine[:3, axis] = np.array(image.TransformContinuousIndexToPhysicalPoint(step)) - affine[:3, 3]
    return affine


@settings(max_examples=40)
@given(images())
def test_everything_comes_back(image):
    made = image.to_sitk()
    assert_same_corners(image, affine_of(made), made.GetSize())
    back = Image.from_sitk(made)
    assert back.grid == image.grid
    assert_came_back(image, back)


@settings(max_examples=40)
@given(grids(st.tuples(*[st.integers(1, 5)] * 3)), st.sampled_from([sitk.sitkUInt8, sitk.sitkInt16, sitk.sitkFloat64]))
def test_an_image_of_theirs_comes_back_to_them(grid, kind):
    theirs = sitk.AdditiveGaussianNoise(sitk.Image(grid.shape, kind) + 100, 20.0, 0.0, 1)
    theirs.SetSpacing(grid.spacing)
    theirs.SetOrigin(grid.origin)
    theirs.SetDirection(grid.direction.ravel().tolist())
    back = from_sitk(theirs).to_sitk()
    assert back.IsSameImageGeometryAs(theirs, 0.0, 0.0)
    assert back.GetPixelID() == kind
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(back), sitk.GetArrayViewFromImage(theirs))


@settings(max_examples=40)
@given(grids())
def test_the_same_voxel_is_at_the_same_point(grid):
    array = np.zeros(grid.shape, np.uint8)
    index = tuple(size // 2 for size in grid.shape)
    array[index] = 7
    made = to_sitk(Image.from_grid(array, grid))
    assert made[index] == 7
    np.testing.assert_allclose(made.TransformIndexToPhysicalPoint(index), grid.index_to_world(index), rtol=0, atol=1e-6)


def test_images_that_simpleitk_read_are_those_that_we_read(scan, tmp_path):
    for name in ("scan.mha", "scan.nrrd"):
        sitk.WriteImage(scan.to_sitk(), tmp_path / name)
        assert from_sitk(sitk.ReadImage(tmp_path / name)).grid.corner_error(scan.grid) < 1e-9
    # A file that SimpleITK writes carries what it has no field for.
    assert load_image(tmp_path / "scan.nrrd").equals(scan)


def test_a_file_that_simpleitk_writes_holds_the_source_mask(scan, tmp_path):
    masked = scan.with_source_mask(scan.array > 50)
    sitk.WriteImage(masked.to_sitk(), tmp_path / "scan.nrrd")
    assert load_image(tmp_path / "scan.nrrd").equals(masked)


def test_the_modality_stands_where_itk_has_it(scan):
    made = scan.to_sitk()
    assert made.GetMetaData("0008|0060") == "CT"
    foreign = sitk.Image(3, 4, 5, sitk.sitkInt16)
    foreign.SetMetaData("0008|0060", "MR ")
    assert from_sitk(foreign).modality == "MR"


def test_a_part_keeps_its_facts_and_its_place(scan):
    part = scan.to_sitk()[1:4, 1:, ::2]
    part.SetMetaData("pictologics", scan.to_sitk().GetMetaData("pictologics"))
    back = from_sitk(part)
    assert (back.modality, back.metadata["units"]) == ("CT", "HU")
    assert back.grid.corner_error(scan.grid[1:4, 1:, ::2]) < 1e-9
    np.testing.assert_array_equal(back.array, scan.array[1:4, 1:, ::2])


def test_a_source_mask_that_no_longer_fits_is_said(scan):
    valid = np.ones(scan.shape, np.bool_)
    valid[0] = False
    masked = scan.with_source_mask(valid)
    made = masked.to_sitk()
    part = made[1:, :, :]
    part.SetMetaData("pictologics_source_mask", made.GetMetaData("pictologics_source_mask"))
    with pytest.warns(ContentWarning, match="source mask is that of other voxels"):
        assert from_sitk(part).source_mask is None


def test_both_sides_hold_voxels_of_their_own(scan):
    made = scan.to_sitk()
    back = from_sitk(made)
    made[0, 0, 0] = 999
    assert scan.array[0, 0, 0] == back.array[0, 0, 0] == 0
    assert back.array.flags.f_contiguous and back.array.flags.writeable


@pytest.mark.parametrize(
    ("image", "error", "match"),
    [
        (sitk.Image(4, 5, sitk.sitkInt16), GeometryError, "2 dimensions.*JoinSeries"),
        (sitk.Image([3, 4, 5, 2], sitk.sitkInt16), GeometryError, r"4 dimensions.*image\[:, :, :, 0\]"),
        (sitk.Image([3, 4, 5], sitk.sitkVectorUInt8, 3), OptionError, "vector of 8-bit.*VectorIndexSelectionCast"),
        (sitk.Image([3, 4, 5], sitk.sitkComplexFloat32), OptionError, "complex of 32-bit"),
        (sitk.Image([3, 4, 5], sitk.sitkLabelUInt8), OptionError, "label of 8-bit.*LabelMapToLabel"),
        (np.zeros((3, 4, 5)), OptionError, "ndarray.*an image of SimpleITK"),
    ],
)
def test_what_is_no_volume_of_numbers_is_refused(image, error, match):
    with pytest.raises(error, match=match):
        Image.from_sitk(image)


def test_a_sheared_direction_is_refused():
    image = sitk.Image(30, 40, 50, sitk.sitkInt16)
    image.SetDirection([1, 0.3, 0, 0, 1, 0, 0, 0, 1])
    with pytest.raises(GeometryError, match=r"orthogonal.*SimpleITK\.Resample"):
        Image.from_sitk(image)


def test_no_voxel_and_no_place_are_called_what_they_are():
    nowhere = sitk.Image(3, 4, 5, sitk.sitkInt16)
    nowhere.SetOrigin((np.nan, 0.0, 0.0))
    with pytest.raises(GeometryError, match=r"origin .* do not describe a grid; .* every number finite"):
        Image.from_sitk(nowhere)
    with pytest.raises(GeometryError, match=r"shape \(3, 4, 0\).* do not describe a grid"):
        Image.from_sitk(sitk.Image(3, 4, 0, sitk.sitkInt16))


@pytest.mark.parametrize("dtype", [np.complex64, np.longdouble])
def test_voxels_that_simpleitk_does_not_have_are_refused(dtype):
    with pytest.raises(OptionError, match="voxels"):
        Image(np.zeros((2, 2, 2), dtype), (1, 1, 1), (0, 0, 0)).to_sitk()


def test_a_missing_library_is_named(scan, monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(OptionError, match="needs the library SimpleITK, which is not installed; run: pip install"):
        scan.to_sitk()
