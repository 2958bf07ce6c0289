"""Columns: what each plane of a stack has of one attribute, as numbers, and which of them tell volumes apart.

Whether an attribute tells volumes apart shows in how its values are spread over the positions. If each volume has one
value, every position has the same collection of values: with b = 0 once and b = 800 twice, each has one 0 and two 800s.
An attribute that drifts, alternates or changes within a volume has other collections from position to position, and it
is ignored. The same holds for several attributes together, as their pairs are the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ..frames.frame import Frame
from ..headers import tag_kinds
from .phase_attributes import PhaseAttribute
from .phase_values import Value

__all__ = [
    "Column",
    "Index",
    "choose_telling",
    "explains",
    "find_differing_tags",
    "find_smallest_set",
    "gather_columns",
    "join_codes",
    "read_columns",
    "read_full_columns",
]

Index = npt.NDArray[np.intp]
"""One whole number for each plane."""


@dataclass(frozen=True, eq=False)
class Column:
    """The values of one attribute.

    Attributes:
        attribute: The attribute.
        values: Its value of each plane, None if the plane has none.
        codes: For each plane, a number that equal values share.
    """

    attribute: PhaseAttribute
    values: Sequence[Value | None]
    codes: Index

    @property
    def is_full(self) -> bool:
        """Whether every plane has a value."""
        return None not in self.values


def read_columns(frames: Sequence[Frame], attributes: Iterable[PhaseAttribute], differing: Set[int]) -> list[Column]:
    """The attributes that differ between planes, those first that all planes have.

    Args:
        frames: The planes.
        attributes: The candidates.
        differing: The tags that differ between planes; see :func:`find_differing_tags`.
    """
    found = []
    for attribute in attributes:
        # Of dozens of attributes few differ: those that cannot are not read, in thousands of planes.
        if attribute.sources.isdisjoint(differing) and attribute.sources:
            continue
        column = make_column(attribute, [attribute.read_value(frame) for frame in frames])
        if column.codes.any():
            found.append(column)
    return sorted(found, key=lambda column: not column.is_full)


def find_differing_tags(frames: Sequence[Frame]) -> Set[int]:
    """The tags whose bytes are not the same in all planes, and those that hold a value for each frame."""
    first = frames[0].attributes.values
    found = {tag for tag in tag_kinds.FRAME_VECTORS if tag in first}
    for frame in frames:
        values = frame.attributes.values
        found.update(dict(values.items() ^ first.items()))
    return found


def are_equal_in_all(frames: Sequence[Frame], sources: Set[int]) -> bool:
    """Whether the bytes of some tags are the same in all planes, and none holds a value for each frame."""
    if not sources.isdisjoint(tag_kinds.FRAME_VECTORS):
        return False
    of_frames = [frame.attributes.values for frame in frames]
    for tag in sources:
        content = of_frames[0].get(tag)
        if any(values.get(tag) != content for values in of_frames):
            return False
    return True


def read_full_columns(frames: Sequence[Frame], attributes: Iterable[PhaseAttribute]) -> Iterator[Column]:
    """The attributes that all planes have and that differ between them, one after the other."""
    for attribute in attributes:
        if attribute.sources and are_equal_in_all(frames, attribute.sources):
            continue
        values: list[Value] = []
        for frame in frames:
            value = attribute.read_value(frame)
            if value is None:
                # Most attributes are in none of the planes, and then the first one shows it.
                break
            values.append(value)
        column = make_column(attribute, values)
        if len(values) == len(frames) and column.codes.any():
            yield column


def make_column(attribute: PhaseAttribute, values: Sequence[Value | None]) -> Column:
    """The values of an attribute, numbered in the order of their first appearance."""
    numbers: dict[Value | None, int] = {}
    # By equality: numbers were rounded to the digits that count when they were read.
    codes = [numbers.setdefault(value, len(numbers)) for value in values]
    return Column(attribute, values, np.array(codes, dtype=np.intp))


def choose_telling(columns: Iterable[Column], members: Index, slots: Index, most: int) -> list[Column]:
    """The columns that alone would tell some of the volumes apart, each partition once.

    Args:
        columns: The candidates.
        members: The planes that are asked about.
        slots: The position of each plane of the stack.
        most: How many of the planes share a position.
    """
    found: dict[bytes, Column] = {}
    for column in columns:
        codes = renumber(column.codes[members])
        if codes.any() and count_volumes(codes, slots[members]) == most:
            found.setdefault(codes.tobytes(), column)
    return list(found.values())


def renumber(codes: Index) -> Index:
    """The same partition, numbered in the order of first appearance."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse.reshape(-1)].astype(np.intp)


def join_codes(columns: Sequence[Column], members: Index) -> Index:
    """For each of some planes, a number that planes share whose values agree in every column."""
    joint = np.zeros(len(members), dtype=np.intp)
    for column in columns:
        codes = column.codes[members]
        # Numbered anew each time: products of many columns would not fit.
        joint = np.unique(joint * (codes.max() + 1) + codes, return_inverse=True)[1].reshape(-1).astype(np.intp)
    return joint


def count_volumes(codes: Index, slots: Index) -> int:
    """How many volumes there are if each has one value: for every value, as often as it stands at one position."""
    width = int(slots.max()) + 1
    pairs, counts = np.unique(codes * width + slots, return_counts=True)
    most = np.zeros(int(codes.max()) + 1, dtype=np.intp)
    np.maximum.at(most, pairs // width, counts)
    return int(most.sum())


def explains(columns: Sequence[Column], members: Index, slots: Index, most: int) -> bool:
    """Whether some columns together give as many groups as a position has planes, each position once in a group."""
    codes = join_codes(columns, members)
    # Too few groups would hold a position twice; too many would cut a volume into pieces.
    return int(codes.max()) + 1 == most and count_volumes(codes, slots[members]) == most


def find_smallest_set(columns: Sequence[Column], members: Index, slots: Index, most: int) -> list[Column]:
    """The smallest set of columns that explains every position that repeats; none if all together do not."""
    for size in (1, 2):
        for chosen in combinations(columns, size):
            if explains(chosen, members, slots, most):
                return list(chosen)
    gathered = gather_columns(columns, members, slots, most)
    if not explains(gathered, members, slots, most):
        return []
    for column in reversed(gathered):
        rest = [other for other in gathered if other is not column]
        if explains(rest, members, slots, most):
            gathered = rest
    return gathered


def gather_columns(columns: Sequence[Column], members: Index, slots: Index, most: int) -> list[Column]:
    """Columns that together still tell volumes apart, one after the other as long as each tells more of them."""
    chosen: list[Column] = []
    groups = 1
    for column in columns:
        codes = join_codes([*chosen, column], members)
        count = int(codes.max()) + 1
        if count > groups and count_volumes(codes, slots[members]) == most:
            chosen.append(column)
            groups = count
    return chosen
