"""The values that may tell volumes apart, read from a frame: numbers, texts, echoes, diffusion, kinds of image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...errors import CorruptFileError
from ..frames.frame import Frame
from ..headers import tags
from ..headers.siemens_csa import read_csa

__all__ = [
    "Value",
    "make_number_reader",
    "make_text_reader",
    "read_csa_diffusion",
    "read_diffusion",
    "read_echo",
    "read_image_type",
]

Value = float | str | tuple[Any, ...]
"""What tells a volume apart: a number, a text, or several of them."""

SIGNIFICANT_DIGITS = 6
"""Digits of a number that count.

Numbers that were calculated or stored as float32 differ in the seventh; six still tell apart two times of a day of
86,400,000 ms that lie a second apart."""

GE_CREATOR = "GEMS_PARM_01"
"""Private creator of the group in which GE writes diffusion and kinds of image."""

GE_KINDS = {0: "MAGNITUDE", 1: "PHASE", 2: "REAL", 3: "IMAGINARY"}
"""What the numbers of GE's private attribute mean, in the standard's words for ComplexImageComponent."""


def round_digits(number: float) -> float:
    """A number without the digits that a float32 makes up: 6.8400001525 becomes 6.84."""
    return float(f"{number:.{SIGNIFICANT_DIGITS}g}")


def make_number_reader(*candidates: int) -> Callable[[Frame], Value | None]:
    """A function that reads the first of several attributes that a plane has, as a number."""

    def value(frame: Frame) -> Value | None:
        for tag in candidates:
            number = frame.attributes.try_number(tag)
            if number is not None:
                return round_digits(number)
        return None

    return value


def make_text_reader(*candidates: int) -> Callable[[Frame], Value | None]:
    """A function that reads the first of several attributes that a plane has, as text."""

    def value(frame: Frame) -> Value | None:
        return next((text for tag in candidates if (text := frame.attributes.text(tag))), None)

    return value


def read_image_type(frame: Frame) -> Value | None:
    """Magnitude or phase, real or imaginary, in-phase, water or fat, as far as the file says."""
    parts = [*frame.image_type, *frame.attributes.texts(tags.COMPLEX_IMAGE_COMPONENT), read_ge_kind(frame)]
    return tuple(part for part in parts if part) or None


def read_ge_kind(frame: Frame) -> str:
    """Which part of a complex image a plane of GE is; its image type does not say it."""
    if frame.attributes.text(tags.GE_PARAMETERS) != GE_CREATOR:
        return ""
    number = frame.attributes.try_number(tags.GE_IMAGE_KIND)
    return GE_KINDS.get(int(number), "") if number is not None else ""


def read_echo(frame: Frame) -> Value | None:
    """Echo time, ms; the echo's number where there is no time."""
    return make_number_reader(tags.EFFECTIVE_ECHO_TIME, tags.ECHO_TIME, tags.ECHO_NUMBERS)(frame)


def read_diffusion(frame: Frame) -> Value | None:
    """The b-value, s/mm2, and the gradient direction; the direction of b = 0 means nothing."""
    b_value = read_b_value(frame)
    if b_value is None:
        return None
    direction = read_gradient(frame) if b_value else None
    return (b_value, *(round(component, 4) for component in direction or ()))


def read_b_value(frame: Frame) -> float | None:
    """The standard attribute, or the vendor's own where a private creator says whose it is."""
    attributes = frame.attributes
    standard = attributes.try_number(tags.DIFFUSION_B_VALUE)
    if standard is not None:
        return round_digits(standard)
    if attributes.text(tags.SIEMENS_MR_HEADER).startswith("SIEMENS MR HEADER"):
        return attributes.try_number(tags.SIEMENS_B_VALUE)
    if attributes.text(tags.GE_PARAMETERS) == GE_CREATOR:
        number = attributes.try_number(tags.GE_B_VALUE)
        # GE adds 1e9 to the b-value in scans with several of them.
        return None if number is None else number % 1e9
    if attributes.text(tags.PHILIPS_IMAGING).upper().startswith("PHILIPS IMAGING"):
        return attributes.try_number(tags.PHILIPS_B_VALUE)
    if attributes.text(tags.UIH_IMAGE_HEADER) == tags.UIH_CREATOR:
        return attributes.try_number(tags.UIH_B_VALUE)
    return None


def read_gradient(frame: Frame) -> Sequence[float] | None:
    """The gradient direction, from the standard attribute or the vendor's own."""
    attributes = frame.attributes
    standard = attributes.try_numbers(tags.DIFFUSION_GRADIENT_ORIENTATION)
    if standard is not None:
        return standard
    if attributes.text(tags.SIEMENS_MR_HEADER).startswith("SIEMENS MR HEADER"):
        return attributes.try_numbers(tags.SIEMENS_GRADIENT_DIRECTION)
    if attributes.text(tags.GE_PARAMETERS) == GE_CREATOR:
        return read_vector(frame, tags.GE_GRADIENT_X, tags.GE_GRADIENT_Y, tags.GE_GRADIENT_Z)
    if attributes.text(tags.PHILIPS_MR_IMAGING).upper().startswith("PHILIPS MR IMAGING"):
        return read_vector(frame, tags.PHILIPS_GRADIENT_X, tags.PHILIPS_GRADIENT_Y, tags.PHILIPS_GRADIENT_Z)
    if attributes.text(tags.UIH_IMAGE_HEADER) == tags.UIH_CREATOR:
        return attributes.try_numbers(tags.UIH_GRADIENT_DIRECTION)
    return None


def read_csa_diffusion(frame: Frame) -> Value | None:
    """The b-value and direction from the CSA header, the only place where older Siemens scanners write them."""
    try:
        csa = read_csa(frame.header)
    except CorruptFileError:
        # A damaged header is no reason to refuse the pixels: something else may tell the volumes apart.
        return None
    b_value = csa.get("B_value")
    if not b_value:
        return None
    direction = csa.get("DiffusionGradientDirection", []) if b_value[0] else []
    return (round_digits(b_value[0]), *(round(component, 4) for component in direction))


def read_vector(frame: Frame, *components: int) -> list[float] | None:
    """A vector whose components are attributes of their own; None unless all are there."""
    numbers = [frame.attributes.try_number(tag) for tag in components]
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) else None
