"""Standardized uptake values of every unit and kind, on PET series whose truth is worked out here by hand."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from pictologics import (
    OptionError,
    PictologicsError,
    load_image,
)
from tests.factories.dicom_series import UNCOMPRESSED, slice_file, write_series
from tests.factories.nifti_files import write_nifti
from tests.factories.pet import (
    LEAN,
    SIZE,
    SIZES,
    SURFACE,
    UNITS,
    WEIGHT,
    activity,
    assert_uptake,
    decayed,
    pet,
    without,
    write_pet,
)
from tests.factories.phantom import PHANTOM

# --- Bq/ml ---


@pytest.mark.parametrize("syntax", UNCOMPRESSED.values(), ids=UNCOMPRESSED)
@pytest.mark.parametrize("kind", ["bw", "lbm", "bsa"])
def test_decay_is_counted_to_the_beginning_of_the_series(tmp_path, syntax, kind):
    write_pet(tmp_path / "pet", pet(minutes=60), syntax=syntax)
    image = load_image(tmp_path / "pet", suv=kind)
    assert_uptake(image, SIZES[kind] / decayed(60))
    assert image.metadata["units"] == UNITS[kind]
    assert image.modality == "PT"
    assert any(UNITS[kind] in decision.text for decision in image.provenance.decisions)


@pytest.mark.parametrize("sex", ["M", "F"])
def test_lean_body_mass_of_men_and_women(tmp_path, sex):
    write_pet(tmp_path / "pet", pet(), lambda ds, k: setattr(ds, "PatientSex", sex))
    assert_uptake(load_image(tmp_path / "pet", suv="lbm"), LEAN[sex] * 1000 / decayed(60))
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
    assert_uptake(load_image(tmp_path / "pet", suv=kind), 0.000551 * SIZES[kind] / SIZES["bw"])


@pytest.mark.parametrize("absent", [None, "0"])
@pytest.mark.parametrize("kind", ["bw", "bsa"])
def test_philips_factor_to_becquerel(tmp_path, absent, kind):
    write_pet(tmp_path / "pet", pet(units="CNTS"), philips(absent, "1.75"))
    assert_uptake(load_image(tmp_path / "pet", suv=kind), 1.75 * SIZES[kind] / decayed(60))


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
    assert_uptake(image, SIZES[kind] / SIZES[held])
    assert image.metadata["units"] == UNITS[kind]


def test_uptake_by_weight_needs_nothing_more(tmp_path):
    def change(ds, k):
        del ds.PatientWeight
        del ds.PatientSize

    write_pet(tmp_path / "pet", bare("GML"), change)
    assert_uptake(load_image(tmp_path / "pet", suv="bw"), 1.0)


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
