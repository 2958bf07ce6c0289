"""What the segments of a new segmentation file are: names, or all that ``get_segment_info`` tells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from ..dicom.segmentation.segments import Code, DicomSegment
from ..errors import OptionError

__all__ = ["MAKER", "Facts", "make_segments"]

Facts = Mapping[str, str | int]
"""What is known of a segment, under the names of ``get_segment_info``."""

MAKER: Final = "pictologics"

# What editors of segmentations write where nobody says what a segment is.
TISSUE: Final = Code("85756007", "SCT", "Tissue")
WRITTEN_CODE: Final = re.compile(r"(?P<value>\S+) \((?P<scheme>[^()]+)\)")
ALGORITHM_TYPES: Final = ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")


def make_segments(
    segments: Mapping[int, str] | Sequence[Facts] | None, labels: Mapping[int, str], numbers: Sequence[int]
) -> list[DicomSegment]:
    """What each segment is, in the order of the numbers.

    Args:
        segments: What ``save_seg`` is told of them.
        labels: What the mask calls them.
        numbers: Those that there are.

    Raises:
        OptionError: If one is described badly, or is not there.
    """
    names = dict(labels)
    facts: dict[int, Facts] = {}
    if isinstance(segments, Mapping):
        names.update(segments)
    else:
        facts = {read_segment_number(one): one for one in segments or ()}
    unknown = sorted({*facts, *(segments if isinstance(segments, Mapping) else ())} - set(numbers))
    if unknown:
        raise OptionError(
            f"segments describes {unknown} and the mask has {list(numbers)}", advice="describe those that are there"
        )
    return [make_segment(number, names.get(number, ""), facts.get(number, {})) for number in numbers]


def read_segment_number(facts: Facts) -> int:
    """The segment that is described."""
    number = facts.get("segment_number")
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
        raise OptionError(f"a segment is described without its segment_number: {dict(facts)}")
    return int(number)


def make_segment(number: int, name: str, facts: Facts) -> DicomSegment:
    """A segment of what is known of it, under the names of ``get_segment_info``."""
    told = {key: str(value) for key, value in facts.items()}
    algorithm = told.get("algorithm_name", "")
    kind = told.get("algorithm_type") or ("AUTOMATIC" if algorithm else "MANUAL")
    if kind not in ALGORITHM_TYPES:
        raise OptionError(f"algorithm_type of segment {number} is {kind!r} and must be {', '.join(ALGORITHM_TYPES)}")
    return DicomSegment(
        number,
        told.get("segment_label") or name or f"Segment {number}",
        told.get("segment_description", ""),
        kind,
        algorithm or ("" if kind == "MANUAL" else MAKER),
        parse_code(told, "category", number),
        parse_code(told, "type", number),
        told.get("tracking_id", ""),
        told.get("tracking_uid", ""),
        told.get("recommended_color", ""),
    )


def parse_code(told: Mapping[str, str], what: str, number: int) -> Code:
    """A code written as ``"10200004 (SCT)"`` with its meaning; tissue if there is none."""
    text = told.get(f"{what}_code", "")
    if not text:
        return TISSUE
    match = WRITTEN_CODE.fullmatch(text)
    meaning = told.get(f"{what}_meaning", "")
    if match is None or not meaning:
        raise OptionError(
            f"{what}_code of segment {number} is {text!r} with the meaning {meaning!r}",
            advice=f'write it as "10200004 (SCT)" and give {what}_meaning, such as "Liver"',
        )
    return Code(match["value"], match["scheme"], meaning)
