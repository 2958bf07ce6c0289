"""Elements whose head breaks the rules of their data set: the length that makes sense of what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .encoding import UNDEFINED_LENGTH, VRS, ElementEncoding

__all__ = ["Peek", "measure_odd_element"]

Peek = Callable[[int, int], bytes]
"""Reads so many bytes at an offset from the beginning of the element; fewer where they end."""


def measure_odd_element(encoding: ElementEncoding, peek: Peek, room: int) -> tuple[int, int] | None:
    """Find the value of an element in explicit VR whose value representation is none.

    Private elements have ``??`` or zero bytes there, or were copied from a data set in implicit VR. Of the ways in
    which such a head can be meant, the one counts behind whose value an element of a higher tag follows, or the end.

    Args:
        encoding: The byte order.
        peek: Reads the element and what follows it.
        room: Bytes from the beginning of the element to the end of the item or file in which it stands.

    Returns:
        Where its value begins, counted from the beginning of the element, and its length, which may be undefined; None
        if no way makes sense.
    """
    head = peek(0, 12)
    for offset, length in list_readings(encoding, head):
        if length == UNDEFINED_LENGTH:
            if is_delimiter(encoding, peek(offset, 8), (encoding.item, encoding.sequence_end)):
                return offset, length
        elif offset + length == room or (offset + length < room and is_next(encoding, head, peek(offset + length, 8))):
            return offset, length
    return None


def list_readings(encoding: ElementEncoding, head: bytes) -> Iterator[tuple[int, int]]:
    """List the ways in which a head can be meant: where the value begins, and its length."""
    if len(head) == 12 and head[6:8] == b"\0\0":
        # As every value representation that is yet to be made will be written (DICOM PS3.5 7.1.2).
        yield 12, encoding.unpack_length(head, 8)[0]
    if len(head) >= 8:
        yield 8, encoding.unpack_explicit(head)[2]
        # Implicit VR.
        yield 8, encoding.unpack_length(head, 4)[0]


def is_next(encoding: ElementEncoding, head: bytes, following: bytes) -> bool:
    """Whether bytes begin the element that follows another: tags ascend (PS3.5 7.1), or a delimiter."""
    if len(following) < 8:
        return False
    if is_delimiter(encoding, following, (encoding.item_end, encoding.sequence_end)):
        return True
    key, (next_key, _) = encoding.unpack_implicit(head)[0], encoding.unpack_implicit(following)
    # An odd element seldom comes alone.
    has_vr = following[4:6] in VRS or following[4:6] == head[4:6]
    return has_vr and encoding.tag(next_key) > encoding.tag(key)


def is_delimiter(encoding: ElementEncoding, following: bytes, kinds: tuple[int, int]) -> bool:
    """Whether bytes begin an item or a delimiter of one of the given keys."""
    return len(following) == 8 and encoding.unpack_implicit(following)[0] in kinds
