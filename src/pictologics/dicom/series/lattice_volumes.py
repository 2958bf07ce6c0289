"""Volumes of one series that lie between or beside the slices of one another, so that no position repeats.

Stacked as one they are no regular grid, and resampled as one they would be blended. They are told apart by an attribute
each of whose values has slices on a lattice of its own, while all together have none:

- a contrast (a b-value, an echo time) does so wherever the slices of its values lie;
- a kind of image and the number or time of an acquisition only where the slices of two values lie between one another.
  One after the other they are one scan whose spacing changes, such as a head in steps of 5 mm and then 10 mm, of which
  GE calls the thin slices that it added up ADD in their ImageType.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ..frames.frame import Frame
from ..stacks.lattices import FEWEST
from .phase_attributes import BY_IMAGE_TYPE, CONTRASTS, SPECIFIC, UNSPECIFIC
from .phase_columns import Index, read_full_columns
from .phases import Phase, make_column_phases
from .positions import is_on_lattice, is_one_stack, number_positions

__all__ = ["split_lattices"]


def split_lattices(frames: Sequence[Frame]) -> list[Phase]:
    """The volumes that have lattices of their own; none if the planes are one stack or no attribute says more.

    Args:
        frames: Planes of one layout.
    """
    slots = number_positions(frames)
    if frames[0].tile is not None or slots is None or len(frames) < 2 * FEWEST or np.unique(slots).size < len(frames):
        return []
    if is_one_stack(frames, slots):
        return []
    all_fit = is_on_lattice(frames)
    for column in read_full_columns(frames, (*SPECIFIC, *UNSPECIFIC)):
        groups = [np.flatnonzero(column.codes == code) for code in range(int(column.codes.max()) + 1)]
        is_contrast = column.attribute in CONTRASTS
        may_follow = is_contrast and column.attribute is not BY_IMAGE_TYPE
        if (
            all(members.size >= FEWEST for members in groups)
            and (is_contrast or not all_fit)
            and (lie_between(slots, groups) or (may_follow and not all_fit))
            and all(is_on_lattice([frames[k] for k in members.tolist()]) for members in groups)
        ):
            keyword = column.attribute.keyword
            remark = f"the slices of the {len(groups)} volumes lie at positions of their own, told apart by {keyword}"
            return [replace(phase, remark=remark) for phase in make_column_phases(frames, column)]
    return []


def lie_between(slots: Index, groups: Sequence[Index]) -> bool:
    """Whether the slices of two groups lie between one another's."""
    spans = sorted((int(slots[members].min()), int(slots[members].max())) for members in groups)
    return any(high > low for (_, high), (low, _) in pairwise(spans))
