"""An image onto another grid: exact where the lattices meet, else resampled if that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .array_types import AnyArray, BoolArray
from .checks import option_error
from .errors import GeometryError, OptionError
from .geometry import (
    CORNER_ERROR_NOTED,
    Box,
    Grid,
    LatticeMap,
    count_voxels,
    find_overlap,
    nearest_axes,
)
from .image import Image
from .interpolation import Interpolation
from .interpolation.sampling import (
    Sampled,
    Sampling,
    sample,
    widen_type,
)
from .provenance import Decision

__all__ = [
    "Placed",
    "describe_placing",
    "describe_sampling",
    "move_image",
    "place",
    "place_with_report",
    "refuse_blended_labels",
    "resample_onto",
    "transpose",
]


@dataclass(frozen=True)
class Placed:
    """An image on another grid, and what placing it did.

    Attributes:
        image: The image; its provenance ends with the decisions.
        inside: How many voxels of the grid lie in the image; 0 if it lies wholly outside.
        is_resampled: Whether the lattices did not meet, so that values were interpolated.
        decisions: The same in words, with the warnings that are due.
    """

    image: Image
    inside: int
    is_resampled: bool = False
    decisions: tuple[Decision, ...] = ()


def place(
    image: Image,
    target: Grid,
    fill_value: float = 0.0,
    interpolation: Interpolation | None = None,
    *,
    warn_when_resampled: bool = False,
) -> Image:
    """Put an image's voxels onto another grid: unchanged where the lattices meet, else resampled if that is asked for.

    Lattices meet where the axes are in another order or run the other way, and where the image is cropped, larger, or
    offset by whole voxels. Then no value is changed, whatever ``interpolation`` says. What lies outside the target is
    cut off; the rest of the target is filled.

    Where they do not meet, the image is sampled at the centers of the target's voxels. A center that lies in none of
    the image's voxels gets the fill value; one in the outer half of an outermost voxel gets what the edge goes on with.

    Args:
        image: The image.
        target: Where its voxels go.
        fill_value: Value of target voxels outside the image. A type that cannot hold it is widened.
        interpolation: What to do where the lattices do not meet: ``"nearest"`` keeps the type and makes no new values,
            ``"linear"`` and ``"cubic"`` (B-spline) give float32 or float64; None raises.
        warn_when_resampled: Have the decision that tells of a resampling call for a GeometryWarning, which the front
            door then gives.

    Returns:
        An image on the target grid. Its source mask, if it has one, is False outside the image. Its provenance says
        whether it was placed or resampled.

    Raises:
        GeometryError: If voxel centers miss each other by a tenth of a voxel or more and no interpolation is named.
        OptionError: If a label map is to be interpolated by anything but nearest neighbors.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Grid, Image
        >>> scan = Image(np.arange(4.0).reshape(4, 1, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> between = Grid((3, 1, 1), (1.0, 1.0, 1.0), (0.5, 0.0, 0.0))
        >>> place(scan, between, interpolation="linear").array.ravel().tolist()
        [0.5, 1.5, 2.5]
    """
    placed = place_with_report(image, target, fill_value, interpolation, warn_when_resampled=warn_when_resampled)
    return placed.image


def place_with_report(
    image: Image,
    target: Grid,
    fill_value: float = 0.0,
    interpolation: Interpolation | None = None,
    *,
    warn_when_resampled: bool = False,
) -> Placed:
    """Do what :func:`place` does, and say as facts what that was."""
    grid = image.grid
    if grid == target:
        return Placed(image, image.array.size)
    try:
        lattice = grid.lattice_map(target)
    except GeometryError as error:
        if interpolation is None:
            advice = 'resample it: pass interpolation="nearest" for a mask, "linear" or "cubic" for an image'
            raise GeometryError(error.found, advice=advice, **error.values) from error
        how = Sampling(interpolation, fill_value=fill_value)
        return resample_onto(image, target, how, error.found if warn_when_resampled else None)
    source, destination = find_overlap(grid, target, lattice)
    array = fill_target(image.array, lattice, source, destination, target.shape, fill_value)
    mask = image.source_mask
    if mask is not None:
        mask = fill_target(mask, lattice, source, destination, target.shape, False)
    decisions = describe_placing(grid, target, lattice, destination)
    moved = move_image(image, array, target, mask, decisions)
    return Placed(moved, count_voxels(destination), decisions=tuple(decisions))


def resample_onto(image: Image, target: Grid, how: Sampling, warned_reason: str | None = None) -> Placed:
    """An image sampled on another grid, whether the lattices meet or not.

    Args:
        image: The image; where its source mask is False, nothing is taken from it.
        target: The grid of the result.
        how: How values are made.
        warned_reason: Why it was resampled, for a decision that calls for a warning; None for one that does not.
    """
    refuse_blended_labels(image, how.interpolation)
    made = sample(image.array, image.grid.index_map(target), target.shape, how, image.source_mask)
    decisions = describe_sampling(image.grid, target, how, made, warned_reason)
    moved = move_image(image, made.array, target, made.valid, decisions, is_resampled=True)
    return Placed(moved, made.inside, is_resampled=True, decisions=tuple(decisions))


def describe_sampling(
    grid: Grid, target: Grid, how: Sampling, made: Sampled, warned_reason: str | None = None
) -> list[Decision]:
    """What sampling on another grid did, in words; arguments as for :func:`resample_onto`."""
    if not made.inside:
        return [make_outside_decision(grid, target)]
    text = f"resampled onto the reference by {how.interpolation} interpolation"
    outside = made.array.size - made.inside
    if outside:
        text += f"; {outside} of {made.array.size} voxels lie outside the image and hold {how.fill_value:g}"
    if warned_reason is not None:
        text = f"{warned_reason}: {text}"
    decision = Decision("resampled", text, made.inside, None if warned_reason is None else "geometry")
    return [decision, *made.decisions]


def refuse_blended_labels(image: Image, interpolation: Interpolation) -> None:
    """Check that labels are not averaged, which would make labels that nobody gave.

    Raises:
        OptionError: If a label map is interpolated by anything but nearest neighbors.
    """
    is_label_map = image.array.dtype.kind in "biu" and (image.modality == "SEG" or bool(image.labels))
    if is_label_map and interpolation != "nearest":
        raise OptionError(
            f"{interpolation} interpolation of a label map makes labels that nobody gave",
            advice='use interpolation="nearest", or resample it first with mask_threshold=0.5',
            interpolation=interpolation,
        )


def move_image(
    image: Image,
    array: AnyArray,
    grid: Grid,
    mask: BoolArray | None,
    decisions: Sequence[Decision],
    *,
    is_resampled: bool = False,
) -> Image:
    """An image of other voxels at another place that keeps modality, metadata, labels and provenance."""
    provenance = image.provenance.with_decisions(*decisions)
    return Image.from_grid(
        array,
        grid,
        modality=image.modality,
        source_mask=mask,
        metadata=image.metadata,
        labels=image.labels,
        provenance=replace(provenance, is_resampled=provenance.is_resampled or is_resampled),
    )


def fill_target(
    array: AnyArray,
    lattice: LatticeMap,
    source: Box,
    destination: Box,
    shape: tuple[int, int, int],
    fill_value: float | bool,
) -> AnyArray:
    """A new array of the target's shape with the overlapping voxels in place."""
    dtype = widen_type(array.dtype, fill_value)
    # Zeros take memory only where something is written: dozens of masks of one scan must not take dozens of scans.
    result = np.full(shape, fill_value, dtype, order="F") if fill_value else np.zeros(shape, dtype, order="F")
    result[destination] = array.transpose(lattice.axes)[source]
    return result


def describe_placing(grid: Grid, target: Grid, lattice: LatticeMap, destination: Box) -> list[Decision]:
    """What placing did, in words."""
    kept = count_voxels(destination)
    total = int(np.prod(grid.shape))
    decisions = []
    if not kept:
        decisions.append(make_outside_decision(grid, target))
    else:
        text = f"{kept} of {total} voxels placed on the reference"
        decisions.append(Decision("placed", text, kept))
    if lattice.corner_error >= CORNER_ERROR_NOTED:
        text = f"placing moved the worst corner by {lattice.corner_error:.3g} voxels"
        decisions.append(Decision("rounded", text, lattice.corner_error))
    return decisions


def make_outside_decision(grid: Grid, target: Grid) -> Decision:
    """The warning that nothing overlaps."""
    corners = grid.index_to_world(grid.corner_indices[[0, -1]]).round(1).tolist()
    others = target.index_to_world(target.corner_indices[[0, -1]]).round(1).tolist()
    text = (
        f"the image lies wholly outside the reference: its corners are at {corners[0]} and {corners[1]} mm, "
        f"the reference's at {others[0]} and {others[1]} mm; every voxel is the fill value"
    )
    return Decision("placed", text, 0, "content")


def transpose(image: Image, axes: Sequence[int], target: Grid) -> Image:
    """Reorder the axes of an image whose file has them in another order than its header says.

    Voxels and spacing move together. Where the directions, moved along, then run along the target's axes, the
    header was right and they are used. Where they do not, the header describes the axes as they should be, and the
    directions stay as they are: axis k of the result runs along column k.

    Args:
        image: The image.
        axes: For each axis of the result, the axis of the image that it is, as in ``numpy.transpose``.
        target: The grid on which the image is to be placed.

    Raises:
        OptionError: If ``axes`` is no order of 0, 1 and 2.
    """
    try:
        order = tuple(int(k) for k in axes)
    except (TypeError, ValueError):
        order = ()
    if sorted(order) != [0, 1, 2]:
        advice = "pass for example (0, 2, 1) to exchange y and z"
        raise option_error("transpose_axes", axes, "an order of the axes 0, 1 and 2", advice)
    moved = image.grid.permuted(order)
    runs_along, _ = nearest_axes(target.direction.T @ moved.direction)
    if runs_along == (0, 1, 2):
        grid, what = moved, "with their directions"
    else:
        grid, what = (
            Grid(moved.shape, moved.spacing, moved.origin, image.grid.direction),
            "and kept their directions",
        )
    mask = image.source_mask
    return replace(
        image,
        array=image.array.transpose(order),
        spacing=grid.spacing,
        origin=grid.origin,
        direction=np.array(grid.direction),
        source_mask=None if mask is None else mask.transpose(order),
        provenance=image.provenance.with_decisions(
            Decision("placed", f"axes put in the order {order}, {what}, as transpose_axes says")
        ),
    )
