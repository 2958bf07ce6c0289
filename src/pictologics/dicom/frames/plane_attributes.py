"""Reads what attributes say of one plane, checked: position, orientation, spacing, size, and rescale."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from ...array_types import FloatArray
from ..headers import tags
from ..headers.attributes import Attributes

__all__ = [
    "AXIAL",
    "LEAST_DISTANCE",
    "MOST_DISTANCE",
    "Cosines",
    "Position",
    "find_normal",
    "find_void_slope",
    "read_distance",
    "read_mapped_unit",
    "read_orientation",
    "read_plane_size",
    "read_position",
    "read_rescale",
]

Position = tuple[float, float, float]
"""A point in the patient, LPS, mm."""

Cosines = tuple[float, float, float, float, float, float]
"""Unit vectors along a row and down a column, LPS."""

AXIAL: Final[Cosines] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""Direction cosines of a plane whose rows run to the patient's left and whose columns run to the back."""

MOST_DISTANCE: Final = 1e9
"""Length, mm, beyond which a position or a distance is an error of its header.

It is a thousand kilometers. Farther out float64 no longer tells slices of a micrometer apart, planes at different
places fall together, and their geometry divides by zero."""

LEAST_DISTANCE: Final = 1e-9
"""Distance of pixels or slices, mm, below which it is an error of its header: a hundredth of an atom.

Positions as far off as they may be, counted in steps as small as these, are still numbers that float64 holds."""

UNIT_LENGTH_TOLERANCE: Final = 1e-2
"""Of squared lengths and the scalar product of two cosines, which scanners write with six digits or fewer."""

UNITLESS: Final = frozenset({"", "1", "{no units}", "US"})
"""Units of a real world value map that say nothing: none, "no units" and "1" (UCUM), and "unspecified"."""


def read_plane_size(attributes: Attributes) -> tuple[int, int]:
    """Rows and columns of a stored frame; 0 where the file does not say."""
    return attributes.short(tags.ROWS) or 0, attributes.short(tags.COLUMNS) or 0


def find_normal(orientation: Cosines) -> FloatArray:
    """The unit vector across a plane: rows, columns and normal form a right-handed set."""
    return np.cross(orientation[:3], orientation[3:])


def read_position(attributes: Attributes, tag: int = tags.IMAGE_POSITION_PATIENT) -> Position | None:
    """ImagePositionPatient, or another position, mm, LPS; None if it is missing or empty.

    Raises:
        CorruptFileError: If it is not three numbers, or farther off than :data:`MOST_DISTANCE`.
    """
    position = attributes.numbers(tag)
    if position is None:
        return None
    if len(position) != 3 or max(map(abs, position)) > MOST_DISTANCE:
        raise attributes.malformed_error(tag)
    return position


def read_distance(attributes: Attributes, tag: int) -> float:
    """A distance with its sign, mm; 0.0 where it is missing, zero, absurd or no number."""
    distance = attributes.try_number(tag) or 0.0
    return distance if LEAST_DISTANCE <= abs(distance) <= MOST_DISTANCE else 0.0


def read_orientation(attributes: Attributes, tag: int = tags.IMAGE_ORIENTATION_PATIENT) -> Cosines | None:
    """ImageOrientationPatient, or other cosines; None if they are missing, empty or all zero, which is no direction.

    Raises:
        CorruptFileError: If they are not two perpendicular unit vectors.
    """
    cosines = attributes.numbers(tag)
    if cosines is None or (len(cosines) == 6 and not any(cosines)):
        return None
    if len(cosines) != 6 or not are_perpendicular(cosines):
        raise attributes.malformed_error(tag)
    return cosines


@lru_cache(maxsize=1024)
def are_perpendicular(cosines: Cosines) -> bool:
    """Whether cosines are two perpendicular unit vectors. Most repeat from slice to slice."""
    row, column = cosines[:3], cosines[3:]
    lengths = [sum(c * c for c in vector) for vector in (row, column)]
    across = sum(a * b for a, b in zip(row, column, strict=True))
    return max(abs(lengths[0] - 1), abs(lengths[1] - 1), abs(across)) < UNIT_LENGTH_TOLERANCE


def read_mapped_unit(attributes: Attributes) -> str:
    """What a real world value map counts, in UCUM; empty if there is no linear one or it says nothing.

    Codes of more than 16 characters stand in an attribute of their own (DICOM PS3.3 8.8).
    """
    if not attributes.number(tags.REAL_WORLD_VALUE_SLOPE):
        return ""
    unit = attributes.text(tags.CODE_VALUE) or attributes.text(tags.LONG_CODE_VALUE)
    return "" if unit in UNITLESS else unit


def read_rescale(attributes: Attributes) -> tuple[float, float]:
    """Slope and intercept from stored to real values; 1.0 and 0.0 without any.

    A real world value map counts before a rescale where its unit is real; dose has a factor of its own
    (DoseGridScaling, DICOM PS3.3 C.8.8.3.4). An empty attribute counts as missing, and so does a line whose slope is
    zero: writers put it where they do not know the slope, and every value would be one. But a dose may well be zero.
    """
    mapped = attributes.number(tags.REAL_WORLD_VALUE_SLOPE)
    if mapped is not None and read_mapped_unit(attributes):
        return mapped, attributes.number(tags.REAL_WORLD_VALUE_INTERCEPT) or 0.0
    slope = attributes.number(tags.RESCALE_SLOPE)
    intercept = attributes.number(tags.RESCALE_INTERCEPT)
    if slope == 0:
        return 1.0, 0.0
    if slope is None:
        slope = attributes.number(tags.DOSE_GRID_SCALING)
    return 1.0 if slope is None else slope, 0.0 if intercept is None else intercept


def find_void_slope(attributes: Attributes) -> int:
    """The attribute that says a slope of zero where :func:`read_rescale` asks for one; 0 if none does."""
    mapped = attributes.number(tags.REAL_WORLD_VALUE_SLOPE)
    if mapped == 0:
        return tags.REAL_WORLD_VALUE_SLOPE
    if read_mapped_unit(attributes):
        return 0
    for tag in (tags.RESCALE_SLOPE, tags.DOSE_GRID_SCALING):
        slope = attributes.number(tag)
        if slope is not None:
            return 0 if slope else tag
    return 0
