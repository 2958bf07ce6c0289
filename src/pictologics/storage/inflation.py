"""Compressed data: a stream as pieces of its content, a large one inflated ahead by a thread of its own."""

from __future__ import annotations

import bz2
import queue
import sys
import threading
import weakref
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
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
    "count_deflated",
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

BYTES_WITHOUT_THREAD = BYTES_PER_PIECE
"""Bytes of content that the calling thread inflates before it starts another, which takes as long as these do."""

PIECES_AHEAD = 8
"""How many pieces may wait to be converted."""

LEAST_INFLATED = 1 << 16
"""Bytes that a deflated file is inflated by at least."""

LONGEST_TAIL = 1 << 22
"""Bytes after the last volume that are followed to the checksum; padding is rare and short."""


class InflatedStream:
    """Pieces of a compressed stream's content, in order.

    ISA-L inflates without the interpreter lock, so the caller converts one piece while the next is made. A few
    pieces wait at most, whatever the file holds. The first ones the caller inflates itself, and of a small stream all.

    Args:
        file: The file that holds the stream.
        packing: How it is compressed. gzip and bzip2 may be several streams one after another. What is said to be
            zlib may be gzip: zlib's own library, which other readers use, takes either.
        start: Where in the file it begins.

    Attributes:
        position: Bytes of the content that were handed over.
    """

    def __init__(self, file: StoredFile, packing: Packing = "gzip", start: int = 0) -> None:
        self.position = 0
        self._rest = b""
        self._ended = False
        self._inflater = Inflater(file, packing, start)
        self._made = self._inflater.inflate()
        self._thread: threading.Thread | None = None
        # The thread does not know this stream: wherever Ctrl-C comes, it ends when the stream is forgotten.
        weakref.finalize(self, self._inflater.stop)

    @property
    def packing(self) -> Packing:
        """How it is compressed, in truth."""
        return self._inflater.packing

    @property
    def has_more(self) -> bool:
        """Whether other bytes follow the stream; known at its end."""
        return self._inflater.has_more

    def __enter__(self) -> InflatedStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inflater.stop()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()
        # A thread that was only just started may have begun with it, and ends by itself.
        with suppress(ValueError):
            self._made.close()

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
            FileAccessError: If the file cannot be read, or there is no memory.
        """
        if self._rest:
            piece, self._rest = self._rest, b""
        elif self._ended:
            return b""
        else:
            # An error is the last thing that is handed over, and so is an empty piece.
            self._ended = True
            piece = self._take_piece()
            self._ended = not piece
        self.position += len(piece)
        return piece

    def give_back(self, rest: bytes) -> None:
        """Take back the end of the piece that was handed over last: whoever comes next gets it first."""
        self._rest = rest + self._rest
        self.position -= len(rest)

    def _take_piece(self) -> bytes:
        """The next piece that is made; the thread that makes it is started here, where it is sure to be joined."""
        if self._thread is None and self.position >= BYTES_WITHOUT_THREAD:
            # Known before it starts, as Ctrl-C may come meanwhile.
            self._thread = threading.Thread(
                target=self._inflater.hand_over, args=(self._made,), name="pictologics-inflate", daemon=True
            )
            try:
                self._thread.start()
            except (RuntimeError, MemoryError):
                # "can't start new thread": the calling one goes on.
                self._thread = None
        return next(self._made, b"") if self._thread is None else self._inflater.take()

    def check_end(self) -> None:
        """Follow the stream to its end: gzip's and zlib's checksums come last (RFC 1952 2.3.1, RFC 1950 2.2)."""
        limit = self.position + LONGEST_TAIL
        while self.position < limit and self.next_piece():
            continue


class Inflater:
    """Makes the pieces of a stream, a few of them ahead of whoever takes them.

    Attributes:
        packing: How it is compressed, in truth once the first bytes were read.
        has_more: Whether other bytes follow the stream; known at its end.
    """

    def __init__(self, file: StoredFile, packing: Packing, start: int) -> None:
        self.file = file
        self.packing = packing
        self.start = start
        self.has_more = False
        # A bounded queue is written in Python, and both threads would wait for its locks; these two are written in C.
        self.pieces: queue.SimpleQueue[bytes | BaseException] = queue.SimpleQueue()
        self.room: queue.SimpleQueue[None] = queue.SimpleQueue()
        self.stopped = threading.Event()
        for _ in range(PIECES_AHEAD):
            self.room.put(None)

    def stop(self) -> None:
        """Let the thread end."""
        self.stopped.set()
        # It may wait for room before it sees that it is to stop.
        self.room.put(None)

    def take(self) -> bytes:
        """The next piece that the thread hands over, or the error that ended it."""
        # Each piece that is taken makes room for one more: no more than PIECES_AHEAD are ever in memory.
        item = self.pieces.get()
        self.room.put(None)
        if isinstance(item, BaseException):
            raise item
        return item

    def hand_over(self, made: Iterator[bytes]) -> None:
        """What the thread does: inflate, and hand over the pieces and then an empty one, or the error."""
        try:
            for piece in made:
                self.room.get()
                self.pieces.put(piece)
            self.pieces.put(b"")
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            # Whatever it is: who takes the pieces would wait for ever for a thread that ends without a word.
            self.pieces.put(error)

    def inflate(self) -> Generator[bytes, None, None]:
        """The pieces of every member of the file, none of them empty.

        Raises:
            CorruptFileError: If the data is damaged or ends too early.
            FileAccessError: If the file cannot be read, or there is no memory.
        """
        try:
            with self.file.open() as source:
                reader = SequentialReader(source, self.start)
                pending = reader.read()
                if self.packing == "zlib" and is_gzip(pending):
                    self.packing = "gzip"
                self.check_beginning(pending)
                while not self.stopped.is_set():
                    pending = yield from self.inflate_member(reader, pending)
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
        except EOFError as error:
            raise self.damage_error("ends too early") from error
        except MemoryError as error:
            raise FileAccessError(
                f"its {self.packing} data cannot be inflated, as there is no memory left",
                path=self.file.name,
                advice="close other programs, or load it on a machine with more memory",
            ) from error
        except (CorruptFileError, FileAccessError):
            raise
        except UNPACK_ERRORS as error:
            raise self.damage_error(f"is damaged ({error})") from error

    def check_beginning(self, pending: bytes) -> None:
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

    def inflate_member(self, reader: SequentialReader, pending: bytes) -> Generator[bytes, None, bytes]:
        """Inflate one stream, of gzip a member; returns the bytes that follow it."""
        unpacker = UNPACKERS[self.packing]()
        while not unpacker.eof and not self.stopped.is_set():
            if unpacker.needs_input and not pending:
                pending = reader.read()
                if not pending:
                    raise EOFError
            piece = unpacker.decompress(pending, BYTES_PER_PIECE)
            pending = b""
            if piece:
                yield piece
        return bytes(unpacker.unused_data)

    def damage_error(self, how: str) -> CorruptFileError:
        """The error for data that is not what it should be."""
        return CorruptFileError(f"its {self.packing} data {how}", path=self.file.name, advice="fetch the file again")


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


def count_deflated(compressed: bytes, most: int) -> int:
    """Count the bytes that a raw deflate stream holds, without keeping them, up to the first count beyond ``most``."""
    inflater, pending, count = isal_zlib.decompressobj(RAW_DEFLATE), compressed, 0
    try:
        while count <= most and (piece := inflater.decompress(pending, BYTES_PER_PIECE)):
            count += len(piece)
            pending = inflater.unconsumed_tail
    except INFLATE_ERRORS:
        # Whoever inflates it to keep it says so.
        return count
    return count


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

    @property
    def has_ended(self) -> bool:
        """Whether the last block of the stream was inflated."""
        return bool(self._inflater.eof)

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

    def check_end(self, position: int) -> None:
        """Inflate the stream to its end, if that is not far behind a position: damage is seen there at the latest."""
        self.read_at(position, LONGEST_TAIL)
