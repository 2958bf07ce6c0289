"""Polygons in a plane to voxels: the even-odd rule, by the centers of voxels or by the area that is covered.

Points of a polygon are given in voxels: the center of the voxel in column 3 of row 5 is (3.0, 5.0), and the voxel
reaches half a voxel further to every side. A point is inside where a ray from it crosses the polygons' edges an odd
number of times (the even-odd rule). So a contour within another cuts a hole, and so does a keyhole, a contour that runs
to a hole and back along the same line.
"""

from .centers import (
    TIE_SHIFT,
    Crossings,
    Patch,
    cross_rows,
    fill_patch,
)
from .coverage import measure_coverage

__all__ = ["TIE_SHIFT", "Crossings", "Patch", "cross_rows", "fill_patch", "measure_coverage"]
