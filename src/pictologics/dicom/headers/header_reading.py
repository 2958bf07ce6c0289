"""Reads a header: File -> Header, the few attributes that loading needs, fast.

Our own parser takes the top-level elements of explicit and implicit VR data sets in either byte order, reads only the
head of the file and stops at the pixels. What it does not understand goes to pydicom.
"""

from __future__ import annotations

import os
import struct
from typing import Final

from ...errors import CorruptFileError
from ...storage.files import ByteSource, DiskFile, OpenFile, StoredFile
from ...storage.inflation import DeflatedBytes
from . import tags
from .element_parser import HEAD_WINDOW, LONGEST_WANTED_VALUE, ElementParser
from .encoding import LONG_VRS, SHORT_VRS, VRS, NotUnderstoodError
from .head_elements import is_of_pet
from .head_layout import follow_layout, learn_layout
from .header import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Header, ParsedFile
from .pydicom_edge import check_deflated_size
from .pydicom_fallback import read_header_with_pydicom

__all__ = ["read_header", "read_open_header"]

LARGEST_INFLATED_HEADER: Final = 1 << 28
"""Bytes; long lists of functional groups are tens of megabytes, and a small file that inflates to more is a trap."""


def read_header(file: StoredFile | str | os.PathLike[str]) -> Header | None:
    """Read the head of one file.

    Args:
        file: A file of any kind, or its path.

    Returns:
        Its header, or None if the file is not DICOM.

    Raises:
        CorruptFileError: If it begins as DICOM and cannot be followed to its pixels or its end.
        FileAccessError: If it cannot be opened.
    """
    if isinstance(file, ParsedFile):
        return file.header
    stored = DiskFile(file) if isinstance(file, (str, os.PathLike)) else file
    with stored.open() as opened:
        return read_open_header(stored, opened)


def read_open_header(file: StoredFile, opened: OpenFile) -> Header | None:
    """Read the head of a file that is open.

    Args:
        file: The file, which the header keeps.
        opened: The same file, open.

    Returns:
        Its header, or None if the file is not DICOM.

    Raises:
        CorruptFileError: If it begins as DICOM and cannot be followed to its pixels or its end.
    """
    head = opened.read_at(0, HEAD_WINDOW)
    start = find_dataset_start(head, opened.size)
    if start is None:
        return None
    header = Header(file, opened.size)
    try:
        end = follow_layout(head, start, header)
        if end is None:
            parse(header, opened, head, start)
            learn_layout(head, start, header)
        else:
            parse_elements(header, opened, head, end)
    except (NotUnderstoodError, struct.error):
        if header.is_deflated:
            check_deflated_size(header.path, opened.read_at(header.dataset_offset, opened.size))
        header = read_header_with_pydicom(file, opened)
    # Without the DICM mark, only a data set that names a standard SOP class is taken for one.
    if start == 0 and not header.values.get(tags.SOP_CLASS_UID, b"").startswith(b"1.2.840.10008."):
        return None
    return header


def find_dataset_start(head: bytes, size: int) -> int | None:
    """Offset of the first element of a DICOM file; None if the bytes begin no such file."""
    if head[128:132] == b"DICM":
        return 132
    if len(head) < 16:
        return None
    # Old files and files written by hand lack preamble and mark, and begin with meta information or the data set.
    group, element, vr, length = struct.unpack_from("<HH2sH", head)
    if group in (0x0002, 0x0008) and element < 0x0100:
        if vr in VRS:
            return 0
        # In implicit VR a length of four bytes takes the place of the VR.
        if int.from_bytes(head[4:8], "little") < min(size, LONGEST_WANTED_VALUE):
            return 0
    # Group 0008 of a big-endian file.
    if group == 0x0800 and vr in SHORT_VRS and length:
        return 0
    return None


def parse(header: Header, source: ByteSource, head: bytes, start: int) -> None:
    """Fill a header from the first bytes of its file and what must be read beyond them."""
    head, position, syntax = read_meta(header, source, head, start)
    header.dataset_offset = position
    header.transfer_syntax = syntax.rstrip(b"\0 ").decode("ascii", "replace")
    if header.is_deflated:
        compressed = source.read_at(position, source.size)
        source = DeflatedBytes(header.path, compressed, LARGEST_INFLATED_HEADER)
        position = 0
        head = source.read_at(0, HEAD_WINDOW)
    first = head[position : position + 8]
    if len(first) < 8:
        raise CorruptFileError(
            "the file ends with its meta information", path=header.path, advice="it was cut off; fetch it again"
        )
    # The bytes are believed over the transfer syntax: files that lie about their VR encoding are common.
    explicit = first[4:6] in VRS
    # A big-endian data set that does not say so begins with the bytes 00 08.
    header.little_endian = header.transfer_syntax != EXPLICIT_BIG and first[:2] != b"\x00\x08"
    if not header.transfer_syntax:
        header.transfer_syntax = guess_syntax(explicit, header.little_endian)
    header.explicit = explicit
    header.keeps_pet = is_of_pet(header)
    parse_elements(header, source, head, position)


def parse_elements(header: Header, source: ByteSource, head: bytes, position: int) -> None:
    """Parse the elements of a data set from one on."""
    parser = ElementParser(header, source, head)
    if header.explicit:
        parser.parse_explicit(position)
    else:
        parser.parse_implicit(position)


def read_meta(header: Header, source: ByteSource, head: bytes, start: int) -> tuple[bytes, int, bytes]:
    """Parse the file meta information, explicit VR little endian whatever follows (DICOM PS3.10 7.1).

    Returns:
        The first bytes of the file, more of them if the meta information is long; where it ends; and the raw
        transfer syntax UID.
    """
    position, syntax = start, b""
    while head[position : position + 2] == b"\x02\x00":
        element, vr, length = struct.unpack_from("<H2sH", head, position + 2)
        value = position + 8
        if vr in LONG_VRS:
            (length,) = struct.unpack_from("<I", head, position + 8)
            value = position + 12
        elif vr not in SHORT_VRS:
            raise NotUnderstoodError
        if element == 0x0010:
            syntax = head[value : value + length]
        elif element == 0x0002:
            header.values[tags.MEDIA_STORAGE_SOP_CLASS_UID] = head[value : value + length]
        position = value + length
        if position + 12 > len(head) and len(head) == HEAD_WINDOW:
            # A meta group longer than a window is rare: private information or a certificate.
            head = source.read_at(0, min(position + HEAD_WINDOW, source.size))
    return head, position, syntax


def guess_syntax(explicit: bool, little_endian: bool) -> str:
    """The uncompressed transfer syntax that fits the bytes of a file that names none."""
    if not explicit:
        return IMPLICIT_LITTLE
    return EXPLICIT_LITTLE if little_endian else EXPLICIT_BIG
