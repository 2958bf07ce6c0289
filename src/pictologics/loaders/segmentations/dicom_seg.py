"""DICOM SEG as a kind of segmentation file: binary, fractional, and label maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy.typing as npt

from ...dicom.frames.frame import LABEL_MAP_STORAGE, SEGMENTATION_STORAGE
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
from ...dicom.segmentation.segmentation_header import SURFACE_STORAGE, DicomSegmentation, open_segmentation
from ...errors import (
    CorruptFileError,
    GeometryError,
    OptionError,
    UnsupportedFormatError,
)
from ...image import Image
from ...provenance import Decision, Provenance, SliceSource
from ..protocol import (
    Description,
    Probe,
    Source,
    VolumeInfo,
)
from .protocol import SegmentFacts, SegmentOptions, chosen_numbers

__all__ = ["DicomSegKind", "describe_segmentation", "load_label_map"]

NAME: Final = "DICOM SEG"
CLASSES: Final = frozenset({SEGMENTATION_STORAGE, LABEL_MAP_STORAGE, SURFACE_STORAGE})


class DicomSegKind:
    """Segmentation Storage and Label Map Segmentation Storage; surfaces are recognized and refused."""

    name = NAME

    def matches(self, probe: Probe) -> bool:
        """Whether the source is a DICOM file of a segmentation class."""
        return probe.source.kind == "file" and probe.sop_class in CLASSES

    def segments(self, source: Source) -> list[SegmentFacts]:
        """What is known of each segment, from the header alone."""
        return [segment.facts() for segment in open_segmentation(source.files[0]).segments]

    def load(self, source: Source, options: SegmentOptions) -> Image | dict[int, Image]:
        """Read segments onto the grid of the file."""
        if options.combine:
            return load_label_map(source, options)
        segmentation, numbers, layers = opened(source, options)
        volumes: dict[int, npt.NDArray[Any]]
        if segmentation.kind == "LABELMAP":
            volumes = {**read_stored_masks(segmentation, layers, numbers)}
        elif segmentation.kind == "FRACTIONAL" and options.threshold is None:
            volumes = read_fraction_volumes(segmentation, layers, numbers)
        else:
            volumes = read_segment_masks(segmentation, layers, numbers, options.threshold or 1.0)
        decisions = (*layers.decisions, *decisions_of(segmentation, options))
        names = segmentation.names(numbers)
        return {
            number: image_of(
                volume,
                segmentation,
                layers,
                {1: names[number]},
                None if segmentation.kind == "LABELMAP" else number,
                decisions,
                source.path,
            )
            for number, volume in volumes.items()
        }


def load_label_map(source: Source, options: SegmentOptions) -> Image:
    """Read segments into one label map, or their largest fraction."""
    segmentation, numbers, layers = opened(source, options)
    labels = segmentation.names(numbers)
    if segmentation.kind == "LABELMAP":
        made = read_stored_label_map(segmentation, layers, numbers)
    elif segmentation.kind == "FRACTIONAL" and options.threshold is None:
        made, labels = LabelMap(read_largest_fraction(segmentation, layers, numbers), ()), {}
    else:
        made = read_segment_label_map(segmentation, layers, numbers, options.threshold or 1.0)
    decisions = (*layers.decisions, *decisions_of(segmentation, options), *made.decisions)
    return image_of(made.array, segmentation, layers, labels, None, decisions, source.path)


def opened(source: Source, options: SegmentOptions) -> tuple[DicomSegmentation, tuple[int, ...], Layers]:
    """The file, the segments that are wanted of it, and where its frames lie."""
    segmentation = open_segmentation(source.files[0])
    numbers = chosen_numbers(segmentation.numbers, options.numbers, source.path)
    return (
        segmentation,
        numbers,
        find_layers(segmentation, None if options.reference is None else options.reference.grid),
    )


def decisions_of(segmentation: DicomSegmentation, options: SegmentOptions) -> list[Decision]:
    """What was decided beside where the planes lie."""
    decisions = []
    if segmentation.kind == "FRACTIONAL":
        fractions = segmentation.header.text(tags.SEGMENTATION_FRACTIONAL_TYPE).lower() or "fraction"
        if options.threshold is None:
            text = f"stored numbers were divided by {segmentation.maximum} to give the {fractions}"
        else:
            text = f"voxels of a {fractions} of {options.threshold:g} or more belong to a segment"
        decisions.append(Decision("converted", text, options.threshold))
    return decisions


def image_of(
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
    }
    return Image.from_grid(
        array,
        layers.grid,
        modality="SEG",
        metadata={name: value for name, value in facts.items() if value},
        labels=labels,
        provenance=Provenance(path, NAME, slices, tuple(decisions)),
    )


def describe_segmentation(source: Source, name: str) -> Description:
    """What the header says: the segments, and where they lie or why they do not load."""
    segmentation = open_segmentation(source.files[0])
    header = segmentation.header
    names = segmentation.names(segmentation.numbers)
    info = VolumeInfo(
        name,
        header.text(tags.MODALITY) or "SEG",
        header.text(tags.SERIES_DESCRIPTION),
        header.text(tags.SERIES_INSTANCE_UID) or None,
        header.text(tags.SERIES_NUMBER),
        labels=tuple(names.items()),
    )
    return Description((with_place(info, segmentation),))


def with_place(info: VolumeInfo, segmentation: DicomSegmentation) -> VolumeInfo:
    """The description of a segmentation with where its planes lie."""
    try:
        layers = find_layers(segmentation)
    except (CorruptFileError, GeometryError, OptionError, UnsupportedFormatError) as error:
        return replace(info, notes=(error.found,), loads=False)
    grid = layers.grid
    return replace(
        info,
        shape=grid.shape,
        spacing=grid.spacing,
        orientation=grid.orientation,
        notes=tuple(one.text for one in layers.decisions),
        is_default=True,
    )
