"""The affine that a header gives -> Grid: small rounding is recorded, shear refused, a missing axis made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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

__all__ = ["UNKNOWN_THICKNESS", "HeaderGrid", "complete_axes", "fit_grid", "millimeters_per"]

UNKNOWN_THICKNESS = Decision(
    "assumed", "the image is one plane of unknown thickness; 1 mm was assumed", 1.0, "geometry"
)
"""Said of images of two axes."""

UNIT_LENGTHS = {
    "mm": 1.0, "millimeter": 1.0, "millimetre": 1.0, "millimeters": 1.0, "millimetres": 1.0,
    "cm": 10.0, "centimeter": 10.0, "centimetre": 10.0,
    "m": 1000.0, "meter": 1000.0, "metre": 1000.0, "meters": 1000.0, "metres": 1000.0,
    "um": 0.001, "\N{MICRO SIGN}m": 0.001, "\N{GREEK SMALL LETTER MU}m": 0.001, "micron": 0.001, "microns": 0.001,
    "nm": 1e-6,
}  # fmt: skip
"""Millimeters in each unit that headers name."""


@dataclass(frozen=True)
class HeaderGrid:
    """Where a header puts a volume.

    Attributes:
        grid: The grid.
        shear: How far, in voxels, the worst corner moved when sheared axes were made orthogonal; 0.0 where the
            header's axes are orthogonal within the tolerance.
        decisions: What was assumed, converted or rounded.
    """

    grid: Grid
    shear: float = 0.0
    decisions: tuple[Decision, ...] = ()

    def after(self, decisions: Sequence[Decision]) -> HeaderGrid:
        """The same, with decisions that came before."""
        return replace(self, decisions=(*decisions, *self.decisions))


def millimeters_per(unit: str) -> float | None:
    """The length of a unit by its name, None if the name is unknown or is no unit of length."""
    return UNIT_LENGTHS.get(unit.strip().lower())


def complete_axes(columns: npt.ArrayLike) -> tuple[npt.NDArray[np.float64], list[Decision]]:
    """Make the third axis of an image that has two: at right angles to both, 1 mm long.

    Args:
        columns: (2 or 3, k); the steps along the k axes, mm. Steps of two numbers lie in the plane z = 0.

    Returns:
        (3, 3) steps, and what was assumed.
    """
    given = np.asarray(columns, dtype=np.float64)
    # A space of two dimensions is the plane z = 0 of the patient.
    steps = np.zeros((3, given.shape[1]))
    steps[: given.shape[0]] = given
    if steps.shape[1] == 3:
        return steps, []
    normal = np.cross(steps[:, 0], steps[:, 1])
    with np.errstate(all="ignore"):
        # Parallel axes give NaN here, and the grid refuses that with an error of its own.
        normal = normal / np.sqrt((normal**2).sum())
    return np.column_stack([steps, normal]), [UNKNOWN_THICKNESS]


def fit_grid(
    affine: npt.NDArray[np.float64], shape: Sequence[int], frame: WorldFrame, irregular: str, path: str, advice: str
) -> HeaderGrid:
    """Fit a grid of orthogonal axes to an affine.

    Args:
        affine: 4x4, from voxel index to mm.
        shape: Number of voxels along each axis.
        frame: The world frame of the affine.
        irregular: ``"ignore"`` keeps a sheared affine as its nearest rectangular grid, with a warning.
        path: The file, for messages.
        advice: What to do if the affine describes no grid.

    Raises:
        GeometryError: If the affine is singular, not finite, or sheared beyond the tolerance.
    """
    try:
        grid = Grid.from_affine(affine, shape, frame, allow_shear=irregular == "ignore")
    except GeometryError as error:
        raise GeometryError(error.found, path=path, advice=advice, **error.values) from error
    moved = grid.corner_error(affine, frame)
    if moved < CORNER_ERROR_NOTED:
        return HeaderGrid(grid)
    # What float32 headers round away is worth a note; only what would have been refused is a shear.
    is_sheared = moved >= CORNER_ERROR_REFUSED
    text = f"the axes were made orthogonal, which moved the worst corner by {moved:.3g} voxels"
    decision = Decision("rounded", text, moved, "geometry" if is_sheared else None)
    return HeaderGrid(grid, moved if is_sheared else 0.0, (decision,))
