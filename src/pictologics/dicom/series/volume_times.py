"""When each volume of a series was acquired, in seconds from the first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

from ..frames.frame import Frame
from ..headers import tags
from ..suv.pet_attributes import UTC_OFFSET, parse_date, parse_time
from .volumes import SeriesVolume

__all__ = ["find_volume_times"]

MOMENT_TAGS = (tags.FRAME_ACQUISITION_DATE_TIME, tags.ACQUISITION_DATE_TIME)
"""Attributes that hold date and time together; the first that is there counts."""

UNDATED = date(1900, 1, 1)
"""The day of a time of day; only differences count."""

LONGEST_SCAN = 12 * 3600.0
"""Seconds: times of day that lie further apart went past midnight, and say nothing of the order."""


def find_volume_times(volumes: Sequence[SeriesVolume]) -> list[float] | None:
    """Seconds of each volume from the beginning of the first; None if they are not known or do not ascend.

    A volume begins with its earliest plane. Offsets that the scanner wrote count before times of day.
    """
    offsets = [read_offset(volume) for volume in volumes]
    known = [offset for offset in offsets if offset is not None]
    if len(known) < len(volumes):
        begins = [find_begin(volume) for volume in volumes]
        moments = [begin for begin in begins if begin is not None]
        if len(moments) < len(volumes):
            return None
        known = [(moment - moments[0]).total_seconds() for moment in moments]
    ascends = all(before < after for before, after in pairwise(known)) and known[-1] - known[0] <= LONGEST_SCAN
    return [float(f"{seconds:.9g}") for seconds in known] if ascends else None


def read_offset(volume: SeriesVolume) -> float | None:
    """The seconds that an enhanced object or a dynamic PET has itself."""
    found = []
    for frame in volume.frames:
        seconds = frame.attributes.try_number(tags.TEMPORAL_POSITION_TIME_OFFSET)
        if seconds is None:
            milliseconds = frame.attributes.try_number(tags.FRAME_REFERENCE_TIME)
            seconds = None if milliseconds is None else milliseconds / 1000
        if seconds is None:
            return None
        found.append(seconds)
    return min(found, default=None)


def find_begin(volume: SeriesVolume) -> datetime | None:
    """When the earliest plane was acquired; None if a plane does not say."""
    moments = []
    for frame in volume.frames:
        moment = read_moment(frame)
        if moment is None:
            return None
        moments.append(moment)
    return min(moments, default=None)


def read_moment(frame: Frame) -> datetime | None:
    """When a plane was acquired, without its time zone: all are of one scanner."""
    for tag in MOMENT_TAGS:
        text = frame.attributes.text(tag)
        if text:
            day, clock = parse_date(text[:8]), parse_time(UTC_OFFSET.sub("", text[8:]))
            return None if day is None or clock is None else datetime.combine(day, clock)
    clock = parse_time(frame.attributes.text(tags.ACQUISITION_TIME))
    return None if clock is None else datetime.combine(UNDATED, clock)
