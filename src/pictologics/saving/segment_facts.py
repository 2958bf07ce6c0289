"""The segments of a new segmentation file, made of their names or of all that ``get_segment_info`` lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from ..checks import check_choice, is_whole
from ..dicom.segmentation.segments import Code, DicomSegment
from ..errors import OptionError

__all__ = ["MAKER", "Facts", "collect_facts", "make_segments"]

Facts = Mapping[str, str | int]
"""What is known of a segment, under the names of ``get_segment_info``."""

MAKER: Final = "pictologics"
"""Manufacturer of the file, and the algorithm of segments that name none."""

TISSUE: Final = Code("85756007", "SCT", "Tissue")
"""What editors of segmentations write where nobody says what a segment is."""

WRITTEN_CODE: Final = re.compile(r"(?P<value>\S+) \((?P<scheme>[^()]+)\)")

ALGORITHM_TYPES: Final = ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL")


def make_segments(
    segments: Mapping[int, str] | Sequence[Facts] | None, labels: Mapping[int, str], numbers: Sequence[int]
) -> list[DicomSegment]:
    """Make the description of each segment, in the order of the numbers.

    Args:
        segments: Names by number, or facts of segments, as ``save_seg`` takes them.
        labels: Names that the mask has for them.
        numbers: The segments that there are.

    Raises:
        OptionError: If one is described badly, or is not there.
    """
    return [make_segment(*found) for found in collect_facts("segments", segments, labels, numbers)]


def collect_facts(
    keyword: str,
    described: Mapping[int, str] | Sequence[Facts] | None,
    labels: Mapping[int, str],
    numbers: Sequence[int],
) -> list[tuple[int, str, Facts]]:
    """Collect of each segment its number, its name, empty if unknown, and what else is said of it.

    Args:
        keyword: The parameter, for messages.
        described: Names by number, or facts of segments.
        labels: Names that the mask has for them.
        numbers: The segments that there are.

    Raises:
        OptionError: If a segment is described that is not there, or without a number.
    """
    names = dict(labels)
    facts: dict[int, Facts] = {}
    is_list = isinstance(described, Sequence) and all(isinstance(entry, Mapping) for entry in described)
    if described is not None and not is_list and not isinstance(described, Mapping):
        raise OptionError(
            f"{keyword} is {described!r:.60} and must be a dict of names by number, or a list of dicts",
            advice="pass for example {1: 'liver'}",
        )
    if isinstance(described, Mapping):
        names.update(described)
    else:
        facts = {read_segment_number(keyword, entry): entry for entry in described or ()}
    unknown = sorted({*facts, *(described if isinstance(described, Mapping) else ())} - set(numbers))
    if unknown:
        raise OptionError(
            f"{keyword} describes {unknown} and the mask has {list(numbers)}",
            advice="describe only segments of the mask",
        )
    return [(number, names.get(number, ""), facts.get(number, {})) for number in numbers]


def read_segment_number(keyword: str, facts: Facts) -> int:
    """Read which segment is described."""
    number = facts.get("segment_number")
    if not is_whole(number):
        raise OptionError(
            f"{keyword} describes a segment without its segment_number: {dict(facts)}",
            advice="give each segment the number that it has in the mask",
        )
    return int(number)  # type: ignore[arg-type]


def make_segment(number: int, name: str, facts: Facts) -> DicomSegment:
    """Make a segment of the facts under the names of ``get_segment_info``."""
    texts = {key: str(value) for key, value in facts.items()}
    algorithm = texts.get("algorithm_name", "")
    kind = texts.get("algorithm_type") or ("AUTOMATIC" if algorithm else "MANUAL")
    check_choice(f"algorithm_type of segment {number}", kind, ALGORITHM_TYPES)
    return DicomSegment(
        number,
        texts.get("segment_label") or name or f"Segment {number}",
        texts.get("segment_description", ""),
        kind,
        algorithm or ("" if kind == "MANUAL" else MAKER),
        parse_code(texts, "category", number),
        parse_code(texts, "type", number),
        texts.get("tracking_id", ""),
        texts.get("tracking_uid", ""),
        texts.get("recommended_color", ""),
    )


def parse_code(texts: Mapping[str, str], concept: str, number: int) -> Code:
    """A code written as ``"10200004 (SCT)"`` with its meaning; tissue if there is none."""
    text = texts.get(f"{concept}_code", "")
    if not text:
        return TISSUE
    match = WRITTEN_CODE.fullmatch(text)
    meaning = texts.get(f"{concept}_meaning", "")
    if match is None or not meaning:
        raise OptionError(
            f"{concept}_code of segment {number} is {text!r} with the meaning {meaning!r}",
            advice=f'write it as "10200004 (SCT)" and give {concept}_meaning, such as "Liver"',
        )
    return Code(match["value"], match["scheme"], meaning)
