"""The one place that imports Matplotlib, which is an extra, and makes figures without changing its settings."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from ..errors import OptionError
from ..labels.label_colors import color_of_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ColorOf", "can_interact", "find_label_colors", "make_figure", "require_matplotlib"]

STILL_BACKENDS = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}
"""Backends that draw into files and notebooks' pages; every other one has a window, or a canvas that answers."""

MOST_DISTINCT = 32
"""Maps of more colors are taken for continuous ones: their neighbors look alike."""

GOLDEN_SHARE = 0.618034
"""Steps of this share of a circle keep any number of points well apart."""

ColorOf = Callable[[int], tuple[float, float, float]]
"""The color of a label: red, green and blue, 0 to 1."""


def require_matplotlib() -> None:
    """Fail early, with the way out, if Matplotlib is not installed.

    Raises:
        OptionError: If it is not.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise OptionError(
            "Matplotlib, which draws figures, is not installed",
            advice="install it with pip install matplotlib, or use save_planes and save_slices, which do not need it",
        ) from error


def can_interact() -> bool:
    """Whether the caller has opened Matplotlib's pyplot on a window, or on a notebook canvas that answers."""
    if "matplotlib.pyplot" not in sys.modules:
        return False
    import matplotlib

    backend = str(matplotlib.get_backend()).lower()
    return backend not in STILL_BACKENDS and "inline" not in backend


def make_figure(size: tuple[float, float], interactive: bool) -> Figure:
    """Make a black figure.

    Args:
        size: Width and height, inches.
        interactive: Make it one of pyplot's, which shows it; otherwise nobody but the caller knows of it.
    """
    if interactive:
        from matplotlib import pyplot

        return pyplot.figure(figsize=size, facecolor="black", FigureClass=make_figure_class())
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = make_figure_class()(figsize=size, facecolor="black")
    FigureCanvasAgg(figure)
    return figure


@cache
def make_figure_class() -> type[Figure]:
    """Make the class of figures that a notebook shows although pyplot does not know them."""
    from matplotlib.figure import Figure

    class StillFigure(Figure):
        def _repr_png_(self) -> bytes:
            stream = io.BytesIO()
            self.savefig(stream, format="png")
            return stream.getvalue()

    return StillFigure


def find_label_colors(colormap: str) -> ColorOf:
    """Find the colors that a color map of Matplotlib gives to labels.

    Raises:
        OptionError: If there is none of that name.
    """
    import matplotlib

    if colormap == "tab20":
        return lambda value: tuple(part / 255 for part in color_of_label(value))  # type: ignore[return-value]
    if colormap not in matplotlib.colormaps:
        raise OptionError(
            f"colormap is {colormap!r} and must be the name of one of Matplotlib's color maps",
            advice='use "tab20", "Set1" or "hsv"',
            colormap=colormap,
        )
    colors = matplotlib.colormaps[colormap]
    if colors.N <= MOST_DISTINCT:
        return lambda value: colors((value - 1) % colors.N)[:3]
    return lambda value: colors((value - 1) * GOLDEN_SHARE % 1.0)[:3]
