"""NrrdText -> NrrdHeader: what a NRRD header says, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import UnsupportedFormatError
from ...storage.files import StoredFile
from ..text_fields import TextFields, parse_number, parse_whole_number
from ..volume_layout import Encoding
from .header_text import NrrdText
from .vocabulary import ENCODINGS, NRRD_TYPES, SPACE_DIMENSIONS

__all__ = ["NrrdHeader", "Vector", "parse_nrrd_header", "split_quoted"]

Vector = tuple[float, ...]
"""A step or a position in space, one number for each of its axes."""

MOST_NRRD_AXES = 16
"""Teem's own limit (NRRD_DIM_MAX)."""

LARGEST_NUMBER = 2**63
"""No file has so many bytes."""

VECTOR_TEXT = re.compile(r"none|\(([^()]*)\)", re.IGNORECASE)
"""A vector, or none of an axis that is not spatial (NRRD, "space directions")."""


@dataclass(frozen=True)
class NrrdHeader:
    """A NRRD header in plain terms; what is said of each axis has one entry for each, fastest first.

    Attributes:
        file: The file that holds the header.
        stored: Type of the stored numbers, byte order included.
        sizes: Length of every axis.
        encoding: How the numbers are written.
        space: Name of the space in lower case, empty if it has none.
        space_dimension: How many numbers a position has; 0 if there is no space at all.
        directions: Step along every axis in space, None for one that has none; empty if there are no steps.
        origin: Position of the first voxel, None if the header does not say.
        kinds: What every axis is, in lower case; empty if the header does not say.
        spacings: Step along every axis, NaN where the header does not say.
        minima: Lower end of every axis, NaN where the header does not say.
        maxima: Upper end of every axis, NaN where the header does not say.
        centers: ``"cell"``, ``"node"`` or something else for every axis; empty if the header does not say.
        units: Unit of space along each of its own axes, or of every axis where there is no space; may be empty.
        line_skip: Lines before the data.
        byte_skip: Bytes before the data after that, after decompression; below zero, the data end the file.
        text: The fields and keys themselves.
    """

    file: StoredFile
    stored: np.dtype[np.generic]
    sizes: tuple[int, ...]
    encoding: Encoding
    space: str
    space_dimension: int
    directions: tuple[Vector | None, ...]
    origin: Vector | None
    kinds: tuple[str, ...]
    spacings: Vector
    minima: Vector
    maxima: Vector
    centers: tuple[str, ...]
    units: tuple[str, ...]
    line_skip: int
    byte_skip: int
    text: NrrdText

    @property
    def keys(self) -> Mapping[str, str]:
        """The key/value pairs."""
        return self.text.keys


def parse_nrrd_header(text: NrrdText) -> NrrdHeader:
    """Make sense of a header.

    Raises:
        CorruptFileError: If a field is missing or impossible.
        UnsupportedFormatError: If it is of a kind that is not read.
    """
    fields = text.fields
    sizes = read_axis_sizes(fields)
    axes = len(sizes)
    encoding = find_encoding_name(fields)
    space, space_dimension = read_space(fields)
    vectors = read_vectors(fields, "space directions", space_dimension)
    if vectors and len(vectors) != axes:
        raise fields.header_error("space directions", f"one for each of {axes} axes")
    origin = read_vectors(fields, "space origin", space_dimension)
    units = fields.get("space units" if space_dimension else "units", "")
    return NrrdHeader(
        file=text.file,
        stored=find_nrrd_type(fields, encoding),
        sizes=sizes,
        encoding=encoding,
        space=space,
        space_dimension=space_dimension,
        directions=vectors,
        origin=origin[0] if origin else None,
        kinds=read_words(fields, "kinds", axes),
        spacings=read_axis_numbers(fields, "spacings", axes),
        minima=read_axis_numbers(fields, "axis mins", axes),
        maxima=read_axis_numbers(fields, "axis maxs", axes),
        centers=read_words(fields, "centers", axes),
        units=split_quoted(units),
        line_skip=fields.read_whole_number("line skip", 0, 0, LARGEST_NUMBER),
        byte_skip=fields.read_whole_number("byte skip", 0, -LARGEST_NUMBER, LARGEST_NUMBER),
        text=text,
    )


def read_axis_sizes(fields: TextFields) -> tuple[int, ...]:
    """Length of every axis."""
    dimension = fields.read_whole_number("dimension", 0, 1, MOST_NRRD_AXES)
    try:
        sizes = tuple(parse_whole_number(word) for word in fields.get("sizes", "").split())
    except ValueError:
        sizes = ()
    if len(sizes) != dimension or min(sizes) < 1 or max(sizes) > LARGEST_NUMBER:
        raise fields.header_error("sizes", f"a positive number for each of {dimension} axes")
    return sizes


def find_nrrd_type(fields: TextFields, encoding: Encoding) -> np.dtype[np.generic]:
    """The type of the stored numbers."""
    name = " ".join(fields.get("type", "").lower().split())
    if name == "block":
        raise UnsupportedFormatError(
            "its voxels are blocks of bytes: only real scalar types are supported", path=fields.path, type=name
        )
    stored = NRRD_TYPES.get(name)
    if stored is None:
        raise fields.header_error("type", "the name of a type of numbers")
    endian = fields.get("endian", "").lower()
    if encoding == "text" or stored.itemsize == 1:
        return stored
    if endian not in {"little", "big"}:
        raise fields.header_error("endian", "little or big")
    return stored.newbyteorder("<" if endian == "little" else ">")


def find_encoding_name(fields: TextFields) -> Encoding:
    """How the numbers are written."""
    name = fields.get("encoding", "").lower()
    if name in ENCODINGS:
        return ENCODINGS[name]
    if name == "zrl":
        raise UnsupportedFormatError(
            "its encoding 'zrl' is not supported", path=fields.path, advice="save it as gzip first", encoding=name
        )
    raise fields.header_error("encoding", "raw, gzip, bzip2, text or hex")


def read_space(fields: TextFields) -> tuple[str, int]:
    """Name of the space and how many numbers a position in it has."""
    space = fields.get("space", "").lower()
    if space:
        if space not in SPACE_DIMENSIONS:
            raise fields.header_error("space", "the name of a space")
        return space, SPACE_DIMENSIONS[space]
    return "", fields.read_whole_number("space dimension", 0, 0, MOST_NRRD_AXES)


def read_vectors(fields: TextFields, name: str, dimension: int) -> tuple[Vector | None, ...]:
    """The vectors of a field; empty if it is not there."""
    text = fields.get(name, "")
    required = f"vectors of {dimension} numbers in parentheses, or 'none'"
    if VECTOR_TEXT.sub("", text).strip():
        raise fields.header_error(name, required)
    vectors: list[Vector | None] = []
    for found in VECTOR_TEXT.finditer(text):
        if found.group(1) is None:
            vectors.append(None)
            continue
        try:
            vector = tuple(parse_number(number) for number in found.group(1).split(","))
        except ValueError as error:
            raise fields.header_error(name, required) from error
        if len(vector) != dimension:
            raise fields.header_error(name, required)
        # Some writers give a vector of NaN where "none" is meant.
        vectors.append(None if all(map(math.isnan, vector)) else vector)
    return tuple(vectors)


def read_axis_numbers(fields: TextFields, name: str, axes: int) -> Vector:
    """A number for every axis, NaN where the header does not say."""
    if name not in fields:
        return (math.nan,) * axes
    return fields.read_numbers(name, axes, f"a number for each of {axes} axes")


def read_words(fields: TextFields, name: str, axes: int) -> tuple[str, ...]:
    """A word for every axis, in lower case; empty if the field is not there."""
    found = tuple(fields.get(name, "").lower().split())
    if found and len(found) != axes:
        raise fields.header_error(name, f"a word for each of {axes} axes")
    return found


def split_quoted(text: str) -> tuple[str, ...]:
    """The units of a field, which stand in quotes because they may have spaces (NRRD, "units")."""
    # A quote behind a backslash ends nothing; no unit that is known has one, so that it need not come back.
    plain = text.replace("\\\\", "\0").replace('\\"', "\0")
    return tuple(plain.split('"')[1:-1:2])
