"""What lies beyond the image: the four boundary conditions of IBSI 2 (section 2.3 of its reference manual)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["SCIPY_MODES", "Boundary", "beyond", "extended", "take_planes"]

Boundary = Literal["zero", "nearest", "periodic", "mirror"]
"""``"zero"``: zeros; ``"nearest"``: the outermost voxel again and again; ``"periodic"``: the image again;
``"mirror"``: the image mirrored at its outer face, so that the outermost voxel comes twice."""

SCIPY_MODES: Mapping[Boundary, Literal["constant", "nearest", "wrap", "reflect"]] = {
    "zero": "constant",
    "nearest": "nearest",
    "periodic": "wrap",
    "mirror": "reflect",
}
"""The same in the words of scipy.ndimage, whose own "mirror" does not repeat the outermost voxel."""

OUTSIDE = -1


def beyond(indices: npt.NDArray[np.intp], size: int, boundary: Boundary) -> npt.NDArray[np.intp]:
    """Which voxel along an axis stands for each index, inside the image or beyond it.

    Args:
        indices: Any whole numbers.
        size: Voxels along the axis; 0 is the first.
        boundary: The boundary condition.

    Returns:
        Indices from 0 to ``size`` - 1, or -1 where a zero stands.
    """
    if boundary == "nearest":
        return np.clip(indices, 0, size - 1)
    if boundary == "periodic":
        return indices % size
    if boundary == "mirror":
        folded = indices % (2 * size)
        return np.where(folded < size, folded, 2 * size - 1 - folded)
    return np.where((indices >= 0) & (indices < size), indices, OUTSIDE)


def take_planes(
    array: npt.NDArray[Any], planes: npt.NDArray[np.intp], boundary: Boundary, zero: float | bool
) -> npt.NDArray[Any]:
    """Planes of an array along its first axis, also beyond its ends.

    Args:
        array: Any shape.
        planes: Indices, ascending by one.
        boundary: The boundary condition.
        zero: What fills planes beyond the ends if the boundary condition is ``"zero"``.

    Returns:
        The planes; a view where all of them are inside.
    """
    size = array.shape[0]
    if planes[0] >= 0 and planes[-1] < size:
        return array[planes[0] : planes[-1] + 1]
    indices = beyond(planes, size, boundary)
    taken = array[indices]
    taken[indices == OUTSIDE] = zero
    return taken


def extended(
    array: npt.NDArray[Any], margins: Sequence[tuple[int, int]], boundary: Boundary, zero: float = 0.0
) -> npt.NDArray[Any]:
    """An array with more samples around it.

    Args:
        array: Any shape.
        margins: How many before and after it, along each axis.
        boundary: The boundary condition.
        zero: What fills them if it is ``"zero"``.
    """
    if boundary == "zero":
        return np.pad(array, margins, constant_values=zero)
    if boundary == "nearest":
        return np.pad(array, margins, mode="edge")
    return np.pad(array, margins, mode="wrap" if boundary == "periodic" else "symmetric")
