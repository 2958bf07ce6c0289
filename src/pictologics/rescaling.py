"""Stored numbers -> values: the smallest exact float type, and slope and intercept rounded once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import OptionError

__all__ = ["add_within_words", "find_exact_float", "rescale_into"]

EXACT_FLOAT32_BITS = 24
"""Bits of whole numbers that float32 holds exactly: its significand."""

LARGEST_EXACT_INTERCEPT = 2**23
"""Intercept below which its sum with a 16-bit number stays within those 24 bits."""


def find_exact_float(stored: np.dtype[Any], bits: int | None = None) -> np.dtype[np.floating[Any]]:
    """The smallest float type that holds every stored value exactly.

    Args:
        stored: Type of the stored numbers.
        bits: How many bits of an integer are used; None for all.

    Returns:
        float32 or float64. Numbers of more than 53 bits are rounded to float64, the largest type there is.
    """
    if stored.kind == "f":
        return np.dtype(np.float32 if stored.itemsize <= 4 else np.float64)
    used = stored.itemsize * 8 if bits is None else bits
    return np.dtype(np.float32 if used <= EXACT_FLOAT32_BITS else np.float64)


def rescale_into(
    target: npt.NDArray[Any],
    stored: npt.NDArray[Any],
    slope: float,
    intercept: float,
    path: str,
) -> None:
    """Write ``stored * slope + intercept`` into place.

    Computed in float64 and rounded once to the target's type. Where float32 gives the same result, it is used.

    Args:
        target: Where the values go.
        stored: Stored numbers of the same shape.
        slope: Factor.
        intercept: Term.
        path: The file, for messages.

    Raises:
        OptionError: If the target is of an integer type that cannot hold the values exactly.
    """
    if target.dtype.kind != "f":
        store_exactly(target, stored, slope, intercept, path)
        return
    try:
        with np.errstate(over="raise", invalid="ignore"):
            write_floats(target, stored, slope, intercept)
    except FloatingPointError as error:
        raise OptionError(
            f"its values (slope {slope:.6g}, intercept {intercept:.6g}) are too large for {target.dtype}",
            path=path,
            advice="pass dtype=numpy.float64",
        ) from error


def write_floats(target: npt.NDArray[Any], stored: npt.NDArray[Any], slope: float, intercept: float) -> None:
    """Write ``stored * slope + intercept`` into an array of floats."""
    if slope == 1.0 and intercept == 0.0:
        np.copyto(target, stored, casting="unsafe")
    elif slope == 1.0 and target.dtype == np.float32 and is_exact_sum(stored.dtype, intercept):
        np.add(stored, np.float32(intercept), out=target, casting="unsafe", dtype=np.float32)
    else:
        values = np.multiply(stored, np.float64(slope), dtype=np.float64)
        values += intercept
        np.copyto(target, values, casting="unsafe")


def add_within_words(words: npt.NDArray[Any], bits: int, intercept: float) -> npt.NDArray[np.int16] | None:
    """Add a whole number to 16-bit integers where they lie, if 16 bits hold every possible sum.

    Summing before the numbers widen to floats moves half the memory: the last few percent of loading a CT.

    Args:
        words: Numbers of which only ``bits`` bits are used; overwritten.
        bits: Bits of a number.
        intercept: What to add.

    Returns:
        The sums, a view on the same memory; None, with nothing changed, where they would not fit.
    """
    is_16_bit = words.dtype.kind in "iu" and words.dtype.itemsize == 2 and words.dtype.isnative
    if not is_16_bit or not words.flags.writeable or not float(intercept).is_integer():
        return None
    low, high = (0, (1 << bits) - 1) if words.dtype.kind == "u" else (-(1 << bits - 1), (1 << bits - 1) - 1)
    limits = np.iinfo(np.int16)
    if low + intercept < limits.min or high + intercept > limits.max:
        return None
    # A sum that fits comes out right whether or not the number itself would: 16-bit sums are taken modulo 2**16.
    sums = words.view(np.int16)
    np.add(sums, np.int16(intercept), out=sums)
    return sums


def is_exact_sum(stored: np.dtype[Any], intercept: float) -> bool:
    """Whether stored integers plus the intercept are whole numbers within float32's exact range."""
    return (
        stored.kind in "iu"
        and stored.itemsize <= 2
        and intercept.is_integer()
        and abs(intercept) < LARGEST_EXACT_INTERCEPT
    )


def store_exactly(
    target: npt.NDArray[Any],
    stored: npt.NDArray[Any],
    slope: float,
    intercept: float,
    path: str,
) -> None:
    """Write values into an integer array, or raise if any would change."""
    if slope == 1.0 and intercept == 0.0:
        values: npt.NDArray[Any] = stored
    else:
        values = np.multiply(stored, np.float64(slope), dtype=np.float64)
        values += intercept
    low, high = (values.min(), values.max()) if values.size else (0, 0)
    limits = np.iinfo(target.dtype)
    fits = limits.min <= low and high <= limits.max
    if fits:
        np.copyto(target, values, casting="unsafe")
    if not fits or not np.array_equal(target, values):
        raise OptionError(
            f"dtype {target.dtype} cannot hold its values exactly (slope {slope:.6g}, intercept {intercept:.6g}, "
            f"values {low:.6g} to {high:.6g})",
            path=path,
            advice="leave dtype out or pass a float type",
        )
