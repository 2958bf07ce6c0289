"""Standardized uptake values: what is missing or contradicts itself is named, and never guessed."""

from __future__ import annotations

import pydicom
import pytest
from pydicom.sequence import Sequence as DicomSequence

from pictologics import CorruptFileError, OptionError, load_image
from tests.factories.pet import (
    pet,
    without,
    write_pet,
)

MISSING = {
    "weight": (without("PatientWeight"), "bw", r"PatientWeight \(0010,1030\)"),
    "weight of zero": (without("PatientWeight", value=0), "bw", r"PatientWeight \(0010,1030\)"),
    "weight that is empty": (without("PatientWeight", value=""), "bsa", r"PatientWeight \(0010,1030\)"),
    "size": (without("PatientSize"), "lbm", r"PatientSize \(0010,1020\)"),
    "size for surface": (without("PatientSize"), "bsa", r"PatientSize \(0010,1020\)"),
    "sex": (without("PatientSex"), "lbm", r"PatientSex \(0010,0040\)"),
    "sex of neither": (without("PatientSex", value="O"), "lbm", r"PatientSex \(0010,0040\).*'O'"),
    "dose": (without("RadionuclideTotalDose", in_tracer=True), "bw", r"RadionuclideTotalDose \(0018,1074\)"),
    "dose of zero": (
        without("RadionuclideTotalDose", in_tracer=True, value=0), "bw", r"RadionuclideTotalDose \(0018,1074\)",
    ),
    "half-life": (without("RadionuclideHalfLife", in_tracer=True), "bw", r"RadionuclideHalfLife \(0018,1075\)"),
    "tracer": (without("RadiopharmaceuticalInformationSequence"), "bw", r"InformationSequence \(0054,0016\)"),
    "units": (without("Units"), "bw", r"Units \(0054,1001\)"),
    "other units": (without("Units", value="PROPCPS"), "bw", r"Units \(0054,1001\).*'PROPCPS'"),
    "attenuation": (without("CorrectedImage", value=["DECY", "NORM"]), "bw", r"ATTN.*CorrectedImage \(0028,0051\)"),
    "corrections": (without("CorrectedImage"), "bw", r"CorrectedImage \(0028,0051\) is missing"),
    "decay": (without("CorrectedImage", value=["ATTN", "NORM"]), "bw", r"DECY.*CorrectedImage \(0028,0051\)"),
    "moment of correction": (without("DecayCorrection"), "bw", r"DecayCorrection \(0054,1102\)"),
    "series time": (without("SeriesTime"), "bw", r"SeriesTime \(0008,0031\)"),
    "series date": (without("SeriesDate"), "bw", r"SeriesDate"),
    "acquisition time": (without("AcquisitionTime"), "bw", r"AcquisitionTime \(0008,0032\)"),
    "slope": (without("RescaleSlope"), "bw", r"RescaleSlope \(0028,1053\)"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISSING)
def test_a_missing_attribute_is_named(tmp_path, case):
    change, kind, message = MISSING[case]
    write_pet(tmp_path / "pet", pet(), change)
    with pytest.raises(OptionError, match=message) as caught:
        load_image(tmp_path / "pet", suv=kind)
    assert "suv" in str(caught.value)
    # Without the keyword the series loads all the same.
    load_image(tmp_path / "pet")


def test_no_time_of_injection_at_all(tmp_path):
    write_pet(tmp_path / "pet", pet(dated=False), without("RadiopharmaceuticalStartTime", in_tracer=True))
    with pytest.raises(OptionError, match=r"StartDateTime \(0018,1078\) or .*StartTime \(0018,1072\)"):
        load_image(tmp_path / "pet", suv="bw")


def two_tracers(ds, k):
    sequence = ds.RadiopharmaceuticalInformationSequence
    ds.RadiopharmaceuticalInformationSequence = DicomSequence([sequence[0], sequence[0]])


def undated(half_life):
    def change(ds, k):
        pet(dated=False)(ds, k)
        ds.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife = half_life

    return change


def of_one_slice(change, number=3):
    return lambda ds, k: change(ds, k) if k == number else None


CONTRADICTIONS = {
    "decay corrected and not": (without("DecayCorrection", value="NONE"), r"DecayCorrection \(0054,1102\)"),
    "two tracers": (two_tracers, r"RadiopharmaceuticalInformationSequence \(0054,0016\)"),
    "dose in MBq": (
        without("RadionuclideTotalDose", in_tracer=True, value=370), r"RadionuclideTotalDose \(0018,1074\).*Bq",
    ),
    "size in cm": (without("PatientSize", value=178), r"PatientSize \(0010,1020\).*meters"),
    "injection after the scan": (pet(minutes=-120), r"StartDateTime \(0018,1078\)"),
    "injection long before the scan": (pet(minutes=20 * 60), r"StartDateTime \(0018,1078\)"),
    "time of injection after the scan": (pet(minutes=-120, dated=False), r"StartTime \(0018,1072\)"),
    "two times of injection": (
        without("RadiopharmaceuticalStartTime", in_tracer=True, value="103000"), r"\(0018,1078\).*\(0018,1072\)",
    ),
    "undated and long-lived": (undated(282_240.0), r"StartTime \(0018,1072\).*\(0018,1078\)"),
    "another weight in one slice": (of_one_slice(without("PatientWeight", value=80)), r"PatientWeight \(0010,1030\)"),
    "another dose in one slice": (
        of_one_slice(without("RadionuclideTotalDose", in_tracer=True, value=1e8)), r"RadionuclideTotalDose",
    ),
    "other units in one slice": (of_one_slice(without("Units", value="CNTS")), r"Units \(0054,1001\)"),
    "another beginning in one slice": (of_one_slice(without("SeriesTime", value="110000")), r"SeriesTime"),
    "corrections in all but one slice": (of_one_slice(without("CorrectedImage", value="ATTN")), r"CorrectedImage"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_what_contradicts_itself_is_named(tmp_path, case):
    change, message = CONTRADICTIONS[case]
    write_pet(tmp_path / "pet", pet(), change)
    with pytest.raises(CorruptFileError, match=message):
        load_image(tmp_path / "pet", suv="bsa")


def test_a_patient_of_whom_no_lean_body_mass_follows(tmp_path):
    write_pet(tmp_path / "pet", pet(), without("PatientWeight", value=260), without("PatientSize", value=1.5))
    with pytest.raises(CorruptFileError, match=r"PatientWeight.*PatientSize"):
        load_image(tmp_path / "pet", suv="lbm")
    load_image(tmp_path / "pet", suv="bw")


GARBLED = [
    ("PatientWeight", "12kg", False),
    ("RadionuclideHalfLife", "inf", True),
    ("RadionuclideTotalDose", "-1", True),
]
GARBLED += [("SeriesTime", "noon", False), ("SeriesDate", "20201301", False), ("SeriesTime", "250000", False)]
GARBLED += [("RadiopharmaceuticalStartDateTime", "2020", True), ("RadiopharmaceuticalStartTime", "7pm", True)]


@pytest.mark.parametrize(("keyword", "text", "in_tracer"), GARBLED)
def test_a_garbled_attribute_is_named(tmp_path, keyword, text, in_tracer):
    files = write_pet(tmp_path / "pet", pet())
    for file in files:
        ds = pydicom.dcmread(file)
        target = ds.RadiopharmaceuticalInformationSequence[0] if in_tracer else ds
        target[keyword].VR = "UN"
        target[keyword]._value = text.encode().ljust(len(text) + len(text) % 2)
        ds.save_as(file)
    with pytest.raises(CorruptFileError, match=keyword[:10]):
        load_image(tmp_path / "pet", suv="bw")
