"""Checks of what callers pass, before any work is done."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Literal

from ..checks import check_choice
from ..errors import OptionError
from .boundary import SCIPY_MODES

__all__ = [
    "Dimensions",
    "Pooling",
    "check_common",
    "check_orders",
]

Dimensions = Literal[2, 3]
"""3: the volume is filtered; 2: each slice of the array's third axis by itself."""

Pooling = Literal["max", "mean", "min"]
"""How the responses of several orientations become one."""

POOLINGS = ("max", "mean", "min")

HIGHEST_ORDER = 20


def check_common(dimensions: Dimensions, boundary: str, fill_value: float) -> None:
    """The options that every filter has.

    Raises:
        OptionError: If dimensions are not 2 or 3, the boundary condition is unknown or the fill value no number.
    """
    check_choice("dimensions", dimensions, (3, 2))
    check_choice("boundary", boundary, tuple(SCIPY_MODES))
    if isinstance(fill_value, bool) or not isinstance(fill_value, (int, float)):
        raise OptionError(f"fill_value is {fill_value!r} and must be a number", value=fill_value)


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
