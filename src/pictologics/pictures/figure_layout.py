"""Where the panels, the legend and the caption of a figure go, in inches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .screen import ScreenPlane

__all__ = ["Box", "Layout", "lay_out"]

Box = tuple[float, float, float, float]
"""Left, bottom, width and height, as shares of the figure."""

MARGIN, TITLE, CAPTION, SLIDER = 0.15, 0.28, 0.35, 0.4
LEGEND_ROW, SWATCH, LETTER = 0.23, 0.5, 0.085
SMALLEST_WIDTH = 3.2
#: The longer side of a panel, by how many there are at most.
SIDES = ((1, 6.0), (3, 4.0), (6, 3.2), (16, 2.4))
SMALLEST_SIDE = 1.8


@dataclass(frozen=True)
class Layout:
    """Sizes of a figure, inches.

    Attributes:
        size: Width and height of the figure.
        panels: Where each panel goes.
        legend: The upper left corner of the legend, as shares of the figure.
        legend_columns: In how many columns its entries stand.
        caption: The lower left corner of the caption, as shares of the figure.
        slider: Where the slider goes.
    """

    size: tuple[float, float]
    panels: list[Box]
    legend: tuple[float, float]
    legend_columns: int
    caption: tuple[float, float]
    slider: Box


def lay_out(planes: Sequence[ScreenPlane], names: Sequence[str], has_slider: bool) -> Layout:
    """Make room for everything.

    Args:
        planes: The planes, all drawn to one scale.
        names: The names in the legend; none for no legend.
        has_slider: Leave room for a slider below the panels.
    """
    heights, widths = zip(*(plane.lengths for plane in planes), strict=True)
    side = next((side for most, side in SIDES if len(planes) <= most), SMALLEST_SIDE)
    scale = side / max(*heights, *widths)
    cell_width, cell_height = max(widths) * scale, max(heights) * scale
    columns = len(planes) if len(planes) <= 3 else columns_of(len(planes), cell_width, cell_height + TITLE)
    rows = math.ceil(len(planes) / columns)
    foot = CAPTION + SLIDER * has_slider
    # Planes of one size share it; three orthogonal ones have a width each.
    across = [max(widths[k::columns]) * scale for k in range(columns)]
    width = max(sum(across) + MARGIN * (columns + 1), SMALLEST_WIDTH)
    height = rows * (cell_height + TITLE) + MARGIN + foot
    panels_end = width
    legend_columns = 1
    if names:
        in_a_column = max(1, int((height - MARGIN) / LEGEND_ROW) - 1)
        legend_columns = math.ceil(len(names) / in_a_column)
        width += legend_columns * (SWATCH + LETTER * max(map(len, names))) + MARGIN
    boxes = []
    for k in range(len(planes)):
        row, column = divmod(k, columns)
        left = MARGIN * (column + 1) + sum(across[:column])
        bottom = foot + (rows - row - 1) * (cell_height + TITLE) + MARGIN / 2
        boxes.append((left / width, bottom / height, across[column] / width, cell_height / height))
    return Layout(
        (width, height),
        boxes,
        (panels_end / width, 1 - MARGIN / height),
        legend_columns,
        (MARGIN / width, 0.1 / height),
        (0.8 / width, CAPTION / height, (panels_end - 1.6) / width, SLIDER * 0.6 / height),
    )


def columns_of(count: int, width: float, height: float) -> int:
    """The number of columns with which panels fill a screen of 4 to 3 best, and leave few places empty."""

    def cost(columns: int) -> float:
        rows = math.ceil(count / columns)
        proportion = columns * width / (rows * height)
        return abs(math.log(proportion * 3 / 4)) + (rows * columns - count) / count

    return min(range(1, count + 1), key=cost)
