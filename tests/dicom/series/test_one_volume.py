"""What is one volume: positions decide, labels never; sets, parts and copies are named and counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pictologics import AmbiguousSeriesError, ContentWarning, GeometryError, explain, load_image
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import slice_file, uid, write_series
from tests.factories.phantom import PHANTOM, Phantom
from tests.factories.truth import assert_shows

HALF = replace(PHANTOM, array=PHANTOM.array + 500, origin=tuple(PHANTOM.position((0, 0, 2.4))))


def label(attribute, value_of):
    def change(ds, k):
        value = value_of(k)
        if value is None:
            delattr(ds, attribute)
        else:
            setattr(ds, attribute, value)

    return change


@pytest.mark.parametrize("attribute", ["FrameOfReferenceUID", "StackID", "SeriesInstanceUID"])
@pytest.mark.parametrize("as_list", [False, True])
def test_a_label_for_each_slice_does_not_shatter_a_stack(tmp_path, attribute, as_list):
    files = write_series(tmp_path, PHANTOM, label(attribute, lambda k: f"1.2.{k + 1}"))
    with pytest.warns(ContentWarning, match=attribute):
        assert_shows(load_image(files if as_list else tmp_path), PHANTOM)
    (volume,) = explain(tmp_path).volumes
    assert volume.is_default
    assert len(get_dicom_phases(tmp_path)) == 1


def test_half_of_the_slices_lack_their_frame_of_reference(tmp_path):
    write_series(tmp_path, PHANTOM, label("FrameOfReferenceUID", lambda k: None if k % 2 else "1.2.3"))
    with pytest.warns(ContentWarning, match="FrameOfReferenceUID differs.*1 value, 2 images without one"):
        assert_shows(load_image(tmp_path), PHANTOM)


def test_one_uid_of_a_shattered_series_still_chooses_its_slice(tmp_path):
    write_series(tmp_path, PHANTOM, label("SeriesInstanceUID", lambda k: f"1.2.{k + 1}"))
    assert load_image(tmp_path, series_uid="1.2.4").array.shape[2] == 1


@pytest.mark.parametrize(("attribute", "value"), [("PatientID", "another"), ("SeriesNumber", 7)])
def test_slices_of_two_patients_or_series_are_not_united(tmp_path, attribute, value):
    def change(ds, k):
        ds.SeriesInstanceUID = f"1.2.{k + 1}"
        if k == 1:
            setattr(ds, attribute, value)

    files = write_series(tmp_path, PHANTOM, change)
    with pytest.raises(AmbiguousSeriesError):
        load_image(tmp_path)
    with pytest.warns(ContentWarning) as caught:
        assert_shows(load_image(files), PHANTOM)
    texts = " ".join(str(warning.message) for warning in caught)
    assert "the list names them together" in texts
    assert ("2 different PatientIDs" in texts) == (attribute == "PatientID")


def test_several_shattered_series_are_told_apart(tmp_path):
    """None of their UIDs names them: what the refusal and ``explain`` name loads each."""
    phantoms = {"one": PHANTOM, "two": PHANTOM.with_array(PHANTOM.array + 500)}
    for patient, phantom in phantoms.items():

        def change(ds, k, patient=patient):
            ds.PatientID, ds.SeriesInstanceUID = patient, f"1.2.{len(patient) + (patient == 'two')}.{k + 1}"

        write_series(tmp_path, phantom, change, name=f"{patient}{{}}".format)
    with pytest.raises(AmbiguousSeriesError) as caught:
        load_image(tmp_path)
    keys = caught.value.values["series"]
    assert [dict(volume.options)["series_uid"] for volume in explain(tmp_path).volumes] == keys
    for key, phantom in zip(keys, phantoms.values(), strict=True):
        assert f"  {key}  " in str(caught.value)
        with pytest.warns(ContentWarning, match="taken as one series"):
            assert_shows(load_image(tmp_path, series_uid=key), phantom)


def test_two_series_between_the_slices_of_one_another_stay_two(tmp_path):
    write_series(tmp_path, PHANTOM, lambda ds, _: setattr(ds, "SeriesNumber", 1), name="a{}".format)
    between = replace(PHANTOM, origin=tuple(PHANTOM.position((0, 0, 0.5))))
    write_series(tmp_path, between, lambda ds, _: setattr(ds, "SeriesNumber", 1), series="b", name="b{}".format)
    with pytest.raises(AmbiguousSeriesError, match="series_uid="):
        load_image(tmp_path)
    assert_shows(load_image(tmp_path, series_uid=uid("b")), between)


def planes() -> list[Phantom]:
    """Three sets of one size that form no common volume."""
    axes = [np.eye(3), np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])]
    return [Phantom(PHANTOM.array[:, :, :3] + 100 * k, PHANTOM.spacing, (0, 0, 0), axis) for k, axis in enumerate(axes)]


def test_sets_of_equal_size_are_listed_and_loaded_by_index(tmp_path):
    for k, phantom in enumerate(planes()):

        def change(ds, j, k=k):
            ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
            ds.SOPInstanceUID = uid("plane", k, j)

        write_series(tmp_path, phantom, change, name=lambda j, k=k: f"{k}-{j}")
    with pytest.raises(AmbiguousSeriesError, match="dataset_index=2") as caught:
        load_image(tmp_path)
    assert all(plane in str(caught.value) for plane in ("axial localizer", "coronal localizer", "sagittal localizer"))
    volumes = explain(tmp_path).volumes
    assert [dict(volume.options) for volume in volumes] == [{"dataset_index": k} for k in range(3)]
    assert not any(volume.is_default for volume in volumes)
    phases = get_dicom_phases(tmp_path)
    for k, phantom in enumerate(planes()):
        assert_shows(load_image(tmp_path, dataset_index=k), phantom)
        assert_shows(load_image(phases[k]), phantom)


def test_localizers_of_a_series_follow_its_volume(tmp_path):
    write_series(tmp_path)
    scout = planes()[1]

    def change(ds, k):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        ds.SOPInstanceUID = uid("scout", k)

    write_series(tmp_path, scout, change, name="s{}".format)
    with pytest.warns(ContentWarning, match="left out 3 of 8 images.*dataset_index=1"):
        assert_shows(load_image(tmp_path), PHANTOM)
    assert [phase.num_slices for phase in get_dicom_phases(tmp_path)] == [5, 3]
    assert_shows(load_image(tmp_path, dataset_index=1), scout)


def number(value):
    return lambda ds, k: ds.update({"AcquisitionNumber": value, "SOPInstanceUID": uid("acquisition", value, k)})


def test_acquisitions_that_overlap_at_places_of_their_own_are_two_volumes(tmp_path):
    write_series(tmp_path, PHANTOM, number(1), name="a{}".format)
    write_series(tmp_path, HALF, number(2), name="b{}".format)
    for k, phantom in enumerate((PHANTOM, HALF)):
        with pytest.warns(ContentWarning, match="covers 5 of 10 positions"):
            assert_shows(load_image(tmp_path, dataset_index=k, irregular="resample"), phantom)


@pytest.mark.parametrize("kind", ["ADD", "OTHER"])
def test_a_head_in_two_steps_is_one_scan_whatever_its_slices_are_called(tmp_path, kind):
    """GE calls thin slices that it added up ADD: one volume whose spacing changes, and no half of it."""

    def change(ds, k):
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", *([kind] if k < 3 else [])]
        ds.ImagePositionPatient = list(phantom.position((0, 0, k if k < 3 else 1.75 * k - 1.5)))

    phantom = replace(PHANTOM, array=np.concatenate([PHANTOM.array, PHANTOM.array[:, :, :2]], axis=2))
    write_series(tmp_path, phantom, change)
    assert len(get_dicom_phases(tmp_path)) == 1
    with pytest.raises(GeometryError, match="do not form a regular grid"):
        load_image(tmp_path)
    image = load_image(tmp_path, irregular="resample")
    assert image.grid.spacing[2] * (image.array.shape[2] - 1) == pytest.approx(9 * phantom.spacing[2], rel=0.1)


@pytest.mark.parametrize("is_equal", [True, False])
def test_acquisitions_that_share_a_slice(tmp_path, is_equal):
    """It is there once if its values are equal; else the two are volumes, each of which covers a part."""
    write_series(tmp_path, PHANTOM, number(1), slices=[0, 1, 2], name="a{}".format)
    again = PHANTOM if is_equal else PHANTOM.with_array(PHANTOM.array + 1)
    slice_file(tmp_path / "b2", 2, again, number(2))
    write_series(tmp_path, PHANTOM, number(2), slices=[3, 4], name="b{}".format)
    if is_equal:
        with pytest.warns(ContentWarning, match="left out 1 image that holds the same values"):
            assert_shows(load_image(tmp_path), PHANTOM)
    else:
        with pytest.warns(ContentWarning, match="covers 3 of 5 positions.*dataset_index=1"):
            assert load_image(tmp_path).array.shape[2] == 3


def test_images_at_one_position_are_said_to_be(tmp_path):
    def pile(ds, k):
        ds.ImagePositionPatient = [0.0, 0.0, 0.0]
        ds.SliceLocation = 2.5 * k

    write_series(tmp_path, PHANTOM, pile)
    with pytest.warns(ContentWarning, match="all 5 images say that they lie at one position, although SliceLocation"):
        assert load_image(tmp_path).array.shape[2] == 1
