"""Boxes of voxels: slices along the three axes."""

from __future__ import annotations

import numpy as np

from ..array_types import AnyArray

__all__ = ["Box", "count_voxels", "find_bounding_box"]

Box = tuple[slice, slice, slice]
"""A block of voxels: its indices along each axis."""


def count_voxels(box: Box) -> int:
    """How many voxels a box has whose sides run forward."""
    return int(np.prod([part.stop - part.start for part in box]))


def find_bounding_box(labels: AnyArray) -> Box | None:
    """The smallest box that holds every voxel that is not 0, None if there is none.

    Args:
        labels: Truth values, or numbers that are not negative.
    """
    box = [slice(None)] * 3
    # In the order of memory: what the first axis leaves out is not looked at again.
    for axis in np.argsort(np.abs(labels.strides))[::-1] if labels.size else ():
        other_axes = tuple(k for k in range(3) if k != axis)
        marked = np.flatnonzero(labels[tuple(box)].max(axis=other_axes))
        if not marked.size:
            return None
        box[axis] = slice(int(marked[0]), int(marked[-1]) + 1)
    return (box[0], box[1], box[2]) if labels.size else None
