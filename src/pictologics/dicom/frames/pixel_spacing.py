"""Reads how far pixels lie apart: from the first of several attributes that holds a spacing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ..headers import tags
from ..headers.attributes import Attributes
from ..headers.header import UNKNOWN_PLACE, Header
from ..headers.sequence_parser import Item, read_items
from .plane_attributes import LEAST_DISTANCE, MOST_DISTANCE

__all__ = ["PixelSpacing", "read_pixel_spacing"]

SPACING_TAGS: Final = (
    tags.PIXEL_SPACING,
    tags.IMAGER_PIXEL_SPACING,
    tags.IMAGE_PLANE_PIXEL_SPACING,
    tags.NOMINAL_SCANNED_PIXEL_SPACING,
)
"""The first is true in the patient; the others are all that projection images, RT images and scanned films have."""

TWO_DIMENSIONAL: Final = 1
"""RegionSpatialFormat of a region that shows tissue in two dimensions (DICOM PS3.3 C.8.5.5.1.1)."""

CENTIMETERS: Final = 3
"""PhysicalUnitsXDirection of a length; other units are seconds, hertz or cm/s (PS3.3 C.8.5.5.1.15)."""


@dataclass(frozen=True, slots=True)
class PixelSpacing:
    """How far the pixels of a plane lie apart.

    Attributes:
        distances: Between rows and between columns, mm, in this order (DICOM PS3.3 10.7.1.3); None if no attribute says
            it.
        source: The attribute that says it; empty without one.
        unusable: Attributes that are there and hold no spacing, with their values.
    """

    distances: tuple[float, float] | None
    source: str = ""
    unusable: tuple[str, ...] = ()


def read_pixel_spacing(attributes: Attributes) -> PixelSpacing:
    """Read the distances between rows and between columns.

    Zero, a negative, infinite or absurd number, a text, and too few or too many numbers are no spacing, as an empty
    value is none: writers put them where they do not know it.
    """
    unusable: list[str] = []
    for tag in SPACING_TAGS:
        if tag not in attributes:
            continue
        distances = check_distances(attributes.try_numbers(tag), attributes)
        if distances is not None:
            return make_spacing(distances, tags.KEYWORDS[tag], tuple(unusable))
        text = attributes.text(tag)
        if text:
            unusable.append(name_unusable_spacing(tags.KEYWORDS[tag], text))
    if isinstance(attributes, Header) and tags.SEQUENCE_OF_ULTRASOUND_REGIONS in attributes.located:
        distances = read_region_spacing(attributes)
        if distances is not None:
            keyword = tags.KEYWORDS[tags.SEQUENCE_OF_ULTRASOUND_REGIONS]
            return PixelSpacing(distances, keyword, tuple(unusable))
    return PixelSpacing(None, "", tuple(unusable))


def name_unusable_spacing(keyword: str, text: str) -> str:
    """Name a spacing that is none, with what it holds if these are numbers."""
    is_numeric = len(text) <= 40 and set(text) <= set("0123456789+-.eE\\ ")
    return f"{keyword} {text}" if is_numeric else f"{keyword} (of {len(text)} characters)"


@lru_cache(maxsize=256)
def make_spacing(distances: tuple[float, float], source: str, unusable: tuple[str, ...]) -> PixelSpacing:
    """A spacing, one and the same for all the frames that say it."""
    return PixelSpacing(distances, source, unusable)


def check_distances(numbers: tuple[float, ...] | None, attributes: Attributes) -> tuple[float, float] | None:
    """The two numbers of a spacing; None if they are none.

    Of a single row or column the distance to the next may be zero (PS3.3 10.7.1.3): then pixels are taken as square.
    """
    if numbers is None or len(numbers) != 2 or min(numbers) < 0:
        return None
    rows, columns = numbers
    if not all(number == 0 or LEAST_DISTANCE <= number <= MOST_DISTANCE for number in numbers):
        return None
    if rows and columns:
        return numbers
    if columns and attributes.short(tags.ROWS) == 1:
        return columns, columns
    if rows and attributes.short(tags.COLUMNS) == 1:
        return rows, rows
    return None


def read_region_spacing(header: Header) -> tuple[float, float] | None:
    """The spacing in the largest region of an ultrasound image that shows tissue (PS3.3 C.8.5.5); None without one."""
    if header.located[tags.SEQUENCE_OF_ULTRASOUND_REGIONS] == UNKNOWN_PLACE:
        return None
    spacings = [
        (measure_region(region), spacing)
        for region in read_items(header, tags.SEQUENCE_OF_ULTRASOUND_REGIONS)
        if (spacing := read_spacing_within(region)) is not None
    ]
    if not spacings:
        return None
    return max(spacings, key=lambda entry: entry[0])[1]


def read_spacing_within(region: Item) -> tuple[float, float] | None:
    """The distances between rows and columns in one region, mm; None if it does not show tissue, to scale."""
    units = (region.short(tags.PHYSICAL_UNITS_X_DIRECTION), region.short(tags.PHYSICAL_UNITS_Y_DIRECTION))
    if region.short(tags.REGION_SPATIAL_FORMAT) != TWO_DIMENSIONAL or units != (CENTIMETERS, CENTIMETERS):
        return None
    columns, rows = (region.try_number(tag) for tag in (tags.PHYSICAL_DELTA_X, tags.PHYSICAL_DELTA_Y))
    # A negative one only says that the axis of the region runs the other way.
    distances = 10 * abs(rows or 0.0), 10 * abs(columns or 0.0)
    return distances if min(distances) >= LEAST_DISTANCE and max(distances) <= MOST_DISTANCE else None


def measure_region(region: Item) -> float:
    """How many pixels a region covers; 0 if it does not say."""
    corners = [
        region.try_number(tag)
        for tag in (
            tags.REGION_LOCATION_MIN_X0,
            tags.REGION_LOCATION_MIN_Y0,
            tags.REGION_LOCATION_MAX_X1,
            tags.REGION_LOCATION_MAX_Y1,
        )
    ]
    left, top, right, bottom = (corner or 0.0 for corner in corners)
    return max(right - left + 1, 0.0) * max(bottom - top + 1, 0.0)
