"""A tree to the tables of a cohort, against the truth about a made-up export."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pictologics import explain
from pictologics.cohort import index, open_cohort
from pictologics.cohort.indexing import parts, units
from tests.factories.cohort_tables import list_opened_files, read_all_tables, read_rows
from tests.factories.dicom_series import write_series
from tests.factories.phantom import PHANTOM


def index_here(root, out, **options):
    """Index in this process."""
    return index(root, out, workers=1, **options)


@pytest.fixture(scope="module")
def demo_tables(demo_cohort, tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "cohort"
    index(demo_cohort.root, out, identifiers=True, workers=1)
    return read_all_tables(out)


# --- what the tables say ---


def test_every_patient_study_and_series_is_there(demo_cohort, demo_tables):
    patients = {patient.patient_id for patient in demo_cohort.patients}
    assert {row["patient_key"] for row in demo_tables["patients"]} == patients
    studies = {patient.study_uid for patient in demo_cohort.patients}
    assert studies < {row["study_key"] for row in demo_tables["studies"]}
    series = {row["series_key"]: row for row in demo_tables["series"]}
    for patient in demo_cohort.patients:
        assert series[patient.ct.uid]["study_key"] == patient.study_uid
        for written, kind in ((patient.ct, "image"), (patient.seg, "SEG"), (patient.structures, "RTSTRUCT")):
            if written is not None:
                assert series[written.uid]["kind"] == kind


def test_counts_add_up(demo_tables):
    by_study = {row["study_key"]: row["files"] for row in demo_tables["studies"]}
    assert sum(row["files"] for row in demo_tables["patients"]) == sum(by_study.values())
    assert sum(row["series"] for row in demo_tables["studies"]) == len(
        [row for row in demo_tables["series"] if row["study_key"]]
    )


def test_the_verdict_is_that_of_explain(demo_cohort, demo_tables):
    series = {row["series_key"]: row for row in demo_tables["series"]}
    for written in (demo_cohort.patients[0].ct, demo_cohort.broken):
        row = series[written.uid]
        (volume,) = (
            volume
            for volume in explain(written.files[0].parent, recursive=True).volumes
            if volume.series_uid == written.uid
        )
        assert volume.shape in (None, (row["size_x"], row["size_y"], row["size_z"]))
        assert row["verdict"] == ("irregular" if volume.findings else "regular")
        assert row["worst_error_voxels"] == max(dict(volume.findings).values(), default=0.0)


def test_entries_of_an_archive_are_files(demo_cohort, demo_tables):
    path = demo_cohort.archive.relative_to(demo_cohort.root).as_posix()
    rows = [row for row in demo_tables["files"] if row["path"] == path and row["entry"]]
    assert {row["series_key"] for row in rows} == {demo_cohort.patients[3].ct.uid}
    assert len(rows) == 24


def test_files_of_other_formats_are_series_of_one_file(demo_cohort, demo_tables):
    series = {row["series_key"]: row for row in demo_tables["series"]}
    for path, kind in ((demo_cohort.nifti, "image"), (demo_cohort.nifti_mask, "SEG")):
        place = path.relative_to(demo_cohort.root).as_posix()
        assert (series[place]["kind"], series[place]["format"], series[place]["files"]) == (kind, "NIfTI", 1)
        (file,) = (row for row in demo_tables["files"] if row["path"] == place)
        assert (file["series_key"], file["format"]) == (place, "NIfTI")


def test_what_is_wrong_is_named(demo_cohort, demo_tables):
    problems = {row["kind"]: row["paths"] for row in demo_tables["problems"]}
    root = demo_cohort.root
    assert problems["unreadable"] == [demo_cohort.unreadable.relative_to(root).as_posix()]
    assert problems["duplicate"] == sorted(path.relative_to(root).as_posix() for path in demo_cohort.duplicate)


def test_an_object_whose_copies_differ_is_a_conflict(tmp_path):
    files = write_series(tmp_path / "in")
    copy = tmp_path / "in" / "copy.dcm"
    shutil.copyfile(files[0], copy)
    with copy.open("ab") as file:
        file.write(b"\0\0")
    index_here(tmp_path / "in", tmp_path / "out")
    (problem,) = (row for row in read_rows(tmp_path / "out", "problems") if row["kind"] in {"conflict", "duplicate"})
    assert problem["kind"] == "conflict"
    assert problem["paths"] == sorted([files[0].name, "copy.dcm"])


# --- units ---


@pytest.mark.slow
def test_the_tables_do_not_depend_on_how_files_are_put_into_units(demo_cohort, tmp_path, monkeypatch):
    index_here(demo_cohort.root, tmp_path / "large")
    monkeypatch.setattr(units, "FEWEST_UNIT_FILES", 3)
    monkeypatch.setattr(units, "MOST_UNIT_FILES", 10)
    monkeypatch.setattr(units, "FILES_BETWEEN_ENDS", 3)
    index_here(demo_cohort.root, tmp_path / "small")
    assert len(list((tmp_path / "small" / "files").iterdir())) > 30
    assert read_all_tables(tmp_path / "small") == read_all_tables(tmp_path / "large")


@pytest.mark.slow
def test_worker_processes_find_the_same(demo_cohort, tmp_path, monkeypatch):
    index_here(demo_cohort.root, tmp_path / "here")
    monkeypatch.setattr(units, "FEWEST_UNIT_FILES", 50)
    index(demo_cohort.root, tmp_path / "there", workers=2)
    assert read_all_tables(tmp_path / "here") == read_all_tables(tmp_path / "there")


def test_a_series_in_two_folders_is_one(tmp_path, monkeypatch):
    monkeypatch.setattr(units, "FEWEST_UNIT_FILES", 1)
    monkeypatch.setattr(units, "FOLDERS_BETWEEN_ENDS", 1)
    files = write_series(tmp_path / "in" / "first")
    (tmp_path / "in" / "second").mkdir()
    for file in files[::2]:
        file.rename(tmp_path / "in" / "second" / file.name)
    index_here(tmp_path / "in", tmp_path / "out")
    (series,) = read_rows(tmp_path / "out", "series")
    assert (series["verdict"], series["files"], series["folders"]) == ("regular", len(files), 2)
    assert len(read_rows(tmp_path / "out", "phases")) == 1


# --- again ---


def test_a_second_run_opens_nothing(demo_cohort, tmp_path, monkeypatch):
    index_here(demo_cohort.root, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    with list_opened_files(monkeypatch) as opened:
        index_here(demo_cohort.root, tmp_path)
    assert not opened
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before


@pytest.mark.slow
def test_only_what_changed_is_read_with_its_series(demo_cohort_copy, tmp_path, monkeypatch):
    truth = demo_cohort_copy
    out = tmp_path / "out"
    index_here(truth.root, out, identifiers=True)
    gone = truth.patients[1].seg.files[0]
    gone.unlink()
    changed, *_ = truth.patients[0].ct.files
    content = changed.read_bytes()
    changed.write_bytes(content + bytes(2))
    added = truth.root / "DEMO-006" / "added.dcm"
    shutil.copyfile(truth.patients[2].ct.files[0], added)
    with list_opened_files(monkeypatch) as opened:
        index_here(truth.root, out, identifiers=True)
    of_series = {path.name for number in (0, 2) for path in truth.patients[number].ct.files}
    assert set(opened) - of_series <= {"added.dcm", truth.duplicate[1].name}
    assert {changed.name, "added.dcm"} <= set(opened)
    assert len(opened) < 80

    index_here(truth.root, tmp_path / "anew", identifiers=True)
    assert read_all_tables(out) == read_all_tables(tmp_path / "anew")


@pytest.mark.parametrize("name", ["a/0.dcm", "0/0.dcm"])
def test_a_new_file_before_all_others_has_them_read_no_more_than_one_behind(tmp_path, monkeypatch, name):
    root, out = tmp_path / "in", tmp_path / "out"
    write_series(root / "a", series="a")
    write_series(root / "b", series="b")
    index_here(root, out)
    write_series(tmp_path / "new", series="new", slices=[0])[0].rename(make_parent(root / name))
    with list_opened_files(monkeypatch) as opened:
        index_here(root, out)
    assert {file for file in opened if not file.endswith(".parquet")} == {"0.dcm"}
    index_here(root, tmp_path / "anew")
    assert read_all_tables(out) == read_all_tables(tmp_path / "anew")


def make_parent(path):
    path.parent.mkdir(exist_ok=True)
    return path


def test_what_is_gone_is_dropped(tmp_path):
    root, out = tmp_path / "in", tmp_path / "out"
    write_series(root / "a", series="a")
    write_series(root / "b", series="b")
    index_here(root, out)
    assert len(read_rows(out, "series")) == 2
    shutil.rmtree(root / "b")
    index_here(root, out)
    assert len(read_rows(out, "series")) == 1
    assert {Path(row["path"]).parts[0] for row in read_rows(out, "files")} == {"a"}
    shutil.rmtree(root / "a")
    index_here(root, out)
    assert all(not rows for rows in read_all_tables(out).values())
    assert open_cohort(out).root == str(root)


def test_a_series_that_no_longer_lies_in_two_units_is_judged_by_what_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(units, "FEWEST_UNIT_FILES", 1)
    monkeypatch.setattr(units, "FOLDERS_BETWEEN_ENDS", 1)
    files = write_series(tmp_path / "in" / "first")
    (tmp_path / "in" / "second").mkdir()
    moved = [file.rename(tmp_path / "in" / "second" / file.name) for file in files[-2:]]
    index_here(tmp_path / "in", tmp_path / "out")
    for file in moved:
        file.unlink()
    index_here(tmp_path / "in", tmp_path / "out")
    (series,) = read_rows(tmp_path / "out", "series")
    assert series["files"] == len(files) - 2
    assert not list((tmp_path / "out" / "state" / "batches").glob("*/*/*"))


def test_a_series_whose_files_hold_another_one_now_is_gone(tmp_path):
    root, out = tmp_path / "in", tmp_path / "out"
    files = write_series(root, series="a")
    index_here(root, out)
    (before,) = read_rows(out, "series")
    for file in files:
        file.unlink()
    write_series(root, series="b")
    index_here(root, out)
    (after,) = read_rows(out, "series")
    assert after["series_key"] != before["series_key"]
    index_here(root, tmp_path / "anew")
    assert read_all_tables(out) == read_all_tables(tmp_path / "anew")


def test_a_note_that_is_gone_has_nothing_else_read(tmp_path, monkeypatch):
    root, out = tmp_path / "in", tmp_path / "out"
    write_series(root)
    shutil.make_archive(str(root / "packed"), "zip", root)
    for name in ("first.txt", "second.txt"):
        (root / name).write_text("no image")
    index_here(root, out)
    (root / "first.txt").unlink()
    with list_opened_files(monkeypatch) as opened:
        index_here(root, out)
    assert not [name for name in opened if not name.endswith(".parquet")]


def test_parts_that_are_written_beside_each_other_do_not_meet(tmp_path, monkeypatch):
    first, second = tmp_path / "ab1", tmp_path / "ab2"
    true_write = parts.pq.write_table

    def write_while_another_is_written(*given, **options):
        if not second.exists():
            monkeypatch.undo()
            parts.write_part(second, parts.Part([{"path": "second"}], [], []))
        true_write(*given, **options)

    monkeypatch.setattr(parts.pq, "write_table", write_while_another_is_written)
    parts.write_part(first, parts.Part([{"path": "first"}], [], []))
    assert [parts.read_part(folder).files[0]["path"] for folder in (first, second)] == ["first", "second"]
    assert sorted(tmp_path.iterdir()) == [first, second]


# --- settings ---


@pytest.mark.parametrize("change", ["identifiers", "text", "key", "root"])
def test_a_cohort_made_otherwise_is_refused(tmp_path, cohort_key, change):
    write_series(tmp_path / "in")
    (tmp_path / "other").mkdir()
    other = tmp_path / "other.key"
    other.write_text("another key than before, as long")
    index_here(tmp_path / "in", tmp_path / "out", key=cohort_key)
    options = {"identifiers": {"identifiers": True}, "text": {"text": True}, "key": {"key": other}}.get(change, {})
    root = tmp_path / ("other" if change == "root" else "in")
    with pytest.raises(ValueError, match=r"this (is the cohort of|cohort has)"):
        index_here(root, tmp_path / "out", **options)


def test_the_cohort_may_lie_in_the_tree(tmp_path):
    write_series(tmp_path / "scans")
    index_here(tmp_path, tmp_path / "cohort")
    first = read_all_tables(tmp_path / "cohort")
    index_here(tmp_path, tmp_path / "cohort")
    assert read_all_tables(tmp_path / "cohort") == first
    assert all(row["path"].startswith("scans/") for row in first["files"])


def test_a_study_that_two_patients_share_belongs_to_neither(tmp_path):
    for name in ("a", "b"):
        write_series(
            tmp_path / "in" / name, PHANTOM, lambda ds, k, name=name: setattr(ds, "PatientID", name), series=name
        )
    index_here(tmp_path / "in", tmp_path / "out", identifiers=True)
    (study,) = read_rows(tmp_path / "out", "studies")
    assert (study["patient_key"], study["series"]) == (None, 2)
    assert [row["patient_key"] for row in read_rows(tmp_path / "out", "patients")] == ["a", "b"]
