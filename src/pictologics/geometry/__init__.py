"""Geometry: the only home of grids, affines, axis signs and tolerances.

The world is DICOM's patient frame, LPS, in millimeters (:mod:`pictologics.geometry.world`). A voxel's position is the
position of its center. How far two descriptions of one volume are apart is measured in voxels at its worst corner
(:mod:`pictologics.geometry.tolerances`).
"""

from __future__ import annotations

from .boxes import Box, count_voxels, find_bounding_box
from .grid import Grid
from .lattice_map import LatticeMap, find_overlap
from .number_text import format_numbers
from .regions import ImageRegion, RegionBox, check_region, find_region_box
from .tolerances import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED
from .voxel_slices import resolve_slices
from .world import AXIS_LETTERS, LPS_FROM, WorldFrame, nearest_axes

__all__ = [
    "AXIS_LETTERS",
    "CORNER_ERROR_NOTED",
    "CORNER_ERROR_REFUSED",
    "LPS_FROM",
    "Box",
    "Grid",
    "ImageRegion",
    "LatticeMap",
    "RegionBox",
    "WorldFrame",
    "check_region",
    "count_voxels",
    "find_bounding_box",
    "find_overlap",
    "find_region_box",
    "format_numbers",
    "nearest_axes",
    "resolve_slices",
]
