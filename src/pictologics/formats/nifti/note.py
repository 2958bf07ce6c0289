"""The note that a NIfTI header carries, in a comment extension (ecode 6), which other software passes over."""

from __future__ import annotations

import numpy as np

from ...geometry import Grid
from ...image import Image
from ..notes import Note, note_text, read_note
from .header import NiftiHeader
from .layout import COMMENT_CODE

__all__ = ["note_extension", "note_in"]


def note_extension(image: Image) -> bytes:
    """The extension that carries an image's note: its size, its code and the text, padded to 16 bytes."""
    text = note_text(image).encode()
    size = -(-(8 + len(text)) // 16) * 16
    code = np.array([size, COMMENT_CODE], "<i4").tobytes()
    return code + text.ljust(size - 8, b"\0")


def note_in(header: NiftiHeader, grid: Grid) -> Note:
    """The note in a header, if it has one that still holds.

    Args:
        header: The header.
        grid: The grid that its own fields describe.
    """
    for content in comments(header):
        note = read_note(content.rstrip(b"\0"), grid)
        if note is not None:
            return note
    return Note(grid)


def comments(header: NiftiHeader) -> list[bytes]:
    """The contents of the header's comment extensions (nifti1.h, "extended header")."""
    head = header.head
    start = header.header_size
    if head[start : start + 1] in (b"", b"\0"):
        return []
    found, position = [], start + 4
    end = len(head) if header.is_pair else min(header.data_offset, len(head))
    while position + 8 <= end:
        size, code = (int(n) for n in np.frombuffer(head, header.byte_order + "i4", 2, position))
        if size < 16 or position + size > end:
            break
        if code == COMMENT_CODE:
            found.append(head[position + 8 : position + size])
        position += size
    return found
