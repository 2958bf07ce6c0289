"""Labels that name one thing, its frame of reference or its stack: whether they part planes, as positions bear out.

A series has one FrameOfReferenceUID (DICOM PS3.3 C.7.4.1) and planes of one StackID belong together (C.7.6.16.2.2), but
anonymizers and exports give each slice a label of its own, or take it from half of them. So positions decide what is
one volume and a label never does alone. It parts planes only where it names few sets of several planes, and

- planes of two sets share a position, while each set is evenly spaced by itself, or
- all together are not evenly spaced, while the sets lie one beyond the other or are evenly spaced by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..frames.frame import Frame
from ..headers import tags
from .positions import is_one_stack, number_positions
from .remarks import SeriesRemark

__all__ = ["describe_labels", "name_differing_labels", "part_by_labels"]

IDENTITY_LABELS = (tags.FRAME_OF_REFERENCE_UID, tags.STACK_ID)
"""What is read of each plane, from its own attributes first."""

PLANES_OF_A_LABEL = 2
"""Planes that a value must have on average to name a set: anonymizers give each a value of its own, but for a few."""


def read_labels(frame: Frame) -> tuple[str, ...]:
    """The labels of a plane, empty where it has none."""
    return tuple(frame.attributes.text(tag) for tag in IDENTITY_LABELS)


def have_one_label(frames: Sequence[Frame]) -> bool:
    """Whether the labels of all planes are the same bytes, as nearly always; texts are read only where they are not."""
    return len({tuple(map(frame.attributes.values.get, IDENTITY_LABELS)) for frame in frames}) == 1


def part_by_labels(frames: Sequence[Frame], as_listed: bool) -> list[list[Frame]]:
    """The sets that labels name, if positions bear them out; else all planes as one set.

    Args:
        frames: Planes of one orientation and size.
        as_listed: Whether a person named the files one by one, which says that they belong together.
    """
    if have_one_label(frames):
        return [list(frames)]
    groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, frame in enumerate(frames):
        groups[read_labels(frame)].append(index)
    if len(groups) > 1 and do_positions_part(frames, list(groups.values()), as_listed):
        return [[frames[k] for k in members] for members in groups.values()]
    return [list(frames)]


def do_positions_part(frames: Sequence[Frame], groups: Sequence[Sequence[int]], as_listed: bool) -> bool:
    """Whether the groups that labels make are sets of planes by their positions, too."""
    if len(groups) * PLANES_OF_A_LABEL > len(frames):
        return False
    slots = number_positions(frames)
    if slots is None:
        # Nothing but the labels says what belongs together.
        return not as_listed
    places = [np.unique(slots[list(members)]) for members in groups]
    are_stacks = all(is_one_stack([frames[k] for k in members], slots[list(members)]) for members in groups)
    if sum(map(len, places)) > np.unique(slots).size:
        return are_stacks
    if as_listed or is_one_stack(frames, slots):
        return False
    spans = sorted((int(place[0]), int(place[-1])) for place in places)
    lie_apart = all(low > high for (_, high), (low, _) in pairwise(spans))
    return lie_apart or are_stacks


def name_differing_labels(frames: Sequence[Frame], others: Sequence[Frame]) -> str:
    """Keyword and value of the labels by which planes differ from others, in words."""
    if have_one_label(others):
        return ""
    own, rest = read_labels(frames[0]), {read_labels(frame) for frame in others}
    return " and ".join(
        f"{tags.KEYWORDS[tag]} {value}" if value else f"no {tags.KEYWORDS[tag]}"
        for k, (tag, value) in enumerate(zip(IDENTITY_LABELS, own, strict=True))
        if any(labels[k] != value for labels in rest)
    )


def describe_labels(frames: Sequence[Frame]) -> list[SeriesRemark]:
    """What is said of labels that differ within the planes of one volume."""
    remarks: list[SeriesRemark] = []
    if have_one_label(frames):
        return remarks
    for tag, values in zip(IDENTITY_LABELS, zip(*map(read_labels, frames), strict=True), strict=True):
        count = len(set(values))
        if count > 1:
            without = values.count("")
            text = (
                f"{tags.KEYWORDS[tag]} differs between the {len(frames)} images ({count - bool(without)} "
                f"value{'s' * (count - bool(without) != 1)}{f', {without} images without one' if without else ''}) "
                "and was passed over: positions decide what is one volume"
            )
            of_series = (
                f"{tags.KEYWORDS[tag]} differs between images of one volume and was passed over: positions decide what "
                "is one volume"
            )
            remarks.append(SeriesRemark(count, text, is_warning=True, kind="assumed", of_series=of_series))
    return remarks
