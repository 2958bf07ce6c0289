"""One plane drawn with Matplotlib: grays, labels, hatching, letters, and what the pointer is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..array_types import IntArray
from ..geometry import format_numbers
from ..labels.label_colors import name_of_label
from .matplotlib_parts import ColorOf
from .scene import Scene
from .screen import ScreenPlane

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FIGURE_INK", "FIGURE_PALE_INK", "FigurePanel"]

FIGURE_INK = "#ffd65c"
"""Letters and titles: legible on gray and unlike the colors of the first labels."""

FIGURE_PALE_INK = "#e1e1e1"
"""Caption and legend, which stand beside the picture."""

FIGURE_HATCH = "#0096a0"
"""Lines where there is no valid data."""

FIGURE_TEXT_SIZE = 10
"""Letters and titles, points."""

OUTLINE_WIDTH = 1.2
"""The line around a label, points."""


class FigurePanel:
    """A plane of a scene in one set of axes.

    Args:
        axes: Where to draw.
        scene: What is drawn.
        plane: The plane that is shown first.
        color_of: The colors of labels.

    Attributes:
        plane: The plane that is shown now.
        shown: The labels that are in it.
    """

    def __init__(self, axes: Axes, scene: Scene, plane: ScreenPlane, color_of: ColorOf) -> None:
        self.axes = axes
        self.scene = scene
        self.color_of = color_of
        self.show(plane)

    def show(self, plane: ScreenPlane) -> None:
        """Draw a plane in place of the one before."""
        self.plane = plane
        self.values, self.labels = self.scene.values(plane), self.scene.labels(plane)
        self.shown = {int(value) for value in np.unique(self.labels)} - {0} if self.labels.any() else set()
        axes = self.axes
        axes.clear()
        axes.set_axis_off()
        # The upper edges and the titles of neighbors stand in one line.
        axes.set_anchor("N")
        rows, columns = plane.shape
        row_spacing, column_spacing = plane.pixel_spacing
        grays = axes.imshow(
            self.values if self.values.dtype.kind in "uif" else self.values.astype(np.float32),
            cmap="gray",
            vmin=self.scene.grays.low,
            vmax=self.scene.grays.high,
            aspect=row_spacing / column_spacing,
            origin="upper",
            interpolation="hanning",
        )
        grays.set_mouseover(False)
        if self.shown and self.scene.style != "contour":
            self.fill()
        if self.scene.style != "fill":
            for value in self.shown:
                self.outline(value)
        self.hatch(self.scene.invalid(plane))
        # Lines and hatching reach beyond the outermost centers.
        axes.set_xlim(-0.5, columns - 0.5)
        axes.set_ylim(rows - 0.5, -0.5)
        self.write_letters()
        axes.set_title(f"{plane.view} {plane.index}", color=FIGURE_INK, fontsize=FIGURE_TEXT_SIZE, loc="left", pad=4)
        axes.format_coord = self.describe  # type: ignore[method-assign]

    def fill(self) -> None:
        """Lay the colors of the labels over the grays."""
        cover = np.zeros((*self.plane.shape, 4), np.float32)
        for value in self.shown:
            cover[self.labels == value] = (*self.color_of(value), self.scene.alpha)
        aspect = self.axes.get_aspect()
        layer = self.axes.imshow(cover, aspect=aspect, origin="upper", interpolation="nearest")
        layer.set_mouseover(False)

    def outline(self, value: int) -> None:
        """Draw a line around a label, half way between the voxels that have it and those that have not."""
        first, last, inside = cut_out_label(self.labels, value)
        self.axes.contour(
            np.arange(first[1], last[1]),
            np.arange(first[0], last[0]),
            inside,
            levels=[0.5],
            colors=[self.color_of(value)],
            linewidths=OUTLINE_WIDTH,
        )

    def hatch(self, invalid: npt.NDArray[np.bool_]) -> None:
        """Draw slanting lines where there is no valid data."""
        if not invalid.any():
            return
        rows, columns = invalid.shape
        # Repeated beyond the edge, where the areas would else end at the outermost centers.
        wide = np.pad(invalid, 1, mode="edge").astype(np.float32)
        areas = self.axes.contourf(
            np.arange(-1, columns + 1),
            np.arange(-1, rows + 1),
            wide,
            levels=[0.5, 1.5],
            colors="none",
            hatches=["////"],
        )
        areas.set_edgecolor(FIGURE_HATCH)
        areas.set_linewidth(0.0)

    def write_letters(self) -> None:
        """Write the patient directions at the edges."""
        left, right, top, bottom = self.plane.letters
        edge = 0.015
        for letter, x, y, horizontal, vertical in (
            (left, edge, 0.5, "left", "center"),
            (right, 1 - edge, 0.5, "right", "center"),
            (top, 0.5, 1 - edge, "center", "top"),
            (bottom, 0.5, edge, "center", "bottom"),
        ):
            self.axes.text(
                x,
                y,
                letter,
                transform=self.axes.transAxes,
                color=FIGURE_INK,
                fontsize=FIGURE_TEXT_SIZE,
                horizontalalignment=horizontal,
                verticalalignment=vertical,
                path_effects=make_dark_rim(),
                # Snapped to whole pixels, the foot of an L may vanish.
                snap=False,
            )

    def describe(self, x: float, y: float) -> str:
        """What is under the pointer: voxel, position, value and label."""
        index = self.plane.voxel_at(y, x)
        if index is None:
            return ""
        value, label = self.scene.image.array[index], self.label_at(x, y)
        units = self.scene.image.metadata.get("units", "")
        position = format_numbers([round(float(p), 1) for p in self.scene.grid.index_to_world(index)])
        text = f"voxel {index}  ({position}) mm LPS  {value:.6g} {units}".rstrip()
        return text if not label else f"{text}  {name_of_label(label, self.scene.names())}"

    def label_at(self, x: float, y: float) -> int:
        """The label under the pointer."""
        return int(self.labels[int(np.floor(y + 0.5)), int(np.floor(x + 0.5))])


def cut_out_label(labels: IntArray, value: int) -> tuple[tuple[int, int], tuple[int, int], npt.NDArray[np.float32]]:
    """Cut out a label with a border of one voxel: first and past-the-last (row, column), and 1 where it is, else 0."""
    there = labels == value
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    inside = np.pad(there[top:bottom, left:right], 1).astype(np.float32)
    return (top - 1, left - 1), (bottom + 1, right + 1), inside


def make_dark_rim() -> list[object]:
    """Make the rim that keeps a letter legible on white."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3, foreground="black")]
