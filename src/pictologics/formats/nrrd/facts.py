"""NrrdHeader -> what is known of the image beside voxels and place."""

from __future__ import annotations

from ...geometry import Grid
from ...provenance import Decision
from ..notes import KEY, Note, read_note
from .header import NrrdHeader
from .layout import PICTURE_KINDS

__all__ = ["facts_of", "note_in"]

DICOM_MODALITY = "0008|0060"
"""The key under which ITK keeps the modality of the DICOM files that an image was made of."""

OF_SLICER = {"dwmri": "MR"}


def note_in(header: NrrdHeader, grid: Grid) -> Note:
    """The note among the keys, if there is one that still holds, or what other software's keys say.

    Args:
        header: The header.
        grid: The grid that its own fields describe.
    """
    keys = header.keys
    note = read_note(keys[KEY], grid) if KEY in keys else None
    if note is not None:
        return note
    named = keys.get(DICOM_MODALITY) or keys.get("modality", "")
    modality = OF_SLICER.get(named.lower(), named.strip().upper())
    units = header.text.fields.get("sample units", "").strip('"')
    is_modality = len(modality) in range(2, 17) and modality.isalnum()
    return Note(grid, modality if is_modality else "Unknown", {"units": units} if units else {})


def facts_of(header: NrrdHeader, axes: tuple[int, ...]) -> list[Decision]:
    """What the header says and loading makes no use of."""
    fields, decisions = header.text.fields, []
    if "measurement frame" in fields:
        decisions.append(Decision("left out", "the measurement frame, which turns vectors, is not used"))
    if "old min" in fields or "old max" in fields:
        decisions.append(Decision("left out", "old min and old max, values before quantization, are not used"))
    for axis, kind in enumerate(header.kinds):
        if axis not in axes and kind in PICTURE_KINDS and header.sizes[axis] > 1:
            text = f"a voxel has {header.sizes[axis]} numbers ({kind}), of which one was loaded, as dataset_index says"
            decisions.append(Decision("left out", text, header.sizes[axis] - 1, "content"))
    return decisions
