"""The ROIs of a structure set: number, name, kind, color, and their contours as they are in the file.

A structure set describes ROIs in one sequence and has their contours and kinds in two others, joined by ROINumber,
which is unique (DICOM PS3.3 C.8.8.5). Where it is not, or is missing, what belongs together is still found
as far as the order of items says it, and all that is sound can be drawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final, TypeVar

from ...errors import UnsupportedFormatError
from ...provenance import Decision
from ..frames.sop_classes import read_sop_class
from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.header import Header
from ..headers.sequence_parser import Item, read_items

__all__ = ["RT_STRUCTURE_SET", "Roi", "read_rois"]

T = TypeVar("T")

RT_STRUCTURE_SET: Final = "1.2.840.10008.5.1.4.1.1.481.3"


@dataclass(frozen=True)
class Roi:
    """One region of interest.

    Attributes:
        number: ROINumber, or a free number in place of one that an earlier ROI has.
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


@dataclass(frozen=True)
class DrawnItem:
    """What one item of the ROIContourSequence says."""

    contours: list[Item]
    color: str


def read_rois(header: Header) -> tuple[list[Roi], tuple[Decision, ...]]:
    """Read the ROIs of a structure set in the order of the file, with the bytes of their contours.

    Args:
        header: The file.

    Returns:
        The ROIs, each with a number of its own; and what was decided about numbers that are repeated or missing.

    Raises:
        UnsupportedFormatError: If the file is not a structure set.
        CorruptFileError: If it cannot be followed.
    """
    if read_sop_class(header) != RT_STRUCTURE_SET:
        raise UnsupportedFormatError(
            "this is not an RT structure set", path=header.path, advice="pass a file of contours (RTSTRUCT)"
        )
    described = [(item.integer(tags.ROI_NUMBER), item) for item in read_items(header, tags.STRUCTURE_SET_ROI_SEQUENCE)]
    drawn, without_number = read_drawn_items(header)
    types = read_roi_types(header)
    first_items, decisions = drop_repeated_items(described)
    counts = Counter(number for number, _ in first_items)
    free = (number for number in count(1) if number not in counts and number not in drawn)
    rois: list[Roi] = []
    renumbered: list[str] = []
    met: Counter[int] = Counter()
    for written, item in first_items:
        place, met[written] = met[written], met[written] + 1
        number = written if place == 0 else next(free)
        own = share_items(drawn.get(written, []), place, counts[written])
        kinds = share_items(types.get(written, []), place, counts[written]) or types.get(written, [])
        roi = Roi(
            number,
            item.text(tags.ROI_NAME),
            item.text(tags.ROI_DESCRIPTION),
            item.text(tags.ROI_GENERATION_ALGORITHM).upper(),
            next((kind for kind in kinds if kind), ""),
            next((part.color for part in reversed(own) if part.color), ""),
            item.text(tags.REFERENCED_FRAME_OF_REFERENCE_UID) or header.text(tags.FRAME_OF_REFERENCE_UID),
            [contour for part in own for contour in part.contours],
        )
        rois.append(roi)
        if number != written:
            parts = len(drawn.get(written, []))
            odd = "" if parts == counts[written] else f" ({parts} items of contours for {counts[written]} ROIs)"
            renumbered.append(f"{written} ({roi.name or 'no name'}) became {number}{odd}")
    if renumbered:
        text = (
            "a ROINumber belongs to several ROIs and must be unique; contours were matched in the order of the file, "
            f"and {', '.join(renumbered)}"
        )
        decisions.append(Decision("converted", text, len(renumbered), "content"))
    strangers = sum(len(part.contours) for number, parts in drawn.items() if number not in counts for part in parts)
    decisions += describe_lost_contours(strangers, without_number)
    return rois, tuple(decisions)


def drop_repeated_items(
    described: Sequence[tuple[int | None, Item]],
) -> tuple[list[tuple[int, Item]], list[Decision]]:
    """Leave out descriptions without a number, which no contour can refer to, and those of one ROI that stand twice."""
    kept: dict[tuple[int, str], Item] = {}
    for number, item in described:
        if number is not None:
            kept.setdefault((number, item.text(tags.ROI_NAME)), item)
    nameless = [item.text(tags.ROI_NAME) or "no name" for number, item in described if number is None]
    decisions = []
    if nameless:
        text = f"left out ROI {', '.join(nameless)}, which {'has' if len(nameless) == 1 else 'have'} no ROINumber"
        decisions.append(Decision("left out", text, len(nameless), "content"))
    return [(number, item) for (number, _), item in kept.items()], decisions


def share_items(items: Sequence[T], place: int, rois: int) -> Sequence[T]:
    """Share out the items of a number among the ROIs that have it: in order, and to the last one all that remain.

    Args:
        items: What refers to the number.
        place: Which of the ROIs it is, from 0.
        rois: How many have the number.
    """
    return items[place:] if place == rois - 1 else items[place : place + 1]


def read_drawn_items(header: Header) -> tuple[dict[int, list[DrawnItem]], int]:
    """Read, by ROI number, contours and colors; and count the contours that name no ROI."""
    drawn: defaultdict[int, list[DrawnItem]] = defaultdict(list)
    without_number = 0
    for item in read_items(header, tags.ROI_CONTOUR_SEQUENCE, frozenset({tags.CONTOUR_SEQUENCE})):
        number = item.integer(tags.REFERENCED_ROI_NUMBER)
        own = item.sequences.get(tags.CONTOUR_SEQUENCE, [])
        color = item.numbers(tags.ROI_DISPLAY_COLOR) or ()
        written = "#" + "".join(f"{int(min(max(part, 0), 255)):02x}" for part in color) if len(color) == 3 else ""
        if number is None:
            without_number += len(own)
        else:
            drawn[number].append(DrawnItem(own, written))
    return dict(drawn), without_number


def read_roi_types(header: Header) -> dict[int, list[str]]:
    """Read, by ROI number, what observations call the ROI; one that names no ROI says nothing of any."""
    types: defaultdict[int, list[str]] = defaultdict(list)
    for item in read_items(header, tags.RT_ROI_OBSERVATIONS_SEQUENCE):
        number = item.integer(tags.REFERENCED_ROI_NUMBER)
        if number is not None:
            types[number].append(item.text(tags.RT_ROI_INTERPRETED_TYPE).upper())
    return dict(types)


def describe_lost_contours(strangers: int, without_number: int) -> list[Decision]:
    """Say which contours belong to no ROI that is described."""
    decisions = []
    for lost, why in ((strangers, "of a ROINumber that no ROI has"), (without_number, "without a ROI number")):
        if lost:
            decisions.append(Decision("left out", f"left out {lost} contours {why}", lost, "content"))
    return decisions
