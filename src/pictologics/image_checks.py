"""Sound images: what every function that works on voxels checks first, and how its result is derived."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .errors import OptionError
from .image import Image
from .provenance import Decision, give_warnings
from .validity import Validity, as_source_mask, find_valid

__all__ = ["check_image", "check_is_image", "derive_image", "find_valid_voxels", "name_of"]


def name_of(image: Image) -> str | None:
    """The file of an image, for messages."""
    return image.provenance.source or None


def derive_image(image: Image, *decisions: Decision, **changes: Any) -> Image:
    """A copy of an image with other fields and more decisions, whose warnings are given.

    Args:
        image: The image.
        *decisions: What was decided.
        **changes: Fields with new values.
    """
    give_warnings(name_of(image) or "image", decisions)
    return replace(image, provenance=image.provenance.with_decisions(*decisions), **changes)


def check_is_image(name: str, value: object) -> None:
    """Check that a parameter is an Image.

    Raises:
        OptionError: If it is not.
    """
    if not isinstance(value, Image):
        raise OptionError(f"{name} is of type {type(value).__name__} and must be an Image", advice="load it first")


def check_image(image: Image, name: str = "image") -> Image:
    """Check that an image is sound: one real number for each voxel of a 3D grid, and a source mask that fits.

    Args:
        image: The image.
        name: The parameter.

    Returns:
        The image; a copy if its source mask had to become one of truth values.

    Raises:
        OptionError: If it is not an image of real numbers.
        GeometryError: If it has no 3D grid, or its source mask has another shape.
    """
    check_is_image(name, image)
    shape = image.grid.shape
    if image.array.dtype.kind not in "biuf":
        raise OptionError(
            f"the voxels are of type {image.array.dtype} and must be real numbers",
            path=name_of(image),
            advice="take their magnitude, or one component",
        )
    if image.source_mask is None:
        return image
    mask = as_source_mask(image.source_mask, shape, name_of(image))
    return image if mask is image.source_mask else replace(image, source_mask=mask)


def find_valid_voxels(image: Image) -> Validity:
    """Find where an image holds valid data; it is checked as by :func:`check_image`."""
    sound = check_image(image)
    return find_valid(sound.array, sound.source_mask)
