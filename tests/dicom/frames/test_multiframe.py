"""Dose, nuclear medicine, ultrasound and secondary capture: many frames without functional groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    CorruptFileError,
    GeometryError,
    GeometryWarning,
    PictologicsError,
    UnsupportedFormatError,
    explain,
    load_image,
)
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import SYNTAXES, UNCOMPRESSED
from tests.factories.hostile import cut, ends_at_last, refused_at_last
from tests.factories.multiframe import AXIAL, write_capture, write_dose, write_nuclear, write_ultrasound
from tests.factories.phantom import PHANTOM
from tests.factories.truth import assert_shows, values_at

pytestmark = pytest.mark.usefixtures("no_handle_left")

SLICES = PHANTOM.shape[2]
# Of a person lying on the belly with the feet first: the normal points down along z.
PRONE = replace(AXIAL, direction=np.diag([1.0, -1.0, -1.0]))
SCALING = 2.0**-9


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("multiframe")


def dose_of(phantom):
    return phantom.with_array(phantom.array * SCALING)


# --- RT dose ---


@given(
    order=st.permutations(range(SLICES)),
    phantom=st.sampled_from([AXIAL, PHANTOM, PRONE]),
    dtype=st.sampled_from(["uint16", "uint32"]),
    syntax=st.sampled_from(sorted(SYNTAXES)),
)
def test_dose_planes_lie_at_their_offsets(folder, order, phantom, dtype, syntax):
    dtype = "uint16" if syntax == "rle" else dtype  # pydicom packs no more bits
    path = write_dose(folder / "dose.dcm", phantom, order=order, dtype=dtype, syntax=SYNTAXES[syntax])
    image = load_image(path)
    assert_shows(image, dose_of(phantom))
    assert image.metadata["units"] == "Gy"
    assert image.modality == "RTDOSE"
    assert_shows(load_image(path, apply_rescale=False), phantom)


@given(order=st.permutations(range(SLICES)), phantom=st.sampled_from([AXIAL, PRONE]))
def test_absolute_offsets_are_coordinates(folder, order, phantom):
    path = write_dose(folder / "absolute.dcm", phantom, order=order, absolute=True)
    assert_shows(load_image(path), dose_of(phantom))


def test_dose_that_begins_at_zero(tmp_path):
    """Absolute and relative offsets are the same there."""
    phantom = replace(AXIAL, origin=(-61.25, 104.5, 0.0))
    for absolute in (False, True):
        path = write_dose(tmp_path / f"{absolute}.dcm", phantom, absolute=absolute)
        assert_shows(load_image(path), dose_of(phantom))


def test_decreasing_offsets_turn_the_stack(tmp_path):
    image = load_image(write_dose(tmp_path / "dose.dcm", order=[4, 3, 2, 1, 0]))
    assert_shows(image, dose_of(AXIAL))
    assert image.grid.is_right_handed
    assert image.origin == pytest.approx(AXIAL.origin)


def test_dose_equals_simpleitk(tmp_path):
    path = write_dose(tmp_path / "dose.dcm")
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    other = reader.Execute()
    image = load_image(path)
    assert image.spacing == pytest.approx(other.GetSpacing())
    assert image.origin == pytest.approx(other.GetOrigin())
    stored = sitk.GetArrayFromImage(other).T
    factor = 1.0 if stored.max() < 1 else SCALING
    np.testing.assert_allclose(image.array, stored * factor, rtol=1e-6)


def test_32_bits_of_dose_are_exact(tmp_path):
    big = AXIAL.with_array(AXIAL.array.astype(np.int64) + 2**31)
    image = load_image(write_dose(tmp_path / "dose.dcm", big))
    assert image.array.dtype == np.float64
    assert_shows(image, dose_of(big))


def test_uneven_offsets_are_refused(tmp_path):
    def bend(ds):
        offsets = list(ds.GridFrameOffsetVector)
        offsets[3] += 1.0
        ds.GridFrameOffsetVector = offsets

    with pytest.raises(GeometryError, match="distance"):
        load_image(write_dose(tmp_path / "dose.dcm", AXIAL, bend))


@pytest.mark.parametrize(
    "offsets",
    [[0.0, 2.5, 5.0, 7.5], [0.0] * 6, [17.0, 19.5, 22.0, 24.5, 27.0], [0.0]],
    ids=["too few", "too many", "from nowhere", "one"],
)
def test_offsets_that_cannot_be(tmp_path, offsets):
    path = write_dose(tmp_path / "dose.dcm", AXIAL, lambda ds: setattr(ds, "GridFrameOffsetVector", offsets))
    with pytest.raises(CorruptFileError, match=r"dose\.dcm"):
        load_image(path)


def test_one_offset_twice_is_no_volume_twice_as_thick(tmp_path):
    """Two planes at one place are two volumes, one of them incomplete."""
    path = write_dose(
        tmp_path / "dose.dcm", AXIAL, lambda ds: setattr(ds, "GridFrameOffsetVector", [0.0, 2.5, 5.0, 7.5, 7.5])
    )
    assert [phase.num_slices for phase in get_dicom_phases(path)] == [4, 1]


def test_dose_without_offsets_says_that_its_place_was_assumed(tmp_path):
    def forget(ds):
        del ds.GridFrameOffsetVector, ds.FrameIncrementPointer

    with pytest.warns(GeometryWarning):
        image = load_image(write_dose(tmp_path / "dose.dcm", AXIAL, forget))
    np.testing.assert_array_equal(image.array, AXIAL.array * SCALING)


# --- nuclear medicine ---


@given(
    negative=st.booleans(),
    detector=st.booleans(),
    shuffle=st.permutations(range(SLICES)),
    phantom=st.sampled_from([AXIAL, PHANTOM, PRONE]),
    syntax=st.sampled_from(sorted(SYNTAXES)),
)
def test_nuclear_slices_follow_their_vector(folder, negative, detector, shuffle, phantom, syntax):
    """Here, and only here, the sign of SpacingBetweenSlices means something."""
    path = write_nuclear(
        folder / "spect.dcm", phantom, negative=negative, detector=detector, shuffle=shuffle, syntax=SYNTAXES[syntax]
    )
    image = load_image(path)
    assert_shows(image, phantom)
    assert image.modality == "NM"


VECTORS = {
    "TimeSlotVector": "gated",
    "RRIntervalVector": "by heart beat",
    "EnergyWindowVector": "by energy",
    "DetectorVector": "by detector",
    "PhaseVector": "dynamic",
}


@pytest.mark.parametrize("vector", VECTORS)
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big_endian"])
def test_nuclear_volumes_are_phases(tmp_path, vector, syntax):
    rng = np.random.default_rng(0)
    path = write_nuclear(
        tmp_path / "spect.dcm",
        volumes=3,
        vector=vector,
        shuffle=rng.permutation(3 * SLICES).tolist(),
        syntax=UNCOMPRESSED[syntax],
    )
    phases = get_dicom_phases(path)
    assert [phase.num_slices for phase in phases] == [SLICES] * 3
    assert [phase.split_tag for phase in phases] == [vector] * 3
    for t, phase in enumerate(phases):
        expected = AXIAL.with_array(AXIAL.array + 1000 * t)
        assert str(t + 1) in phase.label
        assert_shows(load_image(path, dataset_index=t), expected)
        assert_shows(load_image(phase), expected)


def test_projections_are_no_volume_in_the_patient(tmp_path):
    """Frames of a camera that turns have no slice vector; their place is not made up in silence."""

    def turn(ds):
        del ds.SliceVector, ds.SpacingBetweenSlices
        ds.ImageType = ["ORIGINAL", "PRIMARY", "TOMO", "EMISSION"]
        ds.RotationVector = [1] * SLICES
        ds.AngularViewVector = list(range(1, SLICES + 1))
        ds.FrameIncrementPointer = [ds["RotationVector"].tag, ds["AngularViewVector"].tag]

    with pytest.warns(GeometryWarning):
        image = load_image(write_nuclear(tmp_path / "tomo.dcm", AXIAL, turn))
    np.testing.assert_array_equal(image.array, AXIAL.array)


# --- frames without a place ---


@pytest.mark.parametrize("write", [write_ultrasound, write_capture], ids=["ultrasound", "capture"])
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_frames_without_a_place_stay_in_their_order(tmp_path, write, syntax):
    path = write(tmp_path / "cine.dcm", syntax=syntax)
    with pytest.warns(GeometryWarning) as caught:
        image = load_image(path)
    assert any("have no position in the patient" in str(one.message) for one in caught)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    pixels = pydicom.dcmread(path).pixel_array
    np.testing.assert_array_equal(image.array.T, pixels)
    assert [source.frame for source in image.provenance.slices] == list(range(SLICES))


@pytest.mark.parametrize(
    ("keyword", "warned"),
    [("PixelSpacing", False), ("ImagerPixelSpacing", True), ("NominalScannedPixelSpacing", True)],
)
def test_spacing_of_plain_frames(tmp_path, keyword, warned):
    path = write_capture(tmp_path / "capture.dcm", lambda ds: setattr(ds, keyword, [0.5, 0.25]))
    with pytest.warns(GeometryWarning) as caught:
        image = load_image(path)
    assert image.spacing[:2] == (0.25, 0.5)
    assert any(keyword in str(one.message) for one in caught) == warned


def test_a_position_of_the_first_frame_is_none_of_the_others(tmp_path):
    def place_first(ds):
        ds.ImagePositionPatient, ds.ImageOrientationPatient = [1.0, 2.0, 3.0], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]

    with pytest.warns(GeometryWarning):
        image = load_image(write_capture(tmp_path / "capture.dcm", place_first))
    assert image.array.shape == PHANTOM.shape


def test_color_is_refused_in_words(tmp_path):
    path = write_ultrasound(tmp_path / "cine.dcm", color=True)
    with pytest.raises(UnsupportedFormatError, match="color"):
        load_image(path)
    assert explain(path).volumes


# --- bad input ---


WRITERS = {"dose": write_dose, "nuclear": write_nuclear, "ultrasound": write_ultrasound, "capture": write_capture}
every_writer = pytest.mark.parametrize("name", WRITERS)


@every_writer
@pytest.mark.parametrize("frames", [0, -3, 6, 1000, 2_000_000])
def test_more_frames_than_there_are(tmp_path, name, frames):
    path = WRITERS[name](tmp_path / "scan.dcm")
    ds = pydicom.dcmread(path)
    ds.NumberOfFrames = frames
    ds.save_as(path)
    with refused_at_last(CorruptFileError, match=r"scan\.dcm"):
        load_image(path)


@every_writer
@pytest.mark.parametrize(
    ("keyword", "value"), [("Rows", 600), ("Columns", 0), ("BitsAllocated", 64), ("BitsStored", 99)]
)
def test_headers_that_lie(tmp_path, name, keyword, value):
    path = WRITERS[name](tmp_path / "scan.dcm")
    ds = pydicom.dcmread(path)
    setattr(ds, keyword, value)
    ds.save_as(path)
    with refused_at_last(PictologicsError, match=r"scan\.dcm"):
        load_image(path)


@every_writer
@pytest.mark.parametrize("syntax", ["explicit", "deflated", "rle"])
@pytest.mark.parametrize("missing", [3, 40, 200])
def test_cut_files(tmp_path, name, syntax, missing):
    import warnings

    options = {"dtype": "uint16"} if name == "dose" else {}
    path = WRITERS[name](tmp_path / "scan.dcm", syntax=SYNTAXES[syntax], **options)
    cut(path, -missing)
    with ends_at_last(), warnings.catch_warnings():
        warnings.simplefilter("ignore", GeometryWarning)
        if syntax == "rle" and missing == 3:
            # The delimiter at the end may be gone; the pixels are whole.
            load_image(path)
            return
        with pytest.raises(PictologicsError, match=r"scan\.dcm"):
            load_image(path)


@given(vector=st.lists(st.integers(0, 65535), min_size=1, max_size=8))
@settings(max_examples=25)
def test_any_slice_vector_is_survived(folder, vector):
    import warnings

    path = write_nuclear(folder / "vector.dcm", AXIAL, lambda ds: setattr(ds, "SliceVector", vector))
    with ends_at_last(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            image = load_image(path)
        except PictologicsError:
            return
    assert image.array.size <= PHANTOM.array.size
    if vector != sorted(vector):
        return
    # Where the vector names no other places, the first slice is where the file says.
    if vector == list(range(1, SLICES + 1)):
        assert values_at(image, np.array([AXIAL.origin]))[0] == AXIAL.array[0, 0, 0]
