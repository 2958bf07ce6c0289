"""The share of the dose that is left when the scan begins: each way in which files say the two moments."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    CorruptFileError,
    load_image,
)
from tests.factories.dicom_series import slice_file
from tests.factories.pet import (
    DOSE,
    HALF_LIFE,
    SCAN,
    WEIGHT,
    assert_uptake,
    date_of,
    decayed,
    moment_of,
    pet,
    time_of,
    write_pet,
)
from tests.factories.phantom import PHANTOM


def test_a_dose_corrected_to_the_injection_has_not_decayed(tmp_path):
    def without_times(ds, k):
        del ds.SeriesTime
        del ds.RadiopharmaceuticalInformationSequence[0].RadionuclideHalfLife

    write_pet(tmp_path / "pet", pet(correction="ADMIN"), without_times)
    assert_uptake(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / DOSE)


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
    assert_uptake(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(-0.5))


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
    assert_uptake(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


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
    assert_uptake(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


def test_times_cut_to_whole_seconds(tmp_path):
    """A series time half a second after an acquisition time without fraction is no later one."""

    def change(ds, k):
        ds.AcquisitionTime = "120000"
        ds.SeriesTime = "120000.500000"

    write_pet(tmp_path / "pet", pet(minutes=60), change)
    factor = WEIGHT * 1000 / (DOSE * 2 ** (-3600.5 / HALF_LIFE))
    assert_uptake(load_image(tmp_path / "pet", suv="bw"), factor)


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
    assert_uptake(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


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
    assert_uptake(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


def test_reference_times_that_disagree(tmp_path):
    write_pet(tmp_path / "pet", pet(), made_afterwards, reference_times(error=60.0))
    with pytest.raises(CorruptFileError, match="FrameReferenceTime"):
        load_image(tmp_path / "pet", suv="bw")


def test_a_series_that_begins_after_its_first_bed_position_was_made_afterwards(tmp_path):
    def change(ds, k):
        ds.SeriesTime = time_of(SCAN + timedelta(minutes=5))

    write_pet(tmp_path / "pet", pet(), change, reference_times())
    assert_uptake(load_image(tmp_path / "pet", suv="bw"), WEIGHT * 1000 / decayed(60))


def test_a_series_made_afterwards_that_does_not_say_when_the_scan_began(tmp_path):
    write_pet(tmp_path / "pet", pet(), made_afterwards)
    with pytest.raises(CorruptFileError, match=r"SeriesTime \(0008,0031\).*AcquisitionTime \(0008,0032\)"):
        load_image(tmp_path / "pet", suv="bw")
