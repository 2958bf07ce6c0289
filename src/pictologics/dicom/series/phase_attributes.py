"""What may tell the volumes of a series apart, in the order in which it is tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ...errors import CorruptFileError
from ..frames.frame import Frame
from ..headers import tags
from ..headers.csa import read_csa

__all__ = [
    "BY_CSA_DIFFUSION",
    "BY_DIFFUSION",
    "CANDIDATES",
    "CONTRASTS",
    "RANKED",
    "UNSPECIFIC",
    "Candidate",
    "Value",
    "label_text",
]

Value = float | str | tuple[Any, ...]
"""What tells a volume apart: a number, a text, or several of them."""

# Numbers that come out of a calculation or a float32 differ in their last digits; twelve seconds of a time do not.
SIGNIFICANT_DIGITS = 6

GE_CREATOR = "GEMS_PARM_01"
GE_KINDS = {0: "MAGNITUDE", 1: "PHASE", 2: "REAL", 3: "IMAGINARY"}


@dataclass(frozen=True)
class Candidate:
    """One thing that may differ between volumes.

    Attributes:
        keyword: What it is called in DICOM.
        value: The value of a plane, None if it has none.
        label: A value of a plane in words; None where a text says it itself.
    """

    keyword: str
    value: Callable[[Frame], Value | None]
    label: Callable[[Value, Frame], str] | None = None


def round_digits(number: float) -> float:
    """A number without the digits that a float32 makes up."""
    return float(f"{number:.{SIGNIFICANT_DIGITS}g}")


def make_number_reader(*candidates: int) -> Callable[[Frame], Value | None]:
    """The first of several attributes that a plane has, as a number."""

    def value(frame: Frame) -> Value | None:
        for tag in candidates:
            number = frame.attributes.number(tag)
            if number is not None:
                return round_digits(number)
        return None

    return value


def make_text_reader(*candidates: int) -> Callable[[Frame], Value | None]:
    """The first of several attributes that a plane has, as text."""

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
    number = frame.attributes.number(tags.GE_IMAGE_KIND)
    return GE_KINDS.get(int(number), "") if number is not None else ""


def read_echo(frame: Frame) -> Value | None:
    """Echo time, ms; the echo's number where there is no time."""
    return make_number_reader(tags.EFFECTIVE_ECHO_TIME, tags.ECHO_TIME, tags.ECHO_NUMBERS)(frame)


def label_echo(value: Value, frame: Frame) -> str:
    """Such as "Echo 2 (4.92 ms)"."""
    number = frame.attributes.number(tags.ECHO_NUMBERS)
    has_time = any(tag in frame.attributes for tag in (tags.EFFECTIVE_ECHO_TIME, tags.ECHO_TIME))
    if not has_time:
        return f"Echo {value:g}"
    return f"Echo time {value:g} ms" if number is None else f"Echo {number:g} ({value:g} ms)"


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
    standard = attributes.number(tags.DIFFUSION_B_VALUE)
    if standard is not None:
        return round_digits(standard)
    if attributes.text(tags.SIEMENS_MR_HEADER).startswith("SIEMENS MR HEADER"):
        return attributes.number(tags.SIEMENS_B_VALUE)
    if attributes.text(tags.GE_PARAMETERS) == GE_CREATOR:
        number = attributes.number(tags.GE_B_VALUE)
        # GE adds 1e9 to the b-value of scans with several of them.
        return None if number is None else number % 1e9
    if attributes.text(tags.PHILIPS_IMAGING).upper().startswith("PHILIPS IMAGING"):
        return attributes.number(tags.PHILIPS_B_VALUE)
    if attributes.text(tags.UIH_IMAGE_HEADER) == tags.UIH_CREATOR:
        return attributes.number(tags.UIH_B_VALUE)
    return None


def read_gradient(frame: Frame) -> Sequence[float] | None:
    """The gradient direction, from the standard attribute or the vendor's own."""
    attributes = frame.attributes
    standard = attributes.numbers(tags.DIFFUSION_GRADIENT_ORIENTATION)
    if standard is not None:
        return standard
    if attributes.text(tags.SIEMENS_MR_HEADER).startswith("SIEMENS MR HEADER"):
        return attributes.numbers(tags.SIEMENS_GRADIENT_DIRECTION)
    if attributes.text(tags.GE_PARAMETERS) == GE_CREATOR:
        return read_vector(frame, tags.GE_GRADIENT_X, tags.GE_GRADIENT_Y, tags.GE_GRADIENT_Z)
    if attributes.text(tags.PHILIPS_MR_IMAGING).upper().startswith("PHILIPS MR IMAGING"):
        return read_vector(frame, tags.PHILIPS_GRADIENT_X, tags.PHILIPS_GRADIENT_Y, tags.PHILIPS_GRADIENT_Z)
    if attributes.text(tags.UIH_IMAGE_HEADER) == tags.UIH_CREATOR:
        return attributes.numbers(tags.UIH_GRADIENT_DIRECTION)
    return None


def read_csa_diffusion(frame: Frame) -> Value | None:
    """The same from the CSA header, where older Siemens scanners write it and nowhere else."""
    try:
        csa = read_csa(frame.header)
    except CorruptFileError:
        # It is asked for a label only, and something else may tell the volumes apart.
        return None
    b_value = csa.get("B_value")
    if not b_value:
        return None
    direction = csa.get("DiffusionGradientDirection", []) if b_value[0] else []
    return (round_digits(b_value[0]), *(round(component, 4) for component in direction))


def read_vector(frame: Frame, *components: int) -> list[float] | None:
    """Numbers that stand in an attribute each; None unless all are there."""
    numbers = [frame.attributes.number(tag) for tag in components]
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) else None


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


BY_TRIGGER_TIME = Candidate(
    "TriggerTime",
    make_number_reader(tags.TRIGGER_TIME, tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME),
    make_label("Trigger time {:g} ms"),
)
BY_ACQUISITION_TIME = Candidate(
    "AcquisitionTime",
    make_text_reader(tags.FRAME_ACQUISITION_DATE_TIME, tags.ACQUISITION_DATE_TIME, tags.ACQUISITION_TIME),
    make_label("Acquired at {}"),
)
BY_CONTENT_TIME = Candidate("ContentTime", make_text_reader(tags.CONTENT_TIME), make_label("Made at {}"))

BY_CARDIAC_PERCENTAGE = Candidate(
    "NominalPercentageOfCardiacPhase",
    make_number_reader(tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE),
    make_label("Phase {:g}%"),
)
BY_TEMPORAL_POSITION = Candidate(
    "TemporalPositionIdentifier",
    make_number_reader(tags.TEMPORAL_POSITION_INDEX, tags.TEMPORAL_POSITION_IDENTIFIER, tags.TIME_SLICE_VECTOR),
    make_label("Time {:g}"),
)
BY_DIFFUSION = Candidate("DiffusionBValue", read_diffusion, label_diffusion)
BY_CSA_DIFFUSION = Candidate("DiffusionBValue", read_csa_diffusion, label_diffusion)
"""In place of the other where no plane has that; read only when it is needed, for it is slow to read."""
BY_ECHO = Candidate("EchoTime", read_echo, label_echo)
BY_INVERSION_TIME = Candidate(
    "InversionTime", make_number_reader(tags.INVERSION_TIMES, tags.INVERSION_TIME), make_label("Inversion time {:g} ms")
)
BY_FLIP_ANGLE = Candidate("FlipAngle", make_number_reader(tags.FLIP_ANGLE), make_label("Flip angle {:g} degrees"))
BY_IMAGE_TYPE = Candidate("ImageType", read_image_type)
BY_ACQUISITION_NUMBER = Candidate(
    "AcquisitionNumber", make_number_reader(tags.ACQUISITION_NUMBER), make_label("Acquisition {:g}")
)

CANDIDATES = (
    BY_CARDIAC_PERCENTAGE,
    BY_TEMPORAL_POSITION,
    Candidate(
        "TemporalPositionTimeOffset", make_number_reader(tags.TEMPORAL_POSITION_TIME_OFFSET), make_label("Time {:g} s")
    ),
    BY_TRIGGER_TIME,
    BY_DIFFUSION,
    BY_ECHO,
    BY_INVERSION_TIME,
    BY_FLIP_ANGLE,
    BY_IMAGE_TYPE,
    Candidate("EnergyWindowVector", make_number_reader(tags.ENERGY_WINDOW_VECTOR), make_label("Energy window {:g}")),
    Candidate("DetectorVector", make_number_reader(tags.DETECTOR_VECTOR), make_label("Detector {:g}")),
    Candidate("PhaseVector", make_number_reader(tags.PHASE_VECTOR), make_label("Phase {:g}")),
    Candidate("TimeSlotVector", make_number_reader(tags.TIME_SLOT_VECTOR), make_label("Time slot {:g}")),
    Candidate("RRIntervalVector", make_number_reader(tags.RR_INTERVAL_VECTOR), make_label("R-R interval {:g}")),
    Candidate("StackID", make_text_reader(tags.STACK_ID), make_label("Stack {}")),
    BY_ACQUISITION_NUMBER,
    BY_ACQUISITION_TIME,
    BY_CONTENT_TIME,
)
"""Tried one by one, then two by two."""

RANKED = (BY_TRIGGER_TIME, BY_ACQUISITION_TIME, BY_CONTENT_TIME)
"""Times, which may differ in every image: only their order at each position counts."""

UNSPECIFIC = frozenset({BY_ACQUISITION_NUMBER, BY_ACQUISITION_TIME, BY_CONTENT_TIME})
"""These tell volumes apart and do not say what they are."""

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
