"""Numbers written as text, decimal or hexadecimal -> bytes as they would be stored."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import CorruptFileError
from ..provenance import Decision
from ..storage.files import MemoryFile

__all__ = ["DecodedText", "decode_decimal", "decode_hexadecimal", "find_decimal_room", "find_hexadecimal_room"]

DECIMAL = re.compile(rb"[^\s,]+")
"""One decimal number: what stands between white space or commas."""

WHITESPACE = b" \t\r\n\v\f"
"""What may separate hexadecimal digits."""


DECIMAL_COMMA = re.compile(rb"\d,\d")
"""A comma that may part two numbers, or stand for a decimal point."""

MORE_TEXT = Decision("left out", "text that follows its voxels was ignored", None, "content")
"""Said of files that hold more numbers than their header says; its sizes may be too small."""

OPEN_END = Decision(
    "assumed", "its text ends without a space or line end, and its last number may have been cut", None, "content"
)
"""Said of decimal text whose last number has nothing behind it: programs that write such files end with a line end."""


@dataclass(frozen=True)
class DecodedText:
    """Numbers that were text.

    Attributes:
        numbers: As they would be stored.
        decisions: What was odd about the text.
    """

    numbers: MemoryFile
    decisions: tuple[Decision, ...] = ()


def find_decimal_room(size: int, itemsize: int) -> int:
    """Bytes of the most numbers that so much text holds: a digit each, and one byte between two."""
    return (size + 1) // 2 * itemsize


def find_hexadecimal_room(size: int) -> int:
    """Bytes that so many digits hold."""
    return size // 2


def make_converter(stored: np.dtype[Any]) -> Callable[[bytes], float | int]:
    """What turns a word into a number of some type, or raises an OverflowError if it is beyond that type's range."""
    if stored.kind == "f":
        return float
    limits = np.iinfo(stored)

    def convert(word: bytes) -> int:
        number = int(word)
        # NumPy before 2.0 would wrap it round.
        if not limits.min <= number <= limits.max:
            raise OverflowError
        return number

    return convert


def decode_decimal(text: bytes, stored: np.dtype[np.generic], count: int, name: str) -> DecodedText:
    """Read decimal numbers between white space or commas.

    Args:
        text: The text.
        stored: Type to give them.
        count: How many are needed; what follows is passed over.
        name: The file, for messages.

    Raises:
        CorruptFileError: If there are fewer, or one is not a number of that type; or if there are more, and commas
            between digits, which may be decimal ones.
    """
    found = DECIMAL.finditer(text)
    # Python alone takes "1_0" for ten: such a word is handed on as one that is no number.
    words = (word.group() for word in found)
    plain = (b"" if b"_" in word else word for word in words) if b"_" in text else words
    try:
        numbers = np.fromiter(map(make_converter(stored), plain), stored.newbyteorder("="), count)
    except (ValueError, OverflowError) as error:
        raise CorruptFileError(
            f"its text does not hold {count} numbers of type {stored.name}",
            path=name,
            advice="it was cut off when it was copied, or its header is wrong; fetch it again",
            needed=count,
        ) from error
    more = next(found, None)
    if more is not None and DECIMAL_COMMA.search(text):
        raise CorruptFileError(
            f"its text holds more than {count} numbers if commas part them, and commas for decimal points are not read",
            path=name,
            advice="write the numbers with points, and spaces between them",
            needed=count,
        )
    is_open = more is None and not text[-1:].isspace()
    decisions = (MORE_TEXT,) if more is not None else (OPEN_END,) if is_open else ()
    return DecodedText(MemoryFile(name, numbers.astype(stored, copy=False).tobytes()), decisions)


def decode_hexadecimal(text: bytes, size: int, name: str) -> DecodedText:
    """Read bytes as pairs of hexadecimal digits, which white space may separate.

    Args:
        text: The text.
        size: How many bytes are needed.
        name: The file, for messages.

    Raises:
        CorruptFileError: If there are fewer, or other characters among them.
    """
    digits = text.translate(None, WHITESPACE)
    try:
        content = binascii.unhexlify(digits[: 2 * size])
    except binascii.Error as error:
        raise CorruptFileError(
            "its text holds characters that are not hexadecimal digits", path=name, advice="fetch the file again"
        ) from error
    if len(content) < size:
        raise CorruptFileError(
            f"its hexadecimal digits give {len(content)} bytes, and {size} are required",
            path=name,
            advice="it was cut off when it was copied; fetch it again",
            needed=size,
            size=len(content),
        )
    return DecodedText(MemoryFile(name, content), (MORE_TEXT,) if len(digits) > 2 * size else ())
