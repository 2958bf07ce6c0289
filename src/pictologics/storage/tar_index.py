"""The index of a tar archive, read strictly: an archive with a damaged or missing header is never a shorter one.

Python's own tarfile ends a list at the first header that it cannot read, as if the archive ended there.
Formats: POSIX.1-1988 ustar, POSIX.1-2001 pax, and GNU's long names.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import CorruptFileError, UnsupportedFormatError
from .files import ByteSource

__all__ = ["TarEntry", "is_tar", "walk_tar_entries"]

BLOCK = 512
"""Bytes; headers are one block, and content fills whole blocks (POSIX pax, "ustar Interchange Format")."""

LONGEST_EXTENSION = 1 << 20
"""Bytes of a long name or of the records before an entry; real ones hold a path and a few numbers."""

REGULAR = frozenset(b"0\x007")
"""Types of regular files; 7 is a contiguous one, which is read alike."""

WITHOUT_CONTENT = frozenset(b"123456")
"""Links, devices, folders and pipes: whatever size their header states, nothing follows it."""

GNU_LONG_NAME, GNU_LONG_LINK, GNU_SPARSE = b"LKS"
PAX_RECORDS, PAX_RECORDS_OF_SOLARIS, PAX_GLOBAL_RECORDS = b"xXg"


@dataclass(frozen=True)
class TarEntry:
    """A regular file in a tar archive.

    Attributes:
        name: Its path in the archive.
        start: Where its content begins in the archive.
        size: Bytes of its content.
        is_file: Whether it is a regular file; links, folders and devices are not.
    """

    name: str
    start: int
    size: int
    is_file: bool


def is_tar(head: bytes) -> bool:
    """Whether bytes begin a tar archive (POSIX ustar or GNU)."""
    return head[257:262] == b"ustar"


def walk_tar_entries(source: ByteSource, path: str) -> Iterator[TarEntry]:
    """Read the headers of a tar archive one after the other.

    Args:
        source: Its bytes.
        path: What messages call it.

    Yields:
        Every entry.

    Raises:
        CorruptFileError: If a header is damaged, content is cut off, or the end of the archive is missing.
        UnsupportedFormatError: If a file is stored with holes.
    """
    position = 0
    global_records: dict[str, str] = {}
    records: dict[str, str] = {}
    while (header := read_header_block(source, position, path)) is not None:
        kind = header[156]
        size = read_number(header[124:136], path, position)
        start = position + BLOCK
        if kind in {GNU_LONG_NAME, GNU_LONG_LINK, PAX_RECORDS, PAX_RECORDS_OF_SOLARIS, PAX_GLOBAL_RECORDS}:
            content = read_extension(source, start, size, path)
            if kind == GNU_LONG_NAME:
                records["path"] = decode_name(content)
            elif kind == PAX_GLOBAL_RECORDS:
                global_records |= parse_pax_records(content, path, position)
            elif kind != GNU_LONG_LINK:
                records |= parse_pax_records(content, path, position)
        else:
            facts = {**global_records, **records}
            records = {}
            if kind == GNU_SPARSE or any(key.startswith("GNU.sparse.") for key in facts):
                raise UnsupportedFormatError(
                    f"its entry '{facts.get('path') or read_name(header)}' is stored with holes (a sparse file)",
                    path=path,
                    advice="unpack the archive first",
                )
            if "size" in facts:
                size = read_pax_size(facts["size"], path, position)
            size = 0 if kind in WITHOUT_CONTENT else size
            name = facts.get("path") or read_name(header)
            # Archives of before ustar write folders as empty files whose name ends with a slash.
            yield TarEntry(name, start, size, kind in REGULAR and not name.endswith("/"))
        if start + size > source.size:
            raise CorruptFileError(
                f"an entry that begins at byte {position} needs {size} bytes and {max(0, source.size - start)} follow",
                path=path,
                advice="the archive was cut off when it was copied; fetch it again",
            )
        position = start + -(-size // BLOCK) * BLOCK
    check_end(source, position, path)


def read_header_block(source: ByteSource, position: int, path: str) -> bytes | None:
    """Read the header at a position.

    Returns:
        The header; None where the archive ends with a block of zeros.
    """
    block = source.read_at(position, BLOCK)
    if len(block) == BLOCK and not any(block):
        return None
    if len(block) < BLOCK:
        raise CorruptFileError(
            f"the archive ends at byte {source.size} without the blocks of zeros that end one",
            path=path,
            advice="it was cut off when it was copied; fetch it again",
        )
    # The sum of all bytes, the field of the sum itself taken as spaces; some old writers sum signed bytes.
    total = sum(block[:148]) + 8 * ord(" ") + sum(block[156:])
    signed = total - 256 * sum(byte > 127 for byte in block[:148] + block[156:])
    if read_number(block[148:156], path, position) not in {total, signed}:
        raise header_damage_error(path, position)
    return block


def check_end(source: ByteSource, position: int, path: str) -> None:
    """Refuse an archive behind the end of the first one: its files would be passed over in silence."""
    # What follows the zeros is filling up to the length of a record, which may be anything but a header.
    while len(block := source.read_at(position, BLOCK)) == BLOCK:
        if any(block):
            if is_tar(block):
                raise CorruptFileError(
                    f"another archive begins at byte {position}, behind the end of the first",
                    path=path,
                    advice="unpack it with tar --ignore-zeros and load the folder",
                )
            return
        position += BLOCK


def read_extension(source: ByteSource, start: int, size: int, path: str) -> bytes:
    """Read what stands before an entry whose name or size does not fit into its header."""
    content = source.read_at(start, size) if size <= LONGEST_EXTENSION else b""
    if len(content) < size:
        raise CorruptFileError(
            f"{size} bytes of names and numbers before an entry are more than there are or than any entry needs",
            path=path,
            advice="fetch it again",
        )
    return content


def read_name(header: bytes) -> str:
    """Read the path of an entry from its header."""
    name = decode_name(header[:100])
    prefix = decode_name(header[345:500]) if header[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def decode_name(content: bytes) -> str:
    """A name up to its null byte, whatever its encoding."""
    return content.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def read_number(field: bytes, path: str, position: int) -> int:
    """Read a number of a header: octal digits or, if the first bit is set, base 256 (GNU)."""
    if field[0] & 0x80:
        value = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    else:
        digits = field.split(b"\0", 1)[0].strip(b" ")
        if digits.strip(b"01234567"):
            raise header_damage_error(path, position)
        value = int(digits or b"0", 8)
    return value


def parse_pax_records(content: bytes, path: str, position: int) -> dict[str, str]:
    """Parse records of the form *length key=value newline*, the length in decimal digits and counting all of it."""
    records, start = {}, 0
    while start < len(content) and content[start]:
        space = content.find(b" ", start, start + 20)
        digits = content[start:space] if space > 0 else b""
        end = start + int(digits) if digits.isdigit() else -1
        key, equals, value = content[space + 1 : end - 1].partition(b"=")
        if end <= space or end > len(content) or content[end - 1 : end] != b"\n" or not equals:
            raise header_damage_error(path, position)
        records[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
        start = end
    return records


def read_pax_size(text: str, path: str, position: int) -> int:
    """Read the size of an entry that states it in a record."""
    if not text.isascii() or not text.isdigit() or len(text) > math.ceil(math.log10(1 << 63)):
        raise header_damage_error(path, position)
    return int(text)


def header_damage_error(path: str, position: int) -> CorruptFileError:
    """The error for a header that cannot be what was written."""
    return CorruptFileError(
        f"the header of its entry at byte {position} is damaged",
        path=path,
        advice="what follows it cannot be found; fetch the archive again",
    )
