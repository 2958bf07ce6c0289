"""Values -> the 16-bit numbers that a DICOM image stores, and the slope and intercept that give them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

import numpy as np

from ...array_types import AnyArray, BoolArray, FloatArray

__all__ = ["Coding", "StoredPlane", "choose_coding", "encode_plane", "fit_steps", "write_decimal"]

LOWEST_STORED: Final = {False: 0, True: -(1 << 15)}
HIGHEST_STORED: Final = {False: (1 << 16) - 1, True: (1 << 15) - 1}
"""Ends of the stored numbers, by whether they have a sign."""

LONGEST_DECIMAL: Final = 16
"""Characters of a decimal string (DICOM PS3.5 6.2)."""

DIGITS_WRITTEN: Final = 14
"""Significant digits that can be written in them, with a sign and a point."""

HAIR: Final = 1e-6
"""A share of a step that is more than the rounding of decimal strings and decides nothing."""


WHOLE_STEP: Final = 1e-2
"""How far values may be from whole steps: 32 bits hold the 16 of a stored number to within 0.004 of a step."""

HALF_STEP: Final = 0.5
"""Up to this, a value is rounded to the nearest step."""


@dataclass(frozen=True)
class Coding:
    """How values are stored: value = stored x slope + intercept.

    Attributes:
        slope: Factor.
        intercept: Term.
        is_signed: Whether stored numbers have a sign.
        padding: The stored number of voxels without data; None if all have data.
    """

    slope: Decimal
    intercept: Decimal
    is_signed: bool
    padding: int | None

    @property
    def dtype(self) -> np.dtype[np.int16] | np.dtype[np.uint16]:
        """Type of the stored numbers, little endian as they are written."""
        return np.dtype("<i2") if self.is_signed else np.dtype("<u2")


@dataclass(frozen=True)
class StoredPlane:
    """One plane of stored numbers.

    Attributes:
        numbers: (rows, columns).
        error: How far the furthest value is from the one that was given.
    """

    numbers: AnyArray
    error: float


def choose_coding(
    low: float,
    high: float,
    is_whole: bool,
    has_padding: bool,
    preferred: Sequence[tuple[float, float]],
    has_intercept: bool,
) -> Coding:
    """Choose how to store the values of a range.

    Whole numbers are stored as they are where 16 bits hold all of them, by the first slope and intercept that does it;
    other values in the finest steps in which 16 bits reach from the lowest to the highest.

    Args:
        low: Lowest value.
        high: Highest value.
        is_whole: Whether all values are whole numbers.
        has_padding: Whether one stored number must be left for voxels without data.
        preferred: Slopes and intercepts of the source, to be tried first.
        has_intercept: Whether an intercept other than 0 may be used.
    """
    if is_whole:
        shifts = [*preferred, (1.0, 0.0), *([(1.0, float(low) - has_padding)] if has_intercept else [])]
        for slope, intercept in shifts:
            if slope == 1.0 and float(intercept).is_integer() and (has_intercept or intercept == 0.0):
                found = fit_whole_numbers(int(low - intercept), int(high - intercept), intercept, has_padding)
                if found is not None:
                    return found
    if not has_intercept:
        # Voxels without data are the next number below all others: -1 where no value is negative, next to nothing.
        is_signed = low < 0 or has_padding
        first, last = LOWEST_STORED[is_signed] + has_padding if low < 0 else 0, HIGHEST_STORED[is_signed]
        step = round_decimal(max(high / last, low / first if first else 0.0), ROUND_CEILING)
        return Coding(avoid_whole(step), Decimal(0), is_signed, first - 1 if has_padding else None)
    # All values may be one.
    high = high if high > low else low + max(abs(low), 1.0)
    # Voxels without data are the lowest number, a step below all others. The intercept is rounded down before the step
    # is chosen, and the step up, so that the highest value is still within reach.
    last = HIGHEST_STORED[False]
    below = (high - low) / (last - has_padding) * (1 + HAIR) if has_padding else 0.0
    lowest = round_decimal(low - below, ROUND_FLOOR)
    step = round_decimal((high - float(lowest)) / last, ROUND_CEILING)
    return Coding(avoid_whole(step), lowest, False, 0 if has_padding else None)


def avoid_whole(step: Decimal) -> Decimal:
    """Make a step that is a whole number a hair larger; 1 of 0, where all values are 0.

    GDCM, and what is built on it, gives whole numbers where the first slice has a whole slope, and cuts off the rest of
    the values of all others.
    """
    if step != step.to_integral_value() or not step:
        return step or Decimal(1)
    return step + Decimal((0, (1,), step.adjusted() - DIGITS_WRITTEN + 4))


def fit_steps(
    plane: AnyArray, valid: BoolArray | None, slope: float, is_signed: bool, has_padding: bool
) -> Coding | None:
    """Find out whether the values of a plane are whole steps of a slope, as those that were read with it are.

    Args:
        plane: (rows, columns) values.
        valid: True where they are data; None for everywhere.
        slope: The slope.
        is_signed: Whether stored numbers have a sign.
        has_padding: Whether one stored number must be left for voxels without data.
    """
    step = round_decimal(slope, ROUND_HALF_EVEN) if slope > 0 else Decimal(0)
    values = (plane if valid is None else plane[valid]).astype(np.float64)
    if not values.size or step == step.to_integral_value():
        return None
    counted = values / float(step)
    low, high = float(counted.min()), float(counted.max())
    first, last = LOWEST_STORED[is_signed] + has_padding, HIGHEST_STORED[is_signed]
    if low < first - HALF_STEP or high > last + HALF_STEP:
        return None
    if np.abs(counted - np.rint(counted)).max() > WHOLE_STEP:
        return None
    return Coding(step, Decimal(0), is_signed, (first if low < 0 else 0) - 1 if has_padding else None)


def fit_whole_numbers(low: int, high: int, intercept: float, has_padding: bool) -> Coding | None:
    """Find out whether whole numbers fit into 16 bits, with a number below or above them for voxels without data."""
    for is_signed in (low < 0, True):
        first, last = LOWEST_STORED[is_signed], HIGHEST_STORED[is_signed]
        if low < first or high > last:
            continue
        if not has_padding:
            return Coding(Decimal(1), Decimal(int(intercept)), is_signed, None)
        if low > first or high < last:
            return Coding(Decimal(1), Decimal(int(intercept)), is_signed, low - 1 if low > first else high + 1)
    return None


def round_decimal(value: float, rounding: str) -> Decimal:
    """Round a number to one that a decimal string holds."""
    exact = Decimal(value)
    for digits in range(DIGITS_WRITTEN, 0, -1):
        if not exact:
            break
        rounded = exact.quantize(Decimal((0, (1,), exact.adjusted() - digits + 1)), rounding).normalize()
        if len(write_decimal(rounded)) <= LONGEST_DECIMAL:
            return rounded
    return Decimal(0)


def write_decimal(value: Decimal) -> str:
    """Write a number as a decimal string, with an exponent only if there is no room otherwise."""
    plain = f"{value:f}"
    return plain if len(plain) <= LONGEST_DECIMAL else str(value)


def encode_plane(plane: AnyArray, valid: BoolArray | None, coding: Coding) -> StoredPlane:
    """Encode one plane.

    Args:
        plane: (rows, columns) values.
        valid: True where they are data; None for everywhere.
        coding: How they are stored.
    """
    slope, intercept = float(coding.slope), float(coding.intercept)
    given = plane.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled: FloatArray = (given - intercept) / slope
    if valid is not None and coding.padding is not None:
        scaled = np.where(valid, scaled, float(coding.padding))
    # Rounding of slope and intercept may reach a hair beyond the ends.
    rounded = np.clip(np.rint(scaled), LOWEST_STORED[coding.is_signed], HIGHEST_STORED[coding.is_signed])
    decoded = rounded * slope + intercept
    # Readers that give 32 bits, as ours does, round once more.
    away = np.maximum(np.abs(decoded - given), np.abs(decoded.astype(np.float32) - given))
    if valid is not None:
        away = away[valid]
    return StoredPlane(rounded.astype(coding.dtype), float(away.max(initial=0.0)))
