"""Contours in the planes of a lattice -> voxels: masks, a label map, or covered fractions.

All contours of a ROI in one plane count together by the even-odd rule. It makes holes of contours within contours,
whether they are joined by a keyhole, as CLOSED_PLANAR must be, or not, as CLOSEDPLANAR_XOR may be (DICOM PS3.3
C.8.8.6.3): exclusive or and even-odd are the same. Only contours of one sheet count together: where several that were
drawn in different planes go to one plane of voxels, a voxel inside any of them is inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from ...array_types import AnyArray, FloatArray, IntArray
from ...geometry import Grid
from ...labels import Overlaps, choose_label_type, paint_plane
from ...rasterizing import (
    Patch,
    cross_rows,
    fill_patch,
    measure_coverage,
)
from ...threads import run_in_shares
from .lattice_planes import PlanarContours

__all__ = ["Canvas", "draw_fractions", "draw_labels", "draw_masks"]

POINTS_AT_ONCE: Final = 1 << 14
"""Points whose edges are crossed with rows in one go: many for each call, and yet little memory."""

RoiPatches = Sequence[tuple[int, Patch]]
Draw = Callable[[int, int, RoiPatches], None]


@dataclass(frozen=True)
class Canvas:
    """The voxels to be drawn on, seen along the patient's axes.

    All drawing happens with axes that run to the left, posterior and superior, as nearly as they can. So a center that
    lies on an edge is judged in the same way however the axes of the image are ordered and turned.

    Attributes:
        grid: Where the voxels lie, seen in this way.
        axes: The image's axes in this order.
        flips: Which of them are then turned round.
    """

    grid: Grid
    axes: tuple[int, int, int]
    flips: tuple[int, ...]

    @classmethod
    def of(cls, grid: Grid) -> Canvas:
        """The canvas for an image's grid."""
        return cls(*grid.nearest_lps())

    def make_blank(self, dtype: npt.DTypeLike) -> tuple[AnyArray, AnyArray]:
        """A new array of the image's own axes, and a view of it along the canvas.

        The memory is the system's own zero pages, so that planes which nobody draws on take none.
        """
        shape = [0, 0, 0]
        for axis, size in zip(self.axes, self.grid.shape, strict=True):
            shape[axis] = size
        array = np.zeros(shape, dtype, order="F")
        return array, np.flip(array.transpose(self.axes), self.flips)


def draw_masks(contours: PlanarContours, canvas: Canvas, count: int) -> list[AnyArray]:
    """Draw a mask for each ROI, 1 inside and 0 outside.

    Args:
        contours: The contours, laid on the canvas' grid.
        canvas: What to draw on.
        count: Number of ROIs.
    """
    arrays, views = zip(*(canvas.make_blank(np.uint8) for _ in range(count)), strict=True)

    def draw(axis: int, index: int, layers: RoiPatches) -> None:
        for roi, patch in layers:
            plane = view_lattice_plane(views[roi], axis, index)[patch.box]
            # The union of sheets.
            np.maximum(plane, patch.values, out=plane)

    draw_planes(contours, canvas.grid, draw)
    return list(arrays)


def draw_labels(
    contours: PlanarContours, canvas: Canvas, numbers: Sequence[int]
) -> tuple[AnyArray, Overlaps, set[int]]:
    """Draw one label map; where ROIs overlap, the higher number has the voxel.

    Args:
        contours: The contours, laid on the canvas' grid.
        canvas: What to draw on.
        numbers: The label of each ROI.

    Returns:
        The map, how many voxels each two ROIs share, and which ROIs have a voxel at all, by their place in the list.
    """
    array, view = canvas.make_blank(choose_label_type(max(numbers, default=0)))
    if len(np.unique(contours.keys[:, 0])) <= 1:
        found: list[Overlaps] = []
        drawn: set[int] = set()

        def draw(axis: int, index: int, layers: RoiPatches) -> None:
            # Counted for each plane by itself: threads must not add to one counter.
            own = Overlaps()
            paint_patches(view_lattice_plane(view, axis, index), [(numbers[roi], patch) for roi, patch in layers], own)
            found.append(own)
            drawn.update(roi for roi, patch in layers if roi not in drawn and patch.values.any())

        draw_planes(contours, canvas.grid, draw)
        return array, sum(found, Overlaps()), drawn
    overlaps = Overlaps()
    # Planes that cross share voxels, and what a ROI has of those is known only when all of its planes are drawn.
    masks = draw_masks(contours, canvas, len(numbers))
    for index in range(array.shape[2]):
        layers = [(number, mask[:, :, index]) for number, mask in zip(numbers, masks, strict=True)]
        paint_plane(array[:, :, index], [layer for layer in layers if layer[1].any()], overlaps)
    return array, overlaps, {roi for roi, mask in enumerate(masks) if mask.any()}


def draw_fractions(contours: PlanarContours, canvas: Canvas, count: int) -> list[AnyArray]:
    """Draw for each ROI the share of each voxel's area, in the plane of the contours, that is inside, float32.

    Args:
        contours: The contours, laid on the canvas' grid.
        canvas: What to draw on.
        count: Number of ROIs.
    """
    arrays, views = zip(*(canvas.make_blank(np.float32) for _ in range(count)), strict=True)
    edges = find_runs(contours.keys)

    def work(share: Iterable[int]) -> None:
        for k in share:
            first, last = int(edges[k]), int(edges[k + 1])
            axis, index, roi, _ = contours.keys[first].tolist()
            height, width = find_plane_size(canvas.grid, axis)
            found = measure_coverage(*select_planar_points(contours, axis, first, last), width, height)
            if found is not None:
                row, column, fractions = found
                rows, columns = fractions.shape
                plane = view_lattice_plane(views[roi], axis, index)[row : row + rows, column : column + columns]
                np.maximum(plane, fractions, out=plane)

    run_in_shares(work, len(edges) - 1)
    return list(arrays)


def draw_planes(contours: PlanarContours, grid: Grid, draw: Draw) -> None:
    """Fill all contours, plane by plane, in threads.

    Args:
        contours: The contours.
        grid: The lattice.
        draw: Called once for each plane, with the axis it is normal to, its index, and (ROI, patch) of all in it.
    """
    planes = find_runs(contours.keys[:, :2])

    parts = list(split_into_parts(contours.starts[planes]))

    def work(share: Iterable[int]) -> None:
        for k in share:
            begin, end = parts[k]
            for (axis, index), layers in fill_contours(contours, grid, int(planes[begin]), int(planes[end])):
                draw(axis, index, layers)

    run_in_shares(work, len(parts))


def split_into_parts(starts: IntArray) -> Iterator[tuple[int, int]]:
    """Split planes into parts of no more points than ``POINTS_AT_ONCE``, or of one plane: first plane and end of each.

    Args:
        starts: Where each plane's points begin, and their number.
    """
    begin, count = 0, len(starts) - 1
    for plane in range(1, count):
        if starts[plane + 1] - starts[begin] > POINTS_AT_ONCE:
            yield begin, plane
            begin = plane
    if count:
        yield begin, count


def fill_contours(
    contours: PlanarContours, grid: Grid, first: int, last: int
) -> Iterator[tuple[tuple[int, int], list[tuple[int, Patch]]]]:
    """Fill the contours from ``first`` to before ``last``, all planes whole; each plane with its (ROI, patch) pairs."""
    keys = contours.keys[first:last]
    axis_edges = find_runs(keys[:, :1])
    for low, high in pairwise(axis_edges.tolist()):
        axis = int(keys[low, 0])
        height, width = find_plane_size(grid, axis)
        points, starts = select_planar_points(contours, axis, first + low, first + high)
        crossed = cross_rows(points, starts, width, height)
        own = keys[low:high]
        sheets = find_runs(own)
        ends = crossed.ends[sheets].tolist()
        layers: list[tuple[int, Patch]] = []
        plane = int(own[0, 1])
        for (begin, end), (_, index, roi, _) in zip(pairwise(ends), own[sheets[:-1]].tolist(), strict=True):
            if index != plane:
                yield (axis, plane), layers
                plane, layers = index, []
            patch = fill_patch(crossed.rows[begin:end], crossed.columns[begin:end])
            if patch is not None:
                layers.append((roi, patch))
        yield (axis, plane), layers


def paint_patches(plane: AnyArray, layers: RoiPatches, overlaps: Overlaps) -> None:
    """Paint patches on one empty plane of a label map."""
    if len(layers) == 1:
        number, patch = layers[0]
        np.multiply(patch.values, plane.dtype.type(number), out=plane[patch.box], dtype=plane.dtype)
        return
    if not layers:
        return
    row = min(patch.row for _, patch in layers)
    column = min(patch.column for _, patch in layers)
    shape = (
        max(patch.box[0].stop for _, patch in layers) - row,
        max(patch.box[1].stop for _, patch in layers) - column,
    )
    by_number: dict[int, npt.NDArray[np.uint8]] = {}
    for number, patch in layers:
        # Several sheets of one ROI are one layer.
        layer = by_number.setdefault(number, np.zeros(shape, np.uint8))
        rows, columns = patch.values.shape
        part = layer[patch.row - row :, patch.column - column :][:rows, :columns]
        np.maximum(part, patch.values, out=part)
    paint_plane(plane[row : row + shape[0], column : column + shape[1]], list(by_number.items()), overlaps)


def find_runs(keys: IntArray) -> IntArray:
    """Find where each run of equal rows begins, and, last, the number of rows."""
    changes = np.flatnonzero((keys[1:] != keys[:-1]).any(axis=1)) + 1
    return np.concatenate([[0], changes, [len(keys)]]) if len(keys) else np.zeros(1, np.int64)


def select_planar_points(contours: PlanarContours, axis: int, first: int, last: int) -> tuple[FloatArray, IntArray]:
    """Select the columns and rows of points of some contours across an axis, and where each contour begins."""
    low, high = contours.starts[first], contours.starts[last]
    in_plane = [k for k in range(3) if k != axis]
    return contours.points[low:high, in_plane], contours.starts[first : last + 1] - low


def find_plane_size(grid: Grid, axis: int) -> tuple[int, int]:
    """Find the number of rows and columns of the planes across an axis."""
    column_axis, row_axis = (k for k in range(3) if k != axis)
    return grid.shape[row_axis], grid.shape[column_axis]


def view_lattice_plane(view: AnyArray, axis: int, index: int) -> AnyArray:
    """View a plane of an array, rows first."""
    return np.asarray(np.moveaxis(view, axis, 0)[index].T)
