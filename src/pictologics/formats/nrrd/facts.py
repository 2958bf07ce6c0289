"""NrrdHeader -> what is known of the image besides its voxels; and the comment that files written here carry."""

from __future__ import annotations

from dataclasses import replace

from ...geometry import Grid
from ...image import Image
from ...provenance import Decision
from ..json_comment import JSON_COMMENT_KEY, ImageFacts, VoxelNote, make_json_comment, read_json_comment
from ..packed_masks import PACKED_MASK_KEY
from ..text_fields import ITK_MODALITY, is_modality
from ..volume_file import VoxelParts, name_parts
from .header import NrrdHeader
from .vocabulary import VOXEL_KINDS

__all__ = ["find_nrrd_parts", "list_unused_nrrd_fields", "make_comment_key", "read_nrrd_facts"]

SLICER_MODALITIES = {"dwmri": "MR"}
"""What 3D Slicer's ``modality`` key says of diffusion images, and the DICOM modality that it stands for."""


def make_comment_key(image: Image, voxels: VoxelNote) -> dict[str, str]:
    """The comment for an image as a key/value pair."""
    return {JSON_COMMENT_KEY: make_json_comment(image, voxels)}


def read_nrrd_facts(header: NrrdHeader, grid: Grid) -> ImageFacts:
    """What the comment among the keys says, if there is one that still holds, or other software's keys.

    Args:
        header: The header.
        grid: The grid that its own fields describe.
    """
    keys = header.keys
    facts = read_json_comment(keys[JSON_COMMENT_KEY], grid) if JSON_COMMENT_KEY in keys else None
    if facts is not None:
        return replace(facts, packed_mask=keys.get(PACKED_MASK_KEY, ""))
    named = keys.get(ITK_MODALITY) or keys.get("modality", "")
    modality = SLICER_MODALITIES.get(named.lower(), named.strip().upper())
    units = header.text.fields.get("sample units", "").strip('"')
    return ImageFacts(grid, modality if is_modality(modality) else "Unknown", {"units": units} if units else {})


def list_unused_nrrd_fields(header: NrrdHeader) -> list[Decision]:
    """What the header says and loading makes no use of."""
    fields, decisions = header.text.fields, []
    if "measurement frame" in fields:
        decisions.append(Decision("left out", "the measurement frame, which turns vectors, is not used"))
    if "old min" in fields or "old max" in fields:
        decisions.append(Decision("left out", "old min and old max, values before quantization, are not used"))
    return decisions


def find_nrrd_parts(header: NrrdHeader, axes: tuple[int, ...]) -> VoxelParts | None:
    """The numbers of which a voxel is made, None if it is one.

    Args:
        header: The header.
        axes: The spatial axes.
    """
    for axis, kind in enumerate(header.kinds):
        if axis not in axes and kind in VOXEL_KINDS and header.sizes[axis] > 1:
            return name_parts(axis, header.sizes[axis], kind)
    return None
