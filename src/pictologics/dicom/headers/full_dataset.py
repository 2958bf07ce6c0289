"""Reads all that a file says, through pydicom, for the rare attributes that a header does not keep."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from ...silence import silence_this_thread
from .header import Header
from .pydicom_edge import check_deflated_size, parse_with_pydicom, refuse_damage

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["get_raw_value", "get_raw_values", "get_sequence", "get_text_value", "read_dataset"]

UNFOLLOWED = "its attributes cannot be parsed"


def read_dataset(header: Header) -> Dataset:
    """Read what stands before the pixels with pydicom, which leaves the values as bytes.

    Args:
        header: The file.

    Raises:
        CorruptFileError: If pydicom cannot follow the file.
    """
    # Offsets of a deflated file count in what is inflated: only the whole of it can be passed on.
    is_whole = header.is_deflated or not header.pixel_offset
    with header.file.open() as file:
        content = file.read_at(0, header.file_size if is_whole else header.pixel_offset)
    if header.is_deflated:
        check_deflated_size(header.path, content[header.dataset_offset :])
    with refuse_damage(header.path, UNFOLLOWED):
        return parse_with_pydicom(content)[0]


def get_sequence(header: Header, dataset: Dataset, tag: int) -> list[Dataset]:
    """The items of a sequence; none if it is missing.

    Raises:
        CorruptFileError: If pydicom cannot follow it.
    """
    with refuse_damage(header.path, UNFOLLOWED), silence_this_thread():
        element = dataset.get(tag)
        return [] if element is None else list(element.value or ())


def get_raw_value(dataset: Dataset, tag: int) -> bytes:
    """The bytes of an attribute; empty if it is missing or was read otherwise.

    pydicom's own values would be checked against the standard, with a warning for each that misses it.
    """
    element = dataset.get_item(tag, keep_deferred=True) if tag in dataset else None
    value = None if element is None else element.value
    return value if isinstance(value, bytes) else b""


def get_raw_values(dataset: Dataset, tags: Container[int]) -> dict[int, bytes]:
    """The bytes of some attributes, as far as they are there, as a header has them."""
    return {tag: get_raw_value(dataset, tag) for tag in map(int, dataset.keys()) if tag in tags}


def get_text_value(dataset: Dataset, tag: int) -> str:
    """An attribute as text without padding; empty if it is missing or empty."""
    return get_raw_value(dataset, tag).decode("latin-1").strip(" \0")
