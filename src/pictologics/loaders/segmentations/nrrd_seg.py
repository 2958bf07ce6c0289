"""Segmentations of 3D Slicer (``.seg.nrrd``) as a kind of segmentation file."""

from __future__ import annotations

import re
from typing import Final

from ...formats.nrrd.layout import MAGIC
from ...formats.nrrd.opening import OpenedNrrd, open_nrrd
from ...formats.nrrd.segmentation import (
    Segmentation,
    read_label_map,
    read_masks,
    segmentation_of,
)
from ...formats.nrrd.segments import segments_of
from ...formats.stored_volume import slice_sources
from ...image import Image
from ...labels import overlap_decisions
from ...provenance import Decision, Provenance, SliceSource
from ..protocol import Probe, Source
from .protocol import SegmentFacts, SegmentOptions, chosen_numbers

__all__ = ["NrrdSegKind", "label_map_of"]

NAME: Final = "3D Slicer segmentation"
KEY = re.compile(rb"\nSegment(?:\d+_[A-Za-z]+|ation_[A-Za-z]+):=")


class NrrdSegKind:
    """NRRD files whose keys describe segments."""

    name = NAME

    def matches(self, probe: Probe) -> bool:
        """Whether the source is a NRRD file with such keys, or called ``.seg.nrrd`` where these come late."""
        is_nrrd = probe.source.kind == "file" and probe.head.startswith(MAGIC)
        is_named = probe.suffix in {".seg.nrrd", ".seg.nhdr"}
        return is_nrrd and (is_named or KEY.search(probe.head) is not None)

    def segments(self, source: Source) -> list[SegmentFacts]:
        """What is known of each segment, from the header alone."""
        opened = open_nrrd(source.files[0])
        return [one.facts() for one in segments_of(opened.header.keys, opened.volume.volumes, source.path)]

    def load(self, source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
        """Read segments onto the grid of the file."""
        opened = open_nrrd(source.files[0])
        segmentation = segmentation_of(opened)
        numbers = chosen_numbers(list(segmentation.names), options.numbers, source.path)
        chosen = segmentation.only(numbers)
        if options.combine:
            return label_map_of(opened, chosen, source.path)
        names = chosen.names
        images = {}
        for number, mask in read_masks(chosen).items():
            slices = tuple(
                one if k in mask.planes else SliceSource("", position=one.position)
                for k, one in enumerate(sources_of(opened, chosen, number))
            )
            images[number] = Image.from_grid(
                mask.array,
                opened.note.grid,
                modality="SEG",
                metadata=dict(opened.note.metadata),
                labels={1: names[number]},
                provenance=Provenance(source.path, NAME, slices, opened.decisions),
            )
        return images


def label_map_of(opened: OpenedNrrd, segmentation: Segmentation, path: str) -> Image:
    """Read segments into one label map.

    Args:
        opened: The file.
        segmentation: The segments that are wanted of it.
        path: The source, for the provenance.
    """
    labels, overlaps = read_label_map(segmentation)
    decisions: tuple[Decision, ...] = (*opened.decisions, *overlap_decisions(overlaps, segmentation.names))
    return Image.from_grid(
        labels,
        opened.note.grid,
        modality="SEG",
        metadata=dict(opened.note.metadata),
        labels=segmentation.names,
        provenance=Provenance(path, NAME, slice_sources(opened.volume, opened.note.grid), decisions),
    )


def sources_of(opened: OpenedNrrd, segmentation: Segmentation, number: int) -> tuple[SliceSource, ...]:
    """Where each plane of a segment's layer came from."""
    layer = next(one.layer for one in segmentation.segments if one.number == number)
    return slice_sources(opened.volume.at(layer), opened.note.grid)
