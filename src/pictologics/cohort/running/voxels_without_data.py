"""Voxels of a case's images that no slice gives: what they hold, and what its row says of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...errors import GeometryWarning, warn
from ...image import Image
from ..cases.case import SeriesChoice

__all__ = ["choose_fill_value", "warn_of_resampling"]

AIR: Final = -1024.0
"""What CT has outside of its field of view, HU."""


def choose_fill_value(choice: SeriesChoice, fill_value: float | None) -> float:
    """What voxels without data hold.

    Args:
        choice: The image.
        fill_value: What was asked for; None for -1024 HU in CT, and 0 elsewhere.
    """
    if fill_value is not None:
        return fill_value
    return AIR if choice.modality == "CT" else 0.0


def warn_of_resampling(choice: SeriesChoice, image: Image, fill_value: float) -> None:
    """Warn that an image does not hold the slices as they are, and how much of it has no data.

    Args:
        choice: The image, as the cohort has it.
        image: What was made of its slices.
        fill_value: What voxels without data hold.
    """
    mask = image.source_mask
    empty = 0 if mask is None else mask.size - int(np.count_nonzero(mask))
    share = 100 * empty / max(image.array.size, 1)
    warn(
        f"the slices of {choice.name!r} form no regular grid and were resampled to one: {empty} of its voxels "
        f"({share:.3g}%) have no data and hold {fill_value:g}",
        GeometryWarning,
    )
