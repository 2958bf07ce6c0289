"""Pixel padding: stored numbers that fill a picture up where the scanner saw nothing (DICOM PS3.3 C.7.5.1.1.2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...array_types import AnyArray, BoolArray
from ..headers import tags
from ..headers.header import Header
from .pixel_format import PixelFormat

__all__ = ["PixelPadding", "find_padding"]

INTEGER_TAGS: Final = (tags.PIXEL_PADDING_VALUE, tags.PIXEL_PADDING_RANGE_LIMIT)
FLOAT_TAGS: Final = {
    tags.FLOAT_PIXEL_DATA: (tags.FLOAT_PIXEL_PADDING_VALUE, tags.FLOAT_PIXEL_PADDING_RANGE_LIMIT, "f"),
    tags.DOUBLE_FLOAT_PIXEL_DATA: (
        tags.DOUBLE_FLOAT_PIXEL_PADDING_VALUE,
        tags.DOUBLE_FLOAT_PIXEL_PADDING_RANGE_LIMIT,
        "d",
    ),
}


@dataclass(frozen=True, slots=True)
class PixelPadding:
    """The stored numbers that are not data: those from ``low`` to ``high``, both included."""

    low: float
    high: float

    def mark_valid(self, stored: AnyArray, valid: BoolArray) -> None:
        """Write to ``valid`` which of the stored numbers are data."""
        if self.low == self.high:
            np.not_equal(stored, self.low, out=valid)
        elif np.isnan(self.low):
            # Padding of float pixels may be NaN, which equals nothing, not even itself.
            np.logical_not(np.isnan(stored), out=valid)
        else:
            np.less(stored, self.low, out=valid)
            valid |= stored > self.high


def find_padding(header: Header, stored: PixelFormat) -> PixelPadding | None:
    """Find the padding of a file; None if it has none.

    A range runs from the value to its limit, whichever is the larger; a limit without a value means nothing.

    Raises:
        CorruptFileError: If an attribute is too short for its type.
    """
    if header.pixel_tag in FLOAT_TAGS:
        value_tag, limit_tag, kind = FLOAT_TAGS[header.pixel_tag]
        value, limit = read_padding_float(header, value_tag, kind), read_padding_float(header, limit_tag, kind)
    else:
        value, limit = (read_padding_integer(header, tag, stored) for tag in INTEGER_TAGS)
    if value is None:
        return None
    # Which end is the limit depends on the photometric interpretation; writers give them in either order.
    limit = value if limit is None else limit
    return PixelPadding(min(value, limit), max(value, limit))


def read_padding_integer(header: Header, tag: int, stored: PixelFormat) -> int | None:
    """Read a 16-bit padding value; None if it is missing.

    Its VR is US or SS by the pixels' sign (PS3.3 C.7.5.1.1.2); where a writer gave the other, the pixels' sign counts.
    """
    number = header.short(tag)
    if number is None or stored.dtype.kind == "u":
        return number
    if number >= 1 << 15:
        return number - (1 << 16)
    # Some writers give the pattern of fewer bits, as the pixels have it, and no sign above.
    is_pattern = stored.bits < 16 and 1 << stored.bits - 1 <= number < 1 << stored.bits
    return number - (1 << stored.bits) if is_pattern else number


def read_padding_float(header: Header, tag: int, kind: str) -> float | None:
    """Read a binary floating-point padding value, which may be NaN; None if it is missing."""
    raw = header.values.get(tag)
    if not raw:
        return None
    try:
        (number,) = struct.unpack_from(("<" if header.little_endian else ">") + kind, raw)
    except struct.error:
        raise header.malformed_error(tag) from None
    return float(number)
