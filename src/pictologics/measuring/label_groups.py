"""The voxels of a mask, those of each label together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..array_types import AnyArray

__all__ = ["LabelGroup", "group_by_label"]


@dataclass(frozen=True)
class LabelGroup:
    """All voxels of one label.

    Attributes:
        label: The label.
        places: Their places in the array when it is read with the first axis fastest, ascending.
    """

    label: int
    places: npt.NDArray[np.intp]


def group_by_label(labels: AnyArray) -> Iterator[LabelGroup]:
    """Each label that some voxel has, in ascending order.

    The array is gone through once, however many labels there are.

    Args:
        labels: Unsigned integers; 0 marks nothing.
    """
    flat = labels.ravel(order="F")
    marked = np.flatnonzero(flat)
    numbers = flat[marked]
    if not marked.size:
        return
    # Small integers are sorted by counting, and stably, so that places stay in order.
    order = np.argsort(numbers, kind="stable")
    numbers, marked = numbers[order], marked[order]
    starts = [0, *(np.flatnonzero(numbers[1:] != numbers[:-1]) + 1).tolist(), marked.size]
    for start, end in itertools.pairwise(starts):
        yield LabelGroup(int(numbers[start]), marked[start:end])
