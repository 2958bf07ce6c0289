"""pictologics query."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.cli.program import fail, succeed

pytestmark = pytest.mark.slow  # each test starts the program


def test_rows_for_people(demo_index, tmp_path):
    printed = succeed(tmp_path, "query", demo_index.path, "modality = 'PT'")
    assert "34x28x18" in printed and printed.splitlines()[-1] == "4 rows of series"


def test_json_and_csv_have_all_columns(demo_cohort, demo_index, tmp_path):
    rows = json.loads(succeed(tmp_path, "query", demo_index.path, "kind = 'SEG'", "--json"))
    read = list(csv.DictReader(io.StringIO(succeed(tmp_path, "query", demo_index.path, "kind = 'SEG'", "--csv"))))
    assert {row["series_key"] for row in rows} == {row["series_key"] for row in read}
    assert {patient.seg.uid for patient in demo_cohort.patients if patient.seg} < {row["series_key"] for row in rows}
    assert list(rows[0]) == list(read[0])
    assert json.loads(read[0]["origin"]) == next(r["origin"] for r in rows if r["series_key"] == read[0]["series_key"])


def test_another_table(demo_index, tmp_path):
    rows = json.loads(succeed(tmp_path, "query", demo_index.path, "--table", "problems", "--json"))
    assert {row["kind"] for row in rows} == {"duplicate", "irregular", "orphan", "split study", "unreadable"}


def test_mistakes_in_one_sentence(demo_index, tmp_path):
    assert '"spacing_z"' in fail(tmp_path, "query", demo_index.path, "spacingz < 2")
    assert "tables are patients" in fail(tmp_path, "query", demo_index.path, "--table", "masks")
    assert "this is no cohort" in fail(tmp_path, "query", tmp_path)
