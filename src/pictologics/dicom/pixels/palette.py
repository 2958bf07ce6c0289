"""Palettes: a table with a color for each stored number (DICOM PS3.3 C.7.6.3.1.5 and C.7.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ...array_types import AnyArray
from ...errors import UnsupportedFormatError
from ..headers import tags
from ..headers.full_dataset import get_raw_value, read_dataset
from ..headers.header import Header
from ..headers.pydicom_edge import list_pydicom_errors
from .color import weigh_colors
from .lookup_tables import (
    MOST_TABLE_ENTRIES,
    LookupTable,
    TableFormat,
    unpack_table_entries,
)

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["read_palette_luminance"]

PALETTE_TAGS: Final = ((0x00281101, 0x00281201), (0x00281102, 0x00281202), (0x00281103, 0x00281203))
"""Descriptor and entries of red, green and blue."""

SEGMENTED_RED: Final = 0x00281221
"""Entries of red in runs and slopes rather than one by one (PS3.3 C.7.9.2)."""


def read_palette_luminance(header: Header) -> LookupTable:
    """Read a file's palette as the luminance of each of its colors.

    Raises:
        CorruptFileError: If the palette contradicts itself.
        UnsupportedFormatError: If the file has none of its own.
    """
    dataset = read_dataset(header)
    form = TableFormat(
        header.path, "color palette", header.little_endian, bool(header.short(tags.PIXEL_REPRESENTATION))
    )
    if PALETTE_TAGS[0][1] in dataset:
        tables = [
            unpack_table_entries(form, get_raw_value(dataset, descriptor), get_raw_value(dataset, data))
            for descriptor, data in PALETTE_TAGS
        ]
        if len({(first, entries.size) for first, entries in tables}) != 1:
            raise form.malformed_error("has tables of different lengths")
        first, colors = tables[0][0], np.column_stack([entries for _, entries in tables])
    elif SEGMENTED_RED in dataset:
        first, colors = expand_segmented_palette(dataset, form)
    else:
        raise UnsupportedFormatError(
            "its pixels are numbers of a palette that is not in the file",
            path=header.path,
            advice="convert it to RGB first",
        )
    return LookupTable(first, weigh_colors(colors[np.newaxis], "RGB")[0])


def expand_segmented_palette(dataset: Dataset, form: TableFormat) -> tuple[int, AnyArray]:
    """Expand a palette that is written as segments, with pydicom, to its first stored number and its colors."""
    from pydicom.pixels.processing import apply_color_lut

    try:
        count, first, bits = (int(value) for value in dataset.RedPaletteColorLookupTableDescriptor)
        indices = np.arange(first, first + (count or MOST_TABLE_ENTRIES), dtype=np.int32)
        colors = apply_color_lut(indices, dataset)[:, :3]
    except list_pydicom_errors() as error:
        raise form.malformed_error(f"cannot be followed ({error})") from error
    if bits == 8 and count > 256:
        # pydicom expands segments with the colors' own type, whose 8 bits cannot count that many.
        raise form.malformed_error("has more colors than its entries can count")
    return first, colors
