"""Names for the types of arrays that signatures repeat; the name says the type of the values."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["AnyArray", "BoolArray", "FloatArray", "FloatingArray", "IntArray"]

AnyArray = npt.NDArray[Any]
"""Values of any type: voxels as they come, labels of whatever integer type a map has."""

BoolArray = npt.NDArray[np.bool_]
"""Truth values: masks, and which voxels are valid."""

FloatArray = npt.NDArray[np.float64]
"""Double precision: positions in millimeters, matrices, weights."""

FloatingArray = npt.NDArray[np.floating[Any]]
"""Single or double precision: the voxels of a filter, which keep the precision they came with."""

IntArray = npt.NDArray[np.int64]
"""Whole numbers of 64 bits: indices of voxels, rows and columns."""
