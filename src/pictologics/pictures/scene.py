"""What a picture shows, whoever draws it: an image in a window, a mask over it, and some of its planes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ..array_types import IntArray
from ..checks import check_choice, check_number, check_whole, is_whole, option_error
from ..geometry import Grid
from ..image import Image
from ..image_checks import check_image
from .overlays import MaskOnGrid
from .screen import (
    VIEWS,
    ScreenPlane,
    find_view_plane,
    make_axis_plane,
)
from .windows import Grays, Window, choose_grays

__all__ = ["Scene", "Slices", "Style", "spread_evenly"]

Style = Literal["fill", "contour", "both"]
"""How labels are drawn: as areas, as lines around them, or both."""

Slices = Sequence[int] | int
"""Indices of slices, or how many of them."""


@dataclass(frozen=True)
class Scene:
    """An image, a mask over it, and how both are shown.

    Attributes:
        image: The image.
        grid: Where it lies.
        mask: The mask over it, if there is one.
        grays: Which values are black and white.
        alpha: How much the color of a label covers, 0 to 1.
        style: Labels filled, with a line around them, or both.
    """

    image: Image
    grid: Grid
    mask: MaskOnGrid | None
    grays: Grays
    alpha: float
    style: Style

    @classmethod
    def of(cls, image: Image, mask: Image | None, window: Window | None, alpha: float, style: Style) -> Scene:
        """Check everything and put it together.

        Raises:
            GeometryError: If the image has no place in the world, or the mask does not lie on it.
            OptionError: If a parameter cannot be honored.
        """
        image = check_image(image)
        check_choice("style", style, get_args(Style))
        opacity = check_number("alpha", alpha, least=0, most=1, advice="0 is clear and 1 opaque")
        grid = image.grid
        placed = None if mask is None else MaskOnGrid(mask, grid)
        return cls(image, grid, placed, choose_grays(image, window), opacity, style)

    def values(self, plane: ScreenPlane) -> npt.NDArray[np.generic]:
        """The image's values in a plane."""
        return plane.cut(np.asarray(self.image.array))

    def labels(self, plane: ScreenPlane) -> IntArray:
        """The mask's labels in a plane, 0 where there is none."""
        return np.zeros(plane.shape, np.int64) if self.mask is None else self.mask.labels(plane)

    def invalid(self, plane: ScreenPlane) -> npt.NDArray[np.bool_]:
        """Where a plane holds no valid data."""
        mask = self.image.source_mask
        return np.zeros(plane.shape, np.bool_) if mask is None else ~plane.cut(mask)

    def names(self) -> dict[int, str]:
        """The names of labels."""
        return {} if self.mask is None else dict(self.mask.names)

    def one_plane(self, axis: int, index: int | None) -> ScreenPlane:
        """A plane across an array axis; by default the one that holds most of the mask, or the middle."""
        checked = self.check_axis(axis)
        if index is None:
            middle = round((self.grid.shape[checked] - 1) / 2)
            index = middle if self.mask is None else self.mask.largest(checked)
        return make_axis_plane(self.grid, checked, self.check_index(checked, index))

    def planes(self, axis: int, slices: Slices) -> list[ScreenPlane]:
        """Planes across an array axis: those named, or a number of them spread over the mask, or over the image."""
        checked = self.check_axis(axis)
        if is_whole(slices):
            count = check_whole("slices", slices, 1)  # type: ignore[arg-type]
            everything = range(self.grid.shape[checked])
            indices = spread_evenly(everything if self.mask is None else self.mask.extent(checked), count)
        elif isinstance(slices, Sequence | np.ndarray) and not isinstance(slices, str) and len(slices):
            indices = [self.check_index(checked, index) for index in slices]
        else:
            raise option_error("slices", slices, "a number of slices or a list of their indices")
        return [make_axis_plane(self.grid, checked, index) for index in indices]

    def three_planes(self, position: npt.ArrayLike | None) -> list[ScreenPlane]:
        """Axial, coronal and sagittal planes through a point; by default where most of the mask is."""
        if position is None and self.mask is not None:
            position = self.grid.index_to_world([self.mask.largest(axis) for axis in range(3)])
        return [find_view_plane(self.grid, view, position) for view in VIEWS]

    def check_axis(self, axis: int) -> int:
        """Check that it is one of the array's three axes."""
        return check_choice("axis", axis, (0, 1, 2), advice="2 is the slices as scanned")

    def check_index(self, axis: int, index: int) -> int:
        """Check that there is a plane of this index."""
        count = self.grid.shape[axis]
        return check_whole("slice", index, 0, count - 1, advice=f"axis {axis} has {count} slices")


def spread_evenly(indices: range, count: int) -> list[int]:
    """Spread a number of indices over a range, the middle of each equal part; all of them if there are fewer."""
    count = min(count, len(indices))
    return [indices[math.floor((k + 0.5) * len(indices) / count)] for k in range(count)]
