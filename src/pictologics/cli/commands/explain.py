"""The ``explain`` command: what a path holds and what belongs together, from headers alone."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...geometry import format_numbers
from ...loader import Explanation, explain
from ...loaders.explanation import list_remarks
from ..messages import translate_keywords
from ..terminal import escape_controls, print_as_json, print_line

__all__ = ["explain_path", "print_explanation", "print_unwrapped"]


def explain_path(
    path: str, recursive: bool, as_json: bool, table_file: Path | None, studies: bool, outside_files: bool
) -> None:
    """Print what is there, or write it as a table.

    Args:
        path: A file, a folder or an archive.
        recursive: Also look into the folders below.
        as_json: Print JSON.
        table_file: Write a CSV file.
        studies: Tell date, study and patient.
        outside_files: Let headers name files elsewhere.
    """
    explanation = explain(path, recursive, allow_outside_files=outside_files, studies=studies)
    if table_file is not None:
        explanation.to_csv(table_file)
        print_line(str(table_file))
    elif as_json:
        print_as_json(explanation.to_dict())
    else:
        print_explanation(Console(), explanation)


def print_explanation(console: Console, explanation: Explanation) -> None:
    """Print the table of volumes, and below it the call that loads each, with what is to be said of it."""
    console.print(make_volume_table(explanation))
    for number, volume in enumerate(explanation.volumes, 1):
        mark = "   (the default)" if volume.is_default else ""
        lines = [volume.call(explanation.path) + mark, *list_remarks(volume)]
        for link in explanation.links_of(volume):
            lines += [f"+ {link}", f"  {link.call}", *(f"  {line}" for line in list_remarks(link))]
        for line in lines:
            print_unwrapped(console, f"{number}  {line}")
    for link in explanation.links_without_image:
        for line in (f"+ {link}", f"  {link.call}", *(f"  {line}" for line in list_remarks(link))):
            print_unwrapped(console, line)
    for reason in explanation.left_out:
        print_unwrapped(console, f"left out: {translate_keywords(reason, {'--recursive': True})}")


def print_unwrapped(console: Console, text: str) -> None:
    """Print a line as it is, however long."""
    console.print(escape_controls(text), markup=False, highlight=False, soft_wrap=True)


def make_volume_table(explanation: Explanation) -> Table:
    """Make a table with one row for each volume."""
    # Text, not markup: a description or a folder may hold square brackets.
    table = Table(title=Text(escape_controls(explanation.path)), title_justify="left")
    for name in ("", "format", "modality", "shape", "spacing (mm)", "axes", "files", "description"):
        widest = max(map(len, name.split(" ")))
        side: Literal["left", "right"] = "right" if name in {"", "files"} else "left"
        table.add_column(name, justify=side, no_wrap=name == "shape", overflow="fold", min_width=widest)
    for number, volume in enumerate(explanation.volumes, 1):
        table.add_row(
            str(number),
            volume.format,
            escape_controls(volume.modality, ""),
            "x".join(map(str, volume.shape)) if volume.shape else "-",
            format_numbers(volume.spacing) if volume.spacing else "-",
            volume.orientation or "-",
            str(volume.files),
            Text(escape_controls(", ".join(part for part in (volume.description, volume.phase) if part), "")),
        )
    return table
