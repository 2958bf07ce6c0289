"""All volumes of a series in one array."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import OptionError
from .volume_source import VolumeSource

__all__ = ["read_whole_array"]


def read_whole_array(source: VolumeSource, numbers: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
    """Read volumes into one array, in one pass.

    Args:
        source: Where they come from.
        numbers: The number of the volume at each place of the axes.

    Returns:
        Shape (x, y, z) and that of the numbers, x fastest in memory and the last axis of the numbers faster than those
        before it.

    Raises:
        OptionError: If there is not enough memory.
    """
    flat = numbers.ravel()
    is_all = np.array_equal(flat, np.arange(len(source.labels)))
    array = source.read_together() if is_all else None
    if array is None:
        array = read_one_by_one(source, flat)
    whole = array.reshape(*numbers.shape, *array.shape[1:])
    axes = range(numbers.ndim)
    return whole.transpose(*(numbers.ndim + axis for axis in (2, 1, 0)), *axes)


def read_one_by_one(source: VolumeSource, flat: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
    """Read volumes in ascending order and put each in its place, (volumes, z, y, x)."""
    # Slowest first, as it lies in memory.
    shape = (flat.size, *source.grid.shape[::-1])
    order = np.argsort(flat, kind="stable")
    array: npt.NDArray[Any] | None = None
    for place, image in zip(order.tolist(), source.iterate(flat[order].tolist()), strict=True):
        if array is None:
            array = allocate(shape, image.array.dtype, source.path)
        elif np.promote_types(array.dtype, image.array.dtype) != array.dtype:
            # A volume that needs a larger type than those before it.
            array = array.astype(np.promote_types(array.dtype, image.array.dtype))
        array[place] = image.array.T
    assert array is not None  # a series has a volume at least
    return array


def allocate(shape: tuple[int, ...], dtype: np.dtype[Any], path: str) -> npt.NDArray[Any]:
    """Memory for all volumes."""
    try:
        return np.empty(shape, dtype)
    except (MemoryError, ValueError) as error:
        size = np.prod(shape, dtype=np.float64) * dtype.itemsize * 1e-9
        raise OptionError(
            f"its {shape[0]} volumes take {size:.1f} GB together, which is more than there is memory for",
            path=path or None,
            advice="take some of them, or iterate, which holds one at a time",
        ) from error
