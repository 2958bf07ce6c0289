"""Parses the items of a sequence, with the wanted sequences inside them, however deep."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from ...errors import CorruptFileError
from ...storage.files import MemoryFile
from . import tags
from .attributes import Attributes
from .element_parser import ElementParser
from .encoding import (
    DEEPEST_SEQUENCE,
    LONG_VRS,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    NotUnderstoodError,
)
from .header import Header

__all__ = ["Item", "parse_items", "read_items"]


class Item(Attributes):
    """One item of a sequence: its own attributes, and the items of the wanted sequences inside it.

    Attributes:
        sequences: The items of each wanted sequence that was found.
    """

    __slots__ = ("sequences",)

    def __init__(self, path: str, values: Mapping[int, bytes], little_endian: bool) -> None:
        # Not through the base class: an enhanced file has ten items for each of its thousands of frames.
        self.path = path
        self.values = values
        self.little_endian = little_endian
        self.sequences: dict[int, list[Item]] = {}

    def first(self, tag: int) -> Attributes:
        """The first item of a sequence inside; without attributes if it is missing or empty."""
        items = self.sequences.get(tag)
        return items[0] if items else Attributes(self.path, {})


def read_items(header: Header, tag: int, inner: frozenset[int] = frozenset()) -> list[Item]:
    """Read the items of a top-level sequence.

    Args:
        header: The file.
        tag: The sequence, one of ``tags.LOCATED``.
        inner: The sequences inside that are wanted.

    Returns:
        Its items; none if the file does not have it.

    Raises:
        CorruptFileError: If the sequence cannot be followed.
    """
    if header.located.get(tag) == (0, 0):
        # pydicom found it, but not where it is.
        raise sequence_error(header, tag)
    (content,) = header.read_located(tag)
    return parse_items(header, tag, content, inner)


def parse_items(header: Header, tag: int, content: bytes, inner: frozenset[int]) -> list[Item]:
    """Parse the items of a sequence that has been read.

    Raises:
        CorruptFileError: If the sequence cannot be followed.
    """
    try:
        return SequenceParser(header, content, inner).parse_items(0, len(content))[0]
    except (NotUnderstoodError, struct.error) as error:
        raise sequence_error(header, tag) from error


def sequence_error(header: Header, tag: int) -> CorruptFileError:
    """The error for a sequence that cannot be followed."""
    return CorruptFileError(
        f"its {tags.KEYWORDS[tag]} cannot be followed", path=header.path, advice="export the file again"
    )


class SequenceParser:
    """Parses the items of one sequence, whose bytes are all there."""

    def __init__(self, header: Header, content: bytes, inner: frozenset[int]) -> None:
        elements = ElementParser(header, MemoryFile(header.path, content), content)
        self.encoding = elements.encoding
        self.skip_items = elements.skip_items
        self.path = header.path
        self.explicit = header.explicit
        self.content = content
        self.depth = 0
        self.inner = {self.encoding.key(tag): tag for tag in inner}
        # Text of an item is in the character set of the file (PS3.5 6.1.2.3).
        charset = header.values.get(tags.SPECIFIC_CHARACTER_SET)
        self.common = {} if charset is None else {tags.SPECIFIC_CHARACTER_SET: charset}

    def parse_items(self, position: int, length: int) -> tuple[list[Item], int]:
        """The items of the sequence that begins at a position, and where it ends."""
        end = self.end_of(position, length)
        items: list[Item] = []
        self.depth += 1
        if self.depth > DEEPEST_SEQUENCE:
            raise NotUnderstoodError
        while position + 8 <= end:
            key, size = self.encoding.unpack_implicit(self.content, position)
            position += 8
            if key == self.encoding.sequence_end:
                end = position
                break
            if key != self.encoding.item:
                raise NotUnderstoodError
            item, position = self.parse_item(position, size)
            items.append(item)
        self.depth -= 1
        return items, end

    def parse_item(self, position: int, length: int) -> tuple[Item, int]:
        """One item, and where it ends."""
        end = self.end_of(position, length)
        values = dict(self.common)
        item = Item(self.path, values, self.encoding.little_endian)
        content, explicit, encoding = self.content, self.explicit, self.encoding
        wanted, inner, item_end = encoding.wanted, self.inner, encoding.item_end
        while position + 8 <= end:
            vr = b""
            if explicit:
                key, vr, size = encoding.unpack_explicit(content, position)
                if vr not in SHORT_VRS and key != item_end:
                    if vr not in LONG_VRS:
                        raise NotUnderstoodError
                    (size,) = encoding.unpack_length(content, position + 8)
                    position += 4
            else:
                key, size = encoding.unpack_implicit(content, position)
            position += 8
            if key in inner:
                item.sequences[inner[key]], position = self.parse_items(position, size)
            elif key == item_end:
                return item, position
            elif size == UNDEFINED_LENGTH:
                position = self.skip_items(position, explicit and vr != b"UN")
            else:
                if key in wanted:
                    values[wanted[key]] = content[position : position + size]
                position += size
        return item, end

    def end_of(self, position: int, length: int) -> int:
        """Where a value ends at the latest."""
        end = len(self.content) if length == UNDEFINED_LENGTH else position + length
        if end > len(self.content):
            raise NotUnderstoodError
        return end
