"""VolumeLayout -> voxels, converted while they are read."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import prod
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import CorruptFileError
from ..provenance import Decision
from ..rescaling import find_exact_float, rescale_into
from ..storage.files import OpenFile
from ..storage.inflation import MOST_PACKED, InflatedStream, Packing
from ..storage.kept_stream import KeptStream
from ..threads import run_in_shares
from .short_runs import SHORT_RUN_STRETCH, has_short_runs, list_run_groups, pick_runs
from .text_numbers import DecodedText, decode_decimal, decode_hexadecimal
from .volume_layout import FilePart, VolumeLayout, is_surplus

__all__ = ["read_volume"]

BYTES_PER_CHUNK = 1 << 20
"""Small enough to stay in a core's cache between reading and converting."""

MORE_PACKED_BYTES = Decision("left out", "bytes that follow its compressed voxels were ignored", None, "content")
"""Said of files that go on behind a complete stream, and of streams that go on behind the voxels."""


def read_volume(
    layout: VolumeLayout, dtype: np.dtype[Any] | None, kept: KeptStream | None = None
) -> tuple[npt.NDArray[Any], tuple[Decision, ...]]:
    """Read a volume; ``check_file_sizes`` comes first.

    Args:
        layout: Where its voxels are.
        dtype: Type of the voxels; None for the smallest float type that holds every stored value exactly.
        kept: Keeps a compressed stream open for the volume that is read next; None closes it.

    Returns:
        Voxels of shape (x, y, z) in Fortran order, and what was passed over.

    Raises:
        CorruptFileError: If the files hold less than their header says, or compressed data is damaged.
        OptionError: If ``dtype`` is an integer type that cannot hold the values.
    """
    try:
        flat = np.empty(prod(layout.shape), find_exact_float(layout.stored) if dtype is None else dtype)
    except (MemoryError, ValueError) as error:
        # NumPy raises ValueError where not even the number of bytes fits a word.
        raise CorruptFileError(
            f"its header says shape {layout.shape}, which is more than there is memory for", path=layout.name
        ) from error
    decisions: tuple[Decision, ...] = ()
    # All parts of a file are written in one way; a plain one is read by many threads, a stream from its beginning on.
    encodings = {part.encoding for part in layout.parts}
    if encodings & {"text", "hex"}:
        texts = [decode_part(part, layout.stored) for part in layout.parts]
        parts = tuple(FilePart(text.numbers, part.size) for text, part in zip(texts, layout.parts, strict=True))
        decisions = tuple(dict.fromkeys(decision for text in texts for decision in text.decisions))
        read_plain(replace(layout, parts=parts), flat)
    elif encodings == {"raw"}:
        read_plain(layout, flat)
    else:
        decisions = read_inflating(layout, flat, kept)
    return flat.reshape(layout.shape, order="F"), decisions


def decode_part(part: FilePart, stored: np.dtype[np.generic]) -> DecodedText:
    """The numbers of a part that holds them as text."""
    with part.file.open() as file:
        text = file.read_at(part.start, file.size)
    if part.encoding == "hex":
        return decode_hexadecimal(text, part.size, part.file.name)
    return decode_decimal(text, stored, part.size // stored.itemsize, part.file.name)


class JoinedParts:
    """The bytes of plain parts one after another; one file is open at a time."""

    def __init__(self, parts: Sequence[FilePart]) -> None:
        self.parts = parts
        self.edges = np.cumsum([0, *(part.size for part in parts)])
        self.number = -1
        self.file: OpenFile | None = None

    def __enter__(self) -> JoinedParts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file that is open; it is forgotten first, so that nothing closes it a second time."""
        file, self.file = self.file, None
        if file is not None:
            file.close()

    def fill(self, offset: int, buffer: npt.NDArray[np.uint8]) -> None:
        """Read as many bytes as the buffer has, from an offset into all of them."""
        done = 0
        while done < buffer.size:
            at = offset + done
            number = int(np.searchsorted(self.edges, at, side="right")) - 1
            count = min(buffer.size - done, int(self.edges[number + 1]) - at)
            start = self.parts[number].start + at - int(self.edges[number])
            self.open_part(number).fill(start, buffer[done : done + count])
            done += count

    def open_part(self, number: int) -> OpenFile:
        """The file of a part, opened unless it is the one of the part before."""
        if self.file is None or number != self.number:
            self.close()
            self.file, self.number = self.parts[number].file.open(), number
        return self.file


def read_plain(layout: VolumeLayout, flat: npt.NDArray[Any]) -> None:
    """Read files whose bytes are the stored numbers."""
    runs = layout.runs
    (read_short_runs if has_short_runs(runs, layout.stored.itemsize) else read_in_parallel)(layout, flat)


def read_in_parallel(layout: VolumeLayout, flat: npt.NDArray[Any]) -> None:
    """Read plain files: each thread reads, converts and writes its own stretch."""
    runs, itemsize = layout.runs, layout.stored.itemsize
    stride, length = runs.stride, runs.length
    per_chunk = max(BYTES_PER_CHUNK // (itemsize * stride), 1)
    per_run = -(-length // per_chunk)
    # Where nothing is converted, the system writes into the result itself: no buffer, no second copy.
    straight = flat.dtype == layout.stored and stride == 1 and (layout.slope, layout.intercept) == (1.0, 0.0)

    def read_share(share: Iterable[int]) -> None:
        # Of each thread's own, and used again for each of its chunks.
        buffer = np.empty(min(per_chunk, length) * stride, layout.stored)
        with JoinedParts(layout.parts) as parts:
            for k in share:
                run, chunk = divmod(k, per_run)
                low, high = chunk * per_chunk, min((chunk + 1) * per_chunk, length)
                target = flat[run * length + low : run * length + high]
                # After the last number of a run nothing more has to be there.
                stored = target if straight else buffer[: (high - low - 1) * stride + 1]
                parts.fill((int(runs.starts[run]) + low * stride) * itemsize, stored.view(np.uint8))
                if not straight:
                    rescale_into(target, stored[::stride], layout.slope, layout.intercept, layout.name)

    run_in_shares(read_share, per_run * len(runs.starts))


def read_short_runs(layout: VolumeLayout, flat: npt.NDArray[Any]) -> None:
    """Read plain files of which short runs count: many at once, with what lies between them."""
    runs, itemsize = layout.runs, layout.stored.itemsize
    edges = list_run_groups(runs, SHORT_RUN_STRETCH // itemsize)

    def read_share(share: Iterable[int]) -> None:
        with JoinedParts(layout.parts) as parts:
            for k in share:
                low, high = edges[k], edges[k + 1]
                first = int(runs.starts[low])
                stored = np.empty(int(runs.starts[high - 1]) + runs.span - first, layout.stored)
                parts.fill(first * itemsize, stored.view(np.uint8))
                target = flat[low * runs.length : high * runs.length]
                rescale_into(target, pick_runs(stored, runs, low, high), layout.slope, layout.intercept, layout.name)

    run_in_shares(read_share, len(edges) - 1)


class RunFiller:
    """Takes a stream of stored bytes and puts those of a volume into place.

    Args:
        layout: Where the volume's numbers are.
        flat: Where the values go.
    """

    def __init__(self, layout: VolumeLayout, flat: npt.NDArray[Any]) -> None:
        self.layout = layout
        self.runs = layout.runs
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
        return number * self.layout.stored.itemsize + len(self.rest)

    def take(self, piece: bytes) -> int:
        """Use bytes that begin at ``next_byte``; returns how many were used, all of them or the rest of a run."""
        stored, runs = self.layout.stored, self.runs
        had = len(self.rest)
        if not had and not self.done:
            used = self.take_short_runs(piece)
            if used:
                return used
        if had:
            piece = self.rest + piece
        step = stored.itemsize * runs.stride
        wanted = runs.length - self.done
        # The last number of a run is not followed by those of the other volumes.
        count = min((len(piece) + step - stored.itemsize) // step, wanted)
        if count:
            # A view on the piece, whose end may be a part of a number.
            numbers = np.frombuffer(piece, stored, min(len(piece) // stored.itemsize, count * runs.stride))
            first = self.run * runs.length + self.done
            target = self.flat[first : first + count]
            rescale_into(target, numbers[:: runs.stride], self.layout.slope, self.layout.intercept, self.layout.name)
            self.done += count
        if self.done == runs.length:
            self.run, self.done, self.rest = self.run + 1, 0, b""
            return min((count - 1) * step + stored.itemsize, len(piece)) - had
        used = min(count * step, len(piece))
        # A number, or its distance to the next, may be cut by the end of a piece.
        self.rest = b"" if used == len(piece) else bytes(piece[used:])
        return len(piece) - had

    def take_short_runs(self, piece: bytes) -> int:
        """Use the runs that a piece holds whole, if they are short and several; returns how many bytes were used."""
        stored, runs, low = self.layout.stored, self.runs, self.run
        count = len(piece) // stored.itemsize
        if not has_short_runs(runs, stored.itemsize) or count <= runs.span:
            return 0
        high = int(np.searchsorted(runs.starts, runs.starts[low] + count - runs.span, side="right"))
        if high < low + 2:
            return 0
        numbers = pick_runs(np.frombuffer(piece, stored, count), runs, low, high)
        target = self.flat[low * runs.length : high * runs.length]
        rescale_into(target, numbers, self.layout.slope, self.layout.intercept, self.layout.name)
        self.run = high
        return (int(runs.starts[high - 1] - runs.starts[low]) + runs.span) * stored.itemsize


def read_inflating(
    layout: VolumeLayout, flat: npt.NDArray[Any], kept: KeptStream | None = None
) -> tuple[Decision, ...]:
    """Read compressed files: another thread inflates, this one converts into place; returns what was passed over."""
    filler = RunFiller(layout, flat)
    before = 0
    has_more = False
    for part in layout.parts:
        wanted = filler.next_byte
        if wanted is None:
            break
        if wanted < before + part.size and part.encoding in MOST_PACKED:
            has_more |= inflate_part(part, part.encoding, filler, before, kept)
        before += part.size
    return (MORE_PACKED_BYTES,) if has_more else ()


def inflate_part(
    part: FilePart, packing: Packing, filler: RunFiller, before: int, kept: KeptStream | None = None
) -> bool:
    """Take what counts out of one compressed file.

    After its last number the stream is followed to its end, so that its checksum counts.

    Args:
        part: The file.
        packing: How it is compressed.
        filler: Takes the bytes.
        before: Bytes of the parts before this one.
        kept: Keeps the stream open for what follows; None closes it.

    Returns:
        Whether bytes were found that follow the voxels or the stream.
    """
    skip = part.skip if part.skip >= 0 else find_last_bytes(part, packing)
    wanted = filler.next_byte
    with open_stream(part, packing, skip + (wanted or 0) - before, kept) as stream:
        rest = b""
        while wanted is not None and wanted < before + part.size:
            stream.skip_to(skip + wanted - before)
            piece = stream.next_piece()
            if not piece:
                raise short_stream_error(part, stream, skip + part.size)
            begun = stream.position - len(piece)
            rest = piece[skip + part.size - begun :]
            piece = piece[: skip + part.size - begun]
            while piece and wanted is not None and wanted - before + skip < begun + len(piece):
                piece = piece[wanted - before + skip - begun :]
                begun = wanted - before + skip
                used = filler.take(piece)
                piece, begun = piece[used:], begun + used
                wanted = filler.next_byte
            rest = piece + rest
        if kept is not None:
            # It may be the beginning of the next volume.
            stream.give_back(rest)
        if skip + part.size - stream.position < filler.runs.stride * filler.layout.stored.itemsize:
            stream.check_end()
            # Counted from the end, the voxels are what the header wants of a longer content.
            has_more = part.skip >= 0 and is_surplus(filler.layout, stream.position - skip - part.size)
            return stream.has_more or has_more
        return stream.has_more


@contextmanager
def open_stream(part: FilePart, packing: Packing, position: int, kept: KeptStream | None) -> Iterator[InflatedStream]:
    """The stream of a part: a new one that is closed again, or the one that is kept, which an error closes."""
    if kept is None:
        with InflatedStream(part.file, packing, part.start) as stream:
            yield stream
        return
    is_done = False
    try:
        yield kept.open(part.file, packing, part.start, position)
        is_done = True
    finally:
        if not is_done:
            kept.close()


def find_last_bytes(part: FilePart, packing: Packing) -> int:
    """How much of a stream's content comes before voxels that are counted from its end, which only inflating tells."""
    with InflatedStream(part.file, packing, part.start) as stream:
        stream.skip_to(sys.maxsize)
        # -1: the last byte of the voxels is the last one of all.
        first = stream.position - part.size + part.skip + 1
        if first < 0:
            raise short_stream_error(part, stream, part.size - part.skip - 1)
        return first


def short_stream_error(part: FilePart, stream: InflatedStream, needed: int) -> CorruptFileError:
    """The error for a stream that is sound and holds too little."""
    more = "; what follows is not one" if stream.has_more else ""
    return CorruptFileError(
        f"its {stream.packing} stream ends after {stream.position} bytes, and needs {needed}{more}",
        path=part.file.name,
        advice="its header is wrong, or something was lost when it was copied; fetch it again",
    )
