"""Step 4 of 4: stored numbers -> values, by a table, a palette or the weights of colors, and which are not data.

The order is the standard's. Padding is a stored number, so it is looked for first (DICOM PS3.3 C.7.5.1.1.2). A
Modality LUT then gives the value and takes the place of slope and intercept: a file has one or the other (C.11.1).
Slope and intercept, which may differ from plane to plane, are applied last, in ``voxels``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...array_types import AnyArray, BoolArray
from ...provenance import Decision
from ...rescaling import find_exact_float
from ..headers.header import Header
from .color import is_color
from .lookup_tables import LookupTable, read_modality_table
from .padding import PixelPadding, find_padding
from .palette import read_palette_luminance
from .pixel_format import PixelFormat

__all__ = ["Conversion", "PixelRules", "choose_float_type", "describe_conversions", "find_conversion"]


@dataclass(frozen=True, slots=True)
class PixelRules:
    """Which conversions the caller asks for.

    Attributes:
        apply_rescale: Whether stored values become real ones, by slope and intercept or by a Modality LUT.
        mark_padding: Whether voxels of pixel padding are marked.
        luminance: Whether colors become luminance; without it they are refused.
    """

    apply_rescale: bool = True
    mark_padding: bool = False
    luminance: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """How the stored numbers of one file become values.

    Attributes:
        padding: The numbers that are not data, None if there are none or they are not marked.
        table: The value of each stored number; None if numbers stand for themselves.
        ends_there: Whether the table gives real values, to which no slope and intercept are applied.
    """

    padding: PixelPadding | None
    table: LookupTable | None
    ends_there: bool

    def convert(self, stored: AnyArray, valid: BoolArray | None) -> AnyArray:
        """Convert one plane, and write to ``valid`` which of its pixels are data."""
        # Before the table: padding is given as a stored number, and the table may send it to a value that is data.
        if self.padding is not None and valid is not None:
            self.padding.mark_valid(stored, valid)
        return stored if self.table is None else self.table.apply(stored)


def find_conversion(header: Header, stored: PixelFormat, rules: PixelRules) -> Conversion | None:
    """Find how the stored numbers of a file become values; None, as for most files, if they are the values.

    Raises:
        CorruptFileError: If a table contradicts itself.
        UnsupportedFormatError: If a palette is not in the file.
    """
    if is_color(header):
        # A Modality LUT and padding are defined for gray pixels only.
        return Conversion(None, read_palette_luminance(header), False) if stored.numbers_per_pixel == 1 else None
    padding = find_padding(header, stored) if rules.mark_padding else None
    table = read_modality_table(header) if rules.apply_rescale else None
    if padding is None and table is None:
        return None
    return Conversion(padding, table, table is not None)


def choose_float_type(formats: Sequence[PixelFormat], conversions: Sequence[Conversion | None]) -> np.dtype[Any]:
    """Choose the smallest float type that holds every value of a volume, before its rescale, exactly."""
    kinds = {
        # No entry of a table has more than 16 bits.
        np.dtype(np.float32)
        if conversion is not None and conversion.table is not None
        else find_exact_float(pixel_format.dtype, pixel_format.bits)
        for pixel_format, conversion in zip(formats, conversions, strict=True)
    }
    return np.result_type(*kinds)


def describe_conversions(conversions: Sequence[Conversion | None], colors: int) -> tuple[Decision, ...]:
    """Say in words which conversions were made; ``colors`` counts the color images."""
    decisions = []
    if colors:
        text = (
            f"the colors of {colors} file{'s' * (colors != 1)} were converted to luminance, "
            "0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)"
        )
        decisions.append(Decision("converted", text, colors))
    tables = sum(1 for conversion in conversions if conversion is not None and conversion.ends_there)
    if tables:
        text = f"the values of {tables} slice{'s' * (tables != 1)} were looked up in a Modality LUT"
        decisions.append(Decision("converted", text, tables))
    return tuple(decisions)
