"""An image onto another grid: exact where the lattices meet, refused where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import OptionError
from .geometry import CORNER_ERROR_NOTED, Grid, LatticeMap, nearest_axes
from .image import Image
from .interpolation import Interpolation
from .provenance import Decision

__all__ = ["place", "transpose"]


def place(image: Image, target: Grid, fill_value: float = 0.0, interpolation: Interpolation | None = None) -> Image:
    """Put an image's voxels onto another grid without changing a value.

    The lattices must meet: the axes may be in another order or run the other way, and the image may be cropped,
    larger, or offset by whole voxels. What lies outside the target is cut off; the rest of the target is filled.

    Args:
        image: The image.
        target: Where its voxels go.
        fill_value: Value of target voxels outside the image. A type that cannot hold it is widened.
        interpolation: What to do where the lattices do not meet; None raises.

    Returns:
        An image on the target grid. Its source mask, if it has one, is False outside the image.

    Raises:
        GeometryError: If voxel centres miss each other by a tenth of a voxel or more.
    """
    grid = image.grid
    if grid == target:
        return image
    lattice = grid.lattice_map(target)
    source, destination = overlap(grid, target, lattice)
    array = fill(image.array, lattice, source, destination, target.shape, fill_value)
    mask = image.source_mask
    if mask is not None:
        mask = fill(mask, lattice, source, destination, target.shape, False)
    return Image.from_grid(
        array,
        target,
        modality=image.modality,
        source_mask=mask,
        metadata=image.metadata,
        labels=image.labels,
        provenance=image.provenance.with_decisions(*decisions_of(grid, target, lattice, destination)),
    )


Box = tuple[slice, slice, slice]


def overlap(grid: Grid, target: Grid, lattice: LatticeMap) -> tuple[Box, Box]:
    """The voxels that both grids have: in the source with its axes reordered, and in the target.

    Where nothing overlaps, both boxes are empty.
    """
    source, destination = [], []
    for axis in range(3):
        size, length = grid.shape[lattice.axes[axis]], target.shape[axis]
        sign, offset = lattice.signs[axis], lattice.offset[axis]
        # Target indices i whose source index sign * i + offset lies within 0 and size - 1.
        low, high = (-offset, size - 1 - offset) if sign > 0 else (offset - size + 1, offset)
        low, high = max(low, 0), min(high, length - 1)
        if high < low:
            source.append(slice(0, 0))
            destination.append(slice(0, 0))
            continue
        first, last = sign * low + offset, sign * high + offset
        # A step of -1 down to index 0 ends at None: -1 would mean the last voxel.
        stop = last + sign if last + sign >= 0 else None
        source.append(slice(first, stop, sign))
        destination.append(slice(low, high + 1))
    return tuple(source), tuple(destination)  # type: ignore[return-value]


def fill(
    array: npt.NDArray[Any],
    lattice: LatticeMap,
    source: Box,
    destination: Box,
    shape: tuple[int, int, int],
    fill_value: float | bool,
) -> npt.NDArray[Any]:
    """A new array of the target's shape with the overlapping voxels in place."""
    if array.dtype.kind == "f" or array.dtype == np.bool_:
        dtype = array.dtype
    else:
        dtype = np.result_type(array.dtype, np.min_scalar_type(fill_number(fill_value)))
    result = np.full(shape, fill_value, dtype, order="F")
    result[destination] = array.transpose(lattice.axes)[source]
    return result


def fill_number(value: float | bool) -> float | int | bool:
    """A whole fill value as an integer, so that it widens an integer type no further than it must."""
    return int(value) if float(value).is_integer() else value


def decisions_of(grid: Grid, target: Grid, lattice: LatticeMap, destination: Box) -> list[Decision]:
    """What placing did, in words."""
    kept = int(np.prod([box.stop - box.start for box in destination]))
    total = int(np.prod(grid.shape))
    decisions = []
    if not kept:
        low, high = grid.corner_indices[0], grid.corner_indices[-1]
        corners = grid.index_to_world([low, high]).round(1).tolist()
        others = target.index_to_world([target.corner_indices[0], target.corner_indices[-1]]).round(1).tolist()
        text = (
            f"the image lies wholly outside the reference: its corners are at {corners[0]} and {corners[1]} mm, "
            f"the reference's at {others[0]} and {others[1]} mm; every voxel is the fill value"
        )
        decisions.append(Decision("placed", text, 0, "content"))
    else:
        text = f"{kept} of {total} voxels placed on the reference"
        decisions.append(Decision("placed", text, kept))
    if lattice.corner_error >= CORNER_ERROR_NOTED:
        text = f"placing moved the worst corner by {lattice.corner_error:.3g} voxels"
        decisions.append(Decision("rounded", text, lattice.corner_error))
    return decisions


def transpose(image: Image, axes: Sequence[int], target: Grid) -> Image:
    """Reorder the axes of an image whose file has them in another order than its header says.

    Voxels and spacing move together. Where the directions, moved along, then run along the target's axes, the
    header was right and they are used. Where they do not, the header describes the axes as they should be, and the
    directions stay as they are: axis k of the result runs along column k.

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
    moved = image.grid.permuted(order)
    runs_along, _ = nearest_axes(target.direction.T @ moved.direction)
    if runs_along == (0, 1, 2):
        grid, what = moved, "with their directions"
    else:
        grid, what = (
            Grid(moved.shape, moved.spacing, moved.origin, image.grid.direction),
            "and kept their directions",
        )
    mask = image.source_mask
    return replace(
        image,
        array=image.array.transpose(order),
        spacing=grid.spacing,
        origin=grid.origin,
        direction=np.array(grid.direction),
        source_mask=None if mask is None else mask.transpose(order),
        provenance=image.provenance.with_decisions(
            Decision("placed", f"axes put in the order {order}, {what}, as transpose_axes says")
        ),
    )
