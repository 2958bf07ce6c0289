"""The type of an array that must hold a fill value besides its own values."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..array_types import AnyArray
from ..checks import option_error

__all__ = ["widen_type"]

STANDARD_TYPES: Final = tuple(
    map(np.dtype, ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"))
)
"""Types of whole numbers, the smallest first, that every format and library knows."""

FLOAT_TYPES: Final = tuple(map(np.dtype, ("float32", "float64")))
"""Types of real numbers, the smaller first; float16 overflows in the sum of a mask."""

FILL_ROUNDING = 1e-6
"""Share of a fill value that a type of real numbers may round off: 0.1 is none that any of them holds exactly."""


def widen_type(array: AnyArray, fill_value: float | bool) -> np.dtype[Any]:
    """The smallest standard type that holds an array's values and a fill value, in the byte order of the machine.

    It is the array's own type wherever that holds the fill value.

    Raises:
        OptionError: If there is none: int64 and -0.5 have no common type that keeps numbers beyond 2**53.
    """
    own = array.dtype.newbyteorder("=")
    if own.kind == "c" or holds_value(own, fill_value):
        return own
    wider = STANDARD_TYPES + FLOAT_TYPES if own.kind in "biu" else FLOAT_TYPES
    for dtype in wider:
        if holds_type(dtype, own, array) and holds_value(dtype, fill_value):
            return dtype
    raise option_error("fill_value", fill_value, f"a number that one type can hold together with {own} values")


def holds_value(dtype: np.dtype[Any], value: float | bool) -> bool:
    """Whether a type holds a number, one of real numbers to a millionth of it."""
    if dtype.kind == "b":
        return bool(value in (0, 1))
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return bool(limits.min <= value <= limits.max) and int(value) == value
    if not np.isfinite(value) or value == 0:
        return True
    with np.errstate(over="ignore", under="ignore"):
        rounded = float(dtype.type(value))
    return abs(rounded - value) <= FILL_ROUNDING * abs(value)


def holds_type(dtype: np.dtype[Any], own: np.dtype[Any], array: AnyArray) -> bool:
    """Whether a type holds all values of another type, or at least those of the array."""
    if np.can_cast(own, dtype, "safe") and not (own.itemsize == 8 and own.kind in "iu" and dtype.kind == "f"):
        return True
    if own.itemsize < 8 or own.kind not in "iu" or not array.size:
        return False
    # Numbers of 64 bits are nearly always small ones, so that it is worth a look.
    low, high = int(array.min()), int(array.max())
    if dtype.kind == "f":
        return dtype.itemsize == 8 and max(abs(low), abs(high)) <= 2**53
    return dtype.itemsize == 8 and holds_value(dtype, low) and holds_value(dtype, high)
