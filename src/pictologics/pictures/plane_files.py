"""The three orthogonal planes through a point as one picture, in a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy.typing as npt
from PIL import Image as PilImage

from ..errors import OptionError
from ..image import Image
from ..storage.file_writing import replace_file
from ..storage.paths import check_is_path
from ..storage.remote_writing import write_anywhere
from .panels import draw_legend, draw_panel, fit_size
from .scene import Scene, Style
from .windows import Window

__all__ = ["check_png", "save_planes"]

PANEL_SIDE = 384
"""Width and height of each of the three panels, pixels."""

PANEL_GAP = 8
"""Between panels, and above the legend, pixels."""


def save_planes(
    image: Image,
    path: str | os.PathLike[str],
    *,
    position: npt.ArrayLike | None = None,
    window: Window | None = None,
    mask: Image | None = None,
    alpha: float = 0.25,
    style: Style = "both",
) -> None:
    """Draw the three orthogonal planes through a point into one PNG.

    Axial, coronal and sagittal side by side, the radiological way round (the patient's right on the left), in true
    proportions, with the patient directions at the edges. Voxels that ``source_mask`` marks as invalid are hatched.

    Args:
        image: The image.
        path: A name that ends in ``.png``.
        position: The point, LPS mm. By default where most of the mask is, or the middle of the image.
        window: ``"lung"``, ``"bone"``, ``"brain"`` or ``"soft tissue"`` (for Hounsfield units), or (center, width). By
            default soft tissue for Hounsfield units, the 0.5th to 99.5th percentile otherwise.
        mask: A mask or label map to lay over the image, with a legend below. Its lattice must meet the image's.
        alpha: How much the color of a label covers, from 0 to 1.
        style: ``"fill"``, ``"contour"`` or ``"both"``.

    Raises:
        OptionError: If the name does not end in ``.png``, or a parameter cannot be honored.
        GeometryError: If the image has no place in the world, or the mask does not lie on it.

    Examples:
        >>> import numpy as np, tempfile, pathlib
        >>> from pictologics import Image, save_planes
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "planes.png"
        >>> save_planes(Image(np.random.rand(40, 50, 60), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), file)
        >>> file.exists()
        True
    """
    check_png(path)
    scene = Scene.of(image, mask, window, alpha, style)
    panels, labels = [], set()
    for plane in scene.three_planes(position):
        panel, shown = draw_panel(scene, plane, fit_size(plane, PANEL_SIDE), (PANEL_SIDE, PANEL_SIDE))
        panels.append(panel)
        labels |= shown
    width = len(panels) * (PANEL_SIDE + PANEL_GAP) - PANEL_GAP
    legend = draw_legend(sorted(labels), scene.names(), width) if labels else None
    canvas = PilImage.new("RGB", (width, PANEL_SIDE + (legend.height + PANEL_GAP if legend else 0)))
    for k, panel in enumerate(panels):
        canvas.paste(panel, (k * (PANEL_SIDE + PANEL_GAP), 0))
    if legend:
        canvas.paste(legend, (0, PANEL_SIDE + PANEL_GAP))
    with write_anywhere(path) as target, replace_file(target) as temporary:
        canvas.save(temporary, format="PNG")


def check_png(path: str | os.PathLike[str]) -> Path:
    """A path whose name says PNG."""
    check_is_path(path)
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise OptionError("pictures are written as PNG", path=target, advice="give the file the suffix .png")
    return target
