"""Where the panels, the legend and the caption of a figure go, in inches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .screen import ScreenPlane

__all__ = ["FigureArea", "FigureLayout", "lay_out_figure"]

FigureArea = tuple[float, float, float, float]
"""Left, bottom, width and height, as shares of the figure."""

FIGURE_MARGIN = 0.15
"""Between panels and around them, inches."""

TITLE_HEIGHT = 0.28
"""Above each panel, inches."""

CAPTION_HEIGHT = 0.35
"""At the foot of the figure, for the window, inches."""

SLIDER_HEIGHT = 0.4
"""Between panel and caption, where there is a slider, inches."""

LEGEND_ROW_HEIGHT = 0.23
"""A line of the legend in its text size, inches."""

SWATCH_WIDTH = 0.5
"""A legend's patch of color with the gaps beside it, inches."""

LETTER_WIDTH = 0.085
"""A letter of the legend on average, inches: the text is not drawn yet when the figure gets its size."""

SMALLEST_FIGURE_WIDTH = 3.2
"""Room for the caption and the slider's label under a narrow plane, inches."""

PANEL_SIDES = ((1, 6.0), (3, 4.0), (6, 3.2), (16, 2.4))
"""The longer side of a panel, inches, by how many panels there are at most."""

SMALLEST_PANEL_SIDE = 1.8
"""The longer side of a panel where there are still more, inches."""


@dataclass(frozen=True)
class FigureLayout:
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
    panels: list[FigureArea]
    legend: tuple[float, float]
    legend_columns: int
    caption: tuple[float, float]
    slider: FigureArea


def lay_out_figure(planes: Sequence[ScreenPlane], names: Sequence[str], has_slider: bool) -> FigureLayout:
    """Make room for everything.

    Args:
        planes: The planes, all drawn to one scale.
        names: The names in the legend; none for no legend.
        has_slider: Leave room for a slider below the panels.
    """
    heights, widths = zip(*(plane.lengths for plane in planes), strict=True)
    side = next((side for most, side in PANEL_SIDES if len(planes) <= most), SMALLEST_PANEL_SIDE)
    scale = side / max(*heights, *widths)
    cell_width, cell_height = max(widths) * scale, max(heights) * scale
    columns = len(planes) if len(planes) <= 3 else count_columns(len(planes), cell_width, cell_height + TITLE_HEIGHT)
    rows = math.ceil(len(planes) / columns)
    foot = CAPTION_HEIGHT + SLIDER_HEIGHT * has_slider
    # Planes of one size share it; three orthogonal ones have a width each.
    across = [max(widths[k::columns]) * scale for k in range(columns)]
    width = max(sum(across) + FIGURE_MARGIN * (columns + 1), SMALLEST_FIGURE_WIDTH)
    height = rows * (cell_height + TITLE_HEIGHT) + FIGURE_MARGIN + foot
    panels_end = width
    legend_columns = 1
    if names:
        in_a_column = max(1, int((height - FIGURE_MARGIN) / LEGEND_ROW_HEIGHT) - 1)
        legend_columns = math.ceil(len(names) / in_a_column)
        width += legend_columns * (SWATCH_WIDTH + LETTER_WIDTH * max(map(len, names))) + FIGURE_MARGIN
    boxes = []
    for k in range(len(planes)):
        row, column = divmod(k, columns)
        left = FIGURE_MARGIN * (column + 1) + sum(across[:column])
        bottom = foot + (rows - row - 1) * (cell_height + TITLE_HEIGHT) + FIGURE_MARGIN / 2
        boxes.append((left / width, bottom / height, across[column] / width, cell_height / height))
    return FigureLayout(
        (width, height),
        boxes,
        (panels_end / width, 1 - FIGURE_MARGIN / height),
        legend_columns,
        (FIGURE_MARGIN / width, 0.1 / height),
        (0.8 / width, CAPTION_HEIGHT / height, (panels_end - 1.6) / width, SLIDER_HEIGHT * 0.6 / height),
    )


def count_columns(count: int, width: float, height: float) -> int:
    """The number of columns with which panels fill a screen of 4 to 3 best, and leave few places empty."""

    def cost(columns: int) -> float:
        rows = math.ceil(count / columns)
        proportion = columns * width / (rows * height)
        return abs(math.log(proportion * 3 / 4)) + (rows * columns - count) / count

    return min(range(1, count + 1), key=cost)
