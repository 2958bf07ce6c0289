"""File -> the fields, keys and file names of a NRRD header, as text."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import CorruptFileError
from ...storage.files import StoredFile
from ..text_fields import TextFields, decode_header
from .vocabulary import FILE_LIST, NRRD_MAGIC

__all__ = ["NrrdText", "looks_like_nrrd", "read_nrrd_text"]

LONGEST_NRRD_HEADER = 1 << 24
"""Segmentations of a hundred structures and series of a thousand files have long headers; beyond this, no one ends."""

NRRD_FIRST_READ = 1 << 16
"""Holds almost every header."""

ALIASES = {"centerings": "centers", "datafile": "data file"}
"""Other names of fields."""

SPACED = (
    "axis mins", "axis maxs", "block size", "line skip", "byte skip", "old min", "old max", "data file",
    "sample units", "space dimension", "space units", "space origin", "space directions", "measurement frame",
)  # fmt: skip
"""Fields whose names have a space, which may be left out."""

UNSPACED = {name.replace(" ", ""): name for name in SPACED}
"""Their names as they should be, by their names without the space."""

FIELDS = frozenset(
    (*SPACED, "dimension", "type", "encoding", "endian", "content", "number", "min", "max", "sizes", "spacings",
     "thicknesses", "centers", "labels", "units", "kinds", "space")
)  # fmt: skip


"""All fields (NRRD, "Basic Field Specifications" and "Per-Axis Field Specifications")."""


@dataclass(frozen=True)
class NrrdText:
    """What a header says, as text.

    Attributes:
        file: The file that holds it.
        fields: Value of each field, by its name in lower case.
        keys: Key/value pairs.
        listed: Files named by a list at the header's end.
        end: Where the header ends; attached data begin here. None if no empty line ends it.
    """

    file: StoredFile
    fields: TextFields
    keys: Mapping[str, str]
    listed: tuple[str, ...]
    end: int | None


def looks_like_nrrd(head: bytes) -> bool:
    """Whether bytes begin with NRRD's magic, perhaps behind the byte order mark of an editor."""
    return head.removeprefix(codecs.BOM_UTF8).startswith(NRRD_MAGIC)


def read_nrrd_text(file: StoredFile) -> NrrdText:
    """Read the header of a file.

    Raises:
        CorruptFileError: If it does not begin as NRRD, never ends, or has a field twice.
    """
    head, end, is_whole = read_header_bytes(file)
    if not looks_like_nrrd(head):
        raise CorruptFileError("it does not begin as a NRRD header", path=file.name, advice="fetch the file again")
    lines = [line.removesuffix("\r") for line in decode_header(head[:end]).split("\n")[1:]]
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for number, line in enumerate(lines):
        if not line or line.startswith("#"):
            continue
        name, value = split_field(line)
        if name is None:
            key, separator, rest = line.partition(":=")
            if not separator:
                raise CorruptFileError(
                    f"line {number + 2} of the NRRD header, of length {len(line)}, is neither 'field: value' "
                    "nor 'key:=value'",
                    path=file.name,
                    advice="fetch the file again",
                    line=number + 2,
                )
            keys[unescape(key)] = unescape(rest)
            continue
        if name in fields:
            raise CorruptFileError(f"its NRRD header has the field '{name}' twice", path=file.name, field=name)
        fields[name] = value
        if name == "data file" and value.split()[:1] == [FILE_LIST]:
            listed = tuple(path.strip() for path in lines[number + 1 :] if path.strip())
            return NrrdText(file, TextFields("NRRD", file.name, fields), keys, listed, None)
    if end is None and "data file" not in fields:
        advice = "it was cut off when it was copied; fetch it again" if is_whole else "fetch the file again"
        raise CorruptFileError("no empty line ends its NRRD header", path=file.name, advice=advice)
    return NrrdText(file, TextFields("NRRD", file.name, fields), keys, (), end)


def read_header_bytes(file: StoredFile) -> tuple[bytes, int | None, bool]:
    """The first bytes, where among them the header ends, and whether they are the whole file."""
    with file.open() as source:
        count = NRRD_FIRST_READ
        while True:
            head = source.read_at(0, count)
            end = find_header_end(head)
            is_whole = len(head) >= source.size or len(head) < count
            if end is not None or is_whole or count >= LONGEST_NRRD_HEADER:
                return head, end, is_whole
            count *= 4


def find_header_end(head: bytes) -> int | None:
    """The byte after the first empty line, None if there is none."""
    found = [at + len(mark) for mark in (b"\n\n", b"\n\r\n") if (at := head.find(mark)) >= 0]
    return min(found, default=None)


def split_field(line: str) -> tuple[str | None, str]:
    """Name and value of a field; None for the name if the line is not a field."""
    before, separator, value = line.partition(":")
    if not separator or value.startswith("="):
        return None, ""
    name = before.strip().lower()
    name = ALIASES.get(name, name)
    name = UNSPACED.get(name, name)
    if name not in FIELDS and ":=" in line:
        # It is a key that has a colon in it.
        return None, ""
    return name, value.strip()


def unescape(text: str) -> str:
    """A key or value with its line breaks and backslashes restored (NRRD, "Key/Value Pairs")."""
    if "\\" not in text:
        return text
    return "\\".join(part.replace("\\n", "\n") for part in text.split("\\\\"))
