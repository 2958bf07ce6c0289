"""A series -> its volumes: layout by layout, each image once, split into phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...errors import AmbiguousSeriesError, CorruptFileError, GeometryError
from ...provenance import Decision
from ..frames.frame import Frame
from ..stacks.planes import Planes, stack_planes
from .coverage import describe_other_layouts, describe_phases
from .identity_labels import describe_labels
from .image_series import Series
from .lattice_volumes import split_lattices
from .layouts import FrameLayout, are_stacks_of_files, group_layouts, is_without_main, refuse_unplaced
from .patients import check_one_patient
from .phases import Phase, split_phases
from .remarks import SeriesRemark
from .resent_slices import drop_resent

__all__ = ["SeriesVolume", "find_volumes", "refuse_without_main", "stack_volume", "warn_of_choice"]

MOST_LISTED = 12
"""How many volumes an error lists: a series of thousands of time points needs no table."""


@dataclass(frozen=True)
class SeriesVolume:
    """The planes of one volume of a series.

    Attributes:
        phase: Its planes, and what tells it from the others.
        label: What tells it from the others in words, empty if it is the only one.
        remarks: What is said of it and of the rest of the series.
        is_main: Whether it is of the set of images that the series is about, or of one of several of equal rank in one
            multi-frame object; of no volume if no set is the largest.
    """

    phase: Phase
    label: str
    remarks: tuple[SeriesRemark, ...]
    is_main: bool = True

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Its planes, in no particular order."""
        return self.phase.frames

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the record of the image says of it and of the rest of the series."""
        return tuple(remark.decision for remark in self.remarks)


def find_volumes(
    series: Series, path: str, only: frozenset[tuple[str, int]] | None = None, *, as_listed: bool = False
) -> list[SeriesVolume]:
    """The volumes of a series, in the one order in which ``dataset_index`` counts them.

    Those of the largest set of images that could form a volume come first, in the order of its phases;
    then those of the other sets, which differ in orientation or size, localizers last.

    Args:
        series: The series.
        path: The source, for messages.
        only: The frames that are meant, by file and number; None for all.
        as_listed: Whether a person named the files one by one, which says that they belong together.

    Raises:
        AmbiguousSeriesError: If its files are of several patients, or none of several sets of images is meant.
    """
    of_patients = check_one_patient(series.headers, path, as_listed=as_listed)
    layouts = group_layouts(series, only, as_listed=as_listed)
    refuse_unplaced(layouts, path)
    are_equal = are_stacks_of_files(layouts)
    has_main = not are_equal and not is_without_main(layouts)
    names = ["" if has_main and number == 0 else name_set(layouts, number) for number in range(len(layouts))]
    sets = [split_layout(layout, name) for layout, name in zip(layouts, names, strict=True)]
    first_indices = [sum(len(phases) for phases, _ in sets[:number]) for number in range(len(sets))]
    total = sum(len(phases) for phases, _ in sets)
    volumes = []
    for number, (phases, copies) in enumerate(sets):
        about_others = describe_other_layouts(layouts, number, first_indices, has_main=has_main)
        places = describe_phases(phases, first_indices[number], total) if len(phases) > 1 else []
        for k, phase in enumerate(phases):
            remarks = (
                *series.remarks,
                *of_patients,
                *about_others,
                *copies,
                *places[k : k + 1],
                *describe_labels(phase.frames),
            )
            is_main = are_equal or not names[number]
            # A volume beside which there are only localizers and the like needs no name.
            label = "" if len(phases) == 1 and not are_equal and is_main else phase.label
            volumes.append(SeriesVolume(phase, label, remarks, is_main))
    return volumes


def warn_of_choice(volume: SeriesVolume) -> SeriesVolume:
    """The volume as it is given to a caller who did not choose it: what else there is becomes a warning."""
    remarks = (replace(r, is_warning=r.is_warning or r.warns_by_default) for r in volume.remarks)
    return replace(volume, remarks=tuple(remarks))


def name_set(layouts: Sequence[FrameLayout], number: int) -> str:
    """What the volumes of one of several layouts are called."""
    if are_stacks_of_files(layouts):
        return f"Stack {number + 1}"
    return f"Set {number + 1} ({layouts[number].name})"


def split_layout(layout: FrameLayout, name: str) -> tuple[list[Phase], list[SeriesRemark]]:
    """The volumes of one layout, called by its name if it needs one, and what is said of copies in it."""
    # Copies go first: a slice that was sent twice would look like a position that repeats.
    try:
        frames, copies = drop_duplicates(layout.frames)
        frames, sent_again = drop_resent(frames)
        copies += sent_again
        phases = split_lattices(frames) or split_phases(frames)
    except CorruptFileError:
        if not name:
            raise
        # What is wrong with a scout view is no reason to refuse the volume beside it.
        phases, copies = [Phase(layout.frames)], []
    if name:
        phases = [replace(phase, label=name if len(phases) == 1 else f"{name}, {phase.label}") for phase in phases]
    return phases, copies


def refuse_without_main(volumes: Sequence[SeriesVolume], path: str) -> None:
    """Raise if a series holds several sets of images, none is the largest, and nobody said which is meant.

    Raises:
        AmbiguousSeriesError: It names the ``dataset_index`` of each volume.
    """
    if len(volumes) == 1 or any(volume.is_main for volume in volumes):
        return
    lines = [
        f"  dataset_index={index}: {volume.label}, {len(volume.frames)} image{'s' * (len(volume.frames) != 1)}"
        for index, volume in enumerate(volumes[:MOST_LISTED])
    ]
    lines += [f"  and {len(volumes) - MOST_LISTED} more"] if len(volumes) > MOST_LISTED else []
    raise AmbiguousSeriesError(
        "the series holds sets of images that form no common volume, and none is the largest:\n"
        + "\n".join(lines)
        + "\n",
        path=path,
        advice="pass dataset_index= with one of these numbers",
        volumes=[volume.label for volume in volumes],
        files=[list(dict.fromkeys(frame.header.path for frame in volume.frames)) for volume in volumes],
    )


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
        texts = [remark.text for remark in volume.remarks if remark.is_warning]
        if not texts:
            raise
        found = f"{error.found} ({'; '.join(texts)})"
        raise GeometryError(found, path=error.path, advice=error.advice, **error.values) from error


def drop_duplicates(frames: Sequence[Frame]) -> tuple[list[Frame], list[SeriesRemark]]:
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
    return list(seen.values()), [SeriesRemark(count, text, is_warning=True)]
