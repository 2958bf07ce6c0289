"""The one grid on which all volumes of a series lie."""

from __future__ import annotations

from ..errors import GeometryError
from ..geometry import CORNER_ERROR_REFUSED, Grid

__all__ = ["check_same_grid"]


def check_same_grid(grid: Grid, first: Grid, name: str, path: str | None = None) -> None:
    """Refuse a volume that lies elsewhere than the first.

    Raises:
        GeometryError: If it does, by a tenth of a voxel or more, or has another shape.
    """
    if grid.shape != first.shape:
        found = f"{name} has shape {grid.shape} and the first volume {first.shape}, and a series has one grid"
    elif (error := grid.corner_error(first)) >= CORNER_ERROR_REFUSED:
        found = f"{name} lies {error:.3g} voxels from the first volume at its worst corner, and a series has one grid"
    else:
        return
    raise GeometryError(found, path=path, advice="load each volume by itself with load_image(dataset_index=...)")
