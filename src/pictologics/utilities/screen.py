"""Voxels -> screen: one plane of an image as a person looks at it, whatever the storage order.

Radiologists look at a patient from the feet and from the front: the patient's right is on the left of an axial or
coronal picture, anterior is up in an axial one and left in a sagittal one, superior is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..geometry import AXIS_LETTERS, nearest_axes
from ..image import Image

__all__ = ["ScreenPlane", "View", "screen_plane"]

View = Literal["axial", "coronal", "sagittal"]

# For each view: the world axis looked along, then the world axis and sign that run right and down the screen.
SCREEN_AXES: dict[View, tuple[int, tuple[int, int], tuple[int, int]]] = {
    "axial": (2, (0, 1), (1, 1)),
    "coronal": (1, (0, 1), (2, -1)),
    "sagittal": (0, (1, 1), (2, -1)),
}


@dataclass(frozen=True)
class ScreenPlane:
    """One plane, ready to be drawn with its first row at the top.

    Attributes:
        values: (rows, columns) voxel values; a view on the image's array.
        pixel_spacing: Distance between rows and between columns, mm.
        letters: Patient directions at the left, right, top and bottom edges.
        index: Index of the plane along the array axis that is looked along.
        axis: That array axis.
    """

    values: npt.NDArray[Any]
    pixel_spacing: tuple[float, float]
    letters: tuple[str, str, str, str]
    index: int
    axis: int


def screen_plane(image: Image, view: View, position: npt.ArrayLike | None = None) -> ScreenPlane:
    """Cut the plane of an image that comes nearest to a view.

    An oblique image is cut along its own axes; the letters then name the directions that the edges are nearest to.

    Args:
        image: The image.
        view: Which way to look.
        position: A point of the world that the plane passes nearest to, LPS mm; the middle by default.
    """
    grid = image.grid
    world_axes, signs = nearest_axes(grid.direction)
    array_axis = {world: (axis, sign) for axis, (world, sign) in enumerate(zip(world_axes, signs, strict=True))}
    along, right, down = SCREEN_AXES[view]
    middle = (np.asarray(grid.shape) - 1) / 2.0
    centre = middle if position is None else grid.world_to_index(position)
    axis = array_axis[along][0]
    index = int(np.clip(np.round(centre[axis]), 0, grid.shape[axis] - 1))
    columns, column_sign = array_axis[right[0]]
    rows, row_sign = array_axis[down[0]]
    plane = np.asarray(image.array).transpose(axis, rows, columns)[index]
    plane = plane[:: row_sign * down[1], :: column_sign * right[1]]
    return ScreenPlane(
        plane,
        (grid.spacing[rows], grid.spacing[columns]),
        (*edge_letters(*right), *edge_letters(*down)),
        index,
        axis,
    )


def edge_letters(world_axis: int, sign: int) -> tuple[str, str]:
    """Letters at the start and at the end of a screen axis."""
    low, high = AXIS_LETTERS[world_axis]
    return (low, high) if sign > 0 else (high, low)
