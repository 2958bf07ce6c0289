"""Parses the items of a sequence, with the wanted sequences inside them, however deep."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

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
from .header import UNKNOWN_PLACE, Header

__all__ = ["Item", "read_items", "walk_items"]


class Item(Attributes):
    """One item of a sequence: its own attributes, and the items of the wanted sequences inside it.

    Attributes:
        sequences: The items of each wanted sequence that was found.
    """

    __slots__ = ("sequences",)

    def __init__(
        self, path: str, values: Mapping[int, bytes], little_endian: bool, sequences: Mapping[int, list[Item]]
    ) -> None:
        # Not through the base class: an enhanced file has ten items for each of its thousands of frames.
        self.path = path
        self.values = values
        self.little_endian = little_endian
        self.sequences = sequences

    def first(self, tag: int) -> Attributes:
        """The first item of a sequence inside; without attributes if it is missing or empty."""
        items = self.sequences.get(tag)
        return items[0] if items else Attributes(self.path, {})


def read_items(header: Header, tag: int, inner: frozenset[int] = frozenset()) -> list[Item]:
    """Read the items of a top-level sequence.

    Args:
        header: The file.
        tag: The sequence, one of ``tag_kinds.LOCATED``.
        inner: The sequences inside that are wanted.

    Returns:
        Its items; none if the file does not have it.

    Raises:
        CorruptFileError: If the sequence cannot be followed.
    """
    if header.located.get(tag) == UNKNOWN_PLACE:
        raise sequence_error(header, tag)
    (content,) = header.read_located(tag)
    return list(walk_items(header, tag, content, inner))


def walk_items(header: Header, tag: int, content: bytes, inner: frozenset[int]) -> Iterator[Item]:
    """Parse the items of a sequence that has been read, one after the other: there may be tens of thousands.

    Args:
        header: The file.
        tag: The sequence, for messages.
        content: Its bytes.
        inner: The sequences inside that are wanted.

    Yields:
        Each item.

    Raises:
        CorruptFileError: If the sequence cannot be followed.
    """
    try:
        yield from SequenceParser(header, content, inner).walk_items(0, len(content))
    except (NotUnderstoodError, struct.error) as error:
        raise sequence_error(header, tag) from error


def sequence_error(header: Header, tag: int) -> CorruptFileError:
    """The error for a sequence that cannot be followed."""
    return CorruptFileError(
        f"its {tags.KEYWORDS[tag]} cannot be parsed", path=header.path, advice="export the file again"
    )


class SequenceParser:
    """Parses the items of one sequence, whose bytes are all there."""

    def __init__(self, header: Header, content: bytes, inner: frozenset[int]) -> None:
        elements = ElementParser(header, MemoryFile(header.path, content), content)
        self.encoding = elements.encoding
        self.wanted = elements.wanted
        self.skip_items = elements.skip_items
        self.find_odd_value = elements.find_odd_value
        self.path = header.path
        self.explicit = header.explicit
        self.content = content
        self.depth = 0
        self.position = 0
        self.inner = {self.encoding.key(tag): tag for tag in inner}
        # Text of an item is in the character set of the file (PS3.5 6.1.2.3).
        charset = header.values.get(tags.SPECIFIC_CHARACTER_SET)
        self.common = {} if charset is None else {tags.SPECIFIC_CHARACTER_SET: charset}

    def walk_items(self, position: int, length: int) -> Iterator[Item]:
        """The items of the sequence that begins at a position; after the last one ``position`` says where it ends."""
        content, encoding = self.content, self.encoding
        end = len(content) if length == UNDEFINED_LENGTH else position + length
        self.depth += 1
        if end > len(content) or self.depth > DEEPEST_SEQUENCE:
            raise NotUnderstoodError
        while position + 8 <= end:
            key, size = encoding.unpack_implicit(content, position)
            position += 8
            if key == encoding.sequence_end:
                end = position
                break
            if key != encoding.item:
                raise NotUnderstoodError
            item, position = self.parse_item(position, size)
            yield item
        self.depth -= 1
        self.position = end

    def parse_item(self, position: int, length: int) -> tuple[Item, int]:
        """One item, and where it ends."""
        content, explicit, encoding = self.content, self.explicit, self.encoding
        unpack_explicit, wanted, inner, item_end = (
            encoding.unpack_explicit,
            self.wanted,
            self.inner,
            encoding.item_end,
        )
        end = len(content) if length == UNDEFINED_LENGTH else position + length
        if end > len(content):
            raise NotUnderstoodError
        values = self.common.copy()
        sequences: dict[int, list[Item]] = {}
        item = Item(self.path, values, encoding.little_endian, sequences)
        vr, start = b"", position
        while position + 8 <= end:
            if explicit:
                key, vr, size = unpack_explicit(content, position)
                if vr not in SHORT_VRS and key != item_end:
                    if vr in LONG_VRS:
                        (size,) = encoding.unpack_length(content, position + 8)
                        position += 4
                    else:
                        explicit, position, size = self.resolve_odd_head(position, position == start, end)
            else:
                key, size = encoding.unpack_implicit(content, position)
            position += 8
            if key in inner:
                sequences[inner[key]] = list(self.walk_items(position, size))
                position = self.position
            elif size == UNDEFINED_LENGTH:
                position = self.skip_items(position, None if vr == b"UN" else explicit)
            elif key == item_end:
                return item, position
            else:
                if key in wanted:
                    values[wanted[key]] = content[position : position + size]
                position += size
        return item, end

    def resolve_odd_head(self, position: int, is_first: bool, end: int) -> tuple[bool, int, int]:
        """Make sense of an element that has no value representation.

        A sequence of unknown value representation is in implicit VR, be the rest explicit (PS3.5 6.2.2): the first
        element of each item shows it.

        Returns:
            Whether the item is in explicit VR after all; eight bytes before the value begins; and its length.
        """
        if is_first:
            length: int = self.encoding.unpack_implicit(self.content, position)[1]
            if length == UNDEFINED_LENGTH or position + 8 + length <= end:
                return False, position, length
        value, length = self.find_odd_value(position)
        return True, value - 8, length
