"""Regions: a part of a grid, asked for by slices in voxels or as a box in mm, before any voxel is there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from types import EllipsisType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import OptionError
from .boxes import Box
from .grid import Grid
from .number_text import format_numbers
from .tolerances import CORNER_ERROR_NOTED
from .voxel_slices import expand_ellipsis, resolve_slices

__all__ = ["ImageRegion", "RegionBox", "check_region", "find_region_box"]

ImageRegion = slice | EllipsisType | tuple[Any, ...] | Grid | npt.ArrayLike
"""Slices as between the brackets of an image, the lowest and the highest corner of a box, LPS mm, or another grid."""


@dataclass(frozen=True)
class RegionBox:
    """Which voxels of a grid a region takes.

    Attributes:
        index: The slices that take it out of the whole.
        start: First voxel of the smallest box that holds it.
        shape: Voxels of that box.
        within: The slices that take it out of the box.
        beyond: How far, in mm, a box in mm reaches beyond the volume of the voxels; 0.0 where it does not.
    """

    index: Box
    start: tuple[int, int, int]
    shape: tuple[int, int, int]
    within: Box
    beyond: float = 0.0


def check_region(region: ImageRegion) -> ImageRegion:
    """Check a region as far as is possible without a grid.

    Returns:
        The region; a box in mm as (2, 3) numbers.

    Raises:
        OptionError: If it is neither slices nor a box, or a box has no inside.
    """
    if is_sliced(region):
        expand_ellipsis(region if isinstance(region, tuple) else (region,), 3)
        return region
    if isinstance(region, Grid):
        return region
    advice = (
        "pass slices, such as numpy.s_[10:50, :, 3:9], two corners, such as image.grid.bounds, or a grid: image.grid"
    )
    try:
        box = np.array(region, np.float64)
    except (TypeError, ValueError):
        box = np.empty(0)
    if box.shape != (2, 3) or np.isnan(box).any():
        raise OptionError(
            "region must be slices in voxels, a Grid, or the lowest and highest corner of a box, (2, 3) LPS mm, and "
            f"{describe_region(region)} was given",
            advice=advice,
        )
    if (box[0] > box[1]).any():
        raise OptionError(
            f"the region is empty: its lowest corner ({format_numbers(box[0])}) is above its highest "
            f"({format_numbers(box[1])})",
            advice="give the smaller coordinate of each axis first",
        )
    return box


def describe_region(region: object) -> str:
    """What was given in place of a region, in words of a bounded length."""
    text = repr(region)
    return text if len(text) <= 60 else f"an object of type {type(region).__name__}"


def is_sliced(region: object) -> bool:
    """Whether a region is given in voxels: as slices, or as a number by which somebody means one plane."""
    parts = region if isinstance(region, tuple) else (region,)
    return any(isinstance(part, slice) or part is Ellipsis for part in parts) or isinstance(region, (int, np.integer))


def find_region_box(region: ImageRegion, grid: Grid, path: str | None = None) -> RegionBox:
    """Say which voxels of a grid a region takes.

    Args:
        region: As ``check_region`` returns it. Slices take what ``image[region]`` does; of a box in mm, or of
            another grid, every voxel is taken that it touches, and where its sides are turned against the axes, the
            smallest box of voxels that holds those.
        grid: Where the voxels lie.
        path: The source, for messages.

    Raises:
        OptionError: If it takes no voxel.
    """
    index: Any = region
    beyond = 0.0
    if not is_sliced(region):
        index, beyond = find_touched_voxels(region, grid, path)
    try:
        slices, ranges = resolve_slices(index, grid.shape)
    except OptionError as error:
        raise OptionError(f"region: {error.found}", path=path, advice=error.advice, **error.values) from error
    starts, shape, within = [], [], []
    for first, step, count in ranges:
        last = first + (count - 1) * step
        low = min(first, last)
        starts.append(low)
        shape.append(abs(last - first) + 1)
        # Turned round, the last one taken is the first of the box, which no number but None lies before.
        within.append(slice(None, None, step) if step > 0 else slice(first - low, None, step))
    return RegionBox(slices, tuple(starts), tuple(shape), tuple(within), beyond)  # type: ignore[arg-type]


def find_touched_voxels(region: Any, grid: Grid, path: str | None) -> tuple[Box, float]:
    """The voxels that a box in mm or the volume of another grid touches, and how far it reaches beyond them all, in mm.

    A face that lies on that of a voxel, but for rounding, does not touch it.
    """
    corners, beyond = list_grid_corners(region, grid) if isinstance(region, Grid) else list_box_corners(region, grid)
    index = grid.world_to_index(corners)
    first, last = index.min(axis=0), index.max(axis=0)
    edge = np.array(grid.shape) - 0.5
    if ((first > edge + CORNER_ERROR_NOTED) | (last < -0.5 - CORNER_ERROR_NOTED)).any() or not math.isfinite(beyond):
        low, high = region.bounds if isinstance(region, Grid) else region
        least, most = grid.bounds
        raise OptionError(
            f"the region from ({format_numbers(low)}) to ({format_numbers(high)}) mm lies outside the image, "
            f"which reaches from ({format_numbers(least)}) to ({format_numbers(most)}) mm in LPS",
            path=path,
            advice="give corners in LPS mm, as image.grid.bounds has them",
        )
    begin = np.clip(np.floor(first + 0.5 + CORNER_ERROR_NOTED), 0, edge - 0.5).astype(int)
    end = np.clip(np.ceil(last - 0.5 - CORNER_ERROR_NOTED), begin, edge - 0.5).astype(int)
    x, y, z = (slice(int(at), int(to) + 1) for at, to in zip(begin, end, strict=True))
    return (x, y, z), beyond if beyond > CORNER_ERROR_NOTED * min(grid.spacing) else 0.0


def list_box_corners(box: npt.NDArray[np.float64], grid: Grid) -> tuple[npt.NDArray[np.float64], float]:
    """The corners of what a box in mm and the bounds of a grid share, and how far the box reaches beyond those.

    An endless side asks for all there is. What shares nothing, or only a face, is infinitely far beyond.
    """
    low, high = grid.bounds
    rounding = CORNER_ERROR_NOTED * min(grid.spacing)
    inside = np.array([np.maximum(box[0], low), np.minimum(box[1], high)])
    corners = [[inside[side, axis] for axis, side in enumerate(sides)] for sides in product((0, 1), repeat=3)]
    reach = np.where(np.isfinite(box), [low - box[0], box[1] - high], 0.0)
    # A point or a plane on a face of the image is a part of it; a box that begins there is not.
    shared, thickness = inside[1] - inside[0], box[1] - box[0]
    is_beside = (shared < 0) | ((shared <= rounding) & (thickness > rounding))
    return np.array(corners), math.inf if is_beside.any() else float(reach.max())


def list_grid_corners(region: Grid, grid: Grid) -> tuple[npt.NDArray[np.float64], float]:
    """The corners of the volume of a grid, and how far they lie beyond that of another; endless if beside it."""
    ends = [(-0.5, count - 0.5) for count in region.shape]
    corners = region.index_to_world(list(product(*ends)))
    index = grid.world_to_index(corners)
    edge = np.array(grid.shape) - 0.5
    is_beside = (index.min(axis=0) > edge - CORNER_ERROR_NOTED) | (index.max(axis=0) < -0.5 + CORNER_ERROR_NOTED)
    reach = np.maximum(-0.5 - index, index - edge) * grid.spacing
    return corners, math.inf if is_beside.any() else float(reach.max())
