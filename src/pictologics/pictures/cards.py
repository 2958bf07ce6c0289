"""What a notebook shows of an image: three small planes, and the facts below."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image as PilImage

from ..errors import PictologicsError
from ..geometry import format_numbers
from ..image import Image
from .panels import draw_plane, fit_size, frame_panel
from .scene import Scene
from .screen import VIEWS, ScreenPlane, find_view_plane

__all__ = ["make_card"]

CARD_SIDE: Final = 144
"""Width and height of each of the three panels, pixels."""

CARD_GAP: Final = 4
"""Between panels, pixels."""

MOST_CELLS: Final = 2 * CARD_SIDE
"""Voxels of a plane along each side: twice the pixels, so that they are averaged a little, and no more is looked at."""

BLACK_WINDOW: Final = (1e30, 1e29)
"""A window in which every label is black, and only its color is seen."""

MOST_SEARCHED: Final = 96
"""Voxels along each axis among which the middle of a mask is looked for."""

MOST_PNG_BYTES: Final = 40_000
"""Of a picture; larger ones are stored as JPEG, as noise is hard to pack."""

MOST_LABELS_NAMED: Final = 8
"""Labels that are named."""


def make_card(image: Image) -> str:
    """An image as HTML: axial, coronal and sagittal plane where they can be drawn, and what is known.

    Nothing is raised, whatever the image holds, and of a large one only a part of the voxels is looked at.
    """
    rows = [(name or "values", text) for name, text in image.summary()]
    rows += describe_extent(image) + list_label_names(image)
    body = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
        f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
        for name, text in rows
    )
    picture = draw_thumbnail(image)
    shown = f"<tr><td colspan='2'>{picture}</td></tr>" if picture else ""
    return f"<table><caption>pictologics.Image</caption>{shown}{body}</table>"


def describe_extent(image: Image) -> list[tuple[str, str]]:
    """How large it is, and where it begins."""
    try:
        grid = image.grid
    except (PictologicsError, TypeError, ValueError):
        return []
    lengths = format_numbers([count * step for count, step in zip(grid.shape, grid.spacing, strict=True)])
    return [("size", f"({lengths}) mm"), ("origin", f"({format_numbers(grid.origin)}) mm LPS")]


def list_label_names(image: Image) -> list[tuple[str, str]]:
    """What its labels are called."""
    names = [f"{value} {name}" for value, name in dict(image.labels).items()]
    more = f" and {len(names) - MOST_LABELS_NAMED} more" if len(names) > MOST_LABELS_NAMED else ""
    return [("labels", ", ".join(names[:MOST_LABELS_NAMED]) + more)] if names else []


def draw_thumbnail(image: Image) -> str:
    """The three planes as an ``img`` element; empty for what cannot be drawn."""
    array = image.array
    if not isinstance(array, np.ndarray) or not array.size or array.dtype.kind not in "biuf" or array.ndim < 2:
        return ""
    try:
        # Values at the ends of their types overflow in a picture's arithmetic, and are black or white.
        with np.errstate(all="ignore"):
            picture = draw_three_colored_planes(image) if holds_colors(array) else draw_three_planes(as_volume(image))
    except (PictologicsError, TypeError, ValueError):
        return ""
    kind, data = encode_picture(picture)
    return (
        f"<img alt='axial, coronal and sagittal plane' width='{picture.width}' height='{picture.height}' "
        f"src='data:image/{kind};base64,{base64.b64encode(data).decode()}'>"
    )


def holds_colors(array: npt.NDArray[np.generic]) -> bool:
    """Whether the last axis of an array holds red, green and blue."""
    return array.ndim == 4 and array.dtype == np.uint8 and array.shape[3] in (3, 4)


def as_volume(image: Image) -> Image:
    """An image of three axes: of more axes the first of each, and of a plane one slice."""
    volume = image.array[:, :, None] if image.array.ndim == 2 else image.array
    while volume.ndim > 3:
        volume = volume[..., 0]
    fits = image.source_mask is not None and image.source_mask.shape == volume.shape
    return replace(image, array=volume, source_mask=image.source_mask if fits else None)


def draw_three_planes(image: Image) -> PilImage.Image:
    """Planes of a volume in gray, or of a mask in the colors of its labels."""
    is_mask = image.modality == "SEG" and image.array.dtype.kind in "bui"
    mask = replace(image, array=image.array.view(np.uint8) if image.array.dtype == np.bool_ else image.array)
    scene = Scene.of(image, mask if is_mask else None, BLACK_WINDOW if is_mask else None, 1.0, "fill")
    middle = find_mask_middle(image) if is_mask else None
    canvas = PilImage.new("RGB", (len(VIEWS) * (CARD_SIDE + CARD_GAP) - CARD_GAP, CARD_SIDE))
    for k, plane in enumerate(scene.three_planes(middle)):
        picture, _ = draw_plane(scene, thin_plane(plane), fit_size(plane, CARD_SIDE))
        canvas.paste(frame_panel(picture, plane, (CARD_SIDE, CARD_SIDE)), (k * (CARD_SIDE + CARD_GAP), 0))
    return canvas


def draw_three_colored_planes(image: Image) -> PilImage.Image:
    """Planes of a volume whose last axis is red, green and blue."""
    array = image.array
    grid = replace(image, array=array[..., 0]).grid
    canvas = PilImage.new("RGB", (len(VIEWS) * (CARD_SIDE + CARD_GAP) - CARD_GAP, CARD_SIDE))
    for k, view in enumerate(VIEWS):
        plane = find_view_plane(grid, view)
        thin = thin_plane(plane)
        colors = np.stack([thin.cut(array[..., channel]) for channel in range(3)], axis=-1)
        picture = PilImage.fromarray(colors).resize(fit_size(plane, CARD_SIDE), PilImage.Resampling.BICUBIC)
        canvas.paste(frame_panel(picture, plane, (CARD_SIDE, CARD_SIDE)), (k * (CARD_SIDE + CARD_GAP), 0))
    return canvas


def find_mask_middle(mask: Image) -> npt.NDArray[np.float64]:
    """The point in the middle of a mask's voxels, LPS mm, found among some of them."""
    steps = tuple(max(1, -(-count // MOST_SEARCHED)) for count in mask.array.shape)
    found = np.argwhere(mask.array[tuple(slice(None, None, step) for step in steps)])
    index = found[len(found) // 2] * steps if len(found) else (np.asarray(mask.array.shape) - 1) / 2
    point: npt.NDArray[np.float64] = mask.grid.index_to_world(index)
    return point


def thin_plane(plane: ScreenPlane) -> ScreenPlane:
    """A plane of which only every so many rows and columns are shown."""
    steps = [max(1, count // MOST_CELLS) for count in plane.shape]
    rows, columns = (-(-count // step) for count, step in zip(plane.shape, steps, strict=True))
    return replace(plane, steps=(plane.steps[0] * steps[0], plane.steps[1] * steps[1]), shape=(rows, columns))


def encode_picture(picture: PilImage.Image) -> tuple[str, bytes]:
    """A picture as PNG, or as JPEG where that would be large: its kind and its bytes."""
    target = io.BytesIO()
    picture.save(target, format="PNG", optimize=True)
    if target.tell() <= MOST_PNG_BYTES:
        return "png", target.getvalue()
    target = io.BytesIO()
    picture.save(target, format="JPEG", quality=80)
    return "jpeg", target.getvalue()
