"""Stretches of other files, and open files as Python's own libraries want to see them."""

from __future__ import annotations

import io
from typing import Any

import numpy.typing as npt

from .files import ClosesOnExit, OpenFile, StoredFile, early_end_error

__all__ = ["FileStream", "OpenPart", "PartOfFile"]


class FileStream(io.RawIOBase):
    """An open file as Python's own libraries want to see it."""

    def __init__(self, source: OpenFile) -> None:
        self.source = source
        self.position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset from the beginning, from here or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.source.size}[whence]
        self.position = max(0, base + offset)
        return self.position

    def tell(self) -> int:
        """Where the next byte is read."""
        return self.position

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes; a size that a damaged archive claims is never more than what is there."""
        left = max(0, self.source.size - self.position)
        return super().read(left if size is None or size < 0 else min(size, left)) or b""

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        view = memoryview(buffer).cast("B")
        piece = self.source.read_at(self.position, len(view))
        view[: len(piece)] = piece
        self.position += len(piece)
        return len(piece)


class PartOfFile:
    """A stretch of another file."""

    def __init__(self, whole: StoredFile, name: str, start: int, size: int) -> None:
        self.whole = whole
        self.name = name
        self.start = start
        self.size = size

    def open(self) -> OpenPart:
        """Open the file that it is a stretch of."""
        return OpenPart(self.whole.open(), self.name, self.start, self.size)


class OpenPart(ClosesOnExit):
    """A stretch of an open file."""

    def __init__(self, whole: OpenFile, name: str, start: int, size: int) -> None:
        self.whole = whole
        self.name = name
        self.start = start
        self.size = size

    def close(self) -> None:
        """Close the file that it is a stretch of."""
        self.whole.close()

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        return self.whole.read_at(self.start + offset, max(0, min(count, self.size - offset)))

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Read as many bytes as the buffer has, straight into it."""
        if offset + buffer.nbytes > self.size:
            raise early_end_error(self.name, offset + buffer.nbytes - self.size)
        self.whole.fill(self.start + offset, buffer)
