"""Deflated data: a gzip file as pieces of its content, inflated one step ahead by a thread of its own."""

from __future__ import annotations

import queue
import threading
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from isal import igzip_lib, isal_zlib

from .errors import CorruptFileError, FileAccessError

__all__ = ["MOST_DEFLATION", "InflateError", "InflatedStream", "inflate_head", "inflate_raw"]

MOST_DEFLATION = 1032
"""Deflate cannot shrink data by more than this factor (RFC 1951: 258 bytes in 2 bits)."""

#: What ISA-L raises for damaged data; its type stubs take the class for an instance.
InflateError: type[Exception] = igzip_lib.error  # type: ignore[assignment]

RAW_DEFLATE = -15
READ = 1 << 17
PIECE = 1 << 18
AHEAD = 8
# Padding after the last volume is rare and short; more is not worth following.
LONGEST_TAIL = 1 << 22


class InflatedStream:
    """Pieces of a gzip file's content, in order.

    ISA-L inflates without the interpreter lock, so the caller converts one piece while the next is made. A few
    pieces wait at most, whatever the file holds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.position = 0
        self._rest = b""
        self._ended = False
        self._pieces: queue.Queue[bytes | BaseException] = queue.Queue(AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._inflate, name="pictologics-inflate", daemon=True)

    def __enter__(self) -> InflatedStream:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        while self._thread.is_alive():
            # The thread may wait for room in the queue.
            try:
                self._pieces.get(timeout=0.01)
            except queue.Empty:
                continue

    def skip(self, count: int) -> None:
        """Pass over bytes of the content."""
        while self.position < count:
            piece = self.next_piece()
            if not piece:
                return
            if self.position > count:
                kept = self.position - count
                self._rest = piece[len(piece) - kept :]
                self.position = count

    def next_piece(self) -> bytes:
        """The next bytes of the content, empty at its end.

        Raises:
            CorruptFileError: If the gzip data is damaged or ends too early.
        """
        if self._rest:
            piece, self._rest = self._rest, b""
        elif self._ended:
            return b""
        else:
            item = self._pieces.get()
            self._ended = not item or isinstance(item, BaseException)
            if isinstance(item, BaseException):
                raise item
            piece = item
        self.position += len(piece)
        return piece

    def check_end(self) -> None:
        """Follow the stream to its end, where its checksum is."""
        limit = self.position + LONGEST_TAIL
        while self.position < limit and self.next_piece():
            continue

    def _inflate(self) -> None:
        """What the thread does: inflate every member of the file, or hand over the error."""
        try:
            with self.path.open("rb", buffering=0) as file:
                pending = b""
                while not self._stopped.is_set():
                    pending = pending or file.read(READ)
                    if not pending or not pending.strip(b"\0"):
                        # The end, or the zeros with which some tapes and tools fill up the last block.
                        break
                    pending = self._inflate_member(file, pending)
            self._pieces.put(b"")
        except EOFError as error:
            self._pieces.put(self._damaged("ends too early", error))
        except InflateError as error:
            self._pieces.put(self._damaged(f"is damaged ({error})", error))
        except OSError as error:
            failure = FileAccessError(f"the file cannot be read ({error.strerror})", path=self.path)
            failure.__cause__ = error
            self._pieces.put(failure)

    def _inflate_member(self, file: BinaryIO | FileIO, pending: bytes) -> bytes:
        """Inflate one gzip member; returns the bytes that follow it."""
        inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        while not inflater.eof and not self._stopped.is_set():
            if inflater.needs_input and not pending:
                pending = file.read(READ)
                if not pending:
                    raise EOFError
            piece = inflater.decompress(pending, PIECE)
            pending = b""
            if piece:
                self._pieces.put(piece)
        return bytes(inflater.unused_data)

    def _damaged(self, how: str, error: BaseException) -> CorruptFileError:
        failure = CorruptFileError(f"its gzip data {how}", path=self.path, advice="fetch the file again")
        failure.__cause__ = error
        return failure


def inflate_head(compressed: bytes, count: int) -> bytes:
    """The first bytes of a gzip file's content, as many as its first bytes yield; empty if it is damaged."""
    try:
        return bytes(igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP).decompress(compressed, count))
    except InflateError:
        return b""


def inflate_raw(compressed: bytes, limit: int) -> bytes:
    """Inflate a raw deflate stream, without header or checksum, up to ``limit`` bytes.

    Raises:
        InflateError: If it is damaged.
    """
    return bytes(isal_zlib.decompressobj(RAW_DEFLATE).decompress(compressed, limit))
