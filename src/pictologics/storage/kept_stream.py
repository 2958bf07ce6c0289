"""A compressed stream that stays open between two readings, so that the next one goes on where the last one ended."""

from __future__ import annotations

import os

from .files import StoredFile
from .inflation import InflatedStream, Packing

__all__ = ["KeptStream"]


class KeptStream:
    """Keeps the stream that was read last."""

    def __init__(self) -> None:
        self.stream: InflatedStream | None = None
        self.origin: tuple[int, int, int] | None = None

    def __reduce__(self) -> tuple[type[KeptStream], tuple[()]]:
        """An open stream does not travel to another process."""
        return KeptStream, ()

    def open(self, file: StoredFile, packing: Packing, start: int, position: int) -> InflatedStream:
        """A stream that has not been read beyond a position of its content: the one that is kept, or a new one.

        Args:
            file: The file that holds it.
            packing: How it is compressed.
            start: Where in the file it begins.
            position: The first byte of its content that is wanted.
        """
        # After a fork the thread that inflates is the parent's alone, and so ought to be the place in the open file.
        origin = (id(file), start, os.getpid())
        if self.stream is None or self.origin != origin or self.stream.position > position:
            self.close()
            self.stream, self.origin = InflatedStream(file, packing, start), origin
        return self.stream

    def close(self) -> None:
        """Close the stream; it is forgotten first, so that nothing closes it a second time."""
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.__exit__(None, None, None)
