"""The attributes that may tell the volumes of a series apart, with their labels, in the order of their trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from ..frames.frame import Frame
from ..headers import tags
from .diffusion import DIFFUSION_TAGS, read_csa_diffusion, read_diffusion
from .phase_values import (
    COIL_TAGS,
    IMAGE_TYPE_TAGS,
    LABEL_TYPE_TAGS,
    Value,
    make_number_reader,
    make_text_reader,
    make_vector_reader,
    read_coil,
    read_echo,
    read_image_type,
    read_label_type,
    read_pet_frame,
)

__all__ = [
    "BY_CSA_DIFFUSION",
    "BY_DIFFUSION",
    "BY_ECHO",
    "BY_IMAGE_TYPE",
    "CONTRASTS",
    "RANKED_TIMES",
    "SPECIFIC",
    "UNSPECIFIC",
    "PhaseAttribute",
]


@dataclass(frozen=True)
class PhaseAttribute:
    """An attribute, or several that say one thing, that may differ between volumes.

    Attributes:
        keyword: What it is called in DICOM.
        read_value: Reads the value of a plane, None if it has none.
        label_value: Puts a value into words, given a plane that has it; None where the value is a text of its own.
        sources: The tags that it reads: where these are the same in all planes, so is the value. Empty if it reads more
            than the attributes of the plane.
        has_order: Whether a greater value comes after a smaller one. Names have no order: theirs is that of the scan.
    """

    keyword: str
    read_value: Callable[[Frame], Value | None]
    label_value: Callable[[Value, Frame], str] | None = None
    sources: frozenset[int] = frozenset()
    has_order: bool = True


def label_echo(value: Value, frame: Frame) -> str:
    """Such as "Echo 2 (4.92 ms)"."""
    number = frame.attributes.try_number(tags.ECHO_NUMBERS)
    has_time = any(tag in frame.attributes for tag in (tags.EFFECTIVE_ECHO_TIME, tags.ECHO_TIME))
    if not has_time:
        return f"Echo {value:g}"
    return f"Echo time {value:g} ms" if number is None else f"Echo {number:g} ({value:g} ms)"


def label_diffusion(value: Value, _: Frame) -> str:
    """Such as "b=800" or "b=800 (0.71, 0, 0.71)"."""
    b_value, *direction = cast(tuple[float, ...], value)
    towards = ", ".join(f"{component:.3g}" for component in direction)
    return f"b={b_value:g}" + (f" ({towards})" if towards else "")


def label_velocity(value: Value, _: Frame) -> str:
    """Such as "Velocity along (0, 0, 1)"."""
    components = ", ".join(f"{component:.3g}" for component in cast(tuple[float, ...], value))
    return f"Velocity along ({components})"


def make_label(pattern: str) -> Callable[[Value, Frame], str]:
    """A label that puts the value into a phrase."""
    return lambda value, _: pattern.format(value)


def by_number(pattern: str, *candidates: int) -> PhaseAttribute:
    """A number that the first of some attributes gives, called as that one."""
    return PhaseAttribute(
        tags.KEYWORDS[candidates[0]], make_number_reader(*candidates), make_label(pattern), frozenset(candidates)
    )


def by_name(pattern: str, tag: int) -> PhaseAttribute:
    """A text that is a name."""
    return PhaseAttribute(
        tags.KEYWORDS[tag], make_text_reader(tag), make_label(pattern), frozenset({tag}), has_order=False
    )


def by_text(keyword: str, pattern: str, *candidates: int) -> PhaseAttribute:
    """The text of the first of some attributes, whose order is that of its letters, as that of times is."""
    return PhaseAttribute(keyword, make_text_reader(*candidates), make_label(pattern), frozenset(candidates))


BY_TRIGGER_TIME = by_number("Trigger time {:g} ms", tags.TRIGGER_TIME, tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME)
BY_ACQUISITION_TIME = by_text(
    "AcquisitionTime",
    "Acquired at {}",
    tags.FRAME_ACQUISITION_DATE_TIME,
    tags.ACQUISITION_DATE_TIME,
    tags.ACQUISITION_TIME,
)
BY_CONTENT_TIME = by_text("ContentTime", "Made at {}", tags.CONTENT_TIME)

BY_CARDIAC_PERCENTAGE = by_number("Phase {:g}%", tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE)
BY_TEMPORAL_POSITION = replace(
    by_number("Time {:g}", tags.TEMPORAL_POSITION_INDEX, tags.TEMPORAL_POSITION_IDENTIFIER, tags.TIME_SLICE_VECTOR),
    keyword="TemporalPositionIdentifier",
)
BY_DIFFUSION = PhaseAttribute("DiffusionBValue", read_diffusion, label_diffusion, DIFFUSION_TAGS)
BY_CSA_DIFFUSION = PhaseAttribute("DiffusionBValue", read_csa_diffusion, label_diffusion)
"""Tried in place of the other where no plane has that one; only when it is needed, for it is slow to read."""
BY_ECHO = PhaseAttribute(
    "EchoTime", read_echo, label_echo, frozenset({tags.EFFECTIVE_ECHO_TIME, tags.ECHO_TIME, tags.ECHO_NUMBERS})
)
BY_INVERSION_TIME = replace(
    by_number("Inversion time {:g} ms", tags.INVERSION_TIMES, tags.INVERSION_TIME), keyword="InversionTime"
)
BY_FLIP_ANGLE = by_number("Flip angle {:g} degrees", tags.FLIP_ANGLE)
BY_IMAGE_TYPE = PhaseAttribute("ImageType", read_image_type, None, IMAGE_TYPE_TAGS)
BY_ACQUISITION_NUMBER = by_number("Acquisition {:g}", tags.ACQUISITION_NUMBER, tags.FRAME_ACQUISITION_NUMBER)

SPECIFIC = (
    BY_CARDIAC_PERCENTAGE,
    BY_TEMPORAL_POSITION,
    by_number("Time {:g} s", tags.TEMPORAL_POSITION_TIME_OFFSET),
    BY_TRIGGER_TIME,
    by_number("Respiratory phase {:g}%", tags.NOMINAL_PERCENTAGE_OF_RESPIRATORY_PHASE),
    by_number("Respiratory delay {:g} ms", tags.NOMINAL_RESPIRATORY_TRIGGER_DELAY_TIME),
    BY_DIFFUSION,
    BY_ECHO,
    BY_INVERSION_TIME,
    BY_FLIP_ANGLE,
    by_number("Repetition time {:g} ms", tags.REPETITION_TIME),
    BY_IMAGE_TYPE,
    PhaseAttribute("ASLContext", read_label_type, make_label("{}"), LABEL_TYPE_TAGS, has_order=False),
    PhaseAttribute(
        "VelocityEncodingDirection",
        make_vector_reader(tags.VELOCITY_ENCODING_DIRECTION),
        label_velocity,
        frozenset({tags.VELOCITY_ENCODING_DIRECTION}),
        has_order=False,
    ),
    by_number("Velocity up to {:g} cm/s", tags.VELOCITY_ENCODING_MAXIMUM_VALUE),
    by_name("Magnetization transfer {}", tags.MAGNETIZATION_TRANSFER),
    by_number("Energy {:g} keV", tags.MONOENERGETIC_ENERGY_EQUIVALENT),
    by_number("{:g} kV", tags.KVP),
    by_name("Kernel {}", tags.CONVOLUTION_KERNEL),
    by_name("Contrast {}", tags.CONTRAST_BOLUS_AGENT_PHASE),
    by_name("Contrast {}", tags.CONTRAST_BOLUS_AGENT),
    by_number("Energy window {:g}", tags.ENERGY_WINDOW_VECTOR),
    by_number("Detector {:g}", tags.DETECTOR_VECTOR),
    by_number("Phase {:g}", tags.PHASE_VECTOR),
    by_number("Time slot {:g}", tags.TIME_SLOT_VECTOR),
    by_number("R-R interval {:g}", tags.RR_INTERVAL_VECTOR),
    PhaseAttribute("ImageIndex", read_pet_frame, make_label("Frame {:g}"), frozenset({tags.IMAGE_INDEX})),
    by_number("Frame at {:g} ms", tags.FRAME_REFERENCE_TIME),
    PhaseAttribute("ReceiveCoilName", read_coil, make_label("Coil {}"), COIL_TAGS, has_order=False),
    by_name("{}", tags.FRAME_LABEL),
    by_text("StackID", "Stack {}", tags.STACK_ID),
)
"""What a protocol varies on purpose, from the most specific: a cardiac phase also has a trigger time and an acquisition
time of its own, and only the first is what a cardiologist calls it. The dimensions of a multi-frame object follow."""

NAMES = (
    by_name("{}", tags.SEQUENCE_NAME),
    by_name("{}", tags.IMAGE_COMMENTS),
    by_name("{}", tags.DERIVATION_DESCRIPTION),
    by_name("{}", tags.SERIES_DESCRIPTION),
)

UNSPECIFIC = (*NAMES, BY_ACQUISITION_NUMBER, BY_ACQUISITION_TIME, BY_CONTENT_TIME)
"""Texts that a program or a person made up, and what merely comes along with a volume, its number and its times: these
tell volumes apart without saying what they are, and everything else, in any file, is tried before them."""

RANKED_TIMES = (BY_TRIGGER_TIME, BY_ACQUISITION_TIME, BY_CONTENT_TIME)
"""Times, which may differ in every image, so that no two images share one: only their order at each position counts."""

CONTRASTS = (
    BY_CARDIAC_PERCENTAGE,
    BY_TEMPORAL_POSITION,
    BY_DIFFUSION,
    BY_ECHO,
    BY_INVERSION_TIME,
    BY_FLIP_ANGLE,
    BY_IMAGE_TYPE,
)
"""Two planes that differ in one of these are of two volumes, wherever they lie."""
