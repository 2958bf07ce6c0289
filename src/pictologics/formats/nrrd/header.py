"""HeaderText -> NrrdHeader: what a NRRD header says, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...errors import CorruptFileError, UnsupportedFormatError
from ...storage.files import StoredFile
from ..stored_volume import Encoding
from .layout import ENCODINGS, SPACE_DIMENSIONS, STORED_TYPES
from .text import HeaderText

__all__ = ["NrrdHeader", "Vector", "parse_header"]

Vector = tuple[float, ...]

MOST_AXES = 16
# No file has so many bytes.
LARGEST = 2**63
VECTOR = re.compile(r"none|\(([^()]*)\)", re.IGNORECASE)
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


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
        origin: Position of the first voxel, None if it is not said.
        kinds: What every axis is, in lower case; empty if it is not said.
        spacings: Step along every axis, NaN where it is not said.
        minima: Lower end of every axis, NaN where it is not said.
        maxima: Upper end of every axis, NaN where it is not said.
        centers: ``"cell"``, ``"node"`` or something else for every axis; empty if it is not said.
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
    text: HeaderText

    @property
    def keys(self) -> Mapping[str, str]:
        """The key/value pairs."""
        return self.text.keys


def parse_header(text: HeaderText) -> NrrdHeader:
    """Make sense of a header.

    Raises:
        CorruptFileError: If a field is missing or impossible.
        UnsupportedFormatError: If it is of a kind that is not read.
    """
    fields, path = text.fields, text.file.name
    sizes = axis_sizes(fields, path)
    axes = len(sizes)
    encoding = encoding_of(fields, path)
    space, space_dimension = space_of(fields, path)
    vectors = vectors_of(fields, "space directions", space_dimension, path)
    if vectors and len(vectors) != axes:
        raise wrong("space directions", fields, path, f"one for each of {axes} axes")
    origin = vectors_of(fields, "space origin", space_dimension, path)
    units = fields.get("space units" if space_dimension else "units", "")
    return NrrdHeader(
        file=text.file,
        stored=stored_type(fields, encoding, path),
        sizes=sizes,
        encoding=encoding,
        space=space,
        space_dimension=space_dimension,
        directions=vectors,
        origin=origin[0] if origin else None,
        kinds=words(fields, "kinds", axes, path),
        spacings=numbers(fields, "spacings", axes, path),
        minima=numbers(fields, "axis mins", axes, path),
        maxima=numbers(fields, "axis maxs", axes, path),
        centers=words(fields, "centers", axes, path),
        units=tuple(QUOTED.findall(units)),
        line_skip=whole_number(fields, "line skip", 0, path),
        byte_skip=whole_number(fields, "byte skip", None, path),
        text=text,
    )


def wrong(name: str, fields: Mapping[str, str], path: str, required: str) -> CorruptFileError:
    """The error for a field that is not what it must be."""
    value = fields.get(name)
    found = "is missing" if value is None else f"is {value[:60]!r}"
    return CorruptFileError(
        f"its NRRD field '{name}' {found}, and {required} is required", path=path, field=name, value=value
    )


def whole_number(fields: Mapping[str, str], name: str, least: int | None, path: str) -> int:
    """A whole number, 0 if the field is not there."""
    try:
        number = int(fields.get(name, "0"))
    except ValueError as error:
        raise wrong(name, fields, path, "a whole number") from error
    if abs(number) > LARGEST or (least is not None and number < least):
        raise wrong(name, fields, path, f"a number from {least} on" if least is not None else "a smaller number")
    return number


def axis_sizes(fields: Mapping[str, str], path: str) -> tuple[int, ...]:
    """Length of every axis."""
    dimension = whole_number(fields, "dimension", None, path)
    if not 1 <= dimension <= MOST_AXES:
        raise wrong("dimension", fields, path, f"a number from 1 to {MOST_AXES}")
    try:
        sizes = tuple(int(one) for one in fields.get("sizes", "").split())
    except ValueError:
        sizes = ()
    if len(sizes) != dimension or min(sizes) < 1 or max(sizes) > LARGEST:
        raise wrong("sizes", fields, path, f"a positive number for each of {dimension} axes")
    return sizes


def stored_type(fields: Mapping[str, str], encoding: Encoding, path: str) -> np.dtype[np.generic]:
    """The type of the stored numbers."""
    name = " ".join(fields.get("type", "").lower().split())
    if name == "block":
        raise UnsupportedFormatError(
            "its voxels are blocks of bytes, and single real numbers are loaded", path=path, type=name
        )
    stored = STORED_TYPES.get(name)
    if stored is None:
        raise wrong("type", fields, path, "the name of a type of numbers")
    endian = fields.get("endian", "").lower()
    if encoding == "text" or stored.itemsize == 1:
        return stored
    if endian not in {"little", "big"}:
        raise wrong("endian", fields, path, "little or big")
    return stored.newbyteorder("<" if endian == "little" else ">")


def encoding_of(fields: Mapping[str, str], path: str) -> Encoding:
    """How the numbers are written."""
    name = fields.get("encoding", "").lower()
    if name in ENCODINGS:
        return ENCODINGS[name]
    if name == "zrl":
        raise UnsupportedFormatError(
            "its encoding is 'zrl', which is not read", path=path, advice="save it as gzip first", encoding=name
        )
    raise wrong("encoding", fields, path, "raw, gzip, bzip2, text or hex")


def space_of(fields: Mapping[str, str], path: str) -> tuple[str, int]:
    """Name of the space and how many numbers a position in it has."""
    space = fields.get("space", "").lower()
    if space:
        if space not in SPACE_DIMENSIONS:
            raise wrong("space", fields, path, "the name of a space")
        return space, SPACE_DIMENSIONS[space]
    dimension = whole_number(fields, "space dimension", 0, path)
    if dimension > MOST_AXES:
        raise wrong("space dimension", fields, path, f"a number up to {MOST_AXES}")
    return "", dimension


def vectors_of(fields: Mapping[str, str], name: str, dimension: int, path: str) -> tuple[Vector | None, ...]:
    """The vectors of a field; empty if it is not there."""
    text = fields.get(name, "")
    required = f"vectors of {dimension} numbers in parentheses, or 'none'"
    if VECTOR.sub("", text).strip():
        raise wrong(name, fields, path, required)
    vectors: list[Vector | None] = []
    for found in VECTOR.finditer(text):
        if found.group(1) is None:
            vectors.append(None)
            continue
        try:
            vector = tuple(float(one) for one in found.group(1).split(","))
        except ValueError as error:
            raise wrong(name, fields, path, required) from error
        if len(vector) != dimension:
            raise wrong(name, fields, path, required)
        # Some writers say "none" with numbers that are none.
        vectors.append(None if all(math.isnan(one) for one in vector) else vector)
    return tuple(vectors)


def numbers(fields: Mapping[str, str], name: str, axes: int, path: str) -> Vector:
    """A number for every axis, NaN where it is not said."""
    if name not in fields:
        return (math.nan,) * axes
    try:
        found = tuple(float(one) for one in fields[name].split())
    except ValueError as error:
        raise wrong(name, fields, path, "numbers") from error
    if len(found) != axes:
        raise wrong(name, fields, path, f"a number for each of {axes} axes")
    return found


def words(fields: Mapping[str, str], name: str, axes: int, path: str) -> tuple[str, ...]:
    """A word for every axis, in lower case; empty if the field is not there."""
    found = tuple(fields.get(name, "").lower().split())
    if found and len(found) != axes:
        raise wrong(name, fields, path, f"a word for each of {axes} axes")
    return found
