"""A series -> its volumes: one layout, each image once, split into phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...errors import AmbiguousSeriesError, CorruptFileError, GeometryError
from ...provenance import Decision
from ..frames.frame import Frame
from ..stacks.planes import Planes, stack_planes
from .image_series import FrameLayout, Series, group_layouts
from .phases import Phase, split_phases

__all__ = ["SeriesVolume", "find_volumes", "stack_volume"]


@dataclass(frozen=True)
class SeriesVolume:
    """The planes of one volume of a series.

    Attributes:
        phase: Its planes, and what tells it from the others.
        label: What tells it from the others in words, empty if it is the only one.
        decisions: What was decided to get there.
    """

    phase: Phase
    label: str
    decisions: tuple[Decision, ...]

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Its planes, in no particular order."""
        return self.phase.frames


def find_volumes(series: Series, path: str, only: frozenset[tuple[str, int]] | None = None) -> list[SeriesVolume]:
    """The volumes of a series, in ascending order of what tells them apart.

    Args:
        series: The series.
        path: The source, for messages.
        only: The frames that are meant, by file and number; None for all.

    Raises:
        AmbiguousSeriesError: If the series holds several layouts and none is the largest.
    """
    layouts, others = choose_layouts(group_layouts(series, only), path)
    phases: list[Phase] = []
    repeated: list[Decision] = []
    for number, layout in enumerate(layouts, 1):
        frames, decisions = drop_duplicates(layout.frames)
        repeated += decisions
        found = split_phases(frames)
        if len(layouts) > 1:
            found = [name_stack(phase, number, len(found)) for phase in found]
        phases += found
    if len(phases) == 1:
        return [SeriesVolume(phases[0], "", (*others, *repeated))]
    return [
        SeriesVolume(phase, phase.label, (*others, *repeated, *compare_phases(phases, index)))
        for index, phase in enumerate(phases)
    ]


def stack_volume(volume: SeriesVolume, frames: Sequence[Frame], irregular: str, path: str) -> Planes:
    """The planes of a volume on their grid.

    Args:
        volume: The volume.
        frames: Its frames, or the same ones rescaled.
        irregular: What to do with planes that form no regular grid.
        path: The source, for messages.

    Raises:
        GeometryError: If they form no regular grid; it also says what of the series was left out before, for a hole
            may be where a slice of another size was.
    """
    try:
        return stack_planes(frames, irregular, path)
    except GeometryError as error:
        left_out = [one.text for one in volume.decisions if one.kind == "left out" and one.warning == "content"]
        if not left_out:
            raise
        found = f"{error.found} ({'; '.join(left_out)})"
        raise GeometryError(found, path=error.path, advice=error.advice, **error.values) from error


def name_stack(phase: Phase, number: int, count: int) -> Phase:
    """A phase of one of several stacks, called by both."""
    label = f"Stack {number}" if count == 1 else f"Stack {number}, {phase.label}"
    return replace(phase, label=label)


def compare_phases(phases: Sequence[Phase], index: int) -> list[Decision]:
    """What to say of one volume among several; an incomplete one is warned of."""
    one = phases[index]
    text = f"this is one of {len(phases)} volumes ({one.label}, dataset_index={index})"
    text += f"; {one.remark}" if one.remark else ""
    sizes = [len(phase.frames) for phase in phases]
    missing = max(sizes) - sizes[index]
    if missing:
        text = f"{text}: it has {sizes[index]} slices, {missing} fewer than the fullest"
        return [Decision("left out", text, missing, "content")]
    if one.tag is None and min(sizes) < max(sizes):
        # Nothing but order tells them apart: a slice that was sent twice looks like this.
        extra = sum(sizes) - max(sizes)
        text = f"{text}: {extra} more image{'s' * (extra != 1)} at the same positions belong to the others"
        return [Decision("left out", text, extra, "content")]
    return [Decision("left out", text, len(phases) - 1)]


def choose_layouts(layouts: Sequence[FrameLayout], path: str) -> tuple[list[FrameLayout], list[Decision]]:
    """The layouts of a series that are loaded.

    Usually one, the largest; the others are left out, with a warning that counts them. The stacks of multi-frame
    objects, whose frames have attributes of their own, are volumes of equal rank and all of them are kept.

    Raises:
        AmbiguousSeriesError: If two layouts have the same number of images.
    """
    first, *others = layouts
    if not others:
        return [first], []
    if all(frame.attributes is not frame.header for layout in layouts for frame in layout.frames):
        return sorted(layouts, key=lambda layout: layout.frames[0].number), []
    refuse_unplaced(first, others, path)
    rival = others[0]
    if len(rival.frames) == len(first.frames) and rival.frames[0].is_localizer == first.frames[0].is_localizer:
        raise AmbiguousSeriesError(
            f"the series holds {len(layouts)} sets of images that form no common volume, and none is the largest: "
            + ", ".join(map(str, layouts)),
            path=path,
            advice="pass the list of files of one of them",
            files=[[frame.header.path for frame in layout.frames] for layout in layouts],
        )
    count = sum(len(layout.frames) for layout in others)
    text = (
        f"left out {count} of {count + len(first.frames)} images, which have another layout "
        f"({', '.join(map(str, others))}, the first is '{rival.frames[0].header.path}') than the {first}"
    )
    return [first], [Decision("left out", text, count, "content")]


def refuse_unplaced(first: FrameLayout, others: Sequence[FrameLayout], path: str) -> None:
    """Raise if images that look like slices of a volume do not say where they lie: without them it may have a hole."""
    like = first.frames[0]
    if like.is_localizer or like.orientation is None:
        return
    for frame in (frame for layout in others for frame in layout.frames):
        is_alike = (frame.rows, frame.columns) == (like.rows, like.columns) and not frame.is_localizer
        if is_alike and frame.orientation is None:
            raise GeometryError(
                f"'{frame.header.path}' looks like a slice of the volume and has no orientation",
                path=path,
                advice="pass the list of files that belong together",
            )


def drop_duplicates(frames: Sequence[Frame]) -> tuple[list[Frame], list[Decision]]:
    """Keep one frame of each SOP Instance UID.

    Some anonymizers give one UID to a whole series; such frames lie at different positions and stay.
    """
    seen: dict[tuple[object, ...], Frame] = {}
    for frame in frames:
        uid = frame.sop_instance_uid
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
    return list(seen.values()), [Decision("left out", text, count, "content")]
