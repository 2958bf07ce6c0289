"""File -> the fields and file names of a MetaImage header, as text."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from ...errors import CorruptFileError
from ...storage.files import StoredFile
from ..text_fields import TextFields, decode_header
from .vocabulary import LAST_FIELD, LONE_FIELDS

__all__ = ["MetaImageText", "looks_like_metaimage", "read_metaimage_text"]

LONGEST_METAIMAGE_HEADER = 1 << 20
"""A header that goes on beyond this is damaged; the fields that this package writes take some thousand bytes."""

METAIMAGE_FIRST_READ = 1 << 14
"""Holds almost every header."""

LAST_NAME = LAST_FIELD.encode()
"""The name of the last field in bytes."""


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
    first = find_first_field_end(head)
    if first is not None and b"\0" not in head[:first]:
        has_size = b"NDims" in head and b"DimSize" in head
        return LAST_NAME in head or has_size or suffix.endswith((".mha", ".mhd"))
    # Other software goes by the name alone; with it, fields in any order do, if they are all there.
    end = find_last_field_end(head) if suffix.endswith((".mha", ".mhd")) else None
    return end is not None and all(name in head[:end] for name in (b"NDims", b"DimSize", b"ElementType"))


def find_first_field_end(head: bytes) -> int | None:
    """Where the line of the first field ends, None if it is not one with which known writers begin.

    An editor's byte order mark, empty lines and comments of a script may come before it.
    """
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    while (end := head.find(b"\n", start)) >= 0:
        line = head[start:end].strip()
        if line and not line.startswith(b"#"):
            name, separator, value = (part.strip() for part in line.partition(b"="))
            is_known = (name == b"ObjectType" and value == b"Image") or (name == b"NDims" and value.isdigit())
            return end if is_known or (name == b"Comment" and separator) else None
        start = end + 1
    return None


def find_last_field_end(head: bytes) -> int | None:
    """The byte after the line of the last field, None if there is none."""
    at = head.find(LAST_NAME)
    while at >= 0:
        before = head[head.rfind(b"\n", 0, at) + 1 : at]
        line_end = head.find(b"\n", at)
        end = len(head) if line_end < 0 else line_end + 1
        if not before.strip() and head[at + len(LAST_NAME) : end].lstrip()[:1] in (b"=", b":"):
            return end
        # A name that stands elsewhere in its line is not looked for there again.
        at = head.find(LAST_NAME, end)
    return None


def read_metaimage_text(file: StoredFile) -> MetaImageText:
    """Read the header of a file.

    Raises:
        CorruptFileError: If it never ends, or a line of it is not a field.
    """
    with file.open() as source:
        head = source.read_at(0, METAIMAGE_FIRST_READ)
        end = find_last_field_end(head)
        if end is None or end == METAIMAGE_FIRST_READ:
            # The line may go on where the first read ended.
            head = source.read_at(0, LONGEST_METAIMAGE_HEADER)
            end = find_last_field_end(head)
        if end is None:
            raise CorruptFileError(
                f"its MetaImage header has no {LAST_FIELD}",
                path=file.name,
                advice="it was cut off when it was copied; fetch it again",
            )
        fields = TextFields("MetaImage", file.name, split_fields(decode_header(head[:end]), file.name))
        if fields.get(LAST_FIELD, "").split()[:1] != ["LIST"]:
            return MetaImageText(file, fields, end, ())
        listed = decode_header(source.read_at(end, LONGEST_METAIMAGE_HEADER))
    return MetaImageText(file, fields, end, tuple(line.strip() for line in listed.split("\n") if line.strip()))


def split_fields(text: str, path: str) -> dict[str, str]:
    """The fields of a header; of comments and such that stand twice the last counts, as in MetaIO.

    Raises:
        CorruptFileError: If a line is no field, or two contradict each other.
    """
    fields: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if line.lstrip().startswith("#"):
            continue
        # MetaIO takes both.
        separator = min((at for at in (line.find("="), line.find(":")) if at >= 0), default=-1)
        name = line[: max(separator, 0)].strip()
        if name:
            value = line[separator + 1 :].strip()
            if name in LONE_FIELDS and fields.get(name, value) != value:
                raise CorruptFileError(
                    f"its MetaImage header has the field '{name}' twice, with other values",
                    path=path,
                    advice="remove the wrong one",
                    field=name,
                )
            fields[name] = value
        elif line.strip():
            raise CorruptFileError(
                f"line {number} of the MetaImage header, of length {len(line)}, is not 'name = value'",
                path=path,
                advice="fetch the file again",
                line=number,
            )
    return fields
