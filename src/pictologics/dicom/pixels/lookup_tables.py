"""Tables with a value for each stored number: the Modality LUT (DICOM PS3.3 C.11.1.1), and what palettes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ...array_types import AnyArray, FloatArray
from ...errors import CorruptFileError
from ..headers import tags
from ..headers.full_dataset import (
    get_raw_value,
    get_sequence,
    get_text_value,
    read_dataset,
)
from ..headers.header import Header

__all__ = ["MOST_TABLE_ENTRIES", "LookupTable", "TableFormat", "read_modality_table", "unpack_table_entries"]

LUT_DESCRIPTOR: Final = 0x00283002
MODALITY_LUT_TYPE: Final = 0x00283004
LUT_DATA: Final = 0x00283006

MOST_TABLE_ENTRIES: Final = 1 << 16
"""The number of entries has 16 bits, in which 0 stands for this one (PS3.3 C.11.1.1.1)."""

LONGEST_ENTRY: Final = 16
"""Bits of an entry."""


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A value for each stored number.

    Attributes:
        first: The stored number of the first entry.
        values: The entries.
        units: What the values count, empty if the file does not say.
    """

    first: int
    values: FloatArray
    units: str = ""

    def apply(self, stored: AnyArray) -> FloatArray:
        """Look values up; numbers before the first or behind the last entry get its value (PS3.3 C.11.1.1.1)."""
        # Of 64 bits, so that neither the subtraction nor a first number beyond the stored type wraps around.
        index = stored.astype(np.int64)
        index -= self.first
        np.clip(index, 0, self.values.size - 1, out=index)
        return self.values[index]


@dataclass(frozen=True, slots=True)
class TableFormat:
    """How a file stores its tables.

    Attributes:
        path: The file, for messages.
        name: What messages call the table.
        little_endian: Byte order of the file.
        signed: Whether stored numbers, and so the first one of a table, may be negative.
    """

    path: str
    name: str
    little_endian: bool
    signed: bool

    def malformed_error(self, why: str) -> CorruptFileError:
        """Make the error for a table that contradicts itself."""
        return CorruptFileError(f"its {self.name} {why}", path=self.path, advice="export the file again")


def read_modality_table(header: Header) -> LookupTable | None:
    """Read the Modality LUT, the table from stored numbers to values; None if the file has none.

    Raises:
        CorruptFileError: If the table contradicts itself.
    """
    if tags.MODALITY_LUT_SEQUENCE not in header.located:
        return None
    items = get_sequence(header, read_dataset(header), tags.MODALITY_LUT_SEQUENCE)
    if not items:
        return None
    item = items[0]
    signed = bool(header.short(tags.PIXEL_REPRESENTATION))
    form = TableFormat(header.path, "Modality LUT", header.little_endian, signed)
    first, entries = unpack_table_entries(form, get_raw_value(item, LUT_DESCRIPTOR), get_raw_value(item, LUT_DATA))
    units = get_text_value(item, MODALITY_LUT_TYPE)
    # "US" is "unspecified" (PS3.3 C.11.1.1.2).
    return LookupTable(first, entries.astype(np.float64), "" if units == "US" else units)


def unpack_table_entries(form: TableFormat, descriptor: bytes, data: bytes) -> tuple[int, AnyArray]:
    """Unpack the first stored number and the entries of a table.

    Args:
        form: How the file stores it.
        descriptor: Number of entries, first stored number, bits of an entry.
        data: The entries, of one byte or of two: entries of 8 bits are found in either (PS3.3 C.11.1.1.1).

    Raises:
        CorruptFileError: If there are fewer entries than the descriptor says.
    """
    order = "<" if form.little_endian else ">"
    if len(descriptor) < 6:
        raise form.malformed_error("has no descriptor")
    words = np.frombuffer(descriptor[:6], order + "u2")
    count = int(words[0]) or MOST_TABLE_ENTRIES
    first = int(words.view(order + "i2")[1] if form.signed else words[1])
    if not 1 <= words[2] <= LONGEST_ENTRY:
        raise form.malformed_error(f"has entries of {words[2]} bits")
    # Bits of an entry do not tell: writers store 8-bit entries in one byte or in two. The length of the data does.
    if len(data) >= 2 * count:
        return first, np.frombuffer(data, order + "u2", count)
    if len(data) < count:
        raise form.malformed_error(f"holds {len(data)} bytes and has {count} entries")
    entries = np.frombuffer(data, np.uint8)
    if not form.little_endian and entries.size % 2 == 0:
        # Bytes lie in words, whose halves are swapped.
        entries = entries.reshape(-1, 2)[:, ::-1].ravel()
    return first, entries[:count]
