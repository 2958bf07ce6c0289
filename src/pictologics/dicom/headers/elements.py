"""A walk over the top-level elements of a data set (DICOM PS3.5 chapter 7)."""

from __future__ import annotations

import struct
from typing import Final

from ...errors import CorruptFileError
from ...storage.files import ByteSource
from . import tags
from .header import Header

__all__ = [
    "DEEPEST_SEQUENCE",
    "ITEM",
    "ITEM_END",
    "LONGEST_VALUE",
    "LONG_VRS",
    "SEQUENCE_END",
    "SHORT_VRS",
    "UNDEFINED",
    "VRS",
    "WINDOW",
    "ElementWalk",
    "NotUnderstoodError",
    "file_key",
]

# Enough for the head of a common slice in one read; longer headers take further reads.
WINDOW: Final = 1 << 13
# A wanted value is a few numbers or a line of text; more means that the length is a lie.
LONGEST_VALUE: Final = 1 << 16
DEEPEST_SEQUENCE: Final = 64
UNDEFINED: Final = 0xFFFFFFFF

LONG_VRS: Final = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
SHORT_VRS: Final = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL"}
    | {b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
)
VRS: Final = LONG_VRS | SHORT_VRS

ITEM: Final = (0xFFFE, 0xE000)
ITEM_END: Final = (0xFFFE, 0xE00D)
SEQUENCE_END: Final = (0xFFFE, 0xE0DD)


def file_key(tag: int, little_endian: bool) -> int:
    """A tag as its four bytes in the file read as one number: in a little-endian file the element comes first.

    Tags are looked up in this form, so that only the wanted ones are ever put together.
    """
    return (tag & 0xFFFF) << 16 | tag >> 16 if little_endian else tag


WANTED_LITTLE: Final = {file_key(tag, True): tag for tag in tags.WANTED}
WANTED_BIG: Final = {file_key(tag, False): tag for tag in tags.WANTED}

PLAIN: Final = tags.WANTED - tags.LOCATED - tags.PIXEL_TAGS
"""Wanted attributes that are kept as they are."""

AT_PIXELS: Final = -1


class NotUnderstoodError(Exception):
    """The bytes do not follow the rules this walk knows."""


class ElementWalk:
    """Fills a header with the wanted elements of its data set.

    It holds a window of the source: ``buffer``, whose first byte is at offset ``base``. Positions count
    from the start of the window, and every method that may shift it returns the position that goes on.
    """

    def __init__(self, header: Header, source: ByteSource, buffer: bytes) -> None:
        self.header = header
        self.source = source
        self.buffer = buffer
        self.base = 0
        self.wanted = WANTED_LITTLE if header.little_endian else WANTED_BIG
        order = "<" if header.little_endian else ">"
        self.unpack_explicit = struct.Struct(order + "I2sH").unpack_from
        self.unpack_implicit = struct.Struct(order + "II").unpack_from
        self.unpack_length = struct.Struct(order + "I").unpack_from
        self.unpack_tag = struct.Struct(order + "HH").unpack_from

    def explicit(self, position: int) -> None:
        """Walk an explicit VR data set to its pixels or its end."""
        wanted, unpack, unpack_length = self.wanted, self.unpack_explicit, self.unpack_length
        plain, found = PLAIN, self.header.found
        buffer, end = self.buffer, len(self.buffer)
        while True:
            if position + 12 > end:
                position = self.shift(position, 12)
                buffer, end = self.buffer, len(self.buffer)
                if end < 8:
                    self.check_end(end)
                    return
            key, vr, length = unpack(buffer, position)
            value = position + 8
            if vr not in SHORT_VRS:
                if vr not in LONG_VRS:
                    raise NotUnderstoodError
                (length,) = unpack_length(buffer, value)
                value += 4
            if key in wanted:
                tag = wanted[key]
                if tag in plain and value + length <= end:
                    # By far the most common: a short value that is there already.
                    found[tag] = buffer[value : value + length]
                    position = value + length
                    continue
                position = self.take(tag, value, length, vr)
                if position == AT_PIXELS:
                    return
                buffer, end = self.buffer, len(self.buffer)
            elif length == UNDEFINED:
                # An unknown element of undefined length is a sequence in implicit VR (PS3.5 6.2.2).
                position = self.skip_items(value, vr != b"UN")
                buffer, end = self.buffer, len(self.buffer)
            else:
                position = value + length

    def implicit(self, position: int) -> None:
        """Walk an implicit VR data set to its pixels or its end."""
        wanted, unpack = self.wanted, self.unpack_implicit
        buffer, end = self.buffer, len(self.buffer)
        while True:
            if position + 8 > end:
                position = self.shift(position, 8)
                buffer, end = self.buffer, len(self.buffer)
                if end < 8:
                    self.check_end(end)
                    return
            key, length = unpack(buffer, position)
            position += 8
            if key in wanted:
                position = self.take(wanted[key], position, length, b"")
                if position == AT_PIXELS:
                    return
                buffer, end = self.buffer, len(self.buffer)
            elif length == UNDEFINED:
                position = self.skip_items(position, False)
                buffer, end = self.buffer, len(self.buffer)
            else:
                position += length

    def take(self, tag: int, position: int, length: int, vr: bytes) -> int:
        """Keep one wanted element's value; returns where the next begins, or ``AT_PIXELS``."""
        header = self.header
        if tag in tags.PIXEL_TAGS:
            header.pixel_tag = tag
            header.pixel_offset = self.base + position
            header.pixel_length = None if length == UNDEFINED else length
            header.pixel_vr = vr.decode("ascii")
            return AT_PIXELS
        if tag in tags.LOCATED:
            start = self.base + position
            end = self.skip_items(position, vr == b"SQ") if length == UNDEFINED else position + length
            header.located[tag] = (start, self.base + end - start)
            return end
        if length > LONGEST_VALUE:
            raise NotUnderstoodError
        position = self.within(position, length)
        header.found[tag] = self.buffer[position : position + length]
        return position + length

    def shift(self, position: int, count: int) -> int:
        """Move the window so that it begins at ``position``; returns the new position, 0."""
        self.base += position
        self.buffer = self.source.read_at(self.base, max(count, WINDOW))
        return 0

    def within(self, position: int, count: int) -> int:
        """Make sure that ``count`` bytes from ``position`` on are in the window."""
        if position + count > len(self.buffer):
            position = self.shift(position, count)
            if len(self.buffer) < count:
                raise self.ends_too_early()
        return position

    def skip_items(self, position: int, explicit: bool, depth: int = 0) -> int:
        """Pass the items of a sequence of undefined length, up to and with its delimiter."""
        if depth > DEEPEST_SEQUENCE:
            raise CorruptFileError(f"its sequences are nested more than {DEEPEST_SEQUENCE} deep", path=self.header.path)
        while True:
            position = self.within(position, 8)
            tag = self.unpack_tag(self.buffer, position)
            (length,) = self.unpack_length(self.buffer, position + 4)
            position += 8
            if tag == SEQUENCE_END:
                return position
            if tag != ITEM:
                raise NotUnderstoodError
            if length == UNDEFINED:
                position = self.skip_elements(position, explicit, depth)
            else:
                position += length

    def skip_elements(self, position: int, explicit: bool, depth: int) -> int:
        """Pass the elements of an item of undefined length, up to and with its delimiter."""
        while True:
            position = self.within(position, 8)
            if self.unpack_tag(self.buffer, position) == ITEM_END:
                return position + 8
            nested_explicit = explicit
            if explicit:
                _, vr, length = self.unpack_explicit(self.buffer, position)
                if vr in LONG_VRS:
                    position = self.within(position, 12) + 4
                    (length,) = self.unpack_length(self.buffer, position + 4)
                    nested_explicit = vr != b"UN"
                elif vr not in SHORT_VRS:
                    raise NotUnderstoodError
            else:
                _, length = self.unpack_implicit(self.buffer, position)
            position += 8
            if length == UNDEFINED:
                position = self.skip_items(position, nested_explicit, depth + 1)
            else:
                position += length

    def check_end(self, remaining: int) -> None:
        """Accept the end of the data only where an element ends."""
        if remaining or self.base > self.source.size:
            raise self.ends_too_early()

    def ends_too_early(self) -> CorruptFileError:
        """The error for a file that stops inside its header."""
        return CorruptFileError(
            "the file ends in the middle of its header",
            path=self.header.path,
            advice="it was cut off when it was copied; fetch it again",
        )
