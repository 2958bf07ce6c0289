"""NIfTI header -> Grid: which of its three descriptions of space counts, and what the others say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ...errors import GeometryError
from ...geometry import CORNER_ERROR_REFUSED, Grid
from ...provenance import Decision
from ..header_grids import HeaderGrid, fit_grid
from .header import NiftiHeader

__all__ = ["find_nifti_grid", "find_quaternion", "make_qform_affine"]

HALF_TURN = 1e-7
"""Below this, what b, c and d leave of a unit quaternion is rounding, and its first component is zero.

Rounded to float32, the quaternion of a half turn may come out a little longer or shorter than one (nifti1_io.c draws
the line here).
"""


def find_nifti_grid(header: NiftiHeader, irregular: str = "error") -> HeaderGrid:
    """Find out where a NIfTI volume lies.

    The sform counts if its code is set, else the qform, else the spacing alone with a warning. The spacing is
    the length of the chosen matrix's columns, never pixdim beside an sform.

    Args:
        header: The header.
        irregular: ``"ignore"`` keeps a sheared affine as its nearest rectangular grid, with a warning.

    Raises:
        GeometryError: If the chosen affine is singular, not finite, or sheared beyond the tolerance.
    """
    decisions = list[Decision]()
    qform = make_qform_affine(header) if header.qform_code > 0 else None
    if header.sform_code > 0:
        # nifti1.h, "method 3": the affine is given whole. Where both are set, the qform may be the scanner's position
        # and the sform the result of a registration.
        ras_affine = np.vstack([header.srow, [0.0, 0.0, 0.0, 1.0]])
    elif qform is not None:
        ras_affine = qform
    else:
        # nifti1.h, method 1, attaches no orientation; ITK's choice keeps tools in agreement.
        ras_affine = Grid(header.shape, find_spacing(header)).affine_in("RAS")
        text = (
            "neither sform nor qform is set; the axes were taken to run to the left, posterior and superior, "
            "from an origin of zero"
        )
        decisions.append(Decision("assumed", text, None, "geometry"))
    advice = 'correct its sform and qform, or pass irregular="ignore" if it is a shear'
    world = fit_grid(ras_affine, header.shape, "RAS", irregular, header.file.name, advice)
    disagreement = compare_forms(world.grid, qform, header) if header.sform_code > 0 and qform is not None else []
    return replace(world, decisions=(*decisions, *world.decisions, *disagreement))


def compare_forms(grid: Grid, qform: npt.NDArray[np.float64], header: NiftiHeader) -> list[Decision]:
    """Warn if sform and qform are both set and put the volume at different places."""
    try:
        stated = Grid.from_affine(qform, header.shape, "RAS")
    except GeometryError:
        # A qform that describes no grid does not contradict a good sform.
        return []
    # The Frobenius norm of the difference of two rotations that are a small angle apart is sqrt(2) times that angle.
    angle = np.sqrt(((stated.direction - grid.direction) ** 2).sum() / 2)
    if angle <= find_quaternion_error(header):
        stated = Grid(grid.shape, stated.spacing, stated.origin, grid.direction)
    # In voxels at the worst corner: an angle that is harmless in a small volume is not so in a long one.
    error = grid.corner_error(stated)
    if error < CORNER_ERROR_REFUSED:
        return []
    text = f"sform and qform disagree by {error:.3g} voxels at the worst corner; the sform was taken"
    return [Decision("assumed", text, error, "geometry")]


def find_quaternion_error(header: NiftiHeader) -> float:
    """By what angle (radians) the rotation of a quaternion may be wrong because b, c and d are stored as float32.

    Near a half turn the first component, the root of what they leave of one, is lost in their rounding.
    """
    squares = sum(component * component for component in header.quatern)
    rest, rounding = 1.0 - squares, squares * float(np.finfo(np.float32).eps)
    return 2.0 * float(np.sqrt(max(rest, HALF_TURN) + rounding) - np.sqrt(max(rest - rounding, 0.0)))


def find_spacing(header: NiftiHeader) -> tuple[float, float, float]:
    """Spacing from pixdim; a missing one (zero, as third of a 2D file) is 1 mm."""
    x, y, z = (abs(size) if size and np.isfinite(size) else 1.0 for size in header.pixdim[1:])
    return x, y, z


def make_qform_affine(header: NiftiHeader) -> npt.NDArray[np.float64]:
    """The quaternion's affine, index to RAS mm (nifti1.h, "method 2", "quaternion representation")."""
    b, c, d = header.quatern
    rest = 1.0 - (b * b + c * c + d * d)
    # Only b, c and d are stored: a is what is left of a unit quaternion, and not negative.
    a = np.sqrt(max(rest, 0.0))
    if rest < HALF_TURN:
        length = np.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    # pixdim[0], qfac, is -1 for a left-handed volume and anything else for a right-handed one.
    handed = -1.0 if header.pixdim[0] < 0 else 1.0
    affine = np.eye(4)
    affine[:3, :3] = rotation * find_spacing(header) * (1.0, 1.0, handed)
    affine[:3, 3] = header.qoffset
    return affine


def find_quaternion(rotation: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Quaternion (b, c, d), with a not negative, of a proper rotation matrix.

    Taken from the eigenvector of the largest eigenvalue of a symmetric 4x4 matrix, which is exact for half
    turns too, where formulas that divide by ``a`` fail.
    """
    xx, xy, xz, yx, yy, yz, zx, zy, zz = rotation.ravel()
    symmetric = np.array(
        [
            [xx - yy - zz, yx + xy, zx + xz, zy - yz],
            [yx + xy, yy - xx - zz, zy + yz, xz - zx],
            [zx + xz, zy + yz, zz - xx - yy, yx - xy],
            [zy - yz, xz - zx, yx - xy, xx + yy + zz],
        ]
    )
    _, vectors = np.linalg.eigh(symmetric)
    # Eigenvalues ascend. An eigenvector's sign is arbitrary, and q and -q are one rotation: a is made not negative.
    b, c, d, a = vectors[:, -1]
    sign = -1.0 if a < 0 else 1.0
    return float(sign * b), float(sign * c), float(sign * d)
