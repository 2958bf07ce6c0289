"""Sound images: what every function that works on voxels checks first, and how its result is derived."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .errors import GeometryError, OptionError
from .geometry import CORNER_ERROR_REFUSED
from .image import Image, copy_image
from .provenance import Decision, give_warnings
from .validity import Validity, as_source_mask, find_valid

__all__ = [
    "check_image",
    "check_is_image",
    "check_lies_on",
    "derive_image",
    "find_valid_voxels",
    "name_of",
    "note_other_frame",
    "report_other_frame",
]


def name_of(image: Image) -> str | None:
    """The file of an image, for messages."""
    return image.provenance.source or None


def derive_image(image: Image, *decisions: Decision, **changes: Any) -> Image:
    """A copy of an image with other fields and more decisions, whose warnings are given; it shares nothing.

    Args:
        image: The image.
        *decisions: What was decided.
        **changes: Fields with new values.
    """
    give_warnings(name_of(image) or "image", decisions)
    return copy_image(image, provenance=image.provenance.with_decisions(*decisions), **changes)


def check_is_image(name: str, value: object) -> None:
    """Check that a parameter is an Image, and one of an array.

    Raises:
        OptionError: If it is not.
    """
    if not isinstance(value, Image):
        load = "load_mask(path, image)" if name == "mask" else "load_image(path)"
        raise OptionError(
            f"{name} is of type {type(value).__name__} and must be an Image", advice=f"load it first: {load}"
        )
    if not isinstance(value.array, np.ndarray):
        raise OptionError(
            f"the array of {name} is of type {type(value.array).__name__} and must be a NumPy array",
            path=name_of(value),
            advice="make the Image of an array",
        )


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


def check_lies_on(mask: Image, image: Image, what: str = "the mask", path: str | None = None) -> None:
    """Check that a mask lies on an image's voxels.

    Args:
        mask: The mask.
        image: The image.
        what: What the mask is, for messages.
        path: Its file.

    Raises:
        GeometryError: If it has another shape, or a corner lies a tenth of a voxel or more from the image's.
    """
    own, grid = mask.grid, image.grid
    advice = "place the mask on the image first: load it with load_mask(path, image)"
    if own.shape != grid.shape:
        raise GeometryError(
            f"{what} has shape {own.shape} and the image {grid.shape}",
            path=path,
            advice=advice,
            mask_shape=own.shape,
            image_shape=grid.shape,
        )
    error = grid.corner_error(own)
    # "not (a < x)" also refuses NaN.
    if not error < CORNER_ERROR_REFUSED:
        raise GeometryError(
            f"{what} lies elsewhere: its worst corner is {error:.3g} voxels from the image's, "
            f"{CORNER_ERROR_REFUSED} is the limit",
            path=path,
            advice=advice,
            corner_error=error,
        )


def report_other_frame(own: str, reference: str) -> tuple[Decision, ...]:
    """The warning that is due where something of one frame of reference is put on something of another.

    Positions of two frames are not related (DICOM PS3.3 C.7.4.1) unless somebody registered them, which no file of
    voxels tells. Formats without such a frame are taken at their word.

    Args:
        own: UID of the frame, empty if unknown.
        reference: That of what it is put on.
    """
    if not own or not reference or own == reference:
        return ()
    text = (
        f"its frame of reference ({own}) is not the reference's ({reference}): the same position may be another place "
        "in the patient"
    )
    return (Decision("assumed", text, warning="geometry"),)


def note_other_frame(image: Image, reference: Image) -> Image:
    """Record in an image that its frame of reference is not that of the image on which it is to be placed."""
    name = "frame_of_reference_uid"
    decisions = report_other_frame(image.metadata.get(name, ""), reference.metadata.get(name, ""))
    return replace(image, provenance=image.provenance.with_decisions(*decisions)) if decisions else image
