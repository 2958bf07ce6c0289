"""The ROIs of a structure set: number, name, kind, color, and their contours as they are in the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ...errors import CorruptFileError, UnsupportedFormatError
from ..frames.sop_classes import read_sop_class
from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.header import Header
from ..headers.sequence_parser import read_items

__all__ = ["RT_STRUCTURE_SET", "Roi", "read_rois"]

RT_STRUCTURE_SET: Final = "1.2.840.10008.5.1.4.1.1.481.3"


@dataclass(frozen=True)
class Roi:
    """One region of interest.

    Attributes:
        number: ROINumber.
        name: ROIName, may be empty.
        description: ROIDescription, may be empty.
        algorithm: ROIGenerationAlgorithm: ``"AUTOMATIC"``, ``"SEMIAUTOMATIC"``, ``"MANUAL"`` or empty.
        interpreted_type: RTROIInterpretedType such as ``"GTV"`` or ``"ORGAN"``, may be empty.
        color: ROIDisplayColor as ``"#rrggbb"``, may be empty.
        frame_of_reference_uid: The frame in which its contours are given, may be empty.
        contours: The attributes of each contour.
    """

    number: int
    name: str = ""
    description: str = ""
    algorithm: str = ""
    interpreted_type: str = ""
    color: str = ""
    frame_of_reference_uid: str = ""
    contours: list[Attributes] = field(default_factory=list, repr=False)

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.number} ({self.name or 'no name'})"

    def facts(self) -> dict[str, str | int]:
        """List what is known, under the names that segments have as well; what the file leaves out is left out."""
        more = {"type": self.interpreted_type, "recommended_color": self.color}
        return {
            "segment_number": self.number,
            "segment_label": self.name,
            "segment_description": self.description,
            "algorithm_type": self.algorithm,
            "contours": len(self.contours),
            **{name: value for name, value in more.items() if value},
        }


def read_rois(header: Header) -> list[Roi]:
    """Read the ROIs of a structure set in the order of the file, with the bytes of their contours.

    Args:
        header: The file.

    Raises:
        UnsupportedFormatError: If the file is not a structure set.
        CorruptFileError: If it contradicts itself.
    """
    if read_sop_class(header) != RT_STRUCTURE_SET:
        raise UnsupportedFormatError(
            "this is not an RT structure set", path=header.path, advice="pass a file of contours (RTSTRUCT)"
        )
    contours, colors = read_contours(header)
    types = read_roi_types(header)
    rois = []
    # ROIs are described in one sequence, and their contours and kinds stand in others, joined by number.
    for item in read_items(header, tags.STRUCTURE_SET_ROI_SEQUENCE):
        number = read_required_integer(item, tags.ROI_NUMBER)
        rois.append(
            Roi(
                number,
                item.text(tags.ROI_NAME),
                item.text(tags.ROI_DESCRIPTION),
                item.text(tags.ROI_GENERATION_ALGORITHM).upper(),
                types.get(number, ""),
                colors.get(number, ""),
                item.text(tags.REFERENCED_FRAME_OF_REFERENCE_UID) or header.text(tags.FRAME_OF_REFERENCE_UID),
                contours.get(number, []),
            )
        )
    numbers = [roi.number for roi in rois]
    twice = next((number for number in numbers if numbers.count(number) > 1), None)
    if twice is not None:
        raise CorruptFileError(
            f"ROINumber {twice} belongs to several ROIs and must be unique",
            path=header.path,
            advice="export the file again",
            number=twice,
        )
    return rois


def read_contours(header: Header) -> tuple[dict[int, list[Attributes]], dict[int, str]]:
    """Read, by ROI number, the attributes of its contours, and its color."""
    contours: dict[int, list[Attributes]] = {}
    colors: dict[int, str] = {}
    for item in read_items(header, tags.ROI_CONTOUR_SEQUENCE, frozenset({tags.CONTOUR_SEQUENCE})):
        number = read_required_integer(item, tags.REFERENCED_ROI_NUMBER)
        own = item.sequences.get(tags.CONTOUR_SEQUENCE, [])
        contours.setdefault(number, []).extend(own)
        color = item.numbers(tags.ROI_DISPLAY_COLOR) or ()
        if len(color) == 3:
            colors[number] = "#" + "".join(f"{int(min(max(part, 0), 255)):02x}" for part in color)
    return contours, colors


def read_roi_types(header: Header) -> dict[int, str]:
    """Read, by ROI number, what the ROI is; the first observation that says it counts."""
    types: dict[int, str] = {}
    for item in read_items(header, tags.RT_ROI_OBSERVATIONS_SEQUENCE):
        number = read_required_integer(item, tags.REFERENCED_ROI_NUMBER)
        types[number] = types.get(number) or item.text(tags.RT_ROI_INTERPRETED_TYPE).upper()
    return types


def read_required_integer(attributes: Attributes, tag: int) -> int:
    """Read a whole number that must be there."""
    number = attributes.integer(tag)
    if number is None:
        raise CorruptFileError(
            f"an item of the structure set has no {tags.KEYWORDS[tag]}",
            path=attributes.path,
            advice="export the file again",
        )
    return number
