"""Grids that lie where arrays lie whose files lost their place: recognized, never moved by themselves."""

from __future__ import annotations

from itertools import permutations
from typing import Final

import numpy as np

from ..geometry import Grid, format_numbers

__all__ = ["AxisOrder", "describe_lost_place", "find_axis_orders", "looks_lost"]

AxisOrder = tuple[int, int, int]

FAR: Final = 1.0
"""Voxels. A corner that is nearer than this to where it should be is moved to the nearest voxel, and is no sign of a
lost place."""

MIDDLE_ROUNDING: Final = 1e-3
"""Millimeters by which float32 headers miss a middle of 0."""


def find_axis_orders(shape: tuple[int, ...], target: tuple[int, ...]) -> list[AxisOrder]:
    """The orders of axes that give a grid the shape of another; the one that it has alone if that does."""
    if tuple(shape) == tuple(target):
        return [(0, 1, 2)]
    orders: list[AxisOrder] = list(permutations((0, 1, 2)))  # type: ignore[arg-type]
    return [order for order in orders if tuple(shape[axis] for axis in order) == tuple(target)]


def looks_lost(grid: Grid, target: Grid) -> bool:
    """Whether a grid of another's shape lies elsewhere, and where arrays lie that were saved without an affine.

    That is with the first voxel or the middle, as nibabel has it, at 0, axes along those of the world, and voxels of
    1 mm or of the other's spacing.
    """
    orders = find_axis_orders(grid.shape, target.shape)
    if not orders or not (np.abs(grid.direction) == np.eye(3)).all():
        return False
    spacing, origin = np.asarray(grid.spacing), np.asarray(grid.origin)
    is_plain = bool((spacing == 1).all()) or any(np.allclose(spacing[list(order)], target.spacing) for order in orders)
    middle = origin + grid.direction @ (spacing * (np.asarray(grid.shape) - 1) / 2)
    is_at_zero = bool((origin == 0).all()) or bool((np.abs(middle) < MIDDLE_ROUNDING).all())
    is_elsewhere = grid.shape != target.shape or not grid.corner_error(target) <= FAR
    return is_plain and is_at_zero and is_elsewhere


def describe_lost_place(grid: Grid, target: Grid) -> str:
    """What looks like a lost place, for messages."""
    order = "" if grid.shape == target.shape else ", its axes in another order"
    return (
        f"its place seems to be lost: its shape is the reference's{order}, and its origin of "
        f"{format_numbers(grid.origin)} mm and spacing of {format_numbers(grid.spacing)} mm are those of arrays that "
        "were saved without an affine"
    )
