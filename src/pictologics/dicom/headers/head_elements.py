"""The elements of a head, compared with those of another: which are the same bytes, and where those lie that differ."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...errors import CorruptFileError
from ...storage.files import MemoryFile
from . import tag_kinds, tags
from .element_parser import PLAIN, ElementParser
from .encoding import LONG_VRS, SHORT_VRS, UNDEFINED_LENGTH, NotUnderstoodError
from .header import Header

__all__ = [
    "Element",
    "HeadPiece",
    "is_of_pet",
    "join_elements",
    "list_elements",
    "match_pieces",
    "part_elements",
    "split_pieces",
]

KEPT_META: Final = frozenset({tags.MEDIA_STORAGE_SOP_CLASS_UID, tags.TRANSFER_SYNTAX_UID})
"""Meta information that decides how all that follows is parsed."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a head.

    Attributes:
        tag: Its tag.
        begin: The bytes before its length: the tag and, in explicit VR, the value representation.
        offset: Of its value: the bytes before it, the length among them.
        content: All of its bytes.
        is_kept: Whether a header keeps its value.
        is_located: Whether a header notes where its value is.
    """

    tag: int
    begin: bytes
    offset: int
    content: bytes
    is_kept: bool
    is_located: bool

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.content)

    def find_value(self, head: bytes, position: int, header: Header) -> tuple[int, int] | None:
        """Where the value of the same element begins and ends in another head; None if another element is there."""
        if not head.startswith(self.begin, position):
            return None
        value = position + self.offset
        length = int.from_bytes(head[position + len(self.begin) : value], "little")
        if length != UNDEFINED_LENGTH:
            return (value, value + length) if value + length <= len(head) else None
        # A value that is kept is short, unless it is a sequence that is located too.
        end = None if self.is_kept and not self.is_located else pass_sequence(head, value, self.begin, header)
        return None if end is None else (value, end)


@dataclass(frozen=True, slots=True)
class HeadPiece:
    """Elements that were the same in all heads, and after them one that was not.

    Attributes:
        same: Those that were the same.
        content: Their bytes.
        other: The one that was not; None at the end.
    """

    same: Sequence[Element]
    content: bytes
    other: Element | None


def join_elements(same: Sequence[Element], other: Element | None) -> HeadPiece:
    """Make a piece."""
    return HeadPiece(same, b"".join([element.content for element in same]), other)


def part_elements(elements: Iterable[Element]) -> list[HeadPiece]:
    """Pieces of elements that are all the same but for those that are located, whose places are never known before."""
    found: list[HeadPiece] = []
    same: list[Element] = []
    for element in elements:
        if element.is_located:
            found.append(join_elements(same, element))
            same = []
        else:
            same.append(element)
    return [*found, join_elements(same, None)]


def match_pieces(
    pieces: Iterable[HeadPiece],
    head: bytes,
    position: int,
    values: dict[int, bytes],
    located: dict[int, tuple[int, int]],
    header: Header,
) -> int | None:
    """Compare a head with pieces, and enter the values and the places of the elements that differ.

    Returns:
        Where they end in the head; None if it has other elements, or others differ.
    """
    for piece in pieces:
        if not head.startswith(piece.content, position):
            return None
        position += len(piece.content)
        other = piece.other
        if other is not None:
            found = other.find_value(head, position, header)
            if found is None:
                return None
            value, position = found
            if other.is_kept:
                values[other.tag] = head[value:position]
            if other.is_located:
                located[other.tag] = (value, position - value)
    return position


def split_pieces(
    pieces: Iterable[HeadPiece], head: bytes, position: int, header: Header
) -> tuple[list[HeadPiece], int] | None:
    """Split pieces where a head differs from them.

    Returns:
        The new pieces, and where they end in the head; None if it has other elements.
    """
    found: list[HeadPiece] = []
    same: list[Element] = []
    for piece in pieces:
        for element in (*piece.same, piece.other):
            if element is None:
                break
            if element is not piece.other and head.startswith(element.content, position):
                same.append(element)
                position += element.size
                continue
            place = None if element.tag in KEPT_META else element.find_value(head, position, header)
            if place is None:
                return None
            found.append(join_elements(same, element))
            same, position = [], place[1]
    return [*found, join_elements(same, None)], position


def pass_sequence(head: bytes, position: int, begin: bytes, header: Header) -> int | None:
    """Where the items of a sequence end that has no length; None if that is not within the head."""
    if begin.endswith(b"UN"):
        return None
    parser = ElementParser(header, MemoryFile(header.path, head), head)
    try:
        end = parser.skip_items(position, header.explicit)
    except (CorruptFileError, NotUnderstoodError, struct.error):
        # The parser meets it again, and says what there is to say.
        return None
    return None if parser.base else end


def list_elements(head: bytes, position: int, end: int, header: Header) -> list[Element]:
    """The elements of a part of a head, up to the first that only the parser can read."""
    found: list[Element] = []
    while position < end and (element := take_element(head, position, header)) is not None:
        found.append(element)
        position += element.size
    return found


def take_element(head: bytes, position: int, header: Header) -> Element | None:
    """The element at a place of a head; None if only the parser can read it."""
    is_meta = position < header.dataset_offset
    vr = head[position + 4 : position + 6]
    if not header.explicit and not is_meta:
        begin, offset = head[position : position + 4], 8
    elif vr in SHORT_VRS:
        begin, offset = head[position : position + 6], 8
    elif vr in LONG_VRS:
        # Two bytes after it are reserved.
        begin, offset = head[position : position + 8], 12
    else:
        return None
    if position + offset > len(head):
        return None
    group, number = struct.unpack_from("<HH", head, position)
    tag = group << 16 | number
    if tag in tag_kinds.PIXEL_TAGS:
        return None
    if is_meta:
        is_kept, is_located = tag == tags.MEDIA_STORAGE_SOP_CLASS_UID, False
    else:
        is_wanted = tag not in tag_kinds.OF_PET or is_of_pet(header)
        is_kept = is_wanted and (tag in PLAIN or tag in tag_kinds.READ_WITH_HEADER)
        is_located = is_wanted and tag in tag_kinds.LOCATED
    element = Element(tag, begin, offset, b"", is_kept, is_located)
    place = element.find_value(head, position, header)
    return None if place is None else replace(element, content=head[position : place[1]])


def is_of_pet(header: Header) -> bool:
    """Whether a header is to keep what uptake values need."""
    return header.values.get(tags.MEDIA_STORAGE_SOP_CLASS_UID, b"").rstrip(b"\0 ") in tag_kinds.PET_CLASSES
