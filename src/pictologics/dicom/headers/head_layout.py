"""What the heads of the slices of a series have in common, so that the next one is compared and not parsed.

Slices of a series differ in some ten of a hundred elements. All between those is the same bytes in every file, which a
single comparison tells, and bytes that are the same from the start of an element on are parsed to the same values.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from . import tags
from .head_elements import (
    Element,
    is_of_pet,
    join_elements,
    list_elements,
    match_pieces,
    part_elements,
    split_pieces,
)
from .header import Header

__all__ = ["follow_layout", "learn_layout"]

MOST_NEW: Final = 24
"""Elements that may differ for the first time; where more do, it is the head of another series."""

MOST_DIFFERENT: Final = 60
"""Elements that may differ at all: with more, comparing takes as long as parsing."""


class HeadLayout:
    """The elements of a head up to its pixels, or to the first that the head does not hold as a whole.

    Args:
        start: Where the first of them begins.
        meta: The elements of the meta information.
        elements: Those of the data set.
        header: What was parsed from the same head.
    """

    def __init__(self, start: int, meta: Sequence[Element], elements: Sequence[Element], header: Header) -> None:
        self.start = start
        self.meta = [join_elements(meta, None)]
        self.pieces = part_elements(elements)
        self.values = {
            element.tag: element.content[element.offset :] for element in (*meta, *elements) if element.is_kept
        }
        self.transfer_syntax = header.transfer_syntax
        self.explicit = header.explicit
        self.keeps_pet = is_of_pet(header)

    def follow(self, head: bytes, header: Header) -> int | None:
        """Fill a header from a head that has the same elements.

        Returns:
            Where the first element begins that the layout does not know; None if the head has other elements. Nothing
            was filled then.
        """
        values = dict(self.values)
        located: dict[int, tuple[int, int]] = {}
        header.explicit = self.explicit
        offset = match_pieces(self.meta, head, self.start, values, located, header)
        end = None if offset is None else match_pieces(self.pieces, head, offset, values, located, header)
        if offset is None or end is None:
            return None
        header.values, header.located = values, located
        header.dataset_offset = offset
        header.transfer_syntax = self.transfer_syntax
        header.keeps_pet = self.keeps_pet
        return end

    def adapt(self, head: bytes, header: Header) -> bool:
        """Learn from a head in which elements differ that were always the same; whether it has the same elements."""
        header.explicit = self.explicit
        meta = split_pieces(self.meta, head, self.start, header)
        found = None if meta is None else split_pieces(self.pieces, head, meta[1], header)
        if meta is None or found is None:
            return False
        before, after = len(self.meta) + len(self.pieces), len(meta[0]) + len(found[0])
        if after - before > MOST_NEW or after > MOST_DIFFERENT:
            return False
        self.meta, self.pieces = meta[0], found[0]
        return True


class LayoutMemory(threading.local):
    """What a thread remembers of the heads that it read last.

    Attributes:
        layout: Their layout; None if there is none.
        series: The SeriesInstanceUID of the last that was parsed; a layout is learned where a second one follows, as
            learning takes as long as parsing.
    """

    layout: HeadLayout | None = None
    series: bytes | None = None


MEMORY: Final = LayoutMemory()


def follow_layout(head: bytes, start: int, header: Header) -> int | None:
    """Fill a header by comparing a head with those that this thread read before.

    Args:
        head: The first bytes of a file.
        start: Where its first element begins.
        header: What is filled.

    Returns:
        Where the parser has to go on; None if the head has other elements than they, and all of it is to be parsed.
    """
    layout = MEMORY.layout
    if layout is None or start != layout.start:
        return None
    end = layout.follow(head, header)
    if end is None and layout.adapt(head, header):
        end = layout.follow(head, header)
    return end


def learn_layout(head: bytes, start: int, header: Header) -> None:
    """Remember the layout of a head that was parsed, if the head before it was of the same series."""
    series, before = header.values.get(tags.SERIES_INSTANCE_UID), MEMORY.series
    MEMORY.series = series
    if series != before or not header.little_endian or header.is_deflated:
        return
    meta = list_elements(head, start, header.dataset_offset, header)
    elements = list_elements(head, header.dataset_offset, len(head), header)
    kept = [element.tag for element in (*meta, *elements) if element.is_kept]
    # Of an attribute that is there twice, the last counts, which need not be the one that differs.
    if (
        elements
        and len(set(kept)) == len(kept)
        and start + sum(element.size for element in meta) == header.dataset_offset
    ):
        MEMORY.layout = HeadLayout(start, meta, elements, header)
