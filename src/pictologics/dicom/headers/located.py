"""The bytes of an attribute of which a header only knows where it is."""

from __future__ import annotations

from typing import Final

from ...errors import CorruptFileError
from ...storage.inflation import DeflatedBytes
from . import tags
from .header import Header

__all__ = ["located_bytes"]

# A file of 20,000 frames with long functional groups has a few tens of megabytes of them.
LONGEST: Final = 1 << 30


def located_bytes(header: Header, tag: int) -> bytes:
    """The value of an attribute of ``tags.LOCATED``; empty if the file has none.

    Raises:
        CorruptFileError: If the file ends within it.
    """
    offset, length = header.located.get(tag, (0, 0))
    if not 0 < length <= LONGEST:
        return b""
    with header.file.open() as file:
        if header.is_deflated:
            compressed = file.read_at(header.dataset_offset, header.file_size)
            content = DeflatedBytes(header.path, compressed).read_at(offset, length)
        else:
            content = file.read_at(offset, length)
    if len(content) < length:
        raise CorruptFileError(
            f"the file ends in the middle of its {tags.NAMES[tag]}", path=header.path, advice="fetch the file again"
        )
    return content
