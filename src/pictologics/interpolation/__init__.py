"""Values between voxel centers: one array sampled on the voxels of another grid.

Where the axes of the two grids are parallel, whatever their order, direction, spacing and offset, one axis is
treated at a time (:mod:`pictologics.interpolation.separable`); any other pair of grids is sampled point by point
(:mod:`pictologics.interpolation.oblique`). The weights of one axis are in :mod:`pictologics.interpolation.weights`,
and what lies beyond its ends in :mod:`pictologics.interpolation.boundaries`.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["Interpolation"]

Interpolation = Literal["nearest", "linear", "cubic"]
