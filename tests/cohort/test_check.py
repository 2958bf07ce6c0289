"""A check of a cohort, against the truth about it and against what load_image does with every series."""

from __future__ import annotations

import json
import shutil
import warnings

import numpy as np
import pytest

from pictologics import Grid, load_image
from pictologics.cohort import check, index
from pictologics.cohort.checking.mask_meeting import meet_contours, meet_grids
from pictologics.errors import OptionError
from tests.factories.dicom_series import uid, write_series
from tests.factories.pet import pet, without, write_pet
from tests.factories.phantom import PHANTOM
from tests.factories.segmentations import balls, frames_of, write_seg

GRID = Grid((20, 16, 12), (0.8, 0.9, 2.5), (10.0, -20.0, 30.0), np.linalg.qr(np.arange(9).reshape(3, 3) + np.eye(3))[0])


@pytest.fixture(scope="module")
def report(demo_index):
    return check(demo_index, workers=1)


def check_here(root, out, **options):
    """Index a folder and check it, in this process."""
    found = check(index(root, out, identifiers=True, workers=1), workers=1, **options)
    return found, {series.series_key: series for series in found.series}


def test_the_demo_cohort(demo_cohort, report):
    faulty = {series.series_key: series for series in report.faulty}
    assert faulty.keys() == {demo_cohort.broken.uid, demo_cohort.orphan.uid}
    assert "3 slices are missing" in faulty[demo_cohort.broken.uid].faults[0]
    assert faulty[demo_cohort.broken.uid].error_voxels > 1
    assert faulty[demo_cohort.orphan.uid].faults == ("its image is not there",)
    assert not report.is_fine
    unreadable = demo_cohort.unreadable.relative_to(demo_cohort.root).as_posix()
    assert [file.path for file in report.unreadable] == [unreadable]


def test_the_worst_first(report):
    errors = [series.error_voxels for series in report.series]
    order = [(series.is_fine, -error) for series, error in zip(report.series, errors, strict=True)]
    assert order == sorted(order) and len(errors) == 33


def test_json_has_everything(report):
    facts = json.loads(json.dumps(report.to_dict()))
    assert facts["is_fine"] is False and len(facts["series"]) == len(report.series)
    assert facts["series"][0]["load_options"] == {"irregular": "resample"}
    assert report.summary() == ("2 of 33 series (5 RTSTRUCT, 10 SEG, 18 image) have faults; 1 file cannot be read")


def test_a_fine_cohort(tmp_path):
    write_series(tmp_path / "in" / "ct")
    masks = balls(PHANTOM.shape, {1: (2, 2, 2)}, 1.5)
    write_seg(tmp_path / "in" / "seg.dcm", frames_of(masks))
    found, series = check_here(tmp_path / "in", tmp_path / "out", pixels=True)
    assert found.is_fine, found.faulty
    assert series[uid("seg")].image_key == uid("a") and series[uid("seg")].error_voxels < 1e-6


def test_a_mask_on_other_voxels(tmp_path):
    write_series(tmp_path / "in" / "ct")

    def move(ds):
        for groups in ds.PerFrameFunctionalGroupsSequence:
            place = groups.PlanePositionSequence[0]
            place.ImagePositionPatient = [value + 0.3 for value in place.ImagePositionPatient]

    masks = balls(PHANTOM.shape, {1: (2, 2, 2)}, 1.5)
    write_seg(tmp_path / "in" / "seg.dcm", frames_of(masks), move)
    _, series = check_here(tmp_path / "in", tmp_path / "out")
    (fault,) = series[uid("seg")].faults
    assert "its voxels are not those of its image" in fault and series[uid("seg")].error_voxels >= 0.1


def test_pet_without_a_dose(tmp_path):
    write_pet(tmp_path / "in", pet(), without("RadionuclideTotalDose", in_tracer=True))
    found, _ = check_here(tmp_path / "in", tmp_path / "out")
    (series,) = found.faulty
    assert "uptake values cannot be computed" in series.faults[0]


def test_two_files_of_one_object_that_differ(tmp_path):
    files = write_series(tmp_path / "in")
    other = write_series(tmp_path / "other", PHANTOM, lambda ds, k: setattr(ds, "RescaleSlope", 2.0), slices=[1])
    shutil.copy(other[0], tmp_path / "in" / f"again_{files[1].name}")
    found, _ = check_here(tmp_path / "in", tmp_path / "out")
    assert any("differ" in fault for series in found.faulty for fault in series.faults)


def test_pixels_that_do_not_decode_are_found_only_with_pixels(tmp_path):
    files = write_series(tmp_path / "in", syntax="1.2.840.10008.1.2.5")
    content = bytearray(files[2].read_bytes())
    content[-40:] = bytes(40)
    files[2].write_bytes(content)
    found, _ = check_here(tmp_path / "in", tmp_path / "out")
    assert found.is_fine
    found, series = check_here(tmp_path / "in", tmp_path / "out", pixels=True)
    assert not found.is_fine and "CorruptFileError" in series[uid("a")].faults[0]
    assert str(tmp_path) not in series[uid("a")].faults[0]


def test_a_series_in_an_archive_of_several(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        write_series(tmp_path / "packed" / name, series=name)
    shutil.make_archive(str(tmp_path / "in" / "both"), "zip", tmp_path / "packed")
    found = check(index(tmp_path / "in", tmp_path / "out", workers=1), pixels=True, workers=1)
    assert found.is_fine and len(found.series) == 2


def test_in_several_processes(demo_index, report):
    found = check(demo_index, pixels=True, workers=2)
    assert {series.series_key for series in found.faulty} == {series.series_key for series in report.faulty}


def test_workers_are_counted(demo_index):
    with pytest.raises(OptionError, match="workers"):
        check(demo_index, workers=0)


@pytest.mark.parametrize("flipped", [False, True])
def test_a_part_of_the_grid_meets_it(flipped):
    part = GRID.crop((2, 3, 4), (10, 9, 5))
    meeting = meet_grids(part.permute((1, 2, 0)).flip(2) if flipped else part, GRID, needs_lattice=True)
    assert not meeting.fault and meeting.voxels < 1e-9


def test_grids_apart():
    beside = GRID.crop((25, 0, 0), GRID.shape)
    assert "outside" in meet_grids(beside, GRID, needs_lattice=False).fault
    coarse = Grid((5, 4, 3), (3.2, 3.6, 10.0), GRID.origin, GRID.direction)
    assert not meet_grids(coarse, GRID, needs_lattice=False).fault
    assert "not those of its image" in meet_grids(coarse, GRID, needs_lattice=True).fault


@pytest.mark.parametrize(
    ("height", "shift", "text"),
    [(3, 0, ""), (3.4, 0, "0.4 voxels beside"), (3, 12, "beyond its image"), (14, 0, "beyond")],
)
def test_contours(height, shift, text):
    square = np.array([[4, 5], [9, 5], [9, 11]]) + shift
    points = GRID.index_to_world(np.insert(square.astype(float), 2, height, axis=1))
    meeting = meet_contours(points, np.array([0, 3]), GRID)
    assert (text in meeting.fault) if text else not meeting.fault


def test_every_verdict_on_real_scans_is_that_of_load_image(shared_data, tmp_path):
    """What is found without pixels holds for all that load_image does with the files of each series."""
    cohort = index(shared_data, tmp_path / "out", workers=1)
    report = check(cohort, pixels=True, workers=2)
    by_headers = {(s.series_key, s.kind): s for s in check(cohort, workers=1).series}
    assert len(report.series) > 20
    for series in report.series:
        # Pixels add no fault: the headers had told all.
        assert series.faults == by_headers[series.series_key, series.kind].faults, series


def test_irregular_series_load_with_their_options(demo_cohort, report):
    worst = report.series[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = load_image(list(demo_cohort.broken.files), **json.loads(worst.load_options))
    assert image.array.shape == demo_cohort.broken.grid.shape


def test_a_prompt_shows_the_counts_alone(report):
    assert repr(report) == f"CheckReport({report.summary()})"
