"""StoredVolume -> voxels, converted while they are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import prod
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import CorruptFileError
from ..rescaling import exact_float, rescale_into
from ..storage.files import OpenFile
from ..storage.inflation import MOST_PACKED, InflatedStream, Packing
from ..threads import run_in_shares
from .stored_volume import Part, StoredVolume, runs_of
from .text_numbers import from_decimal, from_hexadecimal

__all__ = ["read_volume"]

# Small enough to stay in a core's cache between reading and converting.
CHUNK = 1 << 20


def read_volume(volume: StoredVolume, dtype: np.dtype[Any] | None) -> npt.NDArray[Any]:
    """Read a volume; ``check_size`` comes first.

    Args:
        volume: What to read.
        dtype: Type of the voxels; None for the smallest float type that holds every stored value exactly.

    Returns:
        Voxels of shape (x, y, z) in Fortran order.

    Raises:
        CorruptFileError: If the files hold less than their header says, or compressed data is damaged.
        OptionError: If ``dtype`` is an integer type that cannot hold the values.
    """
    try:
        flat = np.empty(prod(volume.shape), exact_float(volume.stored) if dtype is None else dtype)
    except (MemoryError, ValueError) as error:
        # numpy says ValueError where not even the number of bytes fits a word.
        raise CorruptFileError(
            f"its header says shape {volume.shape}, for which there is no memory", path=volume.name
        ) from error
    encodings = {part.encoding for part in volume.parts}
    if encodings & {"text", "hex"}:
        parts = tuple(from_text(part, volume.stored) for part in volume.parts)
        read_in_parallel(replace(volume, parts=parts), flat)
    elif encodings == {"raw"}:
        read_in_parallel(volume, flat)
    else:
        read_inflating(volume, flat)
    return flat.reshape(volume.shape, order="F")


def from_text(part: Part, stored: np.dtype[np.generic]) -> Part:
    """A part whose numbers are text as one that holds them as they are, in memory."""
    with part.file.open() as file:
        text = file.read_at(part.start, file.size)
    if part.encoding == "hex":
        return Part(from_hexadecimal(text, part.size, part.file.name), part.size)
    return Part(from_decimal(text, stored, part.size // stored.itemsize, part.file.name), part.size)


class JoinedParts:
    """The bytes of plain parts one after another; one file is open at a time."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.edges = np.cumsum([0, *(part.size for part in parts)])
        self.number = -1
        self.file: OpenFile | None = None

    def __enter__(self) -> JoinedParts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.file is not None:
            self.file.close()

    def fill(self, offset: int, buffer: npt.NDArray[np.uint8]) -> None:
        """Read as many bytes as the buffer has, from an offset into all of them."""
        done = 0
        while done < buffer.size:
            at = offset + done
            number = int(np.searchsorted(self.edges, at, side="right")) - 1
            count = min(buffer.size - done, int(self.edges[number + 1]) - at)
            start = self.parts[number].start + at - int(self.edges[number])
            self.opened(number).fill(start, buffer[done : done + count])
            done += count

    def opened(self, number: int) -> OpenFile:
        """The file of a part, open."""
        if self.file is None or number != self.number:
            if self.file is not None:
                self.file.close()
            self.file, self.number = self.parts[number].file.open(), number
        return self.file


def read_in_parallel(volume: StoredVolume, flat: npt.NDArray[Any]) -> None:
    """Read plain files: each thread reads, converts and writes its own stretch."""
    runs, itemsize = runs_of(volume), volume.stored.itemsize
    stride, length = runs.stride, runs.length
    per_chunk = max(CHUNK // (itemsize * stride), 1)
    per_run = -(-length // per_chunk)
    straight = flat.dtype == volume.stored and stride == 1 and (volume.slope, volume.intercept) == (1.0, 0.0)

    def read_share(share: Iterable[int]) -> None:
        buffer = np.empty(min(per_chunk, length) * stride, volume.stored)
        with JoinedParts(volume.parts) as parts:
            for k in share:
                run, chunk = divmod(k, per_run)
                low, high = chunk * per_chunk, min((chunk + 1) * per_chunk, length)
                target = flat[run * length + low : run * length + high]
                # After the last number of a run nothing more has to be there.
                stored = target if straight else buffer[: (high - low - 1) * stride + 1]
                parts.fill((int(runs.starts[run]) + low * stride) * itemsize, stored.view(np.uint8))
                if not straight:
                    rescale_into(target, stored[::stride], volume.slope, volume.intercept, volume.name)

    run_in_shares(read_share, per_run * len(runs.starts))


class RunFiller:
    """Takes a stream of stored bytes and puts those of a volume into place.

    Args:
        volume: What is read.
        flat: Where the values go.
    """

    def __init__(self, volume: StoredVolume, flat: npt.NDArray[Any]) -> None:
        self.volume = volume
        self.runs = runs_of(volume)
        self.flat = flat
        self.run = 0
        self.done = 0
        self.rest = b""

    @property
    def next_byte(self) -> int | None:
        """Where the next byte that counts lies, None when the volume is complete."""
        runs = self.runs
        if self.run == len(runs.starts):
            return None
        number = int(runs.starts[self.run]) + self.done * runs.stride
        return number * self.volume.stored.itemsize + len(self.rest)

    def take(self, piece: bytes) -> int:
        """Use bytes that begin at ``next_byte``; returns how many were used, all of them or the rest of a run."""
        stored, runs = self.volume.stored, self.runs
        had = len(self.rest)
        if had:
            piece = self.rest + piece
        step = stored.itemsize * runs.stride
        wanted = runs.length - self.done
        # The last number of a run is not followed by those of the other volumes.
        count = min((len(piece) + step - stored.itemsize) // step, wanted)
        if count:
            numbers = np.frombuffer(piece, stored, min(len(piece) // stored.itemsize, count * runs.stride))
            first = self.run * runs.length + self.done
            target = self.flat[first : first + count]
            rescale_into(target, numbers[:: runs.stride], self.volume.slope, self.volume.intercept, self.volume.name)
            self.done += count
        if self.done == runs.length:
            self.run, self.done, self.rest = self.run + 1, 0, b""
            return min((count - 1) * step + stored.itemsize, len(piece)) - had
        used = min(count * step, len(piece))
        self.rest = b"" if used == len(piece) else bytes(piece[used:])
        return len(piece) - had


def read_inflating(volume: StoredVolume, flat: npt.NDArray[Any]) -> None:
    """Read compressed files: another thread inflates, this one converts into place."""
    filler = RunFiller(volume, flat)
    before = 0
    for part in volume.parts:
        wanted = filler.next_byte
        if wanted is None:
            break
        if wanted < before + part.size and part.encoding in MOST_PACKED:
            inflate_part(part, part.encoding, filler, before)
        before += part.size


def inflate_part(part: Part, packing: Packing, filler: RunFiller, before: int) -> None:
    """Take what counts out of one compressed file.

    After its last number the stream is followed to its end, so that its checksum counts.

    Args:
        part: The file.
        packing: How it is compressed.
        filler: Takes the bytes.
        before: Bytes of the parts before this one.
    """
    with InflatedStream(part.file, packing, part.start) as stream:
        wanted = filler.next_byte
        while wanted is not None and wanted < before + part.size:
            stream.skip_to(part.skip + wanted - before)
            piece = stream.next_piece()
            if not piece:
                raise CorruptFileError(
                    f"its {packing} stream ends after {stream.position} bytes and {part.skip + part.size} are needed",
                    path=part.file.name,
                    advice="it was cut off when it was copied; fetch it again",
                )
            begun = stream.position - len(piece)
            piece = piece[: part.skip + part.size - begun]
            while piece and wanted is not None and wanted - before + part.skip < begun + len(piece):
                piece = piece[wanted - before + part.skip - begun :]
                begun = wanted - before + part.skip
                used = filler.take(piece)
                piece, begun = piece[used:], begun + used
                wanted = filler.next_byte
        if part.skip + part.size - stream.position < filler.runs.stride * filler.volume.stored.itemsize:
            stream.check_end()
