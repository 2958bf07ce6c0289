"""The axes of an image in another order, for files that store them otherwise than their header says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import OptionError
from ..geometry import Grid, nearest_axes
from ..image import Image
from ..provenance import Decision

__all__ = ["transpose"]


def transpose(image: Image, axes: Sequence[int], target: Grid) -> Image:
    """Reorder the axes of an image whose file has them in another order than its header says.

    What the header says of the axes is one of three, and the grid on which the image is to be placed tells which:
    its directions and spacings describe the axes as they are stored, and move with the voxels; its spacings do, and its
    directions are as they should be; or both are as they should be, and only the voxels are in another order.

    Args:
        image: The image.
        axes: For each axis of the result, the axis of the image that it is, as in ``numpy.transpose``.
        target: The grid on which the image is to be placed.

    Raises:
        OptionError: If ``axes`` is no order of 0, 1 and 2.
    """
    try:
        order = tuple(int(k) for k in axes)
    except (TypeError, ValueError):
        order = ()
    if sorted(order) != [0, 1, 2]:
        raise OptionError(
            f"transpose_axes is {axes!r} and must be an order of the axes 0, 1 and 2",
            advice="pass for example (0, 2, 1) to exchange y and z",
        )
    grid, words = choose_grid(image.grid, order, target)
    mask = image.source_mask
    return replace(
        image,
        array=image.array.transpose(order),
        spacing=grid.spacing,
        origin=grid.origin,
        direction=np.array(grid.direction),
        source_mask=None if mask is None else mask.transpose(order),
        provenance=image.provenance.with_decisions(
            Decision("placed", f"axes put in the order {order}, {words}, as transpose_axes says")
        ),
    )


def choose_grid(grid: Grid, order: tuple[int, ...], target: Grid) -> tuple[Grid, str]:
    """Where the reordered voxels lie, and in words what moved with them."""
    moved = grid.permute(order)
    runs_along, _ = nearest_axes(target.direction.T @ moved.direction)
    if runs_along == (0, 1, 2):
        return moved, "with their directions and spacings"
    with_spacing = Grid(moved.shape, moved.spacing, moved.origin, grid.direction)
    voxels_only = Grid(moved.shape, grid.spacing, moved.origin, grid.direction)
    if compare_spacing(voxels_only, target) < compare_spacing(with_spacing, target):
        return voxels_only, "and kept the header's directions and spacings"
    return with_spacing, "with their spacings, and kept the header's directions"


def compare_spacing(grid: Grid, target: Grid) -> float:
    """How far the spacings along a target's axes are from the target's: 0 where they agree, else larger."""
    axes, _ = nearest_axes(grid.direction.T @ target.direction)
    own = np.asarray(grid.spacing)[list(axes)]
    return float(np.abs(np.log(own / np.asarray(target.spacing))).sum())
