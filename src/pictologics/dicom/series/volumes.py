"""A series -> its volumes: one layout, each image once, split into phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...errors import CorruptFileError, GeometryError
from ...provenance import Decision
from ..frames.frame import Frame
from ..stacks.planes import Planes, stack_planes
from .image_series import Series
from .layouts import LeftOut, choose_layouts, group_layouts
from .phases import Phase, split_phases

__all__ = ["SeriesVolume", "find_volumes", "stack_volume"]


@dataclass(frozen=True)
class SeriesVolume:
    """The planes of one volume of a series.

    Attributes:
        phase: Its planes, and what tells it from the others.
        label: What tells it from the others in words, empty if it is the only one.
        left_out: What else the series holds.
    """

    phase: Phase
    label: str
    left_out: tuple[LeftOut, ...]

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Its planes, in no particular order."""
        return self.phase.frames

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the record of the image says of the rest of the series."""
        return tuple(rest.decision for rest in self.left_out)


def find_volumes(series: Series, path: str, only: frozenset[tuple[str, int]] | None = None) -> list[SeriesVolume]:
    """The volumes of a series, in their order.

    Args:
        series: The series.
        path: The source, for messages.
        only: The frames that are meant, by file and number; None for all.

    Raises:
        AmbiguousSeriesError: If the series holds several layouts and none is the largest.
    """
    layouts, others = choose_layouts(group_layouts(series, only), path)
    phases: list[Phase] = []
    repeated: list[LeftOut] = []
    # Copies go first: a slice that was sent twice would look like a position that repeats.
    for number, layout in enumerate(layouts, 1):
        frames, copies = drop_duplicates(layout.frames)
        repeated += copies
        found = split_phases(frames)
        if len(layouts) > 1:
            found = [name_stack(phase, number, len(found)) for phase in found]
        phases += found
    if len(phases) == 1:
        return [SeriesVolume(phases[0], "", (*others, *repeated))]
    return [
        SeriesVolume(phase, phase.label, (*others, *repeated, compare_phases(phases, index)))
        for index, phase in enumerate(phases)
    ]


def stack_volume(volume: SeriesVolume, frames: Sequence[Frame], irregular: str, path: str) -> Planes:
    """The planes of a volume on their grid.

    Args:
        volume: The volume.
        frames: Its frames, or the same ones rescaled.
        irregular: What to do with planes that do not form a regular grid.
        path: The source, for messages.

    Raises:
        GeometryError: If they do not form a regular grid; it also names what of the series was left out, as a hole
            may be where a slice of another size was.
    """
    try:
        return stack_planes(frames, irregular, path)
    except GeometryError as error:
        texts = [rest.text for rest in volume.left_out if rest.may_explain_hole]
        if not texts:
            raise
        found = f"{error.found} ({'; '.join(texts)})"
        raise GeometryError(found, path=error.path, advice=error.advice, **error.values) from error


def name_stack(phase: Phase, number: int, count: int) -> Phase:
    """A phase of one of several stacks, called by both."""
    label = f"Stack {number}" if count == 1 else f"Stack {number}, {phase.label}"
    return replace(phase, label=label)


def compare_phases(phases: Sequence[Phase], index: int) -> LeftOut:
    """What to say of one volume among several; an incomplete one is warned of."""
    phase = phases[index]
    text = f"this is one of {len(phases)} volumes ({phase.label}, dataset_index={index})"
    text += f"; {phase.remark}" if phase.remark else ""
    sizes = [len(phase.frames) for phase in phases]
    missing = max(sizes) - sizes[index]
    if missing:
        text = f"{text}: it has {sizes[index]} slices, {missing} fewer than the fullest"
        return LeftOut(missing, text, may_explain_hole=True)
    if phase.is_guessed and min(sizes) < max(sizes):
        # Nothing but order tells them apart: a slice that was sent twice looks like this.
        extra = sum(sizes) - max(sizes)
        text = f"{text}: {extra} more image{'s' * (extra != 1)} at the same positions belong to the others"
        return LeftOut(extra, text, may_explain_hole=True)
    # An order may be wrong at any position, and then slices of two volumes are mixed.
    return LeftOut(len(phases) - 1, text, may_explain_hole=phase.is_guessed)


def drop_duplicates(frames: Sequence[Frame]) -> tuple[list[Frame], list[LeftOut]]:
    """Keep one frame of each SOP Instance UID.

    Some anonymizers give one UID to a whole series; such frames lie at different positions and stay.
    """
    seen: dict[tuple[object, ...], Frame] = {}
    for frame in frames:
        uid = frame.sop_instance_uid
        # Besides the UID what a copy of the file cannot change.
        place = (frame.number, frame.tile, frame.position, frame.instance_number)
        kept = seen.setdefault((uid or frame.header.path, *place), frame)
        if kept is not frame and kept.header.pixel_length != frame.header.pixel_length:
            raise CorruptFileError(
                f"it has the SOP Instance UID of '{kept.header.path}' and pixels of another size",
                path=frame.header.path,
                advice="remove one of the two",
            )
    count = len(frames) - len(seen)
    if not count:
        return list(seen.values()), []
    text = f"left out {count} image{'s' * (count != 1)} that repeat{'s' * (count == 1)} the SOP Instance UID of another"
    return list(seen.values()), [LeftOut(count, text, may_explain_hole=True)]
