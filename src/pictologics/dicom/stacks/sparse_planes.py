"""Planes of which only some are there -> a Grid from the first to the last of them.

A segmentation leaves out planes that hold nothing and repeats a plane for each segment. Where a plane lies, only its
position says; the numbers that order frames (DimensionIndexValues) are labels and are not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ...array_types import FloatArray
from ...errors import GeometryError
from ...geometry import (
    CORNER_ERROR_NOTED,
    CORNER_ERROR_REFUSED,
    Grid,
    format_numbers,
)
from ...provenance import Decision
from ..frames.frame import Frame
from ..frames.plane_attributes import read_distance
from ..headers import tags
from .distances import find_pixel_spacings, find_single_slice_step, record_assumption
from .lattices import Lattice
from .planes import make_orthonormal_axes, make_plane_grid, record_frame_assumptions, stack_by_number
from .regularity import MOST_NAMED

__all__ = ["SparsePlanes", "stack_sparse_planes"]

SAME_PLANE: Final = 0.02
"""Distance, in pixels, up to which positions are those of one plane, computed or rounded in different ways.

In pixels, because they are never much finer than the distance of planes."""

MOST_SPARSE_SLOTS: Final = 10_000
"""Planes that a grid may always have, however few of them are in the file."""

LEAST_FILLED_SHARE: Final = 0.01
"""Share of the planes of a larger grid that must be in the file: with fewer, a position is wrong."""

ALONG: Final = 1 - 1e-4
"""The cosine of the angle, 0.8 degrees, up to which an axis of a reference runs along the normal."""


@dataclass(frozen=True)
class SparsePlanes:
    """Where planes lie.

    Attributes:
        grid: From the first to the last of them.
        slots: For each plane that was given, its index along the third axis.
        decisions: What was decided to get there.
    """

    grid: Grid
    slots: npt.NDArray[np.intp]
    decisions: tuple[Decision, ...]


def stack_sparse_planes(frames: Sequence[Frame], reference: Grid | None, path: str) -> SparsePlanes:
    """Find the grid on which planes lie.

    The step is SpacingBetweenSlices where every gap is a whole multiple of it, else the reference's where every gap
    is a multiple of that, else the smallest gap.

    Args:
        frames: One frame for each plane; several for one plane are taken together.
        reference: The grid of the image that the planes belong to, if it is known.
        path: The file, for messages.

    Raises:
        GeometryError: If the planes are not parallel, are moved sideways, or lie at no regular distance.
    """
    decisions: list[Decision] = []
    placed = [frame for frame in frames if frame.position is not None and frame.orientation is not None]
    if len(placed) < len(frames):
        if len(frames) == 1:
            only = stack_by_number(frames, decisions)
            return SparsePlanes(only.grid, np.zeros(1, np.intp), only.decisions)
        raise GeometryError(
            f"{len(frames) - len(placed)} of its {len(frames)} planes have no position or orientation",
            path=path,
            advice="export the file again, with the positions of its planes",
        )
    direction, spacing = find_common_axes(frames, decisions, path)
    positions = np.array([frame.position for frame in frames], dtype=np.float64)
    heights = positions @ direction[:, 2]
    lowest = int(np.argmin(heights))
    check_not_tilted((positions - positions[lowest]) @ direction[:, :2] / spacing[::-1], path)
    clusters, members = cluster_heights(heights - heights[lowest], SAME_PLANE * float(spacing.min()))
    lattice = find_sparse_lattice(clusters, frames[lowest], direction, reference, decisions, path)
    check_filled(clusters, lattice, path)
    count = int(lattice.slots[-1]) + 1
    error = float(np.abs(clusters / lattice.step - lattice.slots).max())
    if error >= CORNER_ERROR_NOTED:
        decisions.append(Decision("rounded", f"planes moved onto a regular grid, by up to {error:.2g} steps", error))
    if count > clusters.size:
        missing = count - clusters.size
        text = f"{missing} of {count} planes are not in the file and are background"
        decisions.append(Decision("assumed", text, missing))
    grid = make_plane_grid(frames[lowest], positions[lowest], direction, spacing, lattice.step, count)
    return SparsePlanes(grid, lattice.slots[members], tuple(decisions))


def check_not_tilted(shifts: FloatArray, path: str) -> None:
    """Raise if planes are moved sideways: labels cannot be interpolated back as the values of an image are.

    Args:
        shifts: (n, 2) sideways shift of each plane from the lowest, in voxels.
        path: The file, for messages.
    """
    sideways = float(np.abs(shifts).max())
    # "not (x < y)" also refuses NaN.
    if not sideways < CORNER_ERROR_REFUSED:
        raise GeometryError(
            f"its planes are moved sideways by up to {sideways:.3g} voxels, as those of a tilted gantry are, and "
            f"{CORNER_ERROR_REFUSED} is the limit",
            path=path,
            advice="resample the segmentation onto a rectangular grid before it is exported",
            voxels=sideways,
        )


def check_filled(heights: FloatArray, lattice: Lattice, path: str) -> None:
    """Raise if planes are so far apart for their step that a large grid would be nearly empty."""
    count = int(lattice.slots[-1]) + 1
    if count > MOST_SPARSE_SLOTS and heights.size < LEAST_FILLED_SHARE * count:
        raise GeometryError(
            f"its {heights.size} planes spread over {heights[-1]:.6g} mm, {count} times their distance of "
            f"{lattice.step:.6g} mm",
            path=path,
            advice="correct the positions of its planes",
            planes=int(heights.size),
            slots=count,
        )


def find_common_axes(frames: Sequence[Frame], decisions: list[Decision], path: str) -> tuple[FloatArray, FloatArray]:
    """The axes and the distances between rows and columns that all planes share."""
    cosines = np.array([frame.orientation for frame in frames], dtype=np.float64)
    spacings = find_pixel_spacings(frames, decisions)
    record_frame_assumptions(frames, decisions)
    size = max(frames[0].rows, frames[0].columns)
    turned = np.abs(cosines - cosines[0]).max()
    if turned * size >= CORNER_ERROR_REFUSED:
        normals = np.cross(cosines[:, :3], cosines[:, 3:])
        angle = float(np.degrees(np.arccos(np.clip(normals @ normals[0], -1, 1))).max())
        raise GeometryError(
            f"its planes are not parallel: their normals are up to {angle:.4g} degrees and their cosines up to "
            f"{turned:.3g} apart",
            path=path,
            advice="export each orientation as a file of its own",
            angle_degrees=angle,
        )
    differs = np.abs(spacings / spacings[0] - 1).max()
    if differs * size >= CORNER_ERROR_REFUSED:
        other = spacings[np.abs(spacings / spacings[0] - 1).max(axis=1).argmax()]
        raise GeometryError(
            f"the pixel spacing of its planes varies: {format_numbers(spacings[0])} mm and {format_numbers(other)} mm",
            path=path,
            advice="export each as a file of its own",
        )
    return make_orthonormal_axes(cosines[0]), spacings[0]


def cluster_heights(heights: FloatArray, tolerance: float) -> tuple[FloatArray, npt.NDArray[np.intp]]:
    """Heights of distinct planes, ascending, and for each given height the plane that it is.

    Args:
        heights: (n,) from the lowest, mm.
        tolerance: Heights nearer to each other than this are one plane, mm.
    """
    order = np.argsort(heights, kind="stable")
    begins = np.diff(heights[order], prepend=-np.inf) >= tolerance
    members = np.empty(heights.size, np.intp)
    members[order] = np.cumsum(begins) - 1
    means = np.bincount(members, heights) / np.bincount(members)
    return means - means[0], members


def find_sparse_lattice(
    heights: FloatArray,
    frame: Frame,
    direction: FloatArray,
    reference: Grid | None,
    decisions: list[Decision],
    path: str,
) -> Lattice:
    """The step between planes and the slot of each."""
    stated = abs(read_distance(frame.attributes, tags.SPACING_BETWEEN_SLICES))
    thickness = read_distance(frame.attributes, tags.SLICE_THICKNESS)
    of_reference = 0.0 if reference is None else find_step_along(reference, direction[:, 2])
    if heights.size == 1:
        return Lattice(
            choose_single_plane_step(frame, stated, of_reference, thickness, decisions), np.zeros(1, np.intp)
        )
    gaps = np.diff(heights)
    # The shortest gaps differ by rounding; their median is steadier than the least of them.
    smallest = float(np.median(gaps[np.round(gaps / gaps.min()) == 1]))
    # What the file says, what its image says, and what the positions show, in this order: of two planes, the gap alone
    # does not tell how many planes lie between them.
    for step in (stated, of_reference, smallest):
        lattice = fit_lattice(heights, step)
        if lattice is not None:
            return lattice
    lattice = fit_lattice(heights, thickness)
    if lattice is None:
        distinct = np.unique(gaps.round(6)).tolist()
        raise GeometryError(
            f"its {heights.size} planes are not evenly spaced: the gaps are "
            f"{format_numbers(distinct[:MOST_NAMED])}{', ...' if len(distinct) > MOST_NAMED else ''} mm",
            path=path,
            advice="pass the image that it belongs to as reference_image, or export the file with SpacingBetweenSlices",
            gaps=gaps.tolist(),
        )
    text = (
        f"the distance between planes is unknown, and their gaps are not multiples of the smallest, {smallest:.6g} mm; "
        f"they are multiples of the slice thickness, {thickness:.6g} mm, which was used"
    )
    record_assumption(text, thickness, decisions)
    return lattice


def fit_lattice(heights: FloatArray, step: float) -> Lattice | None:
    """The lattice of a step, if every gap is a whole multiple of it; refined by the extent of the planes."""
    if not step > 0:
        return None
    gaps = np.diff(heights) / step
    counts = np.round(gaps)
    if counts.min() < 1 or np.abs(gaps - counts).max() >= CORNER_ERROR_REFUSED:
        return None
    slots = np.concatenate([[0.0], np.cumsum(counts)])
    refined = float(heights[-1] / slots[-1])
    # Gap by gap a small error of the step passes; summed up it must pass as well.
    if np.abs(heights / refined - slots).max() >= CORNER_ERROR_REFUSED:
        return None
    return Lattice(refined, slots.astype(np.intp))


def find_step_along(reference: Grid, normal: FloatArray) -> float:
    """The spacing of a reference along a normal, 0 if none of its axes runs along it."""
    along = np.abs(normal @ reference.direction)
    axis = int(along.argmax())
    return reference.spacing[axis] if along[axis] > ALONG else 0.0


def choose_single_plane_step(
    frame: Frame, stated: float, of_reference: float, thickness: float, decisions: list[Decision]
) -> float:
    """The distance to the next plane, mm, where there is only one."""
    if stated:
        return stated
    if of_reference:
        text = f"the distance between planes is unknown; {of_reference:.6g} mm is the reference's step"
        decisions.append(Decision("assumed", text, of_reference))
        return of_reference
    if thickness > 0:
        record_assumption(
            f"the distance between planes is unknown; the slice thickness of {thickness:.6g} mm was used",
            thickness,
            decisions,
        )
        return thickness
    return find_single_slice_step(frame, decisions)
