"""Sound images, and which of their voxels hold valid data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import GeometryError, OptionError
from .image import Image
from .provenance import Decision, warn_of

__all__ = ["check_image", "is_finite", "name_of", "processed", "valid_voxels"]


def name_of(image: Image) -> str | None:
    """The file of an image, for messages."""
    return image.provenance.source or None


def processed(image: Image, *decisions: Decision, **changes: Any) -> Image:
    """A copy of an image with other fields and more decisions, whose warnings are given.

    Args:
        image: The image.
        *decisions: What was decided.
        **changes: Fields with new values.
    """
    warn_of(name_of(image) or "image", decisions)
    return replace(image, provenance=image.provenance.with_decisions(*decisions), **changes)


def check_image(image: Image) -> None:
    """See that an image is sound: one real number for each voxel of a 3D grid, and a source mask that fits.

    Raises:
        OptionError: If it is no image of real numbers.
        GeometryError: If it has no 3D grid, or its source mask has another shape.
    """
    if not isinstance(image, Image):
        raise OptionError(f"an Image is required, and {type(image).__name__} was given", advice="load it first")
    shape = image.grid.shape
    if image.array.dtype.kind not in "biuf":
        raise OptionError(
            f"the voxels are of type {image.array.dtype}, and real numbers are required", path=name_of(image)
        )
    if image.source_mask is not None and np.shape(image.source_mask) != shape:
        raise GeometryError(
            f"the source mask has shape {np.shape(image.source_mask)} and the image {shape}",
            path=name_of(image),
            advice="make it with Image.with_source_mask, which checks it",
        )


def valid_voxels(image: Image) -> tuple[npt.NDArray[np.bool_] | None, tuple[Decision, ...]]:
    """Where an image holds numbers that mean something.

    Returns:
        True where the source mask is, and where the value is finite; None if that is everywhere. And what to say of
        values that are not.

    Raises:
        OptionError: If it is no image of real numbers.
        GeometryError: If it has no 3D grid, or its source mask has another shape.
    """
    check_image(image)
    valid = image.source_mask
    # The sum of the extremes is finite only if every value is, and takes no memory to find.
    if image.array.dtype.kind != "f" or is_finite(image.array):
        return valid, ()
    finite = np.isfinite(image.array)
    known = finite if valid is None else finite & valid
    marked = image.array.size if valid is None else int(np.count_nonzero(valid))
    count = marked - int(np.count_nonzero(known))
    if not count:
        return valid, ()
    text = f"{count} voxels hold no finite number and count as invalid"
    return known, (Decision("left out", text, count, "content"),)


def is_finite(array: npt.NDArray[Any]) -> bool:
    """Whether every value is a finite number."""
    with np.errstate(invalid="ignore"):
        return array.size == 0 or bool(np.isfinite(array.min()) and np.isfinite(array.max()))
