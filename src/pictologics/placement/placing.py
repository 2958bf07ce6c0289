"""An image onto another grid: unchanged on the voxels it has or the nearest, else resampled if that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..array_types import AnyArray, BoolArray
from ..errors import GeometryError
from ..geometry import Box, Grid, LatticeMap, count_voxels, find_overlap
from ..image import Image, copy_image
from ..interpolation import Interpolation
from ..interpolation.filled_types import widen_type
from ..interpolation.sampling import Sampling, sample
from ..provenance import Decision
from .describing import describe_placing, describe_sampling
from .label_guard import guard_labels
from .losses import describe_losses, find_kept_box
from .lost_places import describe_lost_place, looks_lost

__all__ = ["Placed", "move_image", "place", "place_with_report", "reorder_box", "resample_onto"]


@dataclass(frozen=True)
class Placed:
    """An image on another grid, and what placing it did.

    Attributes:
        image: The image; its provenance ends with the decisions.
        inside: How many voxels of the grid lie in the image; 0 if it lies wholly outside.
        is_resampled: Whether the lattices did not meet, so that values were interpolated.
        decisions: The same in words, with the warnings that are due.
        losses: What the grid cuts off, or that nothing is left, in words, with the warnings that are due.
        is_lost: Whether the image held something and the grid shows none of it.
    """

    image: Image
    inside: int
    is_resampled: bool = False
    decisions: tuple[Decision, ...] = ()
    losses: tuple[Decision, ...] = ()
    is_lost: bool = False


def place(
    image: Image,
    target: Grid,
    fill_value: float = 0.0,
    interpolation: Interpolation | None = None,
    *,
    fallback: Interpolation | None = None,
) -> Image:
    """Put an image's voxels onto another grid: unchanged where the lattices meet, else resampled if that is asked for.

    Lattices meet where the axes are in another order or run the other way, and where the image is cropped, larger, or
    offset by whole voxels. Then no value is changed, whatever ``interpolation`` says. What lies outside the target is
    cut off, with a warning if it holds anything; the rest of the target is filled.

    Where axes and spacing agree and all voxels lie beside the target's by one fraction of a voxel, they go unchanged
    to the nearest ones, and a warning gives the shift. Of two that are equally near, they go to the one with the lower
    coordinate in the patient (to the right, the front, downwards), whatever way either file stores its axes. To have
    the image sampled where the target's voxels are, name an ``interpolation``.

    Where lattices do not meet at all, the image is sampled at the centers of the target's voxels. A center that lies
    in none of the image's voxels gets the fill value; one in the outer half of an outermost voxel gets what the edge
    goes on with.

    Args:
        image: The image.
        target: Where its voxels go.
        fill_value: Value of target voxels outside the image. A type that cannot hold it is widened.
        interpolation: What to do where the lattices do not meet: ``"nearest"`` keeps the type and makes no new values,
            ``"linear"`` and ``"cubic"`` (B-spline) give float32 or float64; None raises where spacing or axes differ.
        fallback: What to do in place of raising where no interpolation is named; its decision calls for a warning.

    Returns:
        An image on the target grid. Its source mask, if it has one, is False outside the image. Its provenance says
        whether it was placed or resampled. One that lies on the target already is copied.

    Raises:
        GeometryError: If spacing or axes make voxel centers miss each other by a tenth of a voxel or more and no
            interpolation is named.
        OptionError: If a label map is to be interpolated by anything but nearest neighbors, or no type holds its
            values and the fill value.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Grid, Image
        >>> scan = Image(np.arange(4.0).reshape(4, 1, 1), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> between = Grid((3, 1, 1), (1.0, 1.0, 1.0), (0.5, 0.0, 0.0))
        >>> place(scan, between, interpolation="linear").array.ravel().tolist()
        [0.5, 1.5, 2.5]
        >>> place(scan, between).array.ravel().tolist()
        [1.0, 2.0, 3.0]
    """
    placed = place_with_report(image, target, fill_value, interpolation, fallback=fallback).image
    return copy_image(image) if placed is image else placed


def place_with_report(
    image: Image,
    target: Grid,
    fill_value: float = 0.0,
    interpolation: Interpolation | None = None,
    *,
    fallback: Interpolation | None = None,
) -> Placed:
    """Do what :func:`place` does, and say as facts what that was; an image that lies there already is not copied."""
    grid = image.grid
    if grid == target:
        return Placed(image, image.array.size)
    try:
        lattice = grid.lattice_map(target, to_nearest=interpolation is None)
    except GeometryError as error:
        method = interpolation or fallback
        if method is None:
            raise unplaceable_error(grid, target, error) from error
        how = Sampling(method, fill_value=fill_value)
        return resample_onto(image, target, how, error.found if interpolation is None else None)
    source, destination = find_overlap(grid, target, lattice)
    array = fill_target(image.array, lattice, source, destination, target.shape, fill_value)
    mask = image.source_mask
    if mask is not None:
        mask = fill_target(mask, lattice, source, destination, target.shape, False)
    inside = count_voxels(destination)
    decisions = describe_placing(grid, target, lattice, destination)
    losses, is_lost = describe_losses(image, target, reorder_box(source, lattice), array, fill_value, inside)
    moved = move_image(image, array, target, mask, [*decisions, *losses])
    return Placed(moved, inside, False, tuple(decisions), tuple(losses), is_lost)


def unplaceable_error(grid: Grid, target: Grid, error: GeometryError) -> GeometryError:
    """Say of lattices that do not meet what would help: resampling does not where nothing of one lies in the other."""
    # Boxes that lie apart along an axis of the target have no common place; voxels reach half of one beyond centers.
    to_target = target.index_map(grid)
    corners = grid.corner_indices @ to_target[:3, :3].T + to_target[:3, 3]
    margin = np.abs(to_target[:3, :3]).sum(axis=1) / 2
    limits = np.asarray(target.shape) - 0.5
    if (corners.max(axis=0) + margin < -0.5).any() or (corners.min(axis=0) - margin > limits).any():
        ends = [
            grid.index_to_world(grid.corner_indices).round(1),
            target.index_to_world(target.corner_indices).round(1),
        ]
        own, other = (f"{places.min(axis=0).tolist()} to {places.max(axis=0).tolist()} mm" for places in ends)
        return GeometryError(
            f"it lies wholly outside the reference: it reaches from {own}, the reference from {other}; {error.found}",
            advice="pass the image that it belongs to, or look whether it is of another patient or position",
            **error.values,
        )
    if looks_lost(grid, target):
        return GeometryError(
            describe_lost_place(grid, target),
            advice='load it with load_mask(..., geometry="reference"), if it is a mask that was drawn on this image',
            **error.values,
        )
    advice = 'resample it: pass interpolation="nearest" for masks, "linear" or "cubic" for images'
    return GeometryError(error.found, advice=advice, way_out=(("interpolation", "nearest"),), **error.values)


def resample_onto(image: Image, target: Grid, how: Sampling, warned_reason: str | None = None) -> Placed:
    """An image sampled on another grid, whether the lattices meet or not.

    Args:
        image: The image; where its source mask is False, nothing is taken from it.
        target: The grid of the result.
        how: How values are made.
        warned_reason: Why it was resampled, for a decision that calls for a warning; None for one that does not.
    """
    looks = guard_labels(image, how.interpolation)
    made = sample(image.array, image.grid.index_map(target), target.shape, how, image.source_mask)
    decisions = [*describe_sampling(image.grid, target, how, made, warned_reason), *looks]
    box = find_kept_box(image.grid, target)
    losses, is_lost = describe_losses(image, target, box, made.array, how.fill_value, made.inside)
    moved = move_image(image, made.array, target, made.valid, [*decisions, *losses], is_resampled=True)
    return Placed(moved, made.inside, True, tuple(decisions), tuple(losses), is_lost)


def reorder_box(box: Box, lattice: LatticeMap) -> Box:
    """A box of the source, given with its axes in the target's order, in the source's own order."""
    sides = dict(zip(lattice.axes, box, strict=True))
    return sides[0], sides[1], sides[2]


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
        metadata=dict(image.metadata),
        labels=dict(image.labels),
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
    dtype = widen_type(array, fill_value)
    # Zeros take memory only where something is written: dozens of masks of one scan must not take dozens of scans.
    result = np.full(shape, fill_value, dtype, order="F") if fill_value else np.zeros(shape, dtype, order="F")
    result[destination] = array.transpose(lattice.axes)[source]
    return result
