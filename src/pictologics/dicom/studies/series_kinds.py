"""What kind of series a DICOM file belongs to."""

from __future__ import annotations

from typing import Final, Literal

from ..frames.sop_classes import holds_image, holds_segments, read_sop_class
from ..headers.header import Header
from ..structures.rois import RT_STRUCTURE_SET

__all__ = ["SeriesKind", "find_kind"]

SeriesKind = Literal["image", "SEG", "RTSTRUCT", "dose", "other"]

RT_DOSE: Final = "1.2.840.10008.5.1.4.1.1.481.2"


def find_kind(header: Header) -> SeriesKind:
    """The kind of a file, by its SOP class and whether it has pixels; all files of a series are of one kind."""
    if holds_segments(header):
        return "SEG"
    sop_class = read_sop_class(header)
    if sop_class == RT_STRUCTURE_SET:
        return "RTSTRUCT"
    if sop_class == RT_DOSE:
        return "dose"
    return "image" if holds_image(header) else "other"
