"""A file whose first bytes and size are read once, for every question that they answer."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy.typing as npt

from .files import ClosesOnExit, OpenFile, StoredFile
from .gzip_heads import inflate_head, is_gzip

__all__ = ["HEAD_SIZE", "OpenProbedFile", "ProbedFile", "forget_head", "probe_file"]

HEAD_SIZE = 1 << 16
"""Holds the header of every common file, also a NIfTI header with the extensions that are worth reading."""


class ProbedFile:
    """A file that knows its beginning: opening it costs nothing until more than that is read.

    Args:
        file: The file.
        opened: The same file, open.

    Attributes:
        file: The file itself.
        name: What messages call it.
        head: Its first bytes.
        size: Its size when it was probed.
    """

    def __init__(self, file: StoredFile, opened: OpenFile) -> None:
        self.file = file
        self.name = file.name
        self.head = opened.read_at(0, HEAD_SIZE)
        self.size = opened.size

    @cached_property
    def inflated_head(self) -> bytes:
        """The first bytes of its content behind gzip, empty if these are damaged; ``head`` where it is not gzip."""
        return inflate_head(self.head, HEAD_SIZE) if self.is_gzip else self.head

    @property
    def is_gzip(self) -> bool:
        """Whether it begins as gzip does."""
        return is_gzip(self.head)

    def open(self) -> OpenProbedFile:
        """Open it as soon as that is needed."""
        return OpenProbedFile(self)


class OpenProbedFile(ClosesOnExit):
    """The bytes of a probed file; the file itself is opened when the first byte beyond the head is read.

    Args:
        probed: The file.
        opened: The file itself if it is open already; it is closed with this.
    """

    def __init__(self, probed: ProbedFile, opened: OpenFile | None = None) -> None:
        self.probed = probed
        self.size = probed.size
        self._opened = opened

    def close(self) -> None:
        """Close the file if it was opened."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def check(self) -> None:
        """Check the file itself."""
        self._open().check()

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        head = self.probed.head
        if offset + count <= len(head) or len(head) == self.size:
            return head[offset : offset + count]
        return self._open().read_at(offset, count)

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Read as many bytes as the buffer has, straight into it."""
        self._open().fill(offset, buffer)

    def _open(self) -> OpenFile:
        """The file itself, opened the first time."""
        if self._opened is None:
            self._opened = self.probed.file.open()
        return self._opened


def probe_file(file: StoredFile) -> ProbedFile:
    """Read the first bytes of a file, unless it is one of which they are known."""
    if isinstance(file, ProbedFile):
        return file
    with file.open() as opened:
        return ProbedFile(file, opened)


def forget_head(file: StoredFile) -> StoredFile:
    """The file itself, for what outlives a load: its content may be another one by then."""
    return file.file if isinstance(file, ProbedFile) else file
