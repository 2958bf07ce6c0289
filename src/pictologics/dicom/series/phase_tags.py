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
    "CANDIDATES",
    "CONTRASTS",
    "CSA_DIFFUSION",
    "DIFFUSION",
    "RANKED",
    "UNSPECIFIC",
    "Candidate",
    "Value",
    "differing_text",
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


def rounded(number: float) -> float:
    """A number without the digits that a float32 makes up."""
    return float(f"{number:.{SIGNIFICANT_DIGITS}g}")


def first_number(*candidates: int) -> Callable[[Frame], Value | None]:
    """The first of several attributes that a plane has, as a number."""

    def value(frame: Frame) -> Value | None:
        for tag in candidates:
            number = frame.attributes.number(tag)
            if number is not None:
                return rounded(number)
        return None

    return value


def first_text(*candidates: int) -> Callable[[Frame], Value | None]:
    """The first of several attributes that a plane has, as text."""

    def value(frame: Frame) -> Value | None:
        return next((text for tag in candidates if (text := frame.attributes.text(tag))), None)

    return value


def image_type(frame: Frame) -> Value | None:
    """Magnitude or phase, real or imaginary, in-phase, water or fat, as far as the file says."""
    parts = [*frame.image_type, *frame.attributes.texts(tags.COMPLEX_IMAGE_COMPONENT), ge_kind(frame)]
    return tuple(part for part in parts if part) or None


def ge_kind(frame: Frame) -> str:
    """Which part of a complex image a plane of GE is; its image type does not say it."""
    if frame.attributes.text(tags.GE_PARAMETERS) != GE_CREATOR:
        return ""
    number = frame.attributes.number(tags.GE_IMAGE_KIND)
    return GE_KINDS.get(int(number), "") if number is not None else ""


def echo(frame: Frame) -> Value | None:
    """Echo time, ms; the echo's number where there is no time."""
    return first_number(tags.EFFECTIVE_ECHO_TIME, tags.ECHO_TIME, tags.ECHO_NUMBERS)(frame)


def echo_label(value: Value, frame: Frame) -> str:
    """Such as "Echo 2 (4.92 ms)"."""
    number = frame.attributes.number(tags.ECHO_NUMBERS)
    has_time = any(tag in frame.attributes for tag in (tags.EFFECTIVE_ECHO_TIME, tags.ECHO_TIME))
    if not has_time:
        return f"Echo {value:g}"
    return f"Echo time {value:g} ms" if number is None else f"Echo {number:g} ({value:g} ms)"


def diffusion(frame: Frame) -> Value | None:
    """The b-value, s/mm2, and the gradient direction; the direction of b = 0 means nothing."""
    b_value = b_value_of(frame)
    if b_value is None:
        return None
    direction = gradient_of(frame) if b_value else None
    return (b_value, *(round(component, 4) for component in direction or ()))


def b_value_of(frame: Frame) -> float | None:
    """The standard attribute, or the vendor's own where a private creator says whose it is."""
    attributes = frame.attributes
    standard = attributes.number(tags.DIFFUSION_B_VALUE)
    if standard is not None:
        return rounded(standard)
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


def gradient_of(frame: Frame) -> Sequence[float] | None:
    """The gradient direction, from the standard attribute or the vendor's own."""
    attributes = frame.attributes
    standard = attributes.numbers(tags.DIFFUSION_GRADIENT_ORIENTATION)
    if standard is not None:
        return standard
    if attributes.text(tags.SIEMENS_MR_HEADER).startswith("SIEMENS MR HEADER"):
        return attributes.numbers(tags.SIEMENS_GRADIENT_DIRECTION)
    if attributes.text(tags.GE_PARAMETERS) == GE_CREATOR:
        return together(frame, tags.GE_GRADIENT_X, tags.GE_GRADIENT_Y, tags.GE_GRADIENT_Z)
    if attributes.text(tags.PHILIPS_MR_IMAGING).upper().startswith("PHILIPS MR IMAGING"):
        return together(frame, tags.PHILIPS_GRADIENT_X, tags.PHILIPS_GRADIENT_Y, tags.PHILIPS_GRADIENT_Z)
    if attributes.text(tags.UIH_IMAGE_HEADER) == tags.UIH_CREATOR:
        return attributes.numbers(tags.UIH_GRADIENT_DIRECTION)
    return None


def csa_diffusion(frame: Frame) -> Value | None:
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
    return (rounded(b_value[0]), *(round(component, 4) for component in direction))


def together(frame: Frame, *components: int) -> list[float] | None:
    """Numbers that stand in an attribute each; None unless all are there."""
    numbers = [frame.attributes.number(tag) for tag in components]
    found = [number for number in numbers if number is not None]
    return found if len(found) == len(numbers) else None


def diffusion_label(value: Value, _: Frame) -> str:
    """Such as "b=800" or "b=800 (0.71, 0, 0.71)"."""
    b_value, *direction = cast(tuple[float, ...], value)
    towards = ", ".join(f"{component:.3g}" for component in direction)
    return f"b={b_value:g}" + (f" ({towards})" if towards else "")


def worded(pattern: str) -> Callable[[Value, Frame], str]:
    """A label that puts the value into a phrase."""
    return lambda value, _: pattern.format(value)


def differing_text(value: Value, others: Sequence[Value]) -> str:
    """Of a text of several parts, those that not all volumes have in common."""
    if not isinstance(value, tuple):
        return str(value)
    common = set.intersection(*(set(other) for other in others if isinstance(other, tuple)))
    return " ".join(str(part) for part in value if part not in common) or "other"


TRIGGER = Candidate(
    "TriggerTime",
    first_number(tags.TRIGGER_TIME, tags.NOMINAL_CARDIAC_TRIGGER_DELAY_TIME),
    worded("Trigger time {:g} ms"),
)
ACQUISITION_TIME = Candidate(
    "AcquisitionTime",
    first_text(tags.FRAME_ACQUISITION_DATE_TIME, tags.ACQUISITION_DATE_TIME, tags.ACQUISITION_TIME),
    worded("Acquired at {}"),
)
CONTENT_TIME = Candidate("ContentTime", first_text(tags.CONTENT_TIME), worded("Made at {}"))

CARDIAC_PERCENTAGE = Candidate(
    "NominalPercentageOfCardiacPhase",
    first_number(tags.NOMINAL_PERCENTAGE_OF_CARDIAC_PHASE),
    worded("Phase {:g}%"),
)
TEMPORAL_POSITION = Candidate(
    "TemporalPositionIdentifier",
    first_number(tags.TEMPORAL_POSITION_INDEX, tags.TEMPORAL_POSITION_IDENTIFIER, tags.TIME_SLICE_VECTOR),
    worded("Time {:g}"),
)
DIFFUSION = Candidate("DiffusionBValue", diffusion, diffusion_label)
CSA_DIFFUSION = Candidate("DiffusionBValue", csa_diffusion, diffusion_label)
"""In place of the other where no plane has that; read only when it is needed, for it is slow to read."""
ECHO = Candidate("EchoTime", echo, echo_label)
INVERSION_TIME = Candidate(
    "InversionTime", first_number(tags.INVERSION_TIMES, tags.INVERSION_TIME), worded("Inversion time {:g} ms")
)
FLIP_ANGLE = Candidate("FlipAngle", first_number(tags.FLIP_ANGLE), worded("Flip angle {:g} degrees"))
IMAGE_TYPE = Candidate("ImageType", image_type)
ACQUISITION_NUMBER = Candidate("AcquisitionNumber", first_number(tags.ACQUISITION_NUMBER), worded("Acquisition {:g}"))

CANDIDATES = (
    CARDIAC_PERCENTAGE,
    TEMPORAL_POSITION,
    Candidate("TemporalPositionTimeOffset", first_number(tags.TEMPORAL_POSITION_TIME_OFFSET), worded("Time {:g} s")),
    TRIGGER,
    DIFFUSION,
    ECHO,
    INVERSION_TIME,
    FLIP_ANGLE,
    IMAGE_TYPE,
    Candidate("EnergyWindowVector", first_number(tags.ENERGY_WINDOW_VECTOR), worded("Energy window {:g}")),
    Candidate("DetectorVector", first_number(tags.DETECTOR_VECTOR), worded("Detector {:g}")),
    Candidate("PhaseVector", first_number(tags.PHASE_VECTOR), worded("Phase {:g}")),
    Candidate("TimeSlotVector", first_number(tags.TIME_SLOT_VECTOR), worded("Time slot {:g}")),
    Candidate("RRIntervalVector", first_number(tags.RR_INTERVAL_VECTOR), worded("R-R interval {:g}")),
    Candidate("StackID", first_text(tags.STACK_ID), worded("Stack {}")),
    ACQUISITION_NUMBER,
    ACQUISITION_TIME,
    CONTENT_TIME,
)
"""Tried one by one, then two by two."""

RANKED = (TRIGGER, ACQUISITION_TIME, CONTENT_TIME)
"""Times, which may differ in every image: only their order at each position counts."""

UNSPECIFIC = frozenset({ACQUISITION_NUMBER, ACQUISITION_TIME, CONTENT_TIME})
"""These tell volumes apart and do not say what they are."""

CONTRASTS = (CARDIAC_PERCENTAGE, TEMPORAL_POSITION, DIFFUSION, ECHO, INVERSION_TIME, FLIP_ANGLE, IMAGE_TYPE)
"""Two planes that differ in one of these are of two volumes, wherever they lie."""
