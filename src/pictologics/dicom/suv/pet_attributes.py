"""Numbers, moments and vendors' private values of a PET file, read from the raw values of its attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from math import isfinite
from typing import Final

from ...errors import CorruptFileError
from ..headers import tag_kinds, tags

__all__ = ["ATTRIBUTES", "UTC_OFFSET", "FactReader", "name_attribute", "parse_date", "parse_time"]

ATTRIBUTES: Final = {
    "series": (tags.SERIES_TIME, "SeriesDate, SeriesTime"),
    "acquired": (tags.ACQUISITION_TIME, "AcquisitionDate, AcquisitionTime"),
    "manufacturer": (tags.MANUFACTURER, "Manufacturer"),
    "private_scan": (0x0009100D, "GE's private scan date and time"),
    "sex": (tags.PATIENT_SEX, "PatientSex"),
    "size": (tags.PATIENT_SIZE, "PatientSize"),
    "weight": (tags.PATIENT_WEIGHT, "PatientWeight"),
    "start_time": (tags.RADIOPHARMACEUTICAL_START_TIME, "RadiopharmaceuticalStartTime"),
    "dose": (tags.RADIONUCLIDE_TOTAL_DOSE, "RadionuclideTotalDose"),
    "half_life": (tags.RADIONUCLIDE_HALF_LIFE, "RadionuclideHalfLife"),
    "start": (tags.RADIOPHARMACEUTICAL_START_DATE_TIME, "RadiopharmaceuticalStartDateTime"),
    "duration": (tags.ACTUAL_FRAME_DURATION, "ActualFrameDuration"),
    "corrected": (tags.CORRECTED_IMAGE, "CorrectedImage"),
    "tracers": (tags.RADIOPHARMACEUTICAL_INFORMATION_SEQUENCE, "RadiopharmaceuticalInformationSequence"),
    "units": (tags.UNITS, "Units"),
    "suv_type": (tags.SUV_TYPE, "SUVType"),
    "decay_correction": (tags.DECAY_CORRECTION, "DecayCorrection"),
    "reference_time": (tags.FRAME_REFERENCE_TIME, "FrameReferenceTime"),
    "corrected_to": (tags.DECAY_CORRECTION_DATE_TIME, "DecayCorrectionDateTime"),
    "decay": (tags.DECAY_CORRECTED, "DecayCorrected"),
    "attenuation": (tags.ATTENUATION_CORRECTED, "AttenuationCorrected"),
    "mapped_units": (0x004008EA, "MeasurementUnitsCodeSequence of its RealWorldValueMappingSequence"),
    "suv_factor": (0x70531000, "Philips' private SUV factor"),
    "activity_factor": (0x70531009, "Philips' private activity factor"),
}
"""Tag and keyword of the attribute that each fact comes from."""

TIME_OF_DAY: Final = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(\.\d{1,6})?)?)?")
"""HHMMSS.FFFFFF, of which the end may be missing (DICOM PS3.5 6.2, TM); colons are those of its retired form."""

DATE: Final = re.compile(r"(\d{4})\.?(\d\d)\.?(\d\d)")
"""YYYYMMDD (PS3.5 6.2, DA); periods are those of its retired form."""

UTC_OFFSET: Final = re.compile(r"([+-])(\d\d)(\d\d)")
"""Hours and minutes from UTC, at the end of a date and time or on their own (PS3.5 6.2, DT)."""


def name_attribute(fact: str) -> str:
    """The attribute of a fact, by keyword and tag."""
    tag, keyword = ATTRIBUTES[fact]
    return f"{keyword} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


class FactReader:
    """Reads facts from the raw values of one data set."""

    def __init__(self, path: str, values: Mapping[int, bytes]) -> None:
        self.path = path
        self.values = values
        # Few, and in most files none.
        self.private = sorted(tag_kinds.PET_BLOCKS.intersection(values))

    def malformed_error(self, fact: str, text: str) -> CorruptFileError:
        """The error for a value that its attribute cannot hold."""
        return CorruptFileError(
            f"its {name_attribute(fact)} has {len(text)} characters that are not a value of that attribute",
            path=self.path,
            advice="correct the attribute",
            attribute=fact,
        )

    def get_text(self, tag: int) -> str:
        """An attribute as text without padding; empty if it is missing or empty."""
        return self.values.get(tag, b"").decode("latin-1").strip(" \0")

    def read_text(self, fact: str) -> str:
        """A text attribute in upper case."""
        return self.get_text(ATTRIBUTES[fact][0]).upper()

    def read_number(self, fact: str) -> float | None:
        """A number; zero counts as missing, as scanners write it for what they were not told."""
        return self.parse_number(fact, self.read_text(fact))

    def read_private_number(self, fact: str, creator: str) -> float | None:
        """A number in a vendor's block."""
        return self.parse_number(fact, self.read_private_text(fact, creator))

    def parse_number(self, fact: str, text: str) -> float | None:
        """A number from its text."""
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            raise self.malformed_error(fact, text) from None
        if not isfinite(number) or number < 0:
            raise self.malformed_error(fact, text)
        return number or None

    def read_private_text(self, fact: str, creator: str) -> str:
        """A text in a vendor's block, wherever in its group the block lies; empty if it is not there."""
        group, element = ATTRIBUTES[fact][0] >> 16, ATTRIBUTES[fact][0] & 0xFF
        # Each vendor takes the next free block of a private group, so that its number differs from file to file.
        for tag in self.private:
            if tag >> 8 == group << 8 and self.get_text(tag) == creator:
                return self.get_text(group << 16 | (tag & 0xFF) << 8 | element)
        return ""

    def read_zone(self) -> tzinfo | None:
        """The time zone of dates and times that name none (TimezoneOffsetFromUTC)."""
        return parse_offset(self.get_text(tags.TIMEZONE_OFFSET_FROM_UTC))

    def read_day_and_time(self, date_tag: int, fact: str, zone: tzinfo | None) -> datetime | None:
        """A moment from a date and a time of day."""
        day = self.get_text(date_tag)
        clock = self.read_time_of_day(fact)
        if not day or clock is None:
            return None
        parsed = parse_date(day)
        if parsed is None:
            raise self.malformed_error(fact, day)
        return datetime.combine(parsed, clock, zone)

    def read_time_of_day(self, fact: str) -> time | None:
        """A time of day."""
        text = self.read_text(fact)
        if not text:
            return None
        parsed = parse_time(text)
        if parsed is None:
            raise self.malformed_error(fact, text)
        return parsed

    def read_moment(self, fact: str, zone: tzinfo | None) -> datetime | None:
        """A moment written as one."""
        return self.parse_moment(fact, self.read_text(fact), zone)

    def read_private_moment(self, fact: str, creator: str, zone: tzinfo | None) -> datetime | None:
        """A moment in a vendor's block."""
        return self.parse_moment(fact, self.read_private_text(fact, creator), zone)

    def parse_moment(self, fact: str, text: str, zone: tzinfo | None) -> datetime | None:
        """A moment from its text: the day and the hour at least, and maybe a time zone."""
        if not text:
            return None
        offset = UTC_OFFSET.search(text)
        body = text[: offset.start()] if offset else text
        day, clock = parse_date(body[:8]), parse_time(body[8:])
        if day is None or clock is None:
            raise self.malformed_error(fact, text)
        return datetime.combine(day, clock, parse_offset(offset.group()) if offset else zone)


@lru_cache(maxsize=256)
def parse_date(text: str) -> date | None:
    """The date that a text is; None if it is not one."""
    found = DATE.fullmatch(text)
    try:
        return None if found is None else date(*map(int, found.groups()))
    except ValueError:
        return None


@lru_cache(maxsize=256)
def parse_time(text: str) -> time | None:
    """The time of day that a text is; None if it is not one. A leap second becomes the one before it."""
    found = TIME_OF_DAY.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = (int(part or 0) for part in found.groups()[:3])
    fraction = round(float(found[4] or 0) * 1e6)
    try:
        return time(hour, minute, min(second, 59), min(fraction, 999_999))
    except ValueError:
        return None


def parse_offset(text: str) -> timezone | None:
    """The time zone that a text is; None if it is not one."""
    found = UTC_OFFSET.fullmatch(text)
    if found is None:
        return None
    minutes = int(found[2]) * 60 + int(found[3])
    return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes)) if minutes < 24 * 60 else None
