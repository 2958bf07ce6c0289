"""pictologics query."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from pictologics.cli.app import app
from tests.cli.program import fail, succeed

pytestmark = pytest.mark.slow  # each test starts the program


def test_rows_for_people(demo_index, tmp_path):
    printed = succeed(tmp_path, "query", demo_index.path, "modality = 'PT'")
    assert "34x28x18" in printed and printed.splitlines()[-1] == "4 rows of series"


@pytest.mark.parametrize(
    ("table", "names"),
    [("series", ["series_key", "kind", "modality", "size", "spacing", "verdict"]), ("problems", ["kind", "paths"])],
)
def test_a_narrow_screen_shows_whole_words(demo_index, monkeypatch, table, names):
    monkeypatch.setenv("COLUMNS", "80")
    shown = CliRunner().invoke(app, ["query", str(demo_index.path), "--table", table]).stdout.splitlines()
    assert all(len(line) <= 80 for line in shown)
    assert set(names) <= set(shown[0].split()) and "patient_key" not in shown[0]
    assert any("irregular" in line.split() for line in shown)


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
