"""The frames of a series by layout: which of them could be planes of one volume, and which set is the main one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...errors import GeometryError
from ..frames import list_frames
from ..frames.assumed_places import orient_along_positions, take_orientation
from ..frames.frame import Frame
from ..frames.plane_attributes import find_normal
from .identity_labels import name_differing_labels, part_by_labels
from .image_series import Series

__all__ = ["FrameLayout", "are_stacks_of_files", "group_layouts", "is_without_main", "refuse_unplaced"]

COSINE_TOLERANCE = 1e-4
"""Direction cosines that differ by less are those of one orientation, written with other digits.

Scanners write six digits, and six or seven are left of a cosine that was stored as float32. Planes that really are
turned against each other by so little are told by their corner error, not here."""

PLANE_NAMES = ("sagittal", "coronal", "axial")
"""What a plane is called by the axis of the patient that its normal is nearest to."""


@dataclass(frozen=True)
class FrameLayout:
    """The frames of a series that could be planes of one volume: same orientation and size, parted by no label.

    Attributes:
        frames: The frames.
        label: The label that parts them from other frames of the same kind, with its value; empty if none does.
    """

    frames: tuple[Frame, ...]
    label: str = ""

    @property
    def name(self) -> str:
        """What they are, such as "coronal localizer 512x512"."""
        first = self.frames[0]
        words = [name_plane(first), "localizer" * first.is_localizer, f"{first.columns}x{first.rows}", self.label]
        return " ".join(filter(None, words))

    def __str__(self) -> str:
        first = self.frames[0]
        words = [name_plane(first), "localizer" * first.is_localizer, f"image{'s' * (len(self.frames) != 1)}"]
        text = f"{len(self.frames)} {' '.join(filter(None, words))} of {first.columns}x{first.rows}"
        return f"{text} with {self.label}" if self.label else text


def name_plane(frame: Frame) -> str:
    """The plane of the patient that a frame is nearest to, empty if it does not say how it lies."""
    if frame.orientation is None:
        return ""
    normal = find_normal(frame.orientation)
    return PLANE_NAMES[int(np.abs(normal).argmax())]


def group_layouts(
    series: Series, only: frozenset[tuple[str, int]] | None = None, *, as_listed: bool = False
) -> list[FrameLayout]:
    """The layouts of a series, or of some of its frames, in the order in which their volumes are counted.

    The one with most frames is first and localizers are last; those of multi-frame objects, whose frames have
    attributes of their own, come as their file holds them, as none is the main one.

    Args:
        series: The series.
        only: The frames that are meant, by file and number; None for all.
        as_listed: Whether a person named the files one by one, which says that they belong together.
    """
    # First by equal keys, which costs one look-up a frame; only the few keys are then compared pair by pair.
    groups: defaultdict[tuple[object, ...], list[Frame]] = defaultdict(list)
    for header in series.headers:
        for frame in list_frames(header):
            if only is None or (header.path, frame.number) in only:
                groups[(frame.orientation, *make_layout_key(frame))].append(frame)
    # One scanner run may write the same orientation with other last digits: those groups are one.
    merged: list[list[Frame]] = []
    for frames in groups.values():
        home = next((group for group in merged if is_same_layout(group[0], frames[0])), None)
        if home is None:
            merged.append(frames)
        else:
            home.extend(frames)
    layouts = name_apart(
        [layout for frames in complete_orientations(merged) for layout in part_layout(frames, as_listed)]
    )
    if are_stacks_of_files(layouts):
        return sorted(layouts, key=lambda layout: layout.frames[0].number)
    return sorted(layouts, key=lambda layout: (layout.frames[0].is_localizer, -len(layout.frames)))


def complete_orientations(groups: list[list[Frame]]) -> list[list[Frame]]:
    """Give planes that have positions and no orientation that of the rest of the series, or the usual one.

    Where the rest has several, nothing tells which of them is theirs, and they stay as they are.
    """
    completed = [group for group in groups if group[0].orientation is not None]
    for group in groups:
        if group[0].orientation is not None:
            continue
        alike = [other for other in completed if make_layout_key(other[0]) == make_layout_key(group[0])]
        if len(alike) > 1 or any(frame.position is None for frame in group):
            completed.append(group)
        elif alike:
            alike[0].extend(take_orientation(group, alike[0][0], len(group) + len(alike[0])))
        else:
            completed.append(orient_along_positions(group))
    return completed


def part_layout(frames: Sequence[Frame], as_listed: bool) -> list[FrameLayout]:
    """The layouts of frames of one orientation and size: one, unless labels part them."""
    parts = part_by_labels(frames, as_listed)
    if len(parts) == 1:
        return [FrameLayout(tuple(frames))]
    return [FrameLayout(tuple(part), name_differing_labels(part, frames)) for part in parts]


def name_apart(layouts: Sequence[FrameLayout]) -> list[FrameLayout]:
    """Layouts that would be called alike, with what tells them apart in their names."""
    if len(layouts) == 1:
        return list(layouts)
    counts = Counter(layout.name for layout in layouts)
    named = []
    for layout in layouts:
        first = layout.frames[0]
        if counts[layout.name] > 1 and not layout.label:
            cosines = "none" if first.orientation is None else ", ".join(f"{value:.6g}" for value in first.orientation)
            alike = [other.frames[0] for other in layouts if other.name == layout.name]
            is_turned = any(other.orientation != first.orientation for other in alike)
            label = f"ImageOrientationPatient ({cosines})" if is_turned else f"ImageType {' '.join(first.image_type)}"
            named.append(FrameLayout(layout.frames, label))
        else:
            named.append(layout)
    return named


def are_stacks_of_files(layouts: Sequence[FrameLayout]) -> bool:
    """Whether layouts are the stacks of multi-frame objects, which are volumes of equal rank."""
    return len(layouts) > 1 and all(frame.has_own_attributes for layout in layouts for frame in layout.frames)


def make_layout_key(frame: Frame) -> tuple[object, ...]:
    """What planes of one volume have in common besides their orientation, as the file writes it.

    No UID and no stack is among it: positions decide what is one volume (see ``identity_labels``).
    """
    # A scout view is no slice of the volume, even where it lies as the slices do.
    return frame.rows, frame.columns, tuple(frame.image_type) if frame.is_localizer else None


def is_same_layout(frame: Frame, other: Frame) -> bool:
    """Whether two frames could be planes of one volume: all the same, but for the rounding of their cosines."""
    if frame.orientation is None or other.orientation is None:
        return frame.orientation == other.orientation and make_layout_key(frame) == make_layout_key(other)
    apart = max(abs(a - b) for a, b in zip(frame.orientation, other.orientation, strict=True))
    return apart < COSINE_TOLERANCE and make_layout_key(frame) == make_layout_key(other)


def is_without_main(layouts: Sequence[FrameLayout]) -> bool:
    """Whether no layout is the one that a series is about: two of the same rank have most frames."""
    if len(layouts) == 1:
        return False
    first, rival = layouts[:2]
    are_alike = rival.frames[0].is_localizer == first.frames[0].is_localizer
    return are_alike and len(rival.frames) == len(first.frames)


def refuse_unplaced(layouts: Sequence[FrameLayout], path: str) -> None:
    """Raise if images that look like slices of a volume do not say where they lie: without them it may have a hole."""
    first, *others = layouts
    like = first.frames[0]
    if like.is_localizer or like.orientation is None or are_stacks_of_files(layouts):
        return
    for frame in (frame for layout in others for frame in layout.frames):
        is_alike = (frame.rows, frame.columns) == (like.rows, like.columns) and not frame.is_localizer
        if is_alike and frame.orientation is None:
            raise GeometryError(
                f"'{frame.header.path}' looks like a slice of the volume and has no orientation",
                path=path,
                advice="pass the list of files that belong together",
            )
