"""From stored pixels to values, each at its voxel."""

from __future__ import annotations

import struct
import warnings
import zlib

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from pictologics import (
    ContentWarning,
    CorruptFileError,
    GeometryWarning,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
    load_image,
)
from pictologics.dicom.frames.file_frames import list_frames
from pictologics.dicom.headers.header_reading import read_header
from pictologics.dicom.pixels.pixel_format import PixelFormat, read_pixel_format
from pictologics.dicom.pixels.plane_reader import PlaneReader
from tests.factories.dicom_series import SYNTAXES, UNCOMPRESSED, add_overlay_bits, slice_file, write_series
from tests.factories.phantom import PHANTOM, Phantom

BIG_ENDIAN = UNCOMPRESSED["big_endian"]


def phantom_of(array) -> Phantom:
    return Phantom(array, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)


@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize(("allocated", "stored"), [(8, 8), (16, 16), (16, 12), (16, 10), (32, 32), (32, 20)])
def test_the_whole_range_of_every_stored_type(tmp_path, syntax, signed, allocated, stored):
    if allocated == 32 and syntax == SYNTAXES["rle"]:
        pytest.skip("RLE holds no gray pixels of 32 bits")
    low = -(1 << stored - 1) if signed else 0
    high = low + (1 << stored) - 1
    values = np.linspace(low, high, 7 * 6 * 2).astype(np.int64)
    values[[0, -1]] = low, high
    array = values.reshape((7, 6, 2))
    write_series(
        tmp_path / "ct",
        phantom_of(array),
        syntax=syntax,
        bits_allocated=allocated,
        bits_stored=stored,
        signed=signed,
        slope=None,
    )
    image = load_image(tmp_path / "ct")
    assert image.array.dtype == (np.float32 if stored <= 24 else np.float64)
    np.testing.assert_array_equal(image.array, array)


@pytest.mark.parametrize("syntax", UNCOMPRESSED.values(), ids=UNCOMPRESSED)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_bits_above_the_stored_ones_are_no_part_of_the_value(tmp_path, syntax, signed):
    array = PHANTOM.array * 9 - (1000 if signed else 0)
    write_series(tmp_path / "ct", phantom_of(array), add_overlay_bits, bits_stored=12, signed=signed, syntax=syntax)
    np.testing.assert_array_equal(load_image(tmp_path / "ct").array, array)


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_values_in_the_upper_bits(tmp_path, signed):
    """High Bit 15 and Bits Stored 12, as old files have it; below lies what is no part of the value."""
    array = PHANTOM.array * 9 - (1000 if signed else 0)

    def change(ds, k):
        ds.HighBit = 15
        words = np.frombuffer(ds.PixelData, "<u2") << 4 | 5
        ds.PixelData = words.astype("<u2").tobytes()

    write_series(tmp_path / "ct", phantom_of(array), change, bits_stored=12, signed=signed)
    np.testing.assert_array_equal(load_image(tmp_path / "ct").array, array)


def test_8_bit_pixels_in_big_endian_words(tmp_path):
    """Written as OW, pixels of 8 bits come in pairs, swapped (DICOM PS3.5 8.1.2)."""

    def change(ds, k):
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").byteswap().tobytes()
        ds.BitsAllocated = 8

    path = tmp_path / "swapped"
    ds_file = slice_file(path, 0, PHANTOM, change, bits_allocated=8, signed=False, syntax=BIG_ENDIAN)
    content = ds_file.read_bytes()
    at = content.index(b"\x7f\xe0\x00\x10OB")
    ds_file.write_bytes(content[: at + 4] + b"OW" + content[at + 6 :])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        image = load_image(path)
    np.testing.assert_array_equal(image.array[:, :, 0], PHANTOM.array[:, :, 0])


# --- rescale ---


def test_each_slice_has_its_own_slope_as_pet_has(tmp_path):
    slopes = [5.0, 2.5, 1.25, 0.075, 0.3333]
    intercepts = [0.0, 0.0, 0.0, 0.0, -7.5]
    write_series(tmp_path / "pt", slope=slopes, intercept=intercepts, modality="PT")
    image = load_image(tmp_path / "pt")
    assert image.array.dtype == np.float32
    expected = (PHANTOM.array * np.array(slopes) + np.array(intercepts)).astype(np.float32)
    np.testing.assert_array_equal(image.array, expected)
    assert [s.slope for s in image.provenance.slices] == slopes
    assert [s.intercept for s in image.provenance.slices] == intercepts


def test_apply_rescale_false_gives_the_stored_values(tmp_path):
    write_series(tmp_path / "pt", slope=[5.0, 2.5, 1.25, 0.075, 0.3], intercept=-1024.0, modality="PT")
    image = load_image(tmp_path / "pt", apply_rescale=False)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert {(s.slope, s.intercept) for s in image.provenance.slices} == {(1.0, 0.0)}


@given(
    slope=st.floats(-1000, 1000).filter(lambda v: abs(v) > 1e-6),
    intercept=st.floats(-1e5, 1e5),
    values=st.lists(st.integers(-32768, 32767), min_size=1, max_size=20),
)
@settings(max_examples=30)
def test_values_are_computed_in_float64_and_rounded_once(tmp_path, slope, intercept, values):
    slope, intercept = float(f"{slope:.8g}"), float(f"{intercept:.8g}")
    array = np.array(values).reshape(-1, 1, 1)
    path = slice_file(
        tmp_path / "one",
        0,
        phantom_of(array),
        lambda ds, k: setattr(ds, "SpacingBetweenSlices", 1.0),
        slope=slope,
        intercept=intercept,
    )
    exact = array * np.float64(slope) + np.float64(intercept)
    np.testing.assert_array_equal(load_image(path).array, exact.astype(np.float32))
    np.testing.assert_array_equal(load_image(path, dtype="float64").array, exact)


def test_a_slice_without_slope_among_others(tmp_path):
    def change(ds, k):
        if k == 1:
            del ds.RescaleSlope
            del ds.RescaleIntercept

    write_series(tmp_path / "ct", PHANTOM, change, slope=2.0, intercept=-10.0)
    expected = PHANTOM.array * 2.0 - 10.0
    expected[:, :, 1] = PHANTOM.array[:, :, 1]
    with (
        pytest.warns(ContentWarning, match=r"1 of 5 slices lacks the RescaleSlope .*001\.dcm'; 1 was taken"),
        pytest.warns(ContentWarning, match=r"1 of 5 slices lacks the RescaleIntercept .*001\.dcm'; 0 was taken"),
    ):
        np.testing.assert_array_equal(load_image(tmp_path / "ct").array, expected)


@pytest.mark.parametrize("syntax", [UNCOMPRESSED["explicit"], SYNTAXES["rle"]])
def test_monochrome1_stays_as_stored(tmp_path, syntax):
    write_series(tmp_path / "ct", photometric="MONOCHROME1", syntax=syntax)
    np.testing.assert_array_equal(load_image(tmp_path / "ct").array, PHANTOM.array)


def test_a_dose_is_scaled_or_refused():
    """The values of a dose grid are stored x DoseGridScaling (DICOM PS3.3 C.8.8.3), not the stored ones."""
    path = get_testdata_file("rtdose_1frame.dcm", download=False)
    ds = pydicom.dcmread(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", GeometryWarning)
        try:
            image = load_image(path)
        except UnsupportedFormatError:
            return
    expected = ds.pixel_array.T * float(ds.DoseGridScaling)
    np.testing.assert_allclose(image.array[:, :, 0], expected, rtol=1e-6)


def test_float_pixels(tmp_path):
    def change(ds, k):
        ds.BitsAllocated = 32
        ds.PixelData = (PHANTOM.array[:, :, k].T * 1.5).astype("<f4").tobytes()

    files = write_series(tmp_path / "map", PHANTOM, change, slope=None)
    for file in files:
        ds = pydicom.dcmread(file)
        ds.add_new(0x7FE00008, "OF", ds.PixelData)
        del ds.PixelData
        ds.save_as(file)
    image = load_image(tmp_path / "map")
    assert image.array.dtype == np.float32
    np.testing.assert_array_equal(image.array, PHANTOM.array * 1.5)


def test_float_pixels_are_not_shifted(tmp_path):
    file = slice_file(tmp_path / "map.dcm", slope=None)
    ds = pydicom.dcmread(file)
    ds.add_new(0x7FE00009, "OD", PHANTOM.array[:, :, 0].T.astype("<f8").tobytes())
    del ds.PixelData
    ds.save_as(file)
    assert read_pixel_format(read_header(file)) == PixelFormat(np.dtype("<f8"), 64, 0, False)


def test_without_a_high_bit_the_value_begins_at_the_lowest(tmp_path):
    def change(ds, k):
        del ds.HighBit
        ds.BitsStored = 12

    file = slice_file(tmp_path / "ct.dcm", 0, PHANTOM, change, slope=None, signed=False)
    np.testing.assert_array_equal(load_image(file).array[:, :, 0], PHANTOM.array[:, :, 0])


# --- dtype ---


def test_an_integer_dtype_that_cannot_hold_the_values_is_refused(tmp_path):
    write_series(tmp_path / "ct", intercept=-1024.0)
    assert load_image(tmp_path / "ct", dtype="int16").array.dtype == np.int16
    with pytest.raises(OptionError, match="uint8"):
        load_image(tmp_path / "ct", dtype="uint8")
    write_series(tmp_path / "pt", slope=0.5)
    with pytest.raises(OptionError, match="int32"):
        load_image(tmp_path / "pt", dtype=np.int32)


@pytest.mark.parametrize("dtype", ["complex64", "U5", object, "nonsense", bool])
def test_a_dtype_that_is_no_number_is_refused(tmp_path, dtype):
    with pytest.raises(OptionError, match="dtype"):
        load_image(slice_file(tmp_path / "one"), dtype=dtype)


def test_mixed_depths_give_one_type_that_holds_both(tmp_path):
    def change(ds, k):
        if k == 2:
            ds.BitsAllocated, ds.BitsStored, ds.HighBit = 32, 32, 31
            ds.PixelData = (PHANTOM.array[:, :, k].T.astype("<i4") + (1 << 30)).tobytes()

    write_series(tmp_path / "ct", PHANTOM, change)
    image = load_image(tmp_path / "ct")
    assert image.array.dtype == np.float64
    expected = PHANTOM.array.astype(np.float64)
    expected[:, :, 2] += 1 << 30
    np.testing.assert_array_equal(image.array, expected)


# --- pixels that are not there ---


@pytest.mark.parametrize("syntax", UNCOMPRESSED.values(), ids=UNCOMPRESSED)
@pytest.mark.parametrize("missing", [2, 40, 83])
def test_fewer_pixels_than_promised(tmp_path, syntax, missing):
    def change(ds, k):
        if k == 3:
            ds.PixelData = ds.PixelData[: -missing // 2 * 2]

    write_series(tmp_path / "ct", PHANTOM, change, syntax=syntax)
    with pytest.raises(CorruptFileError, match=r"003\.dcm"):
        load_image(tmp_path / "ct")


def test_the_frame_whose_pixels_are_missing_is_counted_from_one(tmp_path):
    def change(ds, k):
        ds.PixelData = ds.PixelData[:-2]

    file = slice_file(tmp_path / "ct.dcm", 0, PHANTOM, change)
    with pytest.raises(CorruptFileError, match=r"and frame 1 of \d+x\d+ pixels of 2 bytes ends at byte"):
        load_image(file)


def test_a_file_stays_open_while_its_frames_are_read(tmp_path):
    def change(ds, k):
        ds.NumberOfFrames = 2
        ds.PixelData = PHANTOM.array[:, :, :2].T.astype("<u2").tobytes()

    header = read_header(slice_file(tmp_path / "two.dcm", 0, PHANTOM, change, slope=None, signed=False))
    stored = read_pixel_format(header)
    first, second = list_frames(header)
    with PlaneReader() as reader:
        np.testing.assert_array_equal(reader.read(first, stored).T, PHANTOM.array[:, :, 0])
        file = reader.file
        np.testing.assert_array_equal(reader.read(second, stored).T, PHANTOM.array[:, :, 1])
        assert reader.file is file
    assert reader.file is None


def test_rows_that_lie_are_refused_before_memory_is_taken(tmp_path):
    files = write_series(tmp_path / "ct")
    for file in files:
        content = file.read_bytes()
        for tag in (b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"):
            at = content.index(tag) + 8
            content = content[:at] + b"\xff\xff" + content[at + 2 :]
        file.write_bytes(content)
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(CorruptFileError, match="65535x65535"):
        load_image(tmp_path / "ct")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def deflated_file(path, change):
    """A deflated file; ``change`` makes what is deflated from the data set and the place of its pixels."""
    slice_file(path, syntax=SYNTAXES["deflated"])
    start = read_header(path).dataset_offset
    content = path.read_bytes()
    dataset = zlib.decompress(content[start:], -zlib.MAX_WBITS)
    at = dataset.index(b"\xe0\x7f\x10\x00OW\0\0") + 12
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    path.write_bytes(content[:start] + deflate.compress(change(dataset, at)) + deflate.flush())
    return path


def test_a_deflated_data_set_that_ends_early(tmp_path):
    file = deflated_file(tmp_path / "short.dcm", lambda dataset, at: dataset[: at + 44])
    missing = PHANTOM.array[:, :, 0].size * 2 - 44
    with pytest.raises(CorruptFileError, match=f"its deflated data set ends {missing} bytes before the end"):
        load_image(file)


def test_no_file_inflates_to_more_than_a_thousand_times_its_size(tmp_path):
    def claim(dataset, at):
        for tag in (b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"):
            place = dataset.index(tag) + 8
            dataset = dataset[:place] + struct.pack("<H", 2000) + dataset[place + 2 :]
        return dataset[: at - 4] + struct.pack("<I", 2 * 2000 * 2000) + dataset[at:]

    with pytest.raises(CorruptFileError, match=r"the file ends \d+ bytes before the end of its pixels"):
        load_image(deflated_file(tmp_path / "claims.dcm", claim))


@pytest.mark.parametrize("bits", [(12, 12, 11), (16, 17, 16), (16, 12, 3), (16, 12, 16), (7, 7, 6)])
def test_bits_that_cannot_be(tmp_path, bits):
    def change(ds, k):
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits

    path = tmp_path / "odd.dcm"
    slice_file(path)
    ds = pydicom.dcmread(path)
    change(ds, 0)
    ds.save_as(path)
    with pytest.raises((CorruptFileError, UnsupportedFormatError), match=r"odd\.dcm"):
        load_image(path)


def test_no_pixels_in_one_slice_is_no_hole(tmp_path):
    """A slice whose pixels were lost must not vanish: the volume would lack it."""
    files = write_series(tmp_path / "ct")
    ds = pydicom.dcmread(files[4])
    del ds.PixelData
    ds.save_as(files[4])
    with pytest.raises(CorruptFileError, match=r"004\.dcm"):
        load_image(tmp_path / "ct")


# --- what pydicom ships ---

SHIPPED = [
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_expb.dcm",
    "MR_small_implicit.dcm",
    "MR_small_padded.dcm",
    "MR_small_RLE.dcm",
    "image_dfl.dcm",
    "rtdose_1frame.dcm",
    "rtdose_expb_1frame.dcm",
    "rtdose_rle_1frame.dcm",
]


@pytest.mark.parametrize("name", SHIPPED)
def test_equals_pydicom_on_what_it_ships(name):
    path = get_testdata_file(name, download=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(path, force=True)
        if "TransferSyntaxUID" not in ds.file_meta:
            ds.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        image = load_image(path, apply_rescale=False)
        if ds.pixel_array.ndim == 3:
            pytest.skip("color or several frames")
    np.testing.assert_array_equal(image.array[:, :, 0], ds.pixel_array.T)
    rows, columns = ds.get("PixelSpacing", [1.0, 1.0])
    assert image.spacing[:2] == (float(columns), float(rows))


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "JPEG-lossy.dcm", "MR_small_jpeg_ls_lossless.dcm", "693_J2KI.dcm"])
def test_compressed_pixels_load_or_say_what_is_missing(name):
    path = get_testdata_file(name, download=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = load_image(path, apply_rescale=False)
        except UnsupportedFormatError as error:
            assert name in str(error)
            assert "decoder" in str(error)
        else:
            try:
                theirs = pydicom.dcmread(path).pixel_array
            except RuntimeError:
                pytest.skip("no decoder of pydicom reads it")
            # Two decoders of a lossy codec may round to either side.
            assert np.abs(image.array[:, :, 0].T - theirs).max() <= 1


def test_shipped_files_that_are_cut_short():
    for name in ("MR_truncated.dcm", "rtplan_truncated.dcm"):
        with pytest.raises(PictologicsError, match=name):
            load_image(get_testdata_file(name, download=False))
