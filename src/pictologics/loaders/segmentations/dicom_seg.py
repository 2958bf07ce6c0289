"""DICOM SEG -> images: binary and fractional segments, and label maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy.typing as npt

from ...dicom.headers import tags
from ...dicom.segmentation.label_maps import read_stored_label_map, read_stored_masks
from ...dicom.segmentation.layers import Layers, find_first_frames, find_layers
from ...dicom.segmentation.masks import (
    LabelMap,
    read_fraction_volumes,
    read_largest_fraction,
    read_segment_label_map,
    read_segment_masks,
)
from ...dicom.segmentation.segmentation_header import DicomSegmentation, open_segmentation
from ...errors import (
    CorruptFileError,
    GeometryError,
    OptionError,
    UnsupportedFormatError,
)
from ...image import Image
from ...labels import choose_label_type
from ...provenance import Decision, Provenance, SliceSource
from ..protocol import (
    Description,
    SegmentOptions,
    Source,
    VolumeInfo,
    describe_grid,
)
from .choosing import choose_numbers

__all__ = ["DICOM_SEG", "describe_seg", "read_seg_label_map", "read_seg_masks"]

DICOM_SEG: Final = "DICOM SEG"
"""What messages and the provenance call the format."""


def read_seg_masks(source: Source, options: SegmentOptions) -> dict[int, Image]:
    """Read each segment by itself: a binary mask, or its fractions where no threshold is given."""
    segmentation, numbers, layers = open_chosen(source, options)
    volumes: dict[int, npt.NDArray[Any]]
    if segmentation.kind == "LABELMAP":
        volumes = {**read_stored_masks(segmentation, layers, numbers)}
    elif segmentation.kind == "FRACTIONAL" and options.threshold is None:
        volumes = read_fraction_volumes(segmentation, layers, numbers)
    else:
        volumes = read_segment_masks(segmentation, layers, numbers, options.threshold or 1.0)
    decisions = (*layers.decisions, *decide_fractions(segmentation, options))
    names = segmentation.names(numbers)
    return {
        number: make_seg_image(
            volume,
            segmentation,
            layers,
            {1: names[number]},
            # A plane of a stored label map shows all segments.
            None if segmentation.kind == "LABELMAP" else number,
            decisions,
            source.path,
        )
        for number, volume in volumes.items()
    }


def read_seg_label_map(source: Source, options: SegmentOptions) -> Image:
    """Read segments into one label map, or their largest fraction."""
    segmentation, numbers, layers = open_chosen(source, options)
    labels = segmentation.names(numbers)
    if segmentation.kind == "LABELMAP":
        made = read_stored_label_map(segmentation, layers, numbers)
    elif segmentation.kind == "FRACTIONAL" and options.threshold is None:
        made, labels = LabelMap(read_largest_fraction(segmentation, layers, numbers), ()), {}
    else:
        made = read_segment_label_map(segmentation, layers, numbers, options.threshold or 1.0)
    decisions = (*layers.decisions, *decide_fractions(segmentation, options), *made.decisions)
    return make_seg_image(made.array, segmentation, layers, labels, None, decisions, source.path)


def open_chosen(source: Source, options: SegmentOptions) -> tuple[DicomSegmentation, tuple[int, ...], Layers]:
    """The file, the segments that are wanted of it, and where its frames lie."""
    segmentation = open_segmentation(source.files[0])
    numbers = choose_numbers(segmentation.numbers, options.numbers, source.path)
    return (
        segmentation,
        numbers,
        find_layers(segmentation, options.reference, options.dataset_index),
    )


def decide_fractions(segmentation: DicomSegmentation, options: SegmentOptions) -> list[Decision]:
    """What became of the fractions, if the segments are fractional."""
    decisions = []
    if segmentation.kind == "FRACTIONAL":
        fractions = segmentation.header.text(tags.SEGMENTATION_FRACTIONAL_TYPE).lower() or "fraction"
        if options.threshold is None:
            text = f"stored numbers were divided by {segmentation.maximum} to give the {fractions}"
        else:
            text = f"voxels of a {fractions} of {options.threshold:g} or more belong to a segment"
        decisions.append(Decision("converted", text, options.threshold))
    return decisions


def make_seg_image(
    array: npt.NDArray[Any],
    segmentation: DicomSegmentation,
    layers: Layers,
    labels: dict[int, str],
    segment: int | None,
    decisions: Sequence[Decision],
    path: str,
) -> Image:
    """An image of voxels of a segmentation.

    Args:
        array: The voxels.
        segmentation: The file.
        layers: Where its frames lie.
        labels: What the values stand for.
        segment: The segment whose frames made it; None for all.
        decisions: What was decided.
        path: The source, for the provenance.
    """
    header = segmentation.header
    frames = find_first_frames(layers, segment)
    uid = header.text(tags.SOP_INSTANCE_UID) or None
    places = layers.grid.index_to_world([[0, 0, k] for k in range(layers.grid.shape[2])]).tolist()
    slices = tuple(
        SliceSource(header.path, frames[k], uid, tuple(place))
        if k in frames
        else SliceSource("", position=tuple(place))
        for k, place in enumerate(places)
    )
    facts = {
        "series_instance_uid": header.text(tags.SERIES_INSTANCE_UID),
        "frame_of_reference_uid": header.text(tags.FRAME_OF_REFERENCE_UID),
        "series_description": header.text(tags.SERIES_DESCRIPTION),
        "series_number": header.text(tags.SERIES_NUMBER),
        "phase": layers.time.label,
    }
    return Image.from_grid(
        array,
        layers.grid,
        modality="SEG",
        metadata={name: value for name, value in facts.items() if value},
        labels=labels,
        provenance=Provenance(path, DICOM_SEG, slices, tuple(decisions)),
    )


def describe_seg(source: Source, name: str) -> Description:
    """Say where the segments lie and what they are called, or why they do not load.

    Args:
        source: The file.
        name: Name of the reader.
    """
    segmentation = open_segmentation(source.files[0])
    header = segmentation.header
    info = VolumeInfo(
        name,
        header.text(tags.MODALITY) or "SEG",
        header.text(tags.SERIES_DESCRIPTION),
        header.text(tags.SERIES_INSTANCE_UID) or None,
        header.text(tags.SERIES_NUMBER),
        labels=tuple(segmentation.names(segmentation.numbers).items()),
    )
    return Description(tuple(describe_times(info, segmentation)))


def describe_times(info: VolumeInfo, segmentation: DicomSegmentation) -> list[VolumeInfo]:
    """Say of each time of a segmentation where its planes lie, or why it does not load."""
    try:
        layers = find_layers(segmentation)
    except (CorruptFileError, GeometryError, OptionError, UnsupportedFormatError) as error:
        return [replace(info, notes=(error.found,), loads=False)]
    grid = layers.grid
    notes = tuple(decision.text for decision in layers.decisions)
    return [
        replace(
            info,
            phase=time.label,
            **describe_grid(grid),
            stored_type=f"uint{segmentation.header.short(tags.BITS_ALLOCATED)}",
            loaded_type=choose_label_type(max(segmentation.numbers, default=0)).name,
            dataset_index=index,
            options=(("dataset_index", index),) if index else (),
            notes=notes if index == 0 else (),
            is_default=index == 0,
        )
        for index, time in enumerate(layers.times)
    ]
