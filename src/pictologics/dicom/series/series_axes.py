"""The volumes of a series -> the axes along which they lie: times, echoes, b-values and directions, phases."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from ...series.axes import AxisLabel, SeriesAxis, arrange_axes, number_axis
from ..headers import tags
from .phase_info import DicomPhaseInfo
from .phase_order import COMPONENTS, label_kind
from .phase_values import Value
from .volume_times import find_volume_times
from .volumes import SeriesVolume

__all__ = ["find_series_axes"]

Convert = Callable[[Value], AxisLabel]


def keep_value(value: Value) -> AxisLabel:
    """A number or a text as it is, several of them as one text."""
    if isinstance(value, tuple):
        is_vector = all(isinstance(part, (int, float)) for part in value)
        return tuple(map(float, value)) if is_vector else " ".join(map(str, value))
    return float(value) if isinstance(value, (int, float)) else value


def to_seconds(value: Value) -> AxisLabel:
    """Milliseconds in seconds."""
    return float(f"{value / 1000:.9g}") if isinstance(value, (int, float)) else keep_value(value)


KNOWN_AXES: Final[dict[str, tuple[str, str, Convert]]] = {
    "NominalPercentageOfCardiacPhase": ("phase", "%", keep_value),
    "NominalPercentageOfRespiratoryPhase": ("phase", "%", keep_value),
    "TemporalPositionTimeOffset": ("time", "s", keep_value),
    "TriggerTime": ("time", "s", to_seconds),
    "NominalRespiratoryTriggerDelayTime": ("time", "s", to_seconds),
    "FrameReferenceTime": ("time", "s", to_seconds),
    "EchoTime": ("echo", "ms", keep_value),
    "InversionTime": ("inversion_time", "ms", keep_value),
    "RepetitionTime": ("repetition_time", "ms", keep_value),
    "FlipAngle": ("flip_angle", "degrees", keep_value),
    "VelocityEncodingDirection": ("direction", "", keep_value),
    "VelocityEncodingMaximumValue": ("velocity", "cm/s", keep_value),
    "MonoenergeticEnergyEquivalent": ("energy", "keV", keep_value),
    "KVP": ("energy", "kV", keep_value),
    "EnergyWindowVector": ("energy_window", "", keep_value),
    "DetectorVector": ("detector", "", keep_value),
    "PhaseVector": ("phase", "", keep_value),
    "RRIntervalVector": ("rr_interval", "", keep_value),
    "ReceiveCoilName": ("coil", "", keep_value),
    "ASLContext": ("context", "", keep_value),
    "ImageType": ("component", "", keep_value),
}
"""Name and units of the axis that an attribute makes, and how its values become labels."""

COUNTS_OF_TIME: Final = frozenset(
    {
        "TemporalPositionIdentifier",
        "ImageIndex",
        "TimeSlotVector",
        "AcquisitionTime",
        "ContentTime",
        "AcquisitionNumber",
    }
)
"""Attributes that count volumes in time, or give a time of day: of seconds the times of acquisition tell."""

DIFFUSION: Final = "DiffusionBValue"


def find_series_axes(
    volumes: Sequence[SeriesVolume], phases: Sequence[DicomPhaseInfo]
) -> tuple[tuple[SeriesAxis, ...], npt.NDArray[np.intp]]:
    """The axes of the volumes of a series, and the number of the volume at each place.

    Args:
        volumes: The volumes.
        phases: What is known of each of them.
    """
    keywords = [volume.phase.tag.split(" + ") if volume.phase.tag else [] for volume in volumes]
    asks_for_times = len(volumes) > 1 and (not keywords[0] or not COUNTS_OF_TIME.isdisjoint(keywords[0]))
    times = find_volume_times(volumes) if asks_for_times else None
    if any(own != keywords[0] for own in keywords) or not keywords[0]:
        axes = [make_unnamed_axis(len(volumes), times)]
    else:
        values = [split_values(volume.phase.value, len(keywords[0])) for volume in volumes]
        axes = [
            make_axis(keyword, [own[place] for own in values], volumes, phases, times)
            for place, keyword in enumerate(keywords[0])
        ]
    if len(axes) > 1 and len({axis.name for axis in axes}) < len(axes):
        axes = [replace(axis, name=f"{axis.name}_{k}") if k else axis for k, axis in enumerate(axes)]
    arranged, numbers = arrange_axes(axes)
    if len(axes) > 1 and len(arranged) == 1 and DIFFUSION in keywords[0]:
        # b = 0 once more, or a direction acquired again, has another number of acquisition beside it.
        main = axes[keywords[0].index(DIFFUSION)]
        others = {name: values for name, values in arranged[0].coordinates.items() if name not in main.names}
        return (replace(main, coordinates={**main.coordinates, **others}),), numbers
    return arranged, numbers


def split_values(value: Value | None, count: int) -> list[Value | None]:
    """The values of so many attributes; that of one alone may itself be several numbers."""
    return [value] if count == 1 else list(value) if isinstance(value, tuple) else [value] * count


def make_unnamed_axis(count: int, times: Sequence[float] | None) -> SeriesAxis:
    """The axis of volumes that no attribute tells apart: their times, if they have any, else their numbers."""
    return number_axis("volume", count) if times is None else SeriesAxis("time", tuple(times), "s")


def make_axis(
    keyword: str,
    values: Sequence[Value | None],
    volumes: Sequence[SeriesVolume],
    phases: Sequence[DicomPhaseInfo],
    times: Sequence[float] | None,
) -> SeriesAxis:
    """The labels that an attribute gives to each volume."""
    if keyword == DIFFUSION:
        return make_diffusion_axis(values, phases)
    if keyword in COUNTS_OF_TIME:
        if times is not None:
            return SeriesAxis("time", tuple(times), "s")
        name = "time" if keyword == "TemporalPositionIdentifier" else make_name(keyword)
        return SeriesAxis(name, tuple(None if value is None else keep_value(value) for value in values))
    if keyword == tags.KEYWORDS[tags.IMAGE_TYPE]:
        return SeriesAxis(
            "component", tuple(name_component(value, values, volumes[k]) for k, value in enumerate(values))
        )
    name, units, convert = KNOWN_AXES.get(keyword, (make_name(keyword), "", keep_value))
    return SeriesAxis(name, tuple(None if value is None else convert(value) for value in values), units)


def make_diffusion_axis(values: Sequence[Value | None], phases: Sequence[DicomPhaseInfo]) -> SeriesAxis:
    """b-values where there are no directions; else directions, each with its b-value."""
    b_values = tuple(phase.b_value for phase in phases)
    directions = tuple(phase.b_direction for phase in phases)
    if not any(directions):
        return SeriesAxis("b_value", b_values, "s/mm2")
    return SeriesAxis("direction", directions, "", {"b_value": b_values})


def name_component(value: Value | None, values: Sequence[Value | None], volume: SeriesVolume) -> str:
    """What tells the image type of a volume from those of the others, such as "magnitude" or "phase"."""
    label = label_kind(value, list(values), volume.frames[0])
    word = COMPONENTS.get(label, label)
    return word.lower() if word in COMPONENTS.values() else word


def make_name(keyword: str) -> str:
    """A keyword of DICOM as a name of Python: "StackID" becomes "stack_id"."""
    return re.sub(r"\W+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", keyword)).strip("_").lower()
