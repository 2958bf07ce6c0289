"""A mask as it lies on an image, plane by plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..array_types import IntArray
from ..errors import GeometryError, OptionError
from ..geometry import Grid, find_overlap
from ..image import Image
from ..image_checks import check_image
from ..placement import place
from .screen import ScreenPlane

__all__ = ["MaskOnGrid"]


class MaskOnGrid:
    """A mask or label map on the voxels of an image; only the planes that are asked for are put there.

    Args:
        mask: The mask. Its lattice must meet the grid's; it may be cropped, flipped or have its axes in another order.
        grid: Where the image lies.

    Raises:
        GeometryError: If the mask does not lie on the image.
        OptionError: If it is not a mask.

    Attributes:
        names: What its values stand for.
    """

    def __init__(self, mask: Image, grid: Grid) -> None:
        mask = check_image(mask, "mask")
        self.mask = mask
        self.grid = grid
        self.names = mask.labels
        try:
            lattice = mask.grid.lattice_map(grid)
        except GeometryError as error:
            raise GeometryError(
                f"the mask does not lie on the image: {error.found}",
                advice="load it with load_mask(path, image)",
                **error.values,
            ) from error
        source, self.reach = find_overlap(mask.grid, grid, lattice)
        if any(reach.start >= reach.stop for reach in self.reach):
            raise GeometryError(
                "the mask lies wholly outside the image",
                advice="check that both are of the same patient and scan",
            )
        # What of the mask lies on the image, its axes as the image has them; a view.
        self.part = mask.array.transpose(lattice.axes)[source]
        self.areas: tuple[npt.NDArray[np.int64], ...] | None = None

    def labels(self, plane: ScreenPlane) -> IntArray:
        """The mask's values in a plane of the image, (rows, columns), 0 where there is no mask.

        Raises:
            OptionError: If they are not whole numbers.
        """
        start, shape = [0, 0, 0], list(self.grid.shape)
        start[plane.axis], shape[plane.axis] = plane.index, 1
        slab = place(self.mask, self.grid.crop(start, shape)).array
        values = plane.arrange(slab.transpose(plane.axis, *plane.axes)[0])
        return convert_to_labels(values)

    def areas_along(self, axis: int) -> npt.NDArray[np.int64]:
        """How many voxels are labeled in each of the image's planes across an axis."""
        if self.areas is None:
            self.areas = count_labeled_voxels(self.part)
        areas = np.zeros(self.grid.shape[axis], np.int64)
        areas[self.reach[axis]] = self.areas[axis]
        return areas

    def largest(self, axis: int) -> int:
        """The plane across an axis that holds most of the mask, the middle one of several such."""
        areas = self.areas_along(axis)
        candidates = np.flatnonzero(areas == areas.max())
        return int(candidates[(len(candidates) - 1) // 2])

    def extent(self, axis: int) -> range:
        """The planes across an axis from the first to the last that hold some of the mask; all for an empty one."""
        found = np.flatnonzero(self.areas_along(axis))
        return range(int(found[0]), int(found[-1]) + 1) if found.size else range(self.grid.shape[axis])


def convert_to_labels(values: npt.NDArray[Any]) -> IntArray:
    """Convert values of a mask to labels; other software often stores them as floating-point numbers."""
    if values.dtype.kind == "f":
        rounded = np.rint(values)
        # Also refuses NaN and infinity; from 2^53 on, float64 has no fractions left to judge by.
        if not (values == rounded).all() or not (np.abs(values) < 2**53).all():
            raise OptionError(
                "the mask contains values that are not whole numbers, and labels are required",
                advice="apply a threshold first, such as Image.from_grid(mask.array >= 0.5, mask.grid)",
            )
    return values.astype(np.int64)


def count_labeled_voxels(array: npt.NDArray[Any]) -> tuple[npt.NDArray[np.int64], ...]:
    """Count the voxels that are not zero in each plane across each of the three axes, in one pass."""
    counts = tuple(np.zeros(count, np.int64) for count in array.shape)
    # Plane after plane as they lie in memory, so that each is read once; most are empty and need no second look.
    slowest = int(np.argmax(np.abs(array.strides)))
    others: Sequence[int] = [axis for axis in range(3) if axis != slowest]
    for k, plane in enumerate(np.moveaxis(array, slowest, 0)):
        counts[slowest][k] = np.count_nonzero(plane)
        if counts[slowest][k]:
            is_set = plane != 0
            counts[others[0]][:] += is_set.sum(axis=1)
            counts[others[1]][:] += is_set.sum(axis=0)
    return counts
