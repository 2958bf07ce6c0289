"""Numbers written as text, decimal or hexadecimal -> bytes as they would be stored."""

from __future__ import annotations

import binascii
import re

import numpy as np

from ..errors import CorruptFileError
from ..storage.files import MemoryFile

__all__ = ["from_decimal", "from_hexadecimal", "room_for_decimal", "room_for_hexadecimal"]

NUMBER = re.compile(rb"[^\s,]+")
WHITESPACE = b" \t\r\n\v\f"


def room_for_decimal(size: int, itemsize: int) -> int:
    """Bytes of the most numbers that so much text holds: a digit each, and one byte between two."""
    return (size + 1) // 2 * itemsize


def room_for_hexadecimal(size: int) -> int:
    """Bytes that so many digits hold."""
    return size // 2


def from_decimal(text: bytes, stored: np.dtype[np.generic], count: int, name: str) -> MemoryFile:
    """Read decimal numbers between white space or commas.

    Args:
        text: The text.
        stored: Type to give them.
        count: How many are needed; more are not looked at.
        name: The file, for messages.

    Raises:
        CorruptFileError: If there are fewer, or one is no number of that type.
    """
    convert = float if stored.kind == "f" else int
    try:
        numbers = np.fromiter((convert(one.group()) for one in NUMBER.finditer(text)), stored.newbyteorder("="), count)
    except (ValueError, OverflowError) as error:
        raise CorruptFileError(
            f"its text is not {count} numbers of type {stored.name}",
            path=name,
            advice="it was cut off when it was copied, or its header is wrong; fetch it again",
            needed=count,
        ) from error
    return MemoryFile(name, numbers.astype(stored, copy=False).tobytes())


def from_hexadecimal(text: bytes, size: int, name: str) -> MemoryFile:
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
            "its text is not made of hexadecimal digits", path=name, advice="fetch the file again"
        ) from error
    if len(content) < size:
        raise CorruptFileError(
            f"its hexadecimal digits are {len(content)} bytes and {size} are needed",
            path=name,
            advice="it was cut off when it was copied; fetch it again",
            needed=size,
            size=len(content),
        )
    return MemoryFile(name, content)
