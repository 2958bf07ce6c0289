"""How the voxels of one grid sit on those of another, and why they do not."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..array_types import FloatArray
from ..errors import GeometryError
from .boxes import Box
from .number_text import format_numbers
from .tolerances import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED
from .world import nearest_axes

__all__ = ["LatticeMap", "corners_of", "find_lattice_map", "find_overlap"]


class HasLattice(Protocol):
    """What is asked of a grid here."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along each axis."""

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Distance between neighbors along each axis, mm."""

    @property
    def direction(self) -> FloatArray:
        """3x3 unit vectors, one in each column."""

    @property
    def affine(self) -> FloatArray:
        """4x4 matrix from voxel index to LPS mm."""


@dataclass(frozen=True, slots=True)
class LatticeMap:
    """How the voxels of one grid sit on the voxels of another, when their lattices meet.

    Index ``i`` of the target along axis ``k`` is index ``signs[k] * i + offset[k]`` of the source along
    the source's axis ``axes[k]``.

    Attributes:
        axes: For each axis of the target, the source axis that runs along it.
        signs: For each axis of the target, +1 or -1: the same or the opposite way.
        offset: Source index, along ``axes[k]``, of the target's first voxel.
        corner_error: What rounding to whole voxels moved the worst corner, in voxels of the target.
        shift: What it moved the middle along each axis of the target, in voxels of the target.
    """

    axes: tuple[int, int, int]
    signs: tuple[int, int, int]
    offset: tuple[int, int, int]
    corner_error: float
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)


def corners_of(shape: tuple[int, int, int]) -> FloatArray:
    """(8, 3) indices of the centers of the eight corner voxels."""
    return np.array(list(itertools.product(*((0.0, size - 1.0) for size in shape))))


def find_lattice_map(source: HasLattice, target: HasLattice, *, to_nearest: bool = False) -> LatticeMap:
    """Find a grid's voxels on the voxels of another; what :meth:`Grid.lattice_map` does.

    Raises:
        GeometryError: If voxel centers miss each other by a tenth of a voxel of the target or more, anywhere in the
            source; with ``to_nearest``, if they do so for another reason than one offset that all of them have.
    """
    to_source = np.asarray(np.linalg.inv(source.affine) @ target.affine)
    axes, signs = nearest_axes(to_source[:3, :3] * np.asarray(source.spacing)[:, None])
    whole = np.zeros((3, 4))
    for target_axis, (source_axis, sign) in enumerate(zip(axes, signs, strict=True)):
        whole[source_axis, target_axis] = sign
    # Rounded where this grid is, not at the target's origin, which may be far outside and would turn
    # a rounding of the spacing into a shift.
    center = (np.asarray(source.shape) - 1) / 2.0
    on_target = np.linalg.solve(to_source[:3, :3], center - to_source[:3, 3])
    offset = center - whole[:3, :3] @ on_target
    for target_axis, (source_axis, sign) in enumerate(zip(axes, signs, strict=True)):
        whole[source_axis, 3] = round_offset(offset[source_axis], sign * find_world_sign(target, target_axis))
    # How far apart the exact map and the rounded one put each corner, on the target. The rounded one only exchanges and
    # flips axes, so that its transpose is its inverse.
    corners = corners_of(source.shape)
    exact = np.linalg.solve(to_source[:3, :3], (corners - to_source[:3, 3]).T).T
    rounded = (corners - whole[:3, 3]) @ whole[:3, :3]
    error = find_largest_distance(rounded - exact)
    shift = (center - whole[:3, 3]) @ whole[:3, :3] - on_target
    misfit = find_largest_distance(rounded - exact - shift)
    if not (misfit if to_nearest else error) < CORNER_ERROR_REFUSED:
        raise lattice_mismatch_error(source, target, axes, to_source, error)
    whole_offset = tuple(int(whole[source_axis, 3]) for source_axis in axes)
    moved = tuple(float(part) for part in shift)
    return LatticeMap(axes, signs, whole_offset, error, moved)  # type: ignore[arg-type]


def find_largest_distance(differences: FloatArray) -> float:
    """The length of the longest of several vectors, one a row."""
    return float(np.sqrt((differences**2).sum(axis=1)).max())


def find_world_sign(grid: HasLattice, axis: int) -> int:
    """Whether an axis runs towards growing coordinates of the world axis next to it, +1, or against it, -1."""
    cosines = grid.direction[:, axis]
    return 1 if cosines[int(np.argmax(np.abs(cosines)))] > 0 else -1


def round_offset(offset: float, sign: int) -> int:
    """The whole offset that is nearest; of two that are equally near, the one that moves voxels to lower coordinates.

    That is to the patient's right, to the front or downwards, whatever way either file stores its axes: a copy of the
    same mask that runs the other way must not come out a voxel beside it. Where axes run along the world's, it is also
    what sampling by nearest neighbors does.

    Args:
        offset: Index in the source, along one of its axes, of the target's first voxel.
        sign: Whether that axis runs towards growing coordinates of the world, +1 or -1.
    """
    below = int(np.floor(offset))
    # Headers round their numbers: what they call half a voxel is half a voxel give or take what is never noted.
    if abs(offset - below - 0.5) < CORNER_ERROR_NOTED:
        return below + 1 if sign > 0 else below
    return round(offset)


def find_overlap(source: HasLattice, target: HasLattice, lattice: LatticeMap) -> tuple[Box, Box]:
    """The voxels that both grids have: in the source with its axes reordered, and in the target.

    Where nothing overlaps, both boxes are empty.
    """
    taken, filled = [], []
    for axis in range(3):
        size, length = source.shape[lattice.axes[axis]], target.shape[axis]
        sign, offset = lattice.signs[axis], lattice.offset[axis]
        # Target indices i whose source index sign * i + offset lies within 0 and size - 1.
        low, high = (-offset, size - 1 - offset) if sign > 0 else (offset - size + 1, offset)
        low, high = max(low, 0), min(high, length - 1)
        if high < low:
            taken.append(slice(0, 0))
            filled.append(slice(0, 0))
            continue
        first, last = sign * low + offset, sign * high + offset
        # A step of -1 down to index 0 ends at None: -1 would mean the last voxel.
        stop = last + sign if last + sign >= 0 else None
        taken.append(slice(first, stop, sign))
        filled.append(slice(low, high + 1))
    return tuple(taken), tuple(filled)  # type: ignore[return-value]


def lattice_mismatch_error(
    source: HasLattice, target: HasLattice, axes: tuple[int, int, int], to_source: FloatArray, error: float
) -> GeometryError:
    """The error that says why two lattices do not meet, the most telling reason first."""
    spacing = tuple(source.spacing[k] for k in axes)
    cosines = [abs(float(source.direction[:, axes[k]] @ target.direction[:, k])) for k in range(3)]
    angle = float(np.degrees(np.arccos(min(1.0, *cosines))))
    ratio = max(abs(a / b - 1) for a, b in zip(spacing, target.spacing, strict=True))
    fraction = to_source[:3, 3] - np.round(to_source[:3, 3])
    values: dict[str, Any] = {
        "corner_error": error,
        "spacing": spacing,
        "reference_spacing": target.spacing,
        "angle_degrees": angle,
        "fractional_offset": tuple(float(fraction[k]) for k in axes),
    }
    if ratio * max(source.shape) >= CORNER_ERROR_REFUSED / 2:
        reason = f"its spacing {format_numbers(spacing)} mm is not the reference's {format_numbers(target.spacing)} mm"
    elif np.radians(angle) * max(source.shape) >= CORNER_ERROR_REFUSED / 2:
        reason = f"its axes are turned by {angle:.4g} degrees against the reference's"
    else:
        reason = f"its voxel centers lie {format_numbers(values['fractional_offset'])} voxels beside the reference's"
    return GeometryError(
        f"the two lattices do not meet: {reason} (the worst corner is {error:.3g} voxels off, "
        f"{CORNER_ERROR_REFUSED} is the limit)",
        advice="resample the image onto the reference",
        **values,
    )
