"""The ``info`` command: what a path holds, as a table, as words or as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from ...errors import PictologicsError
from ...geometry import format_numbers
from ...image import Image
from ...loader import explain, load_image
from ...silence import silence_this_thread
from ...storage.paths import expand_home, is_file
from ...storage.urls import find_url
from ..terminal import print_as_json
from .explain import print_explanation, print_unwrapped

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
    print_explanation(console, explanation)
    if problem:
        print_unwrapped(console, f"does not load: {problem}")
    if image is not None:
        for name, text in image.summary():
            print_unwrapped(console, f"{name or 'values':>12}  {text}")
        console.print(f"{'origin':>12}  ({format_numbers(image.origin)}) mm LPS", highlight=False)


def load_default(path: str) -> tuple[Image | None, str]:
    """Load the volume of a file; None, and why, if its voxels do not load although its headers are in order."""
    try:
        # The explanation has said what there is to warn of.
        with silence_this_thread():
            return load_image(path), ""
    except PictologicsError as error:
        return None, str(error)


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
