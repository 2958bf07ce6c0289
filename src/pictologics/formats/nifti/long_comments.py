"""NiftiHeader -> the same with all of a comment of ours that is longer than the head that is read of every file.

A series of a thousand volumes has a label for each of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ...storage.inflation import InflatedStream
from ...storage.probed_file import ProbedFile
from ..json_comment import JSON_COMMENT_KEY
from .facts import list_comments
from .header import NiftiHeader

__all__ = ["read_long_comment"]

OUR_COMMENT: Final = f'{{"{JSON_COMMENT_KEY}":'.encode()
"""How a comment of ours begins."""

LONGEST_HEADER: Final = 1 << 24
"""Bytes before the voxels that are read at most."""


def read_long_comment(header: NiftiHeader, probed: ProbedFile) -> NiftiHeader:
    """Read on to the end of the header, if a comment of ours is cut off at the end of what was read.

    Args:
        header: The header.
        probed: Its file.

    Raises:
        CorruptFileError: If compressed data is damaged.
    """
    wanted = header.data_offset
    if header.is_pair or not len(header.head) < wanted <= LONGEST_HEADER:
        return header
    comments = list_comments(header)
    if not comments or not comments[-1].startswith(OUR_COMMENT):
        return header
    return replace(header, head=read_beginning(probed, wanted))


def read_beginning(probed: ProbedFile, count: int) -> bytes:
    """The first bytes of a file's content, inflated."""
    if not probed.is_gzip:
        with probed.open() as file:
            return file.read_at(0, count)
    content = bytearray()
    with InflatedStream(probed) as stream:
        while len(content) < count and (piece := stream.next_piece()):
            content += piece
    return bytes(content[:count])
