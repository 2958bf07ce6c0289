"""Parses the top-level elements of a data set, fast, up to its pixels."""

from __future__ import annotations

from typing import Final

from ...errors import CorruptFileError
from ...storage.files import ByteSource
from . import tags
from .encoding import (
    BIG_ENDIAN,
    DEEPEST_SEQUENCE,
    LITTLE_ENDIAN,
    LONG_VRS,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    NotUnderstoodError,
)
from .header import Header

__all__ = ["HEAD_WINDOW", "LONGEST_WANTED_VALUE", "ElementParser"]

HEAD_WINDOW: Final = 1 << 13
"""Bytes of one read: enough for the head of a common slice; longer headers take further reads."""

LONGEST_WANTED_VALUE: Final = 1 << 16
"""Bytes; a wanted value is a few numbers or a line of text, and more means that the length is a lie."""

LONGEST_READ_WITH_HEADER: Final = 1 << 20
"""Bytes; a longer sequence is read when it is needed."""

PLAIN: Final = tags.WANTED - tags.LOCATED - tags.PIXEL_TAGS
"""Wanted attributes that are kept as they are."""

AT_PIXELS: Final = -1
"""In place of a position: the pixels begin, and the parser stops."""


class ElementParser:
    """Fills a header with the wanted elements of its data set.

    It holds a window of the source: ``buffer``, whose first byte is at offset ``base``. Positions count
    from the start of the window, and every method that may move it returns the position that goes on.
    """

    def __init__(self, header: Header, source: ByteSource, buffer: bytes) -> None:
        self.header = header
        self.source = source
        self.buffer = buffer
        self.base = 0
        self.encoding = LITTLE_ENDIAN if header.little_endian else BIG_ENDIAN

    def parse_explicit(self, position: int) -> None:
        """Parse an explicit VR data set to its pixels or its end."""
        wanted, unpack, unpack_length = self.encoding.wanted, self.encoding.unpack_explicit, self.encoding.unpack_length
        plain, values = PLAIN, self.header.values
        buffer, end = self.buffer, len(self.buffer)
        while True:
            if position + 12 > end:
                position = self.move_window(position, 12)
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
                    values[tag] = buffer[value : value + length]
                    position = value + length
                    continue
                position = self.take(tag, value, length, vr)
                if position == AT_PIXELS:
                    return
                buffer, end = self.buffer, len(self.buffer)
            elif length == UNDEFINED_LENGTH:
                # An unknown element of undefined length is a sequence in implicit VR (PS3.5 6.2.2).
                position = self.skip_items(value, vr != b"UN")
                buffer, end = self.buffer, len(self.buffer)
            else:
                position = value + length

    def parse_implicit(self, position: int) -> None:
        """Parse an implicit VR data set to its pixels or its end."""
        wanted, unpack = self.encoding.wanted, self.encoding.unpack_implicit
        buffer, end = self.buffer, len(self.buffer)
        while True:
            if position + 8 > end:
                position = self.move_window(position, 8)
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
            elif length == UNDEFINED_LENGTH:
                position = self.skip_items(position, False)
                buffer, end = self.buffer, len(self.buffer)
            else:
                position += length

    def take(self, tag: int, position: int, length: int, vr: bytes) -> int:
        """Keep one wanted element's value, or where it is; returns where the next begins, or ``AT_PIXELS``."""
        header = self.header
        if tag in tags.PIXEL_TAGS:
            header.pixel_tag = tag
            header.pixel_offset = self.base + position
            header.pixel_length = None if length == UNDEFINED_LENGTH else length
            header.pixel_vr = vr.decode("ascii")
            return AT_PIXELS
        if tag in tags.LOCATED:
            return self.locate(tag, position, length, vr)
        if length > LONGEST_WANTED_VALUE:
            raise NotUnderstoodError
        position = self.move_to_hold(position, length)
        header.values[tag] = self.buffer[position : position + length]
        return position + length

    def locate(self, tag: int, position: int, length: int, vr: bytes) -> int:
        """Note where a long value is; returns where the next element begins."""
        start = self.base + position
        end = self.skip_items(position, vr == b"SQ") if length == UNDEFINED_LENGTH else position + length
        length = self.base + end - start
        self.header.located[tag] = (start, length)
        if tag in tags.READ_WITH_HEADER and length <= LONGEST_READ_WITH_HEADER:
            content = self.source.read_at(start, length)
            if len(content) == length:
                self.header.values[tag] = content
        return end

    def move_window(self, position: int, count: int) -> int:
        """Move the window so that it begins at ``position``; returns the new position, 0."""
        self.base += position
        self.buffer = self.source.read_at(self.base, max(count, HEAD_WINDOW))
        return 0

    def move_to_hold(self, position: int, count: int) -> int:
        """Make sure that ``count`` bytes from ``position`` on are in the window; returns the position in it."""
        if position + count > len(self.buffer):
            position = self.move_window(position, count)
            if len(self.buffer) < count:
                raise self.cut_off_error()
        return position

    def skip_items(self, position: int, explicit: bool, depth: int = 0) -> int:
        """Pass the items of a sequence of undefined length, up to and with its delimiter."""
        if depth > DEEPEST_SEQUENCE:
            raise CorruptFileError(
                f"its sequences are nested more than {DEEPEST_SEQUENCE} deep",
                path=self.header.path,
                advice="export the file again",
            )
        while True:
            position = self.move_to_hold(position, 8)
            key, length = self.encoding.unpack_implicit(self.buffer, position)
            position += 8
            if key == self.encoding.sequence_end:
                return position
            if key != self.encoding.item:
                raise NotUnderstoodError
            if length == UNDEFINED_LENGTH:
                position = self.skip_elements(position, explicit, depth)
            else:
                position += length

    def skip_elements(self, position: int, explicit: bool, depth: int) -> int:
        """Pass the elements of an item of undefined length, up to and with its delimiter."""
        while True:
            position = self.move_to_hold(position, 8)
            key, length = self.encoding.unpack_implicit(self.buffer, position)
            if key == self.encoding.item_end:
                return position + 8
            nested_explicit = explicit
            if explicit:
                _, vr, length = self.encoding.unpack_explicit(self.buffer, position)
                if vr in LONG_VRS:
                    position = self.move_to_hold(position, 12) + 4
                    (length,) = self.encoding.unpack_length(self.buffer, position + 4)
                    nested_explicit = vr != b"UN"
                elif vr not in SHORT_VRS:
                    raise NotUnderstoodError
            position += 8
            if length == UNDEFINED_LENGTH:
                position = self.skip_items(position, nested_explicit, depth + 1)
            else:
                position += length

    def check_end(self, remaining: int) -> None:
        """Accept the end of the data only where an element ends."""
        if remaining or self.base > self.source.size:
            raise self.cut_off_error()

    def cut_off_error(self) -> CorruptFileError:
        """The error for a file that stops inside its header."""
        return CorruptFileError(
            "the file ends in the middle of its header",
            path=self.header.path,
            advice="it was cut off when it was copied; fetch it again",
        )
