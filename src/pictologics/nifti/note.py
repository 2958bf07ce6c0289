"""What a NIfTI header has no field for, kept in an extension of it as plain text.

A NIfTI-1 header holds geometry as float32 and knows neither modality nor units. Files written here carry the
exact numbers and those facts as JSON in a comment extension (ecode 6), which other software passes over. When
the header's own geometry is no longer what the note was written with, the note is out of date and not used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import GeometryError
from ..geometry import CORNER_ERROR_NOTED, Grid
from ..image import Image
from .header import NiftiHeader
from .layout import COMMENT_CODE

__all__ = ["Note", "note_extension", "read_note"]

KEY = "pictologics"


@dataclass(frozen=True)
class Note:
    """What the extension says, or what holds without one.

    Attributes:
        grid: The exact grid.
        modality: DICOM modality or ``"Unknown"``.
        metadata: Facts about the image.
    """

    grid: Grid
    modality: str = "Unknown"
    metadata: Mapping[str, str] = field(default_factory=dict)


def note_extension(image: Image) -> bytes:
    """The extension that carries an image's note: its size, its code and the text, padded to 16 bytes."""
    grid = image.grid
    text = json.dumps(
        {
            KEY: 1,
            "spacing": grid.spacing,
            "origin": grid.origin,
            "direction": grid.direction.tolist(),
            "modality": image.modality,
            "metadata": dict(image.metadata),
        }
    ).encode()
    size = -(-(8 + len(text)) // 16) * 16
    code = np.array([size, COMMENT_CODE], "<i4").tobytes()
    return code + text.ljust(size - 8, b"\0")


def read_note(header: NiftiHeader, grid: Grid) -> Note:
    """The note in a header, if it has one that still holds.

    Args:
        header: The header.
        grid: The grid that its own fields describe.
    """
    for content in comments(header):
        try:
            facts = json.loads(content.rstrip(b"\0"))
        except ValueError:
            continue
        if isinstance(facts, dict) and facts.get(KEY) == 1:
            return note_of(facts, grid)
    return Note(grid)


def note_of(facts: dict[str, Any], grid: Grid) -> Note:
    """Check a note against the header's grid; a note that contradicts it is dropped."""
    try:
        exact = Grid(grid.shape, tuple(facts["spacing"]), tuple(facts["origin"]), np.array(facts["direction"]))
        metadata = {str(key): str(value) for key, value in facts["metadata"].items()}
        modality = str(facts["modality"])
    except (GeometryError, AttributeError, KeyError, TypeError, ValueError):
        return Note(grid)
    if exact.corner_error(grid) >= CORNER_ERROR_NOTED:
        return Note(grid)
    return Note(exact, modality, metadata)


def comments(header: NiftiHeader) -> list[bytes]:
    """The contents of the header's comment extensions (nifti1.h, "extended header")."""
    head = header.head
    start = header.header_size
    if head[start : start + 1] in (b"", b"\0"):
        return []
    found, position = [], start + 4
    end = len(head) if header.is_pair else min(header.data_offset, len(head))
    while position + 8 <= end:
        size, code = (int(n) for n in np.frombuffer(head, header.byte_order + "i4", 2, position))
        if size < 16 or position + size > end:
            break
        if code == COMMENT_CODE:
            found.append(head[position + 8 : position + size])
        position += size
    return found
