"""Series of several volumes of which something is there twice, is cut off, or does not say where it lies."""

from __future__ import annotations

import shutil
import warnings
from functools import partial

import numpy as np
import pydicom
import pytest

from pictologics import (
    ContentWarning,
    CorruptFileError,
    PictologicsError,
    load_image,
)
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import slice_file, uid, write_dataset, write_series
from tests.factories.hostile import cut
from tests.factories.phantom import PHANTOM, counting
from tests.factories.phases import PATTERNS, TRAPS, phase_phantom, put, write_phases
from tests.factories.truth import assert_shows
from tests.factories.work import count_calls

pytestmark = [
    pytest.mark.usefixtures("no_handle_left"),
    # What tests/dicom/series/test_phase_order.py is about.
    pytest.mark.filterwarnings("ignore:.*only the order of the images:pictologics.ContentWarning"),
]

SLICES = PHANTOM.shape[2]
CALLS_PER_FILE = 600
"""A file of a series takes 340 calls to understand; this leaves room for another version of the interpreter."""


# --- one slice twice ---


def test_one_slice_sent_twice_under_one_uid_is_one_slice(tmp_path):
    files = write_series(tmp_path)
    shutil.copy(files[2], tmp_path / "again.dcm")
    with pytest.warns(ContentWarning, match="repeat"):
        assert_shows(load_image(tmp_path), PHANTOM)


def test_copies_under_one_uid_are_counted(tmp_path):
    files = write_series(tmp_path)
    shutil.copy(files[2], tmp_path / "again.dcm")
    with pytest.warns(ContentWarning, match="left out 1 image that repeats the SOP Instance UID"):
        load_image(tmp_path)
    shutil.copy(files[3], tmp_path / "and again.dcm")
    with pytest.warns(ContentWarning, match="left out 2 images that repeat the SOP Instance UID"):
        load_image(tmp_path)


def test_one_slice_sent_twice_under_another_uid(tmp_path):
    """Never two slices: one that holds the same is left out, any other is a volume, said to be incomplete."""
    write_series(tmp_path)
    slice_file(tmp_path / "z.dcm", 2, PHANTOM, lambda ds, _: setattr(ds, "SOPInstanceUID", uid("another")))
    with pytest.warns(ContentWarning, match=r"left out 1 image that holds the same values.*z\.dcm"):
        assert_shows(load_image(tmp_path), PHANTOM)
    other = PHANTOM.with_array(PHANTOM.array + 1)
    slice_file(tmp_path / "z.dcm", 2, other, lambda ds, _: setattr(ds, "SOPInstanceUID", uid("another")))
    phases = get_dicom_phases(tmp_path)
    assert [phase.num_slices for phase in phases] == [SLICES, 1]
    with pytest.warns(ContentWarning, match="1 more image at the same positions"):
        assert_shows(load_image(tmp_path), PHANTOM)
    with pytest.warns(ContentWarning, match="4 fewer.*covers 1 of 5 positions"):
        load_image(tmp_path, dataset_index=1)


def test_another_uid_in_a_step_and_shoot_scan(tmp_path):
    write_series(tmp_path, PHANTOM, TRAPS["step and shoot"])

    def again(ds, k):
        TRAPS["step and shoot"](ds, k)
        ds.SOPInstanceUID = uid("another")
        ds.InstanceNumber = 99

    slice_file(tmp_path / "a.dcm", 2, PHANTOM, again)
    assert [phase.num_slices for phase in get_dicom_phases(tmp_path)] == [SLICES]
    with pytest.warns(ContentWarning, match="left out 1 image that holds the same values"):
        assert_shows(load_image(tmp_path), PHANTOM)


# --- bad input ---


def test_a_cut_slice_in_one_phase_is_named(tmp_path):
    files = write_phases(tmp_path, PATTERNS["echo"].touches)
    cut(files[1, 3], -30)
    assert_shows(load_image(tmp_path, dataset_index=0), phase_phantom(0))
    with pytest.raises(CorruptFileError, match=files[1, 3].name):
        load_image(tmp_path, dataset_index=1)


def test_an_undecodable_slice_in_one_phase_is_named(tmp_path):
    from pydicom.encaps import encapsulate
    from pydicom.uid import RLELossless

    files = write_phases(tmp_path, PATTERNS["echo"].touches)
    for path in files.values():
        ds = pydicom.dcmread(path)
        write_dataset(path, ds, syntax=RLELossless)
    ds = pydicom.dcmread(files[1, 3])
    ds.PixelData = encapsulate([b"\xff" * 70])
    ds["PixelData"].is_undefined_length = True
    ds.save_as(files[1, 3])
    assert_shows(load_image(tmp_path, dataset_index=0), phase_phantom(0))
    with pytest.raises(PictologicsError, match=files[1, 3].name):
        load_image(tmp_path, dataset_index=1)


@pytest.mark.parametrize("also_orientation", [False, True])
@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_slice_without_position_is_never_a_silent_hole(tmp_path, also_orientation, at):
    """It is said that the slice has none, or that the volume lacks one."""

    def forget(ds, k):
        if k == at:
            del ds.ImagePositionPatient
            if also_orientation:
                del ds.ImageOrientationPatient

    files = write_series(tmp_path, PHANTOM, forget)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ContentWarning)
        with pytest.raises(PictologicsError, match=rf"{files[at].name}|missing"):
            load_image(tmp_path)


def test_a_slice_without_position_in_a_series_of_phases(tmp_path):
    files = write_phases(tmp_path, PATTERNS["echo"].touches)
    ds = pydicom.dcmread(files[1, 2])
    del ds.ImagePositionPatient
    ds.save_as(files[1, 2])
    with pytest.raises(PictologicsError, match=rf"{files[1, 2].name}|missing|position"):
        load_image(tmp_path, dataset_index=1)


def test_phases_at_different_places_are_two_volumes(tmp_path):
    """The second echo lies 1 mm higher than the first, of which each slice is 2.5 mm from the next."""

    def touch(t: int):
        def move(ds, k):
            ds.EchoTime = 5.0 + t
            position = np.array(ds.ImagePositionPatient, dtype=float) + t * 1.0 * PHANTOM.direction[:, 2]
            ds.ImagePositionPatient = [round(float(v), 6) for v in position]

        return move

    write_phases(tmp_path, [touch(0), touch(1)])
    for t in range(2):
        with pytest.warns(ContentWarning, match="covers 5 of 10 positions"):
            image = load_image(tmp_path, dataset_index=t, irregular="resample")
        np.testing.assert_array_equal(image.array, phase_phantom(t).array)
        np.testing.assert_allclose(image.origin, PHANTOM.position((0, 0, t / PHANTOM.spacing[2])), atol=1e-5)


@pytest.mark.slow
def test_the_work_grows_as_the_number_of_files(tmp_path):
    """Thousands of files take seconds. Counted in calls: twice as many files take no more than twice, and a little."""
    small = PHANTOM.with_array(counting((2, 2, 20)))
    touches = [put(TriggerTime=lambda k, t=t: 10.0 * t + 0.01 * k) for t in range(30)]
    write_phases(tmp_path / "few", touches[:15], phantom=small)
    write_phases(tmp_path / "many", touches, phantom=small)
    assert len(get_dicom_phases(tmp_path / "few")) == 15
    assert len(get_dicom_phases(tmp_path / "many")) == 30
    assert_shows(load_image(tmp_path / "many", dataset_index=21), phase_phantom(21, small))
    for door in (get_dicom_phases, partial(load_image, dataset_index=5)):
        calls_of_few = count_calls(lambda door=door: door(tmp_path / "few"))
        calls_of_many = count_calls(lambda door=door: door(tmp_path / "many"))
        assert calls_of_many < 2.1 * calls_of_few
        assert calls_of_many < CALLS_PER_FILE * 30 * 20
