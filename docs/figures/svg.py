"""A sheet of SVG: the few shapes that the figures are made of, as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, cos, pi, sin
from xml.sax.saxutils import escape

Point = tuple[float, float]

INK, FAINT, PAPER = "#1f2933", "#9aa5b1", "#ffffff"
BLUE, ORANGE, GREEN, RED = "#1a66c9", "#cc6a00", "#2b7d3e", "#c0292b"
PALE_BLUE, PALE_ORANGE, PALE_GREEN, PALE_RED = "#dbe8fb", "#fde8cf", "#dcf1e0", "#fbdfdf"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
ARROW_HEAD = 9.0


class Sheet:
    """A white card with shapes on it; white, so that it reads the same on a light and on a dark page.

    Args:
        width: Width of the card.
        height: Height of the card.
        title: What a reader who does not see the picture is told.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height = width, height
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img" font-family="{FONT}">',
            f"<title>{escape(title)}</title>",
            f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="8" fill="{PAPER}" '
            'stroke="#d7dce2"/>',
        ]

    def __str__(self) -> str:
        return "\n".join([*self.parts, "</svg>", ""])

    def text(
        self,
        at: Point,
        words: str,
        *,
        size: float = 14,
        color: str = INK,
        anchor: str = "middle",
        bold: bool = False,
        mono: bool = False,
    ) -> None:
        """Words whose base line begins, ends or has its middle at a point."""
        look = ' font-weight="600"' if bold else ""
        if mono:
            look += " font-family=\"ui-monospace, 'SF Mono', Consolas, 'Liberation Mono', monospace\""
        self.parts.append(
            f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size:g}" fill="{color}" '
            f'text-anchor="{anchor}"{look}>{escape(words)}</text>'
        )

    def line(self, start: Point, end: Point, *, color: str = INK, width: float = 1.5, dashed: bool = False) -> None:
        """A straight line."""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
            f'stroke="{color}" stroke-width="{width:g}"{dash}/>'
        )

    def arrow(self, start: Point, end: Point, *, color: str = INK, width: float = 2.5, both: bool = False) -> None:
        """A line with a head at its end, or at both ends."""
        angle = atan2(end[1] - start[1], end[0] - start[0])
        for tip, way in ((end, angle), (start, angle + pi))[: 1 + both]:
            wings = [
                (tip[0] - ARROW_HEAD * cos(way + turn), tip[1] - ARROW_HEAD * sin(way + turn)) for turn in (-0.42, 0.42)
            ]
            self.polygon([tip, *wings], fill=color, color="none")
        back = (cos(angle) * ARROW_HEAD * 0.8, sin(angle) * ARROW_HEAD * 0.8)
        first = (start[0] + back[0], start[1] + back[1]) if both else start
        self.line(first, (end[0] - back[0], end[1] - back[1]), color=color, width=width)

    def polygon(
        self,
        points: Sequence[Point],
        *,
        fill: str = "none",
        color: str = INK,
        width: float = 1.5,
        dashed: bool = False,
    ) -> None:
        """A closed outline."""
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(
            f'<polygon points="{corners}" fill="{fill}" stroke="{color}" stroke-width="{width:g}"{dash}/>'
        )

    def box(
        self, at: Point, size: Point, *, fill: str = "none", color: str = INK, width: float = 1.5, round_by: float = 6
    ) -> None:
        """A rectangle with round corners; ``at`` is its upper left one."""
        self.parts.append(
            f'<rect x="{at[0]:.1f}" y="{at[1]:.1f}" width="{size[0]:.1f}" height="{size[1]:.1f}" rx="{round_by:g}" '
            f'fill="{fill}" stroke="{color}" stroke-width="{width:g}"/>'
        )

    def oval(self, middle: Point, radii: Point, *, fill: str = "none", color: str = INK, width: float = 1.5) -> None:
        """An ellipse."""
        self.parts.append(
            f'<ellipse cx="{middle[0]:.1f}" cy="{middle[1]:.1f}" rx="{radii[0]:g}" ry="{radii[1]:g}" '
            f'fill="{fill}" stroke="{color}" stroke-width="{width:g}"/>'
        )

    def dot(self, at: Point, *, color: str = INK, radius: float = 2.5) -> None:
        """A filled point."""
        self.oval(at, (radius, radius), fill=color, color="none")
