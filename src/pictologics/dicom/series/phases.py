"""A stack -> phases: several volumes at the same slice positions, told apart by what differs between them.

A stack is split only when positions repeat: an attribute that merely changes within one volume (the acquisition
number of a step-and-shoot CT, a trigger time that drifts) never splits it. The exceptions are the tiles of one picture,
which are always one volume, and :func:`split_alternating`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..frames.frame import Frame
from ..headers import tags
from ..stacks.lattices import FEWEST, is_evenly_spaced
from .dimension_indices import list_dimensions, make_index_reader
from .phase_attributes import BY_IMAGE_TYPE, CONTRASTS, SPECIFIC, UNSPECIFIC, PhaseAttribute
from .phase_columns import Column, Index, find_differing_tags, read_full_columns
from .phase_order import has_maps, label_piece, number_ages, sort_pieces
from .phase_pieces import Piece, Splitter
from .phase_values import IMAGE_TYPE_TAGS, Value
from .positions import number_positions

__all__ = ["ONLY_ORDER_TELLS", "Phase", "make_column_phases", "split_phases"]

ONLY_ORDER_TELLS = "only the order of the images (instance numbers, times, frames) tells"
"""What is said of volumes that no attribute tells apart."""


@dataclass(frozen=True)
class Phase:
    """The planes of one volume among several.

    Attributes:
        frames: The planes, in no particular order.
        label: What a person calls it.
        tag: The attribute, or attributes, that tell it apart; None if there is only one, or only order does.
        value: Its value of that attribute.
        remark: What else is to be said of how it was told apart; empty as a rule.
        is_guessed: Whether nothing but the order of the images tells it from some of the others.
    """

    frames: tuple[Frame, ...]
    label: str = "Volume 1"
    tag: str | None = None
    value: Value | None = None
    remark: str = ""
    is_guessed: bool = False


def split_phases(frames: Sequence[Frame]) -> list[Phase]:
    """Tell the volumes of a stack apart.

    Args:
        frames: Planes of one layout, each once.

    Returns:
        The volumes in their order; one if no position repeats.
    """
    tiles = group_tiles(frames)
    if tiles:
        # Each picture is a volume, wherever its tiles lie: it stands for them as if all were at one place.
        phases = split_repeated([members[0] for members in tiles], np.zeros(len(tiles), dtype=np.intp))
        whole = {id(members[0]): tuple(members) for members in tiles}
        return [replace(phase, frames=whole[id(phase.frames[0])]) for phase in phases]
    slots = number_positions(frames)
    if slots is None:
        return split_unplaced(frames)
    if int(np.bincount(slots).max()) == 1:
        return split_alternating(frames, slots) or [Phase(tuple(frames))]
    return split_repeated(frames, slots)


def group_tiles(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Of mosaics, the tiles of each file; none where any plane is a frame of its own."""
    groups: defaultdict[int, list[Frame]] = defaultdict(list)
    for frame in frames:
        if frame.tile is None:
            return []
        groups[id(frame.header)].append(frame)
    return list(groups.values())


def split_repeated(frames: Sequence[Frame], slots: Index) -> list[Phase]:
    """Phases of planes of which several lie at one position."""
    if len(frames) == 1:
        return [Phase(tuple(frames))]
    dimensions = [
        PhaseAttribute(
            name,
            make_index_reader(places),
            make_dimension_label(name),
            frozenset({tags.DIMENSION_INDEX_VALUES}),
        )
        for name, places in list_dimensions(frames).items()
    ]
    specific = [*SPECIFIC, *dimensions]
    differing = find_differing_tags(frames)
    if not IMAGE_TYPE_TAGS.isdisjoint(differing) and has_maps(frames):
        # What a map is says its image type: it has no echo time and no moment of its own.
        specific.sort(key=lambda attribute: attribute is not BY_IMAGE_TYPE)
    ages = number_ages(frames, differing)
    pieces = Splitter(frames, slots, ages, specific, differing).split(np.arange(len(frames)))
    pieces = sort_pieces(frames, pieces, slots, ages)
    return [make_phase(frames, piece, pieces) for piece in pieces]


def make_dimension_label(name: str) -> Callable[[Value, Frame], str]:
    """Such as "Private ImageTypeMR (2005,1011) 18"."""
    words = name.removeprefix("DimensionIndexValues of ")
    return lambda value, _: f"{words} {value:g}"


def make_phase(frames: Sequence[Frame], piece: Piece, pieces: Sequence[Piece]) -> Phase:
    """The phase of a piece."""
    keywords = [attribute.keyword for attribute, _ in piece.values]
    values = [value for _, value in piece.values]
    rank = piece.rank
    if rank is not None and rank.attribute is not None:
        keywords.append(rank.attribute.keyword)
        values.append(rank.value)
    is_guessed = rank is not None and rank.attribute is None
    return Phase(
        tuple(frames[k] for k in piece.members),
        label_piece(frames, piece, pieces),
        " + ".join(keywords) or None,
        values[0] if len(values) == 1 else tuple(values) or None,
        f"{ONLY_ORDER_TELLS} it from the others" if is_guessed else "",
        is_guessed,
    )


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
    for column in read_full_columns(frames, CONTRASTS):
        turns = column.codes[order].tolist()
        count = len(set(turns))
        if (
            len(frames) >= FEWEST * count
            and len(set(turns[:count])) == count
            and turns[count:] == turns[:-count]
            and has_even_spacing([frames[k] for k in order])
        ):
            phases = make_column_phases(frames, column)
            keyword = column.attribute.keyword
            remark = f"slices of the {count} volumes alternate along the stack, as their {keyword} does"
            return [replace(phase, remark=remark) for phase in phases]
    return []


def has_even_spacing(frames: Sequence[Frame]) -> bool:
    """Whether planes in the order of their heights lie on a line at equal distances."""
    positions = np.array([frame.position for frame in frames], dtype=float)
    step = float(np.linalg.norm(positions[-1] - positions[0])) / (len(frames) - 1)
    return is_evenly_spaced(positions, step)


def split_unplaced(frames: Sequence[Frame]) -> list[Phase]:
    """Split planes without positions only where one attribute gives equal groups of several planes each."""
    for column in read_full_columns(frames, (*SPECIFIC, *UNSPECIFIC)):
        sizes = set(np.bincount(column.codes).tolist())
        # Nothing shows here that positions repeat. Equal groups are the sign of it; groups of one are single slices.
        if len(sizes) == 1 and sizes.pop() > 1:
            return make_column_phases(frames, column)
    return [Phase(tuple(frames))]


def make_column_phases(frames: Sequence[Frame], column: Column) -> list[Phase]:
    """The phases that one attribute makes."""
    groups = [np.flatnonzero(column.codes == code) for code in range(int(column.codes.max()) + 1)]
    pieces = [Piece(members, ((column.attribute, column.values[members[0]]),)) for members in groups]
    pieces = sort_pieces(
        frames, pieces, np.zeros(len(frames), dtype=np.intp), number_ages(frames, find_differing_tags(frames))
    )
    return [make_phase(frames, piece, pieces) for piece in pieces]
