"""What is a cohort and what is none; the tables as Parquet files."""

from __future__ import annotations

import json
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pictologics import cohort
from pictologics.cohort import index, open_cohort
from pictologics.cohort.cohort_folder import CohortFacts, write_facts
from pictologics.cohort.indexing import units
from pictologics.cohort.parquet_files import make_table, read_table, write_table
from pictologics.cohort.schema import TABLES
from pictologics.errors import CorruptFileError, MissingPathError, OptionError
from tests.factories.dicom_series import write_series


def test_a_cohort_is_opened_by_path_and_given_back_as_it_is(tmp_path):
    write_facts(tmp_path, CohortFacts("/data", is_complete=True))
    opened = open_cohort(tmp_path)
    assert opened.root == "/data"
    assert open_cohort(opened) is opened


def test_what_is_no_cohort_is_refused(tmp_path):
    with pytest.raises(MissingPathError, match="no such folder"):
        open_cohort(tmp_path / "cohort")
    with pytest.raises(OptionError, match="no cohort"):
        open_cohort(tmp_path)
    (tmp_path / "series.parquet").write_bytes(b"PAR1")
    with pytest.raises(OptionError, match="no cohort"):
        open_cohort(tmp_path / "series.parquet")


@pytest.mark.parametrize("content", ["", "[]", '"text"', "{}", '{"schema_version": "1"}', "\x00\xff", "[" * 100_000])
def test_another_json_is_refused(tmp_path, content):
    (tmp_path / "cohort.json").write_text(content, encoding="latin-1")
    with pytest.raises(OptionError, match="not that of a cohort"):
        open_cohort(tmp_path)


@pytest.mark.parametrize("change", [{"root": 3}, {"surplus": 1}, {"is_complete": "yes"}])
def test_a_damaged_one_is_refused(tmp_path, change):
    write_facts(tmp_path, CohortFacts("/data", is_complete=True))
    facts = json.loads((tmp_path / "cohort.json").read_text())
    (tmp_path / "cohort.json").write_text(json.dumps({**facts, **change}))
    with pytest.raises(OptionError, match="damaged"):
        open_cohort(tmp_path)


def test_another_version_and_an_interrupted_run_are_refused(tmp_path):
    write_facts(tmp_path, CohortFacts("/data", is_complete=True, schema_version=99))
    with pytest.raises(OptionError, match="version 99, and version 1 is required"):
        open_cohort(tmp_path)
    write_facts(tmp_path, CohortFacts("/data"))
    with pytest.raises(OptionError, match="not complete"):
        open_cohort(tmp_path)


def test_a_table_that_is_none_or_lost_its_files_is_refused(tmp_path):
    write_facts(tmp_path, CohortFacts("/data", is_complete=True))
    opened = open_cohort(tmp_path)
    with pytest.raises(OptionError, match="no table 'serie'"):
        opened.list_parts("serie")
    with pytest.raises(OptionError, match="table of series has no Parquet files"):
        opened.list_parts("series")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_columns_of_the_schema_in_their_order(tmp_path, name):
    rows = [{}, {TABLES[name][0].name: "first"}]
    write_table(make_table(name, rows), tmp_path / "part.parquet")
    found = read_table(name, tmp_path / "part.parquet")
    assert found.column_names == [column.name for column in TABLES[name]]
    assert found.num_rows == 2
    assert found.schema.metadata[b"pictologics_schema_version"] == b"1"


def test_another_parquet_is_refused(tmp_path):
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(CorruptFileError, match="columns are not those of the table of series"):
        read_table("series", path)
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(CorruptFileError, match="no Parquet file"):
        read_table("series", path)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pictologics.cohort.cohort_folder")
    monkeypatch.delitem(sys.modules, "pictologics.cohort.parquet_files", raising=False)
    monkeypatch.delitem(vars(cohort), "index", raising=False)
    with (
        pytest.raises(OptionError, match=r"not installed: pyarrow; run: pip install pyarrow"),
        cohort.name_missing_library(),
    ):
        import pictologics.cohort.parquet_files  # noqa: F401


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are text there")
def test_a_folder_whose_name_is_no_text_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(OptionError, match=r"caf\\udce9': the name of this folder is not text in UTF-8"):
        index(tmp_path / "in", os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))


@pytest.mark.parametrize("fewest", [1, 1500])
@pytest.mark.skipif(sys.platform == "win32", reason="no file can be called so there")
def test_signs_of_patterns_in_a_name_stand_for_themselves(tmp_path, monkeypatch, fewest):
    monkeypatch.setattr(units, "FEWEST_UNIT_FILES", fewest)
    monkeypatch.setattr(units, "FOLDERS_BETWEEN_ENDS", 1)
    write_series(tmp_path / "in" / "a", slices=[0, 1])
    write_series(tmp_path / "in" / "b", slices=[2, 3, 4])
    # The parts of all of them are called alike.
    for name in ("out1", "out?", "out*", "out[1]"):
        cohort = index(tmp_path / "in", tmp_path / name, workers=1)
        assert cohort.query("true").select("files, loads").fetchall() == [(5, True)]
