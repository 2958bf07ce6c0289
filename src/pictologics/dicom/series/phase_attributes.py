"""The attributes that may tell the volumes of a series apart, with their labels, in the order of their trial."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from ..frames.frame import Frame
from ..headers import tags
from .phase_values import (
    Value,
    make_number_reader,
    make_text_reader,
    read_csa_diffusion,
    read_diffusion,
    read_echo,
    read_image_type,
)

__all__ = [
    "BY_CSA_DIFFUSION",
    "BY_DIFFUSION",
    "CONTRASTS",
    "PHASE_ATTRIBUTES",
    "RANKED_TIMES",
    "UNSPECIFIC",
    "PhaseAttribute",
    "label_text",
]


@dataclass(frozen=True)
class PhaseAttribute:
    """An attribute, or several that say one thing, that may differ between volumes.

    Attributes:
        keyword: What it is called in DICOM.
        read_value: Reads the value of a plane, None if it has none.
        label_value: Puts a value into words, given a plane that has it; None where the value is a text of its own.
    """

    keyword: str
    read_value: Callable[[Frame], Value | None]
    label_value: Callable[[Value, Frame], str] | None = None


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


def make_label(pattern: str) -> Callable[[Value, Frame], str]:
    """A label that puts the value into a phrase."""
    return lambda value, _: pattern.format(value)


def label_text(value: Value, others: Sequence[Value]) -> str:
    """Of a text of several parts, those that not all volumes have in common."""
    if not isinstance(value, tuple):
        return str(value)
    common = set.intersection(*(set(other) for other in others if isinstance(other, tuple)))
    return " ".join(str(part) for part in value if part not in common) or "other"


BY_TRIGGER_TIME = PhaseAttribute(
    "TriggerTime",
    make_number_reader(tags.TRIGGER_TIME, tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME),
    make_label("Trigger time {:g} ms"),
)
BY_ACQUISITION_TIME = PhaseAttribute(
    "AcquisitionTime",
    make_text_reader(tags.FRAME_ACQUISITION_DATE_TIME, tags.ACQUISITION_DATE_TIME, tags.ACQUISITION_TIME),
    make_label("Acquired at {}"),
)
BY_CONTENT_TIME = PhaseAttribute("ContentTime", make_text_reader(tags.CONTENT_TIME), make_label("Made at {}"))

BY_CARDIAC_PERCENTAGE = PhaseAttribute(
    "NominalPercentageOfCardiacPhase",
    make_number_reader(tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE),
    make_label("Phase {:g}%"),
)
BY_TEMPORAL_POSITION = PhaseAttribute(
    "TemporalPositionIdentifier",
    make_number_reader(tags.TEMPORAL_POSITION_INDEX, tags.TEMPORAL_POSITION_IDENTIFIER, tags.TIME_SLICE_VECTOR),
    make_label("Time {:g}"),
)
BY_DIFFUSION = PhaseAttribute("DiffusionBValue", read_diffusion, label_diffusion)
BY_CSA_DIFFUSION = PhaseAttribute("DiffusionBValue", read_csa_diffusion, label_diffusion)
"""Tried in place of the other where no plane has that one; only when it is needed, for it is slow to read."""
BY_ECHO = PhaseAttribute("EchoTime", read_echo, label_echo)
BY_INVERSION_TIME = PhaseAttribute(
    "InversionTime", make_number_reader(tags.INVERSION_TIMES, tags.INVERSION_TIME), make_label("Inversion time {:g} ms")
)
BY_FLIP_ANGLE = PhaseAttribute("FlipAngle", make_number_reader(tags.FLIP_ANGLE), make_label("Flip angle {:g} degrees"))
BY_IMAGE_TYPE = PhaseAttribute("ImageType", read_image_type)
BY_ACQUISITION_NUMBER = PhaseAttribute(
    "AcquisitionNumber", make_number_reader(tags.ACQUISITION_NUMBER), make_label("Acquisition {:g}")
)

PHASE_ATTRIBUTES = (
    BY_CARDIAC_PERCENTAGE,
    BY_TEMPORAL_POSITION,
    PhaseAttribute(
        "TemporalPositionTimeOffset", make_number_reader(tags.TEMPORAL_POSITION_TIME_OFFSET), make_label("Time {:g} s")
    ),
    BY_TRIGGER_TIME,
    BY_DIFFUSION,
    BY_ECHO,
    BY_INVERSION_TIME,
    BY_FLIP_ANGLE,
    BY_IMAGE_TYPE,
    PhaseAttribute(
        "EnergyWindowVector", make_number_reader(tags.ENERGY_WINDOW_VECTOR), make_label("Energy window {:g}")
    ),
    PhaseAttribute("DetectorVector", make_number_reader(tags.DETECTOR_VECTOR), make_label("Detector {:g}")),
    PhaseAttribute("PhaseVector", make_number_reader(tags.PHASE_VECTOR), make_label("Phase {:g}")),
    PhaseAttribute("TimeSlotVector", make_number_reader(tags.TIME_SLOT_VECTOR), make_label("Time slot {:g}")),
    PhaseAttribute("RRIntervalVector", make_number_reader(tags.RR_INTERVAL_VECTOR), make_label("R-R interval {:g}")),
    PhaseAttribute("StackID", make_text_reader(tags.STACK_ID), make_label("Stack {}")),
    BY_ACQUISITION_NUMBER,
    BY_ACQUISITION_TIME,
    BY_CONTENT_TIME,
)
"""Tried one by one, then two by two; the first that explains every repeated position wins.

What a protocol varies on purpose comes first, from the most specific: a cardiac phase also has a trigger time and an
acquisition time of its own, and only the first is what a cardiologist calls it. What merely comes along with a volume,
its number and its times, comes last."""

RANKED_TIMES = (BY_TRIGGER_TIME, BY_ACQUISITION_TIME, BY_CONTENT_TIME)
"""Times, which may differ in every image, so that no two images share one: only their order at each position counts."""

UNSPECIFIC = frozenset({BY_ACQUISITION_NUMBER, BY_ACQUISITION_TIME, BY_CONTENT_TIME})
"""These tell volumes apart without saying what they are: everything else, in any file, is tried before them."""

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
