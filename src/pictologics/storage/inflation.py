"""Compressed data: a stream as pieces of its content, inflated one step ahead by a thread of its own."""

from __future__ import annotations

import bz2
import queue
import sys
import threading
import zlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Literal

from isal import igzip_lib, isal_zlib

from ..errors import CorruptFileError, FileAccessError
from .files import ByteSource, StoredFile
from .gzip_heads import GZIP_MARK, is_gzip

__all__ = [
    "MOST_DEFLATION",
    "MOST_PACKED",
    "DeflatedBytes",
    "InflatedStream",
    "Packing",
]

Packing = Literal["gzip", "zlib", "bzip2"]
"""How a stream is compressed: RFC 1952, RFC 1950, or bzip2's blocks."""

MOST_DEFLATION = 1032
"""Deflate cannot shrink data by more than this factor (RFC 1951: 258 bytes in 2 bits)."""

MOST_PACKED: Final[dict[Packing, int]] = {"gzip": MOST_DEFLATION, "zlib": MOST_DEFLATION, "bzip2": 900_000 * 51 // 32}
"""No content is larger than its compressed bytes by more than this factor.

A block of bzip2, 900,000 bytes after run-length encoding (255 bytes in 5), takes at least 32 bytes.
"""

BZIP2_MARK: Final = b"BZh"
"""The first bytes of every bzip2 stream."""

INFLATE_ERRORS: tuple[type[Exception], ...] = (igzip_lib.error, isal_zlib.error, zlib.error)  # type: ignore[assignment]
"""What the two modules of ISA-L raise for damaged data; their type stubs take the class for an instance."""

UNPACK_ERRORS: tuple[type[Exception], ...] = (*INFLATE_ERRORS, OSError, ValueError)
"""The same for every kind of stream: bz2 has no error of its own."""

UNPACKERS: Final[dict[Packing, Callable[[], Any]]] = {
    "gzip": lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP),
    "zlib": lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_ZLIB),
    "bzip2": bz2.BZ2Decompressor,
}

MEMBER_MARKS: Final[dict[Packing, bytes]] = {"gzip": GZIP_MARK, "bzip2": BZIP2_MARK}
"""How a further stream of a file begins."""

DEFLATE = 8
"""The method of compression that RFC 1950 knows."""

RAW_DEFLATE = -15
"""What zlib calls a stream without header and checksum, with a window of 2**15 bytes."""

BYTES_PER_READ = 1 << 17
"""Compressed bytes that are read at once."""

BYTES_PER_PIECE = 1 << 18
"""Bytes of content that are handed over at once; they stay in a core's cache until they are converted."""

PIECES_AHEAD = 8
"""How many pieces may wait to be converted."""

LEAST_INFLATED = 1 << 16
"""Bytes that a deflated file is inflated by at least."""

LONGEST_TAIL = 1 << 22
"""Bytes after the last volume that are followed to the checksum; padding is rare and short."""


class InflatedStream:
    """Pieces of a compressed stream's content, in order.

    ISA-L inflates without the interpreter lock, so the caller converts one piece while the next is made. A few
    pieces wait at most, whatever the file holds.

    Args:
        file: The file that holds the stream.
        packing: How it is compressed. gzip and bzip2 may be several streams one after another. What is said to be
            zlib may be gzip: zlib's own library, which other readers use, takes either.
        start: Where in the file it begins.

    Attributes:
        position: Bytes of the content that were handed over.
        has_more: Whether other bytes follow the stream; known at its end.
    """

    def __init__(self, file: StoredFile, packing: Packing = "gzip", start: int = 0) -> None:
        self.file = file
        self.packing = packing
        self.start = start
        self.position = 0
        self.has_more = False
        self._rest = b""
        self._ended = False
        # A bounded queue is written in Python, and both threads would wait for its locks; these two are written in C.
        self._pieces: queue.SimpleQueue[bytes | BaseException] = queue.SimpleQueue()
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._inflate, name="pictologics-inflate", daemon=True)

    def __enter__(self) -> InflatedStream:
        self._make_room(PIECES_AHEAD)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        # The thread may wait for room before it sees that it is to stop.
        self._make_room(1)
        self._thread.join()

    def _make_room(self, count: int) -> None:
        """Let the thread make more pieces."""
        for _ in range(count):
            self._room.put(None)

    def skip_to(self, position: int) -> None:
        """Pass over the content up to a position, or to its end where that comes first."""
        while self.position < position:
            piece = self.next_piece()
            if not piece:
                return
            if self.position > position:
                kept = self.position - position
                self._rest = piece[len(piece) - kept :]
                self.position = position

    def next_piece(self) -> bytes:
        """The next bytes of the content, empty at its end.

        Raises:
            CorruptFileError: If the data is damaged or ends too early.
        """
        if self._rest:
            piece, self._rest = self._rest, b""
        elif self._ended:
            return b""
        else:
            # Each piece that is taken makes room for one more: no more than PIECES_AHEAD are ever in memory.
            item = self._pieces.get()
            self._make_room(1)
            self._ended = not item or isinstance(item, BaseException)
            if isinstance(item, BaseException):
                raise item
            piece = item
        self.position += len(piece)
        return piece

    def check_end(self) -> None:
        """Follow the stream to its end: gzip's and zlib's checksums come last (RFC 1952 2.3.1, RFC 1950 2.2)."""
        limit = self.position + LONGEST_TAIL
        while self.position < limit and self.next_piece():
            continue

    def _inflate(self) -> None:
        """What the thread does: inflate every member of the file, or hand over the error."""
        try:
            with self.file.open() as source:
                reader = SequentialReader(source, self.start)
                pending = reader.read()
                if self.packing == "zlib" and is_gzip(pending):
                    self.packing = "gzip"
                self._check_beginning(pending)
                while not self._stopped.is_set():
                    pending = self._inflate_member(reader, pending)
                    # gzip (RFC 1952 2.2) and bzip2 files may be several streams; what follows a zlib stream is not one.
                    if self.packing == "zlib":
                        break
                    # A mark may be cut by the end of a piece.
                    while len(pending) < len(MEMBER_MARKS[self.packing]) and (piece := reader.read()):
                        pending += piece
                    if not pending.startswith(MEMBER_MARKS[self.packing]):
                        # The end, or other bytes: a line end of an editor, what an upload left behind. gzip and bzip2
                        # pass over them too. Zeros fill up the last block of some tapes and tools.
                        self.has_more = bool(pending.strip(b"\0"))
                        break
            self._pieces.put(b"")
        # An error of this thread is raised by whoever takes the pieces, after those that were sound.
        except EOFError as error:
            self._pieces.put(self._damage_error("ends too early", error))
        except (CorruptFileError, FileAccessError) as error:
            self._pieces.put(error)
        except UNPACK_ERRORS as error:
            self._pieces.put(self._damage_error(f"is damaged ({error})", error))

    def _check_beginning(self, pending: bytes) -> None:
        """Raise if the bytes begin no stream of this kind: what is said of damage would not be so."""
        if self.packing == "zlib":
            # RFC 1950 2.2: deflate is method 8, and the first two bytes are a multiple of 31.
            is_stream = pending[:1] != b"" and pending[0] & 15 == DEFLATE and int.from_bytes(pending[:2]) % 31 == 0
        else:
            mark = MEMBER_MARKS[self.packing]
            is_stream = mark.startswith(pending[: len(mark)])
        if pending and not is_stream:
            raise CorruptFileError(
                f"its data should be {self.packing} and begin with {pending[:8]!r}, as no {self.packing} stream does",
                path=self.file.name,
                advice="correct what the header says of compression, or fetch the file again",
            )

    def _inflate_member(self, reader: SequentialReader, pending: bytes) -> bytes:
        """Inflate one stream, of gzip a member; returns the bytes that follow it."""
        inflater = UNPACKERS[self.packing]()
        while not inflater.eof and not self._stopped.is_set():
            if inflater.needs_input and not pending:
                pending = reader.read()
                if not pending:
                    raise EOFError
            piece = inflater.decompress(pending, BYTES_PER_PIECE)
            pending = b""
            if piece:
                self._room.get()
                self._pieces.put(piece)
        return bytes(inflater.unused_data)

    def _damage_error(self, how: str, error: BaseException) -> CorruptFileError:
        failure = CorruptFileError(f"its {self.packing} data {how}", path=self.file.name, advice="fetch the file again")
        failure.__cause__ = error
        return failure


class SequentialReader:
    """Reads a file piece by piece, from some byte on to its end."""

    def __init__(self, source: ByteSource, position: int = 0) -> None:
        self.source = source
        self.position = position

    def read(self) -> bytes:
        """The next piece, empty at the end."""
        piece = self.source.read_at(self.position, BYTES_PER_READ)
        self.position += len(piece)
        return piece


class DeflatedBytes:
    """What a raw deflate stream holds, inflated as far as it is asked for.

    Attributes:
        size: How many bytes it holds, more than any stream does where only inflating all of them would tell.
    """

    def __init__(self, name: str, compressed: bytes, size: int = sys.maxsize) -> None:
        self.name = name
        self.size = size
        self._inflater = isal_zlib.decompressobj(RAW_DEFLATE)
        self._pending = compressed
        self._inflated = bytearray()

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        end = min(offset + count, self.size)
        while len(self._inflated) < end and not self._inflater.eof:
            try:
                # Not much more than was asked for: the head of a file is a small part of it.
                piece = self._inflater.decompress(self._pending, max(end - len(self._inflated), LEAST_INFLATED))
            except INFLATE_ERRORS as error:
                raise CorruptFileError(
                    "its deflated data cannot be inflated", path=self.name, advice="fetch the file again"
                ) from error
            self._pending = self._inflater.unconsumed_tail
            self._inflated += piece
            if not piece and not self._pending and not self._inflater.eof:
                raise CorruptFileError(
                    "its deflated data ends too early", path=self.name, advice="it was cut off; fetch it again"
                )
        return bytes(self._inflated[offset:end])
