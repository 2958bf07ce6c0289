"""NrrdHeader -> the axes along which its volumes lie: times, echoes, directions of diffusion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite

import numpy as np

from ...series.axes import AxisLabel, SeriesAxis, number_axis
from ..text_fields import parse_numbers
from .header import NrrdHeader, split_quoted

__all__ = ["find_nrrd_axes"]

SLICER_AXES = {
    "AcquisitionTime": ("time", "s", 1e-3),
    "TriggerTime": ("time", "s", 1e-3),
    "EchoTime": ("echo", "ms", 1.0),
    "FlipAngle": ("flip_angle", "degrees", 1.0),
    "RepetitionTime": ("repetition_time", "ms", 1.0),
}
"""What 3D Slicer's ``MultiVolume.FrameIdentifyingDICOMTagName`` says tells the frames apart; its times are in ms."""

SECONDS = {"s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3, "msec": 1e-3, "us": 1e-6, "min": 60.0}
"""Seconds by the unit of an axis."""

GRADIENT_KEY = re.compile(r"DWMRI_gradient_\d{1,6}")
"""Keys of 3D Slicer that hold the gradient of each volume, the longest of which has the nominal b-value."""

LEAST_GRADIENT = 1e-6
"""A shorter vector is none: it stands for b = 0."""


def find_nrrd_axes(header: NrrdHeader, spatial: tuple[int, ...]) -> dict[int, SeriesAxis]:
    """What the header says of its axes that are not spatial, by their number.

    Args:
        header: The header.
        spatial: The spatial axes.
    """
    found = {}
    for axis, size in enumerate(header.sizes):
        if axis in spatial or size < 2:
            continue
        kind = header.kinds[axis] if header.kinds else ""
        if kind == "time":
            found[axis] = make_time_axis(header, axis)
        elif kind in ("list", ""):
            own = read_gradients(header, size) or read_frame_labels(header.keys, size)
            timed = make_time_axis(header, axis)
            if own is not None or timed.units == "s":
                found[axis] = own or timed
    return found


def make_time_axis(header: NrrdHeader, axis: int) -> SeriesAxis:
    """An axis of times: seconds, where the header has their step and their unit."""
    size, step, start = header.sizes[axis], header.spacings[axis], header.minima[axis]
    units = split_quoted(header.text.fields.get("units", ""))
    unit = units[axis].lower() if len(units) == len(header.sizes) else ""
    if not isfinite(step) or step <= 0:
        return number_axis("time", size)
    scale = SECONDS.get(unit, 1.0)
    first = start if isfinite(start) else 0.0
    labels = tuple(float(f"{(first + k * step) * scale:.9g}") for k in range(size))
    return SeriesAxis("time", labels, "s" if unit in SECONDS else unit)


def read_frame_labels(keys: Mapping[str, str], size: int) -> SeriesAxis | None:
    """The labels of the frames of a multi-volume of 3D Slicer; None if it is none, or has another number of them."""
    name = keys.get("MultiVolume.FrameIdentifyingDICOMTagName", "")
    labels = parse_numbers(keys.get("MultiVolume.FrameLabels", "").replace(",", " "))
    if labels is None or len(labels) != size or name not in SLICER_AXES:
        return None
    axis, units, scale = SLICER_AXES[name]
    return SeriesAxis(axis, tuple(float(f"{label * scale:.9g}") for label in labels), units)


def read_gradients(header: NrrdHeader, size: int) -> SeriesAxis | None:
    """The gradients of a diffusion scan as 3D Slicer writes them, in the patient's coordinates (LPS).

    They stand in the measurement frame; b-values are the nominal one times the square of a gradient's length.
    """
    keys = header.keys
    nominal = parse_numbers(keys.get("DWMRI_b-value", ""))
    names = sorted(key for key in keys if GRADIENT_KEY.fullmatch(key))
    vectors = [parse_numbers(keys[name]) for name in names]
    is_odd = any(vector is None or len(vector) != 3 for vector in vectors)
    if nominal is None or len(nominal) != 1 or len(vectors) != size or is_odd:
        return None
    frame = read_measurement_frame(header)
    if frame is None:
        return None
    gradients = np.array(vectors, np.float64)
    longest = float(np.linalg.norm(gradients, axis=1).max())
    if longest < LEAST_GRADIENT:
        return None
    lengths = np.linalg.norm(gradients, axis=1) / longest
    directions: list[AxisLabel] = []
    for vector, length in zip(gradients @ frame.T, lengths.tolist(), strict=True):
        is_none = length < LEAST_GRADIENT
        directions.append(None if is_none else tuple((vector / np.linalg.norm(vector)).tolist()))
    b_values = tuple(float(f"{nominal[0] * length**2:.6g}") for length in lengths.tolist())
    return SeriesAxis("direction", tuple(directions), "", {"b_value": b_values})


def read_measurement_frame(header: NrrdHeader) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    """The matrix from the measurement frame to LPS; None where the space does not say where the patient's sides are."""
    signs = {"left-posterior-superior": (1, 1), "lps": (1, 1), "right-anterior-superior": (-1, -1), "ras": (-1, -1)}
    signs |= {"left-anterior-superior": (1, -1), "las": (1, -1)}
    if header.space not in signs:
        return None
    text = header.text.fields.get("measurement frame", "")
    numbers = parse_numbers(re.sub(r"[(),]", " ", text))
    # NRRD, "measurement frame": each vector is a column.
    matrix = np.eye(3) if numbers is None or len(numbers) != 9 else np.array(numbers).reshape(3, 3).T
    flips = np.diag([*signs[header.space], 1])
    return np.asarray(flips @ matrix, np.float64)
