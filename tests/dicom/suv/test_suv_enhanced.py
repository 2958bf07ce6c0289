"""Standardized uptake values of enhanced PET, which says units, dose and decay in attributes of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pictologics import CorruptFileError, OptionError, load_image
from tests.factories.dicom_series import SYNTAXES
from tests.factories.enhanced import item, planes_of, real_world_mapping, write_enhanced
from tests.factories.pet import DOSE, HALF_LIFE, SCAN, SIZE, SIZES, SLOPES, UNITS, WEIGHT, decayed, moment_of
from tests.factories.phantom import PHANTOM

pytestmark = pytest.mark.usefixtures("no_handle_left")


def mapped(*units: str):
    """The phantom's planes, each with its slope in a mapping to units; the last units hold for the rest."""
    planes = planes_of(PHANTOM)
    said = [*units, *[units[-1]] * (len(planes) - len(units))]
    return [
        replace(plane, groups={"RealWorldValueMappingSequence": real_world_mapping(float(slope), 0.0, unit)})
        for plane, slope, unit in zip(planes, SLOPES, said, strict=True)
    ]


def pet(ds):
    """What the standard requires of an enhanced PET object (DICOM PS3.3 C.8.22.4 and C.8.22.6)."""
    ds.PatientWeight, ds.PatientSize, ds.PatientSex = WEIGHT, SIZE, "F"
    ds.DecayCorrected = ds.AttenuationCorrected = "YES"
    ds.DecayCorrectionDateTime = moment_of(SCAN)
    ds.RadiopharmaceuticalInformationSequence = [
        item(
            RadionuclideTotalDose=DOSE / 1e6,
            RadionuclideHalfLife=HALF_LIFE,
            RadiopharmaceuticalStartDateTime=moment_of(SCAN - timedelta(minutes=60)),
        )
    ]


def of_tracer(keyword, value):
    return lambda ds: setattr(ds.RadiopharmaceuticalInformationSequence[0], keyword, value)


def but(keyword, value=None):
    return lambda ds: delattr(ds, keyword) if value is None else setattr(ds, keyword, value)


@pytest.mark.parametrize("kind", ["bw", "lbm", "bsa"])
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "rle"])
def test_values_mapped_to_becquerel(tmp_path, kind, syntax):
    path = write_enhanced(tmp_path / "pet.dcm", mapped("Bq/ml"), pet, kind="PET", syntax=SYNTAXES[syntax])
    image = load_image(path, suv=kind)
    np.testing.assert_allclose(image.array, PHANTOM.array * SLOPES * SIZES[kind] / decayed(60), rtol=1e-6)
    assert image.metadata["units"] == UNITS[kind]
    assert load_image(path).metadata["units"] == "Bq/ml"


def test_decay_corrected_to_the_injection(tmp_path):
    injected = but("DecayCorrectionDateTime", moment_of(SCAN - timedelta(minutes=60)))
    path = write_enhanced(tmp_path / "pet.dcm", mapped("Bq/ml"), pet, injected, kind="PET")
    image = load_image(path, suv="bw")
    np.testing.assert_allclose(image.array, PHANTOM.array * SLOPES * SIZES["bw"] / DOSE, rtol=1e-6)


@pytest.mark.parametrize(("held", "kind"), [("bw", "bw"), ("bw", "bsa"), ("lbm", "bw"), ("bsa", "lbm")])
def test_uptake_values_that_the_file_holds(tmp_path, held, kind):
    path = write_enhanced(tmp_path / "pet.dcm", mapped(UNITS[held]), pet, kind="PET")
    expected = PHANTOM.array * SLOPES * SIZES[kind] / SIZES[held]
    np.testing.assert_allclose(load_image(path, suv=kind).array, expected, rtol=1e-6)


WRONG = {
    "dose": (of_tracer("RadionuclideTotalDose", None), OptionError, r"RadionuclideTotalDose \(0018,1074\)"),
    "dose in Bq": (of_tracer("RadionuclideTotalDose", DOSE), CorruptFileError, r"RadionuclideTotalDose.*MBq"),
    "half-life": (of_tracer("RadionuclideHalfLife", None), OptionError, r"RadionuclideHalfLife \(0018,1075\)"),
    "injection": (of_tracer("RadiopharmaceuticalStartDateTime", None), OptionError, r"StartDateTime \(0018,1078\)"),
    "moment": (but("DecayCorrectionDateTime"), OptionError, r"DecayCorrectionDateTime \(0018,9701\)"),
    "before the injection": (
        but("DecayCorrectionDateTime", moment_of(SCAN - timedelta(hours=9))),
        CorruptFileError,
        r"StartDateTime \(0018,1078\), DecayCorrectionDateTime \(0018,9701\)",
    ),
    "no decay correction": (but("DecayCorrected", "NO"), OptionError, r"DECY.*DecayCorrected \(0018,9758\)"),
    "no word of attenuation": (but("AttenuationCorrected"), OptionError, r"ATTN.*AttenuationCorrected \(0018,9759\)"),
    "weight": (but("PatientWeight"), OptionError, r"PatientWeight \(0010,1030\)"),
    "tracer": (but("RadiopharmaceuticalInformationSequence"), OptionError, r"\(0054,0016\)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_missing_or_contradicts_itself_is_named(tmp_path, case):
    change, kind, message = WRONG[case]
    path = write_enhanced(tmp_path / "pet.dcm", mapped("Bq/ml"), pet, change, kind="PET")
    with pytest.raises(kind, match=message):
        load_image(path, suv="bw")
    load_image(path)


@pytest.mark.parametrize(
    ("units", "kind", "message"),
    [
        (("{propcounts}/s",), OptionError, "propcounts"),
        (("Bq/ml", UNITS["bw"]), CorruptFileError, "different units"),
    ],
)
def test_other_units_are_refused(tmp_path, units, kind, message):
    path = write_enhanced(tmp_path / "pet.dcm", mapped(*units), pet, kind="PET")
    with pytest.raises(kind, match=message):
        load_image(path, suv="bw")


def test_values_that_are_not_mapped_are_refused(tmp_path):
    path = write_enhanced(tmp_path / "pet.dcm", None, pet, kind="PET")
    with pytest.raises(OptionError, match=r"MeasurementUnitsCodeSequence .*\(0040,08EA\)"):
        load_image(path, suv="bw")
