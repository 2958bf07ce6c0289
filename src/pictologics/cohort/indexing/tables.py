"""Puts the parts of a cohort together: its tables, written beside the old ones."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ...storage.paths import refuse_system_errors
from ..parquet_files import make_arrow_schema
from ..querying import quote_texts
from ..schema import SERIES_COLUMNS, TABLES
from .duplicates import FIND_DUPLICATES, FIND_UNREADABLE
from .link_problems import FIND_LINK_PROBLEMS, FIND_SPLIT_STUDIES
from .linking import FIND_LINKS, link_series
from .parts import PART_COLUMNS
from .streamed_queries import name_exactly, stream_query

if TYPE_CHECKING:
    import duckdb

__all__ = ["PART_NAME", "write_tables"]

PART_NAME: Final = "part-0.parquet"
"""What the only file of most tables is called; the table of files has one for each unit."""

SERIES_NAMES: Final = ", ".join(column.name for column in SERIES_COLUMNS)

QUERIES: Final = {
    "series": f"SELECT {SERIES_NAMES} FROM all_series ORDER BY patient_key, study_key, series_key, kind",
    "phases": "SELECT * FROM all_phases ORDER BY series_key, phase",
    "studies": """
        SELECT study_key, CASE WHEN min(patient_key) = max(patient_key) THEN min(patient_key) END AS patient_key,
            min(study_date) AS study_date, min(study_description) AS study_description,
            list_sort(list(DISTINCT modality) FILTER (modality IS NOT NULL)) AS modalities,
            count(*) AS series, sum(files)::BIGINT AS files
        FROM all_series WHERE study_key IS NOT NULL GROUP BY study_key ORDER BY min(patient_key), study_key
    """,
    "patients": """
        SELECT patient_key, count(DISTINCT study_key) AS studies, count(*) AS series, sum(files)::BIGINT AS files
        FROM all_series WHERE patient_key IS NOT NULL GROUP BY patient_key ORDER BY patient_key
    """,
}
"""Tables out of the views ``all_series`` and ``all_phases``."""

PROBLEMS: Final = (FIND_UNREADABLE, FIND_DUPLICATES, FIND_LINK_PROBLEMS, FIND_SPLIT_STUDIES)
"""Queries for the table of problems, each with all of its columns."""


def write_tables(
    connection: duckdb.DuckDBPyConnection, units: Sequence[Path], batches: Sequence[Path], new: Path
) -> None:
    """Write the tables of a cohort.

    Args:
        connection: What answers queries, with a limit of memory.
        units: The parts of all units.
        batches: The parts of the series that lie in several units.
        new: The folder to write to.

    Raises:
        FileAccessError: If the system refuses, as when the disk is full.
    """
    with refuse_system_errors("the tables cannot be written", new):
        if new.exists():
            shutil.rmtree(new)
        for name in TABLES:
            (new / name).mkdir(parents=True)
        make_views(connection, units, batches)
        for name, query in QUERIES.items():
            write_query(connection, query, name, new)
        link_series(connection)
        write_query(connection, FIND_LINKS, "links", new)
        write_query(connection, f"{' UNION ALL '.join(PROBLEMS)} ORDER BY ALL", "problems", new)
        for unit in units:
            copy_file(unit / "files.parquet", new / "files" / f"{unit.parent.name}.parquet")
        if not units:
            write_rows([], "files", new)


def make_views(connection: duckdb.DuckDBPyConnection, units: Sequence[Path], batches: Sequence[Path]) -> None:
    """Make views of all parts; what was judged again replaces what was judged in parts."""
    for name, columns in PART_COLUMNS.items():
        connection.register(f"empty_{name}", make_arrow_schema(columns).empty_table())
        connection.execute(f"CREATE VIEW unit_{name} AS {select_parts(name, units)}")
        connection.execute(f"CREATE VIEW batch_{name} AS {select_parts(name, batches)}")
    connection.execute("CREATE TABLE spread AS SELECT DISTINCT series_key FROM batch_series")
    for name in ("series", "phases"):
        connection.execute(
            f"CREATE VIEW all_{name} AS SELECT * FROM unit_{name} WHERE series_key NOT IN (FROM spread) "
            f"UNION ALL SELECT * FROM batch_{name}"
        )


def select_parts(name: str, folders: Sequence[Path]) -> str:
    """SQL for one table of some parts."""
    if not folders:
        return f"SELECT * FROM empty_{name}"
    paths = name_exactly(folder / f"{name}.parquet" for folder in folders)
    return f"SELECT * FROM read_parquet([{quote_texts(paths)}])"


def write_query(connection: duckdb.DuckDBPyConnection, query: str, name: str, new: Path) -> None:
    """Write what a query finds as a table of the schema, some rows at a time."""
    schema = make_arrow_schema(TABLES[name])
    with pq.ParquetWriter(new / name / PART_NAME, schema, compression="zstd") as writer:
        for batch in stream_query(connection, query):
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))


def write_rows(rows: Sequence[dict[str, Any]], name: str, new: Path) -> None:
    """Write a small table of the schema."""
    table = pa.Table.from_pylist(list(rows), schema=make_arrow_schema(TABLES[name]))
    pq.write_table(table, new / name / PART_NAME, compression="zstd")


def copy_file(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no such links."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
