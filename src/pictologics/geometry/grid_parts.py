"""What a Grid is made of: its four parts checked, taken from an affine, or made to fit another spacing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..array_types import FloatArray
from ..errors import GeometryError
from .tolerances import CORNER_ERROR_REFUSED
from .world import LPS_FROM, WorldFrame

__all__ = ["check_parts", "fit_spacing", "split_affine"]


def check_parts(
    shape: Any, spacing: Any, origin: Any, direction: Any
) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...], FloatArray]:
    """Shape, spacing, origin and direction as plain numbers and an array of their own.

    Raises:
        GeometryError: If they describe no grid.
    """
    try:
        sizes = tuple(int(n) for n in shape)
        steps = tuple(float(s) for s in spacing)
        first = tuple(float(o) for o in origin)
        # In one order of memory, on which the last bit of a product depends: equal grids give equal positions.
        cosines = np.array(direction, dtype=np.float64, order="C")
    except (OverflowError, TypeError, ValueError) as error:
        raise GeometryError(
            f"shape {shape!r}, spacing {spacing!r} and origin {origin!r} do not describe a grid",
            advice="give three numbers each and a 3x3 direction",
        ) from error
    if len(sizes) != 3 or len(steps) != 3 or len(first) != 3 or cosines.shape != (3, 3):
        raise GeometryError(
            f"a grid has three axes; shape {sizes}, spacing {steps}, origin {first} and a direction "
            f"of shape {cosines.shape} were given",
            advice="give three numbers each and a 3x3 direction",
        )
    if min(sizes) < 1 or not all(np.isfinite(steps)) or min(steps) <= 0 or not np.isfinite(first).all():
        raise GeometryError(
            f"shape {sizes}, spacing {steps} mm and origin {first} mm do not describe a grid",
            advice="shape and spacing must be positive and every number finite",
        )
    # "not (x < y)" also refuses NaN.
    if not np.abs(cosines.T @ cosines - np.eye(3)).max() * max(sizes) < CORNER_ERROR_REFUSED:
        raise GeometryError(
            f"the direction {cosines.tolist()} is not a set of orthogonal unit vectors",
            advice="build the grid with Grid.from_affine, which names the shear",
            direction=cosines.tolist(),
        )
    return sizes, steps, first, cosines


def split_affine(affine: npt.ArrayLike, frame: WorldFrame) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Spacing, origin and the nearest orthogonal direction of a 4x4 affine in the named frame, in LPS.

    Raises:
        GeometryError: If the affine is singular or not finite.
    """
    given = np.asarray(affine, dtype=np.float64)
    if given.shape != (4, 4) or not np.isfinite(given).all():
        raise GeometryError(f"the affine {given.tolist()} is not a 4x4 matrix of finite numbers", affine=given.tolist())
    lps_affine = LPS_FROM[frame] @ given
    linear = lps_affine[:3, :3]
    with np.errstate(over="ignore"):
        spacing = np.sqrt((linear**2).sum(axis=0))
    # Unit columns that span less than a millionth of a cube are parallel but for rounding.
    is_finite = np.isfinite(spacing).all() and spacing.min() > 0
    if not is_finite or abs(np.linalg.det(linear / spacing)) < 1e-6:
        raise GeometryError(
            f"the affine {given.tolist()} is singular: its columns span no volume",
            affine=given.tolist(),
        )
    direction = linear / spacing
    left, _, right = np.linalg.svd(direction)
    # Exactly orthogonal columns stay as they are, so that a round trip adds no rounding.
    if np.abs(direction.T @ direction - np.eye(3)).max() > 1e-12:
        direction = left @ right
    return spacing, lps_affine[:3, 3], direction


def fit_spacing(
    shape: Sequence[int], spacing: Sequence[float], wanted: Sequence[float]
) -> tuple[tuple[int, ...], tuple[float, float, float], FloatArray]:
    """Make a grid's axes fit another spacing, around the same center.

    Returns:
        The new shape, the new spacing as plain numbers, and how far the new first voxel lies along each axis from the
        old one, mm.

    Raises:
        GeometryError: If the spacing is not three positive, finite numbers, or too small for any grid.
    """
    new = tuple(float(s) for s in wanted)
    if len(new) != 3 or not all(np.isfinite(new)) or min(new) <= 0:
        raise GeometryError(
            f"the new spacing is {new} mm and must be three positive numbers", advice="give mm along x, y and z"
        )
    with np.errstate(over="ignore"):
        size = np.asarray(shape) * np.asarray(spacing) / np.asarray(new)
    if not np.isfinite(size).all():
        raise GeometryError(f"a spacing of {new} mm is too small for any grid", advice="give mm along x, y and z")
    sizes = np.maximum(np.ceil(size - 1e-6), 1.0)
    shift = ((np.asarray(shape) - 1) * np.asarray(spacing) - (sizes - 1) * np.asarray(new)) / 2.0
    return tuple(sizes), new, shift
