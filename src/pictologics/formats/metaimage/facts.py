"""MetaHeader -> what is known of the image beside voxels and place; and the note that files written here carry."""

from __future__ import annotations

from itertools import count, takewhile

from ...geometry import Grid
from ...image import Image
from ...provenance import Decision
from ..notes import (
    KEY,
    Note,
    note_text,
    read_note,
)
from .header import MODALITIES, MetaHeader

__all__ = ["facts_of", "note_fields", "note_in"]

DICOM_MODALITY = "0008|0060"
"""The field in which ITK keeps the modality of the DICOM files that an image was made of."""

# MetaIO reads the value of a field that it does not know up to 499 characters, and gives up on a longer one.
LONGEST_VALUE = 400


def note_fields(image: Image) -> list[tuple[str, str]]:
    """The note of an image in as many fields as it takes."""
    text = note_text(image)
    pieces = [text[at : at + LONGEST_VALUE] for at in range(0, len(text), LONGEST_VALUE)]
    return [(f"{KEY}_{number}", f"[{piece}]") for number, piece in enumerate(pieces)]


def note_in(header: MetaHeader, grid: Grid) -> Note:
    """The note among the fields, if there is one that still holds, or what other software's fields say.

    Args:
        header: The header.
        grid: The grid that its own fields describe.
    """
    fields = header.fields
    names = takewhile(lambda name: name in fields, (f"{KEY}_{number}" for number in count()))
    text = "".join(fields[name][1:-1] for name in names)
    note = read_note(text, grid) if text else None
    if note is not None:
        return note
    named = fields.get(DICOM_MODALITY, "").strip()
    modality = MODALITIES.get(fields.get("Modality", ""), "Unknown")
    return Note(grid, named if len(named) in range(2, 17) and named.isalnum() else modality)


def facts_of(header: MetaHeader) -> list[Decision]:
    """What the header says and loading makes no use of."""
    center = header.numbers(("CenterOfRotation",), len(header.sizes))
    if center is None or not any(center):
        return []
    return [Decision("left out", "the center of rotation is not used: the offset is the first voxel's position")]
