"""MetaImageText -> MetaImageHeader: what a MetaImage header says, checked."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from ...errors import UnsupportedFormatError
from ...storage.files import StoredFile
from ..text_fields import TextFields, parse_numbers
from .header_text import MetaImageText
from .vocabulary import LAST_FIELD, METAIMAGE_TYPES, REFUSED_PREFIXES

__all__ = ["MetaImageHeader", "parse_metaimage_header"]

MOST_METAIMAGE_AXES = 10
"""MetaIO has room for as many (metaObject.h)."""

MOST_CHANNELS = 2**31
"""Far more numbers for one voxel than anyone stores; more would overflow sizes."""

LARGEST_OFFSET = 2**62
"""No file has so many bytes."""


@dataclass(frozen=True)
class MetaImageHeader:
    """A MetaImage header in plain terms.

    Attributes:
        file: The file that holds the header.
        stored: Type of the stored numbers, byte order included.
        sizes: Length of every axis, x first, without the channels.
        channels: Numbers of each voxel, stored side by side.
        is_text: Whether the numbers are decimal text.
        is_compressed: Whether they are a zlib stream.
        compressed_size: Bytes of that stream, None if the header does not say.
        header_size: Bytes before the data of their file; -1 if the data end it.
        slope: Factor from stored numbers to values.
        intercept: Term from stored numbers to values.
        data_file: What the header says of where the data are.
        listed: The lines after the header, if these are a list of files.
        end: Where the header ends.
        fields: The fields themselves.
    """

    file: StoredFile
    stored: np.dtype[np.generic]
    sizes: tuple[int, ...]
    channels: int
    is_text: bool
    is_compressed: bool
    compressed_size: int | None
    header_size: int
    slope: float
    intercept: float
    data_file: str
    listed: tuple[str, ...]
    end: int
    fields: TextFields

    def numbers(self, names: tuple[str, ...], count: int) -> tuple[float, ...] | None:
        """Numbers of the first of some fields that is there, None if none is.

        Args:
            names: Names of one field.
            count: How many numbers it must have.

        Raises:
            CorruptFileError: If it has fewer or more, or something else.
        """
        for name in names:
            if name in self.fields:
                return self.fields.read_numbers(name, count, f"{count} number{'s' * (count != 1)}")
        return None


def parse_metaimage_header(text: MetaImageText) -> MetaImageHeader:
    """Make sense of a header.

    Raises:
        CorruptFileError: If a field is missing or impossible.
        UnsupportedFormatError: If the voxels are not numbers.
    """
    fields = text.fields
    if fields.get("ObjectType", "Image") != "Image":
        raise UnsupportedFormatError(
            "its MetaIO field 'ObjectType' names another object, and Image is required", path=fields.path
        )
    size = fields.get("CompressedDataSize")
    return MetaImageHeader(
        file=text.file,
        stored=find_metaimage_type(fields),
        sizes=read_sizes(fields),
        channels=fields.read_whole_number("ElementNumberOfChannels", 1, 1, MOST_CHANNELS),
        is_text=not read_truth(fields, ("BinaryData",), True),
        is_compressed=read_truth(fields, ("CompressedData",), False),
        compressed_size=fields.read_whole_number("CompressedDataSize", 0, 0, LARGEST_OFFSET) if size else None,
        header_size=fields.read_whole_number("HeaderSize", 0, -1, LARGEST_OFFSET),
        slope=read_finite_number(fields, "ElementToIntensityFunctionSlope", 1.0),
        intercept=read_finite_number(fields, "ElementToIntensityFunctionOffset", 0.0),
        data_file=fields[LAST_FIELD],
        listed=text.listed,
        end=text.end,
        fields=fields,
    )


def read_sizes(fields: TextFields) -> tuple[int, ...]:
    """Length of every axis."""
    axes = fields.read_whole_number("NDims", 0, 1, MOST_METAIMAGE_AXES)
    sizes = parse_numbers(fields.get("DimSize", "")) or ()
    if len(sizes) != axes or not all(isfinite(size) and size >= 1 and size == int(size) for size in sizes):
        raise fields.header_error("DimSize", f"{axes} positive whole numbers")
    return tuple(int(size) for size in sizes)


def read_finite_number(fields: TextFields, name: str, default: float) -> float:
    """A finite number, the default if the field is not there."""
    if name not in fields:
        return default
    (number,) = fields.read_numbers(name, 1, "a number")
    if not isfinite(number):
        raise fields.header_error(name, "a number")
    return number


def read_truth(fields: TextFields, names: tuple[str, ...], default: bool) -> bool:
    """Whether the first of some fields that is there says True; MetaIO looks at its first letter alone."""
    for name in names:
        if name in fields:
            letter = fields[name][:1].lower()
            if letter not in {"t", "1", "y", "f", "0", "n"}:
                raise fields.header_error(name, "True or False")
            return letter in {"t", "1", "y"}
    return default


def find_metaimage_type(fields: TextFields) -> np.dtype[np.generic]:
    """The type of the stored numbers, in their byte order."""
    name = fields.get("ElementType", "")
    stored = METAIMAGE_TYPES.get(name.removesuffix("_ARRAY"))
    if stored is None:
        if name.startswith(REFUSED_PREFIXES):
            raise UnsupportedFormatError(
                f"its ElementType, of length {len(name)}, names no numbers: only real scalar types are supported",
                path=fields.path,
            )
        raise fields.header_error("ElementType", "the name of a type of numbers")
    is_big = read_truth(fields, ("BinaryDataByteOrderMSB", "ElementByteOrderMSB"), False)
    return stored.newbyteorder(">" if is_big else "<")
