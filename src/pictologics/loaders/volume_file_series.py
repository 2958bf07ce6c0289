"""VolumeFile -> all its volumes, of which one at a time is read: what NIfTI, NRRD, MetaImage and OME-Zarr share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..formats.noted_voxels import read_noted_volume
from ..formats.series_axes import find_file_axes
from ..formats.unpacked import are_interleaved, find_whole_layout, unpack_layout
from ..formats.volume_file import VolumeFile
from ..image import Image
from ..provenance import Decision
from ..storage.kept_stream import KeptStream
from .protocol import ReadOptions, Source
from .volume_file_loading import load_volume_file

__all__ = ["FileSeries"]


class FileSeries:
    """All volumes of a file; see ``OpenedSeries``."""

    def __init__(self, opened: VolumeFile, source: Source, name: str) -> None:
        self.opened, self.source, self.name = opened, source, name
        self.axes = find_file_axes(opened)
        volumes = opened.layout.volumes
        self.numbers = np.arange(volumes, dtype=np.intp).reshape([len(axis) for axis in self.axes])
        self.labels = tuple(map(opened.name_volume, range(volumes)))
        self.grid = opened.facts.grid
        self.modality = opened.facts.modality
        self.decisions: tuple[Decision, ...] = opened.decisions
        # The numbers of a voxel are an axis of the series: no volume is left out.
        self.told = frozenset() if opened.parts is None else frozenset({opened.parts.decision})
        self.kept = KeptStream()

    def read(self, number: int, options: ReadOptions) -> Image:
        """Read one volume; a compressed file stays open behind it, until its last volume is read."""
        return self.read_from(self.opened, number, options, self.kept)

    def read_from(self, opened: VolumeFile, number: int, options: ReadOptions, kept: KeptStream) -> Image:
        """Read one volume, and close the stream behind the last one."""
        chosen = replace(options, dataset_index=number)
        image = load_volume_file(opened, self.source, self.name, chosen, kept)
        if number == opened.layout.volumes - 1:
            kept.close()
        return image

    def iterate(self, numbers: Sequence[int], options: ReadOptions) -> Iterator[Image]:
        """Read volumes one after another, in one pass of a compressed file as long as their numbers ascend."""
        opened, kept = self.opened, KeptStream()
        if len(numbers) > 1 and are_interleaved(opened.layout):
            layout, decisions = unpack_layout(opened.layout)
            opened = replace(opened, layout=layout, decisions=(*opened.decisions, *decisions))
        try:
            for number in numbers:
                yield self.read_from(opened, number, options, kept)
        finally:
            kept.close()

    def read_together(self, options: ReadOptions) -> tuple[npt.NDArray[Any], tuple[Decision, ...]] | None:
        """All volumes at once, if they follow one another in the file and none has voxels without data."""
        layout, facts = self.opened.layout, self.opened.facts
        together = find_whole_layout(layout)
        if together is None or facts.packed_mask or (facts.voxels is not None and facts.voxels.fill):
            return None
        voxels = read_noted_volume(together, facts, options.dtype)
        return voxels.array.reshape(layout.volumes, *layout.shape[::-1]), voxels.decisions

    def close(self) -> None:
        """Close the stream that is open."""
        self.kept.close()
