"""NIfTI header -> Grid: which of its three descriptions of space counts, and what the others say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...errors import GeometryError
from ...geometry import CORNER_ERROR_REFUSED, Grid
from ...provenance import Decision
from ..header_grids import HeaderGrid, fit_grid
from .header import NiftiHeader
from .quaternions import find_quaternion_error, make_rotation

__all__ = ["find_nifti_grid"]

SMALLEST_STEP = float(np.finfo(np.float32).tiny)
"""Below the smallest normal float32, mm, a step is what rounding left of none."""

PARALLEL = 1e-6
"""Unit columns that span less of a cube are parallel but for rounding."""


@dataclass(frozen=True, eq=False)
class StatedForm:
    """An affine that a header marks as valid.

    Attributes:
        name: ``"sform"`` or ``"qform"``.
        ras_affine: 4x4, index to RAS mm.
        decisions: What was assumed to make it.
    """

    name: str
    ras_affine: npt.NDArray[np.float64]
    decisions: tuple[Decision, ...] = ()

    @property
    def says_nothing(self) -> bool:
        """Whether all of its steps are zero: the code of an affine that was never filled in."""
        return bool((np.abs(self.ras_affine[:3, :3]) < SMALLEST_STEP).all())


def find_nifti_grid(header: NiftiHeader, irregular: str = "error") -> HeaderGrid:
    """Find out where a NIfTI volume lies.

    The sform counts if its code is set, else the qform, else the spacing alone with a warning. One that describes no
    volume is passed over for the next, with a warning. The spacing is the length of the chosen matrix's columns,
    never pixdim beside an sform.

    Args:
        header: The header.
        irregular: ``"ignore"`` keeps a sheared affine as its nearest rectangular grid, with a warning.

    Raises:
        GeometryError: If the chosen affine is sheared beyond the tolerance, or every one that is given is singular or
            not finite.
    """
    forms = list_stated_forms(header)
    sound = [form for form in forms if spans_volume(form.ras_affine)]
    void = [form for form in forms if form not in sound]
    if sound:
        form = sound[0]
    elif void and not all(form.says_nothing for form in void):
        # It says something, and that is no place: nothing of the kind is made up.
        form = complete_plane(next(form for form in void if not form.says_nothing), header)
    else:
        form = assume_axes(header)
    decisions = [*report_void_forms(void, form), *form.decisions]
    if not sound and not spans_volume(form.ras_affine):
        affine = form.ras_affine.tolist()
        raise GeometryError(
            f"the affine {affine} of its {form.name} is singular or not finite: its columns span no volume",
            path=header.file.name,
            advice="correct its sform and qform",
            affine=affine,
        )
    advice = 'correct its sform and qform, or pass irregular="ignore"'
    world = fit_grid(form.ras_affine, header.shape, "RAS", irregular, header.file.name, advice)
    disagreement = compare_forms(world.grid, sound[1], header) if len(sound) > 1 else []
    return replace(world, decisions=(*decisions, *world.decisions, *disagreement))


def list_stated_forms(header: NiftiHeader) -> list[StatedForm]:
    """The affines whose codes are set, the one that counts first.

    Where both are, the qform may be the scanner's position and the sform the result of a registration (nifti1.h,
    "method 3").
    """
    forms = []
    if header.sform_code > 0:
        forms.append(StatedForm("sform", np.vstack([header.srow, [0.0, 0.0, 0.0, 1.0]])))
    if header.qform_code > 0:
        forms.append(make_qform(header))
    return forms


def spans_volume(ras_affine: npt.NDArray[np.float64]) -> bool:
    """Whether an affine is finite and its columns span a volume, right-angled or not."""
    linear = ras_affine[:3, :3]
    with np.errstate(all="ignore"):
        lengths = np.sqrt((linear**2).sum(axis=0))
        # NaN and what overflows fail the comparisons; the last bound is that of Grid.from_affine.
        is_long = bool(
            (lengths >= SMALLEST_STEP).all() and np.isfinite(lengths).all() and np.isfinite(ras_affine).all()
        )
        return is_long and abs(float(np.linalg.det(linear / lengths))) >= PARALLEL


def complete_plane(form: StatedForm, header: NiftiHeader) -> StatedForm:
    """The affine of a single plane whose axis of one voxel has no step: made at right angles to the other two.

    Writers of planes leave that column zero. Other affines come back as they are.
    """
    missing = np.flatnonzero(~(np.abs(form.ras_affine[:3, :3]).max(axis=0) >= SMALLEST_STEP))
    if len(missing) != 1 or header.shape[missing[0]] != 1:
        return form
    axis = int(missing[0])
    affine = form.ras_affine.copy()
    normal = np.cross(affine[:3, (axis + 1) % 3], affine[:3, (axis + 2) % 3])
    length = np.sqrt((normal**2).sum())
    spacing, decisions = find_spacing(header, (axis,))
    if length > 0:
        affine[:3, axis] = normal / length * spacing[axis]
    return StatedForm(form.name, affine, (*form.decisions, *decisions))


def assume_axes(header: NiftiHeader) -> StatedForm:
    """The spacing alone: nifti1.h, method 1, attaches no orientation; ITK's choice keeps tools in agreement."""
    spacing, decisions = find_spacing(header, (0, 1, 2))
    text = (
        "neither sform nor qform says how the axes run; they were assumed to run to the left, posterior and superior, "
        "from an origin of zero"
    )
    return StatedForm(
        "spacing",
        Grid(header.shape, spacing).affine_in("RAS"),
        (Decision("assumed", text, None, "geometry"), *decisions),
    )


def report_void_forms(void: Sequence[StatedForm], chosen: StatedForm) -> list[Decision]:
    """Warn of descriptions that were ignored for a later one."""
    decisions = []
    for form in void:
        if chosen.name in {form.name, "sform"}:
            # The one that is completed; and a void qform does not contradict a good sform.
            continue
        why = "is zero" if form.says_nothing else "spans no volume"
        text = f"its {form.name} is marked as valid and {why}; the {chosen.name} was used"
        decisions.append(Decision("left out", text, None, "geometry"))
    return decisions


def compare_forms(grid: Grid, qform: StatedForm, header: NiftiHeader) -> list[Decision]:
    """Warn if sform and qform are both set and put the volume at different places."""
    stated = Grid.from_affine(qform.ras_affine, header.shape, "RAS", allow_shear=True)
    # The Frobenius norm of the difference of two rotations that are a small angle apart is sqrt(2) times that angle.
    angle = np.sqrt(((stated.direction - grid.direction) ** 2).sum() / 2)
    if angle <= find_quaternion_error(header.quatern):
        stated = Grid(grid.shape, stated.spacing, stated.origin, grid.direction)
    # In voxels at the worst corner: an angle that is harmless in a small volume is not so in a long one.
    error = grid.corner_error(stated)
    if error < CORNER_ERROR_REFUSED:
        return []
    text = f"sform and qform disagree by {error:.3g} voxels at the worst corner; the sform was used"
    return [Decision("assumed", text, error, "geometry")]


def find_spacing(header: NiftiHeader, axes: Sequence[int]) -> tuple[tuple[float, float, float], tuple[Decision, ...]]:
    """Spacing from pixdim, and what was assumed of some axes: one that says none is taken as 1 mm.

    nifti1.h has pixdim positive; a negative one is the step of an axis that some tool thought to turn, which pixdim
    cannot do.
    """
    unknown = [not (np.isfinite(size) and abs(size) >= SMALLEST_STEP) for size in header.pixdim[1:]]
    x, y, z = (1.0 if void else abs(size) for void, size in zip(unknown, header.pixdim[1:], strict=True))
    missing = [axis for axis in axes if unknown[axis]]
    if not missing:
        return (x, y, z), ()
    names = " and ".join("xyz"[axis] for axis in missing)
    text = f"pixdim gives no spacing along {names}; 1 mm was assumed"
    return (x, y, z), (Decision("assumed", text, len(missing), "geometry"),)


def make_qform(header: NiftiHeader) -> StatedForm:
    """The affine of the quaternion and pixdim (nifti1.h, "method 2")."""
    spacing, decisions = find_spacing(header, (0, 1, 2))
    # pixdim[0], qfac, is -1 for a left-handed volume and 1 for a right-handed one. Of other numbers the sign counts, as
    # in the C library of NIfTI and in ITK; nifti1.h speaks of zero alone, which is 1.
    handed = -1.0 if header.pixdim[0] < 0 else 1.0
    affine = np.eye(4)
    # What is not finite makes NaN here, and is found to span no volume.
    with np.errstate(all="ignore"):
        affine[:3, :3] = make_rotation(header.quatern) * spacing * (1.0, 1.0, handed)
    affine[:3, 3] = header.qoffset
    return StatedForm("qform", affine, decisions)
