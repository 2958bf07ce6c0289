"""What lies beyond the ends of an array: one vocabulary for filters and resampling.

| Extension | beyond `a b c` | filters | resampling | scipy.ndimage | numpy.pad |
|---|---|---|---|---|---|
| `"nearest"` | `a a` a b c `c c` | `"nearest"` | `"nearest"` | `nearest` | `edge` |
| `"periodic"` | `b c` a b c `a b` | `"periodic"` | `"wrap"` | `wrap`, `grid-wrap` | `wrap` |
| `"symmetric"` | `b a` a b c `c b` | **`"mirror"`** | `"reflect"` | `reflect` | `symmetric` |
| `"mirror_without_edge"` | `c b` a b c `b a` | | **`"mirror"`** | `mirror` | `reflect` |
| `"zero"` | `0 0` a b c `0 0` | `"zero"` | | `constant` | `constant` |
| `"constant"` | nothing: the fill value | | `"constant"` | `constant` | |

Filters use the words of IBSI 2 and resampling those of scipy, so "mirror" is two things. Both accept the word of the
first column as well, where they have that extension at all. "symmetric" is the word for the repeated edge because
numpy, PyWavelets and MATLAB use it for that and nobody for anything else; "reflect" is one thing in scipy and the other
in numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..array_types import AnyArray

__all__ = [
    "FILTER_BOUNDARIES",
    "IBSI_NAMES",
    "OUTSIDE",
    "RESAMPLING_BOUNDARIES",
    "SCIPY_MODES",
    "Boundary",
    "BoundaryMode",
    "Extension",
    "extend_array",
    "find_stand_ins",
]

Extension = Literal["nearest", "periodic", "symmetric", "mirror_without_edge", "zero", "constant"]
"""How an array goes on beyond its ends, in words that mean one thing in the whole package."""

Boundary = Literal["zero", "nearest", "periodic", "mirror", "symmetric"]
"""What lies beyond the image, in the words of filters, which are those of IBSI 2. ``"zero"``: zeros; ``"nearest"``: the
outermost voxel again and again; ``"periodic"``: the image again; ``"mirror"`` or ``"symmetric"``: the image mirrored at
its outer face, so that the outermost voxel comes twice."""

BoundaryMode = Literal[
    "nearest", "mirror", "reflect", "wrap", "constant", "symmetric", "periodic", "mirror_without_edge"
]
"""What lies beyond the outermost voxel centers, in the words of resampling, which are those of scipy.ndimage."""

FILTER_BOUNDARIES: Mapping[Boundary, Extension] = {
    "zero": "zero",
    "nearest": "nearest",
    "periodic": "periodic",
    "mirror": "symmetric",
    "symmetric": "symmetric",
}
"""What the words of filters mean."""

RESAMPLING_BOUNDARIES: Mapping[BoundaryMode, Extension] = {
    "nearest": "nearest",
    "mirror": "mirror_without_edge",
    "reflect": "symmetric",
    "wrap": "periodic",
    "constant": "constant",
    "symmetric": "symmetric",
    "periodic": "periodic",
    "mirror_without_edge": "mirror_without_edge",
}
"""What the words of resampling mean."""

IBSI_NAMES: Mapping[Extension, str] = {
    "zero": "zero",
    "nearest": "nearest",
    "periodic": "periodic",
    "symmetric": "mirror",
}
"""The four that IBSI 2 defines, in its words: for messages and records of filters."""

SCIPY_MODES: Mapping[Extension, Literal["constant", "nearest", "wrap", "reflect"]] = {
    "zero": "constant",
    "nearest": "nearest",
    "periodic": "wrap",
    "symmetric": "reflect",
}
"""The same four for the one-dimensional filters of scipy.ndimage."""

OUTSIDE = -1
"""Stands for no voxel at all: there lies a zero."""


def find_stand_ins(indices: npt.NDArray[np.intp], size: int, extension: Extension) -> npt.NDArray[np.intp]:
    """Which voxel along an axis stands for each index, inside the array or beyond it.

    Args:
        indices: Any whole numbers.
        size: Voxels along the axis; 0 is the first.
        extension: How the axis goes on.

    Returns:
        Indices from 0 to ``size`` - 1, or ``OUTSIDE`` where none does.
    """
    if extension == "nearest" or (size == 1 and extension == "mirror_without_edge"):
        return np.clip(indices, 0, size - 1)
    if extension == "periodic":
        return np.asarray(np.mod(indices, size))
    if extension == "symmetric":
        folded = np.mod(indices, 2 * size)
        return np.asarray(np.minimum(folded, 2 * size - 1 - folded))
    if extension == "mirror_without_edge":
        folded = np.mod(indices, 2 * size - 2)
        return np.asarray(np.minimum(folded, 2 * size - 2 - folded))
    return np.where((indices >= 0) & (indices < size), indices, OUTSIDE)


def extend_array(
    array: AnyArray, margins: Sequence[tuple[int, int]], extension: Extension, zero: float = 0.0
) -> AnyArray:
    """An array with more samples around it, by one of the four boundary conditions of IBSI 2.

    Args:
        array: Any shape.
        margins: How many before and after it, along each axis.
        extension: How it goes on.
        zero: What fills them if that is ``"zero"``.
    """
    if extension == "zero":
        return np.pad(array, margins, constant_values=zero)
    if extension == "nearest":
        return np.pad(array, margins, mode="edge")
    return np.pad(array, margins, mode="wrap" if extension == "periodic" else "symmetric")
