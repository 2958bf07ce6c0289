"""The items of a sequence with the sequences inside them kept apart, for what is more than a flat list of facts."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import CorruptFileError
from . import tags
from .attributes import Attributes
from .elements import (
    DEEPEST_SEQUENCE,
    ITEM,
    SEQUENCE_END,
    UNDEFINED,
    NotUnderstoodError,
    file_key,
)
from .functional_groups import GroupWalk
from .header import Header
from .located import located_bytes

__all__ = ["Item", "nested_items"]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a sequence.

    Attributes:
        attributes: What it says itself.
        sequences: The items of the wanted sequences inside it.
    """

    attributes: Attributes
    sequences: Mapping[int, list[Item]]

    def first(self, tag: int) -> Attributes:
        """The attributes of the first item of a sequence inside; none if it is missing or empty."""
        items = self.sequences.get(tag)
        return items[0].attributes if items else Attributes(self.attributes.path, {})


def nested_items(header: Header, tag: int, inner: frozenset[int]) -> list[Item]:
    """The items of a top-level sequence.

    Args:
        header: The file.
        tag: The sequence, one of ``tags.LOCATED``.
        inner: The sequences inside that are wanted.

    Returns:
        Its items; none if the file does not have it.

    Raises:
        CorruptFileError: If the sequence cannot be followed.
    """
    content = located_bytes(header, tag)
    unreadable = CorruptFileError(
        f"its {tags.NAMES[tag]} cannot be followed", path=header.path, advice="export the file again"
    )
    if not content:
        if header.located.get(tag) == (0, 0):
            # It is there, but the way to it was not understood.
            raise unreadable
        return []
    try:
        return NestedWalk(header, content, inner).items_within(0, len(content))[0]
    except (NotUnderstoodError, struct.error) as error:
        raise unreadable from error


class NestedWalk(GroupWalk):
    """A walk through the items of one sequence that keeps the structure of what is inside."""

    def __init__(self, header: Header, content: bytes, inner: frozenset[int]) -> None:
        super().__init__(header, content)
        self.inner_keys = {file_key(tag, header.little_endian): tag for tag in inner}
        charset = header.values.get(tags.SPECIFIC_CHARACTER_SET)
        self.common = {} if charset is None else {tags.SPECIFIC_CHARACTER_SET: charset}

    def items_within(self, position: int, length: int) -> tuple[list[Item], int]:
        """The items that begin at a position, and where they end."""
        end = self.end if length == UNDEFINED else position + length
        found: list[Item] = []
        self.depth += 1
        if self.depth > DEEPEST_SEQUENCE or end > self.end:
            raise NotUnderstoodError
        while position + 8 <= end:
            tag = self.unpack_tag(self.buffer, position)
            (size,) = self.unpack_length(self.buffer, position + 4)
            position += 8
            if tag == SEQUENCE_END:
                end = position
                break
            if tag != ITEM:
                raise NotUnderstoodError
            item, position = self.one_item(position, size)
            found.append(item)
        self.depth -= 1
        return found, end

    def one_item(self, position: int, length: int) -> tuple[Item, int]:
        """One item, and where it ends."""
        end = self.end if length == UNDEFINED else position + length
        values: dict[int, bytes] = dict(self.common)
        sequences: dict[int, list[Item]] = {}
        item = Item(Attributes(self.header.path, values, self.header.little_endian), sequences)
        if end > self.end:
            raise NotUnderstoodError
        while position + 8 <= end:
            key, vr, size, position = self.element(position)
            if key == self.item_end_key:
                return item, position
            if key in self.inner_keys:
                sequences[self.inner_keys[key]], position = self.items_within(position, size)
            elif size == UNDEFINED:
                position = self.skip_items(position, self.explicit_vr and vr != b"UN")
            else:
                if key in self.wanted:
                    values[self.wanted[key]] = self.buffer[position : position + size]
                position += size
        return item, end
