"""The central phantom: a small volume that no wrong turn leaves unchanged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

# Two Pythagorean rotations after another: every cosine has at most five decimals, so that a decimal
# string holds it exactly, and no axis is parallel to a patient axis.
OBLIQUE = np.array([[0.72096, -0.576, 0.38528], [0.63872, 0.768, -0.04704], [-0.2688, 0.28, 0.9216]])


@dataclass(frozen=True, eq=False)
class Phantom:
    """Voxel values and where they are.

    ``array`` is (x, y, z); column k of ``direction`` is the way axis k runs; the frame is LPS, mm.
    """

    array: np.ndarray
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.array.shape

    @property
    def lps_affine(self) -> np.ndarray:
        """4x4, from voxel index to LPS mm."""
        affine = np.eye(4)
        for axis in range(3):
            affine[:3, axis] = self.direction[:, axis] * self.spacing[axis]
        affine[:3, 3] = self.origin
        return affine

    @property
    def ras_affine(self) -> np.ndarray:
        """4x4, from voxel index to RAS mm, as NIfTI has it."""
        affine = self.lps_affine
        affine[:2] = -affine[:2]
        return affine

    def position(self, index) -> np.ndarray:
        """Center of a voxel, LPS mm, step by step along the three axes."""
        place = np.array(self.origin, dtype=float)
        for axis in range(3):
            place = place + index[axis] * self.spacing[axis] * self.direction[:, axis]
        return place

    def with_array(self, array) -> Phantom:
        """Other values at the same place; the shape may differ."""
        return replace(self, array=np.asarray(array))


def counting(shape: tuple[int, int, int], dtype="int16") -> np.ndarray:
    """An array whose values 1, 2, 3 ... are all distinct, x fastest."""
    return np.arange(1, np.prod(shape) + 1).reshape(shape, order="F").astype(dtype)


#: Values 1 to 210, so that even eight bits keep them distinct; every side another length, every spacing
#: another size, all three axes oblique, and far from the world's origin.
PHANTOM = Phantom(counting((7, 6, 5)), (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)
