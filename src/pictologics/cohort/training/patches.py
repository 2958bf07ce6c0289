"""Which patch of a volume is taken: anywhere, or around a voxel of a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ...checks import check_whole
from ...errors import OptionError

__all__ = [
    "LabelCenters",
    "check_patch",
    "choose_patch_start",
    "copy_in_blocks",
    "find_label_centers",
    "pad_box",
    "split_box",
]

MOST_CENTERS: Final = 512
"""Voxels of a label that are remembered, evenly spread through it: a few kilobytes, however large the label is."""

COPY_BLOCK: Final = 16
"""Voxels: a line of the cache, of 4-byte numbers."""

LabelCenters = dict[int, npt.NDArray[np.int64]]
"""Voxels of each label, (n, 3)."""


def check_patch(patch: Sequence[int] | None) -> tuple[int, int, int] | None:
    """Check the size of a patch.

    Raises:
        OptionError: If it is not three whole numbers, each at least 1.
    """
    if patch is None:
        return None
    if isinstance(patch, str) or not hasattr(patch, "__len__") or len(patch) != 3:
        raise OptionError(
            f"patch is {patch!r} and must be three numbers, its voxels along x, y and z",
            advice="pass one number for each axis, also where an axis has one voxel",
        )
    x, y, z = (check_whole("patch", size, 1) for size in patch)
    return x, y, z


def find_label_centers(labels: npt.NDArray[np.uint8]) -> LabelCenters:
    """Find voxels of each label of a map (x, y, z): all, or as many as are remembered."""
    flat = labels.ravel(order="F")
    indices = np.flatnonzero(flat)
    values = flat[indices]
    centers = {}
    for value in np.unique(values).tolist():
        own = indices[values == value]
        kept = own[np.linspace(0, len(own) - 1, min(len(own), MOST_CENTERS)).astype(np.int64)]
        centers[int(value)] = np.stack(np.unravel_index(kept, labels.shape, order="F"), axis=1)
    return centers


def choose_patch_start(
    shape: Sequence[int], patch: Sequence[int], centers: LabelCenters, draws: Sequence[float]
) -> tuple[int, ...]:
    """Choose the first voxel of a patch.

    Args:
        shape: Voxels of the volume.
        patch: Voxels of the patch.
        centers: Voxels of labels, one of which is to be the middle: every label is as likely as any other. None of
            them for a patch that may be anywhere.
        draws: Three random numbers from 0 to below 1.

    Returns:
        The patch lies within the volume; along an axis on which it is larger, the volume lies in its middle, and the
        start is below 0.
    """
    room = np.array(shape) - patch
    if centers:
        voxels = centers[sorted(centers)[int(draws[0] * len(centers))]]
        start = voxels[int(draws[1] * len(voxels))] - np.array(patch) // 2
    else:
        start = (np.array(draws) * (room + 1)).astype(np.int64)
    inside = np.clip(start, 0, np.maximum(room, 0))
    return tuple(int(at) for at in np.where(room < 0, room // 2, inside))


def split_box(
    start: Sequence[int], patch: Sequence[int], shape: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The part of a patch that lies within a volume: its first voxel and its shape."""
    low = [max(at, 0) for at in start]
    high = [min(at + size, count) for at, size, count in zip(start, patch, shape, strict=True)]
    return tuple(low), tuple(end - begin for begin, end in zip(low, high, strict=True))


def copy_in_blocks(target: npt.NDArray[Any], source: npt.NDArray[Any]) -> None:
    """Copy an array (x, y, z) into one of the other memory order.

    One runs through memory along x and the other along z, so a copy line by line would miss the cache at every step.
    """
    x, _, z = source.shape
    for i in range(0, x, COPY_BLOCK):
        for k in range(0, z, COPY_BLOCK):
            block = np.s_[i : i + COPY_BLOCK, :, k : k + COPY_BLOCK]
            target[block] = source[block]


def pad_box(array: npt.NDArray[Any], start: Sequence[int], patch: Sequence[int], fill: float) -> npt.NDArray[Any]:
    """Put the part of a patch that lies within the volume into its place in the whole patch.

    Args:
        array: That part, (x, y, z).
        start: First voxel of the patch, below 0 where it begins before the volume.
        patch: Voxels of the patch.
        fill: What voxels outside the volume get.
    """
    if array.shape == tuple(patch):
        return array
    padded = np.full(tuple(patch), fill, array.dtype, order="F")
    offset = [max(-at, 0) for at in start]
    padded[tuple(slice(at, at + count) for at, count in zip(offset, array.shape, strict=True))] = array
    return padded
