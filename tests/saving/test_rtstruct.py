"""save_rtstruct: drawing what was written gives the same voxels, and what cannot be written is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.draw import polygon2mask

from pictologics import (
    ContentWarning,
    GeometryError,
    GeometryWarning,
    Image,
    OptionError,
    get_segment_info,
    load_image,
    load_rtstruct,
    save_rtstruct,
)
from tests.factories.dicom_series import uid, write_series
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.phantom import OBLIQUE, Phantom
from tests.factories.validators import find_errors

PLACE = Phantom(np.zeros((7, 6, 4), "int16"), (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)
CHECKERBOARD = np.indices(PLACE.shape).sum(axis=0) % 2


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series") / "ct"
    write_series(folder, PLACE)
    return folder


@pytest.fixture(scope="module")
def scan(series):
    return load_image(series)


def on(scan, array, **fields) -> Image:
    return Image.from_grid(np.asfortranarray(array), scan.grid, **fields)


def contours_of(path, number=1):
    """(SOP Instance UID, points in mm) of each contour of a ROI."""
    written = pydicom.dcmread(path)
    drawn = next(item for item in written.ROIContourSequence if item.ReferencedROINumber == number)
    for contour in drawn.ContourSequence:
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        assert contour.ContourGeometricType == "CLOSED_PLANAR"
        assert contour.NumberOfContourPoints == len(points)
        yield contour.ContourImageSequence[0].ReferencedSOPInstanceUID, points


def drawn_by_scikit_image(path, scan) -> np.ndarray:
    planes = {str(uid("a", "slice", k)): k for k in range(PLACE.shape[2])}
    made = np.zeros(PLACE.shape, int)
    for image, points in contours_of(path):
        index = scan.grid.world_to_index(points)
        np.testing.assert_allclose(index[:, 2], planes[image], atol=1e-4)
        made[:, :, planes[image]] += polygon2mask(PLACE.shape[:2], index[:, :2])
    return made


@settings(max_examples=40)
@given(arrays(np.uint8, PLACE.shape, elements=st.integers(0, 3)))
def test_drawing_gives_the_same_voxels(series, scan, tmp_path_factory, array):
    path = tmp_path_factory.mktemp("made") / "made.dcm"
    if not array.any():
        with pytest.raises(OptionError, match="is 0 everywhere"):
            save_rtstruct(on(scan, array), series, path)
        return
    save_rtstruct(on(scan, array), series, path)
    np.testing.assert_array_equal(load_rtstruct(path, scan).array, array)
    save_rtstruct(on(scan, array > 0), series, path)
    np.testing.assert_array_equal(drawn_by_scikit_image(path, scan), array > 0)


@pytest.mark.parametrize(
    "array", [CHECKERBOARD, 1 - CHECKERBOARD, np.ones(PLACE.shape), np.arange(168).reshape(PLACE.shape) == 60]
)
def test_corners_that_touch_the_whole_image_and_a_single_voxel(series, scan, tmp_path, array):
    save_rtstruct(on(scan, array.astype(bool)), series, tmp_path / "made.dcm")
    np.testing.assert_array_equal(load_rtstruct(tmp_path / "made.dcm", scan).array, array)
    np.testing.assert_array_equal(drawn_by_scikit_image(tmp_path / "made.dcm", scan), array)


@settings(max_examples=8)
@given(st.permutations(range(3)), st.tuples(*[st.booleans()] * 3), st.sampled_from(["f4", "u1", "i2", "bool"]))
def test_a_crop_turned_any_way_lands_where_it_was(series, scan, tmp_path_factory, order, flips, dtype):
    path = tmp_path_factory.mktemp("made") / "made.dcm"
    rng = np.random.default_rng(5)
    whole = np.zeros(PLACE.shape, "u1")
    whole[1:6, 2:, 1:4] = rng.integers(0, 2, (5, 4, 3))
    array = whole[1:6, 1:, 1:].transpose(order)
    grid = scan.grid.crop((1, 1, 1), (5, 5, 3)).permute(order)
    for axis in np.flatnonzero(flips).tolist():
        array, grid = np.flip(array, axis), grid.flip(axis)
    mask = Image.from_grid(array.astype(dtype), grid)
    for masks in (mask, {1: mask}):
        save_rtstruct(masks, series, path)
        np.testing.assert_array_equal(load_rtstruct(path, scan).array, whole)


def test_masks_that_overlap_stay_whole_and_numbers_are_kept(series, scan, tmp_path):
    masks = {7: on(scan, np.ones(PLACE.shape)), 300: on(scan, CHECKERBOARD, labels={1: "board"})}
    save_rtstruct(masks, series, tmp_path / "made.dcm")
    again = load_rtstruct(tmp_path / "made.dcm", scan, combine_rois=False)
    np.testing.assert_array_equal(again["ROI 7"].array, 1)
    np.testing.assert_array_equal(again["board"].array, CHECKERBOARD)
    assert [roi["segment_number"] for roi in get_segment_info(tmp_path / "made.dcm")] == [7, 300]


def test_names_kinds_and_colors(series, scan, tmp_path):
    masks = {name: on(scan, CHECKERBOARD) for name in ("GTVp", "CTV_5000", "Milz – 脾", "lens", "cord")}
    path = tmp_path / "made.dcm"
    save_rtstruct(masks, series, path, interpreted_types={"cord": "organ", 3: "AVOIDANCE"}, colors={5: "#FF8000"})
    found = get_segment_info(path)
    assert [roi["segment_label"] for roi in found] == list(masks)
    assert [roi.get("type", "") for roi in found] == ["GTV", "CTV", "AVOIDANCE", "", "ORGAN"]
    assert [found[0]["recommended_color"], found[4]["recommended_color"]] == ["#1f77b4", "#ff8000"]
    told = [{**roi, "segment_description": "by hand", "algorithm_type": "MANUAL"} for roi in found]
    save_rtstruct(load_rtstruct(path, scan, combine_rois=False), series, path, told)
    assert get_segment_info(path) == told
    save_rtstruct(on(scan, CHECKERBOARD, labels={1: "heart"}), series, path, {1: "spleen"})
    assert load_rtstruct(path, scan).labels == {1: "spleen"}


def test_the_object_belongs_to_the_study_and_names_the_slices(series, scan, tmp_path):
    path = tmp_path / "made.dcm"
    save_rtstruct(on(scan, CHECKERBOARD), series, path, structure_set_label="PLAN", series_description="Organs")
    written = pydicom.dcmread(path)
    assert (written.PatientID, written.StudyInstanceUID) == ("secret-id", uid("study"))
    assert (written.StructureSetLabel, written.SeriesDescription) == ("PLAN", "Organs")
    frame = written.ReferencedFrameOfReferenceSequence[0]
    listed = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert frame.FrameOfReferenceUID == uid("frame of reference")
    assert listed.SeriesInstanceUID == uid("a")
    assert {str(item.ReferencedSOPInstanceUID) for item in listed.ContourImageSequence} == {
        str(uid("a", "slice", k)) for k in range(PLACE.shape[2])
    }
    assert written.SeriesInstanceUID not in (uid("a"), uid("study"))
    assert not list(tmp_path.glob(".*"))


def test_it_passes_a_validator(series, scan, tmp_path):
    save_rtstruct(on(scan, CHECKERBOARD, labels={1: "GTV"}), series, tmp_path / "made.dcm")
    assert find_errors(tmp_path / "made.dcm") == []


def test_rt_utils_reads_it(tmp_path):
    rt_utils = pytest.importorskip("rt_utils", reason="needs rt-utils")
    # It takes rows for columns, so that only square slices of square pixels come out right.
    square = Phantom(np.zeros((8, 8, 4), "int16"), (0.75, 0.75, 2.5), PLACE.origin, PLACE.direction)
    series, path = tmp_path / "ct", tmp_path / "made.dcm"
    write_series(series, square)
    scan = load_image(series)
    mask = np.zeros(square.shape, "u1")
    mask[2:5, 1:4, 1:3] = 1
    save_rtstruct(on(scan, mask, labels={1: "block"}), series, path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = rt_utils.RTStructBuilder.create_from(str(series), str(path))
        assert theirs.get_roi_names() == ["block"]
        found = theirs.get_roi_mask_by_name("block").transpose(1, 0, 2)
    # It rounds edges to centers of voxels and counts what lies on them as inside: never less than the mask.
    assert found.astype(bool)[mask > 0].all()
    assert found.any(axis=(0, 1)).tolist() == mask.any(axis=(0, 1)).tolist()


def test_a_multi_frame_source(tmp_path):
    planes = planes_of()
    source = write_enhanced(tmp_path / "enhanced.dcm", planes[::-1], kind="CT")
    scan = load_image(source)
    mask = np.zeros(scan.shape, np.uint8)
    mask[1:4, 2:5, 1] = 1
    save_rtstruct(on(scan, mask), source, tmp_path / "made.dcm")
    np.testing.assert_array_equal(load_rtstruct(tmp_path / "made.dcm", scan).array, mask)
    contour = pydicom.dcmread(tmp_path / "made.dcm").ROIContourSequence[0].ContourSequence[0]
    named = contour.ContourImageSequence[0].ReferencedFrameNumber
    groups = pydicom.dcmread(source).PerFrameFunctionalGroupsSequence[named - 1]
    height = scan.grid.world_to_index(groups.PlanePositionSequence[0].ImagePositionPatient)[2]
    assert round(float(height)) == 1


@pytest.mark.parametrize("slices", [[0, 1, 3], [0, 1, 2, 3, 5, 9]])
def test_slices_that_are_not_evenly_spaced(tmp_path, slices):
    tall = Phantom(np.zeros((7, 6, 10), "int16"), PLACE.spacing, PLACE.origin, PLACE.direction)
    write_series(tmp_path / "ct", tall, slices=slices)
    with pytest.warns(GeometryWarning, match="do not form a regular grid"):
        scan = load_image(tmp_path / "ct", irregular="ignore")
    mask = np.random.default_rng(2).integers(0, 2, scan.shape)
    save_rtstruct(on(scan, mask), tmp_path / "ct", tmp_path / "made.dcm")
    np.testing.assert_array_equal(load_rtstruct(tmp_path / "made.dcm", scan).array, mask)
    for image, points in contours_of(tmp_path / "made.dcm"):
        heights = (points - tall.position((0, 0, 0))) @ tall.direction[:, 2] / tall.spacing[2]
        place = next(k for k in slices if uid("a", "slice", k) == image)
        np.testing.assert_allclose(heights, place, atol=1e-4)


def test_slices_that_are_tilted_are_refused(tmp_path):
    def lean(ds, k):
        position = np.array(ds.ImagePositionPatient, float) + PLACE.direction[:, 1] * k
        ds.ImagePositionPatient = [round(float(value), 9) for value in position]

    write_series(tmp_path / "ct", PLACE, lean)
    with pytest.warns(GeometryWarning, match="do not form a regular grid"):
        scan = load_image(tmp_path / "ct", irregular="ignore")
    with pytest.raises(GeometryError, match="tilt"):
        save_rtstruct(on(scan, CHECKERBOARD), tmp_path / "ct", tmp_path / "made.dcm")


def test_a_series_without_a_frame_of_reference(tmp_path):
    write_series(tmp_path / "ct", PLACE, lambda ds, k: ds.pop("FrameOfReferenceUID"))
    scan = load_image(tmp_path / "ct")
    with pytest.warns(ContentWarning, match="has no FrameOfReferenceUID"):
        save_rtstruct(on(scan, CHECKERBOARD), tmp_path / "ct", tmp_path / "made.dcm")
    np.testing.assert_array_equal(load_rtstruct(tmp_path / "made.dcm", scan).array, CHECKERBOARD)


def test_rois_without_a_voxel_are_kept_and_told(series, scan, tmp_path):
    masks = {"there": on(scan, CHECKERBOARD), "gone": on(scan, CHECKERBOARD * 0)}
    with pytest.warns(ContentWarning, match=r"ROI 2 \(gone\) has no voxel, and so no contour"):
        save_rtstruct(masks, series, tmp_path / "made.dcm")
    assert [roi["contours"] > 0 for roi in get_segment_info(tmp_path / "made.dcm")] == [True, False]
    assert find_errors(tmp_path / "made.dcm") == []


def test_what_does_not_lie_on_the_series(series, scan, tmp_path):
    path = tmp_path / "made.dcm"
    aside = on(scan, CHECKERBOARD)
    aside.origin = tuple(scan.grid.index_to_world((0.5, 0, 0)))
    with pytest.raises(GeometryError, match=r"does not lie on the voxels of the series: .*resample_to"):
        save_rtstruct(aside, series, path)
    beyond = Image.from_grid(np.ones((7, 6, 5), np.uint8), scan.grid.crop((0, 0, 0), (7, 6, 5)))
    with pytest.raises(GeometryError, match="42 voxels of the mask lie outside the series"):
        save_rtstruct(beyond, series, path)
    with pytest.raises(GeometryError, match=r"frame of reference 1\.2 and the series .*pass the series it belongs to"):
        save_rtstruct(on(scan, CHECKERBOARD, metadata={"frame_of_reference_uid": "1.2"}), series, path)
    assert not path.exists()


def test_what_cannot_be_written(series, scan, tmp_path):
    path = tmp_path / "made.dcm"
    image = on(scan, CHECKERBOARD)
    for mask, said in (
        (on(scan, CHECKERBOARD * 0.5), "not whole numbers"),
        (on(scan, CHECKERBOARD * -1.0), "begin at 1"),
        ({1: on(scan, CHECKERBOARD * 0)}, "every mask is 0 everywhere"),
        (CHECKERBOARD, "an Image or a dict of Images"),
    ):
        with pytest.raises(OptionError, match=said):
            save_rtstruct(mask, series, path)
    for keywords, said in (
        ({"rois": [{"segment_label": "x"}]}, "rois describes a segment without its segment_number"),
        ({"rois": 5}, "rois is 5 and must be a dict of names"),
        ({"rois": ["liver"]}, "and must be a dict of names by number, or a list of dicts"),
        ({"rois": {5: "five"}}, r"rois describes \[5\] and the mask has \[1\]"),
        ({"rois": {1: "x" * 65}}, "the name of ROI 1 is .* at most 64 characters"),
        ({"rois": {1: "a\\b"}}, "without backslashes"),
        ({"rois": [{"segment_number": 1, "algorithm_type": "BY MAGIC, OR SO"}]}, "algorithm_type of ROI 1"),
        ({"interpreted_types": {"liver": "ORGAN"}}, r"interpreted_types names 'liver', and the ROIs are 'ROI 1' \(1\)"),
        ({"interpreted_types": {1: "a/b"}}, "the interpreted type of ROI"),
        ({"interpreted_types": "ORGAN"}, "interpreted_types is of type str and must be a dict"),
        ({"colors": {1: "red"}}, "'red'"),
        ({"structure_set_label": "x" * 17}, "at most 16 characters"),
    ):
        with pytest.raises(OptionError, match=said):
            save_rtstruct(image, series, path, **keywords)
    assert not path.exists()


def test_a_file_of_the_series_is_never_replaced(series, scan):
    own = sorted(series.iterdir())[0]
    before = own.read_bytes()
    with pytest.raises(OptionError, match="this is a file of the reference series"):
        save_rtstruct(on(scan, CHECKERBOARD), series, own)
    assert own.read_bytes() == before
