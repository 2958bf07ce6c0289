"""The values that may tell volumes apart, read from a frame: numbers, texts, echoes, kinds of image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..frames.frame import Frame
from ..headers import tags

__all__ = [
    "COIL_TAGS",
    "GE_CREATOR",
    "IMAGE_TYPE_TAGS",
    "LABEL_TYPE_TAGS",
    "Value",
    "make_number_reader",
    "make_text_reader",
    "make_vector_reader",
    "read_coil",
    "read_echo",
    "read_image_type",
    "read_label_type",
    "read_pet_frame",
    "round_digits",
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

IMAGE_TYPE_TAGS = frozenset({tags.IMAGE_TYPE, tags.FRAME_TYPE, tags.COMPLEX_IMAGE_COMPONENT, tags.GE_IMAGE_KIND})
"""What the kind of an image is read from."""

LABEL_TYPE_TAGS = frozenset({tags.ASL_CONTEXT, tags.PHILIPS_LABEL_TYPE})
"""What label and control are read from."""

COIL_TAGS = frozenset({tags.SIEMENS_COIL, tags.RECEIVE_COIL_NAME})
"""What the coil is read from."""


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


def make_vector_reader(tag: int) -> Callable[[Frame], Value | None]:
    """A function that reads all numbers of an attribute that a plane has."""

    def value(frame: Frame) -> Value | None:
        return tuple(map(round_digits, frame.attributes.try_numbers(tag) or ())) or None

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


def read_label_type(frame: Frame) -> Value | None:
    """Label or control of an arterial spin labeling scan: ASLContext, or Philips' own attribute."""
    standard = frame.attributes.text(tags.ASL_CONTEXT)
    if standard or not frame.attributes.text(tags.PHILIPS_MR_IMAGING_5).upper().startswith("PHILIPS MR IMAGING"):
        return standard or None
    return frame.attributes.text(tags.PHILIPS_LABEL_TYPE) or None


def read_coil(frame: Frame) -> Value | None:
    """The coil whose signal a plane shows, where coils were not combined; Siemens names it in group 0051."""
    attributes = frame.attributes
    if attributes.text(tags.SIEMENS_MR_HEADER_51).startswith("SIEMENS MR HEADER") and attributes.text(
        tags.SIEMENS_COIL
    ):
        return attributes.text(tags.SIEMENS_COIL)
    return attributes.text(tags.RECEIVE_COIL_NAME) or None


def read_pet_frame(frame: Frame) -> Value | None:
    """Which volume of a PET series a plane is of, from 1: ImageIndex counts the slices first (PS3.3 C.8.9.4.1.9)."""
    index, slices = frame.attributes.try_number(tags.IMAGE_INDEX), frame.attributes.try_number(tags.NUMBER_OF_SLICES)
    return (index - 1) // slices + 1 if index and slices else None
