"""The voxels of a mask, those of each label in the box around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from ..array_types import AnyArray, BoolArray
from ..geometry import Box

__all__ = ["LabelGroup", "group_by_label"]

LARGEST_LISTED: Final = 65535
"""Boxes are listed by label, up to the largest; beyond this one, labels are numbered anew first."""


@dataclass(frozen=True)
class LabelGroup:
    """All voxels of one label.

    Attributes:
        label: The label.
        box: The smallest box that holds them.
        inside: Which voxels of the box they are.
    """

    label: int
    box: Box
    inside: BoolArray


def group_by_label(labels: AnyArray) -> Iterator[LabelGroup]:
    """Each label that some voxel has, in ascending order.

    The array is gone through once for all boxes, and each box once.

    Args:
        labels: Unsigned integers; 0 marks nothing.
    """
    numbers: AnyArray | None = None
    if labels.size and labels.max() > LARGEST_LISTED:
        numbers = np.union1d(np.zeros(1, labels.dtype), labels)
        labels = np.searchsorted(numbers, labels).astype(np.uint32)
    # The last axis first, as it is in memory.
    for place, turned in enumerate(ndimage.find_objects(labels.T), 1):
        if turned is not None:
            z, y, x = turned
            yield LabelGroup(place if numbers is None else int(numbers[place]), (x, y, z), labels[x, y, z] == place)
