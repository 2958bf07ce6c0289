"""The type of a label map's array: the smallest that holds every label."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import OptionError
from ..image import Image
from ..rescaling import rescale_into

__all__ = ["LARGEST_LABEL", "choose_label_type", "convert_labels", "convert_whole_numbers"]

LARGEST_LABEL = 65535
"""The last segment number that DICOM knows (PS3.3 C.8.20.2)."""


def choose_label_type(largest: int) -> np.dtype[np.unsignedinteger[npt.NBitBase]]:
    """The smallest unsigned type that holds every label: uint8 or uint16.

    Raises:
        OptionError: If the label is beyond 65,535, the last segment number that DICOM knows (PS3.3 C.8.20.2).
    """
    if largest > LARGEST_LABEL:
        raise OptionError(f"label {largest} is beyond {LARGEST_LABEL}", advice="give the segments smaller numbers")
    return np.dtype(np.uint8 if largest <= 255 else np.uint16)  # type: ignore[return-value]


def convert_labels(image: Image, dtype: np.dtype[Any] | None, path: str) -> Image:
    """A label map of the type that was asked for; None, or its own type, leaves it as it is.

    Raises:
        OptionError: If the type cannot hold its labels: one that wraps round would be another segment's.
    """
    if dtype is None or dtype == image.array.dtype:
        return image
    if dtype == np.bool_ and image.array.max() <= 1:
        return replace(image, array=image.array.astype(np.bool_))
    array = np.empty(image.array.shape, dtype, order="F")
    rescale_into(array, image.array, 1.0, 0.0, path)
    return replace(image, array=array)


def convert_whole_numbers(array: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.integer[Any]] | None:
    """Floats that are all whole numbers as the smallest type of integers that holds them; None if any is not."""
    # NaN makes both of them NaN, and fails the comparison.
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    limits = np.iinfo(np.int64)
    if not limits.min <= low <= high < limits.max:
        return None
    dtype = np.result_type(np.min_scalar_type(int(low)), np.min_scalar_type(int(high)))
    if dtype.kind == "f":
        # What NumPy makes of uint64 beside a negative number.
        return None
    whole = array.astype(dtype, order="K")
    return whole if np.array_equal(whole, array) else None
