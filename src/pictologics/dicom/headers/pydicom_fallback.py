"""Falls back to pydicom for a header that our own parser does not understand."""

from __future__ import annotations

import struct

from ...errors import CorruptFileError
from ...silence import silence_this_thread
from ...storage.files import OpenFile, StoredFile
from . import tag_kinds, tags
from .encoding import UNDEFINED_LENGTH
from .header import UNKNOWN_PLACE, Header
from .pydicom_edge import parse_with_pydicom, refuse_damage

__all__ = ["read_header_with_pydicom"]


def read_header_with_pydicom(file: StoredFile, opened: OpenFile) -> Header:
    """Read the head of a file with pydicom.

    Args:
        file: The file.
        opened: The same file, open.

    Returns:
        The same header that our own parser would make.

    Raises:
        CorruptFileError: If pydicom does not understand the file either.
    """
    header = Header(file, opened.size)
    content = opened.read_at(0, opened.size)
    # What pydicom finds odd is the reason for being here.
    with refuse_damage(file.name, "it begins as a DICOM file and cannot be read further"), silence_this_thread():
        fill_header(header, content)
    if not header.values:
        # pydicom takes a file that ends inside its meta information for one that holds nothing.
        raise CorruptFileError(
            "the file ends with its meta information", path=file.name, advice="it was cut off; fetch it again"
        )
    return header


def fill_header(header: Header, content: bytes) -> None:
    """Take over the wanted elements that pydicom finds in the bytes of a file."""
    dataset, offset = parse_with_pydicom(content)
    implicit, little_endian = dataset.original_encoding
    header.little_endian, header.explicit = bool(little_endian), not implicit
    header.transfer_syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", ""))
    locate_pixels(header, content[offset : offset + 12], offset, bool(implicit))
    for tag in tag_kinds.WANTED:
        element = dataset.get_item(tag) if tag in dataset else None
        if element is None:
            continue
        if tag in tag_kinds.LOCATED:
            header.located[tag] = UNKNOWN_PLACE
        elif element.is_raw:
            header.values[tag] = bytes(element.value or b"")
        elif tag != tags.TRANSFER_SYNTAX_UID:
            values = element.value if element.VM > 1 else [element.value]
            header.values[tag] = "\\".join(str(value) for value in values).encode("utf-8", "replace")


def locate_pixels(header: Header, head: bytes, offset: int, implicit: bool) -> None:
    """Note where the pixels are, if the bytes at ``offset`` begin the element that holds them."""
    order = "<" if header.little_endian else ">"
    if len(head) < 12:
        return
    group, element = struct.unpack_from(order + "HH", head)
    tag = group << 16 | element
    if tag not in tag_kinds.PIXEL_TAGS:
        return
    (length,) = struct.unpack_from(order + "I", head, 4 if implicit else 8)
    header.pixel_tag = tag
    header.pixel_offset = offset + (8 if implicit else 12)
    header.pixel_vr = "" if implicit else head[4:6].decode("ascii", "replace")
    header.pixel_length = None if length == UNDEFINED_LENGTH else length
