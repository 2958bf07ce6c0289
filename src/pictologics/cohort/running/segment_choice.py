"""Which segments of its masks a case keeps, by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

import numpy as np

from ...checks import option_error
from ...image import Image
from ...provenance import Decision
from ..layouts.label_numbers import fold_label

__all__ = [
    "EVERY_SEGMENT",
    "SegmentChoice",
    "keep_segments",
    "make_segment_choice",
    "name_few_segments",
    "note_unwanted_segments",
]

MOST_NAMED_SEGMENTS: Final = 8
"""Segments that a message names."""


@dataclass(frozen=True)
class SegmentChoice:
    """Which segments are kept. Upper and lower case and surrounding spaces do not count.

    Attributes:
        segments: Names, with ``*`` and ``?`` for any text and any letter; empty for every name.
        without: Names of the same kind that are left out of those.
        labels: The only names that the layout numbers, as they are; empty where it numbers every name.
    """

    segments: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def keeps_all(self) -> bool:
        """Whether nothing is left out."""
        return not (self.segments or self.without or self.labels)

    def keeps(self, name: str) -> bool:
        """Whether the segments of a name are kept."""
        if self.labels and fold_label(name) not in map(fold_label, self.labels):
            return False
        if self.segments and not any(fits_name(name, pattern) for pattern in self.segments):
            return False
        return not any(fits_name(name, pattern) for pattern in self.without)


EVERY_SEGMENT: Final = SegmentChoice()
"""Leaves nothing out."""


def make_segment_choice(
    segments: Sequence[str] | None, without: Sequence[str] | None, labels: Iterable[str] = ()
) -> SegmentChoice:
    """Check names of segments.

    Args:
        segments: Which are kept; None for all.
        without: Which are left out; None for none.
        labels: The only names that the layout numbers.

    Raises:
        OptionError: If they are no names.
    """
    for option, names in (("segments", segments), ("without", without)):
        is_list = names is None or (isinstance(names, Sequence) and not isinstance(names, str) and len(names) > 0)
        if not is_list or any(not isinstance(name, str) or not name.strip() for name in names or ()):
            raise option_error(option, names, 'a list of names, such as ["GTV*", "liver"], or None')
    return SegmentChoice(tuple(segments or ()), tuple(without or ()), tuple(labels))


def fits_name(name: str, pattern: str) -> bool:
    """Whether a name is meant by another, in which ``*`` and ``?`` stand for any text and any letter."""
    # Brackets in a name are no set of letters.
    return fnmatchcase(fold_label(name), fold_label(pattern).replace("[", "[[]"))


def keep_segments(mask: Image, choice: SegmentChoice) -> Image | None:
    """A label map without the segments that are not kept; None if none is.

    Args:
        mask: A label map with a name for each of its values.
        choice: Which are kept.
    """
    kept = {value: name for value, name in mask.labels.items() if choice.keeps(name)}
    left_out = [name for value, name in mask.labels.items() if value not in kept]
    if not left_out:
        return mask
    if not kept:
        return None
    table = np.zeros(int(mask.array.max(initial=0)) + 1, mask.array.dtype)
    for value in kept:
        if value < table.size:
            table[value] = value
    array = np.empty_like(mask.array)
    # A plane at a time, since indices take eight bytes each.
    for plane, target in zip(np.moveaxis(mask.array, -1, 0), np.moveaxis(array, -1, 0), strict=True):
        target[...] = table[plane]
    provenance = mask.provenance.with_decisions(*note_unwanted_segments(left_out))
    return replace(mask, array=array, labels=kept, provenance=provenance)


def note_unwanted_segments(names: Sequence[str]) -> list[Decision]:
    """The note on segments that nobody asked for: no warning, since it is what was asked for."""
    if not names:
        return []
    return [Decision("left out", f"segments that are not asked for: {name_few_segments(names)}", len(names))]


def name_few_segments(names: Sequence[str]) -> str:
    """Names for a message, not too many."""
    more = f" and {len(names) - MOST_NAMED_SEGMENTS} more" if len(names) > MOST_NAMED_SEGMENTS else ""
    return ", ".join(names[:MOST_NAMED_SEGMENTS]) + more
