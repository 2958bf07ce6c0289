"""The list of a series' volumes: it agrees with what loads, and an entry reads no file but its own."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from pictologics import (
    OptionError,
    PictologicsError,
    explain,
    load_image,
)
from pictologics.utilities import DicomPhaseInfo, get_dicom_phases
from tests.factories.dicom_series import uid, write_series
from tests.factories.hostile import garbage
from tests.factories.phantom import PHANTOM
from tests.factories.phases import PATTERNS, phase_phantom, write_phases
from tests.factories.truth import assert_shows

pytestmark = [
    pytest.mark.usefixtures("no_handle_left"),
    # What tests/dicom/series/test_phase_order.py is about.
    pytest.mark.filterwarnings("ignore:.*only the order of the images:pictologics.ContentWarning"),
]

every_pattern = pytest.mark.parametrize("name", PATTERNS)
SLICES = PHANTOM.shape[2]


# --- only that phase is read ---


@pytest.mark.parametrize("name", ["echo", "drifting trigger time", "order"])
def test_only_the_asked_for_phase_is_read(tmp_path, name):
    """The pixels of the others are cut off: their loading fails, that of this one does not."""
    files = write_phases(tmp_path, PATTERNS[name].touches)
    entries = get_dicom_phases(tmp_path)
    for (t, _), path in files.items():
        if t != 1:
            content = path.read_bytes()
            path.write_bytes(content[:-20] + b"\xff" * 20)
    assert_shows(load_image(tmp_path, dataset_index=1), phase_phantom(1))
    assert_shows(load_image(entries[1]), phase_phantom(1))
    broken = load_image(tmp_path, dataset_index=0)
    assert broken.array.min() == -1, "the test itself: these pixels are read"


def test_an_entry_reads_none_of_the_other_files(tmp_path):
    """Files of other phases may even be gone."""
    files = write_phases(tmp_path, PATTERNS["echo"].touches)
    entries = get_dicom_phases(tmp_path)
    for (t, _), path in files.items():
        if t != 2:
            path.unlink()
    assert_shows(load_image(entries[2]), phase_phantom(2))


# --- the listing and the loading agree ---


def test_a_plain_series_is_one_entry(tmp_path):
    files = write_series(tmp_path)
    (entry,) = get_dicom_phases(tmp_path)
    assert isinstance(entry, DicomPhaseInfo)
    assert (entry.index, entry.num_slices, entry.split_tag, entry.split_value) == (0, SLICES, None, None)
    assert sorted(entry.file_paths) == sorted(map(str, files))
    assert_shows(load_image(entry), PHANTOM)


def test_an_index_beyond_the_last_says_how_many(tmp_path):
    write_phases(tmp_path, PATTERNS["echo"].touches)
    with pytest.raises(OptionError, match="3 volumes"):
        load_image(tmp_path, dataset_index=3)


def test_folders_below_and_one_series_of_several(tmp_path):
    write_phases(tmp_path / "a", PATTERNS["echo"].touches, series="a")
    write_phases(tmp_path / "b", PATTERNS["b-value"].touches, series="b")
    phases = get_dicom_phases(tmp_path, True, series_uid=uid("b"))
    assert [phase.label for phase in phases] == ["b=0", "b=400", "b=800"]
    for t, phase in enumerate(phases):
        assert_shows(load_image(phase), phase_phantom(t))
    with pytest.raises(PictologicsError, match="2 image series"):
        get_dicom_phases(tmp_path, recursive=True)
    with pytest.raises(ValueError, match="folders"):
        get_dicom_phases(tmp_path)


@pytest.mark.parametrize("bad", ["gone", "empty", "junk"])
def test_a_listing_of_nothing_is_an_error(tmp_path, bad):
    path = tmp_path / bad
    if bad != "gone":
        path.mkdir()
    if bad == "junk":
        garbage(path / "a", 3000)
    with pytest.raises(FileNotFoundError if bad == "gone" else ValueError):
        get_dicom_phases(path)


def test_explain_says_how_each_is_loaded(tmp_path):
    write_phases(tmp_path, PATTERNS["echo"].touches)
    for t, volume in enumerate(explain(tmp_path).volumes):
        assert volume.phase == get_dicom_phases(tmp_path)[t].label
        assert_shows(load_image(tmp_path, **dict(volume.options)), phase_phantom(t))


def test_the_phase_is_part_of_the_image(tmp_path):
    write_phases(tmp_path, PATTERNS["echo"].touches)
    image = load_image(tmp_path, dataset_index=1)
    assert image.metadata["phase"] == "Echo 2 (4.92 ms)"
    assert "phase" not in load_image(slice_list(tmp_path)).metadata


def slice_list(folder) -> list[str]:
    return get_dicom_phases(folder)[0].file_paths


# --- a phase made of its public fields ---


@pytest.mark.parametrize("name", PATTERNS)
def test_a_phase_that_went_through_json_loads_the_same_volume(tmp_path, name):
    write_phases(tmp_path, PATTERNS[name].touches)
    for phase in get_dicom_phases(tmp_path):
        again = DicomPhaseInfo(**json.loads(json.dumps(dataclasses.asdict(phase))))
        np.testing.assert_array_equal(load_image(again).array, load_image(phase).array)
        assert {phase: 1}[phase] == 1
        assert hash(dataclasses.replace(phase)) == hash(phase)
        assert dataclasses.replace(phase) == phase
