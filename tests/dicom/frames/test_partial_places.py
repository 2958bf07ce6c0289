"""Files that say a part of where their planes lie: it is kept, and the rest is assumed and named."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from pictologics import GeometryError, GeometryWarning, UnsupportedFormatError, load_image
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import write_series
from tests.factories.enhanced import item, planes_of, write_enhanced
from tests.factories.multiframe import (
    AXIAL,
    finish,
    frames_dataset,
    place,
    write_capture,
    write_dose,
    write_nuclear,
    write_ultrasound,
)
from tests.factories.phantom import PHANTOM, Phantom
from tests.factories.truth import assert_shows

SLICES = PHANTOM.shape[2]


def load_with_warnings(path, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = load_image(path, **options)
    assert all(issubclass(warning.category, GeometryWarning) for warning in caught)
    return image, " | ".join(str(warning.message) for warning in caught)


def forget(*keywords):
    def change(ds, *_):
        for keyword in keywords:
            delattr(ds, keyword)

    return change


def view(row, column):
    """The phantom in a view along the axes of the patient."""
    normal = np.cross(row, column)
    return Phantom(PHANTOM.array, PHANTOM.spacing, (-61.25, 104.5, -33.75), np.column_stack([row, column, normal]))


VIEWS = {
    "axial": AXIAL,
    "coronal": view((1.0, 0, 0), (0, 0, -1.0)),
    "sagittal": view((0, 1.0, 0), (0, 0, -1.0)),
}


# --- positions without an orientation ---


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("empty", [False, True], ids=["missing", "zeros"])
def test_positions_without_an_orientation_are_taken_for_the_usual_view(tmp_path, name, empty):
    phantom = VIEWS[name]

    def change(ds, k):
        if empty:
            ds.ImageOrientationPatient = [0] * 6
        else:
            del ds.ImageOrientationPatient

    write_series(tmp_path, phantom, change)
    image, said = load_with_warnings(tmp_path)
    assert_shows(image, phantom)
    assert f"positions and no orientation; {name} was assumed" in said
    assert "is unknown" not in said
    assert "no position in the patient" not in said


def test_planes_stand_upright_on_a_line_of_positions_that_leans(tmp_path):
    """The step is the distance of the positions, as SimpleITK and dcm2niix have it."""
    write_series(tmp_path, PHANTOM, forget("ImageOrientationPatient"))
    image, said = load_with_warnings(tmp_path)
    assert "axial planes perpendicular" in said
    np.testing.assert_allclose(image.spacing, PHANTOM.spacing)
    np.testing.assert_allclose(image.direction[:, 2], PHANTOM.direction[:, 2], atol=1e-9)
    np.testing.assert_allclose(image.direction.T @ image.direction, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(image.origin, PHANTOM.origin)


def test_a_single_slice_with_a_position_stays_there(tmp_path):
    (path,) = write_series(tmp_path, AXIAL, forget("ImageOrientationPatient"), slices=[3])
    image, said = load_with_warnings(path)
    np.testing.assert_allclose(image.origin, AXIAL.position((0, 0, 3)))
    assert "axial was assumed" in said


def test_frames_without_an_orientation(tmp_path):
    """As of cone beam CT (dicom2nifti 127)."""
    path = write_enhanced(
        tmp_path / "a.dcm",
        planes_of(AXIAL),
        lambda ds: delattr(ds.SharedFunctionalGroupsSequence[0], "PlaneOrientationSequence"),
    )
    image, said = load_with_warnings(path)
    assert_shows(image, AXIAL)
    assert "axial was assumed" in said


@pytest.mark.parametrize("lacking", [{2}, {0, 4}])
def test_slices_that_lack_an_orientation_have_that_of_the_others(tmp_path, lacking):
    write_series(tmp_path, PHANTOM, lambda ds, k: delattr(ds, "ImageOrientationPatient") if k in lacking else None)
    image, said = load_with_warnings(tmp_path)
    assert_shows(image, PHANTOM)
    assert f"{len(lacking)} of 5 images ha" in said
    assert f"{min(lacking):03d}.dcm" in said


def test_slices_without_any_place_are_not_put_into_a_volume(tmp_path):
    def change(ds, k):
        if k == 2:
            del ds.ImageOrientationPatient, ds.ImagePositionPatient

    write_series(tmp_path, PHANTOM, change)
    with pytest.raises(GeometryError, match=r"002\.dcm' looks like a slice of the volume and has no orientation"):
        load_image(tmp_path)


# --- the place of the first frame ---


def put_first(phantom, **attributes):
    def change(ds):
        place(ds, phantom, 0)
        for keyword, value in attributes.items():
            setattr(ds, keyword, value)

    return change


@pytest.mark.parametrize("write", [write_ultrasound, write_capture])
@pytest.mark.parametrize("step", ["SpacingBetweenSlices", "SliceThickness", None])
def test_frames_follow_the_first_from_its_place(tmp_path, write, step):
    attributes = {} if step is None else {step: PHANTOM.spacing[2]}
    image, said = load_with_warnings(write(tmp_path / "a.dcm", put_first(PHANTOM, **attributes)))
    np.testing.assert_allclose(image.origin, PHANTOM.origin)
    np.testing.assert_allclose(image.direction, PHANTOM.direction, atol=1e-9)
    assert image.spacing[2] == (1.0 if step is None else PHANTOM.spacing[2])
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert "only the position of the first image is known" in said
    assert "no position in the patient" not in said
    assert ("is unknown" in said) == (step != "SpacingBetweenSlices")
    assert "axial" not in said


def test_the_first_frame_stays_where_simpleitk_has_it(tmp_path):
    ct = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT"}
    path = write_capture(tmp_path / "a.dcm", put_first(PHANTOM, SpacingBetweenSlices=2.5, **ct))
    image, _ = load_with_warnings(path)
    np.testing.assert_allclose(image.origin, sitk.ReadImage(str(path)).GetOrigin())


def keep_place_of(frames, ds):
    ds.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SpacingBetweenSlices = PHANTOM.spacing[2]
    for k, groups in enumerate(ds.PerFrameFunctionalGroupsSequence):
        if k not in frames:
            del groups.PlanePositionSequence


@pytest.mark.parametrize("at_top", [False, True])
@pytest.mark.parametrize("times", [1, 2])
def test_frames_of_an_enhanced_object_follow_the_first_from_its_place(tmp_path, at_top, times):
    def change(ds):
        keep_place_of([] if at_top else [0], ds)
        if at_top:
            ds.ImagePositionPatient = list(PHANTOM.origin)

    planes = [plane for time in range(times) for plane in planes_of(PHANTOM, temporal=time + 1)]
    path = write_enhanced(tmp_path / "a.dcm", planes, change)
    assert len(get_dicom_phases(tmp_path)) == times
    for time in range(times):
        image, said = load_with_warnings(path, dataset_index=time)
        assert_shows(image, PHANTOM)
        assert "only the position of the first image is known" in said


def test_frames_without_a_place_are_in_the_order_of_their_stack(tmp_path):
    """Dimension indices that count places make no volumes."""

    def change(ds):
        keep_place_of([], ds)
        ds.ImagePositionPatient = list(PHANTOM.origin)

    image, said = load_with_warnings(write_enhanced(tmp_path / "a.dcm", planes_of(PHANTOM)[::-1], change))
    assert_shows(image, PHANTOM)
    assert "in the order of their InStackPositionNumber" in said


def test_a_place_in_the_middle_of_a_stack_is_not_that_of_its_first_frame(tmp_path):
    path = write_enhanced(tmp_path / "a.dcm", planes_of(PHANTOM)[::-1], lambda ds: keep_place_of([0], ds))
    with pytest.raises(GeometryError, match="export the file again, with the positions of its frames"):
        load_image(path)


def test_frames_at_one_place_of_a_stack_stay_there(tmp_path):
    """A cine of one plane, whose place stands at the top level."""
    planes = [replace(planes_of(PHANTOM)[0], temporal=time + 1) for time in range(3)]

    def change(ds):
        keep_place_of([], ds)
        ds.ImagePositionPatient = list(PHANTOM.origin)

    write_enhanced(tmp_path / "a.dcm", planes, change)
    assert [phase.num_slices for phase in get_dicom_phases(tmp_path)] == [1, 1, 1]


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("phantom", VIEWS.values(), ids=VIEWS)
def test_a_reconstruction_of_nuclear_medicine_without_a_slice_vector(tmp_path, negative, phantom):
    """Its frames are in their own order, and the sign of their distance counts, as for SimpleITK."""
    path = write_nuclear(tmp_path / "a.dcm", phantom, forget("SliceVector"), negative=negative)
    image, said = load_with_warnings(path)
    assert_shows(image, phantom)
    assert "only the position of the first image is known" in said
    other = sitk.ReadImage(str(path))
    np.testing.assert_allclose(other.GetOrigin(), image.grid.index_to_world((0, 0, SLICES - 1 if negative else 0)))


@pytest.mark.parametrize("vector", ["EnergyWindowVector", "TimeSlotVector"])
def test_volumes_of_nuclear_medicine_without_a_slice_vector_are_not_mixed(tmp_path, vector):
    path = write_nuclear(tmp_path / "a.dcm", AXIAL, forget("SliceVector"), volumes=2, vector=vector)
    assert [phase.num_slices for phase in get_dicom_phases(path)] == [SLICES, SLICES]
    for t in range(2):
        image, _ = load_with_warnings(path, dataset_index=t)
        assert_shows(image, AXIAL.with_array(AXIAL.array + 1000 * t))


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("SpacingBetweenSlices", "the distance between slices is unknown; 1 mm was assumed"),
        ("ImagePositionPatient", "have no position in the patient"),
        ("ImageOrientationPatient", "no orientation; axial was assumed"),
    ],
)
def test_what_a_slice_vector_lacks_is_assumed(tmp_path, missing, said):
    """The order of the slices is known in any case."""

    def change(ds):
        delattr(ds if missing in ds else ds.DetectorInformationSequence[0], missing)

    order = [3, 0, 4, 1, 2]
    image, found = load_with_warnings(write_nuclear(tmp_path / "a.dcm", AXIAL, change, shuffle=order))
    np.testing.assert_array_equal(image.array, AXIAL.array)
    assert said in found
    if missing != "ImagePositionPatient":
        np.testing.assert_allclose(image.origin, AXIAL.origin)
    assert image.spacing[2] == (1.0 if missing == "SpacingBetweenSlices" else AXIAL.spacing[2])


@pytest.mark.parametrize("missing", ["ImagePositionPatient", "ImageOrientationPatient"])
def test_the_offsets_of_a_dose_are_kept(tmp_path, missing):
    path = write_dose(tmp_path / "a.dcm", AXIAL, forget(missing), order=[4, 3, 2, 1, 0], scaling=1.0)
    image, said = load_with_warnings(path)
    np.testing.assert_array_equal(image.array, AXIAL.array)
    np.testing.assert_allclose(image.spacing, AXIAL.spacing)
    assert ("axial was assumed" if "Orientation" in missing else "no position in the patient") in said


# --- ultrasound volumes ---


def place_in_volume(phantom):
    """Move the places of frames into the volume frame of reference."""

    def change(ds):
        shared = ds.SharedFunctionalGroupsSequence[0]
        cosines = list(shared.PlaneOrientationSequence[0].ImageOrientationPatient)
        del shared.PlaneOrientationSequence
        for frame in ds.PerFrameFunctionalGroupsSequence:
            position = list(frame.PlanePositionSequence[0].ImagePositionPatient)
            del frame.PlanePositionSequence
            frame.PlanePositionVolumeSequence = DicomSequence([item(ImagePositionVolume=position)])
            frame.PlaneOrientationVolumeSequence = DicomSequence([item(ImageOrientationVolume=cosines)])
        ds.SOPClassUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.6.2", "US"

    return change


def test_planes_of_an_ultrasound_volume_lie_in_its_frame_of_reference(tmp_path):
    planes = [planes_of()[k] for k in (2, 0, 4, 1, 3)]
    image, said = load_with_warnings(write_enhanced(tmp_path / "a.dcm", planes, place_in_volume(PHANTOM)))
    assert_shows(image, PHANTOM)
    assert "volume frame of reference of the ultrasound probe" in said


def test_a_place_in_the_patient_counts_before_one_in_the_volume(tmp_path):
    def change(ds):
        for frame in ds.PerFrameFunctionalGroupsSequence:
            frame.PlanePositionVolumeSequence = DicomSequence([item(ImagePositionVolume=[0.0, 0.0, 0.0])])

    assert_shows(load_image(write_enhanced(tmp_path / "a.dcm", planes_of(), change)), PHANTOM)


# --- slides ---


def slide(ds):
    ds.SOPClassUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.77.1.6", "SM"
    ds.TotalPixelMatrixColumns, ds.TotalPixelMatrixRows = PHANTOM.shape[0], PHANTOM.shape[1]
    ds.SharedFunctionalGroupsSequence = DicomSequence([Dataset()])


def test_the_tiles_of_a_slide_are_refused(tmp_path):
    def change(ds):
        slide(ds)
        ds.TotalPixelMatrixColumns, ds.TotalPixelMatrixRows = 14, 18

    with pytest.raises(UnsupportedFormatError, match=r"a slide of 14x18 pixels, whose frames are tiles"):
        load_image(write_capture(tmp_path / "a.dcm", change))


def test_a_slide_of_one_tile_is_an_image(tmp_path):
    ds = frames_dataset([PHANTOM.array[:, :, 0]], name="label")
    image, _ = load_with_warnings(finish(tmp_path / "a.dcm", ds, [slide], "1.2.840.10008.1.2.1"))
    np.testing.assert_array_equal(image.array, replace(PHANTOM, array=PHANTOM.array[:, :, :1]).array)
