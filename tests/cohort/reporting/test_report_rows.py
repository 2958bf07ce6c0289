"""Rows of the manifest as the page shows them, also those that are damaged."""

from __future__ import annotations

import json

import pytest

from pictologics.cohort.reporting.report_rows import LONGEST_TEXT, MOST_TEXTS, read_report_rows
from pictologics.cohort.running.manifest import CaseWarning, ManifestRow, WrittenFile, write_row
from pictologics.cohort.running.run_folder import open_run_folder
from pictologics.errors import UnsupportedFormatError
from tests.factories.run_folders import write_run


def read_single(tmp_path, row: ManifestRow):
    folder = open_run_folder(tmp_path)
    write_row(folder, row)
    (found,) = read_report_rows(folder)
    return found


def test_a_row_says_what_the_manifest_says(tmp_path):
    written = write_run(tmp_path, 6)
    rows = read_report_rows(open_run_folder(tmp_path))
    assert [row.case_id for row in rows] == [row.case_id for row in written]
    assert [row.status for row in rows] == ["done", "done", "done", "done", "failed", "killed"]
    done, failed = rows[1], rows[4]
    assert (done.shape, done.spacing, done.orientation) == ((40, 32, 13), (1.75, 1.75, 3.0), "LPS")
    assert (done.modality, done.manufacturer, done.model) == ("CT", "GE MEDICAL SYSTEMS", "Revolution")
    assert done.warnings == ("GeometryWarning: the spacing was assumed",)
    assert done.labels == {1: "liver", 2: "left kidney"}
    assert [(output.role, output.state) for output in done.outputs] == [("image", ""), ("mask", "")]
    assert failed.error_class == "GeometryError"
    assert failed.error_text == "'…': slices are missing; pass irregular=\"resample\""


def test_outputs_that_are_gone_or_changed_are_told(tmp_path):
    write_run(tmp_path, 1)
    (tmp_path / "case-0000/image.nii").unlink()
    with (tmp_path / "case-0000/organs.nii").open("ab") as file:
        file.write(b"more")
    (row,) = read_report_rows(open_run_folder(tmp_path))
    assert [output.state for output in row.outputs] == ["gone", "changed"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.nii", "a/../../b", "null\0byte", "x" * 5000, ""])
def test_a_row_that_names_files_elsewhere_has_none(tmp_path, path):
    (tmp_path.parent / "outside.nii").write_bytes(b"x")
    row = read_single(tmp_path, ManifestRow("a", "done", outputs=(WrittenFile(path, "image", "ct", "", 1),)))
    assert row.outputs[0].state == "gone"


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"version": 1}', '{"case_id": "a", "status": "done"}'])
def test_a_damaged_row_is_a_row_that_says_so(tmp_path, content):
    write_run(tmp_path, 1)
    (tmp_path / "manifest/case-0000.json").write_text(content, encoding="utf-8")
    (row,) = read_report_rows(open_run_folder(tmp_path))
    assert (row.case_id, row.status, row.error_class) == ("case-0000", "unreadable", "CorruptFileError")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "<b>done</b>"),
        ("geometry", {"shape": "abc", "spacing": [1, None, "x"], "origin": 5, "direction": [], "orientation": 7}),
        ("seconds", "long"),
        ("peak_bytes", True),
        ("warnings", [{"kind": 5, "text": None}]),
        ("decisions", [1, None, {"a": 1}]),
        ("inputs", [{"name": "ct", "role": "image", "series_key": None, "files": [3, None], "facts": 4}]),
        ("outputs", [{"path": 4, "role": None, "name": 3, "sha256": 1, "bytes": "many", "labels": {}}]),
        ("versions", "1.0"),
        ("error_text", 17),
    ],
)
def test_values_of_other_types_are_passed_over(tmp_path, field, value):
    write_run(tmp_path, 1)
    path = tmp_path / "manifest/case-0000.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}), encoding="utf-8")
    (row,) = read_report_rows(open_run_folder(tmp_path))
    assert row.case_id == "case-0000"
    assert (row.status == "unreadable") == (field == "status")
    assert row.seconds is None or row.seconds == 0.5


def test_a_manifest_of_another_version_is_refused(tmp_path):
    write_run(tmp_path, 1)
    path = tmp_path / "manifest/case-0000.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 99}), encoding="utf-8")
    with pytest.raises(UnsupportedFormatError, match="99"):
        read_report_rows(open_run_folder(tmp_path))


def test_texts_are_bounded_and_named_once(tmp_path):
    warnings = tuple(CaseWarning("ContentWarning", f"number {k // 2}") for k in range(200))
    row = ManifestRow("a", "failed", warnings=warnings, error_text="x" * 10_000)
    found = read_single(tmp_path, row)
    assert len(found.error_text) == LONGEST_TEXT
    assert found.warnings[-1] == f"and {100 - MOST_TEXTS} more"
    assert len(found.warnings) == MOST_TEXTS + 1


def test_temporary_files_beside_the_rows_are_passed_over(tmp_path):
    write_run(tmp_path, 1)
    (tmp_path / "manifest/.ab-1-2.partial.json").write_text("{", encoding="utf-8")
    (tmp_path / "manifest/notes.txt").write_text("x", encoding="utf-8")
    assert len(read_report_rows(open_run_folder(tmp_path))) == 1


def test_a_name_of_bytes_that_are_no_text_can_be_written(tmp_path):
    write_run(tmp_path, 1)
    path = tmp_path / "manifest/case-0000.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "error_text": "caf\udce9"}), encoding="ascii")
    (row,) = read_report_rows(open_run_folder(tmp_path))
    assert row.error_text == "caf?"
