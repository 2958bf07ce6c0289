"""Another spacing, or another grid: values between voxel centers, never mixed with what is not data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from ..checks import check_choice, check_fill_value, check_number, option_error
from ..errors import GeometryError, OptionError
from ..geometry import Grid, format_numbers
from ..image import Image, mark_valid
from ..image_checks import check_image, check_is_image
from ..interpolation import Interpolation
from ..interpolation.boundaries import RESAMPLING_BOUNDARIES, BoundaryMode
from ..interpolation.sampling import Sampled, Sampling, sample
from ..labels import report_lost_labels
from ..placement import describe_losses, describe_sampling, find_kept_box, guard_labels, is_label_map, move_image
from ..provenance import Decision, give_warnings
from ..threads import run_in_shares
from .partial_volume import sample_labels

__all__ = ["resample_image", "resample_to"]

SourceMask = npt.NDArray[np.bool_] | npt.NDArray[np.integer[Any]] | Image

MOST_VOXELS = 2**31
"""More voxels than any scan has: a spacing in the wrong unit."""


def resample_image(
    image: Image,
    new_spacing: Sequence[float],
    interpolation: Interpolation = "linear",
    boundary_mode: BoundaryMode = "nearest",
    round_intensities: bool = False,
    mask_threshold: float | None = None,
    source_mask: SourceMask | None = None,
    *,
    min_valid_weight: float = 0.5,
    fill_value: float = 0.0,
) -> Image:
    """Give an image another spacing.

    The new grid has ceil(n * s / s') voxels along each axis, the same directions, and its center where the image's is
    (IBSI reference manual, "Interpolation": align grid centers). So the first voxel moves; ``origin`` says where to.

    With a source mask, from the image or the argument, the values around a new voxel are weighted by interpolation
    weight and validity and divided by the weight that is on valid voxels (normalized interpolation). A new voxel is
    valid where at least ``min_valid_weight`` of the weight is. What invalid voxels hold is never looked at: not one bit
    of the result depends on it. Voxels that are NaN or infinite are treated as invalid, with a warning.

    Args:
        image: The image or mask.
        new_spacing: mm along (x, y, z).
        interpolation: ``"nearest"`` copies the nearest voxel, and of two that are equally near the one with the higher
            index. ``"linear"`` weights the eight around. ``"cubic"`` is the cubic B-spline through all values; its
            weights reach beyond the nearest voxels and may be negative, also towards valid ones in normalized
            interpolation.
        boundary_mode: What lies beyond the outermost voxel centers, where new voxels reach by up to half a voxel:
            ``"nearest"`` the outermost value; ``"reflect"`` or ``"symmetric"`` the values mirrored at the outer
            faces, so that the outermost comes twice (what filters call ``"mirror"``); ``"mirror"`` or
            ``"mirror_without_edge"`` those mirrored at the outermost centers; ``"wrap"`` or ``"periodic"`` those of
            the opposite side; ``"constant"`` nothing: a new voxel whose center is out there holds the fill value.
        round_intensities: Round the new values, and the fill value, to whole numbers, halves to the even one. The type
            stays.
        mask_threshold: For masks and label maps: interpolate the fraction of each label, and give a voxel the label
            of which it holds at least this much; 0.5 is the partial-volume rule. Of several the one with the largest
            fraction, and of equal ones the higher label. The type stays.
        source_mask: Which voxels of the image hold data, in place of the image's own ``source_mask``.
        min_valid_weight: Share of the weight, above 0 and up to 1, that must be on valid voxels.
        fill_value: What invalid voxels of the result hold.

    Returns:
        A new image; its ``source_mask`` says which voxels are valid, if the image had one or values were not finite.
        Nearest neighbors keep the type. Linear and cubic give float32 where that holds every value exactly (8- and
        16-bit integers, float32) and float64 otherwise.

    Raises:
        OptionError: If a parameter cannot be honored, or a label map is interpolated without ``mask_threshold``.
        GeometryError: If the spacing is not positive, the image has no sound grid, the source mask has another shape,
            or no voxel is valid.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Image
        >>> from pictologics.preprocessing import resample_image
        >>> scan = Image(np.arange(4.0).reshape(4, 1, 1), (2.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> fine = resample_image(scan, (1.0, 1.0, 1.0))
        >>> fine.array.shape, fine.origin
        ((8, 1, 1), (-0.5, 0.0, 0.0))
        >>> fine.array.ravel().tolist()
        [0.0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.0]
    """
    source = find_source(image, source_mask)
    grid = source.grid
    target = make_target_grid(grid, new_spacing)
    how = Sampling(
        check_choice("interpolation", interpolation, get_args(Interpolation)),
        RESAMPLING_BOUNDARIES[check_choice("boundary_mode", boundary_mode, get_args(BoundaryMode))],
        check_number("min_valid_weight", min_valid_weight, above=0, most=1),
        float(check_fill_value(fill_value)),
    )
    result, guards = sample_source(source, target, how, mask_threshold)
    if round_intensities:
        round_values(result.array)
    text = (
        f"resampled from {format_numbers(grid.spacing)} to {format_numbers(target.spacing)} mm by {interpolation} "
        f"interpolation, grid centers aligned: {' x '.join(map(str, grid.shape))} voxels became "
        f"{' x '.join(map(str, target.shape))}"
    )
    decisions = [Decision("resampled", text, result.array.size), *result.decisions, *guards]
    # The new grid covers all of the image, so that it cuts off nothing.
    kept = find_kept_box(grid, grid)
    losses, _ = describe_losses(source, target, kept, result.array, how.fill_value, result.inside)
    decisions += losses
    return make_resampled_image(source, result, target, decisions)


def resample_to(
    image: Image,
    reference: Image | Grid,
    interpolation: Interpolation = "linear",
    fill_value: float = 0.0,
    *,
    mask_threshold: float | None = None,
    source_mask: SourceMask | None = None,
    min_valid_weight: float = 0.5,
) -> Image:
    """Sample an image at the voxel centers of any other grid, also one that is turned against it.

    A voxel whose center lies in none of the image's voxels holds the fill value, and is False in the source mask if
    there is one. Up to half a voxel beyond the outermost centers the outermost value goes on.

    Args:
        image: The image or mask.
        reference: The image, or the grid, on whose voxels the result lies.
        interpolation: As for ``resample_image``.
        fill_value: What voxels outside the image, and invalid ones, hold.
        mask_threshold: As for ``resample_image``.
        source_mask: Which voxels of the image hold data, in place of the image's own ``source_mask``.
        min_valid_weight: As for ``resample_image``.

    Returns:
        A new image on the reference's grid, of a type as for ``resample_image``.

    Raises:
        OptionError: If a parameter cannot be honored, or a label map is interpolated without ``mask_threshold``.
        GeometryError: If image or reference have no sound grid, the source mask has another shape, or no voxel is
            valid.

    Examples:
        >>> import numpy as np
        >>> from pictologics import Grid, Image
        >>> from pictologics.preprocessing import resample_to
        >>> dose = Image(np.arange(4.0).reshape(4, 1, 1), (2.0, 1.0, 1.0), (0.0, 0.0, 0.0))
        >>> resample_to(dose, Grid((3, 1, 1), origin=(1.0, 0.0, 0.0))).array.ravel().tolist()
        [0.5, 1.0, 1.5]
    """
    if not isinstance(reference, (Image, Grid)):
        raise OptionError(
            f"reference is of type {type(reference).__name__} and must be an Image or a Grid",
            advice="load the reference first",
        )
    if isinstance(reference, Image):
        check_is_image("reference", reference)
    target = reference.grid if isinstance(reference, Image) else reference
    how = Sampling(
        check_choice("interpolation", interpolation, get_args(Interpolation)),
        min_valid_weight=check_number("min_valid_weight", min_valid_weight, above=0, most=1),
        fill_value=float(check_fill_value(fill_value)),
    )
    source = find_source(image, source_mask)
    result, guards = sample_source(source, target, how, mask_threshold)
    decisions = [*describe_sampling(source.grid, target, how, result), *guards]
    kept = find_kept_box(source.grid, target)
    losses, _ = describe_losses(source, target, kept, result.array, how.fill_value, result.inside)
    # Of a scan, a part may be meant; of a mask, nothing may go in silence.
    if losses and not is_label_map(source):
        losses = [replace(loss, warning=None) for loss in losses]
    decisions += losses
    return make_resampled_image(source, result, target, decisions)


def sample_source(
    source: Image, target: Grid, how: Sampling, mask_threshold: float | None
) -> tuple[Sampled, list[Decision]]:
    """Sample the values of an image, or with a threshold the labels of a mask, on another grid.

    Returns:
        What was made, and the warnings that are due because of labels.
    """
    to_source = source.grid.index_map(target)
    if mask_threshold is None:
        guards = guard_labels(source, how.interpolation)
        return sample(source.array, to_source, target.shape, how, source.source_mask), guards
    threshold = check_number("mask_threshold", mask_threshold, above=0, most=1)
    made = sample_labels(source.array, to_source, target.shape, how, threshold, source.source_mask)
    return made, report_lost_labels(made.lost_labels, source.labels)


def round_values(array: npt.NDArray[Any]) -> None:
    """Round to whole numbers in place, halves to the even one."""
    if array.dtype.kind != "f":
        return

    def round_share(share: Iterable[int]) -> None:
        for k in share:
            np.rint(array[:, :, k], out=array[:, :, k])

    run_in_shares(round_share, array.shape[2])


def make_resampled_image(source: Image, result: Sampled, target: Grid, decisions: list[Decision]) -> Image:
    """The new image with its record; gives the warnings that are due."""
    give_warnings(source.provenance.source or "the image", decisions)
    return move_image(source, result.array, target, result.valid, decisions, is_resampled=True)


# --- what is asked for, checked before work begins ---


def find_source(image: Image, source_mask: SourceMask | None) -> Image:
    """The image of real numbers, with the source mask that counts."""
    check_is_image("image", image)
    # A mask that is passed replaces the image's own before that is looked at.
    source = check_image(image if source_mask is None else mark_valid(image, source_mask))
    if source.source_mask is not None and not source.source_mask.any():
        raise GeometryError("the source mask is False everywhere: no voxel is valid", advice="pass another source mask")
    return source


def make_target_grid(grid: Grid, new_spacing: Sequence[float]) -> Grid:
    """The grid of another spacing, refused where it has more voxels than any scan."""
    try:
        spacing = tuple(float(distance) for distance in new_spacing)
    except (TypeError, ValueError) as error:
        raise option_error("new_spacing", new_spacing, "three numbers of mm, such as (2, 2, 2)") from error
    target = grid.with_spacing(spacing)
    voxels = math.prod(target.shape)
    if voxels > MOST_VOXELS:
        raise OptionError(
            f"at a spacing of {format_numbers(spacing)} mm the image would have {' x '.join(map(str, target.shape))} "
            f"voxels, and {MOST_VOXELS} is the limit",
            advice="give the spacing in mm",
            shape=target.shape,
        )
    return target
