"""The rows of a series, against pydicom, highdicom and what load_image does with the same files."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from pictologics import Image, load_image
from pictologics.cohort.indexing.series_rows import describe_series_rows
from pictologics.cohort.schema import TABLES
from pictologics.dicom.studies.pseudonyms import Pseudonyms
from pictologics.errors import PictologicsError
from tests.cohort.indexing.series_headers import read_series_headers
from tests.factories.dicom_series import uid, write_series
from tests.factories.pet import pet, without, write_pet
from tests.factories.phantom import PHANTOM
from tests.factories.segmentations import balls, frames_of, highdicom_seg, write_seg
from tests.factories.structure_sets import SQUARE, RoiTruth, stack_of, write_structures

PLAIN = Pseudonyms(b"", keeps_identifiers=True, keeps_text=True)
HIDDEN = Pseudonyms(b"a key of sixteen bytes or more")
SCAN_COLUMNS = [column.name for column in TABLES["series"]]


def describe_folder(folder: Path, names: Pseudonyms = PLAIN):
    """The rows of the only series in a folder."""
    (headers,) = read_series_headers(folder).values()
    return describe_series_rows(headers, names)


def assert_grid(row: dict, image: Image) -> None:
    assert tuple(row[f"size_{axis}"] for axis in "xyz") == image.array.shape
    np.testing.assert_allclose([row[f"spacing_{axis}"] for axis in "xyz"], image.spacing, atol=1e-12)
    np.testing.assert_allclose(row["origin"], image.origin, atol=1e-9)
    np.testing.assert_allclose(np.reshape(row["direction"], (3, 3)), image.direction, atol=1e-12)
    assert row["orientation"] == image.grid.orientation


def assert_verdicts_hold(headers, rows) -> None:
    """Each volume loads with its options onto the grid of its row, or is refused, as its row says."""
    paths = [header.path for header in headers]
    source = paths if len(paths) > 1 else paths[0]
    for phase in rows.phases or [rows.series]:
        options = json.loads(phase.get("load_options") or "{}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not phase["loads"]:
                with pytest.raises(PictologicsError):
                    load_image(source, **options)
                continue
            image = load_image(source, **options)
            assert_grid(phase, image)
            if phase["verdict"] == "irregular":
                with pytest.raises(ValueError, match="regular grid"):
                    load_image(source, **{name: v for name, v in options.items() if name != "irregular"})
    if rows.series["loads"] and rows.phases:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = load_image(source, **json.loads(rows.series["load_options"]))
        assert rows.series["voxel_bytes"] == image.array.nbytes


def test_a_regular_series(tmp_path):
    files = write_series(tmp_path, slope=2.0, intercept=-1024.0)
    rows, first = describe_folder(tmp_path), pydicom.dcmread(files[0])
    row = rows.series
    assert (row["verdict"], row["worst_error_voxels"], row["finding"], row["missing_slices"]) == ("regular", 0, None, 0)
    assert (row["series_key"], row["study_key"], row["patient_key"]) == (
        first.SeriesInstanceUID,
        first.StudyInstanceUID,
        first.PatientID,
    )
    assert (row["kind"], row["modality"], row["stored_type"], row["files"]) == ("image", "CT", "int16", len(files))
    assert row["bytes"] == sum(file.stat().st_size for file in files)
    assert row["series_description"] == first.SeriesDescription
    assert row["study_date"] == "2020-01-01"
    assert row["frame_of_reference_key"] == first.FrameOfReferenceUID
    assert "suv_computable" not in row
    (headers,) = read_series_headers(tmp_path).values()
    assert_verdicts_hold(headers, rows)
    assert row.keys() <= set(SCAN_COLUMNS)
    assert rows.phases[0].keys() <= {column.name for column in TABLES["phases"]}


def test_pseudonyms_hide_what_identifies(tmp_path):
    files = write_series(tmp_path, slices=[0, 1, 3])
    rows = describe_folder(tmp_path, HIDDEN)
    first = pydicom.dcmread(files[0])
    text = json.dumps([rows.series, rows.phases])
    for secret in (first.PatientID, first.StudyInstanceUID, first.SeriesInstanceUID, first.FrameOfReferenceUID):
        assert secret not in text
    assert first.SeriesDescription not in text and str(tmp_path) not in text
    assert rows.series["study_date"] != "2020-01-01"


def test_missing_slices_are_counted(tmp_path):
    lost = {2, 3}
    write_series(tmp_path, slices=[k for k in range(PHANTOM.shape[2]) if k not in lost])
    (headers,) = read_series_headers(tmp_path).values()
    rows = describe_series_rows(headers, PLAIN)
    row = rows.series
    assert (row["verdict"], row["finding"], row["missing_slices"]) == ("irregular", "slices missing", len(lost))
    assert json.loads(row["load_options"]) == {"irregular": "resample"} and row["loads"]
    assert row["worst_error_voxels"] > 0.1
    assert row["size_z"] == PHANTOM.shape[2], "the grid is that of the volume that the options load"
    assert_verdicts_hold(headers, rows)


def test_a_series_without_pixels_is_refused(tmp_path):
    def drop(ds: Dataset, k: int) -> None:
        if k == 1:
            ds.Rows = 0

    write_series(tmp_path, PHANTOM, drop)
    (headers,) = read_series_headers(tmp_path).values()
    rows = describe_series_rows(headers, HIDDEN)
    assert (rows.series["verdict"], rows.series["loads"], rows.series["phases"]) == ("refused", False, 0)
    assert "0 rows" in rows.series["verdict_text"] and str(tmp_path) not in rows.series["verdict_text"]
    assert_verdicts_hold(headers, rows)


def test_uptake(tmp_path):
    write_pet(tmp_path / "good", pet())
    write_pet(tmp_path / "bad", pet(), without("RadionuclideTotalDose", in_tracer=True))
    assert describe_folder(tmp_path / "good").series["suv_computable"] is True
    row = describe_folder(tmp_path / "bad").series
    assert row["suv_computable"] is False and "RadionuclideTotalDose" in row["suv_text"]


def test_a_segmentation_of_highdicom_names_its_series(tmp_path):
    masks = balls(PHANTOM.shape, {1: (2, 2, 2), 2: (4, 4, 3)}, 1.5)
    path = highdicom_seg(tmp_path, masks)
    headers = next(h for (_, kind), h in read_series_headers(path.parent).items() if kind == "SEG")
    rows = describe_series_rows(headers, PLAIN)
    written = pydicom.dcmread(path)
    assert rows.series["referenced_series_keys"] == [written.ReferencedSeriesSequence[0].SeriesInstanceUID]
    assert rows.series["referenced_instance_keys"] is None
    assert (rows.series["kind"], rows.series["segments"]) == ("SEG", 2)
    assert_verdicts_hold(headers, rows)


def test_a_segmentation_without_a_series_names_its_sources(tmp_path):
    sources = [uid("source", k) for k in range(PHANTOM.shape[2])]

    def name_sources(ds: Dataset) -> None:
        for source, groups in zip(sources, ds.PerFrameFunctionalGroupsSequence, strict=True):
            derivation = Dataset()
            derivation.SourceImageSequence = [name_object("1.2.840.10008.5.1.4.1.1.2", source)]
            groups.DerivationImageSequence = [derivation]

    write_seg(tmp_path / "seg.dcm", frames_of({1: np.ones(PHANTOM.shape, bool)}), name_sources)
    row = describe_folder(tmp_path).series
    assert row["referenced_series_keys"] is None
    assert row["referenced_instance_keys"] == sources


def name_object(sop_class: str, instance: str) -> Dataset:
    """An item that names an object."""
    named = Dataset()
    named.ReferencedSOPClassUID, named.ReferencedSOPInstanceUID = sop_class, instance
    return named


def reference_study(images: list[str], series: str = "") -> Dataset:
    """The way from a frame of reference down to images."""
    inner, study, frame = Dataset(), name_object("1.2.840.10008.3.1.2.3.1", uid("study")), Dataset()
    inner.SeriesInstanceUID = series
    inner.ContourImageSequence = [name_object("1.2.840.10008.5.1.4.1.1.2", image) for image in images]
    study.RTReferencedSeriesSequence = [inner]
    frame.FrameOfReferenceUID, frame.RTReferencedStudySequence = uid("frame of reference"), [study]
    return frame


@pytest.mark.parametrize("way", ["series", "images", "contours"])
def test_a_structure_set_names_its_images(tmp_path, way):
    images = [uid("image", k) for k in range(3)]

    def name_images(ds: Dataset) -> None:
        if way == "contours":
            for roi in ds.ROIContourSequence:
                for contour in roi.ContourSequence:
                    contour.ContourImageSequence = [name_object("1.2.840.10008.5.1.4.1.1.2", images[0])]
        else:
            ds.ReferencedFrameOfReferenceSequence = [reference_study(images, uid("a") if way == "series" else "")]

    rois = [RoiTruth("Heart", stack_of([(2, SQUARE), (3, SQUARE)])), RoiTruth("Liver", stack_of([(1, SQUARE)]))]
    write_structures(tmp_path / "structures.dcm", rois, change=name_images)
    row = describe_folder(tmp_path).series
    assert (row["kind"], row["segments"], row["loads"]) == ("RTSTRUCT", 2, True)
    assert row["referenced_series_keys"] == ([uid("a")] if way == "series" else None)
    assert row["referenced_instance_keys"] == {"series": None, "images": images, "contours": images[:1]}[way]
    if way != "contours":
        assert row["frame_of_reference_key"] == uid("frame of reference")


def test_a_dose_names_its_plan(tmp_path):
    def plan_of(ds: Dataset, k: int) -> None:
        ds.SOPClassUID, ds.Modality = "1.2.840.10008.5.1.4.1.1.481.2", "RTDOSE"
        ds.ReferencedRTPlanSequence = [name_object("1.2.840.10008.5.1.4.1.1.481.5", uid("plan"))]

    write_series(tmp_path, PHANTOM, plan_of, slices=[0])
    row = describe_folder(tmp_path).series
    assert (row["kind"], row["referenced_instance_keys"]) == ("dose", [uid("plan")])


def test_every_series_of_the_demo_cohort_loads_as_its_row_says(demo_cohort):
    for headers in read_series_headers(demo_cohort.root).values():
        rows = describe_series_rows(headers, PLAIN)
        if rows.series["kind"] != "RTSTRUCT":
            assert_verdicts_hold(headers, rows)


def test_every_series_of_real_scans_loads_as_its_row_says(shared_data):
    judged = 0
    for headers in read_series_headers(shared_data).values():
        rows = describe_series_rows(headers, PLAIN)
        if rows.series["kind"] != "RTSTRUCT":
            assert_verdicts_hold(headers, rows)
            judged += 1
    assert judged > 10


@pytest.mark.parametrize("issuers", [("", ""), ("A", "B")])
def test_a_series_of_two_patients_is_refused_and_belongs_to_none(tmp_path, issuers):
    def of_two(ds, k):
        ds.PatientID, ds.IssuerOfPatientID = ("a" if k % 2 and not issuers[0] else "b"), issuers[k % 2]

    write_series(tmp_path, PHANTOM, of_two)
    rows = describe_folder(tmp_path)
    assert (rows.series["verdict"], rows.series["loads"], rows.phases) == ("refused", False, [])
    assert "one SeriesInstanceUID and 2 different PatientIDs" in rows.series["verdict_text"]
    assert rows.series["patient_key"] is rows.series["study_key"] is None


def test_files_that_name_no_patient_are_nobody_elses(tmp_path):
    def name_some(ds, k):
        ds.PatientID = "a " if k % 2 else ""

    write_series(tmp_path, PHANTOM, name_some)
    assert describe_folder(tmp_path).series["verdict"] == "regular"


@pytest.mark.parametrize(
    ("keyword", "values"),
    [
        ("FrameOfReferenceUID", (uid("frame", 0), uid("frame", 1))),
        ("AcquisitionTime", ("101110", "101111")),
        ("ContrastBolusAgent", ("Doe 0", "Doe 1")),
    ],
)
def test_labels_of_volumes_tell_neither_uids_nor_times_nor_what_was_typed(tmp_path, keyword, values):
    for number, value in enumerate(values):

        def change(ds, k, number=number, value=value):
            ds.SOPInstanceUID = uid("of volume", number, k)
            setattr(ds, keyword, value)

        write_series(tmp_path, PHANTOM, change, name=f"{number}-{{}}.dcm".format)
    shown, hidden = (describe_folder(tmp_path, names).phases for names in (PLAIN, HIDDEN))
    assert [value in phase["label"] for value, phase in zip(values, shown, strict=True)] == [True, True]
    assert not [value for value in values if value in repr(hidden)]
    assert len({phase["label"] for phase in hidden}) == 2
