"""Labels are never averaged: refused where a file says that they are labels, warned of where they look like it."""

from __future__ import annotations

import numpy as np

from ..array_types import AnyArray
from ..errors import OptionError
from ..image import Image
from ..interpolation import Interpolation
from ..labels import looks_like_labels
from ..provenance import Decision

__all__ = ["guard_labels", "is_label_map"]

ADVICE = 'pass mask_threshold=0.5 or interpolation="nearest"'
"""For ``resample_image`` and ``resample_to``; ``load_image`` has no threshold, and names the call that has one."""


def guard_labels(image: Image, interpolation: Interpolation) -> list[Decision]:
    """Check that labels are not averaged, which would make labels that were never assigned: of 1 and 3, 2.

    Returns:
        The warning that is due where values only look like labels: a file of another tool bears no mark of what its
        values are.

    Raises:
        OptionError: If a label map is interpolated by anything but nearest neighbors.
    """
    if interpolation == "nearest":
        return []
    is_marked = image.modality == "SEG" or bool(image.labels)
    if is_marked and holds_whole_numbers(image.array):
        raise OptionError(
            f"this is a label map, and {interpolation} interpolation would invent labels",
            advice=ADVICE,
            interpolation=interpolation,
        )
    # Fractions of a segment are marked as well, and may be averaged.
    if is_marked or not looks_like_labels(image.array, image.source_mask):
        return []
    text = (
        f"the values look like labels, and {interpolation} interpolation makes values between them, which are not "
        f"labels; {ADVICE} if they are labels"
    )
    return [Decision("resampled", text, warning="content")]


def is_label_map(image: Image) -> bool:
    """Whether an image's values are labels, as a file says it or by their look."""
    return image.modality == "SEG" or bool(image.labels) or looks_like_labels(image.array, image.source_mask)


def holds_whole_numbers(array: AnyArray) -> bool:
    """Whether every finite value is a whole number; looks no further than the first plane in which one is not."""
    if array.dtype.kind in "biu":
        return True
    for k in range(array.shape[2]):
        plane = array[:, :, k]
        with np.errstate(invalid="ignore"):
            if ((np.rint(plane) != plane) & np.isfinite(plane)).any():
                return False
    return True
