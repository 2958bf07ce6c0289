"""A volume filtered a few planes at a time, so that a filter with many steps needs little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...array_types import AnyArray, FloatingArray
from ...interpolation.boundaries import OUTSIDE, Extension, find_stand_ins
from ...threads import get_num_threads, run_in_shares
from .filter_input import FilterInput

__all__ = ["Slab", "respond_in_slabs"]

SLAB_BYTES = 1 << 24
"""Size of a slab without the planes that it needs around it; more would add memory, and hardly speed."""


@dataclass(frozen=True)
class Slab:
    """Some planes of a volume, with those that a filter needs around them.

    Attributes:
        values: (z, y, x); zero where not valid.
        valid: 1 where the values count and 0 elsewhere, of the same type; None if everywhere.
        extension: What lies beyond the image, in the planes and around them.
        planes: Index of each plane in the image; those below zero and from ``size`` on lie beyond it.
        size: Planes of the image.
    """

    values: FloatingArray
    valid: FloatingArray | None
    extension: Extension
    planes: npt.NDArray[np.intp]
    size: int

    def restore_boundary(self, response: FloatingArray) -> FloatingArray:
        """A response to this slab with the boundary condition in force again, beyond the image's ends.

        A filter does not always treat what lies beyond as the boundary condition would make it of what lies within.
        Between two filters one after the other it is made so, as around each plane.
        """
        # A shifted periodic image is periodic. There is no need, and the other end may not be in this slab.
        outside = (self.planes < 0) | (self.planes >= self.size)
        if self.extension == "periodic" or not outside.any():
            return response
        stand_ins = find_stand_ins(self.planes[outside], self.size, self.extension)
        response = response.copy()
        response[outside] = 0 if self.extension == "zero" else response[stand_ins - self.planes[0]]
        return response


def respond_in_slabs(source: FilterInput, reach: int, respond: Callable[[Slab], AnyArray]) -> FloatingArray:
    """Filter a volume slab by slab.

    Args:
        source: What to filter.
        reach: Planes to either side of a plane that its response depends on.
        respond: The filter: gives the response for every plane of a slab, of which those within ``reach`` of its
            ends are not used.

    Returns:
        (z, y, x), of the source's type. Invalid voxels hold anything.
    """
    values, valid = source.values, source.valid
    count = values.shape[0]
    thickness = max(2 * reach, SLAB_BYTES // (values[0].size * values.itemsize), 1)
    thickness = min(thickness, -(-count // get_num_threads()))
    output = np.empty_like(values)

    def filter_slabs(share: Iterable[int]) -> None:
        for number in share:
            start, stop = number * thickness, min((number + 1) * thickness, count)
            planes = np.arange(start - reach, stop + reach)
            slab_values = take_planes(values, planes, source.extension, 0.0)
            slab_valid = None
            if valid is not None:
                counts = take_planes(valid, planes, source.extension, True)
                slab_values = np.where(counts, slab_values, values.dtype.type(0))
                slab_valid = counts.astype(values.dtype)
            slab = Slab(slab_values, slab_valid, source.extension, planes, count)
            output[start:stop] = respond(slab)[reach : reach + stop - start]

    run_in_shares(filter_slabs, -(-count // thickness))
    return output


def take_planes(array: AnyArray, planes: npt.NDArray[np.intp], extension: Extension, zero: float | bool) -> AnyArray:
    """Planes of an array along its first axis, also beyond its ends.

    Args:
        array: Any shape.
        planes: Indices, ascending by one.
        extension: How the array goes on.
        zero: What fills planes beyond the ends if that is ``"zero"``.

    Returns:
        The planes; a view where all of them are inside.
    """
    size = array.shape[0]
    if planes[0] >= 0 and planes[-1] < size:
        return array[planes[0] : planes[-1] + 1]
    indices = find_stand_ins(planes, size, extension)
    taken = array[indices]
    taken[indices == OUTSIDE] = zero
    return taken
