"""The grid: where the voxels of an image lie in the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import GeometryError
from .grid_parts import check_parts, fit_spacing, split_affine
from .lattice_map import LatticeMap, corners_of, find_lattice_map
from .number_text import format_numbers
from .tolerances import CORNER_ERROR_REFUSED
from .voxel_slices import resolve_slices
from .world import AXIS_LETTERS, LPS_FROM, WorldFrame, nearest_axes

__all__ = ["Grid"]


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
        parts = check_parts(self.shape, self.spacing, self.origin, self.direction)
        for name, value in zip(("shape", "spacing", "origin", "direction"), parts, strict=True):
            object.__setattr__(self, name, value)
        self.direction.flags.writeable = False

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
        spacing, origin, direction = split_affine(affine, frame)
        grid = cls(tuple(shape), tuple(spacing), tuple(origin), direction)  # type: ignore[arg-type]
        error = grid.corner_error(affine, frame)
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
        return corners_of(self.shape)

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

    def permute(self, axes: Sequence[int]) -> Grid:
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

    def flip(self, axis: int) -> Grid:
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
        grid = self.permute(axes)
        for axis in flips:
            grid = grid.flip(axis)
        return grid, axes, flips  # type: ignore[return-value]

    def crop(self, start: Sequence[int], shape: Sequence[int]) -> Grid:
        """The part of the lattice that begins at ``start`` and has ``shape`` voxels.

        ``start`` may be negative and the part may reach beyond this grid: the lattice has no end.
        """
        return Grid(tuple(shape), self.spacing, tuple(self.index_to_world(start)), self.direction)  # type: ignore[arg-type]

    def pad(self, before: int | Sequence[int], after: int | Sequence[int] | None = None) -> Grid:
        """The lattice with more voxels around it; with negative numbers, with fewer.

        Args:
            before: How many voxels to add before the first of each axis: a number for all, or three.
            after: How many to add after the last; as many as before if it is left out.

        Raises:
            GeometryError: If no voxel would be left.

        Examples:
            >>> Grid((4, 5, 6)).pad(1, (0, 0, 2)).shape
            (5, 6, 9)
        """
        low = np.broadcast_to(before, 3)
        high = low if after is None else np.broadcast_to(after, 3)
        return self.crop([-int(n) for n in low], [int(n) for n in self.shape + low + high])

    def resize(self, shape: Sequence[int]) -> Grid:
        """The grid of another number of voxels that covers the same volume.

        Args:
            shape: Number of voxels along each axis.

        Raises:
            GeometryError: If the shape is not three positive whole numbers.

        Examples:
            >>> Grid((4, 4, 3), (3.0, 3.0, 3.0)).resize((8, 4, 9))
            Grid(shape=(8, 4, 9), spacing=(1.5, 3, 1) mm, origin=(-0.75, 0, -1) mm, orientation='LPS')
        """
        # Before anything is divided by them.
        counts: Any = np.array(Grid(tuple(shape)).shape)  # type: ignore[arg-type]
        ratio = self.shape / counts
        # The first center lies half a new voxel from the edge that both grids share.
        first = self.index_to_world(ratio / 2 - 0.5)
        return Grid(tuple(counts), tuple(self.spacing * ratio), tuple(first), self.direction)

    def __getitem__(self, index: Any) -> Grid:
        """The grid of some of the voxels, by slices as with numpy; every voxel stays where it is.

        Args:
            index: Up to three slices; one with a step takes one voxel in so many, one with a negative step turns the
                axis round.

        Raises:
            OptionError: If a slice is none of whole numbers, or takes no voxel.

        Examples:
            >>> Grid((4, 5, 6))[1:3, :, ::-2]
            Grid(shape=(2, 5, 3), spacing=(1, 1, 2) mm, origin=(1, 0, 5) mm, orientation='LPI')
        """
        starts, steps, counts = zip(*resolve_slices(index, self.shape)[1], strict=True)
        # Adding zero turns the -0.0 of an axis that is turned round into 0.0.
        direction = self.direction * np.sign(steps) + 0.0
        spacing = np.abs(steps) * np.asarray(self.spacing)
        return Grid(counts, tuple(spacing), tuple(self.index_to_world(starts)), direction)

    # Numbers of voxels are no items to go through, as Python would where there are brackets.
    __iter__ = None

    def contains(self, position: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Whether positions lie in the volume of the voxels, which reaches half a voxel beyond their centers.

        Args:
            position: (..., 3), LPS mm.

        Returns:
            (...) truth values. Of two grids side by side one alone contains a point of the face between them, but for
            rounding.

        Examples:
            >>> Grid((4, 5, 6)).contains([[0.0, 0.0, 0.0], [3.6, 0.0, 0.0]]).tolist()
            [True, False]
        """
        index = self.world_to_index(position)
        return np.asarray(((index >= -0.5) & (index < np.array(self.shape) - 0.5)).all(axis=-1))

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """(2, 3) lowest and highest coordinates of the volume of the voxels, faces included, LPS mm.

        Of axes that are turned against the world's, those of the box around the volume.
        """
        x, y, z = self.shape
        corners = self.index_to_world(corners_of((x + 1, y + 1, z + 1)) - 0.5)
        return np.stack([corners.min(axis=0), corners.max(axis=0)])

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
        shape, new, shift = fit_spacing(self.shape, self.spacing, spacing)
        origin = np.asarray(self.origin) + self.direction @ shift
        return Grid(shape, new, tuple(origin), self.direction)  # type: ignore[arg-type]

    def index_map(self, target: Grid) -> npt.NDArray[np.float64]:
        """4x4 matrix from a voxel index of another grid to the index in this grid of the same point."""
        return np.asarray(np.linalg.inv(self.affine) @ target.affine)

    def lattice_map(self, target: Grid, *, to_nearest: bool = False) -> LatticeMap:
        """Find this grid's voxels on the voxels of another grid.

        Args:
            target: The grid to be filled with voxels of this one.
            to_nearest: Also where all voxels lie beside the target's by one fraction of a voxel, which then is the
                ``shift`` of the result.

        Returns:
            The axes, signs and offset by which whole voxels correspond.

        Raises:
            GeometryError: If the spacings, the directions or, without ``to_nearest``, the offset make voxel centers
                miss each other by a tenth of a voxel of the target or more, anywhere in this grid.
        """
        return find_lattice_map(self, target, to_nearest=to_nearest)

    def __repr__(self) -> str:
        return (
            f"Grid(shape={self.shape}, spacing=({format_numbers(self.spacing)}) mm, "
            f"origin=({format_numbers(self.origin)}) mm, orientation='{self.orientation}')"
        )
