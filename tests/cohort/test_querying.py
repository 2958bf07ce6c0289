"""Queries over a cohort, against the same questions asked of the tables by pandas."""

from __future__ import annotations

import gc

import pytest

from pictologics.cohort.schema import TABLES
from pictologics.errors import OptionError


@pytest.fixture(scope="module")
def series(demo_index):
    return demo_index.table("series").df()


def test_a_condition_gives_the_rows_that_pandas_gives(demo_index, series):
    found = demo_index.query("modality = 'CT' AND spacing_z > 14.5 AND verdict = 'regular'").df()
    expected = series[(series.modality == "CT") & (series.spacing_z > 14.5) & (series.verdict == "regular")]
    assert 0 < len(expected) < len(series)
    assert sorted(found.series_key) == sorted(expected.series_key)


@pytest.mark.parametrize("name", list(TABLES))
def test_every_table_is_there(demo_index, name):
    relation = demo_index.table(name)
    assert relation.columns == [column.name for column in TABLES[name]]
    assert len(relation.pl()) == len(relation.df()) == relation.aggregate("count(*)").fetchall()[0][0]


def test_a_condition_may_ask_other_tables(demo_cohort, demo_index):
    found = demo_index.query("series_key IN (SELECT image_key FROM links WHERE how = 'referenced series')")
    images = {row[0] for row in found.select("series_key").fetchall()}
    assert images == {patient.ct.uid for patient in demo_cohort.patients}


def test_a_comment_ends_with_the_condition(demo_index):
    assert len(demo_index.query("kind = 'RTSTRUCT' -- contours").df()) == 5


def test_a_whole_query(demo_index, series):
    rows = demo_index.sql("SELECT kind, count(*) FROM series GROUP BY kind").fetchall()
    assert dict(rows) == series.kind.value_counts().to_dict()


def test_a_relation_outlives_what_made_it(demo_index, series):
    relation = demo_index.sql("FROM series")
    gc.collect()
    assert len(relation.fetchall()) == len(series)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("spacingz < 2", "spacing_z"),
        ("modality = ", "syntax error"),
        ("modality = 'CT') OR (true", "syntax error"),
        ("modality = 3", "string (a value) to INT32"),
        ("patient_key::INTEGER = 1", "string (a value) to INT32"),
        ("", "''"),
        (None, "None"),
    ],
)
def test_a_mistake_is_named_with_the_columns(demo_index, condition, found):
    with pytest.raises(OptionError) as caught:
        demo_index.query(condition)
    assert found in str(caught.value)
    assert not condition or "columns of series are series_key, study_key" in caught.value.advice
    assert "\n" not in str(caught.value) and "DEMO-0" not in str(caught.value)


@pytest.mark.parametrize("text", ["SELECT count(*) FROM series", "from series", " with a AS (SELECT 1) FROM a"])
def test_a_whole_query_is_no_condition(demo_index, text):
    with pytest.raises(OptionError, match=r"what stands after WHERE.*Cohort.sql"):
        demo_index.query(text)


@pytest.mark.parametrize("value", ["(SELECT count(*) FROM series)", "size_z", "modality", "1 -- one"])
def test_a_value_is_no_condition(demo_index, value):
    with pytest.raises(OptionError, match=r"is a value .*compare it"):
        demo_index.query(value)
    assert demo_index.query("NULL").fetchall() == []


def test_what_is_no_text_is_refused(demo_index):
    for ask in (demo_index.query, demo_index.sql):
        with pytest.raises(OptionError, match="no text in UTF-8"):
            ask("SELECT '\udcff'" if ask == demo_index.sql else "modality = '\udcff'")


def test_a_table_that_is_not_there(demo_index):
    for ask in (demo_index.table, lambda name: demo_index.query("true", name)):
        with pytest.raises(OptionError, match="'masks'; tables are patients, studies"):
            ask("masks")


@pytest.mark.parametrize(
    "text",
    [
        "COPY series TO '{}'",
        "CREATE TABLE mine AS FROM series",
        "DELETE FROM series",
        "SELECT 1; SELECT 2",
        "ATTACH '{}'",
        "SET enable_external_access = true",
        "",
    ],
)
def test_only_one_question_is_answered(demo_index, tmp_path, text):
    with pytest.raises(OptionError):
        demo_index.sql(text.format(tmp_path / "written"))
    assert not list(tmp_path.iterdir())


def test_nothing_else_can_be_read(demo_index, tmp_path, monkeypatch):
    secret = tmp_path / "secret.csv"
    secret.write_text("name\nJane Doe\n")
    for source in (f"'{secret}'", f"read_text('{secret}')", f"read_csv('{secret}')", "glob('/*')", "tmp_path"):
        with pytest.raises(OptionError):
            demo_index.sql(f"SELECT * FROM {source}")
    with pytest.raises(OptionError):
        demo_index.query(f"series_key IN (SELECT content FROM read_text('{secret}'))")


def test_nothing_is_written_for_what_does_not_fit_into_memory(demo_index):
    (found,) = demo_index.sql("SELECT current_setting('temp_directory')").fetchall()
    assert found == ("",)
