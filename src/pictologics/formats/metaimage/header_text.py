"""File -> the fields and file names of a MetaImage header, as text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import CorruptFileError
from ...storage.files import StoredFile
from ..text_fields import TextFields, decode_header
from .vocabulary import LAST_FIELD

__all__ = ["MetaImageText", "looks_like_metaimage", "read_metaimage_text"]

LONGEST_METAIMAGE_HEADER = 1 << 20
"""A header that goes on beyond this is damaged; the fields that this package writes take some thousand bytes."""

METAIMAGE_FIRST_READ = 1 << 14
"""Holds almost every header."""

FIELD_LINE = re.compile(r"\s*([^=:\s][^=:]*?)\s*[=:]\s*(.*?)\s*")
"""A line of the header; MetaIO takes ``=`` and ``:``."""

FIRST_LINE = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s*#[^\n]*\n)*\s*"
    rb"(?:ObjectType\s*=\s*Image|NDims\s*=\s*\d+|Comment\s*=[^\n]*)\s*\r?\n"
)
"""The fields with which known writers begin, perhaps behind an editor's byte order mark and comments of a script."""

END_OF_HEADER = re.compile(rb"^\s*ElementDataFile\s*[=:][^\n]*(\n|\Z)", re.MULTILINE)
"""The line of the last field."""


@dataclass(frozen=True)
class MetaImageText:
    """What a header says, as text.

    Attributes:
        file: The file that holds it.
        fields: Value of each field.
        end: Where the header ends; data of the same file begin here.
        listed: The lines after the header, if these are a list of files.
    """

    file: StoredFile
    fields: TextFields
    end: int
    listed: tuple[str, ...]


def looks_like_metaimage(head: bytes, suffix: str) -> bool:
    """Whether bytes begin a MetaImage header, which has no magic.

    Args:
        head: The first bytes of the file.
        suffix: Of its name; breaks the tie for a header that goes on beyond ``head``.
    """
    first = FIRST_LINE.match(head)
    if first is not None and b"\0" not in head[: first.end()]:
        has_size = b"NDims" in head and b"DimSize" in head
        return LAST_FIELD.encode() in head or has_size or suffix.endswith((".mha", ".mhd"))
    # Other software goes by the name alone; with it, fields in any order do, if they are all there.
    found = END_OF_HEADER.search(head) if suffix.endswith((".mha", ".mhd")) else None
    return found is not None and all(name in head[: found.end()] for name in (b"NDims", b"DimSize", b"ElementType"))


def read_metaimage_text(file: StoredFile) -> MetaImageText:
    """Read the header of a file.

    Raises:
        CorruptFileError: If it never ends, or a line of it is not a field.
    """
    with file.open() as source:
        head = source.read_at(0, METAIMAGE_FIRST_READ)
        found = END_OF_HEADER.search(head)
        if found is None:
            head = source.read_at(0, LONGEST_METAIMAGE_HEADER)
            found = END_OF_HEADER.search(head)
        if found is None:
            raise CorruptFileError(
                f"its MetaImage header has no {LAST_FIELD}",
                path=file.name,
                advice="it was cut off when it was copied; fetch it again",
            )
        end = found.end()
        fields = TextFields("MetaImage", file.name, split_fields(decode_header(head[:end]), file.name))
        if fields.get(LAST_FIELD, "").split()[:1] != ["LIST"]:
            return MetaImageText(file, fields, end, ())
        listed = decode_header(source.read_at(end, LONGEST_METAIMAGE_HEADER))
    return MetaImageText(file, fields, end, tuple(line.strip() for line in listed.split("\n") if line.strip()))


def split_fields(text: str, path: str) -> dict[str, str]:
    """The fields of a header; of one that stands twice the first counts, as in MetaIO."""
    fields: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if line.lstrip().startswith("#"):
            continue
        found = FIELD_LINE.fullmatch(line)
        if found is not None:
            fields.setdefault(found.group(1), found.group(2))
        elif line.strip():
            raise CorruptFileError(
                f"line {number} of the MetaImage header is not 'name = value': {line[:40]!r}",
                path=path,
                advice="fetch the file again",
            )
    return fields
