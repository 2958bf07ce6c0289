"""Segmentations of 3D Slicer (``.seg.nrrd``): their segments, for the reader of NRRD."""

from __future__ import annotations

import re
from typing import Final

from ...formats.nrrd.opening import NrrdFile, open_nrrd
from ...formats.nrrd.segmentation import (
    SlicerSegmentation,
    find_segmentation,
    read_slicer_label_map,
    read_slicer_masks,
)
from ...formats.nrrd.segments import list_segments
from ...formats.volume_layout import find_slice_sources
from ...image import Image
from ...labels import report_overlaps
from ...provenance import Provenance, SliceSource
from ..protocol import Probe, SegmentFacts, SegmentOptions, Source
from .choosing import choose_numbers

__all__ = [
    "SLICER_SEGMENTATION",
    "holds_nrrd_segments",
    "list_nrrd_segments",
    "read_nrrd_label_map",
    "read_nrrd_segments",
]

SLICER_SEGMENTATION: Final = "3D Slicer segmentation"
"""What messages and the provenance call the format."""

SEGMENT_KEY_LINE: Final = re.compile(rb"\nSegment(?:\d+_[A-Za-z]+|ation_[A-Za-z]+):=")
"""A key of a segment, such as ``Segment0_Name``, or of the whole, such as ``Segmentation_ReferenceImageExtentOffset``,
at the beginning of a line of the header."""


def holds_nrrd_segments(probe: Probe) -> bool:
    """Whether a NRRD file has keys that describe segments, or is called ``.seg.nrrd`` where these come late."""
    return probe.suffix in {".seg.nrrd", ".seg.nhdr"} or SEGMENT_KEY_LINE.search(probe.head) is not None


def list_nrrd_segments(source: Source) -> list[SegmentFacts]:
    """Say what is known of each segment, from the header alone."""
    opened = open_nrrd(source.files[0])
    segments = list_segments(
        opened.header.keys, opened.layout.volumes, source.path, may_be_empty=opened.facts.is_saved_here
    )
    return [segment.facts() for segment in segments]


def read_nrrd_segments(source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
    """Read segments onto the grid of the file: a label map or, with ``combine=False``, a mask for each number."""
    opened = open_nrrd(source.files[0])
    segmentation = find_segmentation(opened)
    numbers = choose_numbers(list(segmentation.names), options.numbers, source.path)
    chosen = segmentation.only(numbers)
    if options.combine:
        return read_nrrd_label_map(opened, chosen, source.path)
    names = chosen.names
    images = {}
    masks, decisions = read_slicer_masks(chosen)
    for number, mask in masks.items():
        slices = tuple(
            stored if k in mask.planes else SliceSource("", position=stored.position)
            for k, stored in enumerate(list_layer_sources(opened, chosen, number))
        )
        images[number] = Image.from_grid(
            mask.array,
            opened.facts.grid,
            modality="SEG",
            metadata=dict(opened.facts.metadata),
            labels={1: names[number]},
            provenance=Provenance(source.path, SLICER_SEGMENTATION, slices, (*opened.decisions, *decisions)),
        )
    return images


def read_nrrd_label_map(opened: NrrdFile, segmentation: SlicerSegmentation, path: str) -> Image:
    """Read segments into one label map.

    Args:
        opened: The file.
        segmentation: The segments that are wanted of it.
        path: The source, for the provenance.
    """
    found = read_slicer_label_map(segmentation)
    decisions = (*opened.decisions, *found.decisions, *report_overlaps(found.overlaps, segmentation.names, found.array))
    return Image.from_grid(
        found.array,
        opened.facts.grid,
        modality="SEG",
        metadata=dict(opened.facts.metadata),
        labels=segmentation.names,
        provenance=Provenance(
            path, SLICER_SEGMENTATION, find_slice_sources(opened.layout, opened.facts.grid), decisions
        ),
    )


def list_layer_sources(opened: NrrdFile, segmentation: SlicerSegmentation, number: int) -> tuple[SliceSource, ...]:
    """Where each plane of a segment's layer came from."""
    layer = next(segment.layer for segment in segmentation.segments if segment.number == number)
    return find_slice_sources(opened.layout.at(layer), opened.facts.grid)
