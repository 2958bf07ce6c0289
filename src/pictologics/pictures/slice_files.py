"""The slices of an image as pictures, one file each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..checks import check_number, check_whole
from ..errors import OptionError
from ..image import Image
from ..storage.file_writing import replace_file
from ..storage.paths import check_writable_name, refuse_system_errors
from ..threads import run_in_shares
from .panels import draw_panel, fit_size
from .plane_files import check_png
from .scene import Scene, Style, spread_evenly
from .screen import ScreenPlane, make_axis_plane
from .windows import Window

__all__ = ["save_slices"]

SMALLEST_PICTURE = 16
"""Smaller pictures have no room for their letters, pixels."""

LARGEST_PICTURE = 8192
"""A picture of this side takes 200 MB while it is drawn, pixels."""


def save_slices(
    image: Image,
    folder_or_pattern: str | os.PathLike[str],
    mask: Image | None = None,
    every: int | None = None,
    percentage: float | None = None,
    axis: int = 2,
    *,
    window: Window | None = None,
    alpha: float = 0.25,
    style: Style = "both",
    mask_only: bool = False,
    size: int = 512,
) -> list[Path]:
    """Write slices as PNG files, each whole or not at all.

    They are drawn as by ``save_planes``: the radiological way round, in true proportions, with the patient directions
    at the edges.

    Args:
        image: The image.
        folder_or_pattern: A folder, made if it is not there, for names such as ``axial_007.png``; or a path with
            ``{index}``, and perhaps ``{view}`` or ``{axis}``, such as ``"out/{view}-{index:03d}.png"``.
        mask: A mask or label map to lay over the image. Its lattice must meet the image's.
        every: Every how many slices one is written, from the first on; 1 by default.
        percentage: Instead: which share of the slices is written, evenly spread; at least one.
        axis: The array axis across which the slices lie; 2 is the slices as scanned.
        window: As for ``save_planes``.
        alpha: How much the color of a label covers, from 0 to 1.
        style: ``"fill"``, ``"contour"`` or ``"both"``.
        mask_only: Only of the slices from the first to the last that hold some of the mask.
        size: Pixels along the longer side of each picture.

    Returns:
        The paths of the files, in the order of the slices.

    Raises:
        OptionError: If a parameter cannot be honored.
        GeometryError: If the image has no place in the world, or the mask does not lie on it.

    Examples:
        >>> import numpy as np, tempfile
        >>> from pictologics import Image
        >>> from pictologics.utilities import save_slices
        >>> scan = Image(np.random.rand(40, 50, 60), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> [file.name for file in save_slices(scan, tempfile.mkdtemp(), every=25)]
        ['axial_000.png', 'axial_025.png', 'axial_050.png']
    """
    scene = Scene.of(image, mask, window, alpha, style)
    indices: Sequence[int] = range(scene.grid.shape[scene.check_axis(axis)])
    if mask_only:
        if scene.mask is None:
            raise OptionError("mask_only=True needs a mask, and none was given", advice="pass mask=")
        indices = scene.mask.extent(axis)
    check_whole("size", size, SMALLEST_PICTURE, LARGEST_PICTURE, advice="give the pixels of the longer side")
    planes = [make_axis_plane(scene.grid, axis, index) for index in choose_slices(indices, every, percentage)]
    paths = list_slice_paths(folder_or_pattern, planes)

    def write(share: Iterable[int]) -> None:
        for k in share:
            within = fit_size(planes[k], size)
            picture, _ = draw_panel(scene, planes[k], within, within)
            with replace_file(paths[k]) as temporary:
                # Fast: there are many, and slower levels make noise hardly smaller.
                picture.save(temporary, format="PNG", compress_level=1)

    run_in_shares(write, len(planes))
    return paths


def choose_slices(indices: Sequence[int], every: int | None, percentage: float | None) -> Sequence[int]:
    """Choose the slices that are written."""
    if every is not None and percentage is not None:
        raise OptionError("every and percentage contradict each other", advice="leave one of them out")
    if percentage is not None:
        share = check_number("percentage", percentage, above=0, most=100) / 100
        return spread_evenly(range(indices[0], indices[-1] + 1), max(1, round(len(indices) * share)))
    step = 1 if every is None else check_whole("every", every, 1)
    return indices[::step]


def list_slice_paths(folder_or_pattern: str | os.PathLike[str], planes: Sequence[ScreenPlane]) -> list[Path]:
    """List one path for each slice, all different, and make their folders."""
    pattern = os.fspath(folder_or_pattern)
    if "{" in pattern:
        paths = [check_png(fill_pattern(pattern, plane)) for plane in planes]
    elif Path(pattern).suffix.lower() == ".png":
        raise OptionError(
            "one name cannot hold several slices",
            path=pattern,
            advice="put {index} into the name, such as slice-{index:03d}.png, or give a folder",
        )
    else:
        paths = [Path(pattern) / f"{plane.view}_{plane.index:03d}.png" for plane in planes]
    if len(set(paths)) < len(paths):
        raise OptionError("the pattern gives several slices one name", path=pattern, advice="put {index} into it")
    for folder in {path.parent for path in paths}:
        check_writable_name(folder)
        with refuse_system_errors("the folder cannot be created", folder):
            folder.mkdir(parents=True, exist_ok=True)
    return paths


def fill_pattern(pattern: str, plane: ScreenPlane) -> str:
    """Fill a pattern for names with the facts of one plane."""
    try:
        return pattern.format(index=plane.index, view=plane.view, axis=plane.axis)
    except (KeyError, IndexError, AttributeError, ValueError) as error:
        raise OptionError(
            "the name pattern cannot be filled in",
            path=pattern,
            advice="use {index}, {view} and {axis}, as in str.format",
        ) from error
