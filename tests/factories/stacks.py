"""Stacks of planes of known geometry that need not be regular."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pictologics.dicom.stacks.regularity import StackGeometry
from pictologics.geometry import Grid

__all__ = ["ramp", "sampled", "stack_of"]

#: Values at positions (..., 3), LPS mm.
Field = Callable[[np.ndarray], np.ndarray]


def stack_of(
    heights: Sequence[float],
    shifts: Sequence[Sequence[float]] | None = None,
    *,
    shape: tuple[int, int] = (9, 7),
    spacing: tuple[float, float] = (0.75, 1.125),
    origin: Sequence[float] = (-61.25, 104.5, -733.75),
    direction: np.ndarray | None = None,
) -> StackGeometry:
    """Planes at heights along their normal, shifted by (x, y) mm in their plane; one shift is that per mm of height."""
    direction = np.eye(3) if direction is None else direction
    offsets = np.zeros((len(heights), 3))
    offsets[:, 2] = heights
    if shifts is not None:
        shifts = np.asarray(shifts, float)
        offsets[:, :2] = np.outer(offsets[:, 2], shifts) if shifts.ndim == 1 else shifts
    positions = np.asarray(origin) + offsets @ direction.T
    axes = np.ones((len(heights), 1))
    step = (heights[-1] - heights[0]) / (len(heights) - 1) if len(heights) > 1 else 2.5
    grid = Grid((*shape, len(heights)), (*spacing, step), tuple(positions[0]), direction)
    return StackGeometry(
        positions, axes * direction[:, 0], axes * direction[:, 1], axes * (spacing[1], spacing[0]), grid
    )


def sampled(stack: StackGeometry, field: Field, dtype="float64") -> np.ndarray:
    """Values of a field at the voxels of each plane, (x, y, n) in Fortran order, from the files' own geometry."""
    columns, rows, count = stack.grid.shape
    x, y, n = np.meshgrid(np.arange(columns), np.arange(rows), np.arange(count), indexing="ij")
    world = (
        stack.positions[n]
        + stack.row_axes[n] * (x * stack.pixel_spacings[n, 1])[..., None]
        + stack.column_axes[n] * (y * stack.pixel_spacings[n, 0])[..., None]
    )
    return np.asfortranarray(field(world), dtype)


def ramp(position: np.ndarray) -> np.ndarray:
    """A linear field, which linear interpolation gives back exactly; another slope along each axis."""
    return position @ np.array([2.0, -3.0, 5.0]) + 100.0
