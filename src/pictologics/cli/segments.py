"""The ``segments`` command: what a segmentation file names, as a table or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..loaders.seg_loader import get_segment_info

__all__ = ["segments"]

COLUMNS = {
    "segment_number": "",
    "segment_label": "label",
    "segment_description": "description",
    "type_meaning": "what it is",
    "type": "type",
    "contours": "contours",
    "algorithm_type": "made",
    "algorithm_name": "by",
    "recommended_color": "color",
}
"""What the table shows of a segment, and the heads of its columns; JSON has all that is known."""


def segments(
    path: Annotated[Path, typer.Argument(help="A segmentation file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """List the segments of a segmentation file, without reading its voxels."""
    found = get_segment_info(path)
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    # Text, not markup: a label may hold square brackets.
    table = Table(title=Text(str(path)), title_justify="left")
    shown = {key: head for key, head in COLUMNS.items() if any(one.get(key) for one in found)}
    for key, head in shown.items():
        table.add_column(head, justify="right" if key == "segment_number" else "left", overflow="fold")
    for one in found:
        table.add_row(*(Text(str(one.get(key, ""))) for key in shown))
    Console().print(table)
