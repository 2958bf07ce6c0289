"""Voxels -> screen: one plane of a grid as a person looks at it, whatever the storage order.

Radiologists look at a patient from the feet and from the front: the patient's right is on the left of an axial or
coronal picture, anterior is up in an axial one and left in a sagittal one, superior is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..checks import option_error
from ..geometry import AXIS_LETTERS, Grid, nearest_axes

__all__ = ["VIEWS", "ScreenPlane", "View", "find_view_plane", "make_axis_plane"]

View = Literal["axial", "coronal", "sagittal"]
VIEWS: tuple[View, ...] = ("axial", "coronal", "sagittal")

SCREEN_AXES: dict[View, tuple[int, tuple[int, int], tuple[int, int]]] = {
    "axial": (2, (0, 1), (1, 1)),
    "coronal": (1, (0, 1), (2, -1)),
    "sagittal": (0, (1, 1), (2, -1)),
}
"""For each view: the world axis looked along, then the world axis and sign that run right and down the screen."""


@dataclass(frozen=True)
class ScreenPlane:
    """Where one plane of a grid comes on the screen, its first row at the top.

    Attributes:
        view: The view that the plane is nearest to.
        axis: The array axis that is looked along.
        index: Index of the plane along that axis.
        axes: Array axes that run down and right.
        steps: Which way they run, +1 or -1.
        shape: Number of rows and columns.
        pixel_spacing: Distance between rows and between columns, mm.
        letters: Patient directions at the left, right, top and bottom edges.
    """

    view: View
    axis: int
    index: int
    axes: tuple[int, int]
    steps: tuple[int, int]
    shape: tuple[int, int]
    pixel_spacing: tuple[float, float]
    letters: tuple[str, str, str, str]

    @property
    def lengths(self) -> tuple[float, float]:
        """Height and width of the plane, mm."""
        return self.shape[0] * self.pixel_spacing[0], self.shape[1] * self.pixel_spacing[1]

    def cut(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The plane of an array on this grid, (rows, columns); a view on it."""
        return self.arrange(array.transpose(self.axis, *self.axes)[self.index])

    def arrange(self, plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A plane whose axes are in order but may run the other way."""
        return plane[:: self.steps[0], :: self.steps[1]]

    def voxel_at(self, row: float, column: float) -> tuple[int, int, int] | None:
        """Index (x, y, z) of the voxel drawn at a place of the plane, None outside."""
        index = [self.index] * 3
        for place, axis, step, count in zip((row, column), self.axes, self.steps, self.shape, strict=True):
            # Pixels reach half their width to either side; rint would send every other boundary the other way.
            nearest = int(np.floor(place + 0.5))
            if not 0 <= nearest < count:
                return None
            index[axis] = nearest if step > 0 else count - 1 - nearest
        return index[0], index[1], index[2]


def find_view_plane(grid: Grid, view: View, position: npt.ArrayLike | None = None) -> ScreenPlane:
    """Find the plane of a grid that comes nearest to a view.

    An oblique grid is cut along its own axes; the letters then name the directions that the edges are nearest to.

    Args:
        grid: The grid.
        view: Which way to look.
        position: A point of the world that the plane passes nearest to, LPS mm; the middle by default.
    """
    world_axes, _ = nearest_axes(grid.direction)
    axis = world_axes.index(SCREEN_AXES[view][0])
    middle = (np.asarray(grid.shape) - 1) / 2.0
    center = middle if position is None else grid.world_to_index(check_position(position))
    # A position outside the image shows the plane at its edge.
    return make_axis_plane(grid, axis, int(np.clip(np.round(center[axis]), 0, grid.shape[axis] - 1)))


def make_axis_plane(grid: Grid, axis: int, index: int) -> ScreenPlane:
    """Make a plane across one of a grid's axes, shown in the view that it is nearest to.

    Args:
        grid: The grid.
        axis: The array axis that is looked along.
        index: Index of the plane along it.
    """
    world_axes, signs = nearest_axes(grid.direction)
    view = next(view for view in VIEWS if SCREEN_AXES[view][0] == world_axes[axis])
    _, right, down = SCREEN_AXES[view]
    # Signs of the grid and of the screen multiply: a flipped axis shown against its direction runs forward.
    rows, columns = world_axes.index(down[0]), world_axes.index(right[0])
    return ScreenPlane(
        view,
        axis,
        index,
        (rows, columns),
        (signs[rows] * down[1], signs[columns] * right[1]),
        (grid.shape[rows], grid.shape[columns]),
        (grid.spacing[rows], grid.spacing[columns]),
        (*find_edge_letters(*right), *find_edge_letters(*down)),
    )


def check_position(position: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """A point of the world."""
    try:
        point = np.asarray(position, dtype=np.float64)
    except (TypeError, ValueError):
        point = np.empty(0)
    if point.shape != (3,) or not np.isfinite(point).all():
        advice = "grid.index_to_world gives the position of a voxel"
        raise option_error("position", position, "three numbers, LPS mm", advice)
    return point


def find_edge_letters(world_axis: int, sign: int) -> tuple[str, str]:
    """Find the patient directions at the start and at the end of a screen axis."""
    low, high = AXIS_LETTERS[world_axis]
    return (low, high) if sign > 0 else (high, low)
