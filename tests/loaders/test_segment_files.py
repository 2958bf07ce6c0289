"""Folders, archives and lists that hold files of segments: alone, several, and beside images."""

from __future__ import annotations

import gc
import shutil
import tarfile
import warnings
import zipfile

import numpy as np
import pytest

from pictologics import Image, explain, load_and_merge_images, load_image, load_mask
from pictologics.errors import AmbiguousSeriesError, ContentWarning, OptionError, UnsupportedFormatError
from pictologics.loaders import get_segment_info, load_rtstruct, load_seg
from tests.factories.dicom_series import uid, write_series
from tests.factories.phantom import OBLIQUE, Phantom
from tests.factories.segmentations import balls, frames_of, highdicom_seg, write_seg
from tests.factories.structure_sets import SCAN, SQUARE, RoiTruth, stack_of, write_structures

PLACE = Phantom(np.zeros((13, 11, 9)), (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)
MASKS = balls(PLACE.shape, {1: (3, 3, 2), 2: (9, 7, 5)}, 2.4)
LABELS = MASKS[1] + 2 * MASKS[2]


def write_alone(folder, name="seg.dcm", **changes):
    def change(dataset):
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)

    return write_seg(folder / name, frames_of(MASKS, PLACE, empty=True), change, step=2.5)


def write_contours(folder, name="rs.dcm"):
    folder.mkdir(exist_ok=True)
    return write_structures(folder / name, [RoiTruth("GTV", stack_of([(3, SQUARE)]))])


def zip_folder(folder):
    path = folder.parent / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return path


def tar_folder(folder):
    path = folder.parent / "all.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "data")
    return path


def index_folder(folder):
    from pydicom.fileset import FileSet

    files = FileSet()
    for file in sorted(folder.iterdir()):
        files.add(file)
    with warnings.catch_warnings():
        # A file set keeps a temporary folder until it is collected.
        warnings.simplefilter("ignore", ResourceWarning)
        files.write(folder.parent / "set")
        del files
        gc.collect()
    return folder.parent / "set" / "DICOMDIR"


FORMS = [lambda folder: folder, str, zip_folder, tar_folder]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", FORMS, ids=["folder", "text", "zip", "tar"])
def test_one_segmentation_alone_is_what_is_meant(tmp_path, form, no_handle_left):
    write_alone(tmp_path / "data")
    path = form(tmp_path / "data")
    image = load_image(path)
    assert image.modality == "SEG"
    np.testing.assert_array_equal(image.array, LABELS)
    np.testing.assert_array_equal(load_seg(path, [2]).array, 2 * MASKS[2])
    assert [segment["segment_number"] for segment in get_segment_info(path)] == [1, 2]
    merged = load_and_merge_images([path, path])
    np.testing.assert_array_equal(merged.array, LABELS)
    (volume,) = explain(path).volumes
    assert volume.shape == PLACE.shape
    assert volume.loads
    called = eval(volume.call(explain(path).path), {"load_image": load_image})
    np.testing.assert_array_equal(called.array, LABELS)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", FORMS, ids=["folder", "text", "zip", "tar"])
def test_one_structure_set_alone_is_what_is_meant(tmp_path, form, no_handle_left):
    write_contours(tmp_path / "data")
    path = form(tmp_path / "data")
    for image in (
        load_image(path, reference_image=SCAN),
        load_rtstruct(path, SCAN),
        load_seg(path, reference_image=SCAN),
        load_and_merge_images([path], SCAN),
    ):
        assert image.array.sum() == 70
    with pytest.raises(OptionError, match="pass it as reference_image"):
        load_image(path)
    assert get_segment_info(path)[0]["segment_label"] == "GTV"


def test_a_dicomdir_and_folders_below(tmp_path):
    dates = {"StudyDate": "20200101", "StudyTime": "10", "StudyID": "1", "ContentDate": "20200101", "ContentTime": "10"}
    content = {"ContentLabel": "SEG", "ContentDescription": "", "InstanceNumber": 1, "PatientID": "X"}
    write_alone(tmp_path / "a" / "b", **dates, **content)
    np.testing.assert_array_equal(load_image(tmp_path / "a", recursive=True).array, LABELS)
    assert explain(tmp_path / "a", recursive=True).volumes[0].shape == PLACE.shape
    with pytest.raises(UnsupportedFormatError, match="pass recursive=True"):
        load_image(tmp_path / "a")
    with pytest.raises(
        UnsupportedFormatError,
        match=r"the folder holds 1 folder that was not searched and no file of segments in DICOM",
    ):
        load_seg(tmp_path / "a")
    index = index_folder(tmp_path / "a" / "b")
    np.testing.assert_array_equal(load_image(index).array, LABELS)
    np.testing.assert_array_equal(load_seg(index).array, LABELS)


def test_beside_images_the_images_are_loaded_and_the_segmentation_is_named(tmp_path):
    highdicom_seg(tmp_path, MASKS, place=PLACE)
    folder = tmp_path / "ct"
    shutil.move(tmp_path / "seg.dcm", folder / "seg.dcm")
    with pytest.warns(ContentWarning, match=r"left out 1 file of segments \(DICOM SEG\) .*seg\.dcm': load_seg loads"):
        scan = load_image(folder)
    assert scan.modality == "CT"
    files = sorted(str(file) for file in folder.iterdir())
    with pytest.warns(ContentWarning, match="seg.dcm"):
        assert load_image(files).modality == "CT"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mask = load_seg(folder, reference_image=scan)
    np.testing.assert_array_equal(mask.array, LABELS)
    (link,) = explain(folder).links
    assert (link.kind, link.how, link.choices) == ("SEG", "referenced series", 1)
    assert eval(link.call, {"load_mask": load_mask, "image": scan}).grid == scan.grid
    named = load_image(folder, series_uid=mask.metadata["series_instance_uid"], reference_image=scan)
    np.testing.assert_array_equal(named.array, LABELS)


def test_contours_beside_images_are_drawn_by_name(tmp_path):
    write_series(tmp_path / "data", Phantom(np.zeros((5, 4, 3), "int16"), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), np.eye(3)))
    write_contours(tmp_path / "data")
    scan = load_image(tmp_path / "data")
    assert scan.modality == "CT"
    assert any("rs.dcm': load_rtstruct draws them" in decision.text for decision in scan.provenance.decisions)
    assert load_rtstruct(tmp_path / "data", SCAN).array.sum() == 70


def test_several_of_them_are_listed(tmp_path):
    write_alone(tmp_path / "data", "a.dcm")
    write_alone(tmp_path / "data", "b.dcm", SeriesInstanceUID=uid("other"), SOPInstanceUID=uid("other", 1))
    for load in (load_image, load_seg, get_segment_info):
        with pytest.raises(
            AmbiguousSeriesError, match=r"2 files of segments.*a\.dcm'.*b\.dcm'.*; pass the path of the"
        ):
            load(tmp_path / "data")
    with pytest.raises(AmbiguousSeriesError):
        load_image([tmp_path / "data" / name for name in ("a.dcm", "b.dcm")])
    np.testing.assert_array_equal(load_image(tmp_path / "data", series_uid=uid("other")).array, LABELS)
    assert len(explain(tmp_path / "data").links_without_image) == 2
    np.testing.assert_array_equal(load_image([tmp_path / "data" / "a.dcm"]).array, LABELS)
    with pytest.raises(OptionError, match="this file is of the series"):
        load_image(tmp_path / "data" / "a.dcm", series_uid=uid("other"))


def test_a_segmentation_and_contours(tmp_path):
    write_alone(tmp_path / "data")
    write_contours(tmp_path / "data")
    with pytest.raises(AmbiguousSeriesError, match=r"rs\.dcm' \(RTSTRUCT\), .*seg\.dcm' \(DICOM SEG\)"):
        load_image(tmp_path / "data", reference_image=SCAN)
    np.testing.assert_array_equal(load_seg(tmp_path / "data").array, LABELS)
    assert load_rtstruct(tmp_path / "data", SCAN).array.sum() == 70


def test_types_that_are_asked_for(tmp_path):
    path = write_alone(tmp_path / "data")
    assert load_seg(path, dtype=np.float32).array.dtype == np.float32
    assert load_seg(path, reference_image=load_seg(path), dtype="int16").array.dtype == np.int16
    assert {mask.array.dtype for mask in load_seg(path, combine_segments=False, dtype=float).values()} == {
        np.dtype(float)
    }
    contours = write_contours(tmp_path / "contours")
    assert load_rtstruct(contours, SCAN, dtype=np.float64).array.dtype == np.float64
    assert load_rtstruct(contours, SCAN, combine_rois=False, dtype="int32")["GTV"].array.dtype == np.int32
    assert load_rtstruct(contours, SCAN, coverage=True, dtype="float64").array.dtype == np.float64
    with pytest.raises(OptionError, match="complex"):
        load_seg(path, dtype=complex)
    with pytest.raises(OptionError, match="dtype"):
        load_rtstruct(contours, SCAN, dtype="nonsense")
    many = write_seg(tmp_path / "many.dcm", frames_of({300: MASKS[1]}, PLACE, empty=True), step=2.5)
    with pytest.raises(OptionError, match="300"):
        load_seg(many, dtype=np.uint8)
    with pytest.warns(ContentWarning, match="dataset_index means nothing for RTSTRUCT"):
        load_seg(contours, reference_image=SCAN, dataset_index=1)


def test_load_image_on_a_reference_does_what_load_seg_does(tmp_path):
    path = write_alone(tmp_path / "data")
    mask = load_seg(path)
    origin = tuple(np.array(mask.origin) + 0.1)
    for spacing in ((0.4, 0.5, 1.2), mask.spacing):
        target = Image(np.zeros((30, 24, 20), np.float32), spacing, origin, np.array(mask.direction))
        found = []
        for load in (load_seg, load_image):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                found.append((load(path, reference_image=target), [str(warning.message) for warning in caught]))
        (by_seg, messages), (by_image, others) = found
        np.testing.assert_array_equal(by_seg.array, by_image.array)
        assert by_seg.array.dtype == by_image.array.dtype
        assert by_seg.array.any()
        assert messages == others
        assert messages
