"""The affine that a header gives -> Grid: small rounding is recorded, shear refused, a missing axis made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import GeometryError
from ..geometry import (
    CORNER_ERROR_NOTED,
    CORNER_ERROR_REFUSED,
    Grid,
    WorldFrame,
)
from ..provenance import Decision

__all__ = ["completed_axes", "grid_of_affine", "millimeters_per"]

NO_THICKNESS = Decision(
    "assumed", "the image is one plane and nothing says how thick it is; 1 mm was assumed", 1.0, "geometry"
)

MILLIMETERS_PER_UNIT = {
    "mm": 1.0, "millimeter": 1.0, "millimetre": 1.0, "millimeters": 1.0, "millimetres": 1.0,
    "cm": 10.0, "centimeter": 10.0, "centimetre": 10.0,
    "m": 1000.0, "meter": 1000.0, "metre": 1000.0, "meters": 1000.0, "metres": 1000.0,
    "um": 0.001, "\N{MICRO SIGN}m": 0.001, "\N{GREEK SMALL LETTER MU}m": 0.001, "micron": 0.001, "microns": 0.001,
    "nm": 1e-6,
}  # fmt: skip


def millimeters_per(unit: str) -> float | None:
    """The length of a unit by its name, None if it is no length that is known."""
    return MILLIMETERS_PER_UNIT.get(unit.strip().lower())


def completed_axes(columns: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], list[Decision]]:
    """Make the third axis of an image that has two: at right angles to both, 1 mm long.

    Args:
        columns: (2 or 3, k); the steps along the k axes, mm. Steps of two numbers lie in the plane z = 0.

    Returns:
        (3, 3) steps, and what was assumed.
    """
    given = np.asarray(columns, dtype=np.float64)
    steps = np.zeros((3, given.shape[1]))
    steps[: given.shape[0]] = given
    if steps.shape[1] == 3:
        return steps, []
    normal = np.cross(steps[:, 0], steps[:, 1])
    with np.errstate(all="ignore"):
        # Of axes that span no plane no number comes out, and the grid refuses them.
        normal = normal / np.sqrt((normal**2).sum())
    return np.column_stack([steps, normal]), [NO_THICKNESS]


def grid_of_affine(
    affine: npt.NDArray[np.float64], shape: Sequence[int], frame: WorldFrame, irregular: str, path: str, advice: str
) -> tuple[Grid, list[Decision]]:
    """The grid of an affine, and what making its axes orthogonal moved.

    Args:
        affine: 4x4, from voxel index to mm.
        shape: Number of voxels along each axis.
        frame: The world frame of the affine.
        irregular: ``"ignore"`` keeps a sheared affine as its nearest rectangular grid, with a warning.
        path: The file, for messages.
        advice: What to do about an affine that is none.

    Raises:
        GeometryError: If the affine is singular, not finite, or sheared beyond the tolerance.
    """
    try:
        grid = Grid.from_affine(affine, shape, frame, allow_shear=irregular == "ignore")
    except GeometryError as error:
        raise GeometryError(error.found, path=path, advice=advice, **error.values) from error
    moved = grid.corner_error(affine, frame)
    if moved < CORNER_ERROR_NOTED:
        return grid, []
    text = f"the axes were made orthogonal, which moved the worst corner by {moved:.3g} voxels"
    return grid, [Decision("rounded", text, moved, "geometry" if moved >= CORNER_ERROR_REFUSED else None)]
