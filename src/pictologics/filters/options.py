"""Checks of what callers pass, before any work is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from ..checks import check_choice, check_fill_value, is_whole, option_error
from ..interpolation.boundaries import FILTER_BOUNDARIES

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

HIGHEST_ORDER = 20


def check_common(dimensions: Dimensions, boundary: str, fill_value: float) -> None:
    """The options that every filter has.

    Raises:
        OptionError: If dimensions are not 2 or 3, the boundary is unknown, or the fill value is not a number.
    """
    check_choice("dimensions", dimensions, (3, 2))
    check_choice("boundary", boundary, tuple(FILTER_BOUNDARIES))
    check_fill_value(fill_value)


def check_orders(name: str, values: Sequence[int], count: int) -> tuple[int, ...]:
    """Whole numbers for each axis, not all zero, of a sum that factorials can bear.

    Raises:
        OptionError: If they are anything else.
    """
    given = () if isinstance(values, str) or not isinstance(values, Iterable) else tuple(values)
    orders = tuple(int(order) for order in given) if all(map(is_whole, given)) else ()
    if len(orders) != count or min(orders) < 0 or not 0 < sum(orders) <= HIGHEST_ORDER:
        raise option_error(
            name,
            values,
            f"{count} whole numbers, one for each axis, with a sum from 1 to {HIGHEST_ORDER}",
            "the second order along y in 3D is (0, 2, 0)",
        )
    return orders
