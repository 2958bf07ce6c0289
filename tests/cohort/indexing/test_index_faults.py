"""What goes wrong while a tree is indexed: kills, a full disk, files that come and go, two runs at once."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from pictologics.cohort import check, index, open_cohort
from pictologics.cohort.folder_lock import lock_folder
from pictologics.cohort.indexing import index_run, units
from pictologics.cohort.indexing.parts import Part, write_part
from pictologics.errors import CorruptFileError, FileAccessError, MissingPathError, OptionError
from tests.factories.cohort_tables import read_all_tables, read_rows
from tests.factories.dicom_series import write_series
from tests.factories.processes import list_survivors

SCRIPT = Path(__file__).with_name("interrupted_runs.py")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="processes are copied")
def test_runs_that_are_killed_and_a_full_disk_leave_nothing_wrong(demo_cohort, tmp_path):
    done = subprocess.run(
        [sys.executable, SCRIPT, demo_cohort.root, tmp_path / "out", "12", "7"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    lines = done.stdout.splitlines()
    assert lines.count("killed") == 12, lines
    assert lines.count("full") == 4 and lines[-2:] == ["0", "0"], lines
    assert sum("File too large" in line for line in lines) == 4
    whole = read_all_tables(tmp_path / "out-whole")
    assert whole["series"]
    assert read_all_tables(tmp_path / "out") == read_all_tables(tmp_path / "out-full") == whole
    names = [
        sorted(p.relative_to(tmp_path / f).as_posix() for p in (tmp_path / f).rglob("*")) for f in ("out", "out-whole")
    ]
    assert names[0] == names[1]


INDEX_WITH_WORKERS = """
import sys
from pictologics.cohort import index
from pictologics.cohort.indexing import units
if __name__ == "__main__":
    units.FEWEST_UNIT_FILES = 20
    index(sys.argv[1], sys.argv[2], workers=2)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are found in /proc")
def test_workers_end_with_the_run_that_is_killed(demo_cohort, tmp_path):
    (tmp_path / "script.py").write_text(INDEX_WITH_WORKERS)
    run = subprocess.Popen([sys.executable, tmp_path / "script.py", demo_cohort.root, tmp_path / "out"])
    try:
        workers = wait_for_workers(run, tmp_path / "out")
    finally:
        run.kill()
        run.wait()
    assert workers and not list_survivors(workers)
    index(demo_cohort.root, tmp_path / "out", workers=1)
    index(demo_cohort.root, tmp_path / "whole", workers=1)
    assert read_all_tables(tmp_path / "out") == read_all_tables(tmp_path / "whole")


def wait_for_workers(run: subprocess.Popen, out: Path) -> list[int]:
    """Processes that a run has started, once the first unit is written."""
    while run.poll() is None and not list(out.glob("state/units/*/*/files.parquet")):
        time.sleep(0.01)
    found = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def test_a_second_run_at_once_is_refused(tmp_path):
    write_series(tmp_path / "in")
    (tmp_path / "out").mkdir()
    with (
        lock_folder(tmp_path / "out", "indexing"),
        pytest.raises(OptionError, match=rf"indexing is going on in this folder \(process {os.getpid()} on"),
    ):
        index(tmp_path / "in", tmp_path / "out", workers=1)
    index(tmp_path / "in", tmp_path / "out", workers=1)


def test_a_home_is_found_and_a_url_is_no_place_for_a_cohort(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_series(tmp_path / "in")
    (tmp_path / "own.key").write_text("a key that is long enough")
    index("~/in", "~/out", key="~/own.key", workers=1)
    assert open_cohort("~/out").path == tmp_path / "out"
    with pytest.raises(OptionError, match="'s3://bucket/cohort': a cohort is a folder of this machine"):
        index("~/in", "s3://bucket/cohort", workers=1)


def test_an_empty_root_is_a_cohort_without_rows(tmp_path):
    (tmp_path / "in").mkdir()
    cohort = index(tmp_path / "in", tmp_path / "out", workers=1)
    assert all(not rows for rows in read_all_tables(cohort.path).values())


def test_a_root_that_is_none_is_refused(tmp_path):
    with pytest.raises(MissingPathError, match="no such folder"):
        index(tmp_path / "in", tmp_path / "out")
    (tmp_path / "in").write_bytes(b"")
    with pytest.raises(OptionError, match="this is a file"):
        index(tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("root", ["", None, 3, b"in", ["in"]])
def test_a_root_that_is_no_path_is_refused(tmp_path, root):
    with pytest.raises(OptionError, match=r"the root is .* and must be a path or a URL"):
        index(root, tmp_path / "out")


def test_a_cohort_of_a_name_that_no_folder_can_have_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(OptionError, match="characters that no name of a file can have"):
        index(tmp_path / "in", tmp_path / "o\0ut")


def refuse_to_list(monkeypatch, folder):
    """Let the system refuse to list a folder, as it does to those who may not; tests may run as one who may all."""
    true_scandir = os.scandir

    def scandir(path="."):
        if not isinstance(path, int) and Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return true_scandir(path)

    monkeypatch.setattr(os, "scandir", scandir)


class ClosedEntry:
    """An entry of a folder that may be listed and not be entered, whose system tells its name and kind only."""

    def __init__(self, entry: os.DirEntry) -> None:
        self.name, self.is_dir, self.is_file = entry.name, entry.is_dir, entry.is_file

    def stat(self) -> None:
        raise PermissionError(13, "Permission denied", self.name)


def refuse_to_enter(monkeypatch, folder, ends=("",)):
    """Let the system refuse to say anything of the files in a folder, or of those whose names end in some way."""
    true_scandir = os.scandir

    def close(entry):
        return ClosedEntry(entry) if entry.name.endswith(ends) else entry

    @contextmanager
    def list_closed():
        with true_scandir(folder) as entries:
            yield map(close, entries)

    def scandir(path="."):
        return list_closed() if not isinstance(path, int) and Path(path) == folder else true_scandir(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_a_root_that_cannot_be_listed_loses_nothing(tmp_path, monkeypatch):
    write_series(tmp_path / "in")
    index(tmp_path / "in", tmp_path / "out", workers=1)
    before = read_all_tables(tmp_path / "out")
    with monkeypatch.context() as patch:
        refuse_to_list(patch, tmp_path / "in")
        with pytest.raises(FileAccessError, match="cannot be listed"):
            index(tmp_path / "in", tmp_path / "out", workers=1)
    open_cohort(tmp_path / "out")
    assert read_all_tables(tmp_path / "out") == before


def test_a_folder_that_cannot_be_listed_is_a_row_and_is_tried_again(tmp_path, monkeypatch):
    write_series(tmp_path / "in" / "open", series="a")
    write_series(tmp_path / "in" / "closed", series="b")
    with monkeypatch.context() as patch:
        refuse_to_list(patch, tmp_path / "in" / "closed")
        index(tmp_path / "in", tmp_path / "out", workers=1)
    (row,) = (row for row in read_rows(tmp_path / "out", "files") if row["error"])
    assert (row["path"], row["error"]) == ("closed", "FileAccessError")
    assert "Permission denied" in row["error_text"]
    (problem,) = read_rows(tmp_path / "out", "problems")
    assert (problem["kind"], problem["paths"]) == ("unreadable", ["closed"])
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert len(read_rows(tmp_path / "out", "series")) == 2
    assert not read_rows(tmp_path / "out", "problems")


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are text there")
def test_a_folder_that_cannot_be_listed_and_whose_name_is_no_text_is_a_row(tmp_path, monkeypatch):
    write_series(tmp_path / "in")
    closed = Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/\xff"))
    closed.mkdir()
    refuse_to_list(monkeypatch, closed)
    index(tmp_path / "in", tmp_path / "out", workers=1)
    (problem,) = read_rows(tmp_path / "out", "problems")
    assert (problem["kind"], problem["paths"]) == ("unreadable", [r"\udcff"])


def test_a_large_folder_of_which_something_cannot_be_seen_is_one_row(tmp_path, monkeypatch):
    for name in ("MOST_UNIT_FILES", "FEWEST_UNIT_FILES"):
        monkeypatch.setattr(units, name, 2)
    write_series(tmp_path / "in" / "scan")
    refuse_to_enter(monkeypatch, tmp_path / "in" / "scan", (".dcm",))
    for number in range(9):
        (tmp_path / "in" / "scan" / f"note{number}").write_text("no image")
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert [row["path"] for row in read_rows(tmp_path / "out", "files") if row["error"]] == ["scan"]


def test_a_file_in_the_root_that_cannot_be_looked_at_ends_no_run(tmp_path, monkeypatch):
    files = write_series(tmp_path / "in")
    refuse_to_enter(monkeypatch, tmp_path / "in", (files[0].name,))
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert [row["files"] for row in read_rows(tmp_path / "out", "series")] == [len(files) - 1]
    (problem,) = (row for row in read_rows(tmp_path / "out", "problems") if row["kind"] == "unreadable")
    assert problem["text"] == "a file in it cannot be looked at (Permission denied); check its permissions"


def test_a_folder_of_somebody_else_stays_as_it_is(tmp_path):
    write_series(tmp_path / "in")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OptionError, match=r"this folder holds other files \('000\.dcm'\) and is no cohort"):
        index(tmp_path / "in", tmp_path / "in", workers=1)
    assert sorted(tmp_path.rglob("*")) == before


def test_files_that_go_and_change_while_they_are_read_are_rows(tmp_path, monkeypatch):
    files = write_series(tmp_path / "in")
    kept = files[0].read_bytes()
    true_read = index_run.read_unit

    def read_after_change(unit, job):
        files[0].unlink()
        files[1].write_bytes(files[1].read_bytes()[:400])
        return true_read(unit, job)

    monkeypatch.setattr(index_run, "read_unit", read_after_change)
    index(tmp_path / "in", tmp_path / "out", workers=1)
    errors = {row["path"]: row["error"] for row in read_rows(tmp_path / "out", "files") if row["error"]}
    assert errors == {files[0].name: "MissingPathError", files[1].name: "CorruptFileError"}
    monkeypatch.undo()
    files[0].write_bytes(kept)
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert [row["error"] for row in read_rows(tmp_path / "out", "files") if row["error"]] == ["CorruptFileError"]


def test_damaged_files_of_every_kind_are_rows(tmp_path):
    root = tmp_path / "in"
    files = write_series(root / "scan")
    for number in (100, 140, 300, 600):
        (root / f"cut{number}.dcm").write_bytes(files[0].read_bytes()[:number])
    for name in ("empty", "empty.dcm", "empty.nii.gz"):
        (root / name).write_bytes(b"")
    (root / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(100))
    (root / "cut.nii").write_bytes((348).to_bytes(4, "little") + bytes(100))
    (root / "note.txt").write_text("not an image")
    (root / "link").symlink_to("link")
    index(root, tmp_path / "out", workers=1)
    rows = {row["path"]: row for row in read_rows(tmp_path / "out", "files")}
    assert {path for path, row in rows.items() if row["error"]} == {
        "cut100.dcm", "cut140.dcm", "cut300.dcm", "cut600.dcm", "cut.zip", "cut.nii", "empty.dcm", "empty.nii.gz",
    }  # fmt: skip
    assert rows["empty.dcm"]["error_text"] == rows["empty.nii.gz"]["error_text"] == "the file is empty; fetch it again"
    assert rows["note.txt"]["error"] is rows["empty"]["error"] is rows["note.txt"]["format"] is None
    assert len(read_rows(tmp_path / "out", "series")) == 1


def test_an_error_about_another_file_names_it(tmp_path):
    (tmp_path / "in").mkdir()
    header = "NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nencoding: raw\nendian: little\ndata file: voxels.raw\n"
    (tmp_path / "in" / "scan.nhdr").write_text(header)
    index(tmp_path / "in", tmp_path / "out", workers=1)
    (row,) = read_rows(tmp_path / "out", "files")
    assert (row["path"], row["error"]) == ("scan.nhdr", "MissingPathError")
    assert f"'{tmp_path / 'in' / 'voxels.raw'}': the header" in row["error_text"]


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are text there")
def test_a_name_that_is_no_text_is_a_row(tmp_path):
    files = write_series(tmp_path / "in")
    shutil.copyfile(files[0], os.fsencode(tmp_path / "in") + b"/\xff.dcm")
    index(tmp_path / "in", tmp_path / "out", workers=1)
    (row,) = (row for row in read_rows(tmp_path / "out", "files") if row["error"])
    assert (row["path"], row["error"]) == (r"\udcff.dcm", "OptionError")


def test_an_entry_whose_name_is_no_text_is_a_row(tmp_path):
    (file, *_) = write_series(tmp_path / "scan")
    (tmp_path / "in").mkdir()
    with tarfile.open(tmp_path / "in" / "packed.tar", "w", format=tarfile.GNU_FORMAT) as packed:
        for name in ("\udce9.dcm", "good.dcm"):
            packed.add(file, name)
    index(tmp_path / "in", tmp_path / "out", workers=1)
    rows = {row["entry"]: row["error"] for row in read_rows(tmp_path / "out", "files")}
    assert rows == {None: None, "good.dcm": None, r"\udce9.dcm": "OptionError"}


@pytest.mark.parametrize("digits", [b"99999999999999999999", b"1E300 "])
def test_a_number_that_no_table_has_room_for_is_left_out(tmp_path, digits):
    for file in write_series(tmp_path / "in"):
        # SeriesNumber and InstanceNumber; pydicom writes none that is so long.
        element = re.compile(rb"\x20\x00([\x11\x13])\x00IS\x02\x00[0-9 ]{2}")
        misstated = b"\x20\x00\\1\x00IS" + len(digits).to_bytes(2, "little") + digits
        content, count = element.subn(misstated, file.read_bytes())
        assert count == 2
        file.write_bytes(content)
    index(tmp_path / "in", tmp_path / "out", workers=1)
    (series,) = read_rows(tmp_path / "out", "series")
    assert (series["series_number"], series["verdict"]) == (None, "regular")
    assert {row["instance_number"] for row in read_rows(tmp_path / "out", "files")} == {None}


def test_a_spread_series_that_the_system_refused_is_judged_again(tmp_path, monkeypatch):
    monkeypatch.setattr(units, "FEWEST_UNIT_FILES", 1)
    monkeypatch.setattr(units, "FOLDERS_BETWEEN_ENDS", 1)
    root, out = tmp_path / "in", tmp_path / "out"
    files = write_series(root / "first")
    (root / "second").mkdir()
    for file in files[::2]:
        file.rename(root / "second" / file.name)
    true_read = index_run.read_batch

    def read_while_a_file_is_away(batch, job):
        files[1].rename(tmp_path / "away")
        try:
            return true_read(batch, job)
        finally:
            (tmp_path / "away").rename(files[1])

    monkeypatch.setattr(index_run, "read_batch", read_while_a_file_is_away)
    index(root, out, workers=1)
    (series,) = read_rows(out, "series")
    assert series["files"] == len(files) - 1
    monkeypatch.setattr(index_run, "read_batch", true_read)
    index(root, out, workers=1)
    (series,) = read_rows(out, "series")
    assert (series["files"], series["verdict"]) == (len(files), "regular")


def test_a_worker_that_is_killed_ends_the_run_with_a_sentence(tmp_path, demo_cohort, monkeypatch):
    from pictologics.cohort.worker_pool import work_off

    with pytest.raises(OptionError, match="ended without a result"):
        list(work_off(kill_oneself, [1, 2], None, 2))


def kill_oneself(task: int, setting: None) -> int:
    """What no task may do."""
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_a_part_that_was_damaged_is_read_anew_where_its_files_change(tmp_path):
    files = write_series(tmp_path / "in")
    index(tmp_path / "in", tmp_path / "out", workers=1)
    (part,) = (tmp_path / "out").glob("state/units/*/*/series.parquet")
    part.write_bytes(part.read_bytes()[:50])
    files[0].unlink()
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert [row["files"] for row in read_rows(tmp_path / "out", "series")] == [len(files) - 1]


@pytest.mark.parametrize("place", ["state/units/*/*/series", "state/units/*/*/files", "files/*"])
@pytest.mark.parametrize("content", [b"", bytes(4000), b"PAR1"])
def test_what_a_loss_of_power_took_of_files_that_stay_is_read_anew(tmp_path, place, content):
    write_series(tmp_path / "in" / "a", series="a")
    index(tmp_path / "in", tmp_path / "out", workers=1)
    before = read_all_tables(tmp_path / "out")
    (part,) = (tmp_path / "out").glob(f"{place}.parquet" if "state" in place else place)
    part.unlink()
    part.write_bytes(content)
    if "state" in place:
        (tmp_path / "out" / "state" / "current").write_bytes(content)
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert read_all_tables(tmp_path / "out") == before


@pytest.mark.parametrize("damage", ["cut", "another table"])
def test_a_damaged_table_is_told_and_made_again(tmp_path, damage):
    write_series(tmp_path / "in")
    cohort = index(tmp_path / "in", tmp_path / "out", workers=1)
    before = read_all_tables(cohort.path)
    (part,) = (cohort.path / "series").iterdir()
    content = part.read_bytes()[:100] if damage == "cut" else next((cohort.path / "phases").iterdir()).read_bytes()
    part.write_bytes(content)
    for ask in (lambda: cohort.query("true"), lambda: cohort.sql("FROM links"), lambda: check(cohort)):
        with pytest.raises(CorruptFileError, match=r"part-0\.parquet': .*; index the root again"):
            ask()
    index(tmp_path / "in", cohort.path, workers=1)
    assert read_all_tables(cohort.path) == before


@pytest.mark.parametrize("table", ["series", "files", "links"])
def test_a_table_that_was_deleted_is_made_again(tmp_path, table):
    write_series(tmp_path / "in")
    index(tmp_path / "in", tmp_path / "out", workers=1)
    before = read_all_tables(tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / table)
    with pytest.raises(OptionError, match="index the root again"):
        open_cohort(tmp_path / "out").list_parts(table)
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert read_all_tables(tmp_path / "out") == before


def test_files_of_a_folder_that_may_only_be_listed_are_told(tmp_path, monkeypatch):
    write_series(tmp_path / "in" / "a", series="a")
    write_series(tmp_path / "in" / "b", series="b")
    index(tmp_path / "in", tmp_path / "out", workers=1)
    with monkeypatch.context() as patch:
        refuse_to_enter(patch, tmp_path / "in" / "b")
        index(tmp_path / "in", tmp_path / "out", workers=1)
    told = [row["text"] for row in read_rows(tmp_path / "out", "problems") if row["paths"] == ["b"]]
    assert told == ["a file in it cannot be looked at (Permission denied); check its permissions"]
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert len(read_rows(tmp_path / "out", "series")) == 2 and not read_rows(tmp_path / "out", "problems")


def test_what_a_system_puts_beside_the_state_ends_no_run(tmp_path):
    files = write_series(tmp_path / "in")
    index(tmp_path / "in", tmp_path / "out", workers=1)
    for folder in list((tmp_path / "out" / "state").rglob("*")):
        if folder.is_dir():
            (folder / ".DS_Store").write_bytes(b"\0")
    files[0].unlink()
    index(tmp_path / "in", tmp_path / "out", workers=1)
    shutil.rmtree(tmp_path / "in")
    (tmp_path / "in").mkdir()
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert all(not rows for rows in read_all_tables(tmp_path / "out").values())


def test_half_a_part_does_not_stay_on_a_full_disk(tmp_path, monkeypatch):
    def write_some(table, path, **options):
        Path(path).write_bytes(b"PAR1")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", write_some)
    with pytest.raises(FileAccessError, match="No space left"):
        write_part(tmp_path / "unit" / "state", Part([], [], []))
    assert not list((tmp_path / "unit").iterdir())
