"""World frames: their axes, their letters, and the way from one to another.

The world is DICOM's patient frame, LPS: x grows to the patient's Left, y to the Posterior, z to the Superior, in
millimeters (DICOM PS3.3 C.7.6.2.1.1). NIfTI's world is RAS: its first two axes run the other way.
"""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np

from ..array_types import FloatArray

__all__ = ["AXIS_LETTERS", "LPS_FROM", "WorldFrame", "nearest_axes"]

WorldFrame = Literal["LPS", "RAS", "LAS"]
"""World frames that have a name here; each keeps the letters of its axes."""

LPS_FROM: dict[str, FloatArray] = {
    "LPS": np.diag([1.0, 1.0, 1.0, 1.0]),
    "RAS": np.diag([-1.0, -1.0, 1.0, 1.0]),
    "LAS": np.diag([1.0, -1.0, 1.0, 1.0]),
}
"""4x4 matrix from each frame to LPS. The frames are mirror images of each other, so it is its own inverse."""

AXIS_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
"""For each world axis: the letter of its negative and of its positive end, in LPS."""


def nearest_axes(matrix: FloatArray) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Match each column of a matrix with the row along which it mostly runs, each row once.

    Args:
        matrix: 3x3.

    Returns:
        For each column its row, and the sign (+1, -1) of the column along that row. The assignment is the
        one with the largest sum of magnitudes, so that a grid at 45 degrees still gets three axes.
    """
    size = np.abs(matrix)
    # Rounded, so that of two that are equal the order of adding up does not choose: the first does.
    rows = max(itertools.permutations(range(3)), key=lambda p: round(size[p[0], 0] + size[p[1], 1] + size[p[2], 2], 9))
    signs = tuple(1 if matrix[row, column] >= 0 else -1 for column, row in enumerate(rows))
    return rows, signs  # type: ignore[return-value]
