"""The frames of a series by layout: which of them could be planes of one volume, and which set of them is loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import AmbiguousSeriesError, GeometryError
from ...provenance import Decision
from ..frames import list_frames
from ..frames.assumed_places import orient_along_positions, take_orientation
from ..frames.frame import Frame
from ..headers import tags
from .image_series import Series

__all__ = ["FrameLayout", "LeftOut", "choose_layouts", "group_layouts"]

COSINE_TOLERANCE = 1e-4
"""Direction cosines that differ by less are those of one orientation, written with other digits.

Scanners write six digits, and six or seven are left of a cosine that was stored as float32. Planes that really are
turned against each other by so little are told by their corner error, not here."""


@dataclass(frozen=True)
class FrameLayout:
    """The frames of a series that could be planes of one volume: same orientation, size and frame of reference."""

    frames: tuple[Frame, ...]

    def __str__(self) -> str:
        first = self.frames[0]
        kind = "localizer " if first.is_localizer else ""
        count = len(self.frames)
        return f"{count} {kind}image{'s' * (count != 1)} of {first.columns}x{first.rows}"


@dataclass(frozen=True)
class LeftOut:
    """Images of a series that are no planes of the volume that is loaded.

    Attributes:
        count: How many there are: images, or whole volumes.
        text: Which they are, in words.
        may_explain_hole: Whether the volume may lack some of them. Then a warning is given, and an error about missing
            slices names them.
    """

    count: int
    text: str
    may_explain_hole: bool

    @property
    def decision(self) -> Decision:
        """What the record of the image says of them."""
        return Decision("left out", self.text, self.count, "content" if self.may_explain_hole else None)


def group_layouts(series: Series, only: frozenset[tuple[str, int]] | None = None) -> list[FrameLayout]:
    """The layouts of a series, or of some of its frames, the one with most frames first and localizers last."""
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
    layouts = [FrameLayout(tuple(frames)) for frames in complete_orientations(merged)]
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


def make_layout_key(frame: Frame) -> tuple[object, ...]:
    """What planes of one volume have in common besides their orientation, as the file writes it."""
    values = frame.header.values
    return (
        frame.rows,
        frame.columns,
        # A scout view is no slice of the volume, even where it lies as the slices do.
        tuple(frame.image_type) if frame.is_localizer else None,
        values.get(tags.FRAME_OF_REFERENCE_UID),
        frame.attributes.text(tags.STACK_ID),
    )


def is_same_layout(frame: Frame, other: Frame) -> bool:
    """Whether two frames could be planes of one volume: all the same, but for the rounding of their cosines."""
    if frame.orientation is None or other.orientation is None:
        return frame.orientation == other.orientation and make_layout_key(frame) == make_layout_key(other)
    apart = max(abs(a - b) for a, b in zip(frame.orientation, other.orientation, strict=True))
    return apart < COSINE_TOLERANCE and make_layout_key(frame) == make_layout_key(other)


def choose_layouts(layouts: Sequence[FrameLayout], path: str) -> tuple[list[FrameLayout], list[LeftOut]]:
    """The layouts of a series that are loaded.

    Usually one, the largest; the others are left out, with a warning that counts them. The stacks of multi-frame
    objects, whose frames have attributes of their own, are volumes of equal rank and all of them are kept.

    Raises:
        AmbiguousSeriesError: If two layouts have the same number of images.
    """
    first, *others = layouts
    if not others:
        return [first], []
    if all(frame.has_own_attributes for layout in layouts for frame in layout.frames):
        # The order in which the file holds them, as none is the main one.
        return sorted(layouts, key=lambda layout: layout.frames[0].number), []
    refuse_unplaced(first, others, path)
    rival = others[0]
    if len(rival.frames) == len(first.frames) and rival.frames[0].is_localizer == first.frames[0].is_localizer:
        raise AmbiguousSeriesError(
            f"the series holds {len(layouts)} sets of images that do not form one volume, and none is the largest: "
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
    return [first], [LeftOut(count, text, may_explain_hole=True)]


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
