"""The values of an image as planes of stored numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..array_types import AnyArray, BoolArray
from .stored_values import Coding, StoredPlane, choose_coding, encode_plane

__all__ = ["StoredRange", "encode_planes", "find_range"]


@dataclass(frozen=True)
class StoredRange:
    """What there is to store.

    Attributes:
        low: Lowest valid value.
        high: Highest valid value.
        is_whole: Whether all valid values are whole numbers.
    """

    low: float
    high: float
    is_whole: bool


def find_range(array: AnyArray, valid: BoolArray | None) -> StoredRange | None:
    """Find the range of the valid values; None if there are none.

    Args:
        array: Real numbers.
        valid: True where they are data, of the same shape; None for everywhere.
    """
    values = array if valid is None else array[valid]
    if not values.size:
        return None
    is_whole = values.dtype.kind in "iu" or bool((np.rint(values) == values).all())
    return StoredRange(float(values.min()), float(values.max()), is_whole)


def encode_planes(
    planes: Sequence[AnyArray],
    valid: Sequence[BoolArray] | None,
    whole: StoredRange,
    preferred: Sequence[tuple[float, float]],
    for_each: bool,
) -> list[tuple[Coding, StoredPlane]]:
    """Encode planes.

    Args:
        planes: (rows, columns) values of each.
        valid: True where they are data; None for everywhere.
        whole: The range of all of them.
        preferred: Slopes and intercepts of the source, to be tried for whole numbers.
        for_each: Whether each plane has its own slope, without an intercept, as PET has (DICOM PS3.3 C.8.9.4.1.1), or
            all have one slope and intercept.
    """
    has_padding = valid is not None
    of_all = choose_coding(whole.low, whole.high, whole.is_whole, has_padding, preferred, not for_each)
    found = []
    for k, plane in enumerate(planes):
        own_valid = None if valid is None else valid[k]
        coding = of_all
        if for_each and not whole.is_whole:
            own = find_range(plane, own_valid) or StoredRange(0.0, 0.0, False)
            # The same sign in all slices: readers take the type of the first one for that of the series.
            low = min(own.low, -0.0) if whole.low >= 0 else min(own.low, -own.high / (1 << 15))
            coding = choose_coding(low, own.high, False, has_padding, (), False)
        found.append((coding, encode_plane(plane, own_valid, coding)))
    return found
