"""The rows of a manifest: written whole, read back equal, refused where they are of another version."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace

import numpy as np
import pyarrow.parquet
import pytest

from pictologics import CorruptFileError, Image, MissingPathError, UnsupportedFormatError
from pictologics.cohort import gather_manifest
from pictologics.cohort.folder_lock import lock_folder
from pictologics.cohort.running.attempts import Attempts, read_attempts
from pictologics.cohort.running.manifest import (
    CaseGeometry,
    CaseInput,
    CaseWarning,
    ManifestRow,
    WrittenFile,
    check_run_version,
    read_manifest,
    read_row,
    read_run_facts,
    write_row,
)
from pictologics.cohort.running.run_folder import open_run_folder

ROW = ManifestRow(
    "P-1_S-2",
    "done",
    inputs=(CaseInput("ct", "image", "S-2", ("a/1.dcm", "a/2.dcm"), 1024, "ab12", {"modality": "CT"}),),
    outputs=(WrittenFile("P-1/mask.nii.gz", "mask", "mask", "00ff", 99, {1: "liver", 300: "Spleen ü"}),),
    geometry=CaseGeometry((4, 5, 6), (0.5, 0.5, 2.0), (1.0, 2.0, 3.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0), "LPS"),
    decisions=("sorted by position",),
    warnings=(CaseWarning("GeometryWarning", "the spacing was rounded"),),
    labels={1: "liver", 300: "Spleen ü"},
    seconds=1.25,
    peak_bytes=1 << 30,
    attempts=2,
    versions={"pictologics": "1"},
    parameters_hash="77",
    started="2026-01-01T00:00:00+00:00",
    ended="2026-01-01T00:00:02+00:00",
)


def start_run(path, version=1):
    path.mkdir(exist_ok=True)
    (path / "run.json").write_text(json.dumps({"manifest_version": version}), encoding="utf-8")
    return open_run_folder(path)


def test_a_row_comes_back_as_it_was_written(tmp_path):
    folder = start_run(tmp_path)
    write_row(folder, ROW)
    assert read_row(folder, "P-1_S-2") == ROW
    assert read_row(folder, "other") is None
    assert read_manifest(tmp_path) == [ROW]
    # Written again, the last one counts, and nothing else is left there.
    write_row(folder, ManifestRow("P-1_S-2", "failed", error_class="ValueError", error_text="no"))
    assert [row.status for row in read_manifest(str(tmp_path))] == ["failed"]
    assert [path.name for path in (tmp_path / "manifest").iterdir()] == ["P-1_S-2.json"]


def test_names_of_files_that_are_no_text_come_back_and_are_gathered(tmp_path):
    folder = start_run(tmp_path)
    name = os.fsdecode(b"caf\xe9.dcm")
    row = replace(ROW, inputs=(CaseInput("ct", "image", "S-2", (name,)),), error_text=f"'{name}': no")
    write_row(folder, row)
    assert read_row(folder, row.case_id) == row
    # Lists of layouts are not all ASCII.
    folder.write_text("list.json", json.dumps({"scan": f"ü {name}"}, ensure_ascii=False))
    assert json.loads(folder.read_text("list.json")) == {"scan": f"ü {name}"}
    (gathered,) = pyarrow.parquet.read_table(gather_manifest(tmp_path)).to_pylist()
    assert gathered["inputs"][0]["files"] == ["caf\\udce9.dcm"]
    assert gathered["error_text"] == "'caf\\udce9.dcm': no"
    assert gathered["labels"] == [(1, "liver"), (300, "Spleen ü")]


def test_rows_of_another_version_are_refused_by_name(tmp_path):
    folder = start_run(tmp_path)
    content = {**ROW.to_dict(), "version": 2}
    (tmp_path / "manifest").mkdir()
    (tmp_path / "manifest" / "P-1_S-2.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UnsupportedFormatError, match=r"P-1_S-2\.json': this manifest is of version 2 and version 1 is"):
        read_row(folder, "P-1_S-2")
    start_run(tmp_path, 7)
    with pytest.raises(UnsupportedFormatError, match=r"run\.json': this manifest is of version 7"):
        read_manifest(tmp_path)
    with pytest.raises(UnsupportedFormatError, match="version 7"):
        check_run_version(folder)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 1}', '{"version": 1, "case_id": 3, "inputs": 4}', "[" * 100_000]
)
def test_what_is_no_row_is_named(tmp_path, text):
    folder = start_run(tmp_path)
    folder.write_text("manifest/bad.json", text)
    with pytest.raises(CorruptFileError, match=r"bad\.json': this is no row of a manifest"):
        read_manifest(tmp_path)


def test_a_folder_without_a_run_is_no_manifest(tmp_path):
    with pytest.raises(MissingPathError, match=r"there is no 'run\.json'"):
        read_manifest(tmp_path)
    check_run_version(open_run_folder(tmp_path))
    for text in ("{", "[" * 100_000):
        (tmp_path / "run.json").write_text(text, encoding="utf-8")
        with pytest.raises(CorruptFileError, match="no description of a run"):
            read_manifest(tmp_path)


@pytest.mark.parametrize("kind", ["disk", "memory"])
def test_a_run_folder_keeps_files_here_and_behind_a_url(tmp_path, kind):
    folder = open_run_folder(tmp_path / "out" if kind == "disk" else "memory://run-folder-test")
    image = Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), (1.0, 2.0, 3.0), (4.0, 5.0, 6.0))
    assert (folder.measure("a/b.txt"), folder.read_text("a/b.txt"), folder.list_names("a")) == (None, None, [])
    folder.remove("a/b.txt")
    folder.write_text("a/b.txt", "grün")
    folder.save(image, "a/scan.nii.gz")
    assert folder.list_names("a") == ["b.txt", "scan.nii.gz"]
    assert (folder.read_text("a/b.txt"), folder.measure("a/b.txt")) == ("grün", 5)
    assert folder.hash("a/b.txt") == hashlib.sha256("grün".encode()).hexdigest()
    if kind == "disk":
        assert folder.load("a/scan.nii.gz").equals(image)
    folder.remove("a/b.txt")
    assert folder.list_names("a") == ["scan.nii.gz"]


def test_a_row_of_other_bytes_is_done_again(tmp_path):
    folder = open_run_folder(tmp_path)
    folder.write_text("manifest/a.json", "{}")
    (tmp_path / "manifest" / "a.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorruptFileError, match="no text in UTF-8"):
        read_row(folder, "a")
    (tmp_path / "manifest" / "a.attempts").write_bytes(b"\xff")
    assert read_attempts(folder, "a", "run").count == 0
    with pytest.raises(MissingPathError) as caught:
        read_run_facts(open_run_folder("memory://user:secret@place/out"))
    assert "secret" not in str(caught.value)


def test_a_damaged_count_of_attempts_and_a_damaged_lock_hold_nothing_up(tmp_path):
    folder = start_run(tmp_path)
    folder.write_text("manifest/case.attempts", "[" * 100_000)
    assert read_attempts(folder, "case", "run") == Attempts("run")
    (tmp_path / ".lock").write_text("[" * 4096)
    with lock_folder(tmp_path, "running cases"):
        assert "running cases" in (tmp_path / ".lock").read_text()
