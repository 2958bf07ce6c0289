"""The ``measure`` command: the labels of a mask, measured on an image."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...geometry import format_numbers
from ...loader import load_image
from ...measuring import measure
from ..options import GeometryChoice
from ..terminal import escape_controls, print_as_json, print_line
from .mask_file import load_mask_onto

__all__ = ["MEASURED_COLUMNS", "print_measurements"]

MEASURED_COLUMNS = ("label", "name", "voxels", "ml", "mean", "sd", "min", "p50", "max", "peak", "units")
"""What the table shows; JSON and CSV have all that is known."""


def print_measurements(
    source: str, mask: str, geometry: GeometryChoice, as_json: bool, table_file: Path | None, **keywords: Any
) -> None:
    """Measure the labels of a mask, and print them or write them as a table.

    Args:
        source: The image.
        mask: The mask.
        geometry: Whose place the mask has.
        as_json: Print JSON.
        table_file: Write a CSV file.
        **keywords: Passed on to ``load_image`` for the image.
    """
    image = load_image(source, **keywords)
    found = measure(image, load_mask_onto(mask, image, geometry))
    if table_file is not None:
        found.to_csv(table_file)
        print_line(str(table_file))
    rows = found.to_records()
    if as_json:
        # JSON has no NaN.
        print_as_json([{name: None if is_missing(value) else value for name, value in row.items()} for row in rows])
    if as_json or table_file is not None:
        return
    shown = [name for name in MEASURED_COLUMNS if any(row.get(name) not in (None, "") for row in rows)]
    table = Table()
    for name in shown:
        table.add_column(name, justify="left" if name in {"name", "units"} else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(write_cell(row[name])) for name in shown))
    Console().print(table)


def is_missing(value: object) -> bool:
    """Whether a value is NaN."""
    return isinstance(value, float) and math.isnan(value)


def write_cell(value: object) -> str:
    """A value of the table, four digits of a number."""
    if isinstance(value, float):
        return format_numbers([float(f"{value:.4g}")])
    return escape_controls(str(value))
