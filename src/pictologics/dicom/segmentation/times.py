"""Tells apart the times at which frames of a segmentation were drawn, where its planes repeat.

Frames of several times lie on the same planes; their Frame Content or Temporal Position says when (DICOM PS3.3
C.7.6.16.2.2, C.7.6.16.2.18).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ...checks import volume_index_error
from ...errors import UnsupportedFormatError
from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.header import Header
from ..headers.sequence_parser import read_items
from .source_frames import SourceFrame, read_source_frames

__all__ = ["TIME_TAGS", "ShownFrame", "TimePoint", "choose_time", "split_times"]

TIME_TAGS: Final = (
    tags.TEMPORAL_POSITION_INDEX,
    tags.TEMPORAL_POSITION_TIME_OFFSET,
    tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE,
    tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME,
    tags.DIMENSION_INDEX_VALUES,
)
"""What may tell the times of frames apart, from the most to the least specific."""

LABELS: Final = ("Time {:g}", "Time {:g} s", "Phase {:g}%", "Trigger time {:g} ms")
"""What a person is told of a value of each of them but the last, which counts other things."""

OF_PLACE_OR_SEGMENT: Final = frozenset({0, 0x0062000B, 0x00200032, 0x00200037, 0x00209057})
"""Dimensions that are no times: none, ReferencedSegmentNumber, ImagePositionPatient, ImageOrientationPatient,
InStackPositionNumber."""


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """A frame, with what it shows.

    Attributes:
        number: Which frame of the file, from 0.
        segment: Which segment.
        slot: On which plane of the grid.
        times: Raw values of ``TIME_TAGS``.
    """

    number: int
    segment: int
    slot: int
    times: tuple[bytes | None, ...]


@dataclass(frozen=True)
class TimePoint:
    """The frames of one time, and what a person calls it."""

    label: str
    frames: frozenset[int]


@dataclass(frozen=True)
class Feature:
    """A value of each frame that may tell times apart: its values by frame, and their words."""

    values: Sequence[float | None]
    describe: Callable[[float], str]


def split_times(header: Header, shown: Sequence[ShownFrame]) -> list[TimePoint]:
    """Split frames into times, if a segment has several frames on one plane and something tells them apart.

    Args:
        header: The file.
        shown: All its frames, in the order of the file.

    Returns:
        The times in ascending order; one that holds all frames if no plane repeats, or nothing tells repeated frames
        apart.

    Raises:
        UnsupportedFormatError: If repeated frames have different sources, and nothing says which of them belong
            together.
    """
    everything = [TimePoint("", frozenset(range(len(shown))))]
    keys: list[tuple[float, ...]] = [() for _ in shown]
    labels: list[list[str]] = [[] for _ in shown]
    repeated = list_repeated(shown, keys)
    if not repeated:
        return everything
    for feature in read_features(header, shown):
        if not any(len({feature.values[k] for k in group}) > 1 for group in repeated):
            continue
        for k, value in enumerate(feature.values):
            # Frames without a value are a time of their own, before the others.
            keys[k] += (float("-inf") if value is None else value,)
            labels[k].append("no time" if value is None else feature.describe(value))
        repeated = list_repeated(shown, keys)
        if not repeated:
            break
    if repeated:
        ranks = rank_by_source(header, shown, keys)
        keys = [(*key, rank) for key, rank in zip(keys, ranks, strict=True)]
        if any(ranks):
            labels = [[*label, f"Volume {rank + 1}"] for label, rank in zip(labels, ranks, strict=True)]
    times: defaultdict[tuple[float, ...], list[int]] = defaultdict(list)
    for k, key in enumerate(keys):
        times[key].append(k)
    if len(times) == 1:
        return everything
    return [TimePoint(", ".join(labels[times[key][0]]), frozenset(times[key])) for key in sorted(times)]


def list_repeated(shown: Sequence[ShownFrame], keys: Sequence[tuple[float, ...]]) -> list[list[int]]:
    """List the frames that show one segment on one plane at one time, where there are several."""
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for k, frame in enumerate(shown):
        groups[frame.slot, frame.segment, keys[k]].append(k)
    return [group for group in groups.values() if len(group) > 1]


def read_features(header: Header, shown: Sequence[ShownFrame]) -> list[Feature]:
    """Read what may tell times apart."""
    features = []
    for place, (tag, label) in enumerate(zip(TIME_TAGS[:-1], LABELS, strict=True)):
        read = [read_numbers(header, tag, frame.times[place]) for frame in shown]
        features.append(Feature([numbers[0] if numbers else None for numbers in read], label.format))
    indices = [read_numbers(header, TIME_TAGS[-1], frame.times[-1]) for frame in shown]
    # By their pointers alone: dimensions stand in any order, and without a pointer mean nothing (PS3.3 C.7.6.17.1).
    pointers = [read_pointer(item) for item in read_items(header, tags.DIMENSION_INDEX_SEQUENCE)]
    for place, pointer in enumerate(pointers):
        if pointer not in OF_PLACE_OR_SEGMENT:
            label = "Time {:g}" if pointer == tags.TEMPORAL_POSITION_INDEX else "Volume {:g}"
            features.append(Feature([row[place] if place < len(row) else None for row in indices], label.format))
    return features


def read_numbers(header: Header, tag: int, raw: bytes | None) -> tuple[float, ...]:
    """Read the numbers of an attribute of a frame; none where it holds something else."""
    if not raw:
        return ()
    return Attributes(header.path, {tag: raw}, header.little_endian).try_numbers(tag) or ()


def read_pointer(item: Attributes) -> int:
    """Read to which attribute a dimension points."""
    group, element = (int(part) for part in (*(item.try_numbers(tags.DIMENSION_INDEX_POINTER) or ()), 0, 0)[:2])
    return group << 16 | element


def rank_by_source(header: Header, shown: Sequence[ShownFrame], keys: Sequence[tuple[float, ...]]) -> list[int]:
    """Number the frames of each plane by the source frames that they were drawn on: 0 if nothing tells them apart."""
    sources = read_source_frames(header, len(shown))
    order = {source: k for k, source in enumerate(dict.fromkeys(sources))}
    on_plane: defaultdict[tuple[object, ...], set[tuple[int, SourceFrame]]] = defaultdict(set)
    for frame, source, key in zip(shown, sources, keys, strict=True):
        if source is not None:
            # Instances in the order of the file, and their frames by number.
            first = min(order[other] for other in order if other is not None and other.instance == source.instance)
            on_plane[frame.slot, key].add((first, source))
    counts = {len(found) for found in on_plane.values()}
    if counts <= {1}:
        return [0] * len(shown)
    lacking = sum(source is None for source in sources)
    if len(counts) > 1 or lacking:
        raise UnsupportedFormatError(
            "frames of different source images lie on one plane, and nothing says which of them belong together: there "
            f"are {', '.join(map(str, sorted(counts)))} sources on a plane, and {lacking} frames name none",
            path=header.path,
            advice="export each time as a file of its own, or with a TemporalPositionIndex",
        )
    ranked = {key: sorted(found) for key, found in on_plane.items()}
    return [
        next(rank for rank, (_, other) in enumerate(ranked[frame.slot, key]) if other == source)
        for frame, source, key in zip(shown, sources, keys, strict=True)
    ]


def choose_time(times: Sequence[TimePoint], index: int, path: str) -> TimePoint:
    """Choose the time that ``dataset_index`` counts."""
    if index >= len(times):
        raise volume_index_error(index, len(times), "the segmentation", path)
    return times[index]
