"""The ``query`` command: rows of a table of a cohort, as a table, as JSON or as CSV."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...cohort import open_cohort
from ..terminal import escape_controls, print_as_json

__all__ = ["print_query"]

SHOWN_COLUMNS: Final = {
    "series": ("series_key", "patient_key", "kind", "modality", "size", "spacing", "verdict", "worst_error_voxels"),
    "phases": ("series_key", "phase", "label", "size", "spacing", "verdict", "worst_error_voxels"),
    "files": ("path", "entry", "format", "series_key", "error"),
}
"""What people see of tables that are too wide for a screen; JSON and CSV have all columns."""

FOLDED: Final = frozenset({"entry", "label", "path", "paths", "text"})
"""Columns of many words, which may take several lines; where identifiers are kept, keys may, too."""

LEFT_OUT_FIRST: Final = ("study_description", "patient_key", "worst_error_voxels")
"""Columns that go, in this order, where a table is wider than the screen."""

MOST_ROWS_SHOWN: Final = 100


def print_query(cohort: Path, condition: str, table: str, as_json: bool, as_csv: bool) -> None:
    """Print the rows of a table for which a condition holds."""
    relation = open_cohort(cohort).query(condition, table)
    names, rows = list(relation.columns), (row for batch in relation.to_arrow_reader() for row in batch.to_pylist())
    if as_json:
        print_as_json(list(rows))
    elif as_csv:
        write_csv(names, rows)
    else:
        print_rows(table, names, rows)


def write_csv(names: Sequence[str], rows: Iterator[dict[str, Any]]) -> None:
    """Write rows as CSV, lists as JSON."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([json.dumps(value) if isinstance(value, list) else value for value in row.values()])


def print_rows(table: str, names: Sequence[str], rows: Iterator[dict[str, Any]]) -> None:
    """Print rows for people: the columns that matter most, and not more than fit."""
    shown = SHOWN_COLUMNS.get(table, tuple(names))
    first = [
        {name: escape_controls(format_value(row, name), "") for name in shown} for row in islice(rows, MOST_ROWS_SHOWN)
    ]
    console = Console()
    shown = choose_columns(shown, first, console.width)
    # Without lines between columns, which would take a quarter of a narrow screen.
    printed = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for name in shown:
        printed.add_column(name, overflow="fold")
    for cells in first:
        # Text, not markup: a path may hold square brackets.
        printed.add_row(*(Text(cells[name]) for name in shown))
    console.print(printed)
    more = sum(1 for _ in rows)
    count = len(first) + more
    text = f"{count} row{'s' * (count != 1)} of {table}"
    console.print(f"{text}, of which {MOST_ROWS_SHOWN} are shown; --csv gives all" if more else text, highlight=False)


def choose_columns(names: Sequence[str], rows: Sequence[Mapping[str, str]], width: int) -> tuple[str, ...]:
    """Those columns that fit into a width; columns that may be folded count by their name."""
    widths = {
        name: max([cell_len(name), *(cell_len(row[name]) for row in rows if name not in FOLDED)]) for name in names
    }
    chosen = list(names)
    for name in LEFT_OUT_FIRST:
        if sum(widths[kept] + 2 for kept in chosen) <= width:
            break
        if name in chosen:
            chosen.remove(name)
    return tuple(chosen)


def format_value(values: dict[str, Any], name: str) -> str:
    """One value in words; sizes and spacings are three columns each."""
    if name in ("size", "spacing"):
        digits = 5 if name == "size" else 3
        parts = [values[f"{name}_{axis}"] for axis in "xyz"]
        return "" if None in parts else "x".join(f"{part:.{digits}g}" for part in parts)
    value = values[name]
    if value is None:
        return ""
    if name == "paths" and len(value) > 1:
        return f"{value[0]} and {len(value) - 1} more"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
