"""The names of the labels of a map: those that it carries, and those of values without a name."""

from __future__ import annotations

import numpy as np

from ...array_types import AnyArray
from ...image import Image

__all__ = ["find_label_names", "find_label_values"]

MOST_MARKED = 1 << 20
"""Values up to which a table of flags finds those in use, in a fraction of the time that sorting takes."""


def find_label_names(mask: Image) -> dict[int, str]:
    """The name of every label of a map, by its value, in ascending order.

    Named labels are there also if no voxel has them: an organ that was looked for and not found is one. A value without
    a name, as masks in NIfTI have, is called after its number.

    Args:
        mask: A label map or a mask; 0 is the background.
    """
    names = {int(value): name for value, name in mask.labels.items() if value}
    names |= {value: f"label {value}" for value in find_label_values(mask.array) if value not in names}
    return dict(sorted(names.items()))


def find_label_values(array: AnyArray) -> list[int]:
    """The values of a label map besides 0, in ascending order."""
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    limits = (int(array.min()), int(array.max())) if array.dtype.kind in "ui" and array.size else (-1, -1)
    if limits[0] < 0 or limits[1] > MOST_MARKED:
        return [int(value) for value in np.unique(array) if value]
    is_used = np.zeros(limits[1] + 1, np.bool_)
    for plane in np.moveaxis(array, -1, 0):
        is_used[plane] = True
    return [int(value) for value in np.flatnonzero(is_used) if value]
