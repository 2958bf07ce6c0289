"""Turning the pages of a figure: wheel, keys and slider move a plane through the volume."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .figure_layout import FigureArea
from .figure_panels import FIGURE_INK, FigurePanel
from .screen import make_axis_plane

if TYPE_CHECKING:
    from matplotlib.backend_bases import Event
    from matplotlib.figure import Figure
    from matplotlib.widgets import Slider

__all__ = ["Scroller"]

SLICES_BY_KEY = {"up": 1, "down": -1, "right": 1, "left": -1, "pageup": 10, "pagedown": -10}
"""By how many slices a key moves."""


class Scroller:
    """Moves the panel under the pointer; a slider moves the first one.

    Args:
        figure: The figure, which keeps this alive as long as it lives.
        panels: Its panels.
        redrawn: Called after a panel shows another plane.
    """

    def __init__(self, figure: Figure, panels: list[FigurePanel], redrawn: Callable[[], None]) -> None:
        self.figure = figure
        self.panels = panels
        self.redrawn = redrawn
        self.slider: Slider | None = None
        # Matplotlib holds methods weakly and functions strongly.
        figure.canvas.mpl_connect("scroll_event", lambda event: self.on_scroll(event))  # noqa: PLW0108
        figure.canvas.mpl_connect("key_press_event", lambda event: self.on_key(event))  # noqa: PLW0108

    def add_slider(self, box: FigureArea) -> None:
        """Put a slider below a single panel."""
        from matplotlib.widgets import Slider

        plane = self.panels[0].plane
        last = self.panels[0].scene.grid.shape[plane.axis] - 1
        if last < 1:
            return
        self.slider = Slider(
            self.figure.add_axes(box), "slice", 0, last, valinit=plane.index, valstep=1, valfmt="%d", color=FIGURE_INK
        )
        # The whole figure is drawn anew with the other slice.
        self.slider.drawon = False
        for text in (self.slider.label, self.slider.valtext):
            text.set_color(FIGURE_INK)
        self.slider.on_changed(lambda value: self.go_to(self.panels[0], int(value)))

    def on_scroll(self, event: Event) -> None:
        """Move by one slice."""
        self.move(event, 1 if getattr(event, "button", "") == "up" else -1)

    def on_key(self, event: Event) -> None:
        """Move by one slice, by ten, or to an end."""
        key = getattr(event, "key", None)
        panel = self.panel_under(event)
        if key == "home":
            self.go_to(panel, 0)
        elif key == "end":
            self.go_to(panel, panel.scene.grid.shape[panel.plane.axis] - 1)
        elif key in SLICES_BY_KEY:
            self.move(event, SLICES_BY_KEY[key])

    def panel_under(self, event: Event) -> FigurePanel:
        """The panel that the pointer is on, or the first."""
        axes = getattr(event, "inaxes", None)
        return next((panel for panel in self.panels if panel.axes is axes), self.panels[0])

    def move(self, event: Event, step: int) -> None:
        """Move the panel under the pointer."""
        panel = self.panel_under(event)
        self.go_to(panel, panel.plane.index + step)

    def go_to(self, panel: FigurePanel, index: int) -> None:
        """Show another plane, no further than the volume goes."""
        plane = panel.plane
        index = min(max(index, 0), panel.scene.grid.shape[plane.axis] - 1)
        if index == plane.index:
            return
        panel.show(make_axis_plane(panel.scene.grid, plane.axis, index))
        self.redrawn()
        if self.slider is not None and int(self.slider.val) != index:
            self.slider.set_val(index)
        self.figure.canvas.draw_idle()
