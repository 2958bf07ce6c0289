"""The columns of the tables that say where voxels lie."""

from __future__ import annotations

from typing import Any

from ...geometry import Grid

__all__ = ["make_geometry_columns"]


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
