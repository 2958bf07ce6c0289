"""What a structure set says of its ROIs: number, name, kind, colour, and where their contours stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from ...errors import CorruptFileError, UnsupportedFormatError
from .. import tags
from ..attributes import Attributes
from ..frames import sop_class_of
from ..header import Header
from .items import items_of, sequence_values

__all__ = ["CONTOUR_DATA", "CONTOUR_GEOMETRIC_TYPE", "NUMBER_OF_CONTOUR_POINTS", "RT_STRUCTURE_SET", "Roi"]
__all__ += ["read_rois"]

RT_STRUCTURE_SET: Final = "1.2.840.10008.5.1.4.1.1.481.3"

ROI_NUMBER: Final = 0x30060022
REFERENCED_FRAME_OF_REFERENCE_UID: Final = 0x30060024
ROI_NAME: Final = 0x30060026
ROI_DESCRIPTION: Final = 0x30060028
ROI_DISPLAY_COLOR: Final = 0x3006002A
ROI_GENERATION_ALGORITHM: Final = 0x30060036
CONTOUR_SEQUENCE: Final = 0x30060040
CONTOUR_GEOMETRIC_TYPE: Final = 0x30060042
NUMBER_OF_CONTOUR_POINTS: Final = 0x30060046
CONTOUR_DATA: Final = 0x30060050
REFERENCED_ROI_NUMBER: Final = 0x30060084
RT_ROI_INTERPRETED_TYPE: Final = 0x300600A4


@dataclass(frozen=True)
class Roi:
    """One region of interest.

    Attributes:
        number: ROINumber.
        name: ROIName, may be empty.
        description: ROIDescription, may be empty.
        algorithm: ROIGenerationAlgorithm: ``"AUTOMATIC"``, ``"SEMIAUTOMATIC"``, ``"MANUAL"`` or empty.
        interpreted_type: RTROIInterpretedType such as ``"GTV"`` or ``"ORGAN"``, may be empty.
        colour: ROIDisplayColor as ``"#rrggbb"``, may be empty.
        frame_of_reference_uid: The frame in which its contours are given, may be empty.
        contours: For each contour its attributes, as they are in the file.
    """

    number: int
    name: str = ""
    description: str = ""
    algorithm: str = ""
    interpreted_type: str = ""
    colour: str = ""
    frame_of_reference_uid: str = ""
    contours: list[dict[int, bytes]] = field(default_factory=list, repr=False)

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.number} ({self.name or 'no name'})"

    def facts(self) -> dict[str, str | int]:
        """What is known of it, under the names that segments have as well."""
        return {
            "segment_number": self.number,
            "segment_label": self.name,
            "segment_description": self.description,
            "algorithm_type": self.algorithm,
            "type": self.interpreted_type,
            "colour": self.colour,
            "contours": len(self.contours),
        }


def read_rois(header: Header) -> list[Roi]:
    """The ROIs of a structure set in the order of the file, with the bytes of their contours.

    Args:
        header: The file.

    Raises:
        UnsupportedFormatError: If the file is no structure set.
        CorruptFileError: If it contradicts itself.
    """
    if sop_class_of(header) != RT_STRUCTURE_SET:
        raise UnsupportedFormatError(
            "this is no RT structure set", path=header.path, advice="pass a file of contours (RTSTRUCT)"
        )
    contours, colours = read_contours(header)
    types = read_types(header)
    rois = []
    wanted = (ROI_NUMBER, REFERENCED_FRAME_OF_REFERENCE_UID, ROI_NAME, ROI_DESCRIPTION, ROI_GENERATION_ALGORITHM)
    for item in sequence_values(header, tags.STRUCTURE_SET_ROI_SEQUENCE, wanted):
        number = whole_number(header, item.get(ROI_NUMBER, b""), "ROINumber")
        said = texts_of(header, item)
        rois.append(
            Roi(
                number,
                said.text(ROI_NAME),
                said.text(ROI_DESCRIPTION),
                said.text(ROI_GENERATION_ALGORITHM).upper(),
                types.get(number, ""),
                colours.get(number, ""),
                said.text(REFERENCED_FRAME_OF_REFERENCE_UID) or header.text(tags.FRAME_OF_REFERENCE_UID),
                contours.get(number, []),
            )
        )
    numbers = [roi.number for roi in rois]
    twice = next((number for number in numbers if numbers.count(number) > 1), None)
    if twice is not None:
        raise CorruptFileError(
            f"ROINumber {twice} stands for several ROIs and must stand for one",
            path=header.path,
            advice="export the file again",
            number=twice,
        )
    return rois


def read_contours(header: Header) -> tuple[dict[int, list[dict[int, bytes]]], dict[int, str]]:
    """By ROI number, the attributes of its contours, and its colour."""
    contours: dict[int, list[dict[int, bytes]]] = {}
    colours: dict[int, str] = {}
    wanted = (REFERENCED_ROI_NUMBER, ROI_DISPLAY_COLOR, CONTOUR_SEQUENCE)
    parts = (CONTOUR_GEOMETRIC_TYPE, NUMBER_OF_CONTOUR_POINTS, CONTOUR_DATA)
    for item in sequence_values(header, tags.ROI_CONTOUR_SEQUENCE, wanted):
        number = whole_number(header, item.get(REFERENCED_ROI_NUMBER, b""), "ReferencedROINumber")
        own = items_of(header, item.get(CONTOUR_SEQUENCE, b""), parts, "ContourSequence")
        contours.setdefault(number, []).extend(own)
        colour = re.fullmatch(
            rb"\s*(\d{1,3})\s*\\\s*(\d{1,3})\s*\\\s*(\d{1,3})[\s\0]*", item.get(ROI_DISPLAY_COLOR, b"")
        )
        if colour:
            colours[number] = "#" + "".join(f"{min(int(part), 255):02x}" for part in colour.groups())
    return contours, colours


def read_types(header: Header) -> dict[int, str]:
    """By ROI number, what the ROI is; the first observation that says it counts."""
    types: dict[int, str] = {}
    for item in sequence_values(
        header, tags.RT_ROI_OBSERVATIONS_SEQUENCE, (REFERENCED_ROI_NUMBER, RT_ROI_INTERPRETED_TYPE)
    ):
        number = whole_number(header, item.get(REFERENCED_ROI_NUMBER, b""), "ReferencedROINumber")
        kind = texts_of(header, item).text(RT_ROI_INTERPRETED_TYPE).upper()
        types[number] = types.get(number) or kind
    return types


def texts_of(header: Header, item: dict[int, bytes]) -> Attributes:
    """An item's attributes, to be read in the file's character set."""
    charset = header.values.get(tags.SPECIFIC_CHARACTER_SET, b"")
    return Attributes(header.path, {tags.SPECIFIC_CHARACTER_SET: charset, **item}, header.little_endian)


def whole_number(header: Header, raw: bytes, name: str) -> int:
    """The value of an integer string.

    Raises:
        CorruptFileError: If it is none.
    """
    text = raw.strip(b" \0")
    if not re.fullmatch(rb"[+-]?\d{1,11}", text):
        raise CorruptFileError(
            f"its {name} is {text[:40]!r} and must be a whole number", path=header.path, advice="export the file again"
        )
    return int(text)
