"""Queries over the tables of a cohort, answered by DuckDB, which can read these tables and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..errors import OptionError
from .parquet_files import check_table_file, make_arrow_schema
from .schema import TABLES

if TYPE_CHECKING:
    # Both take a while to import, Arrow's data sets because they look for pandas; whoever indexes asks neither.
    import duckdb

__all__ = ["TableParts", "query_table", "query_text", "quote_texts"]

TableParts = Callable[[str], Sequence[str]]
"""What gives the Parquet files of a table."""

CLOSED_IN: Final[dict[str, str | bool | int | float | list[str]]] = {
    "enable_external_access": False,
    "python_enable_replacements": False,
    "temp_directory": "",
}
"""No file can be read or written, not even for what does not fit into memory, and no variable of the program be seen,
whatever the text of a query says."""

MOST_CHECKED_PARTS: Final = 20
"""Files of a table that are looked at before a query: the table of files may have thousands."""

QUOTED: Final = re.compile("'.*'|\".*\"")


def query_table(parts: TableParts, condition: str, table: str) -> duckdb.DuckDBPyRelation:
    """The rows of a table for which a condition holds.

    Args:
        parts: What gives the Parquet files of a table of the cohort.
        condition: SQL, such as ``modality = 'CT'``; it may ask other tables as well.
        table: The table.

    Raises:
        OptionError: If there is no such table, or the condition has a mistake: the message says which, and lists the
            columns.
    """
    import duckdb

    columns = list_columns(table)
    if not isinstance(condition, str) or not condition.strip():
        raise OptionError(f"a condition is SQL text, and {condition!r} was given", advice='pass "true" for all rows')
    if condition.split(maxsplit=1)[0].upper() in ("SELECT", "FROM", "WITH"):
        raise OptionError(
            f"a condition is what stands after WHERE, and {condition!r} is a whole query",
            advice=f"pass what the rows of {table} have to meet, such as size_z > 10, or ask Cohort.sql in Python",
        )
    connection = connect(parts)
    # On lines of its own, so that a comment in it ends with it.
    where = f"FROM {table} WHERE (\n{condition}\n)"
    try:
        # Without the parentheses too: what closes them itself, as "a) OR (b", would be part of the query around it.
        for text in (f"FROM {table} WHERE\n{condition}", f"SELECT * {where}"):
            refuse_other_statements(connection, text)
        refuse_what_is_no_condition(connection, condition, table)
        # Values that do not compare, such as a word with a number, show when rows are read, not before.
        connection.execute(f"SELECT count(*) {where}").fetchall()
        return connection.sql(f"SELECT * {where}")
    except duckdb.Error as error:
        raise OptionError(
            f"the condition {condition!r} cannot be answered: {describe_error(error)}",
            advice=f"write texts in single quotes, such as 'CT'; columns of {table} are {columns}",
        ) from error


def query_text(parts: TableParts, text: str) -> duckdb.DuckDBPyRelation:
    """What a whole query finds.

    Args:
        parts: What gives the Parquet files of a table of the cohort.
        text: One ``SELECT``, over any of the tables.

    Raises:
        OptionError: If it is something else, or has a mistake.
    """
    import duckdb

    connection = connect(parts)
    try:
        refuse_other_statements(connection, text)
        return connection.sql(text)
    except duckdb.Error as error:
        raise OptionError(
            f"the query cannot be answered: {describe_error(error)}",
            advice="; ".join(f"columns of {table} are {list_columns(table)}" for table in TABLES if table in text)
            or f"tables are {', '.join(TABLES)}",
        ) from error


def quote_texts(texts: Iterable[str]) -> str:
    """Texts as SQL has them in a list."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


def connect(parts: TableParts) -> duckdb.DuckDBPyConnection:
    """A connection that knows the tables of a cohort; what it gives keeps it open.

    Raises:
        CorruptFileError: If a table is damaged, or is none of a cohort.
    """
    import duckdb
    import pyarrow.dataset as pa_dataset

    connection = duckdb.connect(":memory:", config=CLOSED_IN)
    for name, columns in TABLES.items():
        # Arrow reads the files, of which DuckDB knows nothing: only the columns and rows that a query needs.
        paths = list(parts(name))
        for path in paths[:MOST_CHECKED_PARTS]:
            check_table_file(name, Path(path))
        dataset = pa_dataset.dataset(paths, schema=make_arrow_schema(columns), format="parquet")
        connection.register(name, dataset)
    connection.execute("SET lock_configuration = true")
    return connection


def refuse_other_statements(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    """Raise unless a text is one statement that asks for rows."""
    import duckdb

    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise OptionError(
            f"the query {text!a} holds characters that are no text in UTF-8", advice="write it as text"
        ) from error
    statements = connection.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise OptionError(
            "this is not one query, such as SELECT count(*) FROM series",
            advice="ask one thing at a time; tables cannot be changed",
        )


def refuse_what_is_no_condition(connection: duckdb.DuckDBPyConnection, condition: str, table: str) -> None:
    """Raise unless a text is true or false of a row: DuckDB takes any number but 0 for true."""
    (kind,) = connection.sql(f"SELECT (\n{condition}\n) FROM {table} LIMIT 0").types
    if str(kind) == "INTEGER":
        # NULL by itself is one to some versions of DuckDB, and beside a truth value it is one of these.
        (kind,) = connection.sql(f"SELECT coalesce((\n{condition}\n), NULL::BOOLEAN) FROM {table} LIMIT 0").types
    if str(kind) not in ("BOOLEAN", '"NULL"'):
        raise OptionError(
            f"the condition {condition!r} is a value ({kind}), and not true or false of a row",
            advice="compare it, as in size_z > 10",
        )


def list_columns(table: str) -> str:
    """The names of the columns of a table.

    Raises:
        OptionError: If there is no such table.
    """
    if table not in TABLES:
        raise OptionError(f"there is no table {table!r}; tables are {', '.join(TABLES)}", advice="take one of these")
    return ", ".join(column.name for column in TABLES[table])


def describe_error(error: duckdb.Error) -> str:
    """What DuckDB found, in one line and without the picture of the query that it draws."""
    import duckdb

    found = " ".join(str(error).partition("\n\nLINE ")[0].split())
    # What does not convert is quoted, and comes from the tables: it may be a patient's name.
    return QUOTED.sub("(a value)", found) if isinstance(error, duckdb.ConversionException) else found
