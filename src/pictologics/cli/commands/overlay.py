"""The ``overlay`` command: a mask over its image, in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import OptionError
from ...loader import load_image
from ...pictures.figures import visualize_mask_overlay
from ...pictures.matplotlib_parts import require_matplotlib
from ...pictures.windows import Window
from ...storage.file_writing import replace_file
from ..options import GeometryChoice
from ..terminal import print_line
from .mask_file import load_mask_onto

__all__ = ["OverlayOptions", "draw_overlay"]

PICTURE_FORMATS = {".png": "png", ".pdf": "pdf", ".svg": "svg"}
"""The suffixes of pictures, in lower case, and what Matplotlib calls their formats."""

DOTS_PER_INCH = 150
"""A panel of 6 inches has 900 pixels, more than the matrix of most scanners."""


@dataclass(frozen=True)
class OverlayOptions:
    """What the command line says about the picture.

    Attributes:
        axis: The array axis across which the slices lie.
        slice_index: The slice, None for the one that holds most of the mask.
        slices: How many slices, None for one.
        window: A preset's name, or center and width with a comma between them; empty for the usual window.
        alpha: How much a label's color covers.
        contours: Lines only.
        planes: Three orthogonal planes.
        geometry: Whose place the mask has.
    """

    axis: int
    slice_index: int | None
    slices: int | None
    window: str
    alpha: float
    contours: bool
    planes: bool
    geometry: GeometryChoice


def draw_overlay(source: str, mask: str, target: Path, options: OverlayOptions, **keywords: Any) -> None:
    """Load an image and a mask onto it, and draw both into a file that is written whole or not at all.

    Args:
        source: The image.
        mask: The mask.
        target: The picture to write.
        options: What it shows.
        **keywords: Passed on to ``load_image`` for the image.
    """
    check_overlay(target, options)
    image = load_image(source, **keywords)
    loaded = load_mask_onto(mask, image, options.geometry)
    figure = visualize_mask_overlay(
        image,
        loaded,
        options.alpha,
        axis=options.axis,
        initial_slice=options.slice_index,
        slices=options.slices,
        view="planes" if options.planes else "slices",
        window=parse_window(options.window),
        style="contour" if options.contours else "both",
        interactive=False,
    )
    with replace_file(target) as temporary:
        figure.savefig(temporary, format=PICTURE_FORMATS[target.suffix.lower()], dpi=DOTS_PER_INCH)
    print_line(str(target))


def check_overlay(target: Path, options: OverlayOptions) -> None:
    """Fail before anything is loaded, if it would fail afterwards."""
    require_matplotlib()
    parse_window(options.window)
    if target.suffix.lower() not in PICTURE_FORMATS:
        raise OptionError(
            f"the suffix of a picture must be one of {', '.join(PICTURE_FORMATS)}", path=target, advice="rename it"
        )


def parse_window(text: str) -> Window | None:
    """Read a window as it is typed: a name, or two numbers; None for no text."""
    if not text:
        return None
    parts = text.split(",")
    if len(parts) != 2:
        return text  # type: ignore[return-value]  # a preset's name, which drawing checks
    try:
        return float(parts[0]), float(parts[1])
    except ValueError as error:
        raise OptionError(
            f"window is {text!r} and must be center and width, such as 40,400, or the name of a preset"
        ) from error
