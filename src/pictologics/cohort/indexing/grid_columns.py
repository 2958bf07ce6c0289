"""The columns of the tables that say where voxels lie, and what they take."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...geometry import Grid
from ...loaders.protocol import VolumeInfo

__all__ = ["make_geometry_columns", "make_type_columns"]


def make_geometry_columns(grid: Grid | None) -> dict[str, Any]:
    """The columns of a volume's grid; none if it has no grid."""
    if grid is None:
        return {}
    columns: dict[str, Any] = {f"size_{axis}": size for axis, size in zip("xyz", grid.shape, strict=True)}
    columns |= {f"spacing_{axis}": step for axis, step in zip("xyz", grid.spacing, strict=True)}
    return {
        **columns,
        "orientation": grid.orientation,
        "origin": list(grid.origin),
        "direction": grid.direction.ravel().tolist(),
    }


def make_type_columns(info: VolumeInfo) -> dict[str, Any]:
    """The columns that say how the voxels of a volume are stored, and what they take in memory."""
    if info.shape is None or not info.loaded_type:
        return {}
    size = prod(info.shape) * np.dtype(info.loaded_type).itemsize
    return {"stored_type": info.stored_type, "voxel_bytes": size}
