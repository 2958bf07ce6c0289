"""Rotations as unit quaternions, of which a NIfTI header stores three of four components as float32."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["find_quaternion", "find_quaternion_error", "make_rotation"]

HALF_TURN = 1e-7
"""Below this, what b, c and d leave of a unit quaternion is rounding, and its first component is zero.

Rounded to float32, the quaternion of a half turn may come out a little longer or shorter than one (nifti1_io.c draws
the line here).
"""


def make_rotation(quatern: Sequence[float]) -> npt.NDArray[np.float64]:
    """The rotation of a quaternion (b, c, d) whose first component is not stored (nifti1.h, "method 2")."""
    b, c, d = quatern
    rest = 1.0 - (b * b + c * c + d * d)
    # Only b, c and d are stored: a is what is left of a unit quaternion, and not negative.
    a = np.sqrt(max(rest, 0.0))
    if rest < HALF_TURN:
        length = np.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    return np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )


def find_quaternion_error(quatern: Sequence[float]) -> float:
    """By what angle (radians) the rotation of a quaternion may be wrong because b, c and d are stored as float32.

    Near a half turn the first component, the root of what they leave of one, is lost in their rounding.
    """
    squares = sum(component * component for component in quatern)
    rest, rounding = 1.0 - squares, squares * float(np.finfo(np.float32).eps)
    return 2.0 * float(np.sqrt(max(rest, HALF_TURN) + rounding) - np.sqrt(max(rest - rounding, 0.0)))


def find_quaternion(rotation: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Quaternion (b, c, d), with a not negative, of a proper rotation matrix.

    Taken from the eigenvector of the largest eigenvalue of a symmetric 4x4 matrix, which is exact for half
    turns too, where formulas that divide by ``a`` fail.
    """
    xx, xy, xz, yx, yy, yz, zx, zy, zz = rotation.ravel()
    symmetric = np.array(
        [
            [xx - yy - zz, yx + xy, zx + xz, zy - yz],
            [yx + xy, yy - xx - zz, zy + yz, xz - zx],
            [zx + xz, zy + yz, zz - xx - yy, yx - xy],
            [zy - yz, xz - zx, yx - xy, xx + yy + zz],
        ]
    )
    _, vectors = np.linalg.eigh(symmetric)
    # Eigenvalues ascend. An eigenvector's sign is arbitrary, and q and -q are one rotation: a is made not negative.
    b, c, d, a = vectors[:, -1]
    sign = -1.0 if a < 0 else 1.0
    return float(sign * b), float(sign * c), float(sign * d)
