"""Standardized uptake values: PET relative to the injected dose and the size of the patient.

The rules are those of the vendor-neutral pseudo-code of QIBA (Quantitative Imaging Biomarkers Alliance), which holds
for every maker:

- ``Units`` BQML: value x size of the patient / dose that was left at the moment to which decay was corrected. With
  ``DecayCorrection`` START that is the beginning of the scan, with ADMIN the injection, when all of it was there.
- ``Units`` CNTS (Philips): value x a private factor is the uptake value by body weight; without that factor, value x
  another private factor is Bq/ml.
- ``Units`` GML and CM2ML: uptake values already, by body weight unless ``SUVType`` says otherwise.

Enhanced objects say the same in attributes of their own: units by a real world value mapping, the moment to which
decay was corrected by ``DecayCorrectionDateTime``, and the dose in MBq.

The size of the patient is its weight in g, its lean body mass in g, or its surface in cm2:

- lean body mass after James (Research on Obesity, HMSO 1976), W in kg and H in cm: 1.10 W - 128 (W/H)^2 for men and
  1.07 W - 148 (W/H)^2 for women. A misprint of 120 for 128 goes round; DICOM calls that one LBM and this one
  LBMJAMES128.
- body surface after Du Bois and Du Bois (Arch Intern Med 1916), m2: 0.007184 W^0.425 H^0.725.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...errors import OptionError, UnsupportedFormatError
from ...provenance import Decision
from ..frames.frame import Frame
from ..headers import tags
from ..headers.attributes import quote_code
from .decay import find_remaining_share
from .pet_attributes import name_attribute
from .pet_facts import PetFacts, read_agreed_facts

__all__ = ["SUV_UNITS", "Uptake", "convert_to_uptake"]

SUV_UNITS: Final = {"bw": "g/ml{SUVbw}", "lbm": "g/ml{SUVlbm(James128)}", "bsa": "cm2/ml{SUVbsa}"}
"""Units of each kind of uptake value, as UCUM codes of DICOM PS3.16 CID 85."""

HELD_KINDS: Final = {
    ("GML", ""): "bw",
    ("GML", "BW"): "bw",
    ("GML", "LBMJAMES128"): "lbm",
    ("CM2ML", ""): "bsa",
    ("CM2ML", "BSA"): "bsa",
}
"""The kind of uptake value that a file holds, by Units and SUVType (PS3.3 C.8.9.1.1.6: without a type, GML is BW)."""

LEAST_DOSE: Final = 1e4
"""Bq. No patient, man or mouse, is given less; a smaller number is in MBq or mCi."""

LARGEST_SIZE: Final = 3.0
"""Meters; a larger number is in centimeters."""


@dataclass(frozen=True)
class Uptake:
    """Planes whose slope and intercept give uptake values.

    Attributes:
        frames: The planes.
        decision: What was done, in words.
    """

    frames: tuple[Frame, ...]
    decision: Decision


def convert_to_uptake(frames: Sequence[Frame], kind: str, path: str) -> Uptake:
    """Fold the factor to uptake values into the slope and intercept of each plane, so that values are rounded once.

    Args:
        frames: Planes of one PET volume.
        kind: ``"bw"``, ``"lbm"`` or ``"bsa"``.
        path: The source, for messages.

    Raises:
        OptionError: If they are no PET, or an attribute is missing without which there are no uptake values.
        CorruptFileError: If attributes contradict each other.
    """
    for frame in frames:
        modality = frame.header.text(tags.MODALITY)
        if modality != "PT":
            raise OptionError(
                f"suv={kind!r} needs PET, and Modality (0008,0060) is {modality!r}", path=path, advice="leave suv out"
            )
        if tags.MODALITY_LUT_SEQUENCE in frame.header.located:
            raise UnsupportedFormatError("its values come from a Modality LUT, which no PET has", path=path)
        if not {tags.RESCALE_SLOPE, tags.REAL_WORLD_VALUE_SLOPE} & frame.attributes.values.keys():
            raise OptionError(
                "uptake values need RescaleSlope (0028,1053), which is missing",
                path=frame.header.path,
                advice="leave suv out",
            )
    # All slices share one factor: their dose is that of one moment, whenever each bed position was scanned.
    factor = find_suv_factor(read_agreed_facts(frames), kind)
    scaled = tuple(replace(frame, slope=frame.slope * factor, intercept=frame.intercept * factor) for frame in frames)
    text = f"values are {SUV_UNITS[kind]}: the slope and intercept of each slice were multiplied by {factor:.9g}"
    return Uptake(scaled, Decision("converted", text, factor))


def find_suv_factor(facts: Sequence[PetFacts], kind: str) -> float:
    """The factor from rescaled to uptake values."""
    first = facts[0]
    if first.units in {"GML", "CM2ML"}:
        held = HELD_KINDS.get((first.units, first.suv_type))
        if held is None:
            raise OptionError(
                f"uptake values of this kind cannot be converted: {name_attribute('units')} is "
                f"{quote_code(first.units)} and {name_attribute('suv_type')} is {quote_code(first.suv_type)}",
                path=first.path,
                advice="leave suv out",
            )
        return find_kind_ratio(first, held, kind)
    if first.units not in {"BQML", "CNTS"}:
        if not first.units:
            raise first.missing_error("units")
        raise OptionError(
            f"{name_attribute('units')} is {quote_code(first.units)}, and BQML, CNTS, GML or CM2ML is required",
            path=first.path,
            advice="leave suv out",
        )
    check_corrections(first)
    if first.units == "BQML":
        return find_body_size(first, kind) / find_remaining_dose(facts)
    # Counts of Philips. The factor to uptake values first: it was computed by the scanner, from all that it knew.
    if first.suv_factor is not None:
        return first.suv_factor * find_kind_ratio(first, "bw", kind)
    if first.activity_factor is not None:
        return first.activity_factor * find_body_size(first, kind) / find_remaining_dose(facts)
    raise first.missing_error("suv_factor", "activity_factor")


def check_corrections(facts: PetFacts) -> None:
    """Raise unless attenuation and decay were corrected: without either, values are no activity per volume."""
    for needed, flag in (("ATTN", "attenuation"), ("DECY", "decay")):
        if needed not in facts.corrected:
            fact = flag if facts.is_enhanced else "corrected"
            stated = "not YES" if facts.is_enhanced else " ".join(sorted(facts.corrected)) or "missing"
            raise OptionError(
                f"uptake values need images corrected for {needed}, and {name_attribute(fact)} is {stated}",
                path=facts.path,
                advice="load the corrected series, or leave suv out",
                attribute=fact,
            )
    if facts.is_enhanced:
        # They name the moment itself (DecayCorrectionDateTime).
        return
    if not facts.decay_correction:
        raise facts.missing_error("decay_correction")
    if facts.decay_correction not in {"START", "ADMIN"}:
        raise facts.contradiction_error(
            f"decay was corrected, and DecayCorrection is {quote_code(facts.decay_correction)} "
            "where it is START or ADMIN",
            "decay_correction",
            "corrected",
        )


def find_remaining_dose(facts: Sequence[PetFacts]) -> float:
    """The activity that was left of the dose at the moment to which decay was corrected, Bq."""
    first = facts[0]
    if first.tracers == 0:
        raise first.missing_error("tracers")
    if first.tracers > 1:
        raise first.contradiction_error(f"it names {first.tracers} radiopharmaceuticals, and one is needed", "tracers")
    if first.dose is None:
        raise first.missing_error("dose")
    if first.dose < LEAST_DOSE:
        raise first.contradiction_error(f"it is {first.dose:.6g} and must be in Bq", "dose")
    # With ADMIN the scanner has corrected all values to the injection, when nothing of the dose had decayed.
    return first.dose if first.decay_correction == "ADMIN" else first.dose * find_remaining_share(facts)


def find_kind_ratio(facts: PetFacts, held: str, kind: str) -> float:
    """The factor from one kind of uptake value to another."""
    return 1.0 if held == kind else find_body_size(facts, kind) / find_body_size(facts, held)


def find_body_size(facts: PetFacts, kind: str) -> float:
    """What the uptake is relative to: weight or lean body mass in g, or body surface in cm2."""
    weight = facts.weight
    if weight is None:
        raise facts.missing_error("weight")
    if kind == "bw":
        # Grams, as the dose is per ml: a gram of tissue is taken to be a milliliter.
        return weight * 1000
    if facts.size is None:
        raise facts.missing_error("size")
    if facts.size > LARGEST_SIZE:
        raise facts.contradiction_error(f"it is {facts.size:.6g} and must be in meters", "size")
    height = facts.size * 100
    if kind == "bsa":
        return float(0.007184 * weight**0.425 * height**0.725) * 1e4
    if facts.sex not in {"M", "F"}:
        if not facts.sex:
            raise facts.missing_error("sex")
        raise OptionError(
            f"lean body mass has a formula for M and one for F, and {name_attribute('sex')} is {quote_code(facts.sex)}",
            path=facts.path,
            advice='pass suv="bw" or suv="bsa"',
            attribute="sex",
        )
    # James, with 128 and not the misprinted 120; kg and cm.
    whole, loss = (1.10, 128.0) if facts.sex == "M" else (1.07, 148.0)
    lean = whole * weight - loss * (weight / height) ** 2
    if lean <= 0:
        raise facts.contradiction_error("lean body mass cannot be computed from them", "weight", "size")
    return lean * 1000
