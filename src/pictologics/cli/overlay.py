"""The ``overlay`` command: a mask over its image, in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import GeometryError, OptionError
from ..image import Image
from ..loader import load_image
from ..pictures.figures import visualize_mask_overlay
from ..pictures.matplotlib_parts import require_matplotlib
from ..pictures.windows import Window
from ..storage.files import replacing

__all__ = ["OverlayOptions", "check_overlay", "draw_overlay"]

FORMATS = {".png": "png", ".pdf": "pdf", ".svg": "svg"}
DOTS_PER_INCH = 150


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
        nearest: Put a mask whose lattice does not meet the image's on it by nearest neighbor.
    """

    axis: int
    slice_index: int | None
    slices: int | None
    window: str
    alpha: float
    contours: bool
    planes: bool
    nearest: bool


def draw_overlay(image: Image, mask: Path, target: Path, options: OverlayOptions) -> None:
    """Load a mask onto an image and draw both into a file that is written whole or not at all."""
    loaded = load_mask(mask, image, options.nearest)
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
    with replacing(target) as temporary:
        figure.savefig(temporary, format=FORMATS[target.suffix.lower()], dpi=DOTS_PER_INCH)


def load_mask(mask: Path, image: Image, nearest: bool) -> Image:
    """A mask on the image's voxels; an error names the option that would help."""
    try:
        return load_image(mask, reference_image=image, interpolation="nearest" if nearest else None)
    except GeometryError as error:
        if "fractional_offset" not in error.values:
            raise
        advice = "pass --nearest to take the nearest voxel of the mask"
        raise GeometryError(error.found, path=error.path, advice=advice, **error.values) from error


def check_overlay(target: Path, options: OverlayOptions) -> None:
    """Fail before anything is loaded, if it would fail afterwards."""
    require_matplotlib()
    parse_window(options.window)
    if target.suffix.lower() not in FORMATS:
        raise OptionError(
            f"the name says no format that is drawn; formats are {', '.join(FORMATS)}",
            path=target,
            advice="give the file one of these suffixes",
        )


def parse_window(text: str) -> Window | None:
    """A window as it is typed: a name, or two numbers."""
    if not text:
        return None
    parts = text.split(",")
    if len(parts) != 2:
        return text  # type: ignore[return-value]  # a preset's name, which drawing checks
    try:
        return float(parts[0]), float(parts[1])
    except ValueError as error:
        raise OptionError(
            f"window is {text!r} and must be center and width, such as 40,400", advice="or name a preset"
        ) from error
