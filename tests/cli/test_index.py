"""The ``index`` command."""

from __future__ import annotations

import pytest

from tests.cli.program import fail, succeed
from tests.factories.cohort_tables import read_rows
from tests.factories.dicom_series import uid, write_series


@pytest.mark.slow
def test_a_folder_is_indexed_and_counted(tmp_path):
    write_series(tmp_path / "scans")
    (tmp_path / "scans" / "broken.dcm").write_bytes(bytes(128) + b"DICM")
    line = succeed(tmp_path, "index", "scans", "-o", "cohort", "--identifiers")
    assert line.startswith("cohort: 1 patient, 1 study, 1 series, 6 files; 1 problem, which")
    assert "broken.dcm" in succeed(tmp_path, *line.rpartition(": pictologics ")[2].split())
    (series,) = read_rows(tmp_path / "cohort", "series")
    assert series["study_key"] == uid("study")


@pytest.mark.slow
def test_what_is_wrong_is_one_sentence(tmp_path):
    (tmp_path / "scans").mkdir()
    (tmp_path / "note").write_text("six by")
    assert "no such folder" in fail(tmp_path, "index", "scan", "-o", "cohort")
    assert "6 bytes, and a key of at least 16" in fail(tmp_path, "index", "scans", "-o", "cohort", "--key", "note")
    assert "holds other files" in fail(tmp_path, "index", "scans", "-o", ".", "--identifiers")
