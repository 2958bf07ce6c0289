"""The array of an OME-Zarr image as a file of numbers one after another, of which only the chunks needed are read."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import CorruptFileError, UnsupportedFormatError
from ...provenance import Decision
from ...storage.expansion import check_expansion
from ...storage.files import ClosesOnExit
from .chunk_files import LARGEST_CHUNK, survey_chunks
from .chunk_watching import watch_chunks
from .slabs import SlabShelf
from .zarr_edge import refuse_zarr_errors

__all__ = ["ZarrArrayFile", "check_chunks"]

SPARSE_BYTES = 1 << 30
"""Bytes of an array that may be there without chunks: a larger one whose chunks are mostly missing is no image."""


class ZarrArrayFile:
    """An array as a file that can be opened.

    Attributes:
        name: The folder of the array.
        array: The array of zarr.
    """

    def __init__(self, name: str, array: Any) -> None:
        self.name = name
        self.array = array
        self.shape = tuple(int(size) for size in array.shape)
        self.size = prod(self.shape) * array.dtype.itemsize
        self.plane_bytes = prod(self.shape[-2:]) * array.dtype.itemsize
        self.depth = self.shape[-3] if len(self.shape) > 2 else 1
        self.thickness = int((array.shards or array.chunks)[-3]) if len(self.shape) > 2 else 1
        self.shelf = SlabShelf(self.inflate_slab, min(self.thickness, self.depth) * self.plane_bytes)

    def __reduce__(self) -> tuple[type[ZarrArrayFile], tuple[str, Any]]:
        """What travels to another process: layers that are in memory, and their lock, do not."""
        return ZarrArrayFile, (self.name, self.array)

    def open(self) -> OpenZarrArray:
        """Open it for reading."""
        return OpenZarrArray(self)

    def inflate_slab(self, volume: int, layer: int) -> npt.NDArray[np.uint8]:
        """Inflate a layer of chunks of one volume."""
        low = layer * self.thickness
        place = np.unravel_index(volume, self.shape[:-3]) if len(self.shape) > 3 else ()
        layers = [slice(low, min(low + self.thickness, self.depth))] if len(self.shape) > 2 else []
        across = [slice(0, size) for size in self.shape[-2:]]
        numbers = self.inflate_box([*(slice(int(at), int(at) + 1) for at in place), *layers, *across])
        return numbers.reshape(-1).view(np.uint8)

    def inflate_box(self, box: Sequence[slice]) -> npt.NDArray[Any]:
        """Inflate the chunks that a box of the array touches.

        Args:
            box: From where to where along each axis, slowest first.

        Raises:
            CorruptFileError: If a chunk is damaged, or would hold far more than the array has room for.
        """
        sizes = [int(size) for size in self.array.shards or self.array.chunks]
        chunks = [range(part.start // size, (part.stop - 1) // size + 1) for part, size in zip(box, sizes, strict=True)]
        with (
            watch_chunks(self.array, self.name, chunks),
            refuse_zarr_errors(self.name, "a chunk of it is cut off or damaged"),
        ):
            return np.ascontiguousarray(self.array[tuple(box)])


class OpenZarrArray(ClosesOnExit):
    """The numbers of an array, the last axis fastest; layers of chunks are inflated as they are asked for.

    A layer is all that lies in the same chunks along the axis before the last two: that is how planes are read. One
    thread at a time reads from it; the layers are shared with all others that are open.
    """

    def __init__(self, stored: ZarrArrayFile) -> None:
        self.stored = stored
        self.name = stored.name
        self.size = stored.size
        self.key: tuple[int, int] | None = None
        self.slab = np.empty(0, np.uint8)
        self.is_open = True
        stored.shelf.enter()

    def close(self) -> None:
        """Give back what was taken."""
        if self.is_open:
            self.is_open = False
            self.give_back()
            self.stored.shelf.leave()

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        buffer = np.empty(max(min(count, self.size - offset), 0), np.uint8)
        self.fill(offset, buffer)
        return buffer.tobytes()

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Read as many bytes as the buffer has, straight into it."""
        stored, done = self.stored, 0
        while done < buffer.size:
            plane = (offset + done) // stored.plane_bytes
            volume, height = divmod(plane, stored.depth)
            layer = height // stored.thickness
            slab = self.take_slab(volume, layer)
            start = (offset + done) - (volume * stored.depth + layer * stored.thickness) * stored.plane_bytes
            piece = slab[start : start + buffer.size - done]
            buffer[done : done + piece.size] = piece
            done += piece.size

    def take_slab(self, volume: int, layer: int) -> npt.NDArray[np.uint8]:
        """The bytes of a layer of chunks of one volume."""
        if self.key != (volume, layer):
            self.give_back()
            self.slab = self.stored.shelf.take((volume, layer))
            self.key = (volume, layer)
        return self.slab

    def give_back(self) -> None:
        """Hold no layer any longer."""
        key, self.key, self.slab = self.key, None, np.empty(0, np.uint8)
        if key is not None:
            self.stored.shelf.give_back(key)


def check_chunks(array: Any, path: str, is_complete: bool, is_label_map: bool) -> tuple[Decision, ...]:
    """Make sure that an array is there before memory is taken for it.

    Zarr leaves out chunks that hold nothing but the fill value, so that a chunk that got lost looks the same. Files
    written here have every chunk.

    Args:
        array: The array of zarr.
        path: Its folder.
        is_complete: Whether every chunk was written.
        is_label_map: Whether it may be empty, so that no chunk is there.

    Returns:
        What is said of missing chunks.

    Raises:
        CorruptFileError: If chunks are missing that must be there, or hold far more than their size.
        UnsupportedFormatError: If a chunk is too large, or the array holds no real numbers.
    """
    sizes = tuple(int(size) for size in array.shape)
    chunk = check_chunk_size(array, sizes, path)
    grid = tuple(ceil(size / step) for size, step in zip(sizes, chunk, strict=True))
    expected, total = prod(grid), prod(sizes) * array.dtype.itemsize
    found = survey_chunks(path, grid)
    needed = min(total, found.count * prod(chunk) * array.dtype.itemsize)
    check_expansion(path, found.size, needed, f"{found.count} chunks of {prod(chunk)} numbers")
    if found.count >= expected:
        return ()
    is_none = not found.count and not is_label_map
    if is_complete or is_none or (total > SPARSE_BYTES and found.count < expected / 2):
        raise CorruptFileError(
            f"{expected - found.count} of its {expected} chunks are missing",
            path=path,
            advice="fetch it again",
            missing=expected - found.count,
            chunks=expected,
        )
    text = (
        f"{expected - found.count} of its {expected} chunks are not there; OME-Zarr leaves out what holds its fill "
        f"value, {array.fill_value}, and that was taken"
    )
    return (Decision("assumed", text, expected - found.count, "content"),)


def check_chunk_size(array: Any, sizes: tuple[int, ...], path: str) -> tuple[int, ...]:
    """Refuse what holds no real numbers, or chunks that are too large; else, the lengths of a chunk."""
    dtype = array.dtype
    chunk = tuple(int(size) for size in array.shards or array.chunks)
    if dtype.kind not in "biuf" or not sizes or min(*sizes, *chunk) < 1:
        raise UnsupportedFormatError(
            f"its array has the type {dtype} and the shape {sizes}, and real numbers are required",
            path=path,
            advice="convert it with the software that made it",
        )
    if prod(chunk) * dtype.itemsize > LARGEST_CHUNK:
        raise UnsupportedFormatError(
            f"a chunk of it takes {prod(chunk) * dtype.itemsize} bytes, and {LARGEST_CHUNK} is the limit",
            path=path,
            advice="write it again in smaller chunks",
        )
    return chunk
