"""How far pixels and slices lie apart: every attribute that may say it, and what counts as not saying it."""

from __future__ import annotations

import re
import struct
import warnings

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from pictologics import GeometryWarning, load_image
from tests.factories.dicom_series import slice_dataset, write_dataset, write_series
from tests.factories.enhanced import item, planes_of, write_enhanced
from tests.factories.multiframe import write_ultrasound
from tests.factories.phantom import PHANTOM
from tests.factories.truth import assert_shows

NO_SPACINGS = {
    "zero": "0.000\\0.000",
    "one zero": "0\\0.7",
    "one number": "0.7",
    "three numbers": "0.7\\0.7\\2",
    "negative": "-0.7\\-0.7",
    "not a number": "nan\\nan",
    "infinite": "inf\\inf",
    "text": "ANON\\ANON",
}
SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "ImagePlanePixelSpacing", "NominalScannedPixelSpacing")
PLACEHOLDER = "7777.7777\\8888.8888"


def load_with_warnings(path, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = load_image(path, **options)
    assert all(issubclass(warning.category, GeometryWarning) for warning in caught)
    return image, " | ".join(str(warning.message) for warning in caught)


def write_raw(path, value, *, keyword="PixelSpacing", **attributes):
    """One slice, with an attribute whose text no writer would write, and others."""
    ds = slice_dataset(0)
    del ds.PixelSpacing
    setattr(ds, keyword, PLACEHOLDER.split("\\"))
    for name, number in attributes.items():
        setattr(ds, name, number)
    write_dataset(path, ds)
    content = path.read_bytes()
    text = value.encode() + b" " * (len(value) % 2)
    old = struct.pack("<H", len(PLACEHOLDER) + 1) + PLACEHOLDER.encode() + b" "
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, struct.pack("<H", len(text)) + text))
    return path


def quoted(value: str) -> str:
    """How a message shows a value: numbers as they are; of text, which may name a patient, only the length."""
    return value if re.fullmatch(r"[-+.\\0-9eE]*", value) else f"(of {len(value)} characters)"


@pytest.mark.parametrize("keyword", SPACINGS)
@pytest.mark.parametrize("value", NO_SPACINGS.values(), ids=NO_SPACINGS)
def test_what_is_no_spacing_is_unknown_and_named(tmp_path, keyword, value):
    image, said = load_with_warnings(write_raw(tmp_path / "a.dcm", value, keyword=keyword))
    assert image.spacing[:2] == (1.0, 1.0)
    assert f"no pixel spacing ({keyword} {quoted(value)} is not usable); 1 mm was assumed" in said


@pytest.mark.parametrize("value", NO_SPACINGS.values(), ids=NO_SPACINGS)
@pytest.mark.parametrize(
    ("keyword", "where"),
    [
        ("ImagerPixelSpacing", "at the detector"),
        ("ImagePlanePixelSpacing", "in the plane of the image"),
        ("NominalScannedPixelSpacing", "on the film"),
    ],
)
def test_the_next_attribute_takes_the_place_of_what_is_no_spacing(tmp_path, keyword, where, value):
    image, said = load_with_warnings(write_raw(tmp_path / "a.dcm", value, **{keyword: [1.125, 0.75]}))
    assert image.spacing[:2] == (0.75, 1.125)
    assert (
        f"no PixelSpacing (PixelSpacing {quoted(value)} is not usable); {keyword} was used, which is measured {where}"
        in said
    )


@pytest.mark.parametrize(("rows", "value"), [(1, [0, 0.75]), (None, [1.125, 0])])
def test_a_single_row_or_column_may_have_no_distance_to_the_next(tmp_path, rows, value):
    """PS3.3 10.7.1.3; its pixels are taken as square."""
    ds = slice_dataset(0)
    ds.PixelSpacing = value
    if rows:
        ds.Rows = 1
    else:
        ds.Columns = 1
    ds.PixelData = ds.PixelData[: 2 * ds.Rows * ds.Columns]
    image, said = load_with_warnings(write_dataset(tmp_path / "a.dcm", ds))
    assert image.spacing[:2] == (max(value), max(value))
    assert "1 mm" not in said


@pytest.mark.parametrize("value", [None, [0, 1], [1.125]], ids=["missing", "zero", "one number"])
def test_a_slice_without_a_spacing_has_that_of_the_others(tmp_path, value):
    def change(ds, k):
        if k == 2:
            ds.PixelSpacing = value

    write_series(tmp_path, PHANTOM, change)
    image, said = load_with_warnings(tmp_path)
    assert_shows(image, PHANTOM)
    assert "1 of 5 images has no pixel spacing" in said
    assert "002.dcm'; that of the others was used" in said


def test_frames_without_a_spacing_of_their_own_have_that_of_the_detector(tmp_path):
    """Enhanced XA keeps it in a functional group (PS3.3 C.8.19.6.3)."""

    def change(ds):
        shared = ds.SharedFunctionalGroupsSequence[0]
        del shared.PixelMeasuresSequence
        shared.FramePixelDataPropertiesSequence = DicomSequence([item(ImagerPixelSpacing=[1.125, 0.75])])

    image, said = load_with_warnings(write_enhanced(tmp_path / "a.dcm", planes_of(), change))
    assert_shows(image, PHANTOM)
    assert "ImagerPixelSpacing was used, which is measured at the detector" in said


# --- ultrasound regions ---


def region(corners=(0, 0, 6, 5), deltas=(0.075, 0.1125), units=(3, 3), spatial=1, **more):
    ds = Dataset()
    ds.RegionSpatialFormat, ds.RegionDataType, ds.RegionFlags = spatial, 1, 0
    ds.RegionLocationMinX0, ds.RegionLocationMinY0, ds.RegionLocationMaxX1, ds.RegionLocationMaxY1 = corners
    ds.PhysicalUnitsXDirection, ds.PhysicalUnitsYDirection = units
    ds.PhysicalDeltaX, ds.PhysicalDeltaY = deltas
    return ds


DOPPLER = region((0, 4, 6, 5), (0.004, 0.3), units=(4, 7), spatial=3)

REGIONS = {
    "one": [region()],
    "in both directions of its axes": [region(deltas=(-0.075, -0.1125))],
    "beside a spectrum in seconds": [DOPPLER, region((0, 0, 6, 3))],
    "the largest of two": [region((0, 0, 2, 2), (0.01, 0.01)), region((0, 3, 6, 5))],
}


@pytest.mark.parametrize("regions", REGIONS.values(), ids=REGIONS)
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"])
def test_the_region_of_an_ultrasound_image_has_its_spacing(tmp_path, regions, syntax):
    def change(ds):
        ds.SequenceOfUltrasoundRegions = DicomSequence(regions)

    image, said = load_with_warnings(write_ultrasound(tmp_path / "a.dcm", change, syntax=syntax))
    np.testing.assert_allclose(image.spacing[:2], PHANTOM.spacing[:2])
    assert "SequenceOfUltrasoundRegions was used, which is that of the largest region that shows tissue" in said
    assert "no pixel spacing" not in said


@pytest.mark.parametrize(
    "regions",
    [
        [],
        [DOPPLER],
        [region(deltas=(0.0, 0.1))],
        [region(deltas=(float("nan"), 0.1))],
        [region(units=(3, 4))],
        [Dataset()],
    ],
    ids=["none", "spectrum", "zero", "nan", "one in seconds", "empty"],
)
def test_regions_that_are_no_length_tell_no_spacing(tmp_path, regions):
    def change(ds):
        ds.SequenceOfUltrasoundRegions = DicomSequence(regions)

    image, said = load_with_warnings(write_ultrasound(tmp_path / "a.dcm", change))
    assert image.spacing[:2] == (1.0, 1.0)
    assert "no pixel spacing; 1 mm was assumed" in said


def test_pixel_spacing_counts_before_a_region(tmp_path):
    def change(ds):
        ds.SequenceOfUltrasoundRegions = DicomSequence([region(deltas=(0.5, 0.5))])
        ds.PixelSpacing = [1.125, 0.75]

    image, _ = load_with_warnings(write_ultrasound(tmp_path / "a.dcm", change))
    assert image.spacing[:2] == PHANTOM.spacing[:2]


# --- the distance of slices ---


@pytest.mark.parametrize(
    ("between", "thickness", "step", "noted"),
    [
        (3.0, 2.5, 3.0, ""),
        (-3.0, 2.5, 3.0, ""),
        (None, 2.5, 2.5, "thickness of the single slice, 2.5 mm"),
        (0, 2.5, 2.5, "thickness of the single slice, 2.5 mm"),
        (None, 0, 1.0, "1 mm was assumed"),
        (None, None, 1.0, "1 mm was assumed"),
        (0, -2.5, 2.5, "thickness of the single slice, 2.5 mm"),
    ],
)
def test_the_step_of_a_single_slice(tmp_path, between, thickness, step, noted):
    """Its voxels are as thick as the file says: without it, volumes in ml would be wrong."""

    def change(ds, k):
        ds.SpacingBetweenSlices, ds.SliceThickness = between, thickness

    (path,) = write_series(tmp_path, PHANTOM, change, slices=[2])
    image, said = load_with_warnings(path)
    assert image.spacing[2] == step
    texts = [entry.text for entry in image.provenance.decisions if entry.kind == "assumed"]
    assert (noted in " ".join(texts)) if noted else not texts
    # Only what is made up is a warning.
    assert bool(said) == (step == 1.0)


@pytest.mark.parametrize("down", [False, True])
def test_slice_locations_tell_the_step_of_slices_without_positions(tmp_path, down):
    def change(ds, k):
        del ds.ImagePositionPatient
        ds.SliceLocation = 50 + (-2.5 if down else 2.5) * k

    write_series(tmp_path, PHANTOM, change)
    image, said = load_with_warnings(tmp_path)
    assert image.spacing == PHANTOM.spacing
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert "2.5 mm apart by their SliceLocation" in said
    assert "is unknown" not in said


def test_slice_locations_that_are_uneven_tell_nothing(tmp_path):
    def change(ds, k):
        del ds.ImagePositionPatient
        ds.SliceLocation = k**2

    write_series(tmp_path, PHANTOM, change)
    image, said = load_with_warnings(tmp_path)
    assert image.spacing[2] == 9.0
    assert "thickness of 9 mm was used" in said
