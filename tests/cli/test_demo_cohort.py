"""The demo cohort is what its truth says, as independent readers see it."""

from __future__ import annotations

import hashlib
import zipfile

import highdicom
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from pictologics import GeometryError, OptionError, load_image, load_rtstruct
from pictologics.cli.demo_anatomy import ORGAN_NAMES
from pictologics.cli.demo_cohort import write_demo_cohort


def digest(root):
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(root.rglob("*"))
        if file.is_file()
    }


def test_every_patient_has_a_ct_and_its_organs(demo_cohort):
    assert len(demo_cohort.patients) == 12
    assert len({patient.study_uid for patient in demo_cohort.patients}) == 12
    for patient in demo_cohort.patients:
        assert patient.seg or patient.structures
        assert set(np.unique(patient.organs)) >= {0, 1, 2, 3, 4, 5, 6, 7, 8}
    assert [patient.pet is not None for patient in demo_cohort.patients] == [True, False, False] * 4
    grids = {patient.grid for patient in demo_cohort.patients}
    assert len(grids) == 12


def test_simpleitk_reads_the_ct_where_the_truth_has_it(demo_cohort):
    patient = demo_cohort.patients[4]
    volume = sitk.ReadImage([str(file) for file in patient.ct.files], sitk.sitkFloat32)
    assert volume.GetSize() == patient.grid.shape
    np.testing.assert_allclose(volume.GetOrigin(), patient.grid.origin, atol=1e-9)
    np.testing.assert_allclose(volume.GetSpacing(), patient.grid.spacing, rtol=1e-9)
    liver = sitk.GetArrayViewFromImage(volume).transpose(2, 1, 0)[patient.organs == 5]
    assert np.median(liver) == pytest.approx(110, abs=5)


@pytest.mark.slow
def test_highdicom_reads_the_segmentations(demo_cohort):
    for patient in demo_cohort.patients:
        if patient.seg:
            seg = highdicom.seg.segread(patient.seg.files[0])
            volume = seg.get_volume(combine_segments=True)
            index = np.argwhere(volume.array)
            found = np.zeros_like(patient.organs)
            where = patient.grid.world_to_index(volume.map_indices_to_reference(index))
            np.testing.assert_allclose(where, np.rint(where), atol=1e-6)
            found[tuple(np.rint(where).astype(int).T)] = volume.array[tuple(index.T)]
            np.testing.assert_array_equal(found, patient.organs)
            sources = {uid for *_, uid in seg.get_source_image_uids()}
            read = {pydicom.dcmread(file).SOPInstanceUID for file in patient.ct.files if file.exists()}
            assert read <= sources
            labels = [str(segment.segment_label) for segment in seg.SegmentSequence]
            assert labels == list(ORGAN_NAMES.values())[: len(labels)]


def test_contours_fill_to_the_organs_and_name_the_slices(demo_cohort):
    for number in (0, 2, 5):
        patient = demo_cohort.patients[number]
        scan = load_image(patient.ct.files[0].parent)
        assert scan.grid.corner_error(patient.grid) < 1e-6
        organs = load_rtstruct(patient.structures.files[0], reference_image=scan)
        np.testing.assert_array_equal(organs.array, patient.organs)
        dataset = pydicom.dcmread(patient.structures.files[0])
        named = {
            contour.ContourImageSequence[0].ReferencedSOPInstanceUID
            for roi in dataset.ROIContourSequence
            for contour in roi.ContourSequence
        }
        assert named <= {pydicom.dcmread(file).SOPInstanceUID for file in patient.ct.files}


def test_pet_gives_the_uptake_that_was_put_in(demo_cohort):
    for number in (0, 3):
        patient = demo_cohort.patients[number]
        pet = load_image(patient.pet.files[0].parent, suv="bw")
        np.testing.assert_allclose(pet.array, patient.uptake, atol=1e-5)
        first = pydicom.dcmread(patient.pet.files[0])
        tracer = first.RadiopharmaceuticalInformationSequence[0]
        left = tracer.RadionuclideTotalDose * 2 ** (-3600 / tracer.RadionuclideHalfLife)
        expected = first.pixel_array * float(first.RescaleSlope) * float(first.PatientWeight) * 1000 / left
        np.testing.assert_allclose(patient.uptake[:, :, 0].T, expected, atol=1e-5)


def test_what_is_wrong_with_the_export_is_there(demo_cohort):
    with pytest.raises(GeometryError, match="3 slices are missing"):
        load_image(demo_cohort.broken.files[0].parent)
    uids = {patient.ct.uid for patient in demo_cohort.patients}
    orphan = pydicom.dcmread(demo_cohort.orphan.files[0])
    assert orphan.ReferencedSeriesSequence[0].SeriesInstanceUID not in uids
    assert orphan.StudyInstanceUID not in {patient.study_uid for patient in demo_cohort.patients}
    assert orphan.PatientID == "DEMO-003"
    original, copy = demo_cohort.duplicate
    assert original != copy
    assert original.read_bytes() == copy.read_bytes()
    with pytest.raises((OSError, EOFError, AttributeError, pydicom.errors.InvalidDicomError)):
        _ = pydicom.dcmread(demo_cohort.unreadable).PixelData
    packed = demo_cohort.patients[3].ct
    with zipfile.ZipFile(demo_cohort.archive) as archive:
        assert {name.rpartition("/")[2] for name in archive.namelist()} == {file.name for file in packed.files}
    assert not any(file.exists() for file in packed.files)
    assert load_image(demo_cohort.archive).grid.corner_error(demo_cohort.patients[3].grid) < 1e-6
    scan = load_image(demo_cohort.nifti)
    mask = load_image(demo_cohort.nifti_mask, reference_image=scan)
    np.testing.assert_array_equal(mask.array, demo_cohort.patients[0].organs)


@pytest.mark.slow
def test_the_same_patients_are_the_same_files(demo_cohort, tmp_path):
    few = write_demo_cohort(tmp_path, patients=4)
    assert len({patient.ct.uid for patient in few.patients}) == 4
    assert digest(few.root).items() <= digest(demo_cohort.root).items()


def test_too_few_patients_are_refused(tmp_path):
    with pytest.raises(OptionError, match="4 or more"):
        write_demo_cohort(tmp_path, patients=3)
    assert not list(tmp_path.iterdir())


def test_a_copy_may_be_changed(demo_cohort_copy, demo_cohort):
    assert digest(demo_cohort_copy.root) == digest(demo_cohort.root)
    demo_cohort_copy.patients[0].ct.files[0].unlink()
    assert demo_cohort_copy.patients[0].ct.files[0].name == demo_cohort.patients[0].ct.files[0].name
    assert demo_cohort.patients[0].ct.files[0].exists()
