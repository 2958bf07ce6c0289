"""Parses the top-level elements of a data set, fast, up to its pixels."""

from __future__ import annotations

from typing import Final

from ...errors import CorruptFileError
from ...storage.files import ByteSource
from . import tag_kinds
from .encoding import (
    BIG_ENDIAN,
    DEEPEST_SEQUENCE,
    LITTLE_ENDIAN,
    LONG_VRS,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    VRS,
    NotUnderstoodError,
)
from .header import Header
from .odd_elements import measure_odd_element

__all__ = ["HEAD_WINDOW", "LONGEST_WANTED_VALUE", "ElementParser"]

HEAD_WINDOW: Final = 1 << 13
"""Bytes of one read: enough for the head of a common slice; longer headers take further reads."""

LONGEST_WANTED_VALUE: Final = 1 << 16
"""Bytes; a wanted value is a few numbers or a line of text, and more means that the length is a lie."""

LONGEST_READ_WITH_HEADER: Final = 1 << 20
"""Bytes; a longer sequence is read when it is needed."""

PLAIN: Final = (tag_kinds.WANTED | tag_kinds.OF_PET) - tag_kinds.LOCATED - tag_kinds.PIXEL_TAGS
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
        self.wanted = self.encoding.wanted_of_pet if header.keeps_pet else self.encoding.wanted

    def parse_explicit(self, position: int) -> None:
        """Parse an explicit VR data set to its pixels or its end."""
        wanted, unpack, unpack_length = self.wanted, self.encoding.unpack_explicit, self.encoding.unpack_length
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
                if vr in LONG_VRS:
                    (length,) = unpack_length(buffer, value)
                    value += 4
                else:
                    value, length = self.find_odd_value(position)
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
                position = self.skip_unknown(value) if vr == b"UN" else self.skip_items(value, True)
                buffer, end = self.buffer, len(self.buffer)
            else:
                position = value + length

    def parse_implicit(self, position: int) -> None:
        """Parse an implicit VR data set to its pixels or its end."""
        wanted, unpack = self.wanted, self.encoding.unpack_implicit
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
        if tag in tag_kinds.PIXEL_TAGS:
            header.pixel_tag = tag
            header.pixel_offset = self.base + position
            header.pixel_length = None if length == UNDEFINED_LENGTH else length
            header.pixel_vr = vr.decode("latin-1")
            return AT_PIXELS
        if tag in tag_kinds.LOCATED:
            return self.locate(tag, position, length, vr)
        if length > LONGEST_WANTED_VALUE:
            if tag not in tag_kinds.OF_PET:
                raise NotUnderstoodError
            # Another vendor's private value, as a rule. Whoever asks for uptake values leaves it to pydicom.
            header.keeps_pet = False
            return self.find_end(position, length, vr)
        position = self.move_to_hold(position, length)
        header.values[tag] = self.buffer[position : position + length]
        return position + length

    def locate(self, tag: int, position: int, length: int, vr: bytes) -> int:
        """Note where a long value is; returns where the next element begins."""
        start = self.base + position
        end = self.find_end(position, length, vr)
        length = self.base + end - start
        self.header.located[tag] = (start, length)
        if tag in tag_kinds.READ_WITH_HEADER and length <= LONGEST_READ_WITH_HEADER:
            content = self.source.read_at(start, length)
            if len(content) == length:
                self.header.values[tag] = content
        return end

    def find_end(self, position: int, length: int, vr: bytes) -> int:
        """Where a value that is not kept ends; one without a length is a sequence."""
        if length != UNDEFINED_LENGTH:
            return position + length
        return self.skip_unknown(position) if vr == b"UN" else self.skip_items(position, vr == b"SQ")

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

    def find_odd_value(self, position: int) -> tuple[int, int]:
        """Where in the window the value of an element without a value representation begins, and its length."""
        start = self.base + position
        found = measure_odd_element(
            self.encoding, lambda offset, count: self.source.read_at(start + offset, count), self.source.size - start
        )
        if found is None:
            raise NotUnderstoodError
        return position + found[0], found[1]

    def skip_unknown(self, position: int) -> int:
        """Pass an element of unknown value representation and undefined length: a sequence.

        It is in implicit VR, and little endian whatever the rest is (PS3.5 6.2.2); but some programs only rename a
        sequence, and leave it as it was.
        """
        position = self.move_to_hold(position, 8)
        own = self.encoding
        if LITTLE_ENDIAN.unpack_implicit(self.buffer, position)[0] in (LITTLE_ENDIAN.item, LITTLE_ENDIAN.sequence_end):
            self.encoding = LITTLE_ENDIAN
        try:
            return self.skip_items(position, None)
        finally:
            self.encoding = own

    def skip_items(self, position: int, explicit: bool | None, depth: int = 0) -> int:
        """Pass the items of a sequence of undefined length, up to and with its delimiter.

        Args:
            position: Where its first item begins.
            explicit: Whether its elements name their value representation; None if each item has to tell.
            depth: In how many sequences it stands.
        """
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

    def skip_elements(self, position: int, explicit: bool | None, depth: int) -> int:
        """Pass the elements of an item of undefined length, up to and with its delimiter."""
        while True:
            position = self.move_to_hold(position, 8)
            key, length = self.encoding.unpack_implicit(self.buffer, position)
            if key == self.encoding.item_end:
                return position + 8
            if explicit is None:
                explicit = self.buffer[position + 4 : position + 6] in VRS
            nested_explicit: bool | None = explicit
            value = position + 8
            if explicit:
                _, vr, length = self.encoding.unpack_explicit(self.buffer, position)
                if vr in LONG_VRS:
                    value = self.move_to_hold(position, 12) + 12
                    (length,) = self.encoding.unpack_length(self.buffer, value - 4)
                    nested_explicit = None if vr == b"UN" else True
                elif vr not in SHORT_VRS:
                    value, length = self.find_odd_value(position)
            position = value
            if length == UNDEFINED_LENGTH:
                position = self.skip_items(position, nested_explicit, depth + 1)
            else:
                position += length

    def check_end(self, remaining: int) -> None:
        """Accept the end of the data only where an element ends."""
        if remaining or self.base > self.source.size:
            raise self.cut_off_error()

    def cut_off_error(self) -> CorruptFileError:
        """The error for a file that stops inside its header, or whose header claims more than there is."""
        return CorruptFileError(
            "the file ends in the middle of its header",
            path=self.header.path,
            advice="it was cut off, or a length in its header is wrong; fetch or export it again",
        )
