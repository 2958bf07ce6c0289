"""Numbers written as text, decimal or hexadecimal -> bytes as they would be stored."""

from __future__ import annotations

import binascii
import re

import numpy as np

from ..errors import CorruptFileError
from ..storage.files import MemoryFile

__all__ = ["decode_decimal", "decode_hexadecimal", "find_decimal_room", "find_hexadecimal_room"]

DECIMAL = re.compile(rb"[^\s,]+")
"""One decimal number: what stands between white space or commas."""

WHITESPACE = b" \t\r\n\v\f"
"""What may separate hexadecimal digits."""


def find_decimal_room(size: int, itemsize: int) -> int:
    """Bytes of the most numbers that so much text holds: a digit each, and one byte between two."""
    return (size + 1) // 2 * itemsize


def find_hexadecimal_room(size: int) -> int:
    """Bytes that so many digits hold."""
    return size // 2


def decode_decimal(text: bytes, stored: np.dtype[np.generic], count: int, name: str) -> MemoryFile:
    """Read decimal numbers between white space or commas.

    Args:
        text: The text.
        stored: Type to give them.
        count: How many are needed; more are not looked at.
        name: The file, for messages.

    Raises:
        CorruptFileError: If there are fewer, or one is not a number of that type.
    """
    convert = float if stored.kind == "f" else int
    try:
        words = (convert(found.group()) for found in DECIMAL.finditer(text))
        numbers = np.fromiter(words, stored.newbyteorder("="), count)
    except (ValueError, OverflowError) as error:
        raise CorruptFileError(
            f"its text does not hold {count} numbers of type {stored.name}",
            path=name,
            advice="it was cut off when it was copied, or its header is wrong; fetch it again",
            needed=count,
        ) from error
    return MemoryFile(name, numbers.astype(stored, copy=False).tobytes())


def decode_hexadecimal(text: bytes, size: int, name: str) -> MemoryFile:
    """Read bytes as pairs of hexadecimal digits, which white space may separate.

    Args:
        text: The text.
        size: How many bytes are needed.
        name: The file, for messages.

    Raises:
        CorruptFileError: If there are fewer, or other characters among them.
    """
    digits = text.translate(None, WHITESPACE)[: 2 * size]
    try:
        content = binascii.unhexlify(digits)
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
    return MemoryFile(name, content)
