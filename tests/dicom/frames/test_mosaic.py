"""Siemens mosaics: tiles cut and put where the CSA header says."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics import (
    ContentWarning,
    CorruptFileError,
    GeometryError,
    GeometryWarning,
    PictologicsError,
    load_image,
)
from pictologics.utilities import get_dicom_phases
from tests.factories.dicom_series import SYNTAXES
from tests.factories.hostile import cut, ends_at_last, refused_at_last
from tests.factories.mosaics import CUTS, csa_header, write_mosaic
from tests.factories.phantom import counting
from tests.factories.truth import assert_shows, values_at

pytestmark = pytest.mark.usefixtures("no_handle_left")

every_cut = pytest.mark.parametrize("name", CUTS)
AXIAL = CUTS["axial"]


@every_cut
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "rle", "deflated"])
def test_tiles_lie_along_the_slice_normal(tmp_path, name, version, syntax):
    phantom = CUTS[name]
    path = write_mosaic(tmp_path / "mosaic.dcm", phantom, version=version, syntax=SYNTAXES[syntax])
    image = load_image(path)
    assert image.array.shape == phantom.shape
    assert_shows(image, phantom)
    assert image.spacing == pytest.approx(phantom.spacing)


@every_cut
def test_equals_nibabel(tmp_path, name):
    """An independent reader of mosaics, at points of the world."""
    path = write_mosaic(tmp_path / "mosaic.dcm", CUTS[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from nibabel.nicom import dicomwrappers  # warns when it is imported

        other = dicomwrappers.wrapper_from_data(pydicom.dcmread(path))
        assert other.is_mosaic
        array, affine = other.get_data(), other.affine
    index = np.stack(np.meshgrid(*map(np.arange, array.shape), indexing="ij"), -1).reshape(-1, 3)
    positions = index @ affine[:3, :3].T + affine[:3, 3]
    np.testing.assert_array_equal(values_at(load_image(path), positions), array[tuple(index.T)])


@pytest.mark.parametrize("count", [2, 3, 4, 5, 10, 48, 56, 64])
@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
def test_the_number_of_tiles_from_group_0019(tmp_path, count, syntax):
    """48 and 56 are digits, if read as text."""
    phantom = AXIAL.with_array(counting((4, 6, count)))
    path = write_mosaic(tmp_path / "mosaic.dcm", phantom, csa_count=False, syntax=SYNTAXES[syntax])
    assert_shows(load_image(path), phantom)


@pytest.mark.parametrize("name", ["sagittal", "sagittal, against"])
def test_a_mosaic_without_a_normal_is_not_placed_in_silence(tmp_path, name):
    """Nothing else says on which side of the first slice the others lie."""
    path = write_mosaic(tmp_path / "mosaic.dcm", CUTS[name], version=None)
    with pytest.raises((GeometryError, GeometryWarning)):
        load_image(path)


def test_the_number_of_tiles_from_the_csa_header_alone(tmp_path):
    path = write_mosaic(tmp_path / "mosaic.dcm", AXIAL, private_count=False)
    assert_shows(load_image(path), AXIAL)


def test_a_mosaic_that_does_not_say_how_many_tiles_it_has(tmp_path):
    path = write_mosaic(tmp_path / "mosaic.dcm", AXIAL, private_count=False, version=None)
    with pytest.raises(CorruptFileError, match="how many"):
        load_image(path)


def test_spare_tiles_are_no_slices(tmp_path):
    image = load_image(write_mosaic(tmp_path / "mosaic.dcm", AXIAL, spare=999))
    assert image.array.max() == AXIAL.array.max()


@pytest.mark.parametrize("name", ["axial", "sagittal, against"])
def test_mosaics_of_one_series_are_phases(tmp_path, name):
    phantom = CUTS[name]
    for t in range(4):
        write_mosaic(
            tmp_path / f"{3 - t}.dcm",
            phantom.with_array(phantom.array + 1000 * t),
            lambda ds, t=t: setattr(ds, "AcquisitionNumber", t + 1),
            volume=t,
        )
    phases = get_dicom_phases(tmp_path)
    assert [phase.num_slices for phase in phases] == [phantom.shape[2]] * 4
    assert [len(phase.file_paths) for phase in phases] == [1] * 4
    for t in range(4):
        assert_shows(load_image(tmp_path, dataset_index=t), phantom.with_array(phantom.array + 1000 * t))


def moved(phantom, steps, value):
    """The phantom so many slice distances further along, with other values."""
    origin = tuple(phantom.position((0, 0, steps)))
    return replace(phantom, origin=origin, array=phantom.array + value)


@pytest.mark.parametrize("name", ["axial", "sagittal, against", "oblique"])
@pytest.mark.parametrize("steps", [(0, 0.5), (0, 0.5, 1), (0, 0.01, 0.03), (0, 5), (0, 7.5, 2)])
def test_the_tiles_of_one_mosaic_stay_together(tmp_path, name, steps):
    """Mosaics between, beside or a little off one another, as motion correction places them, are so many volumes."""
    volumes = [moved(CUTS[name], step, 1000 * t) for t, step in enumerate(steps)]
    for t, volume in enumerate(volumes):
        write_mosaic(tmp_path / f"{9 - t}.dcm", volume, volume=t)
    assert len(get_dicom_phases(tmp_path)) == len(volumes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ContentWarning)
        for t, volume in enumerate(volumes):
            assert_shows(load_image(tmp_path, dataset_index=t), volume)


@pytest.mark.parametrize("change", [{"Rows": 17}, {"Columns": 23}])
def test_a_mosaic_that_cannot_be_cut_into_its_tiles_is_refused(tmp_path, change):
    def spoil(ds):
        ds.Rows, ds.Columns = change.get("Rows", ds.Rows), change.get("Columns", ds.Columns)
        ds.PixelData = np.resize(np.frombuffer(ds.PixelData, "u1"), 2 * ds.Rows * ds.Columns).tobytes()

    path = write_mosaic(tmp_path / "mosaic.dcm", CUTS["axial"], spoil)
    with pytest.raises(CorruptFileError, match="cannot be cut into 3x3 tiles"):
        load_image(path)


def test_slices_tell_their_tile(tmp_path):
    """All from the one frame of the file, each at its own position."""
    image = load_image(write_mosaic(tmp_path / "mosaic.dcm", CUTS["sagittal, against"]))
    sources = image.provenance.slices
    assert {source.frame for source in sources} == {0}
    for k, source in enumerate(sources):
        assert source.position == pytest.approx(image.grid.index_to_world((0, 0, k)).tolist())


# --- bad input ---


@pytest.mark.parametrize("count", ["0", "-1", "1000000000", "nan", "1e400"])
def test_numbers_of_tiles_that_cannot_be(tmp_path, count):
    def lie(ds):
        content = csa_header({"NumberOfImagesInMosaic": [count], "SliceNormalVector": ["0", "0", "1"]})
        ds[0x00291010].value = content + b"\0" * (len(content) % 2)

    path = write_mosaic(tmp_path / "mosaic.dcm", AXIAL, lie, private_count=False)
    with refused_at_last(PictologicsError, match=r"mosaic\.dcm"):
        load_image(path)


@pytest.mark.parametrize("normal", [["1", "0", "0"], ["0", "0"], ["0", "0", "0"], ["nan", "0", "1"]])
def test_normals_that_cannot_be(tmp_path, normal):
    def lie(ds):
        content = csa_header({"NumberOfImagesInMosaic": [5], "SliceNormalVector": normal})
        ds[0x00291010].value = content + b"\0" * (len(content) % 2)

    with pytest.raises(PictologicsError, match=r"mosaic\.dcm"):
        load_image(write_mosaic(tmp_path / "mosaic.dcm", AXIAL, lie))


@given(at=st.integers(0, 3000), value=st.integers(0, 255), version=st.sampled_from([1, 2]))
def test_one_wrong_byte_in_the_csa_header_is_survived(tmp_path_factory, at, value, version):
    def bend(ds):
        content = bytearray(ds[0x00291010].value)
        content[at % len(content)] = value
        ds[0x00291010].value = bytes(content)

    path = write_mosaic(tmp_path_factory.mktemp("bent") / "mosaic.dcm", AXIAL, bend, version=version)
    with ends_at_last(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            image = load_image(path)
        except PictologicsError:
            return
    assert image.array.size <= 3 * 3 * AXIAL.array.size


@pytest.mark.parametrize("length", range(0, 1500, 100))
@pytest.mark.parametrize("version", [1, 2])
def test_cut_csa_headers(tmp_path, length, version):
    def shorten(ds):
        ds[0x00291010].value = ds[0x00291010].value[:length]

    phantom = CUTS["sagittal, against"]
    path = write_mosaic(tmp_path / "mosaic.dcm", phantom, shorten, version=version)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            image = load_image(path)
        except PictologicsError:
            return
    # What is left says as much as is needed, or it is told that the normal was assumed.
    assert image.array.shape == phantom.shape
    if not any(issubclass(one.category, GeometryWarning) for one in caught):
        assert_shows(image, phantom)


@pytest.mark.parametrize("missing", [3, 100, 400])
def test_cut_files(tmp_path, missing):
    path = write_mosaic(tmp_path / "mosaic.dcm", AXIAL)
    cut(path, -missing)
    with pytest.raises(CorruptFileError, match=r"mosaic\.dcm"):
        load_image(path)
