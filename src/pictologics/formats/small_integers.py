"""Whole numbers in the smallest type of integers that all software reads and that holds each of them exactly."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["narrow_voxels"]

BYTE, WORD, LONG_WORD = np.dtype(np.uint8), np.dtype(np.int16), np.dtype(np.int32)
"""Types of integers that NIfTI took over from Analyze 7.5 (nifti1.h, "datatype"): every reader has them."""

NARROWED_AT_ONCE: Final = 1 << 15
"""Values that are converted and compared while they are in the processor's cache, in memory that is used again."""

LEAST_FLOAT_BYTES: Final = 4
"""Of floats in files: none of the formats has float16."""


def narrow_voxels(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers in fewer bytes each, if they are whole; else the array itself.

    Args:
        array: Shape (x, y, z), of any type. Converted back, it is the same bit for bit: -0.0 and NaN are no integers.
    """
    if array.dtype.kind not in "iuf" or not array.size:
        return array
    size = max(array.dtype.itemsize, LEAST_FLOAT_BYTES) if array.dtype.kind == "f" else array.dtype.itemsize
    # Most images are of 12 to 16 bits. To look for the extremes first would take longer than to try.
    words = convert_exactly(array, WORD)
    if words is not None:
        limits = np.iinfo(BYTE)
        if size > BYTE.itemsize and limits.min <= words.min() and words.max() <= limits.max:
            return words.astype(BYTE, order="K")
        return words if size > WORD.itemsize else array
    longer = convert_exactly(array, LONG_WORD) if size > LONG_WORD.itemsize else None
    return array if longer is None else longer


def convert_exactly(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> npt.NDArray[Any] | None:
    """Numbers in another type; None if it does not hold all of them."""
    # One block of memory, in whichever order, is looked at as it lies; what is a part of another is copied.
    whole = array if array.flags.forc else np.asfortranarray(array)
    narrow = np.empty_like(whole, dtype, subok=False)
    values, stored = whole.ravel(order="K"), narrow.ravel(order="K")
    back = np.empty(min(NARROWED_AT_ONCE, values.size), array.dtype)
    bits = np.dtype(f"u{array.dtype.itemsize}")
    # What is no number, or too large, becomes any number, and another one when it is converted back.
    with np.errstate(invalid="ignore"):
        for start in range(0, values.size, NARROWED_AT_ONCE):
            part = values[start : start + NARROWED_AT_ONCE]
            np.copyto(stored[start : start + NARROWED_AT_ONCE], part, casting="unsafe")
            np.copyto(back[: part.size], stored[start : start + NARROWED_AT_ONCE], casting="unsafe")
            if not np.array_equal(back[: part.size].view(bits), part.view(bits)):
                return None
    return narrow
