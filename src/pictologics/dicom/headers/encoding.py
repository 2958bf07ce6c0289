"""Encoding: how the elements of a data set are written, in either byte order (DICOM PS3.5 chapter 7)."""

from __future__ import annotations

import struct
from functools import cached_property
from typing import Final

from . import tag_kinds

__all__ = [
    "BIG_ENDIAN",
    "DEEPEST_SEQUENCE",
    "LITTLE_ENDIAN",
    "LONG_VRS",
    "SHORT_VRS",
    "UNDEFINED_LENGTH",
    "VRS",
    "ElementEncoding",
    "NotUnderstoodError",
]

LONG_VRS: Final = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
"""Value representations whose length has four bytes, after two that are reserved (PS3.5 7.1.2)."""

SHORT_VRS: Final = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL"}
    | {b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
)
"""Value representations whose length has two bytes."""

VRS: Final = LONG_VRS | SHORT_VRS

UNDEFINED_LENGTH: Final = 0xFFFFFFFF
"""In place of a length: the value goes on to its delimiter (PS3.5 7.5.2)."""

DEEPEST_SEQUENCE: Final = 64
"""Sequences within sequences that are followed; the standard's own end at about ten."""


class NotUnderstoodError(Exception):
    """The bytes do not follow the rules that our parsers know."""


class ElementEncoding:
    """One byte order: how heads of elements are unpacked, and the keys under which tags are looked up.

    A key is a tag's four bytes in the file read as one number, so that only wanted tags are ever put together: in a
    little-endian file the element number comes before the group number.

    Attributes:
        little_endian: The byte order.
        unpack_explicit: Key, VR and short length of an element in explicit VR.
        unpack_implicit: Key and length of an element in implicit VR, or of an item in either.
        unpack_length: A length of four bytes.
        wanted: The tag of each wanted key.
        item: Key of the head of an item.
        item_end: Key of the delimiter of an item.
        sequence_end: Key of the delimiter of a sequence.
    """

    def __init__(self, little_endian: bool) -> None:
        order = "<" if little_endian else ">"
        self.little_endian = little_endian
        self.unpack_explicit = struct.Struct(order + "I2sH").unpack_from
        self.unpack_implicit = struct.Struct(order + "II").unpack_from
        self.unpack_length = struct.Struct(order + "I").unpack_from
        self.wanted = {self.key(tag): tag for tag in tag_kinds.WANTED}
        self.item, self.item_end, self.sequence_end = map(self.key, (0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD))

    @cached_property
    def wanted_of_pet(self) -> dict[int, int]:
        """The tag of each key that is wanted in a file of PET."""
        return self.wanted | {self.key(tag): tag for tag in tag_kinds.OF_PET}

    def key(self, tag: int) -> int:
        """The key of a tag."""
        return (tag & 0xFFFF) << 16 | tag >> 16 if self.little_endian else tag

    def tag(self, key: int) -> int:
        """The tag of a key."""
        # Halves change places, and back.
        return self.key(key)


LITTLE_ENDIAN: Final = ElementEncoding(little_endian=True)
BIG_ENDIAN: Final = ElementEncoding(little_endian=False)
