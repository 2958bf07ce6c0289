"""Where the planes of a series lie along their normal: which share a position, and whether all form one stack."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...array_types import FloatArray
from ...geometry import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED
from ..frames.frame import Frame
from ..frames.plane_attributes import Cosines, find_normal
from ..stacks.lattices import find_lattice, is_evenly_spaced

__all__ = ["is_on_lattice", "is_one_stack", "measure_heights", "number_positions"]

POSITION_ROUNDING = 2e-3
"""Distance, mm, up to which two planes are at one position.

Scanners write positions with three decimals: each coordinate is off by up to half a micrometer, and the distance of two
planes along an oblique normal by up to 1.7 micrometers."""


def number_positions(frames: Sequence[Frame]) -> np.ndarray | None:
    """For each plane the number of its position along the normal; None if positions are not known."""
    first = frames[0]
    if first.orientation is None or any(frame.position is None for frame in frames):
        return None
    if len(frames) == 1:
        return np.zeros(1, dtype=int)
    heights = measure_heights(frames, first.orientation)
    order = np.argsort(heights, kind="stable")
    gaps = np.diff(heights[order])
    # Slices of a small animal are tens of micrometers apart: for them the rounding is a share of the pixel.
    pixel = min(first.pixel_spacing) if first.pixel_spacing else 1.0
    rounding = min(POSITION_ROUNDING, CORNER_ERROR_NOTED * pixel)
    apart = gaps[gaps > rounding]
    # A tenth of the usual distance between slices, by the median: one wide hole must not make neighbors look like one.
    same = max(CORNER_ERROR_REFUSED * float(np.median(apart)), rounding) if apart.size else rounding
    slots = np.empty(len(frames), dtype=int)
    slots[order] = np.concatenate([[0], np.cumsum(gaps > same)])
    return slots


def measure_heights(frames: Sequence[Frame], orientation: Cosines) -> FloatArray:
    """How high planes of one orientation, all with a position, lie along their normal, mm."""
    return np.array([frame.position for frame in frames], dtype=float) @ find_normal(orientation)


def is_one_stack(frames: Sequence[Frame], slots: np.ndarray) -> bool:
    """Whether planes lie at even distances on one line, one or several at each place; any two places do.

    Args:
        frames: Planes of one orientation, with positions.
        slots: For each the number of its place along the normal, in ascending order; numbers may be passed over.
    """
    places, ranks = np.unique(slots, return_inverse=True)
    if places.size == 1:
        return True
    positions = np.array([frame.position for frame in frames], dtype=float)
    lowest, highest = positions[ranks.argmin()], positions[ranks.argmax()]
    # All planes, not one of each height: two stacks may lie beside each other at the same heights.
    line = lowest + (ranks / (places.size - 1))[:, None] * (highest - lowest)
    step = float(np.linalg.norm(highest - lowest)) / (places.size - 1)
    return bool(np.abs(positions - line).max() < CORNER_ERROR_REFUSED * step)


def is_on_lattice(frames: Sequence[Frame]) -> bool:
    """Whether planes, each at a place of its own, lie at even distances, some of which may be empty."""
    first = frames[0]
    if first.orientation is None:
        return False
    normal = find_normal(first.orientation)
    positions = np.array([frame.position for frame in frames], dtype=float)
    positions = positions[np.argsort(positions @ normal, kind="stable")]
    step = float(np.linalg.norm(positions[-1] - positions[0])) / max(len(frames) - 1, 1)
    heights = (positions - positions[0]) @ normal
    return is_evenly_spaced(positions, step) or find_lattice(heights) is not None
