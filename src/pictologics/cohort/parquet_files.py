"""Tables of the schema as Arrow tables and Parquet files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import CorruptFileError
from ..storage.file_writing import replace_file
from ..storage.paths import refuse_system_errors
from .schema import SCHEMA_VERSION, TABLES, TableColumn

__all__ = ["check_table_file", "count_rows", "make_arrow_schema", "make_table", "read_table", "write_table"]

ARROW_TYPES: Final = {
    "text": pa.string(),
    "whole": pa.int64(),
    "real": pa.float64(),
    "truth": pa.bool_(),
    "texts": pa.list_(pa.string()),
    "reals": pa.list_(pa.float64()),
}
"""What the types of the schema are called in Arrow."""


@cache
def make_arrow_schema(columns: tuple[TableColumn, ...]) -> pa.Schema:
    """The Arrow schema of some columns; it carries what each means, and the version."""
    fields = [
        pa.field(column.name, ARROW_TYPES[column.type], metadata={"meaning": column.meaning}) for column in columns
    ]
    return pa.schema(fields, metadata={"pictologics_schema_version": str(SCHEMA_VERSION)})


def make_table(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Make a table of the schema from rows; a column that a row does not have is empty in it.

    Args:
        name: The table, such as ``series``.
        rows: Column names and values of each row.
    """
    return pa.Table.from_pylist(list(rows), schema=make_arrow_schema(TABLES[name]))


def write_table(table: pa.Table, path: Path) -> None:
    """Write a Parquet file, whole or not at all.

    Raises:
        FileAccessError: If the system refuses, as when the disk is full.
    """
    with replace_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_table(name: str, path: Path) -> pa.Table:
    """Read a Parquet file of a table of the schema.

    Raises:
        CorruptFileError: If it is none, or has other columns.
        FileAccessError: If it cannot be read.
    """
    with refuse_damaged_table(path):
        file = pq.ParquetFile(path)
        check_columns(name, path, file.schema_arrow, TABLES[name])
        return file.read()


def check_table_file(name: str, path: Path, columns: tuple[TableColumn, ...] | None = None) -> None:
    """See by the end of a file whether it is one of a table.

    Args:
        name: The table.
        path: The file.
        columns: The columns that it has; None for those of the schema.

    Raises:
        CorruptFileError: If it is no Parquet file, was cut off, or has other columns.
        FileAccessError: If it cannot be read.
    """
    with refuse_damaged_table(path):
        found = pq.read_schema(path)
    check_columns(name, path, found, TABLES[name] if columns is None else columns)


@contextmanager
def refuse_damaged_table(path: Path) -> Iterator[None]:
    """Turn what Arrow raises about a file in the block into a ``CorruptFileError``, and what the system does too."""
    try:
        with refuse_system_errors("the table cannot be read", path):
            yield
    except pa.ArrowException as error:
        raise CorruptFileError(
            "this is no Parquet file, or it is damaged", path=path, advice="index the root again into a new folder"
        ) from error


def check_columns(name: str, path: Path, found: pa.Schema, columns: tuple[TableColumn, ...]) -> None:
    """Refuse a file with other columns than those of a table."""
    if not found.equals(make_arrow_schema(columns)):
        raise CorruptFileError(
            f"its columns are not those of the table of {name}",
            path=path,
            advice="index the root again into a new folder",
        )


def count_rows(paths: Iterable[str]) -> int:
    """How many rows some Parquet files have; their ends say so.

    Raises:
        CorruptFileError: If one is damaged.
    """
    count = 0
    for path in paths:
        with refuse_damaged_table(Path(path)):
            count += pq.read_metadata(path).num_rows
    return count
