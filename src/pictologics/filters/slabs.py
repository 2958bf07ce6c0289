"""A volume filtered a few planes at a time, so that a filter with many steps needs little memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..array_types import FloatingArray
from ..threads import get_num_threads, run_in_shares
from .boundary import Boundary, beyond, take_planes
from .source import Source

__all__ = ["Block", "respond_in_slabs"]

SLAB_BYTES = 1 << 24
"""Size of a slab without the planes that it needs around it; more would add memory, and hardly speed."""


@dataclass(frozen=True)
class Block:
    """Some planes of a volume, with those that a filter needs around them.

    Attributes:
        values: (z, y, x); zero where not valid.
        valid: 1 where the values count and 0 elsewhere, of the same type; None if everywhere.
        boundary: What lies beyond the image, in the planes and around them.
        planes: Index of each plane in the image; those below zero and from ``size`` on lie beyond it.
        size: Planes of the image.
    """

    values: FloatingArray
    valid: FloatingArray | None
    boundary: Boundary
    planes: npt.NDArray[np.intp]
    size: int

    def extended_again(self, response: FloatingArray) -> FloatingArray:
        """A response to this block with the boundary condition in force again, beyond the image's ends.

        A filter does not always treat what lies beyond as the boundary condition would make it of what lies within.
        Between two filters one after the other it is made so, as around each plane.
        """
        # A shifted periodic image is periodic. There is no need, and the other end may not be in this block.
        outside = (self.planes < 0) | (self.planes >= self.size)
        if self.boundary == "periodic" or not outside.any():
            return response
        stand_ins = beyond(self.planes[outside], self.size, self.boundary)
        response = response.copy()
        response[outside] = 0 if self.boundary == "zero" else response[stand_ins - self.planes[0]]
        return response


def respond_in_slabs(source: Source, reach: int, respond: Callable[[Block], npt.NDArray[Any]]) -> FloatingArray:
    """Filter a volume slab by slab.

    Args:
        source: What to filter.
        reach: Planes to either side of a plane that its response depends on.
        respond: The filter: gives the response for every plane of a block, of which those within ``reach`` of its
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
        for slab in share:
            start, stop = slab * thickness, min((slab + 1) * thickness, count)
            planes = np.arange(start - reach, stop + reach)
            block_values = take_planes(values, planes, source.boundary, 0.0)
            block_valid = None
            if valid is not None:
                counts = take_planes(valid, planes, source.boundary, True)
                block_values = np.where(counts, block_values, values.dtype.type(0))
                block_valid = counts.astype(values.dtype)
            block = Block(block_values, block_valid, source.boundary, planes, count)
            output[start:stop] = respond(block)[reach : reach + stop - start]

    run_in_shares(filter_slabs, -(-count // thickness))
    return output
