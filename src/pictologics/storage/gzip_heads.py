"""The first bytes of a gzip file: whether it is one, and what it holds, as far as that is sound."""

from __future__ import annotations

import zlib
from typing import Any, Final

from isal import igzip_lib

__all__ = ["GZIP_MARK", "inflate_head", "is_gzip"]

GZIP_MARK: Final = b"\x1f\x8b\x08"
"""The first bytes of every gzip member: its identification and deflate, the only method there is (RFC 1952 2.3.1)."""

HEAD_PIECE = 1 << 12
"""Bytes of a file's head that are inflated at once."""

DAMAGED_PIECE = 16
"""The same of one that is damaged: of the piece in which damage is found nothing comes back."""

GZIP_ONLY = 16 + zlib.MAX_WBITS
"""What zlib calls a gzip member, with a window of any size."""

HEAD_ERRORS: tuple[type[Exception], ...] = (igzip_lib.error, zlib.error)  # type: ignore[assignment]
"""What the two libraries raise for damaged data; the type stubs of one take the class for an instance."""


def is_gzip(head: bytes) -> bool:
    """Whether bytes begin as a gzip file does."""
    return head.startswith(GZIP_MARK)


def inflate_head(compressed: bytes, count: int) -> bytes:
    """The first bytes of a gzip file's content.

    Args:
        compressed: The first bytes of the file.
        count: How many bytes are wanted.

    Returns:
        As many as there are before the first damage; none if that comes first.
    """
    content = b""
    # A file may be made of several members, and the first ones very short.
    while is_gzip(compressed) and len(content) < count:
        try:
            piece, compressed = inflate_member_head(compressed, count - len(content))
        except HEAD_ERRORS:
            return content + inflate_damaged(compressed, count - len(content))
        content += piece
    return content


def inflate_member_head(compressed: bytes, count: int) -> tuple[bytes, bytes]:
    """The first bytes of a member's content, and what follows it; nothing if the member goes on."""
    inflater: Any = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    content = b""
    while not inflater.eof and len(content) < count:
        piece = inflater.decompress(compressed, min(count - len(content), HEAD_PIECE))
        content, compressed = content + piece, b""
        if not piece:
            break
    return content, bytes(inflater.unused_data) if inflater.eof else b""


def inflate_damaged(compressed: bytes, count: int) -> bytes:
    """The first bytes of a member in which something is wrong, which may be no more than its checksum."""
    inflater = zlib.decompressobj(GZIP_ONLY)
    content = bytearray()
    try:
        while len(content) < count and (piece := inflater.decompress(compressed, DAMAGED_PIECE)):
            content += piece
            compressed = inflater.unconsumed_tail
    except zlib.error:
        pass
    return bytes(content[:count])
