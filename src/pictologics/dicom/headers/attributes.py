"""Holds attributes: raw values by tag, made into text or numbers when they are asked for."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from math import isfinite

from ...errors import CorruptFileError
from . import tag_kinds, tags
from .pydicom_edge import decode_text

__all__ = ["Attributes", "quote_code"]

CODE_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.{}[]()%*")
"""Of the terms that the standard and UCUM define."""

LARGEST_INTEGER = 2.0**63
"""Of 64 bits; an integer string may have 12 digits (PS3.5 6.2), and some have more."""

LONGEST_CODE = 16
"""Characters of a code string (PS3.5 6.2)."""


def quote_code(text: str) -> str:
    """A code for a message, as it is if it looks like one; what else stands there may be a patient's name."""
    if len(text) <= LONGEST_CODE and set(text.upper()) <= CODE_LETTERS:
        return repr(text)
    return f"a text of {len(text)} characters that is no code"


@lru_cache(maxsize=4096)
def parse_decimals(raw: bytes) -> tuple[float, ...] | None:
    """The numbers of a decimal or integer string; None if it is empty. Most repeat from slice to slice.

    Raises:
        ValueError: If one is not a number, not finite included.
    """
    # Values have an even length: numbers are padded with a space, UIDs with a null, and some writers mix them up.
    raw = raw.rstrip(b" \0")
    if not raw:
        return None
    numbers = tuple(map(float, raw.split(b"\\")))
    # Python alone takes "1_0" for ten.
    if b"_" in raw or not all(map(isfinite, numbers)):
        raise ValueError(raw)
    return numbers


@lru_cache(maxsize=4096)
def split_texts(text: str) -> tuple[str, ...]:
    """The values of a text in upper case. Most repeat from slice to slice."""
    return tuple(part.strip() for part in text.upper().split("\\"))


@lru_cache(maxsize=4096)
def decode_plain(raw: bytes) -> str | None:
    """A text in ASCII, without padding; None if it is in another character set. Most repeat from slice to slice."""
    raw = raw.rstrip(b" \0")
    return raw.decode("ascii").strip() if raw.isascii() else None


class Attributes:
    """Raw values of some attributes of one file, or of one frame of it.

    Attributes:
        path: The file, for messages.
        little_endian: Byte order of binary values.
        values: Raw value of each attribute that was found.
    """

    __slots__ = ("little_endian", "path", "values")

    def __init__(self, path: str, values: Mapping[int, bytes], little_endian: bool = True) -> None:
        self.path = path
        self.values = values
        self.little_endian = little_endian

    def __contains__(self, tag: int) -> bool:
        return tag in self.values

    def text(self, tag: int) -> str:
        """An attribute as text, without padding; empty if it is missing or empty."""
        raw = self.values.get(tag)
        if not raw:
            return ""
        text = decode_plain(raw)
        return self.decode(raw.rstrip(b" \0")).strip() if text is None else text

    def texts(self, tag: int) -> list[str]:
        """The values of a text attribute in upper case, such as those of ImageType."""
        return list(split_texts(self.text(tag)))

    def decode(self, raw: bytes) -> str:
        """Text in the file's own character set (DICOM PS3.5 6.1)."""
        # Read as bytes: the name of a character set is plain ASCII, or nothing that can be used.
        names = self.values.get(tags.SPECIFIC_CHARACTER_SET, b"").decode("latin-1").split("\\")
        return decode_text(raw, [name.strip(" \0") for name in names])

    def numbers(self, tag: int) -> tuple[float, ...] | None:
        """A numeric attribute, decimal or binary; None if it is missing or empty."""
        raw = self.values.get(tag)
        if raw is None:
            return None
        try:
            kind = tag_kinds.BINARY.get(tag)
            return parse_decimals(raw) if kind is None else self.unpack(raw, kind)
        except (ValueError, struct.error):
            raise self.malformed_error(tag, raw) from None

    def unpack(self, raw: bytes, kind: str) -> tuple[float, ...] | None:
        """Numbers stored in binary, of a type of ``struct``; None if there are none."""
        order = "<" if self.little_endian else ">"
        numbers = struct.unpack(f"{order}{len(raw) // struct.calcsize('=' + kind)}{kind}", raw)
        if not all(map(isfinite, numbers)):
            raise ValueError(raw)
        return tuple(map(float, numbers)) or None

    def number(self, tag: int) -> float | None:
        """The first value of a numeric attribute; None if it is missing or empty."""
        numbers = self.numbers(tag)
        return None if numbers is None else numbers[0]

    def try_numbers(self, tag: int) -> tuple[float, ...] | None:
        """A numeric attribute that only may be needed; None also where it holds something else.

        Programs that hide patients write text into any attribute, and a volume whose positions are all different does
        not ask for most of them.
        """
        try:
            return self.numbers(tag)
        except CorruptFileError:
            return None

    def try_number(self, tag: int) -> float | None:
        """The first value of a numeric attribute; None if it is missing, empty or no number."""
        numbers = self.try_numbers(tag)
        return None if numbers is None else numbers[0]

    def try_integer(self, tag: int) -> int | None:
        """The same as a whole number; None also where it has more than 64 bits, which no table has room for."""
        number = self.try_number(tag)
        return int(number) if number is not None and abs(number) < LARGEST_INTEGER else None

    def integer(self, tag: int) -> int | None:
        """The first value of a numeric attribute as a whole number; None if it is missing or empty."""
        number = self.number(tag)
        # Some writers put a decimal point into integer strings.
        return None if number is None else int(number)

    def short(self, tag: int) -> int | None:
        """An unsigned 16-bit attribute; None if it is missing or empty."""
        raw = self.values.get(tag)
        if not raw:
            return None
        if len(raw) < 2:
            raise self.malformed_error(tag, raw)
        first, second = raw[0], raw[1]
        return first | second << 8 if self.little_endian else first << 8 | second

    def malformed_error(self, tag: int, raw: bytes | None = None) -> CorruptFileError:
        """The error for a value that its attribute cannot have."""
        found = self.values[tag] if raw is None else raw
        # Not quoted: where the value is of another kind than it should be, it may be a patient's name.
        return CorruptFileError(
            f"its {tags.KEYWORDS[tag]} has {len(found)} bytes that are not a valid value of that attribute",
            path=self.path,
            advice="export the file again or correct the attribute",
            attribute=tags.KEYWORDS[tag],
        )
