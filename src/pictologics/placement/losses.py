"""What of an image is lost on another grid: what the grid cuts off, and whether anything is left at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..array_types import AnyArray, BoolArray, FloatArray
from ..geometry import Box, Grid, nearest_axes
from ..image import Image
from ..interpolation.weights import COORDINATE_ROUNDING
from ..provenance import Decision
from ..threads import run_in_shares

__all__ = ["describe_losses", "find_kept_box"]


@dataclass(frozen=True)
class Content:
    """Which voxels of an image hold anything: those that are valid and not background.

    Background is 0 and NaN and, where it is negative and in all eight corners, the value that fills what lies beyond
    the scan, such as -1024 or -2048 in a CT: that it is cut off is no loss.
    """

    array: AnyArray
    valid: BoolArray | None
    padding: float | None

    def mark(self, box: Box) -> BoolArray:
        """True where a voxel of a box holds something."""
        part = self.array[box]
        marked = part != 0
        if part.dtype.kind in "fc":
            marked &= ~np.isnan(part)
        if self.padding is not None:
            marked &= part != self.padding
        if self.valid is not None:
            marked &= self.valid[box]
        return np.asarray(marked)

    def count(self, box: Box) -> int:
        """How many voxels of a box hold something."""
        x, y, z = box
        counts = [0] * self.array.shape[2]

        def count_share(share: Iterable[int]) -> None:
            for k in share:
                counts[k] = int(np.count_nonzero(self.mark((x, y, slice(k, k + 1)))))

        planes = range(*z.indices(self.array.shape[2]))
        run_in_shares(lambda share: count_share(planes[k] for k in share), len(planes))
        return sum(counts)

    def is_empty(self) -> bool:
        """Whether nothing is there; looks no further than the first plane with something, from the middle on."""
        depth = self.array.shape[2]
        order = sorted(range(depth), key=lambda k: abs(k - depth // 2))
        return not any(self.mark((slice(None), slice(None), slice(k, k + 1))).any() for k in order)


def find_content(image: Image) -> Content:
    """The voxels of an image that hold anything."""
    corners = {image.array[corner].item() for corner in product((0, -1), repeat=3)} if image.array.size else set()
    value = corners.pop() if len(corners) == 1 else 0
    is_padding = image.array.dtype.kind in "if" and value < 0
    return Content(image.array, image.source_mask, float(value) if is_padding else None)


def describe_losses(
    image: Image, target: Grid, kept: Box | None, result: AnyArray, fill_value: float, inside: int
) -> tuple[list[Decision], bool]:
    """What of an image is lost on another grid, in words, and whether all of it is.

    Args:
        image: The image, on its own grid.
        target: The grid of the result.
        kept: The box of the image's voxels that lie on it; see :func:`describe_cut`.
        result: What became of the image on the target.
        fill_value: What the result holds where the image does not reach.
        inside: How many voxels of the result lie in the image.
    """
    if not inside:
        # That the image lies wholly outside, describe_placing and describe_sampling say.
        return [], bool(image.array.any())
    vanished = describe_vanished(image, result, target, fill_value)
    return (vanished, True) if vanished else (describe_cut(image, target, kept), False)


def describe_cut(image: Image, target: Grid, kept: Box | None) -> list[Decision]:
    """Warn of voxels that hold something and lie outside the reference.

    Args:
        image: The image, on its own grid.
        target: The grid of the reference.
        kept: The box of its voxels that lie on the reference, in the image's order of axes; sides may run backward.
            None if they are no box, where axes are turned against each other.
    """
    content = find_content(image)
    if kept is None:
        cut, total = count_around(content, image.grid, target)
    else:
        box = tuple(run_forward(side) for side in kept)
        cut = sum(map(content.count, list_boxes_outside(box, image.array.shape)))
        # Of what loses nothing, the inside is not looked at.
        total = cut and cut + content.count(box)  # type: ignore[arg-type]
    # That all of it is cut off, describe_vanished says.
    if not 0 < cut < total:
        return []
    text = (
        f"the reference cuts off {cut} of {total} voxels that are not background ({format_share(cut, total)}), which "
        "lie outside it"
    )
    return [Decision("left out", text, cut, "content")]


def count_around(content: Content, grid: Grid, target: Grid) -> tuple[int, int]:
    """How many voxels that hold something lie outside a turned grid, and how many there are at all."""
    to_target = target.index_map(grid)
    x, y = np.arange(grid.shape[0])[:, None], np.arange(grid.shape[1])[None, :]
    counts = np.zeros((grid.shape[2], 2), np.int64)

    def count_share(share: Iterable[int]) -> None:
        for k in share:
            marked = content.mark((slice(None), slice(None), slice(k, k + 1)))[:, :, 0]
            counts[k, 1] = np.count_nonzero(marked)
            if counts[k, 1]:
                for row, size in zip(to_target[:3], target.shape, strict=True):
                    marked &= is_within(row[0] * x + row[1] * y + row[2] * k + row[3], size)
                counts[k, 0] = counts[k, 1] - np.count_nonzero(marked)

    run_in_shares(count_share, grid.shape[2])
    cut, total = counts.sum(axis=0).tolist()
    return cut, total


def format_share(part: int, whole: int) -> str:
    """A share in percent that is never rounded to none or all."""
    percent = 100 * part / whole
    return "less than 0.1 %" if percent < 0.1 else "more than 99.9 %" if percent > 99.9 else f"{percent:.1f} %"


def describe_vanished(image: Image, result: AnyArray, target: Grid, fill_value: float) -> list[Decision]:
    """Warn if an image held something, and the result holds nothing.

    Args:
        image: The image, on its own grid.
        result: What became of it on the target; what it does not cover holds the fill value.
        target: The grid of the result.
        fill_value: That value, which does not count.
    """
    if not Content(result, None, None if fill_value == 0 else float(fill_value)).is_empty():
        return []
    content = find_content(image)
    marked = [np.zeros(image.array.shape[axis], np.bool_) for axis in range(3)]
    count = 0
    for k in range(image.array.shape[2]):
        plane = content.mark((slice(None), slice(None), slice(k, k + 1)))[:, :, 0]
        found = int(np.count_nonzero(plane))
        if found:
            count += found
            marked[0] |= plane.any(axis=1)
            marked[1] |= plane.any(axis=0)
            marked[2][k] = True
    if not count:
        return []
    ends = np.array([[side.argmax(), side.size - 1 - side[::-1].argmax()] for side in marked]).T
    own = image.grid.index_to_world(ends).round(1).tolist()
    others = target.index_to_world(target.corner_indices[[0, -1]]).round(1).tolist()
    text = (
        f"nothing is left of {count} voxels that are not background: they lie between {own[0]} and {own[1]} mm, the "
        f"reference between {others[0]} and {others[1]} mm"
    )
    return [Decision("left out", text, 0, "content")]


def find_kept_box(grid: Grid, target: Grid) -> Box | None:
    """The box of a grid's voxels whose centers lie within a target's voxels; None where their axes are turned.

    The whole grid if all of its corners do, turned or not.
    """
    to_target = target.index_map(grid)
    whole: Box = (slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2]))
    corners = grid.corner_indices @ to_target[:3, :3].T + to_target[:3, 3]
    if all(is_within(corners[:, axis], target.shape[axis]).all() for axis in range(3)):
        return whole
    axes, _ = nearest_axes(to_target[:3, :3])
    if not is_parallel(to_target[:3, :3], axes, grid.shape):
        return None
    sides = []
    middle = (np.asarray(grid.shape) - 1) / 2
    for axis, along in enumerate(axes):
        places = to_target[along, axis] * (np.arange(grid.shape[axis]) - middle[axis])
        places += to_target[along, :3] @ middle + to_target[along, 3]
        inside = np.flatnonzero(is_within(places, target.shape[along]))
        sides.append(slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0, 0))
    return tuple(sides)  # type: ignore[return-value]


def is_within(places: FloatArray, size: int) -> BoolArray:
    """Which indices along an axis lie within its voxels, which reach half a voxel beyond their centers."""
    return np.asarray((places >= -0.5 - COORDINATE_ROUNDING) & (places <= size - 0.5 + COORDINATE_ROUNDING))


def is_parallel(matrix: FloatArray, axes: tuple[int, int, int], shape: tuple[int, int, int]) -> bool:
    """Whether axes run along each other, to half a voxel at the far end of the grid."""
    straight = np.zeros((3, 3))
    straight[list(axes), range(3)] = matrix[list(axes), range(3)]
    return bool((np.abs(matrix - straight) @ (np.asarray(shape) / 2)).max() < 0.5)


def run_forward(side: slice) -> slice:
    """The same indices in ascending order."""
    if side.step is None or side.step > 0:
        return slice(side.start, side.stop)
    return slice(0 if side.stop is None else side.stop + 1, side.start + 1)


def list_boxes_outside(box: tuple[slice, ...], shape: tuple[int, ...]) -> list[Box]:
    """Boxes without a common voxel that together are all that lies outside a box."""
    found: list[Box] = []
    rest = [slice(0, size) for size in shape]
    for axis, (side, size) in enumerate(zip(box, shape, strict=True)):
        for piece in (slice(0, side.start), slice(side.stop, size)):
            if piece.start < piece.stop:
                x, y, z = (piece if k == axis else part for k, part in enumerate(rest))
                found.append((x, y, z))
        rest[axis] = side
    return found
