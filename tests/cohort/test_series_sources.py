"""Series loaded by their key in a cohort, against the files that were written."""

from __future__ import annotations

import shutil
import warnings
import zipfile

import numpy as np
import pydicom
import pytest

from pictologics import load_image
from pictologics.cohort import check, index
from pictologics.cohort.cases.choosing import choose_cases
from pictologics.errors import ContentWarning, OptionError, UnsupportedFormatError
from tests.factories.dicom_series import uid, write_series
from tests.factories.phantom import PHANTOM
from tests.factories.phases import phase_phantom
from tests.factories.segmentations import frames_of, write_seg


def test_an_image_with_its_masks(demo_cohort, demo_index):
    patient = demo_cohort.patients[0]
    assert sorted(demo_index.files(patient.ct.uid)) == sorted(map(str, patient.ct.files))
    image = demo_index.load_image(patient.ct.uid)
    np.testing.assert_array_equal(image.array, load_image(list(patient.ct.files)).array)
    masks = demo_index.load_masks(patient.ct.uid, image)
    assert masks.keys() == {patient.seg.uid, patient.structures.uid}
    np.testing.assert_array_equal(masks[patient.seg.uid].array, patient.organs)


def test_a_series_that_loads_when_told_how(demo_cohort, demo_index):
    image = demo_index.load_image(demo_cohort.broken.uid)
    assert image.array.shape == demo_cohort.broken.grid.shape


def test_a_mask_that_is_no_dicom(demo_cohort, demo_index):
    (key,) = demo_index.query("format = 'NIfTI' AND kind = 'image'").select("series_key").fetchall()[0]
    image = demo_index.load_image(key)
    (mask,) = demo_index.load_masks(key, image).values()
    np.testing.assert_array_equal(mask.array, load_image(demo_cohort.nifti_mask).array)


def test_one_of_several_volumes(tmp_path):
    for t in range(2):
        change = lambda ds, k, t=t: setattr(ds, "TemporalPositionIdentifier", t + 1)  # noqa: E731
        write_series(tmp_path / "in" / str(t), phase_phantom(t), lambda ds, k, t=t: rename(ds, k, t), change)
    cohort = index(tmp_path / "in", tmp_path / "out", identifiers=True, workers=1)
    for t in range(2):
        np.testing.assert_array_equal(cohort.load_image(uid("a"), t).array, phase_phantom(t).array)
    with pytest.raises(OptionError, match="has no volume 2"):
        cohort.load_image(uid("a"), 2)


def rename(ds, k, t):
    """Objects of their own for each time."""
    ds.SOPInstanceUID = uid("time", t, k)


def test_an_archive_of_several_series_by_pseudonyms(tmp_path):
    for name in ("a", "b"):
        change = lambda ds, k, name=name: setattr(ds, "RescaleSlope", 1.0 + (name == "b"))  # noqa: E731
        write_series(tmp_path / "packed" / name, PHANTOM, change, series=name)
    (tmp_path / "in").mkdir()
    shutil.make_archive(str(tmp_path / "in" / "both"), "zip", tmp_path / "packed")
    cohort = index(tmp_path / "in", tmp_path / "out", workers=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sums = sorted(
            float(cohort.load_image(key).array.sum())
            for (key,) in cohort.sql("SELECT series_key FROM series").fetchall()
        )
    assert sums == [float(PHANTOM.array.sum()), 2 * float(PHANTOM.array.sum())]


def test_a_series_of_which_an_archive_holds_a_part(tmp_path):
    files = write_series(tmp_path / "in")
    (tmp_path / "packed").mkdir()
    for file in files[:2]:
        shutil.move(file, tmp_path / "packed" / file.name)
    shutil.make_archive(str(tmp_path / "in" / "part"), "zip", tmp_path / "packed")
    cohort = index(tmp_path / "in", tmp_path / "out", identifiers=True, workers=1)
    with pytest.raises(UnsupportedFormatError, match="an archive loads by itself only"):
        cohort.files(uid("a"))
    for pixels in (False, True):
        (series,) = check(cohort, pixels=pixels, workers=1).faulty
        (fault,) = series.faults
        assert "and an archive loads by itself only" in fault


@pytest.mark.parametrize("whole", ["loose", "packed"])
def test_a_series_is_loaded_from_where_all_of_it_lies(tmp_path, whole):
    files = write_series(tmp_path / "scan")
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in" / "a.zip", "w") as part:
        for file in files[:2]:
            part.write(file, file.name)
    if whole == "loose":
        shutil.copytree(tmp_path / "scan", tmp_path / "in" / "b")
    else:
        shutil.make_archive(str(tmp_path / "in" / "b"), "zip", tmp_path / "scan")
    cohort = index(tmp_path / "in", tmp_path / "out", identifiers=True, workers=1)
    np.testing.assert_array_equal(cohort.load_image(uid("a")).array, PHANTOM.array)
    assert check(cohort, pixels=True).faulty == ()


@pytest.fixture
def mixed(tmp_path):
    """A segmentation of everything that has the UID of the series that it was drawn on."""
    folder = tmp_path / "mixed"
    image = pydicom.dcmread(write_series(folder / "scan")[0])
    change = lambda ds: setattr(ds, "SeriesInstanceUID", image.SeriesInstanceUID)  # noqa: E731
    return write_seg(folder / "seg.dcm", frames_of({1: np.ones(PHANTOM.shape, np.uint8)}), change).parent


def test_a_segmentation_that_has_the_uid_of_its_image_is_no_part_of_it(mixed, tmp_path):
    cohort = index(mixed, tmp_path / "out", identifiers=True, workers=1)
    with pytest.warns(ContentWarning, match="left out 1 file of segments"):
        image = cohort.load_image(uid("a"))
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    np.testing.assert_array_equal(cohort.load_masks(uid("a"), image)[uid("a")].array, 1)
    (case,) = choose_cases(cohort, "true")
    assert len(case.images["image"].files) == PHANTOM.shape[2]
    assert case.masks[0].files == (str(mixed / "seg.dcm"),)
    assert check(cohort, pixels=True, workers=1).faulty == ()


def test_an_archive_of_both_is_refused_for_the_segmentation(mixed, tmp_path):
    (tmp_path / "in").mkdir()
    shutil.make_archive(str(tmp_path / "in" / "all"), "zip", mixed)
    cohort = index(tmp_path / "in", tmp_path / "out", identifiers=True, workers=1)
    with pytest.warns(ContentWarning, match="left out 1 file of segments"):
        image = cohort.load_image(uid("a"))
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    with pytest.raises(UnsupportedFormatError, match="files of several kinds that all have the UID"):
        cohort.load_masks(uid("a"), image)
    (case,) = choose_cases(cohort, "true")
    assert "files of several kinds" in case.problem
    (series,) = check(cohort, pixels=True, workers=1).faulty
    assert series.kind == "SEG" and "files of several kinds" in series.faults[0]


@pytest.mark.parametrize("key", [None, 5, ["a"]])
def test_a_key_that_is_no_text(demo_index, key):
    with pytest.raises(OptionError, match=r"series_key is .* and must be a key of the table of series"):
        demo_index.load_image(key)


def test_a_series_that_is_not_there(demo_index):
    with pytest.raises(OptionError, match="there is no series"):
        demo_index.load_image("1.2.3'; DROP TABLE series; --")
