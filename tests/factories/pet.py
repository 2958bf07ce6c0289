"""PET series whose uptake values can be worked out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from tests.factories.dicom_series import write_series
from tests.factories.phantom import PHANTOM

__all__ = [
    "DOSE",
    "HALF_LIFE",
    "SCAN",
    "SIZE",
    "SIZES",
    "SLOPES",
    "UNITS",
    "WEIGHT",
    "activity",
    "assert_uptake",
    "date_of",
    "decayed",
    "moment_of",
    "pet",
    "time_of",
    "without",
    "write_pet",
]

DOSE, HALF_LIFE = 370e6, 6586.2  # F-18
WEIGHT, SIZE = 72.5, 1.78
SLOPES = np.array([5.0, 2.5, 1.25, 0.075, 0.3333])
SCAN = datetime(2020, 1, 1, 12, 0, 0)  # the factories' study date
UNITS = {"bw": "g/ml{SUVbw}", "lbm": "g/ml{SUVlbm(James128)}", "bsa": "cm2/ml{SUVbsa}"}

LEAN = {
    "M": 1.10 * WEIGHT - 128 * (WEIGHT / (SIZE * 100)) ** 2,
    "F": 1.07 * WEIGHT - 148 * (WEIGHT / (SIZE * 100)) ** 2,
}
SURFACE = 0.007184 * WEIGHT**0.425 * (SIZE * 100) ** 0.725
SIZES = {"bw": WEIGHT * 1000, "lbm": LEAN["F"] * 1000, "bsa": SURFACE * 1e4}


def date_of(moment: datetime) -> str:
    return moment.strftime("%Y%m%d")


def time_of(moment: datetime) -> str:
    return moment.strftime("%H%M%S.%f")


def moment_of(moment: datetime) -> str:
    return date_of(moment) + time_of(moment)


def pet(*, minutes=60.0, scan=SCAN, units="BQML", correction="START", dated=True):
    """A change that gives a slice what a PET scanner writes.

    Args:
        minutes: From the injection to the beginning of the scan.
        scan: The beginning of the scan.
        units: What the values count.
        correction: The moment to which decay was corrected.
        dated: Whether the injection has a date, or only a time.
    """
    injected = scan - timedelta(minutes=minutes)

    def change(ds, k):
        ds.Manufacturer = "SIEMENS"
        ds.PatientWeight, ds.PatientSize, ds.PatientSex = WEIGHT, SIZE, "F"
        ds.Units, ds.DecayCorrection = units, correction
        ds.CorrectedImage = ["NORM", "DTIM", "ATTN", "SCAT", "DECY"]
        ds.SeriesDate, ds.SeriesTime = date_of(scan), time_of(scan)
        # Bed positions follow one another.
        acquired = scan + timedelta(minutes=3 * (4 - k))
        ds.AcquisitionDate, ds.AcquisitionTime = date_of(acquired), time_of(acquired)
        tracer = Dataset()
        tracer.RadionuclideTotalDose, tracer.RadionuclideHalfLife = DOSE, HALF_LIFE
        tracer.RadiopharmaceuticalStartTime = time_of(injected)
        if dated:
            tracer.RadiopharmaceuticalStartDateTime = moment_of(injected)
        ds.RadiopharmaceuticalInformationSequence = DicomSequence([tracer])

    return change


def write_pet(folder, *changes, **options):
    return write_series(folder, PHANTOM, *changes, modality="PT", slope=list(SLOPES), intercept=0.0, **options)


def decayed(minutes: float) -> float:
    return DOSE * 2 ** (-minutes * 60 / HALF_LIFE)


def without(keyword, *, in_tracer=False, value=None):
    """Remove an attribute, or give it another value."""

    def change(ds, k):
        target = ds.RadiopharmaceuticalInformationSequence[0] if in_tracer else ds
        if value is None:
            delattr(target, keyword)
        else:
            setattr(target, keyword, value)

    return change


def activity() -> np.ndarray:
    """The values of :func:`write_pet` without the keyword, in Bq/ml."""
    return PHANTOM.array * SLOPES


def assert_uptake(image, factor: float) -> None:
    """Values that were rounded once, up to how the factor was computed."""
    assert image.array.dtype == np.float32
    np.testing.assert_allclose(image.array, activity() * factor, rtol=1e-6)
    np.testing.assert_allclose([plane.slope for plane in image.provenance.slices], SLOPES * factor, rtol=1e-12)
