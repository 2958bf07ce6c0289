"""MetaImageHeader -> what is known of the image besides its voxels; and the comment that files written here carry."""

from __future__ import annotations

from itertools import count, takewhile

from ...geometry import Grid
from ...image import Image
from ...provenance import Decision
from ..json_comment import JSON_COMMENT_KEY, ImageFacts, VoxelNote, make_json_comment, read_json_comment
from ..text_fields import ITK_MODALITY, is_modality
from .header import MetaImageHeader
from .vocabulary import METAIMAGE_MODALITIES

__all__ = ["list_unused_metaimage_fields", "make_comment_fields", "read_metaimage_facts"]

LONGEST_COMMENT_FIELD = 400
"""MetaIO reads the value of a field that it does not know up to 499 characters, and gives up on a longer one."""


def make_comment_fields(image: Image, voxels: VoxelNote) -> list[tuple[str, str]]:
    """The comment for an image in as many fields as it takes: name and value of each."""
    text = make_json_comment(image, voxels)
    pieces = [text[at : at + LONGEST_COMMENT_FIELD] for at in range(0, len(text), LONGEST_COMMENT_FIELD)]
    # In brackets, because MetaIO strips white space from both ends of a value.
    return [(f"{JSON_COMMENT_KEY}_{number}", f"[{piece}]") for number, piece in enumerate(pieces)]


def read_metaimage_facts(header: MetaImageHeader, grid: Grid) -> ImageFacts:
    """What the comment among the fields says, if there is one that still holds, or other software's fields.

    Args:
        header: The header.
        grid: The grid that its own fields describe.
    """
    fields = header.fields
    names = takewhile(lambda name: name in fields, (f"{JSON_COMMENT_KEY}_{number}" for number in count()))
    text = "".join(fields[name][1:-1] for name in names)
    facts = read_json_comment(text, grid) if text else None
    if facts is not None:
        return facts
    of_dicom = fields.get(ITK_MODALITY, "").strip()
    modality = METAIMAGE_MODALITIES.get(fields.get("Modality", ""), "Unknown")
    return ImageFacts(grid, of_dicom if is_modality(of_dicom) else modality)


def list_unused_metaimage_fields(header: MetaImageHeader) -> list[Decision]:
    """What the header says and loading makes no use of."""
    center = header.numbers(("CenterOfRotation",), len(header.sizes))
    if center is None or not any(center):
        return []
    return [Decision("left out", "the center of rotation is not used: the offset is the first voxel's position")]
