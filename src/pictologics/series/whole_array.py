"""All volumes of a series in one array, and what is known of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import OptionError
from .volume_source import VolumeSource

__all__ = ["WholeSeries", "read_whole_array", "read_whole_series"]


Key = TypeVar("Key")


@dataclass(frozen=True)
class WholeSeries:
    """All volumes of a series.

    Attributes:
        array: Shape (x, y, z) and the length of each axis.
        source_mask: True where a voxel holds data, of the same shape; None if no volume has a source mask.
        metadata: The facts that are the same of every volume.
        labels: The same of the names of labels.
    """

    array: npt.NDArray[Any]
    source_mask: npt.NDArray[np.bool_] | None
    metadata: Mapping[str, str]
    labels: Mapping[int, str]


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
    array = read_all_at_once(source, numbers)
    return read_one_by_one(source, numbers, with_mask=False).array if array is None else array


def read_whole_series(source: VolumeSource, numbers: npt.NDArray[np.intp]) -> WholeSeries:
    """Read volumes into one array, with their source masks and what is known of all of them; as ``read_whole_array``.

    Raises:
        OptionError: If there is not enough memory.
    """
    array = read_all_at_once(source, numbers)
    if array is None:
        return read_one_by_one(source, numbers, with_mask=True)
    # What is read at once has no source mask, and its volumes differ in what they are called alone.
    (first,) = source.iterate([int(numbers.flat[0])])
    is_one = numbers.size == 1
    metadata = {name: fact for name, fact in first.metadata.items() if is_one or name != "phase"}
    return WholeSeries(array, None, metadata, first.labels)


def read_all_at_once(source: VolumeSource, numbers: npt.NDArray[np.intp]) -> npt.NDArray[Any] | None:
    """All volumes of a source in their order, where it gives them at once."""
    if not np.array_equal(numbers.ravel(), np.arange(len(source.labels))):
        return None
    array = source.read_together()
    return None if array is None else arrange(array, numbers)


def arrange(array: npt.NDArray[Any], numbers: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
    """Volumes as they lie in memory, (volumes, z, y, x), seen as (x, y, z) and the axes."""
    whole = array.reshape(*numbers.shape, *array.shape[1:])
    return whole.transpose(*(numbers.ndim + axis for axis in (2, 1, 0)), *range(numbers.ndim))


def read_one_by_one(source: VolumeSource, numbers: npt.NDArray[np.intp], *, with_mask: bool) -> WholeSeries:
    """Read volumes in ascending order and put each in its place."""
    flat = numbers.ravel()
    # Slowest first, as it lies in memory.
    shape = (flat.size, *source.grid.shape[::-1])
    order = np.argsort(flat, kind="stable")
    array: npt.NDArray[Any] | None = None
    mask: npt.NDArray[np.bool_] | None = None
    metadata: Mapping[str, str] | None = None
    labels: Mapping[int, str] | None = None
    for place, image in zip(order.tolist(), source.iterate(flat[order].tolist()), strict=True):
        if array is None:
            array = allocate(shape, image.array.dtype, source.path)
        elif np.promote_types(array.dtype, image.array.dtype) != array.dtype:
            # A volume that needs a larger type than those before it.
            array = array.astype(np.promote_types(array.dtype, image.array.dtype))
        array[place] = image.array.T
        if with_mask and image.source_mask is not None:
            mask = np.ones(shape, np.bool_) if mask is None else mask
            mask[place] = image.source_mask.T
        metadata, labels = keep_common(metadata, image.metadata), keep_common(labels, image.labels)
    assert array is not None  # a series has a volume at least
    return WholeSeries(
        arrange(array, numbers), None if mask is None else arrange(mask, numbers), metadata or {}, labels or {}
    )


def keep_common(known: Mapping[Key, str] | None, own: Mapping[Key, str]) -> Mapping[Key, str]:
    """What is the same of one more volume; of the first, all."""
    return dict(own) if known is None else {key: text for key, text in known.items() if own.get(key) == text}


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
