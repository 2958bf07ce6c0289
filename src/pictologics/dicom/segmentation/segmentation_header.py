"""The header of a segmentation file: its type, its segments, and how numbers stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from ...errors import CorruptFileError, UnsupportedFormatError
from ...storage.files import StoredFile
from ..frames.sop_classes import LABEL_MAP_STORAGE, holds_segments, read_sop_class
from ..headers import tags
from ..headers.attributes import quote_code
from ..headers.header import Header
from ..headers.header_reading import read_header
from .segments import DicomSegment, read_dicom_segments

__all__ = ["SURFACE_STORAGE", "DicomSegmentation", "open_segmentation"]

SURFACE_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.66.5"

BACKGROUND_CODE: Final = "125040 (DCM)"
"""The type of what is no segment (PS3.16 D)."""

SegmentationType = Literal["BINARY", "FRACTIONAL", "LABELMAP"]
SEGMENTATION_TYPES: Final = ("BINARY", "FRACTIONAL", "LABELMAP")


@dataclass(frozen=True)
class DicomSegmentation:
    """A segmentation file, by its header.

    Attributes:
        header: The file.
        kind: Whether a frame holds the bits of one segment, its fractions, or the numbers of all segments.
        segments: In ascending order of their numbers, without the background of a label map.
        maximum: The stored value of the fraction 1 (PS3.3 C.8.20.2.3).
        backgrounds: The stored values of no segment, of a label map (PS3.3 C.8.20.2).
    """

    header: Header
    kind: SegmentationType
    segments: tuple[DicomSegment, ...]
    maximum: int = 1
    backgrounds: tuple[int, ...] = (0,)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of its segments."""
        return tuple(segment.number for segment in self.segments)

    def names(self, numbers: Sequence[int]) -> dict[int, str]:
        """Name some of its segments: by the label, or else by what the property's code means."""
        return {
            segment.number: segment.label or segment.type.meaning
            for segment in self.segments
            if segment.number in numbers
        }


def open_segmentation(file: StoredFile) -> DicomSegmentation:
    """Read the header of a segmentation; no functional groups and no pixels.

    Raises:
        UnsupportedFormatError: If the file is not a segmentation, or one of surfaces.
        CorruptFileError: If it describes no segment or contradicts itself.
    """
    header = read_header(file)
    if header is None:
        raise UnsupportedFormatError(
            "this is not a DICOM file, and a segmentation is required", path=file.name, advice="pass a DICOM SEG file"
        )
    refuse_other_kinds(header)
    kind = header.text(tags.SEGMENTATION_TYPE).upper()
    if not kind and read_sop_class(header) == LABEL_MAP_STORAGE:
        kind = "LABELMAP"
    if kind not in SEGMENTATION_TYPES:
        raise header_error(
            header, f"its SegmentationType is {quote_code(kind)} and must be one of {', '.join(SEGMENTATION_TYPES)}"
        )
    segments = read_dicom_segments(header)
    if kind != "LABELMAP":
        return DicomSegmentation(header, cast(SegmentationType, kind), tuple(segments), read_maximum(header, kind))
    backgrounds = find_backgrounds(header, segments)
    return DicomSegmentation(
        header,
        "LABELMAP",
        tuple(segment for segment in segments if segment.number not in backgrounds),
        backgrounds=backgrounds,
    )


def find_backgrounds(header: Header, segments: Sequence[DicomSegment]) -> tuple[int, ...]:
    """Find the numbers that stand for no segment in a label map.

    Every number in the pixels must be described, that of the background too (PS3.3 C.8.20.2.3.3), and so it stands
    among the segments. It is the PixelPaddingValue, for a label map has no padding (PS3.3 C.8.20.2), or has its code.
    """
    padding = header.short(tags.PIXEL_PADDING_VALUE)
    by_code = {segment.number for segment in segments if str(segment.type) == BACKGROUND_CODE}
    described = {segment.number for segment in segments}
    return tuple(sorted({padding or 0} | by_code | ({0} - described)))


def read_maximum(header: Header, kind: str) -> int:
    """Read the stored value of the fraction 1 (PS3.3 C.8.20.2.3)."""
    if kind == "BINARY":
        return 1
    maximum = header.short(tags.MAXIMUM_FRACTIONAL_VALUE)
    if not maximum:
        raise header_error(
            header, f"its MaximumFractionalValue is {maximum}, and a fractional segmentation needs one above 0"
        )
    return maximum


def refuse_other_kinds(header: Header) -> None:
    """Raise for SOP classes other than those of voxels in the patient."""
    sop_class = read_sop_class(header)
    if sop_class == SURFACE_STORAGE:
        raise UnsupportedFormatError(
            "this is a segmentation made of surfaces, and one made of voxels is required",
            path=header.path,
            advice="export the segmentation as voxels (DICOM SEG)",
        )
    if not holds_segments(header):
        raise UnsupportedFormatError(
            f"this DICOM file (SOP class {sop_class or 'missing'}) is not a segmentation",
            path=header.path,
            advice="load it with load_image",
        )


def header_error(header: Header, found: str) -> CorruptFileError:
    """Make the error for a header that contradicts itself or the standard."""
    return CorruptFileError(found, path=header.path, advice="export the file again")
