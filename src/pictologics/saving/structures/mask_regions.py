"""Masks as boxes of voxels on the planes of a series, one for each segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ...array_types import BoolArray
from ...geometry import Box, find_bounding_box
from ...image import Image
from ..saved_masks import check_frame, check_labels, lost_voxels_error, map_to_series
from ..source_series import SourceSeries

__all__ = ["SegmentRegion", "find_regions"]


@dataclass(frozen=True)
class SegmentRegion:
    """The voxels of one segment.

    Attributes:
        number: The number of the segment.
        first: Plane, row and column of the series where the box begins.
        voxels: (planes, rows, columns) which of the box are in the segment.
    """

    number: int
    first: tuple[int, int, int]
    voxels: BoolArray


def find_regions(masks: Image | dict[int, Image], series: SourceSeries) -> Iterator[SegmentRegion]:
    """Find the voxels of each segment on the planes of a series; segments without any are left out.

    Args:
        masks: A label map, or a mask for each number.
        series: The series.

    Raises:
        OptionError: If a mask holds other than whole numbers.
        GeometryError: If a mask does not lie on the lattice of the series, or reaches beyond it.
    """
    if isinstance(masks, Image):
        yield from find_regions_of(masks, series, "the mask", None)
        return
    for number, mask in masks.items():
        yield from find_regions_of(mask, series, f"mask {number}", number)


def find_regions_of(mask: Image, series: SourceSeries, name: str, number: int | None) -> Iterator[SegmentRegion]:
    """Find the voxels of the segments of a label map; those of a mask, if it has a number."""
    # Only here: images are saved without it, and it takes longer to import than many of them to write.
    from scipy.ndimage import find_objects

    check_frame(mask, series, name)
    labels = check_labels(mask, name)
    lattice = map_to_series(mask, series, name)
    # As (planes, rows, columns) of the series, along its axes or against them.
    turned = labels.transpose(lattice.axes)[tuple(slice(None, None, sign) for sign in lattice.signs)].T
    first = [
        sign * ((size - 1 if sign < 0 else 0) - offset)
        for sign, size, offset in zip(lattice.signs, turned.shape[::-1], lattice.offset, strict=True)
    ][::-1]
    whole = find_bounding_box(turned)
    if whole is None:
        return
    block = turned[whole]
    # A mask is one segment, whatever the value of its voxels.
    boxes = find_objects(block) if number is None else [tuple(slice(0, size) for size in block.shape)]
    for value, box in enumerate(boxes, 1):
        if box is None:
            continue
        voxels = block[box] == value if number is None else block > 0
        begin = tuple(outer.start + inner.start + shift for outer, inner, shift in zip(whole, box, first, strict=True))
        check_is_within(voxels, begin, series.planes.grid.shape[::-1], name, series)
        yield SegmentRegion(value if number is None else number, begin, voxels)


def check_is_within(
    voxels: BoolArray, first: tuple[int, ...], shape: tuple[int, ...], name: str, series: SourceSeries
) -> None:
    """Check that no voxel of a box lies beyond the series.

    Raises:
        GeometryError: If one does.
    """
    inside: Box = tuple(  # type: ignore[assignment]
        slice(max(0, -begin), max(0, size - begin)) for begin, size in zip(first, shape, strict=True)
    )
    lost = int(np.count_nonzero(voxels)) - int(np.count_nonzero(voxels[inside]))
    if lost:
        raise lost_voxels_error(lost, name, series)
