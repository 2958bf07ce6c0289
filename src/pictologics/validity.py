"""Which voxels of an array hold valid data: those that its source mask marks and whose values are finite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .array_types import AnyArray, BoolArray
from .errors import GeometryError, OptionError
from .provenance import Decision
from .threads import run_in_shares

__all__ = ["Validity", "as_source_mask", "find_valid", "is_finite"]


@dataclass(frozen=True)
class Validity:
    """Which voxels of an array count.

    Attributes:
        mask: True where a voxel is valid, of the array's shape; None if all are. The source mask itself if all that it
            marks are finite.
        not_finite: How many voxels were taken out because they are NaN or infinite.
    """

    mask: BoolArray | None
    not_finite: int = 0

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The warning that is due where numbers were not finite."""
        if not self.not_finite:
            return ()
        text = f"{self.not_finite} voxels are NaN or infinite and are treated as invalid"
        return (Decision("left out", text, self.not_finite, "content"),)


def find_valid(array: AnyArray, source_mask: BoolArray | None = None) -> Validity:
    """Find the voxels that are marked as valid and hold finite numbers.

    Args:
        array: Real numbers, 3D, in any order of memory.
        source_mask: True where the array holds data; None for everywhere.
    """
    if array.dtype.kind != "f" or is_finite(array):
        return Validity(source_mask)
    valid = np.isfinite(array)
    if source_mask is None:
        return Validity(valid, array.size - int(np.count_nonzero(valid)))
    valid &= source_mask
    lost = int(np.count_nonzero(source_mask)) - int(np.count_nonzero(valid))
    return Validity(valid, lost) if lost else Validity(source_mask)


def is_finite(array: AnyArray) -> bool:
    """Whether no value of a 3D array is NaN or infinite."""
    # Planes across the axis with the largest step are read in the order of memory.
    planes = np.moveaxis(array, int(np.argmax(np.abs(array.strides))), 0)
    found: list[bool] = []

    def check_share(share: Iterable[int]) -> None:
        for k in share:
            # A sum shows both, faster than asking each value, and takes no memory; one that overflows only asks for a
            # second look.
            with np.errstate(over="ignore", invalid="ignore"):
                total = np.add.reduce(planes[k], axis=None)
            if not np.isfinite(total) and not np.isfinite(planes[k]).all():
                found.append(True)
                return

    run_in_shares(check_share, planes.shape[0])
    return not found


def as_source_mask(mask: npt.NDArray[Any], shape: tuple[int, ...], path: str | None = None) -> BoolArray:
    """Check a source mask and make it one of truth values.

    Args:
        mask: Truth values; or real numbers, which mark the voxels where they are above zero.
        shape: Of the image.
        path: The image's file, for messages.

    Returns:
        The mask itself if it is of truth values, a new array otherwise.

    Raises:
        OptionError: If it holds neither.
        GeometryError: If it has another shape.
    """
    values = np.asarray(mask)
    if values.shape != shape:
        raise GeometryError(
            f"the source mask has shape {values.shape} and the image {shape}",
            path=path,
            advice="give a mask with one value for each voxel of the image",
            mask_shape=values.shape,
            image_shape=shape,
        )
    if values.dtype.kind not in "biuf":
        raise OptionError(
            f"the source mask is of type {values.dtype} and must be boolean",
            path=path,
            advice="make it with a comparison, such as array > 0",
        )
    return values if values.dtype == np.bool_ else values > 0
