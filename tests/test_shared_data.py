"""Real scans: the same voxels at the same place, whatever the format and whoever reads it."""

from __future__ import annotations

import warnings
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from pictologics import (
    GeometryError,
    GeometryWarning,
    Image,
    OptionError,
    UnsupportedFormatError,
    load_image,
    save_image,
)
from pictologics.geometry import Grid


def simpleitk_series(folder: Path) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def grid_of(image: sitk.Image) -> Grid:
    direction = np.array(image.GetDirection()).reshape(3, 3)
    return Grid(image.GetSize(), image.GetSpacing(), image.GetOrigin(), direction)


def world_value(image: Image, position) -> float:
    """The voxel at a point of the world."""
    x, y, z = np.round(image.grid.world_to_index(position)).astype(int)
    return float(image.array[x, y, z])


# --- the chest CT ---


@pytest.fixture(scope="module")
def ct(shared_data) -> Image:
    return load_image(shared_data / "ibsi_ct" / "dicom" / "image")


@pytest.fixture(scope="module")
def ct_from_nifti(shared_data) -> Image:
    return load_image(shared_data / "ibsi_ct" / "nifti" / "image" / "phantom.nii.gz")


def test_ct_equals_simpleitk(shared_data, ct):
    other = simpleitk_series(shared_data / "ibsi_ct" / "dicom" / "image")
    np.testing.assert_array_equal(ct.array, sitk.GetArrayFromImage(other).T)
    assert ct.grid.corner_error(grid_of(other)) < 1e-6
    assert ct.array.shape == (204, 201, 60)
    assert ct.modality == "CT"
    assert ct.metadata["units"] == "HU"


def test_ct_from_nifti_equals_simpleitk(shared_data, ct_from_nifti):
    other = sitk.ReadImage(str(shared_data / "ibsi_ct" / "nifti" / "image" / "phantom.nii.gz"))
    np.testing.assert_array_equal(ct_from_nifti.array, sitk.GetArrayFromImage(other).T)
    assert ct_from_nifti.grid.corner_error(grid_of(other)) < 1e-4


def test_ct_is_the_same_at_the_same_place_from_both(ct, ct_from_nifti):
    """Whichever way each stores its axes: by position, every corner, and many points between."""
    assert sorted(ct.array.shape) == sorted(ct_from_nifti.array.shape)
    lattice = ct_from_nifti.grid.lattice_map(ct.grid)
    assert lattice.corner_error < 0.01
    rng = np.random.default_rng(0)
    indices = [*ct.grid.corner_indices.astype(int), *rng.integers(0, ct.array.shape, (2000, 3))]
    for index in indices:
        assert world_value(ct_from_nifti, ct.grid.index_to_world(index)) == ct.array[tuple(index)]


def test_ct_placed_on_the_other_is_the_other(shared_data, ct, ct_from_nifti):
    placed = load_image(shared_data / "ibsi_ct" / "nifti" / "image" / "phantom.nii.gz", reference_image=ct)
    assert placed.grid == ct.grid
    np.testing.assert_array_equal(placed.array, ct.array)


def test_mask_from_nifti_meets_the_ct_from_dicom(shared_data, ct):
    mask = load_image(shared_data / "ibsi_ct" / "nifti" / "mask" / "mask.nii.gz", reference_image=ct)
    other = nibabel.load(shared_data / "ibsi_ct" / "nifti" / "mask" / "mask.nii.gz")
    assert mask.array.shape == ct.array.shape
    assert mask.array.sum() == np.asarray(other.dataobj).sum() > 0
    assert ct.with_source_mask(mask).source_mask.sum() == mask.array.sum()
    # The tumor's center of mass lies at the same point of the world for nibabel.
    theirs = other.affine @ [*np.argwhere(np.asarray(other.dataobj) > 0).mean(axis=0), 1.0]
    ours = mask.grid.index_to_world(np.argwhere(mask.array > 0).mean(axis=0))
    np.testing.assert_allclose(ours, theirs[:3] * (-1, -1, 1), rtol=0, atol=1e-3)


def test_ct_provenance_leads_back_to_each_file(shared_data, ct):
    import pydicom

    assert len(ct.provenance.slices) == 60
    for k in (0, 17, 59):
        ds = pydicom.dcmread(ct.provenance.slices[k].file)
        assert ct.provenance.slices[k].sop_instance_uid == ds.SOPInstanceUID
        values = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
        np.testing.assert_array_equal(ct.array[:, :, k], values.T)
        np.testing.assert_allclose(ct.grid.index_to_world((0, 0, k)), ds.ImagePositionPatient, atol=1e-3)


def test_ct_saved_loads_bit_for_bit_and_others_read_it(tmp_path, ct):
    for name in ("ct.nii", "ct.nii.gz"):
        save_image(ct, tmp_path / name)
        again = load_image(tmp_path / name)
        assert again.array.tobytes() == ct.array.tobytes()
        assert again.grid == ct.grid
        other = sitk.ReadImage(str(tmp_path / name))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(other).T, ct.array)
        assert ct.grid.corner_error(grid_of(other)) < 1e-3


def test_folder_above_needs_recursive_and_then_finds_the_scan(shared_data, ct):
    with pytest.raises(UnsupportedFormatError):
        load_image(shared_data / "ibsi_ct")
    image = load_image(shared_data / "ibsi_ct" / "dicom", recursive=True)
    np.testing.assert_array_equal(image.array, ct.array)


def test_a_folder_of_one_structure_set_needs_the_image_that_it_is_drawn_on(shared_data):
    with pytest.raises(OptionError, match="reference_image"):
        load_image(shared_data / "ibsi_ct" / "dicom" / "mask")


# --- the digital phantom ---


def test_digital_phantom_has_the_statistics_of_the_manual(shared_data):
    image = load_image(shared_data / "ibsi_digital" / "nifti" / "image" / "phantom.nii.gz")
    mask = load_image(shared_data / "ibsi_digital" / "nifti" / "mask" / "mask.nii.gz")
    values = image.array[mask.array > 0]
    assert image.array.shape == (5, 4, 4)
    np.testing.assert_allclose(image.spacing, (2, 2, 2))
    # IBSI reference manual, digital phantom, intensity-based statistics.
    assert values.size == 74
    assert values.mean() == pytest.approx(2.15, abs=0.005)
    assert values.var() == pytest.approx(3.05, abs=0.005)
    assert values.max() == 6


# --- scans that are no single regular volume ---


def test_tilted_gantry_is_refused_by_its_angle_and_kept_when_asked(shared_data):
    folder = shared_data / "ge_tilted_ct" / "dicom"
    with pytest.raises(GeometryError, match=r"tilted by 18\.5 degrees.*distance between slices varies") as caught:
        load_image(folder)
    assert set(caught.value.values["findings"]) == {"tilted", "spacing varies"}
    with pytest.warns(GeometryWarning, match="tilted"):
        image = load_image(folder, irregular="ignore")
    assert image.array.shape == (512, 512, 28)


def test_one_volume_of_repeated_ones_by_its_list_of_files(shared_data):
    """The first fifteen files of the folder are the first volume; dcm2niix wrote the reference."""
    import pydicom

    files = sorted((shared_data / "ge_epi" / "dicom").glob("*.dcm"))
    numbered = sorted((int(pydicom.dcmread(f, stop_before_pixels=True).InstanceNumber), f) for f in files)
    image = load_image([f for _, f in numbered[:15]])
    reference = load_image(shared_data / "ge_epi" / "reference.nii", dataset_index=0)
    lattice = reference.grid.lattice_map(image.grid)
    assert lattice.corner_error < 0.01
    rng = np.random.default_rng(0)
    for index in rng.integers(0, image.array.shape, (500, 3)):
        assert world_value(reference, image.grid.index_to_world(index)) == image.array[tuple(index)]


@pytest.mark.parametrize("index", [0, 4, 9])
def test_volume_of_a_4d_file_equals_nibabel(shared_data, index):
    path = shared_data / "ge_epi" / "reference.nii"
    image = load_image(path, dataset_index=index)
    np.testing.assert_array_equal(image.array, np.asarray(nibabel.load(path).dataobj)[..., index])


def test_every_nifti_file_equals_nibabel(shared_data):
    paths = sorted(shared_data.rglob("*.nii*"))
    assert paths
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", GeometryWarning)
            image = load_image(path)
        other = nibabel.load(path)
        array = np.asanyarray(other.dataobj)
        array = array.reshape((*array.shape[:3], -1), order="F")[..., 0]
        np.testing.assert_allclose(image.array, array, rtol=2e-7, err_msg=str(path))
        assert image.grid.corner_error(np.diag([-1.0, -1.0, 1.0, 1.0]) @ other.affine) < 0.01, path
