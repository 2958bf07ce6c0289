"""Checks of what callers pass, before any work is done."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Collection, Sequence
from typing import Any, TypeVar

from .errors import OptionError
from .labels import LARGEST_LABEL

__all__ = [
    "check_choice",
    "check_number",
    "check_positive",
    "check_whole",
    "checked_bins",
    "checked_connectivity",
    "checked_distance",
    "checked_percentiles",
    "checked_range",
    "checked_sigmas",
    "checked_spacing",
    "checked_tolerance",
    "is_number",
    "is_whole",
    "range_text",
]

Choice = TypeVar("Choice")

CONNECTIVITIES = (6, 18, 26)


def is_number(value: object) -> bool:
    """Whether it is a real number; truth values are none, and NaN is none."""
    if isinstance(value, bool) or not hasattr(value, "__float__") or isinstance(value, str):
        return False
    try:
        return not math.isnan(float(value))
    except (OverflowError, TypeError, ValueError):
        return False


def is_whole(value: object) -> bool:
    """Whether it is a whole number; truth values are none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def checked_range(value_range: Sequence[float | None]) -> tuple[float, float]:
    """The two ends of a range, infinite where it is open."""
    try:
        low, high = value_range
    except (TypeError, ValueError):
        low, high = "?", "?"  # type: ignore[assignment]
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    if not is_number(low) or not is_number(high) or not low <= high:
        raise OptionError(
            f"value_range is {value_range!r} and must be two numbers, the lower one first, or None for an open end",
            value_range=value_range,
        )
    return float(low), float(high)


def range_text(value_range: Sequence[float | None]) -> str:
    """A range as a person writes it."""
    low, high = checked_range(value_range)
    return f"[{low:g}, {high:g}]"


def checked_sigmas(k: float) -> float:
    """A positive number of standard deviations."""
    if not is_number(k) or not k > 0:
        raise OptionError(f"k is {k!r} and must be a number of standard deviations above 0", k=k)
    return float(k)


def checked_distance(name: str, distance: float, lowest: float = -math.inf) -> float:
    """A finite distance, mm."""
    if not is_number(distance) or not math.isfinite(distance) or distance < lowest:
        least = "" if lowest == -math.inf else f" from {lowest:g} on"
        raise OptionError(f"{name} is {distance!r} and must be a number of millimeters{least}", distance=distance)
    return float(distance)


def checked_connectivity(connectivity: int) -> int:
    """How many neighbors a voxel has; the order of the structure that scipy.ndimage names: 1, 2 or 3."""
    if connectivity not in CONNECTIVITIES:
        raise OptionError(
            f"connectivity is {connectivity!r} and must be 6 (faces), 18 (and edges) or 26 (and corners)",
            connectivity=connectivity,
        )
    return CONNECTIVITIES.index(connectivity) + 1


def checked_percentiles(percentiles: Sequence[float]) -> tuple[float, float]:
    """Two percentiles, the lower one first."""
    try:
        low, high = percentiles
    except (TypeError, ValueError):
        low, high = -1.0, -1.0
    if not is_number(low) or not is_number(high) or not 0 <= low < high <= 100:
        raise OptionError(
            f"percentiles are {percentiles!r} and must be two numbers from 0 to 100, the lower one first",
            percentiles=percentiles,
        )
    return float(low), float(high)


def checked_bins(bin_number: int | None, bin_size: float | None, minimum: float | None) -> None:
    """See that one rule of discretizing is given, and its number makes sense."""
    if (bin_number is None) == (bin_size is None):
        given = "neither" if bin_number is None else "both"
        raise OptionError(f"exactly one of bin_number and bin_size is required, and {given} was given")
    if bin_number is not None and (not is_whole(bin_number) or not 1 <= bin_number <= LARGEST_LABEL):
        raise OptionError(
            f"bin_number is {bin_number!r} and must be a whole number from 1 to {LARGEST_LABEL}", bin_number=bin_number
        )
    if bin_size is not None and (not is_number(bin_size) or not 0 < bin_size < math.inf):
        raise OptionError(f"bin_size is {bin_size!r} and must be a number above 0", bin_size=bin_size)
    if minimum is not None and (not is_number(minimum) or not math.isfinite(minimum)):
        raise OptionError(f"minimum is {minimum!r} and must be a number", minimum=minimum)
    if minimum is not None and bin_number is not None:
        raise OptionError(
            "minimum is where bins of a fixed size begin, and bin_number was given", advice="leave minimum out"
        )


def checked_spacing(new_spacing: Sequence[float | None]) -> None:
    """See that every distance of a spacing is positive, or None."""
    for distance in new_spacing:
        if distance is not None and (not is_number(distance) or not 0 < distance < math.inf):
            raise OptionError(
                f"new_spacing is {tuple(new_spacing)!r} and must be millimeters above 0, or None to keep an axis",
                new_spacing=tuple(new_spacing),
            )


def checked_tolerance(tolerance: float) -> float:
    """How far values may differ, 0 or more."""
    if not is_number(tolerance) or not tolerance >= 0:
        raise OptionError(f"tolerance is {tolerance!r} and must be a number from 0 on", tolerance=tolerance)
    return float(tolerance)


def check_choice(name: str, value: Choice, choices: Collection[Any]) -> Choice:
    """The value, if it is one of the choices.

    Raises:
        OptionError: If it is not; the message lists them.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value not in choices:
        listed = ", ".join(repr(one) for one in choices)
        raise OptionError(f"{name} is {value!r} and must be one of {listed}", value=value, choices=tuple(choices))
    return value


def check_number(name: str, value: float, unit: str = "") -> float:
    """The value, if it is a finite number.

    Raises:
        OptionError: If it is not.
    """
    try:
        number = math.nan if isinstance(value, (bool, str)) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise OptionError(f"{name} is {value!r} and must be a finite number{unit and ' of ' + unit}", value=value)
    return number


def check_positive(name: str, value: float, unit: str = "") -> float:
    """The value, if it is a finite number above zero.

    Raises:
        OptionError: If it is not.
    """
    number = check_number(name, value, unit)
    if number <= 0:
        raise OptionError(f"{name} is {value!r} and must be above zero{unit and ', in ' + unit}", value=value)
    return number


def check_whole(name: str, value: int, least: int, *, odd: bool = False) -> int:
    """The value, if it is a whole number and large enough.

    Raises:
        OptionError: If it is not, or even where it must be odd.
    """
    try:
        number = least - 1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or (odd and number % 2 == 0):
        kind = "an odd whole number" if odd else "a whole number"
        raise OptionError(f"{name} is {value!r} and must be {kind}, {least} or more", value=value)
    return number
