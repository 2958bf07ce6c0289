"""Fractions on the voxels of a series: probabilities, or how much of each voxel a segment fills."""

from __future__ import annotations

import numpy as np

from ...array_types import AnyArray
from ...errors import OptionError
from ...image import Image
from ...image_checks import check_image, name_of
from ...placement import place
from ..saved_masks import check_frame, empty_mask_error, lost_voxels_error, map_to_series
from ..source_series import SourceSeries

__all__ = ["FRACTION_STEPS", "place_fractions"]

FRACTION_STEPS = 255
"""MaximumFractionalValue: fractions are stored in as many steps, and so to within half a 255th."""


def place_fractions(masks: Image | dict[int, Image], series: SourceSeries) -> tuple[AnyArray, list[int]]:
    """Place fractions on the planes of the series.

    Args:
        masks: The fractions of one segment, or those of each number.
        series: The series.

    Returns:
        Fractions of whole steps, (planes, rows, columns, segments), float32; and the numbers of the segments.
    """
    by_number = {1: masks} if isinstance(masks, Image) else masks
    placed = np.empty((*series.planes.grid.shape[::-1], len(by_number)), np.float32)
    for place_of_segment, (number, mask) in enumerate(by_number.items()):
        name = "the mask" if isinstance(masks, Image) else f"mask {number}"
        placed[..., place_of_segment] = place_steps(mask, series, name) / np.float32(FRACTION_STEPS)
    return placed, list(by_number)


def place_steps(mask: Image, series: SourceSeries, name: str) -> AnyArray:
    """Place the fractions of one segment, in steps.

    Raises:
        OptionError: If they are not within 0 and 1, or all less than half a step.
        GeometryError: If the mask does not lie on the lattice, or beyond the series.
    """
    check_image(mask)
    check_frame(mask, series, name)
    array = np.asarray(mask.array)
    low, high = float(array.min()), float(array.max())
    # Negated, so that NaN is refused.
    if not (low >= 0 and high <= 1):
        raise OptionError(
            f"{name} holds values from {low:.6g} to {high:.6g}, and fractions are from 0 to 1",
            path=name_of(mask),
            advice="divide them by the largest that there can be; pass the segments of a label map as a dict of masks",
            low=low,
            high=high,
        )
    map_to_series(mask, series, name)
    steps = np.rint(array * np.float32(FRACTION_STEPS)).astype(np.uint8)
    if not steps.any():
        raise empty_mask_error(name, mask)
    placed = place(Image.from_grid(steps, mask.grid), series.planes.grid).array
    lost = int(np.count_nonzero(steps)) - int(np.count_nonzero(placed))
    if lost:
        raise lost_voxels_error(lost, name, series)
    return placed.T
