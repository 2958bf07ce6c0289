"""All that a file says, for the rare attributes that the fast headers do not keep."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING

from ...errors import CorruptFileError
from .header import Header

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["raw_value", "read_dataset", "sequence_of", "text_value"]


def read_dataset(header: Header) -> Dataset:
    """Read what stands before the pixels with pydicom, which leaves the values as bytes.

    Args:
        header: The file.

    Raises:
        CorruptFileError: If pydicom cannot follow the file.
    """
    from pydicom import dcmread

    is_whole = header.is_deflated or not header.pixel_offset
    with header.file.open() as file:
        content = file.read_at(0, header.file_size if is_whole else header.pixel_offset)
    with refusing_damage(header):
        return dcmread(BytesIO(content), stop_before_pixels=True, force=True)


def sequence_of(header: Header, dataset: Dataset, tag: int) -> list[Dataset]:
    """The items of a sequence; none if it is missing.

    Raises:
        CorruptFileError: If pydicom cannot follow it.
    """
    with refusing_damage(header):
        element = dataset.get(tag)
        return [] if element is None else list(element.value or ())


@contextmanager
def refusing_damage(header: Header) -> Iterator[None]:
    """Turn whatever pydicom raises on damaged bytes into our error."""
    from pydicom.errors import InvalidDicomError

    try:
        yield
    except (
        InvalidDicomError, ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, NotImplementedError,
        OSError, RecursionError, TypeError, ValueError, struct.error, zlib.error,
    ) as error:  # fmt: skip
        raise CorruptFileError(
            "its attributes cannot be followed", path=header.path, advice="fetch the file again"
        ) from error


def raw_value(dataset: Dataset, tag: int) -> bytes:
    """The bytes of an attribute; empty if it is missing or was read otherwise.

    pydicom's own values would be checked against the standard, with a warning for each that misses it.
    """
    element = dataset.get_item(tag, keep_deferred=True) if tag in dataset else None
    value = None if element is None else element.value
    return value if isinstance(value, bytes) else b""


def text_value(dataset: Dataset, tag: int) -> str:
    """An attribute as text without padding; empty if it is missing or empty."""
    return raw_value(dataset, tag).decode("latin-1").strip(" \0")
