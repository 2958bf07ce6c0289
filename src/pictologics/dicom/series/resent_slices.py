"""Slices that were sent again under another SOP Instance UID: the same values at the same place are one slice.

Where two acquisitions that abut share a slice, or one slice of a series was sent twice, its position repeats and no
other does. As positions that repeat tell the volumes of a series apart, such a copy would cut one volume in two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ...errors import CorruptFileError
from ..frames.frame import Frame
from ..headers.header import Header
from .phase_attributes import SPECIFIC
from .positions import number_positions
from .remarks import SeriesRemark

__all__ = ["drop_resent"]


def drop_resent(frames: Sequence[Frame]) -> tuple[list[Frame], list[SeriesRemark]]:
    """Keep one of each set of equal slices, if every position is then held equally often.

    Only then were they copies: volumes that lie beside each other may both have empty slices at their ends, which are
    equal and belong to both.

    Args:
        frames: Planes of one layout, each SOP Instance UID once.
    """
    slots = number_positions(frames)
    by_slot: defaultdict[int, list[int]] = defaultdict(list)
    for index, slot in enumerate(() if slots is None else slots.tolist()):
        by_slot[slot].append(index)
    fewest = min(map(len, by_slot.values()), default=0)
    extra = sum(len(members) - fewest for members in by_slot.values())
    # Where half of the positions are held more often than the others, volumes of their own lie there.
    if not extra or extra * 2 > len(frames) or len(by_slot) == 1:
        return list(frames), []
    copies: list[int] = []
    for members in by_slot.values():
        if len(members) > fewest:
            copies += find_copies(frames, members, len(members) - fewest)
    if len(copies) < extra:
        return list(frames), []
    left_out = set(copies)
    text = (
        f"left out {len(copies)} image{'s' * (len(copies) != 1)} that hold{'s' * (len(copies) == 1)} the same values "
        f"as another at the same position, such as '{frames[copies[0]].header.path}'"
    )
    return (
        [frame for index, frame in enumerate(frames) if index not in left_out],
        [SeriesRemark(len(copies), text, is_warning=True)],
    )


def find_copies(frames: Sequence[Frame], members: Sequence[int], wanted: int) -> list[int]:
    """Those of the planes at one position that repeat an earlier one, as many as are wanted or none."""
    kept: list[int] = []
    copies: list[int] = []
    for index in members:
        is_copy = len(copies) < wanted and any(are_equal(frames[index], frames[other]) for other in kept)
        (copies if is_copy else kept).append(index)
    return copies if len(copies) == wanted else []


def are_equal(frame: Frame, other: Frame) -> bool:
    """Whether two planes hold the same values and nothing says that they are of two volumes."""
    header, rest = frame.header, other.header
    # Several frames of one file were scanned one by one; and only bytes of one kind can be compared as they are.
    if header is rest or frame.tile or other.tile or header.is_deflated:
        return False
    forms = [(part.transfer_syntax, part.pixel_tag, count_pixel_bytes(part)) for part in (header, rest)]
    values = [(plane.number, plane.slope, plane.intercept) for plane in (frame, other)]
    if forms[0] != forms[1] or values[0] != values[1]:
        return False
    try:
        # Numbers and times of acquisitions are not asked: a copy may have its own.
        if any(attribute.read_value(frame) != attribute.read_value(other) for attribute in SPECIFIC):
            return False
    except CorruptFileError:
        return False
    with header.file.open() as file, rest.file.open() as twin:
        length = count_pixel_bytes(header)
        return file.read_at(header.pixel_offset, length) == twin.read_at(rest.pixel_offset, length)


def count_pixel_bytes(header: Header) -> int:
    """How many bytes the pixels of a file take; of compressed ones, all that follow."""
    return header.file_size - header.pixel_offset if header.pixel_length is None else header.pixel_length
