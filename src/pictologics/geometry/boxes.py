"""Boxes of voxels: slices along the three axes."""

from __future__ import annotations

import numpy as np

__all__ = ["Box", "count_voxels"]

Box = tuple[slice, slice, slice]
"""A block of voxels: its indices along each axis."""


def count_voxels(box: Box) -> int:
    """How many voxels a box has whose sides run forward."""
    return int(np.prod([part.stop - part.start for part in box]))
