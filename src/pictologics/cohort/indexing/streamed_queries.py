"""Queries whose answers are taken some rows at a time, so that memory does not grow with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from ...errors import FileAccessError

if TYPE_CHECKING:
    import duckdb

__all__ = ["name_exactly", "open_connection", "stream_query"]

MEMORY_OF_QUERIES: Final = "512MB"
"""What putting the tables together may take; what needs more goes to disk meanwhile."""

PATTERN_SIGN: Final = re.compile(r"[*?[]")
"""What stands for something else in a pattern of names."""

ROWS_AT_ONCE: Final = 20_000
"""Of an answer."""


@contextmanager
def open_connection(scratch: Path, workers: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose queries take a limited amount of memory, and as much of the disk as they need beside it.

    Args:
        scratch: A folder for what does not fit into memory; made when it is needed.
        workers: How many threads.

    Raises:
        FileAccessError: If the disk is full, or a part is damaged.
    """
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_OF_QUERIES,
        "temp_directory": str(scratch),
        "threads": workers,
    }
    try:
        with duckdb.connect(":memory:", config=settings) as connection:
            yield connection
    except duckdb.Error as error:
        raise FileAccessError(
            f"the tables cannot be put together ({str(error).splitlines()[0]})",
            path=scratch,
            advice="check the disk, and index again; if that does not help, index into a new folder",
        ) from error


def name_exactly(paths: Iterable[Path]) -> list[str]:
    """Paths as DuckDB takes them for these files alone: in a name, it takes stars and brackets for patterns."""
    return [PATTERN_SIGN.sub(r"[\g<0>]", str(path)) for path in paths]


def stream_query(
    connection: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, Any] | None = None
) -> Iterator[pa.RecordBatch]:
    """Ask a query.

    Args:
        connection: Who answers it; it can be asked nothing else until all has been taken.
        query: SQL.
        values: What stands for each ``$name`` in it.

    Yields:
        Some rows at a time.
    """
    yield from connection.sql(query, params=dict(values or {})).to_arrow_reader(ROWS_AT_ONCE)
