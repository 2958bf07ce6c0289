"""Parametric maps: floats, and values that a mapping makes real."""

from __future__ import annotations

from dataclasses import replace

import highdicom
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from pictologics import PictologicsError, load_image
from tests.factories.dicom_series import UNCOMPRESSED
from tests.factories.enhanced import (
    planes_of,
    real_world_mapping,
    write_enhanced,
)
from tests.factories.phantom import PHANTOM, Phantom
from tests.factories.truth import assert_shows

pytestmark = pytest.mark.usefixtures("no_handle_left")


def other(factor: int) -> Phantom:
    """The phantom with other values."""
    return PHANTOM.with_array(PHANTOM.array + 1000 * factor)


# --- parametric maps ---


@pytest.mark.parametrize("pixels", ["float32", "float64"])
@pytest.mark.parametrize("syntax", UNCOMPRESSED.values(), ids=UNCOMPRESSED)
def test_parametric_maps_of_floats(tmp_path, pixels, syntax):
    array = (PHANTOM.array / 7).astype(pixels)
    path = write_enhanced(
        tmp_path / "map.dcm",
        planes_of(PHANTOM.with_array(array)),
        kind="parametric map",
        pixels=pixels,
        rescale="none",
        syntax=syntax,
    )
    image = load_image(path)
    assert image.array.dtype == pixels
    assert_shows(image, PHANTOM.with_array(array))


@pytest.mark.parametrize("pixels", ["int16", "float32", "float64"])
def test_real_world_values_count_before_a_rescale(tmp_path, pixels):
    groups = {"RealWorldValueMappingSequence": real_world_mapping(0.25, -8.0)}
    planes = [replace(plane, slope=3.0, intercept=1.0) for plane in planes_of(groups=groups)]
    path = write_enhanced(tmp_path / "map.dcm", planes, kind="parametric map", pixels=pixels)
    image = load_image(path)
    assert_shows(image, PHANTOM.with_array(PHANTOM.array * 0.25 - 8))
    assert image.metadata["units"] == "mm2/s"
    assert_shows(load_image(path, apply_rescale=False), PHANTOM)


def test_real_world_values_without_units_do_not_count(tmp_path):
    groups = {"RealWorldValueMappingSequence": real_world_mapping(0.25, -8.0, units="1")}
    planes = [replace(plane, slope=2.0, intercept=1.0) for plane in planes_of(groups=groups)]
    assert_shows(load_image(write_enhanced(tmp_path / "map.dcm", planes)), PHANTOM.with_array(PHANTOM.array * 2 + 1))


def test_a_mapping_by_table_is_not_passed_over(tmp_path):
    """Stored values are no real ones: the table is applied, or the file is refused."""
    mapping = real_world_mapping(1.0, 0.0)
    for keyword in ("RealWorldValueSlope", "RealWorldValueIntercept"):
        delattr(mapping, keyword)
    for keyword, value in (("RealWorldValueFirstValueMapped", 0), ("RealWorldValueLastValueMapped", 210)):
        mapping[keyword].value = value
    mapping.RealWorldValueLUTData = [float(v) ** 2 for v in range(211)]
    planes = planes_of(groups={"RealWorldValueMappingSequence": mapping})
    path = write_enhanced(tmp_path / "map.dcm", planes, kind="parametric map", rescale="none")
    try:
        image = load_image(path)
    except PictologicsError:
        return
    assert_shows(image, PHANTOM.with_array(PHANTOM.array.astype(float) ** 2))


def test_a_mapping_in_two_pieces_is_not_passed_over(tmp_path):
    """Each piece has values of its own: both are applied, or the file is refused."""
    low, high = real_world_mapping(1.0, 0.0), real_world_mapping(10.0, 5.0)
    low.RealWorldValueLastValueMapped, high.RealWorldValueFirstValueMapped = 100, 101

    def piecewise(ds: Dataset) -> None:
        for one in ds.PerFrameFunctionalGroupsSequence:
            one.RealWorldValueMappingSequence = DicomSequence([low, high])

    path = write_enhanced(tmp_path / "map.dcm", None, piecewise, kind="parametric map", rescale="none")
    try:
        image = load_image(path)
    except PictologicsError:
        return
    stored = PHANTOM.array.astype(float)
    assert_shows(image, PHANTOM.with_array(np.where(stored > 100, stored * 10 + 5, stored)))


def test_a_map_written_by_highdicom(tmp_path):
    """An independent writer, with float values and a plane of its own for each frame."""
    from highdicom.pm import ParametricMap, RealWorldValueMapping

    from tests.factories.dicom_series import write_series

    def complete(ds: Dataset, k: int) -> None:
        """What a writer copies from its sources must be there, if empty."""
        for keyword in ("PatientBirthDate", "PatientSex", "StudyID", "ReferringPhysicianName", "Manufacturer"):
            setattr(ds, keyword, "")

    sources = [pydicom.dcmread(path) for path in write_series(tmp_path / "source", PHANTOM, complete, modality="MR")]
    rng = np.random.default_rng(0)
    values = rng.normal(size=(5, 6, 7)).astype(np.float32)
    mapping = RealWorldValueMapping(
        lut_label="ADC",
        lut_explanation="diffusion coefficient",
        unit=pydicom.sr.codedict.codes.UCUM.SquareMillimeterPerSecond,
        value_range=(-10.0, 10.0),
        slope=2.0,
        intercept=1.0,
    )
    made = ParametricMap(
        source_images=sources,
        pixel_array=values,
        series_instance_uid=highdicom.UID(),
        series_number=3,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="Phantom",
        manufacturer_model_name="Phantom",
        software_versions="1",
        device_serial_number="1",
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[highdicom.VOILUTTransformation(window_center=0, window_width=1)],
    )
    made.save_as(tmp_path / "map.dcm")
    expected = PHANTOM.with_array(values.T.astype(np.float64) * 2 + 1)
    assert_shows(load_image(tmp_path / "map.dcm"), expected, rtol=1e-6)
