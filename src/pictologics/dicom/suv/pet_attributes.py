"""Numbers, moments and vendors' private values of a PET file, as text that pydicom has not converted."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from math import isfinite
from typing import TYPE_CHECKING, Final

from ...errors import CorruptFileError
from ..headers.full_dataset import get_text_value

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["ATTRIBUTES", "FactReader", "name_attribute"]

ATTRIBUTES: Final = {
    "series": (0x00080031, "SeriesDate, SeriesTime"),
    "acquired": (0x00080032, "AcquisitionDate, AcquisitionTime"),
    "manufacturer": (0x00080070, "Manufacturer"),
    "private_scan": (0x0009100D, "GE's private scan date and time"),
    "sex": (0x00100040, "PatientSex"),
    "size": (0x00101020, "PatientSize"),
    "weight": (0x00101030, "PatientWeight"),
    "start_time": (0x00181072, "RadiopharmaceuticalStartTime"),
    "dose": (0x00181074, "RadionuclideTotalDose"),
    "half_life": (0x00181075, "RadionuclideHalfLife"),
    "start": (0x00181078, "RadiopharmaceuticalStartDateTime"),
    "duration": (0x00181242, "ActualFrameDuration"),
    "corrected": (0x00280051, "CorrectedImage"),
    "tracers": (0x00540016, "RadiopharmaceuticalInformationSequence"),
    "units": (0x00541001, "Units"),
    "suv_type": (0x00541006, "SUVType"),
    "decay_correction": (0x00541102, "DecayCorrection"),
    "reference_time": (0x00541300, "FrameReferenceTime"),
    "corrected_to": (0x00189701, "DecayCorrectionDateTime"),
    "decay": (0x00189758, "DecayCorrected"),
    "attenuation": (0x00189759, "AttenuationCorrected"),
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
    """Reads facts from one data set."""

    def __init__(self, path: str, dataset: Dataset) -> None:
        self.path = path
        self.dataset = dataset

    def malformed_error(self, fact: str, text: str) -> CorruptFileError:
        """The error for a value that its attribute cannot hold."""
        return CorruptFileError(
            f"its {name_attribute(fact)} has {len(text)} characters that are not a value of that attribute",
            path=self.path,
            advice="correct the attribute",
            attribute=fact,
        )

    def read_text(self, fact: str) -> str:
        """A text attribute in upper case."""
        return get_text_value(self.dataset, ATTRIBUTES[fact][0]).upper()

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
        for block in self.list_blocks(group):
            if get_text_value(self.dataset, group << 16 | block) == creator:
                return get_text_value(self.dataset, group << 16 | block << 8 | element)
        return ""

    def list_blocks(self, group: int) -> list[int]:
        """The blocks of a private group that are taken: few, and in most files none (DICOM PS3.5 7.8.1)."""
        first, last = group << 16 | 0x10, group << 16 | 0xFF
        # Plain numbers: pydicom's own compare at a tenth of their speed.
        return sorted(tag & 0xFF for tag in map(int, self.dataset.keys()) if first <= tag <= last)

    def read_zone(self) -> tzinfo | None:
        """The time zone of dates and times that name none (TimezoneOffsetFromUTC)."""
        return parse_offset(get_text_value(self.dataset, 0x00080201))

    def read_day_and_time(self, date_tag: int, fact: str, zone: tzinfo | None) -> datetime | None:
        """A moment from a date and a time of day."""
        day = get_text_value(self.dataset, date_tag)
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


def parse_date(text: str) -> date | None:
    """The date that a text is; None if it is not one."""
    found = DATE.fullmatch(text)
    try:
        return None if found is None else date(*map(int, found.groups()))
    except ValueError:
        return None


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
