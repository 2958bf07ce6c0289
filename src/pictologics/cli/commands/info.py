"""The ``info`` command: what a path holds, as a table, as words or as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...errors import PictologicsError
from ...geometry import format_numbers
from ...image import Image
from ...loader import Explanation, explain, load_image
from ...loaders.explanation import list_segment_names
from ...silence import silence_this_thread
from ...storage.paths import expand_home, is_file
from ...storage.urls import find_url
from ..terminal import escape_controls, print_as_json

__all__ = ["print_info"]


def print_info(path: str, recursive: bool, as_json: bool, outside_files: bool) -> None:
    """Print what is there: for a folder every series, for a file also its values."""
    explanation = explain(path, recursive, allow_outside_files=outside_files)
    # Of a URL, the headers only are fetched.
    has_values = explanation.default is not None and find_url(path) is None and is_file(expand_home(path))
    image, problem = load_default(path) if has_values else (None, "")
    if as_json:
        facts = json.loads(explanation.to_json())
        if problem:
            facts["problem"] = problem
        if image is not None:
            facts["image"] = list_image_facts(image)
        print_as_json(facts)
        return
    console = Console()
    console.print(make_volume_table(explanation))
    for number, volume in enumerate(explanation.volumes, 1):
        mark = "   (the default)" if volume.is_default else ""
        for line in (volume.call(explanation.path) + mark, *list_segment_names(volume), *volume.notes):
            console.print(escape_controls(f"{number}  {line}"), markup=False, highlight=False, soft_wrap=True)
    for reason in explanation.left_out:
        console.print(escape_controls(f"left out: {reason}"), markup=False, highlight=False, soft_wrap=True)
    if problem:
        console.print(escape_controls(f"does not load: {problem}"), markup=False, highlight=False, soft_wrap=True)
    if image is not None:
        for name, text in image.summary():
            console.print(
                escape_controls(f"{name or 'values':>12}  {text}"), markup=False, highlight=False, soft_wrap=True
            )
        console.print(f"{'origin':>12}  ({format_numbers(image.origin)}) mm LPS", highlight=False)


def load_default(path: str) -> tuple[Image | None, str]:
    """Load the volume of a file; None, and why, if its voxels do not load although its headers are in order."""
    try:
        # The explanation has said what there is to warn of.
        with silence_this_thread():
            return load_image(path), ""
    except PictologicsError as error:
        return None, str(error)


def make_volume_table(explanation: Explanation) -> Table:
    """Make a table with one row for each volume."""
    # Text, not markup: a description or a folder may hold square brackets.
    table = Table(title=Text(escape_controls(explanation.path)), title_justify="left")
    for name in ("", "format", "modality", "shape", "spacing (mm)", "axes", "files", "description"):
        is_number = name in {"", "files"}
        table.add_column(name, justify="right" if is_number else "left", no_wrap=name == "shape", overflow="fold")
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


def list_image_facts(image: Image) -> dict[str, Any]:
    """An image's geometry and values as plain numbers, ready for JSON."""
    grid = image.grid
    low, high = find_finite_range(image.array)
    return {
        "shape": grid.shape,
        "spacing": grid.spacing,
        "origin": grid.origin,
        "direction": grid.direction.tolist(),
        "orientation": grid.orientation,
        "modality": image.modality,
        "dtype": str(image.array.dtype),
        "minimum": low,
        "maximum": high,
        "labels": dict(image.labels),
        "metadata": dict(image.metadata),
        "provenance": image.provenance.to_dict(),
    }


def find_finite_range(array: npt.NDArray[Any]) -> tuple[float | None, float | None]:
    """The smallest and the largest finite number of an array, None if it has none."""
    if array.dtype.kind == "f":
        array = array[np.isfinite(array)]
    return (float(array.min()), float(array.max())) if array.size else (None, None)
