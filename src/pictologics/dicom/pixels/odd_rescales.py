"""Slopes and intercepts that cannot be meant: a slope of zero, and slices that lack what the others have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ...provenance import Decision
from ..frames.frame import Frame
from ..frames.plane_attributes import find_void_slope
from ..headers import tags

__all__ = ["describe_odd_rescales"]

WHAT_WAS_TAKEN: Final = {
    tags.RESCALE_SLOPE: "the stored values were taken as they are",
    tags.REAL_WORLD_VALUE_SLOPE: "the real world value mapping was left out",
    tags.DOSE_GRID_SCALING: "so is every dose",
}
"""What became of the values where a slope is zero."""


RESCALE_TAGS: Final = (
    tags.RESCALE_SLOPE,
    tags.RESCALE_INTERCEPT,
    tags.REAL_WORLD_VALUE_SLOPE,
    tags.DOSE_GRID_SCALING,
    tags.CODE_VALUE,
    tags.LONG_CODE_VALUE,
)
"""What the rule by which a plane is rescaled is read from."""


def describe_odd_rescales(frames: Sequence[Frame]) -> tuple[Decision, ...]:
    """Say of which planes of a volume the values are doubtful, and what was taken."""
    rules = {tuple(map(frame.attributes.values.get, RESCALE_TAGS)) for frame in frames}
    if len(rules) == 1 and not find_void_slope(frames[0].attributes):
        # As nearly always: one rule for all planes, and a sound one.
        return ()
    return (*describe_void_slopes(frames), *describe_missing_rescales(frames))


def describe_void_slopes(frames: Sequence[Frame]) -> list[Decision]:
    """Say which planes have a slope of zero, which would make all of their values one."""
    found: dict[int, list[Frame]] = {}
    for frame in frames:
        tag = find_void_slope(frame.attributes)
        if tag:
            found.setdefault(tag, []).append(frame)
    decisions = []
    for tag, members in found.items():
        text = (
            f"the {tags.KEYWORDS[tag]} of {len(members)} of {len(frames)} slices is 0, the first is "
            f"'{members[0].header.path}'; {WHAT_WAS_TAKEN[tag]}"
        )
        decisions.append(Decision("assumed", text, len(members), "content"))
    return decisions


def describe_missing_rescales(frames: Sequence[Frame]) -> list[Decision]:
    """Say which slices lack a slope or intercept that others have, unless it would not change their values."""
    rescaled = [frame for frame in frames if takes_rescale(frame)]
    decisions = []
    for tag, neutral in ((tags.RESCALE_SLOPE, 1.0), (tags.RESCALE_INTERCEPT, 0.0)):
        numbers = [frame.attributes.number(tag) for frame in rescaled]
        missing = [frame for frame, number in zip(rescaled, numbers, strict=True) if number is None]
        if not missing or all(number in (None, neutral) for number in numbers):
            continue
        count = len(missing)
        text = (
            f"{count} of {len(frames)} slices {'lacks' if count == 1 else 'lack'} the {tags.KEYWORDS[tag]} that the "
            f"others have, the first is '{missing[0].header.path}'; {neutral:g} was taken for "
            f"{'it' if count == 1 else 'them'}, and the values may not fit together"
        )
        decisions.append(Decision("assumed", text, count, "content"))
    return decisions


def takes_rescale(frame: Frame) -> bool:
    """Whether slope and intercept, rather than a table, a mapping or a dose scaling, make the values of a plane."""
    instead = (tags.REAL_WORLD_VALUE_SLOPE, tags.DOSE_GRID_SCALING)
    return tags.MODALITY_LUT_SEQUENCE not in frame.header.located and not any(
        tag in frame.attributes for tag in instead
    )
