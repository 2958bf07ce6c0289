"""Checks of what callers pass, before any work is done."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection, Sequence
from typing import Any, Literal, TypeVar

from ..errors import OptionError
from .boundary import SCIPY_MODES

__all__ = [
    "Dimensions",
    "Pooling",
    "check_choice",
    "check_common",
    "check_number",
    "check_orders",
    "check_positive",
    "check_whole",
]

Dimensions = Literal[2, 3]
"""3: the volume is filtered; 2: each slice of the array's third axis by itself."""

Pooling = Literal["max", "mean", "min"]
"""How the responses of several orientations become one."""

POOLINGS = ("max", "mean", "min")

HIGHEST_ORDER = 20

Choice = TypeVar("Choice")


def check_choice(name: str, value: Choice, choices: Collection[Any]) -> Choice:
    """The value, if it is one of the choices.

    Raises:
        OptionError: If it is not; the message lists them.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value not in choices:
        listed = ", ".join(repr(one) for one in choices)
        raise OptionError(f"{name} is {value!r} and must be one of {listed}", value=value, choices=tuple(choices))
    return value


def check_common(dimensions: Dimensions, boundary: str, fill_value: float) -> None:
    """The options that every filter has.

    Raises:
        OptionError: If dimensions are not 2 or 3, the boundary condition is unknown or the fill value no number.
    """
    check_choice("dimensions", dimensions, (3, 2))
    check_choice("boundary", boundary, tuple(SCIPY_MODES))
    if isinstance(fill_value, bool) or not isinstance(fill_value, (int, float)):
        raise OptionError(f"fill_value is {fill_value!r} and must be a number", value=fill_value)


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


def check_orders(name: str, values: Sequence[int], count: int) -> tuple[int, ...]:
    """Whole numbers for each axis, not all zero, of a sum that factorials can bear.

    Raises:
        OptionError: If they are anything else.
    """
    try:
        orders = tuple(operator.index(one) for one in values)
    except TypeError:
        orders = ()
    if len(orders) != count or min(orders) < 0 or not 0 < sum(orders) <= HIGHEST_ORDER:
        raise OptionError(
            f"{name} is {values!r} and must be {count} whole numbers, one for each axis, with a sum from 1 to "
            f"{HIGHEST_ORDER}",
            advice="the second order along y in 3D is (0, 2, 0)",
            value=values,
        )
    return orders
