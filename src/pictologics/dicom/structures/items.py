"""The items of a sequence, each as the raw values of the attributes that are asked for."""

from __future__ import annotations

import struct
from collections.abc import Collection

from ...errors import CorruptFileError
from .. import tags
from ..elements import UNDEFINED, ElementWalk, NotUnderstoodError, file_key
from ..functional_groups import GroupWalk
from ..header import Header
from ..located import located_bytes

__all__ = ["items_of", "sequence_values"]

Item = dict[int, bytes]


def sequence_values(header: Header, tag: int, wanted: Collection[int]) -> list[Item]:
    """For each item of a top-level sequence, the raw values of some attributes; empty if the file has none.

    Args:
        header: The file.
        tag: The sequence, one of ``tags.LOCATED``.
        wanted: The attributes. The value of one that is a sequence itself is the bytes of its items.

    Raises:
        CorruptFileError: If the sequence cannot be followed.
    """
    if header.located.get(tag) == (0, 0):
        raise damaged(header, tags.NAMES[tag])
    return items_of(header, located_bytes(header, tag), wanted, tags.NAMES[tag])


def items_of(header: Header, content: bytes, wanted: Collection[int], name: str) -> list[Item]:
    """For each item among the bytes of a sequence, the raw values of some attributes.

    Args:
        header: The file that the bytes are from.
        content: The bytes, with or without the delimiter at their end.
        wanted: The attributes.
        name: What messages call the sequence.

    Raises:
        CorruptFileError: If the bytes cannot be followed.
    """
    if not content:
        return []
    try:
        return ItemWalk(header, content, wanted).items()
    except (NotUnderstoodError, struct.error) as error:
        raise damaged(header, name) from error


def damaged(header: Header, name: str) -> CorruptFileError:
    """The error for a sequence that breaks off or holds what is no element."""
    return CorruptFileError(f"its {name} cannot be followed", path=header.path, advice="export the file again")


class ItemWalk(GroupWalk):
    """A walk that keeps the elements of its items as they are and enters none of them."""

    def __init__(self, header: Header, content: bytes, wanted: Collection[int]) -> None:
        super().__init__(header, content)
        self.wanted = {file_key(tag, header.little_endian): tag for tag in wanted}

    def item(self, position: int, length: int, values: Item) -> int:
        """Note the wanted elements of one item; returns where it ends."""
        end = self.end if length == UNDEFINED else position + length
        if end > self.end:
            raise NotUnderstoodError
        while position + 8 <= end:
            key, vr, size, position = self.element(position)
            if key == self.item_end_key:
                return position
            if size == UNDEFINED:
                # An unknown element of undefined length is a sequence in implicit VR (PS3.5 6.2.2).
                following = ElementWalk.skip_items(self, position, self.explicit_vr and vr != b"UN")
            else:
                following = position + size
            if following > end:
                raise NotUnderstoodError
            if key in self.wanted:
                values[self.wanted[key]] = self.buffer[position:following]
            position = following
        return end
