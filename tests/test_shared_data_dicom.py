"""Real scans of several volumes, mosaics and an enhanced file, against what dcm2niix made of them."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from pictologics import ContentWarning, Image, explain, load_image
from pictologics.utilities import get_dicom_phases
from tests.factories.truth import values_at


def to_lps(affine: np.ndarray) -> np.ndarray:
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def assert_equals(image: Image, array: np.ndarray, affine: np.ndarray, **tolerance) -> None:
    """The same voxels at the same points of the world, all of them."""
    index = np.stack(np.meshgrid(*map(np.arange, array.shape), indexing="ij"), -1).reshape(-1, 3)
    lps = to_lps(affine)
    found = values_at(image, index @ lps[:3, :3].T + lps[:3, 3])
    assert image.array.size == array.size
    if tolerance:
        np.testing.assert_allclose(found, array.reshape(-1), **tolerance)
    else:
        np.testing.assert_array_equal(found, array.reshape(-1))


@pytest.fixture(scope="module")
def epi(shared_data) -> Path:
    return shared_data / "ge_epi" / "dicom"


def test_epi_has_ten_volumes(epi):
    phases = get_dicom_phases(epi)
    assert [phase.num_slices for phase in phases] == [15] * 10
    assert len({path for phase in phases for path in phase.file_paths}) == 150
    assert all(volume.loads for volume in explain(epi).volumes)


@pytest.mark.parametrize("t", range(10))
def test_epi_volumes_equal_the_reference_bit_for_bit(shared_data, epi, t):
    reference = nibabel.load(shared_data / "ge_epi" / "reference.nii")
    stored = np.asarray(reference.dataobj)[..., t]
    # Ten volumes that nothing but their instance numbers tells apart.
    with pytest.warns(ContentWarning, match="only the order of the images"):
        assert_equals(load_image(epi, dataset_index=t), stored, reference.affine)


def test_epi_volumes_from_their_entries(shared_data, epi):
    reference = nibabel.load(shared_data / "ge_epi" / "reference.nii")
    for t in (3, 9):
        entry = get_dicom_phases(epi)[t]
        assert_equals(load_image(entry), np.asarray(reference.dataobj)[..., t], reference.affine)


def test_mosaics_equal_the_reference(shared_data):
    folder = shared_data / "siemens_mosaic"
    reference = nibabel.load(folder / "reference.nii")
    array = np.asarray(reference.dataobj)
    assert array.shape == (72, 72, 5, 2)
    phases = get_dicom_phases(folder / "dicom")
    assert [phase.num_slices for phase in phases] == [5, 5]
    for t, phase in enumerate(phases):
        image = load_image(folder / "dicom", dataset_index=t)
        assert_equals(image, array[..., t], reference.affine)
        assert_equals(load_image(phase), array[..., t], reference.affine)


def test_one_mosaic_alone(shared_data):
    folder = shared_data / "siemens_mosaic"
    reference = nibabel.load(folder / "reference.nii")
    first = min((folder / "dicom").glob("*.dcm"), key=lambda p: pydicom.dcmread(p).InstanceNumber)
    assert_equals(load_image(first), np.asarray(reference.dataobj)[..., 0], reference.affine)


@pytest.fixture(scope="module")
def enhanced(shared_data) -> Path:
    return shared_data / "philips_enhanced_mr" / "IM_0027_fMAP.dcm"


def test_enhanced_file_has_two_volumes(enhanced):
    phases = get_dicom_phases(enhanced)
    assert [phase.num_slices for phase in phases] == [32, 32]
    assert [phase.label for phase in phases] == ["MAGNITUDE", "B0 map (Hz)"]


def test_enhanced_volumes_equal_the_references(shared_data, enhanced):
    """The field map is in Hz in both.

    Of the magnitude dcm2niix gives Philips' "precise values": (stored * RescaleSlope + RescaleIntercept) over
    (RescaleSlope * ScaleSlope), with the private scale slope (2005,100E). They are in no units, and the file's own
    rescale, which the standard knows, differs from them by one factor for the whole volume.
    """
    folder = shared_data / "philips_enhanced_mr"
    field = nibabel.load(folder / "Philips_WIP_B0_NS_801_e2_fieldmaphz.nii")
    magnitude = nibabel.load(folder / "Philips_WIP_B0_NS_801_e1.nii")
    images = [load_image(enhanced, dataset_index=t) for t in range(2)]
    images.reverse()
    values = np.asarray(field.dataobj, dtype=np.float64)
    assert_equals(images[0], values, field.affine, rtol=1e-4, atol=np.abs(values).max() * 1e-5)
    values = np.asarray(magnitude.dataobj, dtype=np.float64) * precise_value_factor(enhanced)
    assert_equals(images[1], values, magnitude.affine, rtol=1e-5, atol=values.max() * 1e-6)


def precise_value_factor(enhanced: Path) -> float:
    """RescaleSlope times scale slope, the same in all frames of the magnitude."""
    found = set()
    for group in pydicom.dcmread(enhanced, stop_before_pixels=True).PerFrameFunctionalGroupsSequence:
        if group.MRImageFrameTypeSequence[0].FrameType[3] == "M":
            scale_slope = group[0x2005140F].value[0][0x2005100E].value
            found.add(float(group.PixelValueTransformationSequence[0].RescaleSlope) * scale_slope)
    (factor,) = found
    return factor


def test_enhanced_frames_equal_pydicom(enhanced):
    ds = pydicom.dcmread(enhanced)
    pixels = ds.pixel_array
    for t in range(2):
        image = load_image(enhanced, dataset_index=t)
        for k, source in enumerate(image.provenance.slices):
            group = ds.PerFrameFunctionalGroupsSequence[source.frame]
            position = [float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient]
            assert source.position == pytest.approx(position)
            np.testing.assert_allclose(
                image.array[:, :, k].T, pixels[source.frame] * source.slope + source.intercept, rtol=1e-6, atol=1e-6
            )
