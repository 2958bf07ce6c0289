"""The segments that a segmentation file describes (DICOM PS3.3 C.8.20.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...errors import CorruptFileError
from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.header import Header
from ..headers.sequence_parser import Item, read_items
from .cielab import lab_to_srgb

__all__ = ["Code", "DicomSegment", "read_dicom_segments"]

CODES: Final = frozenset({tags.SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, tags.SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE})


@dataclass(frozen=True, slots=True)
class Code:
    """A coded concept (DICOM PS3.3 8.8): its value, the scheme that defines it, and what it means in words."""

    value: str = ""
    scheme: str = ""
    meaning: str = ""

    def __str__(self) -> str:
        return f"{self.value} ({self.scheme})" if self.scheme else self.value


@dataclass(frozen=True, slots=True)
class DicomSegment:
    """One segment as its file describes it; texts are empty where the file says nothing.

    Attributes:
        number: Its number, by which frames or voxels refer to it.
        label: Its name.
        description: More words.
        algorithm_type: ``"AUTOMATIC"``, ``"SEMIAUTOMATIC"``, ``"MANUAL"``.
        algorithm_name: What made it.
        category: What kind of thing it is, such as an anatomical structure.
        type: What it is, such as a liver.
        tracking_id: Names the thing through several segmentations.
        tracking_uid: The same, unique in the world.
        color: In which color to show it, ``"#rrggbb"``.
    """

    number: int
    label: str = ""
    description: str = ""
    algorithm_type: str = ""
    algorithm_name: str = ""
    category: Code = Code()
    type: Code = Code()
    tracking_id: str = ""
    tracking_uid: str = ""
    color: str = ""

    def facts(self) -> dict[str, str | int]:
        """List what is known, under the names of ``get_segment_info``."""
        more = {
            "algorithm_name": self.algorithm_name,
            "category_code": str(self.category),
            "category_meaning": self.category.meaning,
            "type_code": str(self.type),
            "type_meaning": self.type.meaning,
            "tracking_id": self.tracking_id,
            "tracking_uid": self.tracking_uid,
            "recommended_color": self.color,
        }
        return {
            "segment_number": self.number,
            "segment_label": self.label,
            "segment_description": self.description,
            "algorithm_type": self.algorithm_type,
            **{name: value for name, value in more.items() if value},
        }


def read_dicom_segments(header: Header) -> list[DicomSegment]:
    """Read the segments that a file describes, in ascending order of their numbers.

    Raises:
        CorruptFileError: If there is none, or two have one number.
    """
    segments = [read_dicom_segment(item) for item in read_items(header, tags.SEGMENT_SEQUENCE, CODES)]
    if not segments:
        raise CorruptFileError(
            "this segmentation describes no segment", path=header.path, advice="export the file again"
        )
    numbers = [segment.number for segment in segments]
    twice = next((number for number in numbers if numbers.count(number) > 1), None)
    if twice is not None:
        raise CorruptFileError(
            f"this segmentation describes segment {twice} more than once",
            path=header.path,
            advice="export the file again",
            segment=twice,
        )
    return sorted(segments, key=lambda segment: segment.number)


def read_dicom_segment(item: Item) -> DicomSegment:
    """Read one segment."""
    number = item.short(tags.SEGMENT_NUMBER)
    if number is None:
        raise CorruptFileError(
            "one of its segments has no number", path=item.path, advice="export the file again or number the segment"
        )
    # Three unsigned words, of which the attribute's accessors would give the first only.
    color = item.values.get(tags.RECOMMENDED_DISPLAY_CIELAB_VALUE, b"")
    order = "little" if item.little_endian else "big"
    lab = [int.from_bytes(color[k : k + 2], order) for k in (0, 2, 4)]  # type: ignore[arg-type]
    return DicomSegment(
        number,
        item.text(tags.SEGMENT_LABEL),
        item.text(tags.SEGMENT_DESCRIPTION),
        item.text(tags.SEGMENT_ALGORITHM_TYPE),
        item.text(tags.SEGMENT_ALGORITHM_NAME),
        read_code(item.first(tags.SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE)),
        read_code(item.first(tags.SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE)),
        item.text(tags.TRACKING_ID),
        item.text(tags.TRACKING_UID),
        lab_to_srgb(lab) if len(color) == 6 else "",
    )


def read_code(code: Attributes) -> Code:
    """Read a coded concept; its value may stand in any of three attributes (PS3.3 8.8)."""
    values = (code.text(tag) for tag in (tags.CODE_VALUE, tags.LONG_CODE_VALUE, tags.URN_CODE_VALUE))
    return Code(
        next((value for value in values if value), ""),
        code.text(tags.CODING_SCHEME_DESIGNATOR),
        code.text(tags.CODE_MEANING),
    )
