"""Growing and shrinking masks by a distance in millimeters."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..array_types import AnyArray
from ..checks import check_number
from ..geometry import Box
from ..image import Image
from ..image_checks import derive_image
from ..provenance import Decision
from ..threads import run_in_shares
from .boxes import locate_box, widen_box
from .mask_labels import read_mask_labels
from .regions import Region, find_mask_region, reduce_mask

__all__ = ["grow_mask"]

BLOCK_SIDE = 64
"""Voxels along a side of the blocks that are worked on one by one: most hold no edge of the mask and are done at once,
and the distances of one block are all that is in memory."""

DISTANCE_ROUNDING = 1e-9
"""Distances are sums of squares of floats: a voxel exactly at the distance must not depend on the last bit."""


def grow_mask(mask: Image, distance_mm: float) -> Image:
    """Grow a mask by a distance, or shrink it by a negative one.

    Distances are Euclidean, in millimeters, between voxel centers. Growing adds every voxel that lies at most the
    distance from one of the mask. Shrinking takes away every voxel that lies at most the distance from one outside it;
    what lies beyond the edge of the image is unknown, and explain_empty is taken away for its sake.

    Args:
        mask: The mask, or a label map: a voxel that several labels reach goes to the nearest, and no label grows into
            another. Each shrinks for itself.
        distance_mm: How far, mm.

    Returns:
        The mask on the same grid, of the smallest unsigned integer type. It does not grow into voxels that its own
        source mask excludes.

    Raises:
        OptionError: If the mask marks no voxel, or shrinking leaves none, or the distance is not a number.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import grow_mask
        >>> mask = Image(np.array([[[0, 0, 1, 0, 0]]], np.uint8), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0))
        >>> grow_mask(mask, 3.0).array.tolist()
        [[[0, 1, 1, 1, 0]]]
    """
    distance = check_number("distance_mm", distance_mm, "mm")
    region = find_mask_region(mask)
    if distance < 0:
        return shrink_labels(mask, region, -distance)
    spacing = mask.grid.spacing
    box = widen_box(region.box, distance, spacing, mask.array.shape)
    array = np.zeros(mask.array.shape, region.labels.dtype, order="F")
    grow_labels(read_mask_labels(mask)[box], array[box], distance, spacing)
    if mask.source_mask is not None:
        array *= mask.source_mask
    before, after = int(np.count_nonzero(region.labels)), int(np.count_nonzero(array))
    text = f"grown by {distance:g} mm from {before} to {after} voxels"
    return derive_image(mask, Decision("processed", text, after), array=array)


def shrink_labels(mask: Image, region: Region, distance: float) -> Image:
    """The voxels of each label that lie further than a distance from every voxel without it."""
    spacing = mask.grid.spacing
    # One voxel more on each side shows where the mask ends, unless the image ends there too.
    box = widen_box(region.box, max(spacing), spacing, mask.array.shape)
    inner = locate_box(region.box, box)

    def find_core(number: int) -> npt.NDArray[np.bool_]:
        outside = np.ones([side.stop - side.start for side in box], np.uint8, order="F")
        outside[inner] = region.labels != number
        reached = np.zeros_like(outside)
        grow_labels(outside, reached, distance, spacing)
        return np.asarray(reached[inner] == 0)

    def explain_empty() -> tuple[str, str]:
        return f"shrinking by {distance:g} mm leaves nothing of the mask", "shrink by less"

    return reduce_mask(mask, region, find_core, f"shrunk by {distance:g} mm", explain_empty)


def grow_labels(labels: AnyArray, grown: AnyArray, distance: float, spacing: tuple[float, float, float]) -> None:
    """Give every voxel within a distance to the nearest label.

    Args:
        labels: The labels.
        grown: What they grow to, of the same shape; filled with zeros, written to.
        distance: How far, mm.
        spacing: Of the voxels, mm.
    """
    blocks = cut_into_blocks(labels.shape)
    is_mask = int(labels.max()) <= 1

    def work(numbers: Iterable[int]) -> None:
        for number in numbers:
            inner = blocks[number]
            # What lies further away than the distance has no say.
            outer = widen_box(inner, distance, spacing, labels.shape)
            there, around = labels[inner], labels[outer]
            if there.all():
                grown[inner] = there
            elif around.any():
                grown[inner] = grow_block(around, distance, spacing, is_mask)[locate_box(inner, outer)]

    run_in_shares(work, len(blocks))


def cut_into_blocks(shape: Sequence[int]) -> list[Box]:
    """Cut a shape into blocks of at most BLOCK_SIDE voxels a side."""
    sides = [[slice(start, min(start + BLOCK_SIDE, size)) for start in range(0, size, BLOCK_SIDE)] for size in shape]
    return list(itertools.product(*sides))


def grow_block(
    labels: AnyArray, distance: float, spacing: tuple[float, float, float], is_mask: bool
) -> npt.NDArray[Any]:
    """Grow the labels of a block: where they are for a mask, else which is nearest."""
    from scipy import ndimage

    limit = distance * (1 + DISTANCE_ROUNDING)
    if is_mask:
        return np.asarray(ndimage.distance_transform_edt(labels == 0, sampling=spacing) <= limit)
    far, nearest = ndimage.distance_transform_edt(labels == 0, sampling=spacing, return_indices=True)
    return np.asarray(np.where(far <= limit, labels[tuple(nearest)], labels.dtype.type(0)))
