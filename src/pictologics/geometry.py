"""Grids in the world: the only home of affines, axis signs and tolerances.

The world is DICOM's patient frame, LPS: x grows to the patient's Left, y to the Posterior, z to the
Superior, in millimeters (DICOM PS3.3 C.7.6.2.1.1). NIfTI's world is RAS: its first two axes run
the other way. A voxel's position is the position of its center.

One unit measures every geometric error: **the displacement, in voxels, of the worst corner of the
volume** between two descriptions of where it lies. It means the same for a tilt, a gap, a rounded
cosine and a shifted mask, whatever the spacing and the size.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .errors import GeometryError

__all__ = ["CORNER_ERROR_NOTED", "CORNER_ERROR_REFUSED", "Box", "Grid", "LatticeMap", "WorldFrame"]

#: World frames that have a name here; each keeps its axes' letters.
WorldFrame = Literal["LPS", "RAS", "LAS"]

Box = tuple[slice, slice, slice]
"""A block of voxels: its indices along each axis."""

CORNER_ERROR_NOTED = 0.01
"""Corner error, in voxels, from which a difference is recorded in the provenance.

A header that holds float32 numbers is off by 1e-4 mm at 1000 mm from the origin; that and a
scanner's rounding (1e-3 mm in positions, 1e-6 in cosines) stay below it."""

CORNER_ERROR_REFUSED = 0.1
"""Corner error, in voxels, from which two descriptions of one volume are said to differ.

A tenth of a voxel moves an interpolated value by a tenth of the step to its neighbor: the first
size that a measurement shows."""

LPS_FROM: dict[str, npt.NDArray[np.float64]] = {
    "LPS": np.diag([1.0, 1.0, 1.0, 1.0]),
    "RAS": np.diag([-1.0, -1.0, 1.0, 1.0]),
    "LAS": np.diag([1.0, -1.0, 1.0, 1.0]),
}

AXIS_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
"""For each world axis: the letter of its negative and of its positive end, in LPS."""


@dataclass(frozen=True, slots=True)
class LatticeMap:
    """How the voxels of one grid sit on the voxels of another, when their lattices meet.

    Index ``i`` of the target along axis ``k`` is index ``signs[k] * i + offset[k]`` of the source along
    the source's axis ``axes[k]``.

    Attributes:
        axes: For each axis of the target, the source axis that runs along it.
        signs: For each axis of the target, +1 or -1: the same or the opposite way.
        offset: Source index, along ``axes[k]``, of the target's first voxel.
        corner_error: What rounding to whole voxels moved, in voxels of the target.
    """

    axes: tuple[int, int, int]
    signs: tuple[int, int, int]
    offset: tuple[int, int, int]
    corner_error: float


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular lattice of voxels in the world; an immutable value.

    Attributes:
        shape: Number of voxels along each axis, (x, y, z).
        spacing: Distance between neighbors along each axis, mm, all positive.
        origin: Center of voxel (0, 0, 0), LPS mm.
        direction: 3x3; column k is the unit vector along which axis k runs, LPS. Orthogonal columns;
            left-handed sets are valid.

    Raises:
        GeometryError: If the spacing is not positive and finite, the origin not finite, or the direction not orthogonal
            within the tolerance.

    Examples:
        >>> grid = Grid((4, 5, 6), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0))
        >>> grid.index_to_world((1, 0, 0)).tolist()
        [10.5, 20.0, 30.0]
        >>> grid.orientation
        'LPS'
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    direction: npt.NDArray[np.float64] = field(default_factory=lambda: np.eye(3))

    def __post_init__(self) -> None:
        shape = tuple(int(n) for n in self.shape)
        spacing = tuple(float(s) for s in self.spacing)
        origin = tuple(float(o) for o in self.origin)
        direction = np.array(self.direction, dtype=np.float64)
        if len(shape) != 3 or len(spacing) != 3 or len(origin) != 3 or direction.shape != (3, 3):
            raise GeometryError(
                f"a grid has three axes; shape {shape}, spacing {spacing}, origin {origin} and a direction "
                f"of shape {direction.shape} were given",
                advice="give three numbers each and a 3x3 direction",
            )
        if min(shape) < 1 or not all(np.isfinite(spacing)) or min(spacing) <= 0 or not np.isfinite(origin).all():
            raise GeometryError(
                f"shape {shape}, spacing {spacing} mm and origin {origin} mm describe no grid",
                advice="shape and spacing must be positive and every number finite",
            )
        # "not (x < y)" also refuses NaN.
        if not np.abs(direction.T @ direction - np.eye(3)).max() * max(shape) < CORNER_ERROR_REFUSED:
            raise GeometryError(
                f"the direction {direction.tolist()} is not a set of orthogonal unit vectors",
                advice="build the grid with Grid.from_affine, which names the shear",
                direction=direction.tolist(),
            )
        direction.flags.writeable = False
        for name, value in (
            ("shape", shape),
            ("spacing", spacing),
            ("origin", origin),
            ("direction", direction),
        ):
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grid):
            return NotImplemented
        return (
            self.shape == other.shape
            and self.spacing == other.spacing
            and self.origin == other.origin
            and np.array_equal(self.direction, other.direction)
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.spacing, self.origin, self.direction.tobytes()))

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Keep an unpickled grid as immutable as the one that was pickled."""
        self.__dict__.update(state)
        self.direction.flags.writeable = False

    @classmethod
    def from_affine(
        cls,
        affine: npt.ArrayLike,
        shape: Sequence[int],
        frame: WorldFrame = "LPS",
        *,
        allow_shear: bool = False,
    ) -> Grid:
        """Take an affine apart.

        The spacing is the length of the columns. Columns that are not quite orthogonal (a header rounded to
        float32, a registration's noise) are replaced by the nearest orthogonal set, found by polar
        decomposition; ``corner_error`` with the same affine tells what that moved.

        Args:
            affine: 4x4, from voxel index to world, mm.
            shape: Number of voxels along each axis.
            frame: The world frame of the affine.
            allow_shear: Also accept an affine whose nearest orthogonal grid is a tenth of a voxel or more
                away.

        Returns:
            The grid, in LPS.

        Raises:
            GeometryError: If the affine is singular, not finite, or sheared beyond the tolerance.
        """
        given = np.asarray(affine, dtype=np.float64)
        if given.shape != (4, 4) or not np.isfinite(given).all():
            raise GeometryError(
                f"the affine {given.tolist()} is not a 4x4 matrix of finite numbers", affine=given.tolist()
            )
        lps_affine = LPS_FROM[frame] @ given
        linear = lps_affine[:3, :3]
        with np.errstate(over="ignore"):
            spacing = np.sqrt((linear**2).sum(axis=0))
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
        grid = cls(tuple(shape), tuple(spacing), tuple(lps_affine[:3, 3]), direction)  # type: ignore[arg-type]
        error = grid.corner_error(given, frame)
        if error >= CORNER_ERROR_REFUSED and not allow_shear:
            raise GeometryError(
                f"the affine is sheared: the nearest rectangular grid is {error:.3g} voxels away at the worst "
                f"corner and {CORNER_ERROR_REFUSED} is the limit",
                advice="resample the image onto a rectangular grid",
                corner_error=error,
            )
        return grid

    @property
    def affine(self) -> npt.NDArray[np.float64]:
        """4x4 matrix from voxel index to LPS mm."""
        return self.affine_in("LPS")

    def affine_in(self, frame: WorldFrame) -> npt.NDArray[np.float64]:
        """4x4 matrix from voxel index to mm in the named frame."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.direction * np.asarray(self.spacing)
        matrix[:3, 3] = self.origin
        # The frames are mirror images of each other, so the same matrix leads both ways.
        # Adding zero turns the -0.0 of a flipped zero into 0.0.
        return np.asarray(LPS_FROM[frame] @ matrix + 0.0)

    @property
    def orientation(self) -> str:
        """The letters of the patient directions towards which the three axes run, such as ``"LPS"``."""
        letters = ["?"] * 3
        for axis, (world_axis, sign) in enumerate(zip(*nearest_axes(self.direction), strict=True)):
            letters[axis] = AXIS_LETTERS[world_axis][int(sign > 0)]
        return "".join(letters)

    @property
    def is_right_handed(self) -> bool:
        """Whether the axes form a right-handed set, as those of every DICOM volume do."""
        return bool(np.linalg.det(self.direction) > 0)

    def index_to_world(self, index: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Positions of voxel indices.

        Args:
            index: (..., 3), whole or fractional voxel indices (x, y, z).

        Returns:
            (..., 3) positions, LPS mm.
        """
        scaled = np.asarray(index, dtype=np.float64) * np.asarray(self.spacing)
        return np.asarray(scaled @ self.direction.T + np.asarray(self.origin))

    def world_to_index(self, position: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Fractional voxel indices of positions.

        Args:
            position: (..., 3), LPS mm.

        Returns:
            (..., 3) voxel indices; voxel centers are whole numbers.
        """
        offset = np.asarray(position, dtype=np.float64) - np.asarray(self.origin)
        # The columns are orthogonal only within the tolerance, so the inverse is not just the transpose.
        return np.asarray(offset @ np.linalg.inv(self.direction).T / np.asarray(self.spacing))

    @property
    def corner_indices(self) -> npt.NDArray[np.float64]:
        """(8, 3) indices of the centers of the eight corner voxels."""
        return np.array(list(itertools.product(*((0.0, n - 1.0) for n in self.shape))))

    def corner_error(self, other: Grid | npt.ArrayLike, frame: WorldFrame = "LPS") -> float:
        """How far the worst corner moves between this grid and another description of it.

        Args:
            other: A grid, or a 4x4 affine from voxel index to mm.
            frame: The world frame of the affine.

        Returns:
            The largest displacement of a corner of this grid's volume, in voxels of this grid.
        """
        affine = other.affine if isinstance(other, Grid) else LPS_FROM[frame] @ np.asarray(other, dtype=np.float64)
        elsewhere = self.corner_indices @ affine[:3, :3].T + affine[:3, 3]
        moved = self.world_to_index(elsewhere) - self.corner_indices
        return float(np.sqrt((moved**2).sum(axis=1)).max())

    def lies_on(self, other: Grid) -> bool:
        """Whether both grids have one shape and their corners meet within the tolerance."""
        return self.shape == other.shape and self.corner_error(other) < CORNER_ERROR_REFUSED

    def difference(self, other: Grid) -> tuple[str, Any, Any] | None:
        """What keeps two grids from being the same voxels.

        Returns:
            The most telling of shape, spacing, direction and origin, with this grid's value and the other's; None if
            the grids have one shape and their corners meet within the tolerance.
        """
        if self.shape != other.shape:
            return "shape", self.shape, other.shape
        if self.lies_on(other):
            return None
        steps = np.array(self.shape)
        ratio = np.abs(np.array(other.spacing) / self.spacing - 1) * steps
        turned = np.abs(self.direction - other.direction).max(axis=0) * steps
        if ratio.max() >= CORNER_ERROR_REFUSED / 2:
            return "spacing", self.spacing, other.spacing
        if turned.max() >= CORNER_ERROR_REFUSED / 2:
            return "direction", self.direction.tolist(), other.direction.tolist()
        return "origin", self.origin, other.origin

    def permuted(self, axes: Sequence[int]) -> Grid:
        """The same voxels with their axes in another order.

        Args:
            axes: For each axis of the result, the axis of this grid that it is, as in ``numpy.transpose``.
        """
        order = list(axes)
        return Grid(
            tuple(self.shape[k] for k in order),  # type: ignore[arg-type]
            tuple(self.spacing[k] for k in order),  # type: ignore[arg-type]
            self.origin,
            self.direction[:, order],
        )

    def flipped(self, axis: int) -> Grid:
        """The same voxels with one axis running the other way."""
        last = [0, 0, 0]
        last[axis] = self.shape[axis] - 1
        direction = self.direction.copy()
        direction[:, axis] *= -1
        return Grid(self.shape, self.spacing, tuple(self.index_to_world(last)), direction)

    def nearest_lps(self) -> tuple[Grid, tuple[int, int, int], tuple[int, ...]]:
        """The same voxels with axes that run, as nearly as they can, to the patient's left, posterior and superior.

        Returns:
            The grid; for each of its axes the axis of this grid that it is, as in ``numpy.transpose``; and which of its
            axes were then turned round, as in ``numpy.flip``.
        """
        world_axes, signs = nearest_axes(self.direction)
        axes = tuple(world_axes.index(k) for k in range(3))
        flips = tuple(k for k in range(3) if signs[axes[k]] < 0)
        grid = self.permuted(axes)
        for axis in flips:
            grid = grid.flipped(axis)
        return grid, axes, flips  # type: ignore[return-value]

    def cropped(self, start: Sequence[int], shape: Sequence[int]) -> Grid:
        """The part of the lattice that begins at ``start`` and has ``shape`` voxels.

        ``start`` may be negative and the part may reach beyond this grid: the lattice has no end.
        """
        return Grid(tuple(shape), self.spacing, tuple(self.index_to_world(start)), self.direction)  # type: ignore[arg-type]

    def with_spacing(self, spacing: Sequence[float]) -> Grid:
        """The grid of another spacing that covers the same volume around the same center.

        There are ceil(n * s / s') voxels along each axis, so that nothing is cut off, and the centers of both grids
        are one point of the world (IBSI reference manual, "Interpolation": align grid centers). Quotients are rounded
        to a millionth of a voxel before, so that 10 voxels of 0.3 mm are 30 of 0.1 mm.

        Args:
            spacing: mm along each axis; all positive.

        Raises:
            GeometryError: If the spacing is not three positive, finite numbers.

        Examples:
            >>> fine = Grid((4, 4, 3), (3.0, 3.0, 3.0)).with_spacing((2.0, 2.0, 2.0))
            >>> fine.shape, fine.origin
            ((6, 6, 5), (-0.5, -0.5, -1.0))
        """
        new = tuple(float(s) for s in spacing)
        if len(new) != 3 or not all(np.isfinite(new)) or min(new) <= 0:
            raise GeometryError(
                f"the new spacing is {new} mm and must be three positive numbers", advice="give mm along x, y and z"
            )
        with np.errstate(over="ignore"):
            size = np.asarray(self.shape) * np.asarray(self.spacing) / np.asarray(new)
        if not np.isfinite(size).all():
            raise GeometryError(f"a spacing of {new} mm is too small for any grid", advice="give mm along x, y and z")
        shape = np.maximum(np.ceil(size - 1e-6), 1.0)
        # How far the new first voxel lies along each axis from the old one, mm, when both centers are one.
        first = ((np.asarray(self.shape) - 1) * np.asarray(self.spacing) - (shape - 1) * np.asarray(new)) / 2.0
        origin = np.asarray(self.origin) + self.direction @ first
        return Grid(tuple(shape), new, tuple(origin), self.direction)

    def index_map(self, target: Grid) -> npt.NDArray[np.float64]:
        """4x4 matrix from a voxel index of another grid to the index in this grid of the same point."""
        return np.asarray(np.linalg.inv(self.affine) @ target.affine)

    def lattice_map(self, target: Grid) -> LatticeMap:
        """Find this grid's voxels on the voxels of another grid.

        Args:
            target: The grid to be filled with voxels of this one.

        Returns:
            The axes, signs and offset by which whole voxels correspond.

        Raises:
            GeometryError: If the spacings, the directions or the offset make voxel centers miss each other by
                a tenth of a voxel of the target or more, anywhere in this grid.
        """
        to_source = self.index_map(target)
        axes, signs = nearest_axes(to_source[:3, :3] * np.asarray(self.spacing)[:, None])
        whole = np.zeros((4, 4))
        whole[3, 3] = 1.0
        for target_axis, (source_axis, sign) in enumerate(zip(axes, signs, strict=True)):
            whole[source_axis, target_axis] = sign
        # Rounded where this grid is, not at the target's origin, which may be far outside and would turn
        # a rounding of the spacing into a shift.
        center = (np.asarray(self.shape) - 1) / 2.0
        on_target = np.linalg.solve(to_source[:3, :3], center - to_source[:3, 3])
        whole[:3, 3] = np.round(center - whole[:3, :3] @ on_target)
        corners = self.corner_indices
        exact = np.linalg.solve(to_source[:3, :3], (corners - to_source[:3, 3]).T).T
        rounded = (corners - whole[:3, 3]) @ whole[:3, :3]
        error = float(np.sqrt(((exact - rounded) ** 2).sum(axis=1)).max())
        if not error < CORNER_ERROR_REFUSED:
            raise self.lattice_mismatch(target, axes, to_source, error)
        offset = tuple(int(whole[source_axis, 3]) for source_axis in axes)
        return LatticeMap(axes, signs, offset, error)  # type: ignore[arg-type]

    def lattice_mismatch(
        self, target: Grid, axes: tuple[int, int, int], to_source: npt.NDArray[np.float64], error: float
    ) -> GeometryError:
        """The error that says why two lattices do not meet, the most telling reason first."""
        spacing = tuple(self.spacing[k] for k in axes)
        cosines = [abs(float(self.direction[:, axes[k]] @ target.direction[:, k])) for k in range(3)]
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
        if ratio * max(self.shape) >= CORNER_ERROR_REFUSED / 2:
            reason = (
                f"its spacing {format_numbers(spacing)} mm is not the reference's {format_numbers(target.spacing)} mm"
            )
        elif np.radians(angle) * max(self.shape) >= CORNER_ERROR_REFUSED / 2:
            reason = f"its axes are turned by {angle:.4g} degrees against the reference's"
        else:
            reason = (
                f"its voxel centers lie {format_numbers(values['fractional_offset'])} voxels beside the reference's"
            )
        return GeometryError(
            f"the two lattices do not meet: {reason} (the worst corner is {error:.3g} voxels off, "
            f"{CORNER_ERROR_REFUSED} is the limit)",
            advice="resample the image onto the reference",
            **values,
        )

    def __repr__(self) -> str:
        return (
            f"Grid(shape={self.shape}, spacing=({format_numbers(self.spacing)}) mm, "
            f"origin=({format_numbers(self.origin)}) mm, orientation='{self.orientation}')"
        )


def nearest_axes(matrix: npt.NDArray[np.float64]) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Match each column of a matrix with the row along which it mostly runs, each row once.

    Args:
        matrix: 3x3.

    Returns:
        For each column its row, and the sign (+1, -1) of the column along that row. The assignment is the
        one with the largest sum of magnitudes, so that a grid at 45 degrees still gets three axes.
    """
    size = np.abs(matrix)
    rows = max(itertools.permutations(range(3)), key=lambda p: size[p[0], 0] + size[p[1], 1] + size[p[2], 2])
    signs = tuple(1 if matrix[row, column] >= 0 else -1 for column, row in enumerate(rows))
    return rows, signs  # type: ignore[return-value]


def format_numbers(values: Sequence[float]) -> str:
    """Numbers as a person writes them: six significant digits, comma-separated."""
    return ", ".join(f"{value:.6g}" for value in values)
