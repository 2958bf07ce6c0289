"""A box of an OME-Zarr image: only the chunks that it touches are inflated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...storage.files import MemoryFile
from ..volume_layout import FilePart, VolumeLayout
from .voxels import ZarrArrayFile

__all__ = ["crop_zarr_layout"]


def crop_zarr_layout(layout: VolumeLayout, start: Sequence[int], shape: Sequence[int]) -> VolumeLayout:
    """Read the chunks of a box, and say where its voxels are now: in memory.

    Args:
        layout: Where the voxels of an image of OME-Zarr are.
        start: First voxel of the box, which lies within the image, (x, y, z).
        shape: Voxels of the box along (x, y, z).

    Raises:
        CorruptFileError: If a chunk is damaged, or would hold far more than the array has room for.
    """
    file = layout.parts[0].file
    assert isinstance(file, ZarrArrayFile)  # what opens OME-Zarr makes no other
    boxes = dict(zip(layout.spatial, zip(start, shape, strict=True), strict=False))
    where, index = [], layout.index
    for axis, size in enumerate(layout.sizes):
        if axis in boxes:
            low, count = boxes[axis]
        else:
            index, low = divmod(index, size)
            count = 1
        where.append(slice(low, low + count))
    # Zarr counts axes from the slowest.
    numbers = file.inflate_box(where[::-1])
    part = FilePart(MemoryFile(file.name, numbers.tobytes()), numbers.nbytes)
    return replace(layout, sizes=numbers.shape[::-1], index=0, parts=(part,))
