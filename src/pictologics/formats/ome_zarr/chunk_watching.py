"""Chunks that are about to be read: how much they say that they hold, and whether they stay as they are.

Zarr hands a chunk to its codec, and compares what comes back with what the array says only then. Zstandard and its like
shrink zeros by tens of thousands: a file of 65 KB would take gigabytes, and most of a minute, before it is refused.
"""

from __future__ import annotations

import bz2
import lzma
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from math import ceil, prod
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...errors import CorruptFileError
from ...storage.files import DiskFile, OpenFile
from ...storage.paths import read_status

__all__ = ["watch_chunks"]

SLACK: Final = 8
"""Times as many bytes as a chunk has numbers for: filters of Zarr 2 may store other types than the array has."""

ZSTANDARD_FRAME: Final = b"\x28\xb5\x2f\xfd"
"""What a frame begins with (RFC 8878 3.1.1)."""

LONGEST_FRAME_HEAD: Final = 18
"""Bytes before its first block."""

REPEATED, COMPRESSED = 1, 2
"""Kinds of blocks: one byte repeated, and one that is really compressed (RFC 8878 3.1.1.2.2)."""

LARGEST_BLOCK: Final = 1 << 17
"""Bytes that one block can hold (RFC 8878 3.1.1.2.4)."""

SMALL_BLOCK: Final = 64
"""Bytes of a compressed block that may hold a thousand times as many."""

ALWAYS_POSSIBLE: Final = 1 << 26
"""Bytes that no chunk is refused for because it only may hold them."""


@dataclass(frozen=True)
class StoredChunk:
    """A compressed chunk, in a file of its own or in a shard.

    Attributes:
        file: The open file.
        offset: Where it begins.
        size: Its bytes.
    """

    file: OpenFile
    offset: int
    size: int

    def read(self, count: int) -> bytes:
        """Its first bytes."""
        return self.file.read_at(self.offset, min(count, self.size))


Measure = Callable[[StoredChunk, int], int]
"""Tells how many bytes a chunk holds, as far as more than a number of them count."""


@contextmanager
def watch_chunks(array: Any, folder: str, layer: Sequence[range]) -> Iterator[None]:
    """Check the chunks that the block reads: that none would hold far too much, and that none changes meanwhile.

    Zarr takes one that has just gone for one that was never there, and fills its place.

    Args:
        array: The array of zarr.
        folder: Its folder.
        layer: Of each axis, the numbers of the chunks, or of the shards.

    Raises:
        CorruptFileError: If one would hold more than the array has room for in it, or was replaced, written to or
            removed.
    """
    paths = [Path(folder, array.metadata.encode_chunk_key(place)) for place in product(*layer)]
    before = [identify(path) for path in paths]
    measure = find_measure(array)
    for path, found in zip(paths, before, strict=True):
        # What is not there is told, or filled, elsewhere.
        if measure is not None and found is not None:
            check_packed_file(array, path, measure)
    yield
    for path, found in zip(paths, before, strict=True):
        if identify(path) != found:
            raise CorruptFileError(
                "the file was replaced, written to or removed while it was read", path=path, advice="load it again"
            )


def identify(path: Path) -> tuple[int, ...] | None:
    """What tells whether a file is another one, or was written to; None if there is none."""
    status = read_status(path)
    if status is None or not stat.S_ISREG(status.st_mode):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def check_packed_file(array: Any, path: Path, measure: Measure) -> None:
    """Refuse a file of chunks one of which would hold far more than the array has room for."""
    most = SLACK * prod(int(size) for size in array.chunks) * array.dtype.itemsize
    with DiskFile(path).open() as file:
        for chunk in list_chunks(array, file):
            found = measure(chunk, most)
            if found > most:
                raise CorruptFileError(
                    f"a chunk of it holds {found} bytes or more, and the array has room for {most // SLACK}",
                    path=path,
                    advice="fetch it again",
                )


def find_measure(array: Any) -> Measure | None:
    """What tells how much a chunk of an array holds; None where deflate, or nothing, bounds what it can be."""
    codecs = array.compressors
    name = type(codecs[-1]).__name__.lower() if codecs else ""
    return next((measure for start, measure in MEASURES.items() if name.startswith(start)), None)


def list_chunks(array: Any, file: OpenFile) -> Iterator[StoredChunk]:
    """The chunks in a file: one, or those of a shard."""
    if array.shards is None:
        yield StoredChunk(file, 0, file.size)
        return
    codec = array.metadata.codecs[0]
    kinds = [type(inner).__name__ for inner in getattr(codec, "index_codecs", ())]
    count = prod(ceil(outer / inner) for outer, inner in zip(array.shards, array.chunks, strict=True))
    if kinds not in (["BytesCodec"], ["BytesCodec", "Crc32cCodec"]):
        # Nobody compresses an index of a few bytes for each chunk.
        return
    length = 16 * count
    at_start = getattr(codec.index_location, "value", codec.index_location) == "start"
    offset = 0 if at_start else file.size - length - 4 * (len(kinds) - 1)
    content = file.read_at(max(offset, 0), length)
    if len(content) < length:
        # The library says that it is cut off.
        return
    order = "<u8" if getattr(codec.index_codecs[0].endian, "value", "little") == "little" else ">u8"
    for start, size in np.frombuffer(content, order).reshape(-1, 2):
        # Those that are not there, or lie outside of a file that was cut off, are the library's to tell.
        if int(start) + int(size) <= file.size:
            yield StoredChunk(file, int(start), int(size))


def measure_zstandard(chunk: StoredChunk, most: int) -> int:
    """Bytes that a frame of Zstandard says that it holds, or that its blocks do (RFC 8878 3.1.1)."""
    head = chunk.read(LONGEST_FRAME_HEAD)
    if len(head) < 6 or not head.startswith(ZSTANDARD_FRAME):
        return 0
    descriptor = head[4]
    is_single, width = descriptor >> 5 & 1, (0, 2, 4, 8)[descriptor >> 6]
    start = 6 - is_single + (0, 1, 2, 4)[descriptor & 3]
    width = width or is_single
    if width:
        return int.from_bytes(head[start : start + width], "little") + (256 if width == 2 else 0)
    return count_zstandard_blocks(chunk.read(chunk.size), start, most)


def count_zstandard_blocks(content: bytes, position: int, most: int) -> int:
    """Bytes that the blocks of a frame hold which does not say so itself.

    Blocks that are stored, or one byte repeated, say how many bytes they are. One that is compressed does not; as a few
    bytes it can hold a whole block, which counts only where that would be a lot.
    """
    held = possible = 0
    is_last = False
    while not is_last and position + 3 <= len(content) and held <= most:
        head = int.from_bytes(content[position : position + 3], "little")
        is_last, kind, size = bool(head & 1), head >> 1 & 3, head >> 3
        position += 3 + (1 if kind == REPEATED else size)
        if kind == COMPRESSED:
            possible += LARGEST_BLOCK if size < SMALL_BLOCK else 0
        else:
            held += size
    return held + possible if held <= most and held + possible > max(most, ALWAYS_POSSIBLE) else held


def measure_blosc(chunk: StoredChunk, most: int) -> int:
    """Bytes that a chunk of Blosc says that it holds."""
    return int.from_bytes(chunk.read(8)[4:], "little")


def measure_lz4(chunk: StoredChunk, most: int) -> int:
    """Bytes that a chunk of LZ4 says that it holds, as numcodecs writes it."""
    return int.from_bytes(chunk.read(4), "little")


def measure_bzip2(chunk: StoredChunk, most: int) -> int:
    """Bytes that a stream of bzip2 holds, as far as they count: only inflating it tells."""
    try:
        return len(bz2.BZ2Decompressor().decompress(chunk.read(chunk.size), most + 1))
    except (OSError, ValueError):
        # The codec says what is wrong with it.
        return 0


def measure_lzma(chunk: StoredChunk, most: int) -> int:
    """The same of LZMA."""
    try:
        return len(lzma.LZMADecompressor().decompress(chunk.read(chunk.size), most + 1))
    except lzma.LZMAError:
        return 0


MEASURES: Final[dict[str, Measure]] = {
    "zstd": measure_zstandard,
    "blosc": measure_blosc,
    "lz4": measure_lz4,
    "bz2": measure_bzip2,
    "lzma": measure_lzma,
}
"""By what the class of the codec begins with, in lower case."""
