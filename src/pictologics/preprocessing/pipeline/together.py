"""Steps that change the grid: the image and all masks keep lying on each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...checks import is_number, option_error
from ...image import Image
from ...interpolation import BoundaryMode, Interpolation
from ..masks import crop_around
from ..resampling import resample_image

__all__ = ["check_spacing", "crop_together", "resample_together"]


def resample_together(
    image: Image,
    masks: Sequence[Image],
    new_spacing: tuple[float | None, float | None, float | None],
    interpolation: Interpolation = "linear",
    boundary_mode: BoundaryMode = "nearest",
    round_intensities: bool = False,
    mask_interpolation: Interpolation = "linear",
    mask_threshold: float = 0.5,
) -> tuple[Image, list[Image]]:
    """Resample the image and its masks to another spacing.

    Args:
        image: The image.
        masks: Its masks.
        new_spacing: Along x, y and z, mm; None where it stays as it is.
        interpolation: Of the image.
        boundary_mode: What lies beyond the edge of the image.
        round_intensities: Whether the image's values become whole numbers.
        mask_interpolation: Of the masks.
        mask_threshold: How much of a voxel a mask must cover to have it.
    """
    spacing = tuple(old if new is None else new for new, old in zip(new_spacing, image.grid.spacing, strict=True))
    resampled = resample_image(image, spacing, interpolation, boundary_mode, round_intensities)
    return resampled, [
        resample_image(mask, spacing, mask_interpolation, "nearest", mask_threshold=mask_threshold) for mask in masks
    ]


def crop_together(image: Image, masks: Sequence[Image], margin_mm: float = 0.0) -> tuple[Image, list[Image]]:
    """Cut the image and its masks down to the box that holds the masks.

    Args:
        image: The image.
        masks: Its masks, one at least.
        margin_mm: How much more to keep on every side, mm.
    """
    return crop_around(image, list(masks), margin_mm)


def check_spacing(new_spacing: Sequence[float | None]) -> None:
    """Check that every distance of a spacing is positive, or None, before the image is there."""
    for distance in new_spacing:
        if distance is not None and (not is_number(distance) or not 0 < distance < math.inf):
            raise option_error("new_spacing", tuple(new_spacing), "millimeters above 0, or None to keep an axis")
