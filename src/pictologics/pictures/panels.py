"""Planes drawn with Pillow alone: grays, labels, letters and a legend, as pixels of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image as PilImage
from PIL import ImageDraw

from ..array_types import IntArray
from ..labels.label_colors import color_of_label, name_of_label
from .scene import Scene
from .screen import ScreenPlane

__all__ = ["draw_legend", "draw_panel", "draw_plane", "fit_size", "frame_panel"]

TEXT_SIZE = 16
"""Letters and names, pixels."""

INK = (255, 214, 92)
"""Letters on the picture: legible on gray and unlike the colors of the first labels."""

PALE_INK = (225, 225, 225)
"""Names in the legend."""

HATCH_COLOR = (0, 150, 160)
"""Lines where there is no valid data."""

HATCH_STEP = 7
"""From one of these lines to the next, pixels."""

LEGEND_ROW = 26
"""Height of a line of the legend, pixels."""

SWATCH = 14
"""Side of a patch of color in the legend, pixels."""

LEGEND_MARGIN = 8
"""At the edges of the legend, and twice that between entries, pixels."""

MOST_LEGEND_ENTRIES = 40
"""More entries than these would make the legend larger than the picture."""

Pixels = npt.NDArray[np.uint8]
Voxel = TypeVar("Voxel", bound=np.generic)


def fit_size(plane: ScreenPlane, side: int) -> tuple[int, int]:
    """Fit a plane in true proportions into a square: its width and height, pixels."""
    height, width = plane.lengths
    scale = side / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def draw_panel(
    scene: Scene, plane: ScreenPlane, size: tuple[int, int], canvas: tuple[int, int]
) -> tuple[PilImage.Image, set[int]]:
    """One plane with its letters, in the middle of a black canvas.

    Args:
        scene: What is drawn.
        plane: The plane.
        size: Width and height of the plane, pixels.
        canvas: Width and height of the whole.

    Returns:
        The picture, and the labels that are in it.
    """
    picture, shown = draw_plane(scene, plane, size)
    return frame_panel(picture, plane, canvas, f"{plane.view} {plane.index}"), shown


def frame_panel(
    picture: PilImage.Image, plane: ScreenPlane, canvas: tuple[int, int], title: str = ""
) -> PilImage.Image:
    """A picture of a plane in the middle of a black canvas, with the plane's letters and a title in the corner."""
    panel = PilImage.new("RGB", canvas)
    panel.paste(picture, ((canvas[0] - picture.width) // 2, (canvas[1] - picture.height) // 2))
    write_letters(panel, plane, title)
    return panel


def draw_plane(scene: Scene, plane: ScreenPlane, size: tuple[int, int]) -> tuple[PilImage.Image, set[int]]:
    """One plane without letters.

    Args:
        scene: What is drawn.
        plane: The plane.
        size: Width and height of the picture, pixels.

    Returns:
        The picture, and the labels that are in it.
    """
    gray = scene.grays.shade(scene.values(plane))
    shades = PilImage.fromarray(gray).resize(size, PilImage.Resampling.BICUBIC)
    pixels = np.array(shades.convert("RGB"))
    # Never blended as grays are: between the labels 1 and 3 there is no 2.
    labels = enlarge(scene.labels(plane), size)
    shown = paint_labels(pixels, labels, scene)
    hatch(pixels, enlarge(scene.invalid(plane), size))
    return PilImage.fromarray(pixels), shown


def enlarge(plane: npt.NDArray[Voxel], size: tuple[int, int]) -> npt.NDArray[Voxel]:
    """Take the value of the nearest voxel at each pixel."""
    # The center of each pixel; the first and the last voxel are as wide on the screen as all others.
    rows, columns = (
        ((np.arange(pixels) + 0.5) * count / pixels).astype(np.intp)
        for pixels, count in zip(reversed(size), plane.shape, strict=True)
    )
    return plane[np.ix_(rows, columns)]


def paint_labels(pixels: Pixels, labels: IntArray, scene: Scene) -> set[int]:
    """Lay the labels over a picture, in place; returns which there are."""
    if not labels.any():
        return set()
    values = {int(value) for value in np.unique(labels)} - {0}
    # Of all labels at once: one label's line shows where another begins.
    line = find_outlines(labels)
    for value in values:
        color = np.array(color_of_label(value), np.float32)
        there = labels == value
        if scene.style != "contour":
            below = pixels[there].astype(np.float32)
            pixels[there] = np.rint(below + scene.alpha * (color - below)).astype(np.uint8)
        if scene.style != "fill":
            pixels[there & line] = color.astype(np.uint8)
    return values


def find_outlines(labels: IntArray) -> npt.NDArray[np.bool_]:
    """Find the pixels of a label that touch another label or the background."""
    line = np.zeros(labels.shape, np.bool_)
    for edges, values in ((line, labels), (line.T, labels.T)):
        differ = values[1:] != values[:-1]
        edges[1:] |= differ
        edges[:-1] |= differ
    return line


def hatch(pixels: Pixels, invalid: npt.NDArray[np.bool_]) -> None:
    """Draw thin slanting lines where there is no valid data, in place."""
    if invalid.any():
        rows, columns = (np.arange(count) for count in invalid.shape)
        pixels[invalid & ((rows[:, None] + columns) % HATCH_STEP == 0)] = HATCH_COLOR


def write_letters(panel: PilImage.Image, plane: ScreenPlane, title: str) -> None:
    """Write the patient directions at the edges and a title into the corner."""
    draw = ImageDraw.Draw(panel)
    width, height = panel.size
    left, right, top, bottom = plane.letters
    edge = 4
    for text, place, anchor in (
        (left, (edge, height // 2), "lm"),
        (right, (width - edge, height // 2), "rm"),
        (top, (width // 2, edge), "mt"),
        (bottom, (width // 2, height - edge), "mb"),
        (title, (edge, edge), "lt"),
    ):
        draw.text(place, text, fill=INK, anchor=anchor, font_size=TEXT_SIZE, stroke_width=1, stroke_fill=(0, 0, 0))


def draw_legend(labels: Sequence[int], names: Mapping[int, str], width: int) -> PilImage.Image:
    """A strip with the color and the name of each label, in as many rows as it takes.

    Args:
        labels: The labels.
        names: Their names.
        width: Width of the strip, pixels.
    """
    measure = ImageDraw.Draw(PilImage.new("RGB", (1, 1)))
    entries = [(color_of_label(value), name_of_label(value, names)) for value in labels[:MOST_LEGEND_ENTRIES]]
    if len(labels) > MOST_LEGEND_ENTRIES:
        entries.append(((0, 0, 0), f"and {len(labels) - MOST_LEGEND_ENTRIES} more"))
    places, x, row = [], LEGEND_MARGIN, 0
    for _, name in entries:
        length = SWATCH + 6 + round(measure.textlength(name, font_size=TEXT_SIZE))
        if x > LEGEND_MARGIN and x + length > width - LEGEND_MARGIN:
            x, row = LEGEND_MARGIN, row + 1
        places.append((x, row))
        x += length + 2 * LEGEND_MARGIN
    strip = PilImage.new("RGB", (width, (row + 1) * LEGEND_ROW))
    draw = ImageDraw.Draw(strip)
    for (color, name), (left, line) in zip(entries, places, strict=True):
        middle = line * LEGEND_ROW + LEGEND_ROW // 2
        draw.rectangle((left, middle - SWATCH // 2, left + SWATCH, middle + SWATCH // 2), fill=color)
        draw.text((left + SWATCH + 6, middle), name, fill=PALE_INK, anchor="lm", font_size=TEXT_SIZE)
    return strip
