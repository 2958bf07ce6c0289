"""Bytes of a DICOM file at an offset, whether it is stored as it is or deflated."""

from __future__ import annotations

import os
from typing import Protocol

from isal import isal_zlib

from ..errors import CorruptFileError
from ..inflation import InflateError

__all__ = ["ByteSource", "DeflatedBytes", "FileBytes"]

INFLATE_STEP = 1 << 16
LARGEST_INFLATED_HEADER = 1 << 28


class ByteSource(Protocol):
    """Where a header's bytes come from."""

    size: int | None

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""


class FileBytes:
    """The bytes of an open file."""

    def __init__(self, descriptor: int, size: int) -> None:
        self.descriptor = descriptor
        self.size: int | None = size

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        os.lseek(self.descriptor, offset, os.SEEK_SET)
        return os.read(self.descriptor, count)


class DeflatedBytes:
    """The data set of a file in the deflated transfer syntax, inflated as far as it is asked for.

    Offsets count from the start of the inflated data set (DICOM PS3.5 A.5: a raw deflate stream after the
    file meta information).
    """

    def __init__(self, path: str, compressed: bytes) -> None:
        self.path = path
        self.size: int | None = None
        self._inflater = isal_zlib.decompressobj(-15)
        self._pending = compressed
        self._inflated = bytearray()

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        while len(self._inflated) < offset + count and not self._inflater.eof:
            try:
                piece = self._inflater.decompress(self._pending, INFLATE_STEP)
            except InflateError as error:
                raise CorruptFileError("its deflated data set cannot be inflated", path=self.path) from error
            self._pending = self._inflater.unconsumed_tail
            self._inflated += piece
            if not piece and not self._pending:
                break
            if len(self._inflated) > LARGEST_INFLATED_HEADER:
                raise CorruptFileError("its deflated header is larger than 256 MB", path=self.path)
        return bytes(self._inflated[offset : offset + count])
