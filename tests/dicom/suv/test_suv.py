"""Standardized uptake values: each rule and each refusal, on PET series whose truth is worked out here by hand."""

from __future__ import annotations

import math
import pickle
from datetime import datetime, timedelta

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    CorruptFileError,
    OptionError,
    PictologicsError,
    load_image,
)
from tests.factories.dicom_series import UNCOMPRESSED, slice_file, write_series
from tests.factories.nifti_files import write_nifti
from tests.factories.pet import (
    DOSE,
    HALF_LIFE,
    LEAN,
    SCAN,
    SIZE,
    SIZES,
    SLOPES,
    SURFACE,
    UNITS,
    WEIGHT,
    date_of,
    decayed,
    moment_of,
    pet,
    time_of,
    without,
    write_pet,
)
from tests.factories.phantom import PHANTOM


def activity() -> np.ndarray:
    return PHANTOM.array * SLOPES


def check(image, factor) -> None:
    """Values that were rounded once, up to how the factor was computed."""
    assert image.array.dtype == np.float32
    np.testing.assert_allclose(image.array, activity() * factor, rtol=1e-6)
    np.testing.assert_allclose([one.slope for one in image.provenance.slices], SLOPES * factor, rtol=1e-12)


# --- Bq/ml ---


@pytest.mark.parametrize("syntax", UNCOMPRESSED.values(), ids=UNCOMPRESSED)
@pytest.mark.parametrize("kind", ["bw", "lbm", "bsa"])
def test_decay_is_counted_to_the_beginning_of_the_series(tmp_path, syntax, kind):
    write_pet(tmp_path / "pet", pet(minutes=60), syntax=syntax)
    image = load_image(tmp_path / "pet", suv=kind)
    check(image, SIZES[kind] / decayed(60))
    assert image.metadata["units"] == UNITS[kind]
    assert image.modality == "PT"
    assert any(UNITS[kind] in one.text for one in image.provenance.decisions)


@pytest.mark.parametrize("sex", ["M", "F"])
def test_lean_body_mass_of_men_and_women(tmp_path, sex):
    write_pet(tmp_path / "pet", pet(), lambda ds, k: setattr(ds, "PatientSex", sex))
    check(load_image(tmp_path / "pet", suv="lbm"), LEAN[sex] * 1000 / decayed(60))
    assert LEAN["M"] == pytest.approx(58.51, abs=0.02)
    assert LEAN["F"] == pytest.approx(53.02, abs=0.02)
    assert pytest.approx(1.899, abs=0.002) == SURFACE


def test_a_uniform_patient_has_an_uptake_of_one(tmp_path):
    """The meaning of the value: the dose that is left, spread evenly over 1 g/ml of patient, is 1 everywhere."""
    concentration = decayed(60) / (WEIGHT * 1000)
    array = np.full(PHANTOM.shape, 1000)
    write_series(
        tmp_path / "pet",
        PHANTOM.with_array(array),
        pet(),
        modality="PT",
        slope=float(f"{concentration / 1000:.12g}"),
    )
    np.testing.assert_allclose(load_image(tmp_path / "pet", suv="bw").array, 1.0, rtol=1e-6)


def test_without_the_keyword_values_stay_in_becquerel(tmp_path):
    write_pet(tmp_path / "pet", pet())
    image = load_image(tmp_path / "pet")
    np.testing.assert_array_equal(image.array, activity().astype(np.float32))
    assert image.metadata["units"] == "BQML"


def test_the_intercept_is_converted_too(tmp_path):
    write_series(tmp_path / "pet", PHANTOM, pet(), modality="PT", slope=2.0, intercept=-50.0)
    factor = WEIGHT * 1000 / decayed(60)
    image = load_image(tmp_path / "pet", suv="bw")
    np.testing.assert_allclose(image.array, (PHANTOM.array * 2.0 - 50) * factor, rtol=1e-6)


def test_values_are_rounded_once(tmp_path):
    write_pet(tmp_path / "pet", pet())
    image = load_image(tmp_path / "pet", suv="bw")
    exact = load_image(tmp_path / "pet", suv="bw", dtype="float64")
    np.testing.assert_array_equal(image.array, exact.array.astype(np.float32))


def test_a_dose_corrected_to_the_injection_has_not_decayed(tmp_path):
    def without_times(ds, k):
        del ds.SeriesTime
        del ds.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife

    write_pet(tmp_path / "pet", pet(correction="ADMIN"), without_times)
    check(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / DOSE)


@given(minutes=st.floats(0, 600), hour=st.integers(0, 23), dated=st.booleans())
@settings(max_examples=25)
def test_any_time_of_injection_across_midnight(tmp_path, minutes, hour, dated):
    """A time without a date is on the day of the scan, or on the day before where it would lie after the scan."""
    minutes = round(minutes, 3)
    scan = datetime(2020, 3, 1, hour, 7, 11)
    file = slice_file(
        tmp_path / "one.dcm",
        4,
        PHANTOM,
        pet(minutes=minutes, scan=scan, dated=dated),
        lambda ds, k: setattr(ds, "SpacingBetweenSlices", 1.0),
        modality="PT",
    )
    image = load_image(file, suv="bw", dtype="float64")
    expected = PHANTOM.array[:, :, 4:] * (WEIGHT * 1000 / decayed(minutes))
    np.testing.assert_allclose(image.array, expected, rtol=1e-9)


def test_a_dynamic_scan_may_begin_before_the_injection(tmp_path):
    write_pet(tmp_path / "pet", pet(minutes=-0.5, dated=False))
    check(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(-0.5))


@pytest.mark.parametrize(("offset", "hours"), [("+0000", 0), ("+0530", 5.5), ("-0800", -8)])
@pytest.mark.parametrize("zoned", [True, False], ids=["file has a zone", "file has none"])
def test_time_zones(tmp_path, offset, hours, zoned):
    def change(ds, k):
        tracer = ds.RadiopharmaceuticalInformationSequence[0]
        injected = SCAN - timedelta(minutes=60)
        if zoned:
            ds.TimezoneOffsetFromUTC = "+0100"
            injected += timedelta(hours=hours - 1)
            del tracer.RadiopharmaceuticalStartTime
        tracer.RadiopharmaceuticalStartDateTime = moment_of(injected) + offset

    write_pet(tmp_path / "pet", pet(), change)
    check(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


@pytest.mark.parametrize("form", ["%H%M%S", "%H:%M:%S", "%H%M"])
def test_forms_of_a_time(tmp_path, form):
    files = write_pet(tmp_path / "pet", pet(dated=False))
    for file in files:
        ds = pydicom.dcmread(file)
        # Written as bytes, as pydicom would warn of an old form.
        text = (SCAN - timedelta(minutes=60)).strftime(form).encode()
        tracer = ds.RadiopharmaceuticalInformationSequence[0]
        tracer["RadiopharmaceuticalStartTime"].VR = "UN"
        tracer["RadiopharmaceuticalStartTime"]._value = text + b" " * (len(text) % 2)
        ds.save_as(file)
    check(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


def test_times_cut_to_whole_seconds(tmp_path):
    """A series time half a second after an acquisition time without fraction is no later one."""

    def change(ds, k):
        ds.AcquisitionTime = "120000"
        ds.SeriesTime = "120000.500000"

    write_pet(tmp_path / "pet", pet(minutes=60), change)
    factor = WEIGHT * 1000 / (DOSE * 2 ** (-3600.5 / HALF_LIFE))
    check(load_image(tmp_path / "pet", suv="bw"), factor)


# --- series that were made afterwards ---


def made_afterwards(ds, k):
    later = SCAN + timedelta(hours=5)
    ds.SeriesDate, ds.SeriesTime = date_of(later), time_of(later)


@pytest.mark.parametrize("block", [0x10, 0x42])
def test_ge_says_in_private_when_the_scan_began(tmp_path, block):
    def change(ds, k):
        ds.Manufacturer = "GE MEDICAL SYSTEMS"
        for other in range(0x10, block):
            ds.add_new(0x00090000 | other, "LO", f"OTHER {other}")
        ds.add_new(0x00090000 | block, "LO", "GEMS_PETD_01")
        ds.add_new(0x00090000 | block << 8 | 0x0D, "DT", moment_of(SCAN))

    write_pet(tmp_path / "pet", pet(), made_afterwards, change)
    check(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


def test_ge_without_its_private_time_is_refused(tmp_path):
    def change(ds, k):
        ds.Manufacturer = "GE MEDICAL SYSTEMS"
        ds.FrameReferenceTime, ds.ActualFrameDuration = 1000.0, 180000

    write_pet(tmp_path / "pet", pet(), made_afterwards, change)
    with pytest.raises(CorruptFileError, match=r"SeriesTime \(0008,0031\).*0009,100D"):
        load_image(tmp_path / "pet", suv="bw")


def mean_rate_time(seconds: float) -> float:
    """When an activity that decays has its mean over a frame, from the mean itself."""
    decay = math.log(2) / HALF_LIFE
    mean = (1 - math.exp(-decay * seconds)) / (decay * seconds)
    return -math.log(mean) / decay


def reference_times(duration=180.0, error=0.0):
    """Each bed position says how long after the beginning of the scan its mean count rate was."""

    def change(ds, k):
        start = 180.0 * (4 - k)
        ds.ActualFrameDuration = round(duration * 1000)
        ds.FrameReferenceTime = round((start + mean_rate_time(duration) + error * k) * 1000, 3)

    return change


@pytest.mark.parametrize("duration", [60.0, 180.0, 1200.0])
def test_reference_times_of_the_frames_say_when_the_scan_began(tmp_path, duration):
    write_pet(tmp_path / "pet", pet(), made_afterwards, reference_times(duration))
    check(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


def test_reference_times_that_disagree(tmp_path):
    write_pet(tmp_path / "pet", pet(), made_afterwards, reference_times(error=60.0))
    with pytest.raises(CorruptFileError, match="FrameReferenceTime"):
        load_image(tmp_path / "pet", suv="bw")


def test_a_series_that_begins_after_its_first_bed_position_was_made_afterwards(tmp_path):
    def change(ds, k):
        ds.SeriesTime = time_of(SCAN + timedelta(minutes=5))

    write_pet(tmp_path / "pet", pet(), change, reference_times())
    check(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


def test_a_series_made_afterwards_that_does_not_say_when_the_scan_began(tmp_path):
    write_pet(tmp_path / "pet", pet(), made_afterwards)
    with pytest.raises(CorruptFileError, match=r"SeriesTime \(0008,0031\).*AcquisitionTime \(0008,0032\)"):
        load_image(tmp_path / "pet", suv="bw")


# --- other units ---


def philips(suv=None, activity=None, creator="Philips PET Private Group"):
    def change(ds, k):
        ds.Manufacturer = "Philips Medical Systems"
        ds.add_new(0x70530010, "LO", creator)
        if suv is not None:
            ds.add_new(0x70531000, "DS", suv)
        if activity is not None:
            ds.add_new(0x70531009, "DS", activity)

    return change


@pytest.mark.parametrize("kind", ["bw", "lbm", "bsa"])
@pytest.mark.parametrize("activity_factor", [None, "7.5"])
def test_philips_factor_to_uptake_values(tmp_path, kind, activity_factor):
    write_pet(tmp_path / "pet", pet(units="CNTS"), philips("0.000551", activity_factor))
    check(load_image(tmp_path / "pet", suv=kind), 0.000551 * SIZES[kind] / SIZES["bw"])


@pytest.mark.parametrize("absent", [None, "0"])
@pytest.mark.parametrize("kind", ["bw", "bsa"])
def test_philips_factor_to_becquerel(tmp_path, absent, kind):
    write_pet(tmp_path / "pet", pet(units="CNTS"), philips(absent, "1.75"))
    check(load_image(tmp_path / "pet", suv=kind), 1.75 * SIZES[kind] / decayed(60))


@pytest.mark.parametrize("changes", [(), (philips(),), (philips("0.0005", "2", creator="SOMEONE ELSE"),)])
def test_counts_without_a_factor_are_refused(tmp_path, changes):
    write_pet(tmp_path / "pet", pet(units="CNTS"), *changes)
    with pytest.raises(OptionError, match=r"7053,1000.*7053,1009"):
        load_image(tmp_path / "pet", suv="bw")


def bare(units, suv_type=""):
    """Only what uptake values that a file holds need to become others."""

    def change(ds, k):
        pet(units=units)(ds, k)
        del ds.RadiopharmaceuticalInformationSequence
        del ds.DecayCorrection
        del ds.SeriesTime
        if suv_type:
            ds.SUVType = suv_type

    return change


HELD = [("GML", "", "bw"), ("GML", "BW", "bw"), ("GML", "LBMJAMES128", "lbm"), ("CM2ML", "", "bsa")]


@pytest.mark.parametrize("kind", ["bw", "lbm", "bsa"])
@pytest.mark.parametrize(("units", "suv_type", "held"), HELD)
def test_uptake_values_that_the_file_holds(tmp_path, units, suv_type, held, kind):
    write_pet(tmp_path / "pet", bare(units, suv_type))
    image = load_image(tmp_path / "pet", suv=kind)
    check(image, SIZES[kind] / SIZES[held])
    assert image.metadata["units"] == UNITS[kind]


def test_uptake_by_weight_needs_nothing_more(tmp_path):
    def change(ds, k):
        del ds.PatientWeight
        del ds.PatientSize

    write_pet(tmp_path / "pet", bare("GML"), change)
    check(load_image(tmp_path / "pet", suv="bw"), 1.0)


@pytest.mark.parametrize(("units", "suv_type"), [("GML", "IBW"), ("GML", "BSA"), ("GML", "LBM"), ("CM2ML", "BW")])
def test_uptake_values_of_other_kinds_are_refused(tmp_path, units, suv_type):
    write_pet(tmp_path / "pet", bare(units, suv_type))
    with pytest.raises(OptionError, match=r"SUVType \(0054,1006\)"):
        load_image(tmp_path / "pet", suv="bw")


# --- the keyword ---


@pytest.mark.parametrize("modality", ["CT", "MR", "NM"])
def test_other_modalities_are_refused(tmp_path, modality):
    write_series(tmp_path / "s", modality=modality)
    with pytest.raises(OptionError, match=rf"Modality \(0008,0060\) is '{modality}'"):
        load_image(tmp_path / "s", suv="bw")


def test_formats_without_a_dose_are_refused(tmp_path):
    path = write_nifti(tmp_path / "scan.nii", PHANTOM)
    with pytest.raises(OptionError, match="suv"):
        load_image(path, suv="bw")


def test_stored_values_are_no_uptake_values(tmp_path):
    write_pet(tmp_path / "pet", pet())
    with pytest.raises(OptionError, match="apply_rescale"):
        load_image(tmp_path / "pet", suv="bw", apply_rescale=False)


@pytest.mark.parametrize("value", ["BW", "ibw", "", True, 1, ["bw"]])
def test_other_kinds_are_refused(tmp_path, value):
    with pytest.raises(OptionError, match=r'suv .* must be None, "bw", "lbm" or "bsa"'):
        load_image(slice_file(tmp_path / "one.dcm"), suv=value)


def test_nothing_of_the_patient_is_kept(tmp_path):
    write_pet(tmp_path / "pet", pet())
    image = load_image(tmp_path / "pet", suv="lbm")
    kept = pickle.dumps((dict(image.metadata), image.provenance.to_json())).decode("latin-1") + repr(image)
    for secret in ("Doe", "secret-id", str(WEIGHT), str(SIZE), "370000000"):
        assert secret not in kept
    with pytest.raises(PictologicsError) as caught:
        write_pet(tmp_path / "other", pet(), without("PatientSex", value="O"))
        load_image(tmp_path / "other", suv="lbm")
    assert "Doe" not in str(caught.value)
