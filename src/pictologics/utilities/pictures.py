"""Pictures to look at in a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as PilImage
from PIL import ImageDraw

from ..errors import OptionError
from ..files import replacing
from ..image import Image
from .screen import ScreenPlane, View, screen_plane

__all__ = ["save_planes"]

# Soft tissue, the window that most CT is first looked at with: centre 40, width 400 HU.
SOFT_TISSUE_HU = (-160.0, 240.0)
# Other images: a few extreme voxels would leave the rest without contrast.
PERCENTILES = (0.5, 99.5)
LARGEST_SAMPLE = 1_000_000

PANEL, GAP, TEXT_SIZE = 384, 8, 16
INK = (255, 214, 92)


def save_planes(
    image: Image,
    path: str | os.PathLike[str],
    *,
    position: npt.ArrayLike | None = None,
    window: tuple[float, float] | None = None,
) -> None:
    """Draw the three orthogonal planes through a point into one PNG.

    Axial, coronal and sagittal side by side, the radiological way round (the patient's right on the left), in true
    proportions, with the patient directions at the edges.

    Args:
        image: The image.
        path: A name that ends in ``.png``.
        position: The point, LPS mm; the middle of the image by default.
        window: Values drawn black and white. By default soft tissue (-160 to 240) for Hounsfield units, the 0.5th
            to 99.5th percentile otherwise.

    Raises:
        OptionError: If the name does not end in ``.png``, or the window has no width.
        GeometryError: If the image has no place in the world.

    Example:
        >>> import numpy as np, tempfile, pathlib
        >>> from pictologics import Image, save_planes
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "planes.png"
        >>> save_planes(Image(np.random.rand(40, 50, 60), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), file)
        >>> file.exists()
        True
    """
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise OptionError("pictures are written as PNG", path=target, advice="give the file the suffix .png")
    low, high = default_window(image) if window is None else window
    if not low < high:
        raise OptionError(f"the window {low} to {high} has no width", advice="give the darker value first")
    views: tuple[View, ...] = ("axial", "coronal", "sagittal")
    panels = [draw_panel(screen_plane(image, view, position), view, low, high) for view in views]
    canvas = PilImage.new("RGB", (len(panels) * (PANEL + GAP) - GAP, PANEL))
    for k, panel in enumerate(panels):
        canvas.paste(panel, (k * (PANEL + GAP), 0))
    with replacing(target) as temporary:
        canvas.save(temporary, format="PNG")


def default_window(image: Image) -> tuple[float, float]:
    """Values to draw black and white when nobody says."""
    if image.metadata.get("units") == "HU":
        return SOFT_TISSUE_HU
    values = np.asarray(image.array)
    step = max(1, int(np.cbrt(values.size / LARGEST_SAMPLE)))
    sample = values[::step, ::step, ::step].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(sample, PERCENTILES))
    if low < high:
        return low, high
    # A mask of few voxels, or a constant.
    low, high = float(sample.min()), float(sample.max())
    return (low, high) if low < high else (low - 1.0, high + 1.0)


def draw_panel(plane: ScreenPlane, view: View, low: float, high: float) -> PilImage.Image:
    """One plane in a square, in true proportions, with its letters."""
    grey = to_grey(plane.values, low, high)
    heights = [count * size for count, size in zip(plane.values.shape, plane.pixel_spacing, strict=True)]
    scale = PANEL / max(heights)
    height, width = (max(1, round(length * scale)) for length in heights)
    picture = PilImage.fromarray(grey).resize((width, height), PilImage.Resampling.BICUBIC)
    panel = PilImage.new("RGB", (PANEL, PANEL))
    panel.paste(picture, ((PANEL - width) // 2, (PANEL - height) // 2))
    draw = ImageDraw.Draw(panel)
    left, right, top, bottom = plane.letters
    middle, edge = PANEL // 2, 4
    for text, place, anchor in (
        (left, (edge, middle), "lm"),
        (right, (PANEL - edge, middle), "rm"),
        (top, (middle, edge), "mt"),
        (bottom, (middle, PANEL - edge), "mb"),
        (f"{view} {plane.index}", (edge, edge), "lt"),
    ):
        draw.text(place, text, fill=INK, anchor=anchor, font_size=TEXT_SIZE, stroke_width=1, stroke_fill=(0, 0, 0))
    return panel


def to_grey(values: npt.NDArray[Any], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Values as shades from black to white; what is no number is black."""
    shades = (values.astype(np.float64) - low) / (high - low) * 255.0
    return np.ascontiguousarray(np.nan_to_num(np.clip(shades, 0.0, 255.0)).round().astype(np.uint8))
