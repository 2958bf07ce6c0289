"""File -> the fields, keys and file names of a NRRD header, as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import CorruptFileError
from ...storage.files import StoredFile
from .layout import MAGIC

__all__ = ["HeaderText", "read_header_text"]

# Segmentations of a hundred structures and series of a thousand files have long ones; more is no header.
LONGEST_HEADER = 1 << 24
FIRST_READ = 1 << 16

LIST = "LIST"

ALIASES = {"centerings": "centers", "datafile": "data file"}
SPACED = (
    "axis mins", "axis maxs", "block size", "line skip", "byte skip", "old min", "old max", "data file",
    "sample units", "space dimension", "space units", "space origin", "space directions", "measurement frame",
)  # fmt: skip
UNSPACED = {name.replace(" ", ""): name for name in SPACED}
FIELDS = frozenset(
    (*SPACED, "dimension", "type", "encoding", "endian", "content", "number", "min", "max", "sizes", "spacings",
     "thicknesses", "centers", "labels", "units", "kinds", "space")
)  # fmt: skip


@dataclass(frozen=True)
class HeaderText:
    """What a header says.

    Attributes:
        file: The file that holds it.
        fields: Value of each field, by its name in lower case.
        keys: Key/value pairs.
        listed: Files named by a list at the header's end.
        end: Where the header ends; attached data begin here. None if no empty line ends it.
    """

    file: StoredFile
    fields: Mapping[str, str]
    keys: Mapping[str, str]
    listed: tuple[str, ...]
    end: int | None


def read_header_text(file: StoredFile) -> HeaderText:
    """Read the header of a file.

    Raises:
        CorruptFileError: If it is none, never ends, or says a field twice.
    """
    head, end, is_whole = read_head(file)
    if not head.startswith(MAGIC):
        raise CorruptFileError("it does not begin as a NRRD header", path=file.name, advice="fetch the file again")
    lines = [line.removesuffix("\r") for line in decoded(head[:end]).split("\n")[1:]]
    fields: dict[str, str] = {}
    keys: dict[str, str] = {}
    for number, line in enumerate(lines):
        if not line or line.startswith("#"):
            continue
        name, value = field_of(line)
        if name is None:
            key, separator, rest = line.partition(":=")
            if not separator:
                raise CorruptFileError(
                    f"line {number + 2} of its NRRD header is no field and no key: {line[:40]!r}",
                    path=file.name,
                    advice="fetch the file again",
                )
            keys[unescaped(key)] = unescaped(rest)
            continue
        if name in fields:
            raise CorruptFileError(f"its NRRD header has the field '{name}' twice", path=file.name, field=name)
        fields[name] = value
        if name == "data file" and value.split()[:1] == [LIST]:
            listed = tuple(one.strip() for one in lines[number + 1 :] if one.strip())
            return HeaderText(file, fields, keys, listed, None)
    if end is None and "data file" not in fields:
        advice = "it was cut off when it was copied; fetch it again" if is_whole else "fetch the file again"
        raise CorruptFileError("no empty line ends its NRRD header", path=file.name, advice=advice)
    return HeaderText(file, fields, keys, (), end)


def read_head(file: StoredFile) -> tuple[bytes, int | None, bool]:
    """The first bytes, where among them the header ends, and whether they are the whole file."""
    with file.open() as source:
        count = FIRST_READ
        while True:
            head = source.read_at(0, count)
            end = end_of_header(head)
            is_whole = len(head) >= source.size or len(head) < count
            if end is not None or is_whole or count >= LONGEST_HEADER:
                return head, end, is_whole
            count *= 4


def end_of_header(head: bytes) -> int | None:
    """The byte after the first empty line."""
    found = [at + len(mark) for mark in (b"\n\n", b"\n\r\n") if (at := head.find(mark)) >= 0]
    return min(found, default=None)


def decoded(text: bytes) -> str:
    """Text as UTF-8, or as Latin-1, which never fails, where it is none."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def field_of(line: str) -> tuple[str | None, str]:
    """Name and value of a field, no name if the line is none."""
    before, separator, value = line.partition(":")
    if not separator or value.startswith("="):
        return None, ""
    name = before.strip().lower()
    name = ALIASES.get(name, name)
    name = UNSPACED.get(name, name)
    if name not in FIELDS and ":=" in line:
        # The key has a colon in it.
        return None, ""
    return name, value.strip()


def unescaped(text: str) -> str:
    """A key or value with its line breaks and backslashes restored."""
    if "\\" not in text:
        return text
    return "\\".join(part.replace("\\n", "\n") for part in text.split("\\\\"))
