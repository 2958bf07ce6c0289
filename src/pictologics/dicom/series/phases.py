"""A stack -> phases: several volumes at the same slice positions, told apart by what differs between them.

A stack is split only when positions repeat: an attribute that merely changes within one volume (the acquisition
number of a step-and-shoot CT, a trigger time that drifts) never splits it. What splits it must give as many groups as
there are images at a position, and no group may hold a position twice. The one exception is
:func:`split_alternating`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ...geometry import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED
from ..frames.frame import Frame
from ..stacks.lattices import FEWEST, is_evenly_spaced
from .phase_attributes import (
    BY_CSA_DIFFUSION,
    BY_DIFFUSION,
    CONTRASTS,
    PHASE_ATTRIBUTES,
    RANKED_TIMES,
    UNSPECIFIC,
    PhaseAttribute,
    label_text,
)
from .phase_values import Value

__all__ = ["Phase", "split_phases"]

POSITION_ROUNDING = 2e-3
"""Distance, mm, up to which two planes are at one position.

Scanners write positions with three decimals: each coordinate is off by up to half a micrometer, and the distance of two
planes along an oblique normal by up to 1.7 micrometers."""

Groups = dict[tuple[Value, ...], list[int]]
"""Indices of planes by their values of one or more attributes."""

Known = dict[PhaseAttribute, list[Value]]
"""The value of each plane, by the attribute."""


@dataclass(frozen=True)
class Phase:
    """The planes of one volume among several.

    Attributes:
        frames: The planes, in no particular order.
        label: What a person calls it.
        tag: The attribute, or attributes, that tell it apart; None if there is only one, or only order does.
        value: Its value of that attribute.
        remark: What else is to be said of how it was told apart; empty as a rule.
    """

    frames: tuple[Frame, ...]
    label: str = "Volume 1"
    tag: str | None = None
    value: Value | None = None
    remark: str = ""


def split_phases(frames: Sequence[Frame]) -> list[Phase]:
    """Tell the volumes of a stack apart.

    Args:
        frames: Planes of one layout, each once.

    Returns:
        The volumes in ascending order of what tells them apart; one if no position repeats.
    """
    slots = number_positions(frames)
    if slots is None:
        return split_unplaced(frames)
    counts = np.bincount(slots)
    most = int(counts.max())
    if most == 1:
        return split_alternating(frames, slots) or [Phase(tuple(frames))]
    known = find_differing_values(frames, PHASE_ATTRIBUTES)
    specific = {attribute: values for attribute, values in known.items() if attribute not in UNSPECIFIC}
    phases = split_by_attributes(frames, slots, specific, 1)
    if phases:
        return phases
    # The CSA header is slow to read: only after every other attribute that says what a volume is.
    if BY_DIFFUSION not in known:
        unspecific = {attribute: values for attribute, values in known.items() if attribute in UNSPECIFIC}
        known = {**specific, **read_csa_values(frames), **unspecific}
    # Two attributes at most: with three, almost any set of images can be cut into groups that fit by chance.
    for size in (1, 2):
        phases = split_by_attributes(frames, slots, known, size)
        if phases:
            return phases
    for attribute in RANKED_TIMES:
        ranks = rank_at_positions(slots, known[attribute]) if attribute in known else None
        if ranks is not None:
            return make_ranked_phases(frames, ranks, attribute, known[attribute])
    return split_by_appearance(frames, slots)


def number_positions(frames: Sequence[Frame]) -> np.ndarray | None:
    """For each plane the number of its position along the normal; None if positions are not known."""
    first = frames[0]
    if first.orientation is None or any(frame.position is None for frame in frames):
        return None
    if len(frames) == 1:
        return np.zeros(1, dtype=int)
    normal = np.cross(first.orientation[:3], first.orientation[3:])
    heights = np.array([frame.position for frame in frames], dtype=float) @ normal
    order = np.argsort(heights, kind="stable")
    gaps = np.diff(heights[order])
    # Slices of a small animal are tens of micrometers apart: for them the rounding is a share of the pixel.
    pixel = min(first.pixel_spacing) if first.pixel_spacing else 1.0
    rounding = min(POSITION_ROUNDING, CORNER_ERROR_NOTED * pixel)
    apart = gaps[gaps > rounding]
    # A tenth of the usual distance between slices, by the median: one wide hole must not make neighbors look like one.
    same = max(CORNER_ERROR_REFUSED * float(np.median(apart)), rounding) if apart.size else rounding
    slots = np.empty(len(frames), dtype=int)
    slots[order] = np.concatenate([[0], np.cumsum(gaps > same)])
    return slots


def split_by_attributes(frames: Sequence[Frame], slots: np.ndarray, known: Known, size: int) -> list[Phase]:
    """Phases by the first so many attributes together that explain every repeated position; none if none do."""
    most = int(np.bincount(slots).max())
    # Too few groups would hold a position twice; too many would cut a volume into pieces.
    for attributes in combinations(known, size):
        groups = group_by_values([known[attribute] for attribute in attributes])
        if len(groups) == most and has_each_position_once(groups, slots):
            return make_phases(frames, groups, attributes)
    return []


def split_alternating(frames: Sequence[Frame], slots: np.ndarray) -> list[Phase]:
    """Volumes whose slices lie between those of one another, told apart by a contrast that alternates; none if not.

    No position repeats here, and nearly always that means one volume: whatever changes from slice to slice changed
    while it was scanned. One pattern cannot come about that way. Where an echo time, a b-value or a kind of image takes
    its values in strict turn (1, 2, 1, 2, ... or 1, 2, 3, 1, ...), through slices that are evenly spaced, each value
    has evenly spaced slices of its own, as many as the others or one less: volumes that were placed a part of a step
    apart. Stacked as one they would be a regular grid of saw-toothed contrast, loaded in silence. Times and acquisition
    numbers are not asked: odd slices may be scanned before even ones. Nor are stacks of uneven spacing, which are
    refused as such, nor values with fewer than three slices, which are evenly spaced by chance.
    """
    order = np.argsort(slots)
    for attribute, values in find_differing_values(frames, CONTRASTS).items():
        count = len(set(values))
        turns = [values[k] for k in order]
        if (
            len(frames) >= FEWEST * count
            and len(set(turns[:count])) == count
            and turns[count:] == turns[:-count]
            and has_even_spacing([frames[k] for k in order])
        ):
            phases = make_phases(frames, group_by_values([values]), (attribute,))
            remark = f"slices of the {count} volumes take turns along the stack, as their {attribute.keyword} does"
            return [replace(phase, remark=remark) for phase in phases]
    return []


def has_even_spacing(frames: Sequence[Frame]) -> bool:
    """Whether planes in the order of their heights lie on a line at equal distances."""
    positions = np.array([frame.position for frame in frames], dtype=float)
    step = float(np.linalg.norm(positions[-1] - positions[0])) / (len(frames) - 1)
    return is_evenly_spaced(positions, step)


def find_differing_values(frames: Sequence[Frame], attributes: Iterable[PhaseAttribute]) -> Known:
    """The values of each attribute that all planes have and that differ between them, in the attributes' order."""
    found = {}
    for attribute in attributes:
        values: list[Value] = []
        for frame in frames:
            value = attribute.read_value(frame)
            if value is None:
                break
            values.append(value)
        if len(values) == len(frames) and len(set(values)) > 1:
            found[attribute] = values
    return found


def read_csa_values(frames: Sequence[Frame]) -> Known:
    """The b-values that stand in CSA headers only, each file read once: a mosaic has one for all of its tiles."""
    by_file: dict[int, Value] = {}
    for frame in frames:
        if id(frame.header) not in by_file:
            value = BY_CSA_DIFFUSION.read_value(frame)
            if value is None:
                return {}
            by_file[id(frame.header)] = value
    values = [by_file[id(frame.header)] for frame in frames]
    return {BY_CSA_DIFFUSION: values} if len(set(values)) > 1 else {}


def group_by_values(values: Sequence[Sequence[Value]]) -> Groups:
    """Planes by their values.

    Args:
        values: For each attribute, the value of each plane.
    """
    # By equality: numbers were rounded to the digits that count when they were read.
    groups: defaultdict[tuple[Value, ...], list[int]] = defaultdict(list)
    for index, key in enumerate(zip(*values, strict=True)):
        groups[key].append(index)
    return groups


def has_each_position_once(groups: Groups, slots: np.ndarray) -> bool:
    """Whether no group holds a position twice."""
    return all(len(set(slots[members].tolist())) == len(members) for members in groups.values())


def make_phases(frames: Sequence[Frame], groups: Groups, attributes: Sequence[PhaseAttribute]) -> list[Phase]:
    """Phases in ascending order of their values, labeled by those attributes that differ between them."""
    keys = sorted(groups)
    columns = list(zip(*keys, strict=True))
    phases = []
    for key in keys:
        first = frames[groups[key][0]]
        labels = [
            attribute.label_value(value, first) if attribute.label_value else label_text(value, column)
            for attribute, value, column in zip(attributes, key, columns, strict=True)
            if len(set(column)) > 1
        ]
        phases.append(
            Phase(
                tuple(frames[k] for k in groups[key]),
                ", ".join(labels),
                " + ".join(attribute.keyword for attribute in attributes),
                key[0] if len(key) == 1 else key,
            )
        )
    return phases


def rank_at_positions(slots: np.ndarray, values: Sequence[Value]) -> list[int] | None:
    """For each plane, which in order of its value it is among those at its position; None if that is not clear."""
    by_slot: defaultdict[int, list[int]] = defaultdict(list)
    for index, slot in enumerate(slots.tolist()):
        by_slot[slot].append(index)
    ranks = [0] * len(values)
    for members in by_slot.values():
        # Two images at one position with one time: neither comes first.
        if len({values[k] for k in members}) < len(members):
            return None
        for rank, index in enumerate(sorted(members, key=lambda k: values[k])):
            ranks[index] = rank
    return ranks


def make_ranked_phases(
    frames: Sequence[Frame], ranks: Sequence[int], attribute: PhaseAttribute, values: Sequence[Value]
) -> list[Phase]:
    """Phases by their rank at each position, where the value itself drifts from slice to slice."""
    phases = []
    for rank in range(max(ranks) + 1):
        members = [index for index, own_rank in enumerate(ranks) if own_rank == rank]
        # The value drifts from slice to slice, and one of them has to stand for the volume.
        lowest = min(values[index] for index in members)
        label = f"Volume {rank + 1}"
        phases.append(Phase(tuple(frames[index] for index in members), label, attribute.keyword, lowest))
    return phases


def split_by_appearance(frames: Sequence[Frame], slots: np.ndarray) -> list[Phase]:
    """Phases by the order in which the images of each position come: instance number, then file and frame."""
    seen: defaultdict[int, int] = defaultdict(int)
    volumes: defaultdict[int, list[Frame]] = defaultdict(list)
    # The sort is stable, and frames come in the order of their files and in them.
    for index in sorted(range(len(frames)), key=lambda k: frames[k].instance_number or 0):
        slot = int(slots[index])
        volumes[seen[slot]].append(frames[index])
        seen[slot] += 1
    return [Phase(tuple(volumes[k]), f"Volume {k + 1}") for k in sorted(volumes)]


def split_unplaced(frames: Sequence[Frame]) -> list[Phase]:
    """Split planes without positions only where one attribute gives equal groups of several planes each."""
    for attribute, values in find_differing_values(frames, PHASE_ATTRIBUTES).items():
        groups = group_by_values([values])
        # Nothing shows here that positions repeat. Equal groups are the sign of it; groups of one are single slices.
        sizes = {len(members) for members in groups.values()}
        if len(sizes) == 1 and sizes.pop() > 1:
            return make_phases(frames, groups, (attribute,))
    return [Phase(tuple(frames))]
