"""A stack whose positions repeat -> pieces: for each volume its planes, and what tells it from the others.

The smallest set of attributes that explains every position that repeats is taken, at first among those that say what a
volume is. Where none explains all of it, what they do explain makes groups, and each group is split by itself: by the
attributes that differ within it, by the order of their times at each position, and at last by the order of the images.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from ..frames.frame import Frame
from ..stacks.lattices import FEWEST
from .phase_attributes import BY_CSA_DIFFUSION, BY_DIFFUSION, CONTRASTS, RANKED_TIMES, UNSPECIFIC, PhaseAttribute
from .phase_columns import (
    Column,
    Index,
    choose_telling,
    explains,
    find_smallest_set,
    gather_columns,
    join_codes,
    read_columns,
)
from .phase_values import Value

__all__ = ["Piece", "Rank", "Splitter"]


@dataclass(frozen=True)
class Rank:
    """The place of a volume among those that nothing but an order tells apart.

    Attributes:
        number: The place, from 0.
        attribute: Whose values, other in every image, give the order; None if it is that of the images.
        value: Of that attribute, the lowest of the volume.
    """

    number: int
    attribute: PhaseAttribute | None = None
    value: Value | None = None


@dataclass(frozen=True)
class Piece:
    """The planes of one volume.

    Attributes:
        members: Their numbers in the stack.
        values: The value of each attribute that tells it apart, None if its planes have none.
        rank: Its place among the volumes with these values; None if it is the only one.
    """

    members: Index
    values: tuple[tuple[PhaseAttribute, Value | None], ...] = ()
    rank: Rank | None = None


class Splitter:
    """Splits the planes of a stack.

    Args:
        frames: The planes.
        slots: The number of each plane's position.
        ages: For each plane its place in the order of acquisition.
        specific: The attributes that say what a volume is, in the order of their trial.
        differing: The tags that differ between planes.
    """

    def __init__(
        self,
        frames: Sequence[Frame],
        slots: Index,
        ages: Index,
        specific: Sequence[PhaseAttribute],
        differing: Set[int],
    ) -> None:
        self.frames = frames
        self.slots = slots
        self.ages = ages
        self.specific = read_columns(frames, specific, differing)
        self.unspecific = read_columns(frames, UNSPECIFIC, differing)
        self.has_csa = False

    def split(self, members: Index) -> list[Piece]:
        """The volumes among some of the planes."""
        most = int(np.bincount(self.slots[members]).max())
        if most == 1:
            return [Piece(members)]
        chosen = self.choose_columns(members, most)
        if not chosen:
            return self.split_by_time(members) or self.split_by_age(members)
        codes = join_codes(chosen, members)
        pieces = []
        for code in range(int(codes.max()) + 1):
            group = members[codes == code]
            values = tuple((column.attribute, column.values[group[0]]) for column in chosen)
            pieces += [replace(piece, values=values + piece.values) for piece in self.split(group)]
        return pieces

    def choose_columns(self, members: Index, most: int) -> list[Column]:
        """The columns that split some of the planes; none if nothing tells any of the volumes apart."""
        specific = choose_telling(self.specific, members, self.slots, most)
        found = find_smallest_set(specific, members, self.slots, most)
        if not found and not self.has_csa and self.add_csa():
            specific = choose_telling(self.specific, members, self.slots, most)
            found = find_smallest_set(specific, members, self.slots, most)
        if found:
            return found
        unspecific = choose_telling(self.unspecific, members, self.slots, most)
        chosen = gather_columns(specific, members, self.slots, most)
        for column in unspecific:
            if explains([*chosen, column], members, self.slots, most):
                return [*chosen, column]
        return (
            find_smallest_set(unspecific, members, self.slots, most)
            or chosen
            or gather_columns(unspecific, members, self.slots, most)
            or self.find_stacks(members)
        )

    def find_stacks(self, members: Index) -> list[Column]:
        """A contrast each of whose values is a stack of its own, where stacks overlap only in part; none if none is.

        There are more of them than images at any position then. Groups of a few slices are no stacks: many values are
        that of a drift.
        """
        for column in self.specific:
            if column.attribute in CONTRASTS and column.is_full:
                codes = join_codes([column], members)
                groups = [self.slots[members[codes == code]].tolist() for code in range(int(codes.max()) + 1)]
                if len(groups) > 1 and all(len(set(group)) == len(group) >= FEWEST for group in groups):
                    return [column]
        return []

    def add_csa(self) -> bool:
        """Read the b-values that stand in CSA headers only; whether there are any.

        The CSA header is slow to read: only after every other attribute that says what a volume is.
        """
        self.has_csa = True
        if any(column.attribute is BY_DIFFUSION for column in self.specific):
            return False
        columns = read_columns(self.frames, (BY_CSA_DIFFUSION,), frozenset())
        self.specific = [*self.specific, *columns]
        return bool(columns)

    def split_by_time(self, members: Index) -> list[Piece]:
        """Volumes by the order of their times at each position, which drift from slice to slice; none if not clear."""
        for attribute in RANKED_TIMES:
            for column in chain(self.specific, self.unspecific):
                if column.attribute is attribute and all(column.values[k] is not None for k in members):
                    values: Sequence[Any] = column.values
                    groups = self.rank_at_positions(members, [values[k] for k in members])
                    if groups is not None:
                        # The value drifts from slice to slice, and one of them has to stand for the volume.
                        return [
                            Piece(group, rank=Rank(number, attribute, min(values[k] for k in group)))
                            for number, group in enumerate(groups)
                        ]
        return []

    def split_by_age(self, members: Index) -> list[Piece]:
        """Volumes by the order in which the images of each position come: the last resort."""
        groups = self.rank_at_positions(members, self.ages[members].tolist())
        return [Piece(group, rank=Rank(number)) for number, group in enumerate(groups or [])]

    def rank_at_positions(self, members: Index, values: Sequence[Any]) -> list[Index] | None:
        """Planes by their rank in order of some value among those at their position; None if that is not clear."""
        at_slots: defaultdict[int, list[int]] = defaultdict(list)
        for place, slot in enumerate(self.slots[members].tolist()):
            at_slots[slot].append(place)
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for places in at_slots.values():
            # Two images at one position with one time: neither comes first.
            if len({values[k] for k in places}) < len(places):
                return None
            for rank, place in enumerate(sorted(places, key=lambda k: values[k])):
                groups[rank].append(members[place])
        return [np.array(sorted(groups[rank]), dtype=np.intp) for rank in sorted(groups)]
