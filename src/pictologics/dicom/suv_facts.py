"""What PET files say of dose, times and patient: read only when uptake values are asked for, and not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from ..errors import CorruptFileError, OptionError
from .head_dataset import read_dataset, sequence_of
from .header import Header
from .suv_reader import ATTRIBUTES, FactReader, named

__all__ = ["PetFacts", "agreed_facts"]

#: These may differ from slice to slice.
OF_EACH_SLICE: Final = frozenset({"path", "acquired", "duration", "reference_time"})


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

    def missing(self, *facts: str) -> OptionError:
        """The error for attributes without which there are no uptake values."""
        return OptionError(
            f"uptake values need {' or '.join(map(named, facts))}, which is missing, empty or zero",
            path=self.path,
            advice="leave suv out, or restore the attribute from the scanner's own files",
            attribute=facts[0],
        )

    def contradictory(self, why: str, *facts: str) -> CorruptFileError:
        """The error for attributes that cannot all be true."""
        return CorruptFileError(
            f"{', '.join(map(named, facts))} contradict what uptake values need: {why}",
            path=self.path,
            advice="leave suv out, or correct the attribute",
            attribute=facts[0],
        )


def agreed_facts(headers: Sequence[Header]) -> list[PetFacts]:
    """What each file says, after a check that all of them say the same of patient, dose and corrections.

    Raises:
        CorruptFileError: If they do not.
    """
    facts = [facts_of(header) for header in headers]
    first = facts[0]
    for other in facts[1:]:
        for name in PetFacts.__dataclass_fields__:
            if name not in OF_EACH_SLICE and getattr(other, name) != getattr(first, name):
                raise CorruptFileError(
                    f"its {named(name)} differs from that of '{first.path}', and one series has one",
                    path=other.path,
                    advice="leave suv out, or correct the attribute",
                    attribute=name,
                )
    return facts


def facts_of(header: Header) -> PetFacts:
    """What one file says."""
    from pydicom import Dataset

    dataset = read_dataset(header)
    reader = FactReader(header.path, dataset)
    tracers = sequence_of(header, dataset, ATTRIBUTES["tracers"][0])
    tracer = FactReader(header.path, tracers[0] if tracers else Dataset())
    zone = reader.zone()
    return PetFacts(
        path=header.path,
        units=reader.text("units"),
        suv_type=reader.text("suv_type"),
        corrected=frozenset(part.strip() for part in reader.text("corrected").split("\\") if part.strip()),
        decay_correction=reader.text("decay_correction"),
        tracers=len(tracers),
        dose=tracer.number("dose"),
        half_life=tracer.number("half_life"),
        start=tracer.moment("start", zone),
        start_time=tracer.time_of_day("start_time"),
        series=reader.day_and_time(0x00080021, "series", zone),
        acquired=reader.day_and_time(0x00080022, "acquired", zone),
        private_scan=reader.private_moment("private_scan", "GEMS_PETD_01", zone),
        reference_time=reader.number("reference_time"),
        duration=reader.number("duration"),
        weight=reader.number("weight"),
        size=reader.number("size"),
        sex=reader.text("sex"),
        manufacturer=reader.text("manufacturer"),
        suv_factor=reader.private_number("suv_factor", "Philips PET Private Group"),
        activity_factor=reader.private_number("activity_factor", "Philips PET Private Group"),
    )
