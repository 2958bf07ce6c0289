"""The way around for headers that the fast parser does not understand: pydicom reads them."""

from __future__ import annotations

import struct
import warnings
import zlib
from io import BytesIO

from ...errors import CorruptFileError
from ...storage.files import OpenFile, StoredFile
from . import tags
from .header import Header

__all__ = ["parse_with_pydicom"]

UNDEFINED = 0xFFFFFFFF


def parse_with_pydicom(stored: StoredFile, source: OpenFile) -> Header:
    """Read the head of a file with pydicom.

    Args:
        stored: The file.
        source: The same file, open.

    Returns:
        The same header that the fast parser would make.

    Raises:
        CorruptFileError: If pydicom does not understand the file either.
    """
    from pydicom import dcmread
    from pydicom.dataelem import RawDataElement
    from pydicom.errors import BytesLengthException, InvalidDicomError

    header = Header(stored, source.size)
    try:
        with BytesIO(source.read_at(0, source.size)) as file, warnings.catch_warnings():
            # What pydicom finds odd is the reason for being here.
            warnings.simplefilter("ignore")
            dataset = dcmread(file, stop_before_pixels=True, force=True)
            offset = file.tell()
            implicit, little_endian = dataset.original_encoding
            header.little_endian, header.explicit = bool(little_endian), not implicit
            header.transfer_syntax = str(getattr(dataset.file_meta, "TransferSyntaxUID", ""))
            read_pixel_element(header, file.read(12), offset, bool(implicit))
            for tag in tags.WANTED:
                element = dataset.get_item(tag) if tag in dataset else None
                if element is None:
                    continue
                if tag in tags.LOCATED:
                    # Where it is, only the fast parser knows.
                    header.located[tag] = (0, 0)
                elif isinstance(element, RawDataElement):
                    header.found[tag] = bytes(element.value or b"")
                elif tag != tags.TRANSFER_SYNTAX_UID:
                    values = element.value if element.VM > 1 else [element.value]
                    header.found[tag] = "\\".join(str(value) for value in values).encode("utf-8", "replace")
    except (
        BytesLengthException, InvalidDicomError, ArithmeticError, AttributeError, EOFError, LookupError, MemoryError,
        NotImplementedError,
        OSError, RecursionError, TypeError, ValueError, struct.error, zlib.error,
    ) as error:  # fmt: skip
        raise CorruptFileError(
            "it begins as a DICOM file and cannot be followed further",
            path=stored.name,
            advice="fetch the file again",
        ) from error
    if not header.found:
        # pydicom takes a file that ends inside its meta information for one that holds nothing.
        raise CorruptFileError(
            "the file ends with its meta information", path=stored.name, advice="it was cut off; fetch it again"
        )
    return header


def read_pixel_element(header: Header, head: bytes, offset: int, implicit: bool) -> None:
    """Note where the pixels are, if the bytes at ``offset`` begin the element that holds them."""
    order = "<" if header.little_endian else ">"
    if len(head) < 12:
        return
    group, element = struct.unpack_from(order + "HH", head)
    tag = group << 16 | element
    if tag not in tags.PIXEL_TAGS:
        return
    (length,) = struct.unpack_from(order + "I", head, 4 if implicit else 8)
    header.pixel_tag = tag
    header.pixel_offset = offset + (8 if implicit else 12)
    header.pixel_vr = "" if implicit else head[4:6].decode("ascii", "replace")
    header.pixel_length = None if length == UNDEFINED else length
