"""File -> MetaHeader: what a MetaImage header says, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np

from ...errors import CorruptFileError, UnsupportedFormatError
from ...storage.files import StoredFile

__all__ = ["MODALITIES", "STORED_TYPES", "MetaHeader", "looks_like_metaimage", "parse_header"]

LONGEST_HEADER = 1 << 20
FIRST_READ = 1 << 14
MOST_AXES = 10
MOST_CHANNELS = 2**31

STORED_TYPES: Final[dict[str, np.dtype[np.generic]]] = {
    "MET_CHAR": np.dtype(np.int8),
    "MET_UCHAR": np.dtype(np.uint8),
    "MET_SHORT": np.dtype(np.int16),
    "MET_USHORT": np.dtype(np.uint16),
    "MET_INT": np.dtype(np.int32),
    "MET_UINT": np.dtype(np.uint32),
    # Four bytes whatever a machine's "long" is.
    "MET_LONG": np.dtype(np.int32),
    "MET_ULONG": np.dtype(np.uint32),
    "MET_LONG_LONG": np.dtype(np.int64),
    "MET_ULONG_LONG": np.dtype(np.uint64),
    "MET_FLOAT": np.dtype(np.float32),
    "MET_DOUBLE": np.dtype(np.float64),
}
"""``ElementType`` of single real numbers; with ``_ARRAY`` there are several for each voxel."""

MODALITIES: Final = {"MET_MOD_CT": "CT", "MET_MOD_MR": "MR", "MET_MOD_NM": "NM", "MET_MOD_US": "US"}

LAST_FIELD: Final = "ElementDataFile"
LINE = re.compile(r"\s*([^=:\s][^=:]*?)\s*[=:]\s*(.*?)\s*")
FIRST_LINE = re.compile(rb"\s*(?:ObjectType\s*=\s*Image|NDims\s*=\s*\d+|Comment\s*=[^\n]*)\s*\r?\n")


@dataclass(frozen=True)
class MetaHeader:
    """A MetaImage header in plain terms.

    Attributes:
        file: The file that holds the header.
        stored: Type of the stored numbers, byte order included.
        sizes: Length of every axis, x first, without the channels.
        channels: Numbers of each voxel, stored side by side.
        is_text: Whether the numbers are decimal text.
        is_compressed: Whether they are a zlib stream.
        compressed_size: Bytes of that stream, None if it is not said.
        header_size: Bytes before the data of their file; -1 if they end it.
        slope: Factor from stored numbers to values.
        intercept: Term from stored numbers to values.
        data_file: What is said of where the data are.
        listed: Lines after the header.
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
    fields: Mapping[str, str]

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
                found = real_numbers(self.fields[name])
                if found is None or len(found) != count:
                    raise wrong(name, self.fields, self.file.name, f"{count} number{'s' * (count != 1)}")
                return found
        return None


def looks_like_metaimage(head: bytes, suffix: str) -> bool:
    """Whether bytes begin a MetaImage header, which has no magic.

    Args:
        head: The first bytes of the file.
        suffix: Of its name; breaks the tie for a header that goes on beyond ``head``.
    """
    first = FIRST_LINE.match(head)
    if first is None or b"\0" in head[: first.end()]:
        return False
    has_size = b"NDims" in head and b"DimSize" in head
    return LAST_FIELD.encode() in head or has_size or suffix.endswith((".mha", ".mhd"))


def parse_header(file: StoredFile) -> MetaHeader:
    """Read a header.

    Raises:
        CorruptFileError: If a field is missing or impossible.
        UnsupportedFormatError: If the voxels are not numbers.
    """
    fields, end, rest = read_fields(file)
    path = file.name
    if fields.get("ObjectType", "Image") != "Image":
        raise UnsupportedFormatError(
            f"it is a MetaIO object of type '{fields['ObjectType'][:40]}', and Image is required", path=path
        )
    axes = whole_number(fields, "NDims", 0, (1, MOST_AXES), path)
    sizes = real_numbers(fields.get("DimSize", "")) or ()
    if len(sizes) != axes or not all(isfinite(size) and size >= 1 and size == int(size) for size in sizes):
        raise wrong("DimSize", fields, path, f"{axes} positive whole numbers")
    size = fields.get("CompressedDataSize")
    is_compressed = truth(fields, ("CompressedData",), False, path)
    return MetaHeader(
        file=file,
        stored=stored_type(fields, path),
        sizes=tuple(int(size) for size in sizes),
        channels=whole_number(fields, "ElementNumberOfChannels", 1, (1, MOST_CHANNELS), path),
        is_text=not truth(fields, ("BinaryData",), True, path),
        is_compressed=is_compressed,
        compressed_size=whole_number(fields, "CompressedDataSize", 0, (0, 2**62), path) if size else None,
        header_size=whole_number(fields, "HeaderSize", 0, (-1, 2**62), path),
        slope=real_number(fields, "ElementToIntensityFunctionSlope", 1.0, path),
        intercept=real_number(fields, "ElementToIntensityFunctionOffset", 0.0, path),
        data_file=fields[LAST_FIELD],
        listed=rest,
        end=end,
        fields=fields,
    )


def read_fields(file: StoredFile) -> tuple[dict[str, str], int, tuple[str, ...]]:
    """The fields of a header, where it ends, and the lines after it if these are a list of files."""
    with file.open() as source:
        head = source.read_at(0, FIRST_READ)
        end = end_of_header(head)
        if end is None:
            head = source.read_at(0, LONGEST_HEADER)
            end = end_of_header(head)
        if end is None:
            raise CorruptFileError(
                f"its MetaImage header has no {LAST_FIELD}",
                path=file.name,
                advice="it was cut off when it was copied; fetch it again",
            )
        fields: dict[str, str] = {}
        for line in decoded(head[:end]).split("\n"):
            found = LINE.fullmatch(line)
            if found is None:
                if line.strip():
                    raise CorruptFileError(
                        f"a line of its MetaImage header is no field: {line[:40]!r}",
                        path=file.name,
                        advice="fetch the file again",
                    )
                continue
            fields.setdefault(found.group(1), found.group(2))
        if fields.get(LAST_FIELD, "").split()[:1] != ["LIST"]:
            return fields, end, ()
        listed = decoded(source.read_at(end, LONGEST_HEADER))
    return fields, end, tuple(line.strip() for line in listed.split("\n") if line.strip())


def end_of_header(head: bytes) -> int | None:
    """The byte after the line of the last field, or after all bytes if that line has no end."""
    found = re.search(rb"^\s*ElementDataFile\s*[=:][^\n]*(\n|\Z)", head, re.MULTILINE)
    return None if found is None else found.end()


def decoded(text: bytes) -> str:
    """Text as UTF-8, or as Latin-1, which never fails, where it is none."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def wrong(name: str, fields: Mapping[str, str], path: str, required: str) -> CorruptFileError:
    """The error for a field that is not what it must be."""
    value = fields.get(name)
    found = "is missing" if value is None else f"is {value[:60]!r}"
    return CorruptFileError(
        f"its MetaImage field {name} {found}, and {required} is required", path=path, field=name, value=value
    )


def real_numbers(text: str) -> tuple[float, ...] | None:
    """The numbers of a text, None if it holds anything else."""
    try:
        return tuple(float(one) for one in text.split())
    except ValueError:
        return None


def real_number(fields: Mapping[str, str], name: str, default: float, path: str) -> float:
    """A finite number."""
    if name not in fields:
        return default
    found = real_numbers(fields[name])
    if found is None or len(found) != 1 or not isfinite(found[0]):
        raise wrong(name, fields, path, "a number")
    return found[0]


def whole_number(fields: Mapping[str, str], name: str, default: int, limits: tuple[int, int], path: str) -> int:
    """A whole number within limits."""
    try:
        number = int(fields.get(name, default))
    except ValueError:
        number = limits[0] - 1
    if not limits[0] <= number <= limits[1]:
        raise wrong(name, fields, path, f"a whole number from {limits[0]} to {limits[1]}")
    return number


def truth(fields: Mapping[str, str], names: tuple[str, ...], default: bool, path: str) -> bool:
    """Whether the first of some fields that is there says so; MetaIO looks at the first letter."""
    for name in names:
        if name in fields:
            letter = fields[name][:1].lower()
            if letter not in {"t", "1", "y", "f", "0", "n"}:
                raise wrong(name, fields, path, "True or False")
            return letter in {"t", "1", "y"}
    return default


def stored_type(fields: Mapping[str, str], path: str) -> np.dtype[np.generic]:
    """The type of the stored numbers."""
    name = fields.get("ElementType", "")
    stored = STORED_TYPES.get(name.removesuffix("_ARRAY"))
    if stored is None:
        if name.startswith(("MET_STRING", "MET_ASCII", "MET_OTHER", "MET_NONE", "MET_FLOAT_MATRIX")):
            raise UnsupportedFormatError(
                f"its voxels are of type {name[:40]}, and single real numbers are loaded", path=path, type=name
            )
        raise wrong("ElementType", fields, path, "the name of a type of numbers")
    is_big = truth(fields, ("BinaryDataByteOrderMSB", "ElementByteOrderMSB"), False, path)
    return stored.newbyteorder(">" if is_big else "<")
