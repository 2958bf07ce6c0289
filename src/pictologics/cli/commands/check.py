"""The ``check`` command: every series of a cohort with what is wrong with it, as a table or as JSON."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...cohort import CheckReport, check
from ..terminal import escape_controls, print_as_json

__all__ = ["print_check"]


def print_check(cohort: Path, pixels: bool, workers: int | None, as_json: bool) -> bool:
    """Print what is wrong with a cohort; returns whether nothing is."""
    report = check(cohort, pixels=pixels, workers=workers)
    if as_json:
        print_as_json(report.to_dict())
    else:
        print_report(report)
    return report.is_fine


def print_report(report: CheckReport) -> None:
    """Print the series with faults, the files that cannot be read, and how many there are of all."""
    console = Console()
    if report.faulty:
        # Text, not markup: a sentence may hold square brackets.
        table = Table(show_lines=True)
        for name in ("series_key", "series", "off by (voxels)", "what is wrong"):
            is_number = name == "off by (voxels)"
            is_whole = name in ("series_key", "series")
            table.add_column(name, justify="right" if is_number else "left", no_wrap=is_whole, overflow="fold")
        for series in report.faulty:
            error = "" if series.error_voxels is None else f"{series.error_voxels:.3g}"
            sort = f"{series.modality} {series.kind}" if series.kind == "image" else series.kind
            cells = (series.series_key, sort, error, "\n".join(series.faults))
            table.add_row(*(Text(escape_controls(cell)) for cell in cells))
        console.print(table)
    for file in report.unreadable:
        text = escape_controls(f"'{file.path}': {file.text}")
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(report.summary(), highlight=False, soft_wrap=True)
