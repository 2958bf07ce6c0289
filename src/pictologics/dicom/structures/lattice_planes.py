"""The plane of voxels in which each contour lies: contours in the world -> in planes of a lattice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ...array_types import BoolArray, FloatArray, IntArray
from ...errors import GeometryError
from ...geometry import (
    CORNER_ERROR_NOTED,
    CORNER_ERROR_REFUSED,
    Grid,
    format_numbers,
)
from ...provenance import Decision
from .contours import Contours
from .repeated_contours import Comparison, compare_contours

__all__ = ["PlanarContours", "lay_on_planes"]

HALF_WAY: Final = 0.5 - CORNER_ERROR_NOTED
"""From this height on above a plane, in steps, a contour goes to the next one.

Contours of an image with half the steps lie in the middle between two planes but for rounding, which must not send one
of them down and the next one up: they would share a plane, and another would be empty."""

MOST_TILT: Final = CORNER_ERROR_REFUSED
"""Up to this, in steps, the points of a contour may lie above and below its own middle and still be level."""

ONE_SHEET: Final = 0.05
"""Contours nearer to each other than this, in steps between planes, were drawn in one plane. Positions are rounded to
far less than this, and contours of slices that are 16 times thinner than the image's are further apart."""

NAMED_ROIS: Final = 5
"""How many ROIs a message names."""

CONVERTED_AT_ONCE: Final = 1 << 13
"""Positions that are converted to voxel indices in one go."""


@dataclass(frozen=True)
class PlanarContours:
    """Contours sorted by the plane in which they lie.

    Attributes:
        points: (n, 3) voxel indices.
        starts: (m + 1,) where each contour begins in the points, and the number of points.
        keys: (m, 4) of each contour: the axis to which its plane is normal, the index of the plane, its ROI, and its
            sheet, which differs where several contours of a ROI that were drawn in different planes go to one plane.
            Rows are sorted.
        decisions: What was moved and what was left out.
    """

    points: FloatArray
    starts: IntArray
    keys: IntArray
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True)
class Target:
    """Where contours are to be laid.

    Attributes:
        path: Their file, for messages.
        grid: The lattice.
        titles: What messages call the ROIs.
    """

    path: str
    grid: Grid
    titles: Sequence[str]

    def name_rois(self, rois: IntArray) -> str:
        """Name some ROIs by their titles."""
        titles = [self.titles[place] for place in np.unique(rois)]
        more = f" and {len(titles) - NAMED_ROIS} more" if len(titles) > NAMED_ROIS else ""
        return ", ".join(titles[:NAMED_ROIS]) + more


def lay_on_planes(path: str, contours: Contours, grid: Grid, titles: Sequence[str]) -> PlanarContours:
    """Find the plane of the lattice for each contour.

    A contour may lie in any plane of voxel centers, across any of the three axes. One off such a plane goes to the
    nearest one, if it is level, or none of its points is further away than half a step between planes. Contours that
    enclose the region of another one in their plane are left out.

    Args:
        path: The file, for messages.
        contours: The contours.
        grid: The lattice.
        titles: What messages call the ROIs.

    Raises:
        GeometryError: If a contour lies in no plane of the lattice, or all lie outside the field.
    """
    target = Target(path, grid, titles)
    starts, rois = contours.starts, contours.rois
    if not rois.size:
        return PlanarContours(np.empty((0, 3)), np.zeros(1, np.int64), np.empty((0, 4), np.int64))
    points = find_indices(contours.points, grid)
    low, high = np.minimum.reduceat(points, starts[:-1]), np.maximum.reduceat(points, starts[:-1])
    axes = find_normal_axes(high - low)
    each = np.arange(len(rois))
    # A contour lies level in its plane but for rounding: the middle says which plane is nearest.
    middles = (low[each, axes] + high[each, axes]) / 2
    planes = np.floor(middles + (1 - HALF_WAY))
    offsets = np.maximum(np.abs(low[each, axes] - planes), np.abs(high[each, axes] - planes))
    decisions = check_offsets(target, offsets, (high - low)[each, axes] / 2, rois)
    last = np.array(grid.shape)[axes] - 1
    others = np.array([[1, 2], [0, 2], [0, 1]])[axes]
    rows = each[:, None]
    size = np.array(grid.shape)[others] - 0.5
    beyond = (high[rows, others] <= -0.5) | (low[rows, others] >= size)
    outside = (planes < 0) | (planes > last) | beyond.any(axis=1)
    if outside.all():
        raise outside_error(target, contours.points)
    # Contours along the outermost edges of voxels reach beyond them by rounding only.
    reach = np.maximum(-0.5 - low[rows, others], high[rows, others] - size)
    across = (reach >= CORNER_ERROR_NOTED).any(axis=1)
    decisions += describe_clipped_contours(target, outside, across & ~outside, rois)
    # Kept next to the field: planes far outside must not overflow, and contours there are dropped below.
    keys = np.stack([axes, planes.clip(-1, last + 1).astype(np.int64), rois, np.zeros_like(rois)], axis=1)
    # By axis, plane and ROI, and by height among equal ones, as number_sheets requires.
    order = np.lexsort((middles, rois, keys[:, 1], axes))
    order = order[~outside[order]]
    keys = keys[order]
    keys[:, 3] = number_sheets(keys, middles[order])
    decisions += describe_sheets(target, keys)
    points, starts = reorder_contours(points, starts, order)
    compared = compare_contours(points, starts, keys, order, contours.exclusive[order])
    decisions += describe_comparison(target, compared, keys)
    if compared.repeated.any():
        kept = np.flatnonzero(~compared.repeated)
        points, starts = reorder_contours(points, starts, kept)
        keys = keys[kept]
    return PlanarContours(points, starts, keys, tuple(decisions))


def find_indices(positions: FloatArray, grid: Grid) -> FloatArray:
    """Find the voxel indices of many positions.

    A few at a time: it takes less memory, and a product of large matrices would be shared among threads that wait for
    each other where the processor is busy.
    """
    indices = np.empty_like(positions)
    for begin in range(0, len(positions), CONVERTED_AT_ONCE):
        part = slice(begin, begin + CONVERTED_AT_ONCE)
        indices[part] = grid.world_to_index(positions[part])
    return indices


def find_normal_axes(extents: FloatArray) -> IntArray:
    """Find for each contour the axis to which its plane is normal: that along which it extends least.

    The axis of most contours is taken wherever a contour extends along it by no more than rounding, so that a contour
    thinner than its own rounding does not turn.

    Args:
        extents: (m, 3) of each contour, in voxels.
    """
    nearest = np.argmin(extents, axis=1)
    common = int(np.bincount(nearest, minlength=3).argmax())
    return np.where(extents[:, common] <= 2 * CORNER_ERROR_REFUSED, common, nearest).astype(np.int64)


def check_offsets(target: Target, offsets: FloatArray, tilts: FloatArray, rois: IntArray) -> list[Decision]:
    """Check how far contours lie from the planes of voxel centers, and say which were moved.

    Raises:
        GeometryError: If one is not level and lies further than half a step from any.

    Args:
        target: Where they are to lie.
        offsets: (m,) how far the furthest point of each is from its plane, in steps between planes.
        tilts: (m,) how far the points of each lie above and below its own middle, in steps.
        rois: (m,) their ROIs.
    """
    # Negated, so that NaN is refused. A level contour is never further than half a step from a plane.
    across = ~((offsets <= 0.5) | (tilts <= MOST_TILT))
    largest = float(offsets.max())
    if across.any():
        worst = int(np.where(across, offsets, -1.0).argmax())
        raise GeometryError(
            f"a contour of ROI {target.titles[rois[worst]]} lies in no plane of the image: its points reach "
            f"{2 * tilts[worst]:.3g} steps across the planes of voxels and up to {offsets[worst]:.6g} steps from the "
            "nearest one, and half a step is the limit",
            path=target.path,
            advice="pass the image on which it was drawn, neither turned nor resampled",
            steps=float(offsets[worst]),
        )
    moved = offsets >= CORNER_ERROR_REFUSED
    count = int(np.count_nonzero(moved))
    if count:
        text = (
            f"{count} of {len(offsets)} contours, of ROI {target.name_rois(rois[moved])}, lie between the planes of "
            f"voxels and were drawn in the nearest one, up to {largest:.3g} steps away"
        )
        return [Decision("placed", text, largest, "geometry")]
    if largest >= CORNER_ERROR_NOTED:
        return [Decision("rounded", f"contours lie up to {largest:.3g} steps off their planes of voxels", largest)]
    return []


def outside_error(target: Target, points: FloatArray) -> GeometryError:
    """Make the error for contours that all lie outside the image, with the extent of both."""
    grid = target.grid
    corners = grid.index_to_world(grid.corner_indices)
    values: dict[str, Any] = {}
    for name, positions in (("contours", points), ("image", corners)):
        values[name] = tuple(positions.min(axis=0).tolist()), tuple(positions.max(axis=0).tolist())
    spans = [f"from ({format_numbers(low)}) to ({format_numbers(high)}) mm" for low, high in values.values()]
    return GeometryError(
        f"all contours lie outside the image: they reach {spans[0]}, and the image {spans[1]}",
        path=target.path,
        advice="pass the image on which they were drawn",
        **values,
    )


def describe_clipped_contours(target: Target, outside: BoolArray, across: BoolArray, rois: IntArray) -> list[Decision]:
    """Say which contours lie beyond the field, and which reach beyond it."""
    decisions = []
    for which, position in ((outside, "lie outside the image"), (across, "reach beyond the edge of the image")):
        count = int(np.count_nonzero(which))
        if count:
            roi_names = target.name_rois(rois[which])
            text = f"{count} of {len(rois)} contours, of ROI {roi_names}, {position} and were cut off there"
            decisions.append(Decision("left out", text, count, "content"))
    return decisions


def describe_comparison(target: Target, compared: Comparison, keys: IntArray) -> list[Decision]:
    """Say which contours were left out as repeated, and which cross."""
    decisions = []
    count = int(np.count_nonzero(compared.repeated))
    if count:
        text = f"left out {count} repeated contours of ROI {target.name_rois(keys[compared.repeated, 2])}"
        decisions.append(Decision("left out", text, count, "content"))
    count = int(np.count_nonzero(compared.crossing))
    if count:
        crossing = keys[compared.crossing]
        text = (
            f"{count} contours of ROI {target.name_rois(crossing[:, 2])} cross others in "
            f"{len(np.unique(crossing, axis=0))} planes; by the even-odd rule, voxels in two of them are outside"
        )
        decisions.append(Decision("assumed", text, count, "content"))
    return decisions


def number_sheets(keys: IntArray, heights: FloatArray) -> IntArray:
    """Number the planes in which those contours of one ROI were drawn that go to one plane of the lattice.

    Args:
        keys: (m, 4) sorted, without the sheet.
        heights: (m,) of each contour, in steps; ascending where keys are equal.
    """
    same = (keys[1:, :3] == keys[:-1, :3]).all(axis=1)
    further = same & (np.diff(heights) > ONE_SHEET)
    counted = np.concatenate([[0], np.cumsum(further)])
    begins = np.concatenate([[0], np.where(same, 0, np.arange(1, len(keys)))])
    return np.asarray(counted - counted[np.maximum.accumulate(begins)])


def describe_sheets(target: Target, keys: IntArray) -> list[Decision]:
    """Say where contours that were drawn in different planes share one."""
    shared = keys[:, 3] > 0
    if not shared.any():
        return []
    count = len(np.unique(keys[shared, :3], axis=0))
    text = (
        f"contours of ROI {target.name_rois(keys[shared, 2])} that were drawn in different planes share {count} planes "
        "of voxels; their union was drawn"
    )
    return [Decision("placed", text, count, "geometry")]


def reorder_contours(points: FloatArray, starts: IntArray, order: IntArray) -> tuple[FloatArray, IntArray]:
    """Put contours in another order: their points, and where each contour begins."""
    lengths = np.diff(starts)[order]
    fresh = np.concatenate([[0], np.cumsum(lengths)])
    source = np.arange(fresh[-1]) + np.repeat(starts[order] - fresh[:-1], lengths)
    return points[source], fresh
