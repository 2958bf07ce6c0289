"""The pictures of a case for the page: three planes for the table, and the slices for the slider."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from PIL import Image as PilImage

from ...image import Image
from ...labels.label_colors import name_of_label
from ...pictures.panels import draw_plane, fit_size
from ...pictures.scene import Scene, spread_evenly
from ...pictures.screen import make_axis_plane
from .picture_levels import PictureLevel

__all__ = ["CasePictures", "draw_case"]

QUALITIES = (72, 58, 44, 30, 18)
"""Of WebP, tried in this order until the pictures are small enough; below the last one, edges dissolve."""

ENCODING_EFFORT = 3
"""Of WebP's 0 to 6: more takes twice the time for a few percent."""

WEBP_BLOCK = 16
"""WebP codes squares of this side, pixels; slices that begin on one do not bleed into their neighbors."""

SMALLEST_PLANE = 16
"""Planes of fewer pixels show nothing."""

LABEL_OPACITY = 0.15
"""How much the color of a label covers inside its outline: enough to find small ones in a small picture."""

MOST_IMAGES = 3
"""Images of a case that the slider shows."""


@dataclass(frozen=True)
class SliceSheet:
    """The slices of an image side by side in one picture, in rows.

    Attributes:
        name: What the case calls the image.
        view: ``"axial"``, ``"coronal"`` or ``"sagittal"``.
        letters: Patient directions at the left, right, top and bottom edges.
        indices: Which slices they are.
        count: How many slices the image has.
        size: Width and height of a slice, pixels.
        step: From one slice to the next, and from one row to the next, pixels.
        columns: How many slices stand in a row.
        window: The grays, in words.
        data: The picture, WebP as base64.
    """

    name: str
    view: str
    letters: tuple[str, str, str, str]
    indices: list[int]
    count: int
    size: tuple[int, int]
    step: tuple[int, int]
    columns: int
    window: str
    data: str


@dataclass(frozen=True)
class CasePictures:
    """What is drawn of a case.

    Attributes:
        planes: Axial, coronal and sagittal plane side by side, WebP as base64; empty if there are none.
        sheets: The slices of each image.
        modality: The modality of the first image, empty if it does not say.
        labels: The names of the mask's labels; one without a name is here if it is in the three planes.
        notes: What could not be drawn.
    """

    planes: str
    sheets: list[SliceSheet]
    modality: str
    labels: dict[int, str]
    notes: list[str]

    def as_json(self) -> dict[str, Any]:
        """Everything as JSON has it."""
        return asdict(self)


def draw_case(
    images: Mapping[str, Image], mask: Image | None, level: PictureLevel, notes: Sequence[str] = ()
) -> CasePictures:
    """Draw a case within a number of bytes.

    Args:
        images: The images by their names; the first one is drawn in the table.
        mask: The label map that lies on all of them.
        level: How large, and how many.
        notes: What could not be loaded.

    Raises:
        GeometryError: If the mask does not lie on an image.
        OptionError: If an image has no voxels that can be drawn.
    """
    shown = list(images.items())[:MOST_IMAGES]
    scenes = {name: Scene.of(image, mask, None, LABEL_OPACITY, "both") for name, image in shown}
    first = next(iter(scenes.values()))
    strip, values = draw_plane_strip(first, level.plane_side)
    names = first.names()
    labels = {value: name_of_label(value, names) for value in sorted(values | set(names))}
    modality = first.image.modality if first.image.modality != "Unknown" else ""
    slices = level.slices
    while True:
        sheets = [lay_out_sheet(name, scene, level.slice_side, slices // len(scenes)) for name, scene in scenes.items()]
        data = encode_within([strip, *(picture for _, picture in sheets)], level.bytes)
        if data is not None:
            made = [
                SliceSheet(**layout, data=encode_base64(picture))
                for (layout, _), picture in zip(sheets, data[1:], strict=True)
                if layout["indices"]
            ]
            return CasePictures(encode_base64(data[0]), made, modality, labels, list(notes))
        if slices:
            slices //= 2
        elif strip.height > SMALLEST_PLANE:
            # Noise: no picture of it is small but a small one.
            strip = strip.reduce(2)
        else:
            return CasePictures("", [], modality, labels, [*notes, "its pictures are too large for the page"])


def encode_within(pictures: Sequence[PilImage.Image], most: int) -> list[bytes] | None:
    """Encode pictures at the best quality at which they take no more than a number of bytes; None if none does."""
    for quality in (QUALITIES[0], QUALITIES[-1], *QUALITIES[1:]):
        data = [encode_webp(picture, quality) for picture in pictures]
        fits = sum(map(len, data)) <= most
        # The worst comes second: if not even that one fits, none in between does.
        if quality == QUALITIES[-1] and not fits:
            return None
        if fits and quality != QUALITIES[-1]:
            return data
    return data


def draw_plane_strip(scene: Scene, side: int) -> tuple[PilImage.Image, set[int]]:
    """Draw the three planes side by side, and find the labels in them."""
    strip = PilImage.new("RGB", (3 * side, side))
    labels: set[int] = set()
    for k, plane in enumerate(scene.three_planes(None)):
        width, height = fit_size(plane, side)
        picture, shown = draw_plane(scene, plane, (width, height))
        strip.paste(picture, (k * side + (side - width) // 2, (side - height) // 2))
        labels |= shown
    return strip, labels


def lay_out_sheet(name: str, scene: Scene, side: int, slices: int) -> tuple[dict[str, Any], PilImage.Image]:
    """Draw slices as they were scanned, spread over the image, in rows of one picture."""
    count = scene.grid.shape[2]
    indices = spread_evenly(range(count), slices) if slices else []
    planes = [make_axis_plane(scene.grid, 2, index) for index in indices or [count // 2]]
    size = fit_size(planes[0], max(side, 1))
    width, height = (-(-length // WEBP_BLOCK) * WEBP_BLOCK for length in size)
    columns = math.ceil(math.sqrt(len(planes) * height / width))
    sheet = PilImage.new("RGB", (columns * width, -(-len(planes) // columns) * height) if indices else (1, 1))
    for k in range(len(indices)):
        row, column = divmod(k, columns)
        sheet.paste(draw_plane(scene, planes[k], size)[0], (column * width, row * height))
    layout = {
        "name": name,
        "view": planes[0].view,
        "letters": planes[0].letters,
        "indices": indices,
        "count": count,
        "size": size,
        "step": (width, height),
        "columns": columns,
        "window": scene.grays.text,
    }
    return layout, sheet


def encode_webp(picture: PilImage.Image, quality: int) -> bytes:
    """Encode a picture."""
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=quality, method=ENCODING_EFFORT)
    return file.getvalue()


def encode_base64(data: bytes) -> str:
    """Encode bytes as text."""
    return base64.b64encode(data).decode("ascii")
