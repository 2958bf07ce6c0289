"""What a DICOM file names as its images: series, objects and frames of reference, from its header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...errors import CorruptFileError
from ..headers import tags
from ..headers.header import Header
from ..headers.sequence_parser import Item, read_items
from ..segmentation.source_frames import read_source_frames
from .series_kinds import SeriesKind

__all__ = ["References", "find_references"]

TO_IMAGES = frozenset(
    {
        tags.RT_REFERENCED_STUDY_SEQUENCE,
        tags.RT_REFERENCED_SERIES_SEQUENCE,
        tags.CONTOUR_SEQUENCE,
        tags.CONTOUR_IMAGE_SEQUENCE,
    }
)
"""The ways of a structure set to its images, from the frame of reference or from each contour (DICOM PS3.3 C.8.8.5)."""

TO_OBJECTS = (tags.REFERENCED_RT_PLAN_SEQUENCE, tags.REFERENCED_STRUCTURE_SET_SEQUENCE)
"""A dose names its plan, and a plan its structure set (C.8.8.3, C.8.8.10); a dose may also name that."""


@dataclass(frozen=True)
class References:
    """UIDs that files name.

    Attributes:
        series: Of series.
        instances: Of objects, where no series is named.
        frames: Of frames of reference that are named beside the file's own.
    """

    series: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()


def find_references(headers: Sequence[Header], kind: SeriesKind) -> References:
    """What the files of a series name as their images, each UID once.

    A file whose sequences cannot be followed names nothing.
    """
    found = [find_file_references(header, kind) for header in headers]
    series = unique(uid for references in found for uid in references.series)
    return References(
        series,
        () if series else unique(uid for references in found for uid in references.instances),
        unique(uid for references in found for uid in references.frames),
    )


def find_file_references(header: Header, kind: SeriesKind) -> References:
    """What one file names."""
    try:
        if kind == "RTSTRUCT":
            return find_structure_references(header)
        series = read_texts(header, tags.REFERENCED_SERIES_SEQUENCE, tags.SERIES_INSTANCE_UID)
        if series:
            return References(series)
        if kind == "SEG":
            count = header.integer(tags.NUMBER_OF_FRAMES) or 1
            return References(
                instances=unique(source.instance for source in read_source_frames(header, count) if source)
            )
        return References(
            instances=tuple(
                uid for tag in TO_OBJECTS for uid in read_texts(header, tag, tags.REFERENCED_SOP_INSTANCE_UID)
            )
        )
    except CorruptFileError:
        return References()


def find_structure_references(header: Header) -> References:
    """What a structure set names; the images of each contour are only asked for where it names no series."""
    items = read_items(header, tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE, TO_IMAGES)
    frames = unique(item.text(tags.FRAME_OF_REFERENCE_UID) for item in items)
    series = unique(
        item.text(tags.SERIES_INSTANCE_UID) for item in find_items(items, tags.RT_REFERENCED_SERIES_SEQUENCE)
    )
    if series:
        return References(series, frames=frames)
    images = unique(
        item.text(tags.REFERENCED_SOP_INSTANCE_UID) for item in find_items(items, tags.CONTOUR_IMAGE_SEQUENCE)
    )
    if not images:
        contours = read_items(header, tags.ROI_CONTOUR_SEQUENCE, TO_IMAGES)
        images = unique(
            item.text(tags.REFERENCED_SOP_INSTANCE_UID) for item in find_items(contours, tags.CONTOUR_IMAGE_SEQUENCE)
        )
    return References(instances=images, frames=frames)


def read_texts(header: Header, sequence: int, tag: int) -> tuple[str, ...]:
    """The values of an attribute in the items of a sequence of a file, each once."""
    return unique(item.text(tag) for item in read_items(header, sequence)) if sequence in header.located else ()


def find_items(items: Iterable[Item], wanted: int) -> Iterator[Item]:
    """All items of one sequence inside some items, however deep."""
    for item in items:
        for tag, inner in item.sequences.items():
            if tag == wanted:
                yield from inner
            yield from find_items(inner, wanted)


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts that are not empty, each once, in their order."""
    return tuple(filter(None, dict.fromkeys(texts)))
