"""The ``segments`` command: what a segmentation file names, as a table or as JSON."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...loaders.seg_loader import get_segment_info
from ...storage.urls import hide_secrets
from ..terminal import escape_controls, print_as_json

__all__ = ["print_segments"]

SEGMENT_COLUMNS = {
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


def print_segments(path: str, as_json: bool) -> None:
    """Print the segments of a segmentation file, without reading its voxels."""
    segments = get_segment_info(path)
    if as_json:
        print_as_json(segments)
        return
    # Text, not markup: a label may hold square brackets.
    table = Table(title=Text(escape_controls(hide_secrets(path))), title_justify="left")
    shown = {key: head for key, head in SEGMENT_COLUMNS.items() if any(segment.get(key) for segment in segments)}
    for key, head in shown.items():
        table.add_column(head, justify="right" if key == "segment_number" else "left", overflow="fold")
    for segment in segments:
        table.add_row(*(Text(escape_controls(str(segment.get(key, "")), "")) for key in shown))
    Console().print(table)
