"""What PET files say of dose, times and patient: read only when uptake values are asked for, and not kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, tzinfo
from typing import Final

from ...errors import CorruptFileError, OptionError
from ..frames.frame import Frame
from ..frames.plane_attributes import read_mapped_unit
from ..frames.sop_classes import read_sop_class
from ..headers import tags
from ..headers.attributes import quote_code
from ..headers.header import Header
from .pet_attributes import FactReader, name_attribute
from .pet_values import read_pet_values

__all__ = ["UNITS_OF_UCUM", "PetFacts", "read_agreed_facts"]

ENHANCED_PET: Final = "1.2.840.10008.5.1.4.1.1.130"
"""SOP class of Enhanced PET Image Storage."""

UNITS_OF_UCUM: Final = {
    "Bq/ml": ("BQML", ""),
    "Bq/mL": ("BQML", ""),
    "g/ml{SUVbw}": ("GML", "BW"),
    "g/ml{SUVlbm(James128)}": ("GML", "LBMJAMES128"),
    "cm2/ml{SUVbsa}": ("CM2ML", "BSA"),
}
"""Units and SUVType of plain objects, by the UCUM code of enhanced ones (DICOM PS3.16 CID 84 and 85)."""

BECQUEREL: Final = 1e6
"""Of a megabecquerel, the unit of the dose in enhanced objects."""

LARGEST_MBQ: Final = 1e4
"""Nobody is given ten thousand MBq: such a number is in Bq, against the standard."""

OF_EACH_SLICE: Final = frozenset({"path", "acquired", "duration", "reference_time"})
"""Facts that may differ from slice to slice; all others are those of one scan of one patient."""


@dataclass(frozen=True, slots=True)
class PetFacts:
    """What one file says; None and empty where it says nothing or zero.

    Attributes:
        path: The file, for messages.
        units: What the rescaled values count.
        suv_type: Which uptake values they are, if any.
        corrected: Which corrections were made.
        decay_correction: The moment to which decay was corrected: START of the scan or ADMIN, the injection.
        tracers: How many radiopharmaceuticals were given.
        dose: Injected activity, Bq.
        half_life: Seconds.
        start: When it was injected.
        start_time: The same without the day.
        series: When the series began; of a post-processed one, when it was made.
        acquired: When the data of this slice began to be taken.
        private_scan: When the scan began, as GE says.
        reference_time: From the beginning of the scan to the mean count rate of this slice, ms.
        duration: How long data of this slice were taken, ms.
        weight: Of the patient, kg.
        size: Of the patient, m.
        sex: Of the patient, M or F.
        manufacturer: Who made the scanner.
        suv_factor: From values to uptake by body weight, as Philips says.
        activity_factor: From values to Bq/ml, as Philips says.
        corrected_to: The moment to which decay was corrected, as enhanced objects say it.
        is_enhanced: Whether it is an enhanced object.
    """

    path: str
    units: str
    suv_type: str
    corrected: frozenset[str]
    decay_correction: str
    tracers: int
    dose: float | None
    half_life: float | None
    start: datetime | None
    start_time: time | None
    series: datetime | None
    acquired: datetime | None
    private_scan: datetime | None
    reference_time: float | None
    duration: float | None
    weight: float | None
    size: float | None
    sex: str
    manufacturer: str
    suv_factor: float | None
    activity_factor: float | None
    corrected_to: datetime | None = None
    is_enhanced: bool = False

    def missing_error(self, *facts: str) -> OptionError:
        """The error for attributes without which there are no uptake values."""
        return OptionError(
            f"uptake values need {' or '.join(map(name_attribute, facts))}, which is missing, empty or zero",
            path=self.path,
            advice="leave suv out, or restore the attribute from the scanner's own files",
            attribute=facts[0],
        )

    def contradiction_error(self, why: str, *facts: str) -> CorruptFileError:
        """The error for attributes that cannot all be true."""
        return CorruptFileError(
            f"{', '.join(map(name_attribute, facts))} contradict what uptake values need: {why}",
            path=self.path,
            advice="leave suv out, or correct the attribute",
            attribute=facts[0],
        )


OF_THE_SCAN: Final = tuple(name for name in PetFacts.__dataclass_fields__ if name not in OF_EACH_SLICE)


def read_agreed_facts(frames: Sequence[Frame]) -> list[PetFacts]:
    """What each file says, after a check that all of them say the same of patient, dose and corrections.

    Args:
        frames: The planes, in any number of files.

    Raises:
        CorruptFileError: If they do not.
        OptionError: If values of an enhanced object have no units that are known.
    """
    # An enhanced object holds all of its frames in one file, whose facts are read once.
    of_file: defaultdict[int, list[Frame]] = defaultdict(list)
    for frame in frames:
        of_file[id(frame.header)].append(frame)
    facts = [read_file_facts(members) for members in of_file.values()]
    first = facts[0]
    for other in facts[1:]:
        for name in OF_THE_SCAN:
            if getattr(other, name) != getattr(first, name):
                raise CorruptFileError(
                    f"its {name_attribute(name)} differs from that of '{first.path}', and one series has one",
                    path=other.path,
                    advice="leave suv out, or correct the attribute",
                    attribute=name,
                )
    return facts


def read_file_facts(frames: Sequence[Frame]) -> PetFacts:
    """What the file of some frames says."""
    facts = read_header_facts(frames[0].header)
    return read_mapped_units(facts, frames) if facts.is_enhanced else facts


def read_header_facts(header: Header) -> PetFacts:
    """What one file says."""
    values, tracers = read_pet_values(header)
    reader = FactReader(header.path, values)
    tracer = FactReader(header.path, tracers[0] if tracers else {})
    zone = reader.read_zone()
    facts = PetFacts(
        path=header.path,
        units=reader.read_text("units"),
        suv_type=reader.read_text("suv_type"),
        corrected=frozenset(part.strip() for part in reader.read_text("corrected").split("\\") if part.strip()),
        decay_correction=reader.read_text("decay_correction"),
        tracers=len(tracers),
        dose=tracer.read_number("dose"),
        half_life=tracer.read_number("half_life"),
        start=tracer.read_moment("start", zone),
        start_time=tracer.read_time_of_day("start_time"),
        series=reader.read_day_and_time(tags.SERIES_DATE, "series", zone),
        acquired=reader.read_day_and_time(tags.ACQUISITION_DATE, "acquired", zone),
        private_scan=reader.read_private_moment("private_scan", "GEMS_PETD_01", zone),
        reference_time=reader.read_number("reference_time"),
        duration=reader.read_number("duration"),
        weight=reader.read_number("weight"),
        size=reader.read_number("size"),
        sex=reader.read_text("sex"),
        manufacturer=reader.read_text("manufacturer"),
        suv_factor=reader.read_private_number("suv_factor", "Philips PET Private Group"),
        activity_factor=reader.read_private_number("activity_factor", "Philips PET Private Group"),
    )
    return read_enhanced_facts(facts, reader, zone) if read_sop_class(header) == ENHANCED_PET else facts


def read_enhanced_facts(facts: PetFacts, reader: FactReader, zone: tzinfo | None) -> PetFacts:
    """What an enhanced PET object says in another way (DICOM PS3.3 C.8.22.4 and C.8.22.6).

    Each correction has an attribute of its own, decay is corrected to a moment that is named, and the dose is in MBq.
    """
    corrections = (("ATTN", "attenuation"), ("DECY", "decay"))
    dose = facts.dose
    if dose is not None and dose >= LARGEST_MBQ:
        raise facts.contradiction_error(f"it is {dose:.6g} and must be in MBq in an enhanced object", "dose")
    return replace(
        facts,
        decay_correction="",
        corrected=frozenset(name for name, fact in corrections if reader.read_text(fact) == "YES"),
        dose=None if dose is None else dose * BECQUEREL,
        corrected_to=reader.read_moment("corrected_to", zone),
        is_enhanced=True,
    )


def read_mapped_units(facts: PetFacts, frames: Sequence[Frame]) -> PetFacts:
    """With the units to which the values of all planes are mapped (PS3.3 C.7.6.16.2.11)."""
    for frame in frames:
        code = read_mapped_unit(frame.attributes)
        if not code:
            raise facts.missing_error("mapped_units")
        if code not in UNITS_OF_UCUM:
            raise OptionError(
                f"its {name_attribute('mapped_units')} is {quote_code(code)}, and Bq/ml or uptake values are required",
                path=facts.path,
                advice="leave suv out",
                attribute="mapped_units",
            )
        units, suv_type = UNITS_OF_UCUM[code]
        if frame is not frames[0] and (units, suv_type) != (facts.units, facts.suv_type):
            raise facts.contradiction_error("its frames have different units", "mapped_units")
        facts = replace(facts, units=units, suv_type=suv_type)
    return facts
