"""An irregular stack -> the regular, rectangular volume that holds the same data at the same places.

Along the normal, slices that lie on one lattice stay as they are, and its empty slots hold no data. Slices whose
spacing varies are resampled at their finest step, linearly between the two neighbors. In the plane, each slice goes
back to where its position says (which undoes the tilt of a gantry or the shift of a couch), exactly by whole voxels
and linearly by parts of one, and the planes are widened both ways so that nothing is cut off.

A voxel is valid where a slice lies, and between two neighboring slices where both hold data, unless the gap between
them is so long that a slice seems to be missing (:func:`pictologics.dicom.stacks.lattices.find_long_gaps`). Any
other voxel holds the fill value, and nothing is ever interpolated with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...array_types import AnyArray, BoolArray, FloatArray
from ...errors import GeometryError
from ...geometry import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED, Grid
from ...provenance import Decision
from .blending import InPlanePlan, NormalPlan, fill_volume
from .lattices import find_finest_step, find_lattice, find_long_gaps
from .regularity import (
    MOST_NAMED,
    StackGeometry,
    find_sideways_shift,
    find_turn,
    find_uneven_spacing,
    find_varying_pixel_spacing,
)

__all__ = ["Rectified", "find_rectified_grid", "rectify"]


MOST_RECTIFIED_VOXELS = 2**28
"""Voxels that a regular volume may always have: 1 GiB as float32."""

MOST_GROWTH = 32
"""How many times the voxels of its slices a larger one may have: no scan is as empty, and a position must be wrong."""


@dataclass(frozen=True, eq=False)
class Rectified:
    """A stack made regular.

    Attributes:
        array: Voxels (x, y, z) in Fortran order, of the type of the slices.
        grid: Where they lie.
        source_mask: True where a voxel holds data, same shape and order; the others hold the fill value.
        decisions: What was done, in words and numbers.
    """

    array: AnyArray
    grid: Grid
    source_mask: BoolArray
    decisions: tuple[Decision, ...]


def rectify(
    array: AnyArray, stack: StackGeometry, fill_value: float, *, source_mask: BoolArray | None = None
) -> Rectified:
    """Build the regular, rectangular volume of an irregular stack.

    Args:
        array: Voxels (x, y, n) of the slices in the order of the stack, float32 or float64; Fortran order is fast.
        stack: Where the slices lie.
        fill_value: What voxels without data hold.
        source_mask: Which voxels of the slices hold data, same shape; None for all. A voxel that would be
            interpolated from one without data is without data.

    Returns:
        The volume, its grid, which of its voxels hold data, and what was done.

    Raises:
        GeometryError: If slices are turned against each other or differ in pixel spacing, or if they lie so far
            apart that almost all of the volume would be empty.
    """
    plane, normal, grid = plan_rectified(stack)
    values, valid = fill_volume(array, source_mask, normal, plane, fill_value)
    decisions = (
        *describe_in_plane(stack, plane),
        *describe_along_normal(stack, normal, fill_value),
        *describe_rounding(stack, plane, normal),
    )
    return Rectified(values, grid, valid, decisions)


def find_rectified_grid(stack: StackGeometry) -> Grid:
    """Where the voxels of the regular volume of an irregular stack lie, without making it.

    Raises:
        GeometryError: As ``rectify`` does.
    """
    return plan_rectified(stack)[2]


def plan_rectified(stack: StackGeometry) -> tuple[InPlanePlan, NormalPlan, Grid]:
    """Plan the regular volume: its planes, what each is made of, and where its voxels lie."""
    refuse_other_planes(stack)
    plane = plan_in_plane(stack)
    normal = plan_along_normal(stack, plane.shape)
    spacing = (*stack.grid.spacing[:2], normal.step)
    # The first slice may begin inside the widened plane, whose corner is then outside of every slice.
    origin = stack.positions[0] - stack.grid.direction[:, :2] @ (plane.first * np.array(spacing[:2]))
    return plane, normal, Grid((*plane.shape, normal.lower.size), spacing, tuple(origin), stack.grid.direction)


def refuse_other_planes(stack: StackGeometry) -> None:
    """Raise if slices differ in more than their place."""
    for finding in (find_varying_pixel_spacing(stack), find_turn(stack)):
        if finding is not None:
            raise GeometryError(
                f"{finding.text} ({finding.voxels:.3g} voxels), and only slices that differ in nothing but their "
                "position are resampled",
                advice="pass the list of files that belong together",
                findings={finding.kind: finding.voxels},
            )


def refuse_sparse(shape: Sequence[float], stack: StackGeometry) -> None:
    """Raise if slices lie so far apart that almost all of the volume would be empty."""
    wanted, given = math.prod(shape), math.prod(stack.grid.shape)
    # "not (x <= y)" also refuses NaN.
    if not wanted <= max(MOST_RECTIFIED_VOXELS, MOST_GROWTH * given):
        raise GeometryError(
            "the slices lie so far apart that their regular volume would have "
            f"{' x '.join(f'{size:.6g}' for size in shape)} voxels, {wanted / given:.3g} times the slices' own",
            advice="pass the lists of files of its parts",
            shape=tuple(shape),
        )


def plan_in_plane(stack: StackGeometry) -> InPlanePlan:
    """Find the widened plane, and where each slice goes in it."""
    shifts = stack.offsets[:, :2] / stack.grid.spacing[:2]
    # Below the tolerance an axis is left alone: interpolating would blur every slice and put none right.
    shifts[:, np.abs(shifts).max(axis=0) < CORNER_ERROR_REFUSED] = 0.0
    # A shift by whole voxels moves values without interpolating them; rounded positions must not prevent that.
    nearest = np.round(shifts)
    shifts = np.where(np.abs(shifts - nearest) < CORNER_ERROR_NOTED, nearest, shifts)
    # A slice shifted by a part of a voxel reaches into the voxels on both sides, so that planes are widened both ways.
    low = np.floor(shifts).min(axis=0)
    size = np.ceil(shifts).max(axis=0) - low + stack.grid.shape[:2]
    refuse_sparse((*size, stack.grid.shape[2]), stack)
    start = np.floor(shifts - low).astype(np.intp)
    return InPlanePlan((int(size[0]), int(size[1])), (-low).astype(np.intp), start, np.asarray(shifts - low - start))


def plan_along_normal(stack: StackGeometry, plane_shape: tuple[int, int]) -> NormalPlan:
    """Find the planes of the volume along the normal, and the slices that each is made of."""
    heights = stack.offsets[:, 2]
    if heights.size == 1:
        return NormalPlan(stack.grid.spacing[2], np.zeros(1, np.intp), np.zeros(1))
    lattice = find_lattice(heights)
    if lattice is None:
        return plan_uneven(heights, stack, plane_shape)
    planes = int(lattice.slots[-1]) + 1
    refuse_sparse((*plane_shape, planes), stack)
    lower = np.full(planes, -1)
    lower[lattice.slots] = np.arange(heights.size)
    return NormalPlan(lattice.step, lower, np.zeros(planes))


def plan_uneven(heights: FloatArray, stack: StackGeometry, plane_shape: tuple[int, int]) -> NormalPlan:
    """Lay planes through slices whose spacing varies, the first through the first slice."""
    gaps = np.diff(heights)
    step = find_finest_step(gaps)
    steps = float(heights[-1]) / step
    refuse_sparse((*plane_shape, steps + 1), stack)
    if abs(steps - round(steps)) < CORNER_ERROR_REFUSED:
        # The last plane is the last slice if that changes the step by less than the tolerance allows.
        steps = round(steps)
        step = float(heights[-1]) / steps
    places = np.arange(int(steps) + 1) * step
    lower = np.clip(np.searchsorted(heights, places, side="right") - 1, 0, heights.size - 2)
    # Linear in the height: 0 on the lower slice, 1 on the upper one.
    weight = (places - heights[lower]) / gaps[lower]
    # On a slice, but for its rounding: that slice as it is.
    on_upper = np.abs(places - heights[lower + 1]) < CORNER_ERROR_NOTED * step
    on_slice = on_upper | (np.abs(places - heights[lower]) < CORNER_ERROR_NOTED * step)
    # Across a gap where a slice is missing nothing is made up: what lies there was never scanned.
    in_long_gap = find_long_gaps(gaps)[lower] & ~on_slice
    lower[on_upper] += 1
    lower[in_long_gap] = -1
    weight[on_slice | in_long_gap] = 0.0
    return NormalPlan(step, lower, weight)


def describe_in_plane(stack: StackGeometry, plane: InPlanePlan) -> list[Decision]:
    """Say how slices were moved in their plane."""
    finding = find_sideways_shift(stack)
    if finding is None:
        return []
    text = f"{finding.text}: each slice was moved back in its plane, by up to {finding.voxels:.4g} voxels"
    if plane.shape != stack.grid.shape[:2]:
        text += ", and the planes were widened from {} x {} to {} x {} voxels".format(
            *stack.grid.shape[:2], *plane.shape
        )
    return [Decision("resampled", text, finding.voxels)]


def describe_along_normal(stack: StackGeometry, normal: NormalPlan, fill_value: float) -> list[Decision]:
    """Say how planes were made along the normal, and which slices are not among them."""
    finding = find_uneven_spacing(stack)
    if finding is None:
        return []
    planes = normal.lower.size
    empty = int(np.count_nonzero(normal.lower < 0))
    text = f"{finding.text}: {planes} planes were placed {normal.step:.6g} mm apart"
    blended = int(np.count_nonzero(normal.weight))
    kept = planes - blended - empty
    if blended:
        text += f", {blended} of them interpolated between two slices and {kept} slices as they were"
    if empty:
        text += f"; {empty} plane{'s have' if empty != 1 else ' has'} no slice: invalid, holding {fill_value:g}"
    beyond = float(stack.offsets[-1, 2]) - (planes - 1) * normal.step
    if beyond >= CORNER_ERROR_REFUSED * normal.step:
        text += f"; the last {beyond:.6g} mm of the stack, less than one step, lie beyond the last plane"
    return [Decision("resampled", text, normal.step), *describe_lost_slices(stack, normal)]


def describe_lost_slices(stack: StackGeometry, normal: NormalPlan) -> list[Decision]:
    """Name slices that no plane is made of: those that stand alone between long gaps, beside the planes."""
    used = np.union1d(normal.lower[normal.lower >= 0], normal.lower[normal.weight > 0] + 1)
    lost = np.setdiff1d(np.arange(len(stack.positions)), used)
    if not lost.size:
        return []
    where = ", ".join(f"{k + 1} (at {stack.offsets[k, 2]:.6g} mm)" for k in lost[:MOST_NAMED])
    more = ", ..." if lost.size > MOST_NAMED else ""
    text = f"left out isolated slices between long gaps, off the planes: {where}{more}"
    return [Decision("left out", text, int(lost.size), "geometry")]


def describe_rounding(stack: StackGeometry, plane: InPlanePlan, normal: NormalPlan) -> list[Decision]:
    """Say how far slices that were taken as they are lie from where they were put."""
    kept = np.flatnonzero((normal.lower >= 0) & (normal.weight == 0))
    slices = normal.lower[kept]
    places = np.column_stack([(plane.start + plane.part - plane.first)[slices], kept])
    true_places = stack.offsets[slices] / (*stack.grid.spacing[:2], normal.step)
    error = float(np.linalg.norm(places - true_places, axis=1).max())
    if error < CORNER_ERROR_NOTED:
        return []
    return [Decision("rounded", f"slices moved onto the regular volume, by up to {error:.2g} voxels", error)]
