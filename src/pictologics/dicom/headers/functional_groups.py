"""The functional groups of an enhanced object: for each frame, the attributes that hold for it.

An attribute may stand in the group of the frame, in the group that all frames share, or at the top level of the data
set; the first of these that has it counts (DICOM PS3.3 C.7.6.16). The nested sequences are flattened: what a group
says is one dictionary from tag to raw value, read with the same accessors as the top level.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import repeat

from ...errors import CorruptFileError
from . import tags
from .elements import (
    DEEPEST_SEQUENCE,
    ITEM,
    ITEM_END,
    LONG_VRS,
    SEQUENCE_END,
    SHORT_VRS,
    UNDEFINED,
    ElementWalk,
    NotUnderstoodError,
    file_key,
)
from .header import Header
from .located import located_bytes

__all__ = ["GroupWalk", "frame_values", "sequence_items"]


def frame_values(header: Header) -> Iterable[dict[int, bytes]]:
    """For each frame, what its own groups, the shared groups and the top level say, flattened.

    One frame at a time: thousands of them, each with all that they share, would take more memory than some volumes.

    Raises:
        CorruptFileError: If the groups are damaged or not as many as the frames.
    """
    shared = sequence_items(header, tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)
    common = {**header.values, **(shared[0] if shared else {})}
    count = header.integer(tags.NUMBER_OF_FRAMES) or 1
    own = sequence_items(header, tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE)
    if not own:
        return repeat(common, count)
    if len(own) != count:
        raise CorruptFileError(
            f"it has {count} frames and functional groups for {len(own)}",
            path=header.path,
            advice="export the file again",
        )
    return ({**common, **values} for values in own)


def sequence_items(header: Header, tag: int) -> list[dict[int, bytes]]:
    """The wanted attributes of each item of a top-level sequence; empty if the file has none."""
    content = located_bytes(header, tag)
    if not content:
        return []
    try:
        return GroupWalk(header, content).items()
    except (NotUnderstoodError, struct.error) as error:
        raise CorruptFileError(
            f"its {tags.NAMES[tag]} cannot be followed", path=header.path, advice="export the file again"
        ) from error


class GroupWalk(ElementWalk):
    """A walk through the items of one sequence, whose bytes are all in the window."""

    def __init__(self, header: Header, content: bytes) -> None:
        super().__init__(header, NothingMore(), content)
        self.explicit_vr = header.explicit
        self.end = len(content)
        self.depth = 0
        little = header.little_endian
        self.group_keys = frozenset(file_key(tag, little) for tag in tags.GROUP_SEQUENCES)
        self.mapping_key = file_key(tags.REAL_WORLD_VALUE_MAPPING_SEQUENCE, little)
        self.item_end_key = file_key(ITEM_END[0] << 16 | ITEM_END[1], little)

    def items(self) -> list[dict[int, bytes]]:
        """The attributes of each item."""
        found: list[dict[int, bytes]] = []
        position = 0
        while position + 8 <= self.end:
            tag = self.unpack_tag(self.buffer, position)
            (length,) = self.unpack_length(self.buffer, position + 4)
            position += 8
            if tag == SEQUENCE_END:
                break
            if tag != ITEM:
                raise NotUnderstoodError
            values: dict[int, bytes] = {}
            position = self.item(position, length, values)
            found.append(values)
        return found

    def item(self, position: int, length: int, values: dict[int, bytes]) -> int:
        """Note the wanted attributes of one item; returns where it ends."""
        end = self.end if length == UNDEFINED else position + length
        if end > self.end:
            raise NotUnderstoodError
        wanted, explicit = self.wanted, self.explicit_vr
        while position + 8 <= end:
            key, vr, size, position = self.element(position)
            if key == self.item_end_key:
                return position
            if key in wanted:
                values.setdefault(wanted[key], self.buffer[position : position + size])
                position += size
            elif key == self.mapping_key:
                position = self.mappings(position, size, values)
            elif key in self.group_keys:
                position = self.nested(position, size, values)
            elif size == UNDEFINED:
                position = self.skip_items(position, explicit and vr != b"UN")
            else:
                position += size
        return end

    def element(self, position: int) -> tuple[int, bytes, int, int]:
        """Key, value representation and length of an element, and where its value begins."""
        if not self.explicit_vr:
            key, size = self.unpack_implicit(self.buffer, position)
            return key, b"", size, position + 8
        key, vr, size = self.unpack_explicit(self.buffer, position)
        if vr in LONG_VRS:
            (size,) = self.unpack_length(self.buffer, position + 8)
            return key, vr, size, position + 12
        if vr not in SHORT_VRS and key != self.item_end_key:
            raise NotUnderstoodError
        return key, vr, size, position + 8

    def mappings(self, position: int, length: int, values: dict[int, bytes]) -> int:
        """Note the real world value mapping; of several with other units the first counts (PS3.3 C.7.6.16.2.11)."""
        first: dict[int, bytes] = {}
        every: list[dict[int, bytes]] = []
        position = self.nested(position, length, first, every)
        values.update(first)
        codes = (tags.CODE_VALUE, tags.LONG_CODE_VALUE)
        pieces = [one for one in every if all(one.get(code) == first.get(code) for code in codes)]
        if (
            len({(one.get(tags.REAL_WORLD_VALUE_SLOPE), one.get(tags.REAL_WORLD_VALUE_INTERCEPT)) for one in pieces})
            > 1
        ):
            # Several lines for one quantity, each over a range of stored values, are a table.
            values.pop(tags.REAL_WORLD_VALUE_SLOPE, None)
            values[tags.REAL_WORLD_VALUE_LUT_DATA] = b""
        return position

    def nested(
        self, position: int, length: int, values: dict[int, bytes], every: list[dict[int, bytes]] | None = None
    ) -> int:
        """Note the attributes of a sequence within an item; the first item that has one counts.

        Args:
            position: Where the sequence's items begin.
            length: Their length, or ``UNDEFINED``.
            values: Gets the attributes.
            every: Gets those of each item by itself, if given.
        """
        end = self.end if length == UNDEFINED else position + length
        if self.depth > DEEPEST_SEQUENCE:
            raise NotUnderstoodError
        self.depth += 1
        while position + 8 <= end:
            tag = self.unpack_tag(self.buffer, position)
            (size,) = self.unpack_length(self.buffer, position + 4)
            position += 8
            if tag == SEQUENCE_END:
                end = position
                break
            if tag != ITEM:
                raise NotUnderstoodError
            own: dict[int, bytes] = {}
            position = self.item(position, size, own)
            for found, value in own.items():
                values.setdefault(found, value)
            if every is not None:
                every.append(own)
        self.depth -= 1
        return end


class NothingMore:
    """A source that holds nothing beyond the window."""

    size = 0

    def read_at(self, offset: int, count: int) -> bytes:
        """No bytes."""
        return b""
