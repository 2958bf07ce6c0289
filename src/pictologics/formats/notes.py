"""What a format has no field for, as a text that is kept in its header: the exact grid, modality, facts, labels.

A NIfTI-1 header holds geometry as float32, other formats round the steps between voxels, and none knows modality,
units and the names of labels. Files written here carry these as JSON. When the header's own geometry is no longer what
the note was written with, other software has changed it; the note is out of date and not used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import GeometryError
from ..geometry import CORNER_ERROR_NOTED, Grid
from ..image import Image

__all__ = ["KEY", "Note", "note_text", "read_note"]

KEY = "pictologics"
"""What tells our note from other JSON; where a header has named fields, the name of its field."""


@dataclass(frozen=True)
class Note:
    """What a note says, or what holds without one.

    Attributes:
        grid: The exact grid.
        modality: DICOM modality or ``"Unknown"``.
        metadata: Facts about the image.
        labels: Names of the values of a label map.
    """

    grid: Grid
    modality: str = "Unknown"
    metadata: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[int, str] = field(default_factory=dict)


def note_text(image: Image) -> str:
    """The note of an image, one line of ASCII."""
    grid = image.grid
    facts = {
        KEY: 1,
        "spacing": grid.spacing,
        "origin": grid.origin,
        "direction": grid.direction.tolist(),
        "modality": image.modality,
        "metadata": dict(image.metadata),
    }
    if image.labels:
        facts["labels"] = {str(value): name for value, name in image.labels.items()}
    return json.dumps(facts)


def read_note(text: str | bytes, grid: Grid) -> Note | None:
    """Read a note.

    Args:
        text: Any text.
        grid: The grid that the header's own fields describe.

    Returns:
        The note; one that says nothing but the grid where it contradicts that, and None if the text is no note.
    """
    try:
        facts = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(facts, dict) or facts.get(KEY) != 1:
        return None
    try:
        exact = Grid(grid.shape, tuple(facts["spacing"]), tuple(facts["origin"]), np.array(facts["direction"]))
        metadata = {str(key): str(value) for key, value in facts["metadata"].items()}
        labels = {int(value): str(name) for value, name in facts.get("labels", {}).items()}
        modality = str(facts["modality"])
    except (GeometryError, AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return Note(grid)
    if exact.corner_error(grid) >= CORNER_ERROR_NOTED:
        return Note(grid)
    return Note(exact, modality, metadata, labels)
