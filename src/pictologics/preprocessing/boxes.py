"""Boxes of voxels: wider by a distance, around several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..geometry import Box

__all__ = ["join_boxes", "locate_box", "widen_box"]

BOX_ROUNDING = 1e-9
"""Share of a distance: one of whole voxels must not miss the last of them by a rounding of distance / spacing."""


def widen_box(box: Box, distance: float, spacing: Sequence[float], shape: Sequence[int]) -> Box:
    """A box that reaches a distance further on every side, within the image: whole voxels up to that far."""
    sides = []
    for side, step, size in zip(box, spacing, shape, strict=True):
        # No further than the image is long, so that no distance is too large for a whole number.
        more = int(min(np.floor(distance / step * (1 + BOX_ROUNDING)), size))
        sides.append(slice(max(side.start - more, 0), min(side.stop + more, size)))
    return tuple(sides)  # type: ignore[return-value]


def join_boxes(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds several."""
    sides = zip(*boxes, strict=True)
    x, y, z = (slice(min(side.start for side in axis), max(side.stop for side in axis)) for axis in sides)
    return x, y, z


def locate_box(inner: Box, outer: Box) -> Box:
    """Where a box lies within another that holds it."""
    x, y, z = (slice(side.start - wide.start, side.stop - wide.start) for side, wide in zip(inner, outer, strict=True))
    return x, y, z
