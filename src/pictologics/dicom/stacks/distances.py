"""How far pixels and slices lie apart: what the files say, and what is assumed, and recorded, where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from ...array_types import FloatArray
from ...provenance import Decision
from ..frames.frame import Frame
from ..frames.pixel_spacing import PixelSpacing
from ..frames.plane_attributes import LEAST_DISTANCE, MOST_DISTANCE, read_distance
from ..headers import tags

__all__ = ["find_pixel_spacings", "find_single_slice_step", "find_unplaced_step", "record_assumption"]

WHERE_IT_HOLDS: Final = {
    tags.KEYWORDS[tags.IMAGER_PIXEL_SPACING]: "is measured at the detector, not in the patient",
    tags.KEYWORDS[tags.IMAGE_PLANE_PIXEL_SPACING]: "is measured in the plane of the image, not in the patient",
    tags.KEYWORDS[tags.NOMINAL_SCANNED_PIXEL_SPACING]: "is measured on the film that was scanned, not in the patient",
    tags.KEYWORDS[tags.SEQUENCE_OF_ULTRASOUND_REGIONS]: "is that of the largest region that shows tissue",
}
"""Where a pixel spacing holds that is not that of PixelSpacing, in words."""

EVEN: Final = 1e-2
"""Share of the mean step by which SliceLocations may leave it and still tell one; they are rounded to two digits."""


def find_pixel_spacings(frames: Sequence[Frame], decisions: list[Decision]) -> FloatArray:
    """The distance between rows and between columns of each plane, mm: (planes, 2).

    Planes that do not say it have that of the others, or 1 mm if none does; what is assumed is recorded.
    """
    known = [frame.spacing.distances for frame in frames if frame.spacing.distances is not None]
    unknown = [frame for frame in frames if frame.spacing.distances is None]
    # By identity: frames that say the same share one, and thousands of them need not be hashed.
    for spacing in {id(frame.spacing): frame.spacing for frame in frames}.values():
        record_source(spacing, decisions)
    if unknown:
        first = unknown[0]
        without = f"no pixel spacing{describe_unusable(first.spacing)}"
        if known:
            count = f"{len(unknown)} of {len(frames)} images {'has' if len(unknown) == 1 else 'have'}"
            found = f"{count} {without}, the first is '{first.header.path}'; that of the others was used"
        else:
            found = f"the images have {without}; 1 mm was assumed"
        record_assumption(found, known[0][0] if known else 1.0, decisions)
    return np.array([frame.spacing.distances or (known[0] if known else (1.0, 1.0)) for frame in frames])


def record_source(spacing: PixelSpacing, decisions: list[Decision]) -> None:
    """Record where a pixel spacing comes from, unless it is PixelSpacing."""
    if spacing.distances is not None and spacing.source != tags.KEYWORDS[tags.PIXEL_SPACING]:
        record_assumption(
            f"the images have no PixelSpacing{describe_unusable(spacing)}; {spacing.source} was used, which "
            f"{WHERE_IT_HOLDS[spacing.source]}",
            spacing.distances[0],
            decisions,
        )


def describe_unusable(spacing: PixelSpacing) -> str:
    """Attributes that hold no spacing, in brackets; empty without any."""
    return f" ({'; '.join(f'{entry} is not usable' for entry in spacing.unusable)})" if spacing.unusable else ""


def read_length(frame: Frame, tag: int) -> float:
    """The size of a length, mm; 0 where it is missing, zero, absurd or no number.

    PS3.3 C.8.4.15 lets SpacingBetweenSlices be negative, for the order of slices, and vendors disagree about it.
    """
    return abs(read_distance(frame.attributes, tag))


def find_single_slice_step(frame: Frame, decisions: list[Decision]) -> float:
    """How thick the voxels of a single plane are, mm: the distance to the next slice, or its own thickness."""
    step = read_length(frame, tags.SPACING_BETWEEN_SLICES)
    if step:
        return step
    thickness = read_length(frame, tags.SLICE_THICKNESS)
    if thickness:
        text = f"the thickness of the single slice, {thickness:.6g} mm, was used as the distance to the next"
        decisions.append(Decision("assumed", text, thickness))
        return thickness
    record_assumption("the distance between slices is unknown; 1 mm was assumed", 1.0, decisions)
    return 1.0


def find_unplaced_step(frames: Sequence[Frame], decisions: list[Decision]) -> float:
    """The distance between planes that have no positions, in the order in which they are put, mm."""
    if len(frames) == 1:
        return find_single_slice_step(frames[0], decisions)
    step = read_length(frames[0], tags.SPACING_BETWEEN_SLICES)
    if step:
        return step
    step = find_location_step(frames)
    if step:
        record_assumption(f"the slices lie {step:.6g} mm apart by their SliceLocation", step, decisions)
        return step
    thickness = read_length(frames[0], tags.SLICE_THICKNESS)
    if thickness:
        record_assumption(
            f"the distance between slices is unknown; their thickness of {thickness:.6g} mm was used",
            thickness,
            decisions,
        )
        return thickness
    record_assumption("the distance between slices is unknown; 1 mm was assumed", 1.0, decisions)
    return 1.0


def find_location_step(frames: Sequence[Frame]) -> float:
    """The even distance between the SliceLocations of planes in their order, mm; 0 if there is none."""
    locations = [frame.attributes.try_number(tags.SLICE_LOCATION) for frame in frames]
    known = [location for location in locations if location is not None and abs(location) <= MOST_DISTANCE]
    if len(known) < len(frames):
        return 0.0
    gaps = np.diff(known)
    step = float(gaps.mean())
    return abs(step) if abs(step) >= LEAST_DISTANCE and np.abs(gaps - step).max() <= EVEN * abs(step) else 0.0


def record_assumption(text: str, value: float, decisions: list[Decision]) -> None:
    """Record an assumption, once."""
    decision = Decision("assumed", text, value, "geometry")
    if decision not in decisions:
        decisions.append(decision)
