"""All volumes of an array at once: those that follow one another, and those that lie between one another."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from ..provenance import Decision
from ..storage.files import MemoryFile
from .volume_layout import FilePart, VolumeLayout, find_volume_runs
from .voxel_reading import read_volume

__all__ = ["are_interleaved", "find_whole_layout", "unpack_layout"]

LARGEST_UNPACKED = 1 << 31
"""Bytes of stored numbers that are held in memory at most: of more, each volume is inflated by itself."""


def are_interleaved(layout: VolumeLayout) -> bool:
    """Whether a compressed array ought to be unpacked: its volumes do not follow one another, and it is not too large.

    Such are vectors, colors and the series of 3D Slicer, where the numbers of one voxel lie side by side.
    """
    if layout.volumes < 2 or all(part.encoding in ("raw", "text", "hex") for part in layout.parts):
        return False
    runs = find_volume_runs(layout)
    last = int(runs.starts[-1]) + runs.span
    follows = last <= int(find_volume_runs(layout.at(1)).starts[0])
    return not follows and prod(layout.sizes) * layout.stored.itemsize <= LARGEST_UNPACKED


def find_whole_layout(layout: VolumeLayout) -> VolumeLayout | None:
    """The layout of all volumes as one, a single row of numbers; None if they do not follow one another."""
    spatial = tuple(range(len(layout.spatial)))
    return join_axes(layout) if layout.spatial == spatial and layout.box is None else None


def join_axes(layout: VolumeLayout) -> VolumeLayout:
    """The layout of all stored numbers, as one row."""
    return replace(layout, sizes=(prod(layout.sizes),), spatial=(0,), index=0, box=None)


def unpack_layout(layout: VolumeLayout) -> tuple[VolumeLayout, tuple[Decision, ...]]:
    """Read the stored numbers of all volumes into memory, and say where they are now and what was passed over."""
    plain = replace(join_axes(layout), slope=1.0, intercept=0.0)
    numbers, decisions = read_volume(plain, layout.stored.newbyteorder("="))
    held = np.ascontiguousarray(numbers.ravel(order="F").astype(layout.stored, copy=False))
    file = MemoryFile(layout.name, held.tobytes())
    return replace(layout, parts=(FilePart(file, held.nbytes),)), decisions
