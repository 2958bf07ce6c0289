"""Where the voxels of a volume are: numbers one after another, in one file or several.

NIfTI, NRRD and MetaImage have this in common. Where a file holds several volumes, or several numbers for each voxel,
only the one asked for is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from math import prod
from operator import mul
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..errors import CorruptFileError
from ..geometry import Grid
from ..provenance import Decision, SliceSource
from ..storage.expansion import check_expansion, find_most_expanded
from ..storage.files import StoredFile
from ..storage.inflation import MOST_PACKED, Packing
from .text_numbers import find_decimal_room, find_hexadecimal_room

__all__ = [
    "MORE_BYTES",
    "CropLayout",
    "Encoding",
    "FilePart",
    "Runs",
    "VolumeLayout",
    "check_file_sizes",
    "find_slice_sources",
    "is_surplus",
]

Encoding = Packing | Literal["raw", "text", "hex"]
"""How numbers are written: as they are, compressed, or as decimal or hexadecimal text."""


MORE_BYTES = Decision("left out", "bytes that follow its voxels were ignored", None, "content")
"""Said of files that go on behind what their header describes; its sizes may be too small."""

MOST_PADDING = 512
"""Bytes: to a multiple of as many, tapes and some programs fill up a file."""

BYTES_OF_A_PLANE = 512
"""Memory that the provenance of a plane takes, about."""

LEAST_SURPLUS = 16
"""Bytes: fewer are a line end, or padding to a word."""


@dataclass(frozen=True)
class FilePart:
    """A stretch of stored numbers in one file.

    Attributes:
        file: The file.
        size: How many bytes of numbers it holds.
        start: Where in the file they, or the compressed stream that holds them, begin; below zero, nowhere.
        encoding: How they are written.
        skip: Of a compressed stream, bytes of its content that come before them. Below zero they are counted from
            the content's end: -1 where nothing follows them, -2 where one byte does, and so on.
    """

    file: StoredFile
    size: int
    start: int = 0
    encoding: Encoding = "raw"
    skip: int = 0


@dataclass(frozen=True)
class VolumeLayout:
    """How a volume is stored: as some of the axes of an array, whose numbers are in one file or several.

    Attributes:
        name: The file that describes it, for messages.
        stored: Type of the stored numbers, byte order included.
        sizes: Length of every axis, fastest first.
        spatial: Numbers of the one to three axes that span the volume, ascending.
        index: Which volume; the other axes count through them, the faster axis first.
        parts: Where the numbers of the whole array are, in order.
        slope: Factor to apply.
        intercept: Term to apply.
        box: Of the spatial axes, the first number that counts and how many do; None for all.
    """

    name: str
    stored: np.dtype[np.generic]
    sizes: tuple[int, ...]
    spatial: tuple[int, ...]
    index: int
    parts: tuple[FilePart, ...]
    slope: float = 1.0
    intercept: float = 0.0
    box: tuple[tuple[int, int], ...] | None = None

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """(x, y, z); an axis that is missing has one voxel."""
        x, y, z = ([count for _, count in self.spans] + [1, 1])[:3]
        return x, y, z

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Of each spatial axis, the first number that counts and how many do."""
        return self.box or tuple((0, self.sizes[axis]) for axis in self.spatial)

    @property
    def volumes(self) -> int:
        """How many volumes there are."""
        return prod(size for axis, size in enumerate(self.sizes) if axis not in self.spatial)

    @cached_property
    def runs(self) -> Runs:
        """Which numbers of the whole array make the volume; ``check_file_sizes`` comes first."""
        return find_volume_runs(self)

    def at(self, index: int) -> VolumeLayout:
        """Another volume of the same array."""
        return replace(self, index=index)

    def cropped(self, start: Sequence[int], shape: Sequence[int]) -> VolumeLayout:
        """A box of the same volume, which lies within it.

        Args:
            start: Its first voxel, (x, y, z).
            shape: Voxels along (x, y, z).
        """
        return replace(self, box=tuple(zip(start, shape, strict=True))[: len(self.spatial)])


CropLayout = Callable[[VolumeLayout, Sequence[int], Sequence[int]], VolumeLayout]
"""Makes the layout of a box, by its first voxel and its shape, out of that of a volume."""


@dataclass(frozen=True)
class Runs:
    """Which of the stored numbers make a volume: runs of equal length, within which every n-th number counts.

    Attributes:
        starts: The first number of each run, ascending.
        length: How many numbers of a run count.
        stride: How far one is from the next; what lies between belongs to other volumes.
    """

    starts: npt.NDArray[np.int64]
    length: int
    stride: int

    @property
    def span(self) -> int:
        """Stored numbers from the first to the last number of a run, both included."""
        return (self.length - 1) * self.stride + 1


def find_volume_runs(layout: VolumeLayout) -> Runs:
    """Which numbers of the whole array make the volume, x fastest; ``check_file_sizes`` comes first."""
    sizes, spatial, index, spans = layout.sizes, layout.spatial, layout.index, layout.spans
    steps = [1, *accumulate(sizes, mul)]
    # The index counts volumes through the axes that are not spatial, the faster axis first: its digits in that base.
    first = 0
    for axis, size in enumerate(sizes):
        if axis not in spatial:
            index, at = divmod(index, size)
            first += at * steps[axis]
    first += sum(start * steps[axis] for axis, (start, _) in zip(spatial, spans, strict=True))
    # Axes that follow one another without anything between them are one run.
    inner = 1
    while (
        inner < len(spatial)
        and steps[spatial[inner]] == steps[spatial[inner - 1] + 1]
        and spans[inner - 1][1] == sizes[spatial[inner - 1]]
    ):
        inner += 1
    # The slower spatial axes repeat the run, each at every step of the faster ones.
    starts = np.array([first], np.int64)
    for axis, (_, count) in zip(spatial[inner:], spans[inner:], strict=True):
        starts = (starts + np.arange(count, dtype=np.int64)[:, None] * steps[axis]).ravel()
    return Runs(starts, prod(count for _, count in spans[:inner]), steps[spatial[0]])


def check_file_sizes(layout: VolumeLayout) -> tuple[Decision, ...]:
    """Make sure that the files can hold what their header says, before memory is taken for it.

    Returns:
        What is said if they hold more.

    Raises:
        CorruptFileError: If a file is too small.
    """
    count, total = len(layout.parts), 0
    has_more = False
    for part in layout.parts:
        with part.file.open() as file:
            size = file.size
        total += size
        needed = max(part.start, 0) + max(part.skip, 0) + part.size
        # A compressed file may be small; no more can be in it than its compression can at best shrink.
        room = find_room(part, size - part.start, layout.stored.itemsize)
        if room < part.size or part.start < 0:
            volumes = f"{layout.volumes} volume{'s' * (layout.volumes != 1)} of shape {layout.shape}"
            share = f" in each of {count} files" if count > 1 else ""
            packing = "" if part.encoding == "raw" else f" ({part.encoding})"
            raise CorruptFileError(
                f"its header says {volumes} and type {layout.stored.name}, {needed} bytes{share}, "
                f"and the file has {size}{packing}",
                path=part.file.name,
                advice="it was cut off when it was copied, or its header is wrong; fetch it again",
                needed=needed,
                size=size,
            )
        # Behind an offset into another file something of that file's own may follow.
        is_own = part.start == 0 or part.file.name == layout.name
        has_more |= part.encoding == "raw" and is_own and is_surplus(layout, size - part.start - part.size)
    check_layout_expansion(layout, total)
    return (MORE_BYTES,) if has_more else ()


def check_layout_expansion(layout: VolumeLayout, size: int) -> None:
    """Refuse an array, or a volume of so many planes, that is out of proportion to the size of its files."""
    dtype, planes = layout.stored, layout.shape[2]
    written = sum(part.size + max(part.skip, 0) for part in layout.parts)
    if max(written, planes * BYTES_OF_A_PLANE) <= find_most_expanded(size):
        return
    volumes = f"{layout.volumes} volume{'s' * (layout.volumes != 1)} of shape {layout.shape} and type {dtype.name}"
    check_expansion(layout.name, size, written, volumes)
    check_expansion(layout.name, size, planes * BYTES_OF_A_PLANE, f"{planes} planes and what is noted of each")


def is_surplus(layout: VolumeLayout, size: int) -> bool:
    """Whether so many bytes behind the voxels are more than padding: a plane, so that a size may be wrong, or a lot."""
    x, y, _ = layout.shape
    return size >= min(MOST_PADDING, max(x * y * layout.stored.itemsize, LEAST_SURPLUS))


def find_room(part: FilePart, size: int, itemsize: int) -> int:
    """The most bytes of numbers that so many bytes of a file can hold."""
    if part.encoding == "raw":
        return size
    if part.encoding == "text":
        return find_decimal_room(size, itemsize)
    if part.encoding == "hex":
        return find_hexadecimal_room(size)
    return size * MOST_PACKED[part.encoding] - max(part.skip, 0)


def find_slice_sources(layout: VolumeLayout, grid: Grid) -> tuple[SliceSource, ...]:
    """Where each plane of a volume came from; the planes of a file are counted through all volumes in it."""
    runs, (x, y, planes) = layout.runs, layout.shape
    edges = np.cumsum([0, *(part.size for part in layout.parts)])
    per_plane = x * y * runs.stride
    indices = np.zeros((planes, 3))
    indices[:, 2] = np.arange(planes)
    positions = grid.index_to_world(indices).tolist()
    # Where a plane's first number lies decides which file it is in.
    run, at = np.divmod(np.arange(planes) * (x * y), runs.length)
    firsts = (runs.starts[run] + at * runs.stride) * layout.stored.itemsize
    parts = np.searchsorted(edges, firsts, side="right") - 1
    frames = (firsts - edges[parts]) // (per_plane * layout.stored.itemsize)
    names = [part.file.name for part in layout.parts]
    return tuple(
        SliceSource(names[part], frame, None, tuple(position), layout.slope, layout.intercept)
        for part, frame, position in zip(parts.tolist(), frames.tolist(), positions, strict=True)
    )
