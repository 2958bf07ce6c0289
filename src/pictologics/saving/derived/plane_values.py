"""The values of an image as planes of stored numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...array_types import AnyArray, BoolArray
from .stored_values import Coding, StoredPlane, choose_coding, encode_plane, fit_steps

__all__ = ["StoredRange", "encode_planes", "find_range"]

SIGNED_EXTENT = 1 << 15
"""How many numbers of 16 bits with a sign are not negative."""


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
    own_slopes: Sequence[float] | None,
) -> list[tuple[Coding, StoredPlane]]:
    """Encode planes.

    Args:
        planes: (rows, columns) values of each.
        valid: True where they are data; None for everywhere.
        whole: The range of all of them.
        preferred: Slopes and intercepts of the source, to be tried for whole numbers.
        own_slopes: If each plane has a slope of its own, without an intercept, as PET has (DICOM PS3.3 C.8.9.4.1.1):
            those with which the planes may have been read, which then are exact, 0.0 where none is known. None if all
            have one slope and intercept.
    """
    has_padding = valid is not None
    of_all = choose_coding(whole.low, whole.high, whole.is_whole, has_padding, preferred, own_slopes is None)
    is_exact = whole.is_whole and of_all.slope == 1
    found = []
    for k, plane in enumerate(planes):
        own_valid = None if valid is None else valid[k]
        coding = of_all
        if own_slopes is not None and not is_exact:
            coding = choose_own_coding(plane, own_valid, of_all, own_slopes[k])
        found.append((coding, encode_plane(plane, own_valid, coding)))
    return found


def choose_own_coding(plane: AnyArray, valid: BoolArray | None, of_all: Coding, own_slope: float) -> Coding:
    """Choose how to store the values of a plane by itself, with stored numbers of the type that all planes have.

    Args:
        plane: (rows, columns) values.
        valid: True where they are data; None for everywhere.
        of_all: How all values could be stored alike.
        own_slope: The slope with which the plane may have been read; 0.0 if none is known.
    """
    own = find_range(plane, valid)
    if own is None or own.low == own.high == 0:
        return of_all
    has_padding = valid is not None
    kept = fit_steps(plane, valid, own_slope, of_all.is_signed, has_padding)
    if kept is not None:
        return kept
    # A value below 0, but above the lowest number of the finest steps, makes them signed.
    low = min(own.low, -own.high / SIGNED_EXTENT) if of_all.is_signed and not has_padding else own.low
    return choose_coding(low, own.high, False, has_padding, (), False)
