"""Voxels that the scanner filled up: stored values of PixelPaddingValue (DICOM PS3.3 C.7.5.1.1.2)."""

from __future__ import annotations

import struct
import warnings

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from pictologics import (
    ContentWarning,
    CorruptFileError,
    OptionError,
    load_image,
)
from tests.factories.dicom_series import SYNTAXES, slice_file, write_series
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM, Phantom

VALUE, LIMIT = 0x00280120, 0x00280121


def padding(value, limit=None, vr="SS"):
    """A change that gives a slice a padding value and maybe a limit."""

    def change(ds, k):
        ds.add_new(VALUE, vr, value)
        if limit is not None:
            ds.add_new(LIMIT, vr, limit)

    return change


def phantom_of(array) -> Phantom:
    return Phantom(np.asarray(array), PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)


def padded(value: int, dtype: str = "int16") -> np.ndarray:
    """The central values with padding in a pattern that no axis or turn leaves as it is."""
    array = PHANTOM.array.astype(dtype)
    array[np.arange(array.size).reshape(array.shape) % 7 == 3] = value
    array[0, :, 1] = value
    return array


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
@pytest.mark.parametrize("bits_stored", [12, 16])
def test_voxels_of_the_padding_value_are_not_valid(tmp_path, syntax, signed, bits_stored):
    value = -2000 if signed else 4000
    array = padded(value)
    write_series(
        tmp_path / "s",
        phantom_of(array),
        padding(value, vr="SS" if signed else "US"),
        syntax=SYNTAXES[syntax],
        signed=signed,
        bits_stored=bits_stored,
        slope=[2.0, 0.5, 1.0, 4.0, 0.25],
        intercept=-1024.0,
    )
    plain = load_image(tmp_path / "s")
    image = load_image(tmp_path / "s", source_mask_from="padding")
    assert plain.source_mask is None
    assert image.source_mask.dtype == np.bool_
    assert image.source_mask.flags.f_contiguous
    np.testing.assert_array_equal(image.source_mask, array != value)
    # The values stay as they are.
    np.testing.assert_array_equal(image.array, plain.array)
    stored = load_image(tmp_path / "s", source_mask_from="padding", apply_rescale=False)
    np.testing.assert_array_equal(stored.source_mask, array != value)


@given(low=st.integers(-30000, 30000), start=st.integers(-50, 260), length=st.none() | st.integers(-300, 300))
@settings(max_examples=40)
def test_a_range_runs_both_ways_and_includes_both_ends(tmp_path, low, start, length):
    array = PHANTOM.array.astype(int) + low - 1
    value, limit = low + start, None if length is None else low + start + length
    file = slice_file(
        tmp_path / "one.dcm",
        2,
        phantom_of(array),
        padding(value, limit),
        lambda ds, k: setattr(ds, "SpacingBetweenSlices", 1.0),
    )
    first, last = sorted((value, value if limit is None else limit))
    image = load_image(file, source_mask_from="padding")
    np.testing.assert_array_equal(image.source_mask, (array[:, :, 2:3] < first) | (array[:, :, 2:3] > last))


def test_ends_of_a_range_of_unsigned_values(tmp_path):
    write_series(tmp_path / "s", PHANTOM, padding(40, 60, vr="US"), signed=False)
    image = load_image(tmp_path / "s", source_mask_from="padding")
    np.testing.assert_array_equal(image.source_mask, (PHANTOM.array < 40) | (PHANTOM.array > 60))


def test_a_limit_without_a_value_means_nothing(tmp_path):
    write_series(tmp_path / "s", PHANTOM, lambda ds, k: ds.add_new(LIMIT, "SS", 100))
    with pytest.warns(ContentWarning, match="PixelPaddingValue"):
        image = load_image(tmp_path / "s", source_mask_from="padding")
    assert image.source_mask is None


@pytest.mark.parametrize("in_use", [16, 12])
def test_the_pattern_of_a_negative_value_in_an_unsigned_attribute(tmp_path, in_use):
    """-2000 as 63536 (all 16 bits) and as 2096 (the 12 bits that are in use)."""
    array = padded(-2000)
    pattern = -2000 & ((1 << in_use) - 1)
    write_series(tmp_path / "s", phantom_of(array), padding(pattern, vr="US"), bits_stored=in_use)
    image = load_image(tmp_path / "s", source_mask_from="padding")
    np.testing.assert_array_equal(image.source_mask, array != -2000)


def test_a_value_that_no_pixel_can_have_marks_none(tmp_path):
    write_series(tmp_path / "s", PHANTOM, padding(63536, vr="US"), bits_allocated=8, signed=False)
    assert load_image(tmp_path / "s", source_mask_from="padding").source_mask.all()


def test_8_bit_pixels(tmp_path):
    write_series(tmp_path / "s", PHANTOM, padding(100, 110, vr="US"), bits_allocated=8, signed=False)
    image = load_image(tmp_path / "s", source_mask_from="padding")
    np.testing.assert_array_equal(image.source_mask, (PHANTOM.array < 100) | (PHANTOM.array > 110))


def test_each_file_has_its_own_padding_or_none(tmp_path):
    def change(ds, k):
        if k != 2:
            padding(10 + 42 * k)(ds, k)

    write_series(tmp_path / "s", PHANTOM, change)
    expected = np.ones(PHANTOM.shape, bool)
    for k in (0, 1, 3, 4):
        expected[:, :, k] = PHANTOM.array[:, :, k] != 10 + 42 * k
    image = load_image(tmp_path / "s", source_mask_from="padding")
    np.testing.assert_array_equal(image.source_mask, expected)
    assert np.count_nonzero(~expected) == 4


def test_padding_is_compared_before_a_table_is_applied(tmp_path):
    from tests.dicom.pixels.test_lookup_tables import ENTRIES, modality_lut

    write_series(tmp_path / "s", PHANTOM, modality_lut(ENTRIES), padding(150, vr="US"), slope=None, signed=False)
    image = load_image(tmp_path / "s", source_mask_from="padding")
    np.testing.assert_array_equal(image.source_mask, PHANTOM.array != 150)
    assert image.array[PHANTOM.array == 150].tolist() == [ENTRIES[150]]


@pytest.mark.parametrize(("kind", "bits"), [("f", 32), ("d", 64)])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("value", "limit"), [(-1e9, None), (3.5, 60.25), (float("nan"), None)])
def test_float_pixels(tmp_path, kind, bits, order, value, limit):
    array = (PHANTOM.array * 0.5).astype(f"f{bits // 8}")
    array[1, 2, :] = value
    pixels, tags = (0x7FE00008, (0x00280122, 0x00280124)) if kind == "f" else (0x7FE00009, (0x00280123, 0x00280125))
    files = write_series(tmp_path / "s", slope=None, modality="MR")
    for k, file in enumerate(files):
        ds = pydicom.dcmread(file)
        del ds.PixelData
        ds.BitsAllocated = bits
        ds.add_new(tags[0], "FL" if kind == "f" else "FD", value)
        if limit is not None:
            ds.add_new(tags[1], "FL" if kind == "f" else "FD", limit)
        ds.add_new(
            pixels, "OF" if kind == "f" else "OD", array[:, :, k].T.astype(order + array.dtype.str[1:]).tobytes()
        )
        ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian if order == "<" else SYNTAXES["big_endian"]
        pydicom.dcmwrite(file, ds, little_endian=order == "<", implicit_vr=False)
    image = load_image(tmp_path / "s", source_mask_from="padding")
    np.testing.assert_array_equal(image.array, array)
    upper = value if limit is None else limit
    expected = ~np.isnan(array) if np.isnan(value) else (array < value) | (array > upper)
    assert not expected.all()
    np.testing.assert_array_equal(image.source_mask, expected)


def test_a_float_padding_value_of_too_few_bytes_is_refused(tmp_path):
    file = slice_file(tmp_path / "map.dcm", slope=None, modality="MR")
    ds = pydicom.dcmread(file)
    del ds.PixelData
    ds.BitsAllocated = 32
    ds.add_new(0x7FE00008, "OF", PHANTOM.array[:, :, 0].T.astype("<f4").tobytes())
    ds.add_new(0x00280122, "OB", b"\0\0")
    ds.save_as(file)
    with pytest.raises(CorruptFileError, match="FloatPixelPaddingValue"):
        load_image(file, source_mask_from="padding")


def test_each_frame_is_compared_with_the_value_of_its_file(tmp_path):
    def change(ds, k):
        ds.NumberOfFrames = 3
        ds.PixelData = PHANTOM.array[:, :, :3].T.astype("<i2").tobytes()
        padding(60, 90)(ds, k)

    file = slice_file(tmp_path / "cine.dcm", 0, PHANTOM, change, positions=False)
    with pytest.warns(UserWarning):
        image = load_image(file, source_mask_from="padding")
    stored = PHANTOM.array[:, :, :3]
    np.testing.assert_array_equal(image.source_mask, (stored < 60) | (stored > 90))


def test_the_mask_moves_with_the_image_onto_a_reference(tmp_path):
    write_series(tmp_path / "s", PHANTOM, padding(100, 130))
    reference = load_image(write_nifti(tmp_path / "reference.nii", PHANTOM))
    image = load_image(tmp_path / "s", source_mask_from="padding", reference_image=reference)
    np.testing.assert_array_equal(image.source_mask, (PHANTOM.array < 100) | (PHANTOM.array > 130))


def test_no_padding_value_gives_no_mask_and_says_so(tmp_path):
    write_series(tmp_path / "s")
    with pytest.warns(ContentWarning, match="PixelPaddingValue"):
        image = load_image(tmp_path / "s", source_mask_from="padding")
    assert image.source_mask is None


def check_against_pydicom(path) -> None:
    ds = pydicom.dcmread(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = load_image(path, source_mask_from="padding")
    is_padding = np.equal(ds.pixel_array.T, ds.PixelPaddingValue)
    assert is_padding.any()
    np.testing.assert_array_equal(image.source_mask[:, :, 0], ~is_padding)


def test_a_compressed_file_of_a_real_scanner():
    check_against_pydicom(get_testdata_file("693_J2KI.dcm", download=False))


def test_a_scan_with_padded_corners(shared_data):
    check_against_pydicom(shared_data / "ge_tilted_ct" / "dicom" / "11.dcm")


def test_a_value_that_is_cut_off_is_refused(tmp_path):
    file = slice_file(tmp_path / "one.dcm", 0, PHANTOM, padding(7))
    content = file.read_bytes()
    element = struct.pack("<HH2sHh", 0x0028, 0x0120, b"SS", 2, 7)
    assert content.count(element) == 1
    file.write_bytes(content.replace(element, struct.pack("<HH2sHB", 0x0028, 0x0120, b"SS", 1, 7)))
    with pytest.raises(CorruptFileError, match=r"one\.dcm"):
        load_image(file, source_mask_from="padding")


@pytest.mark.parametrize("value", ["air", True, "Padding", "", [0], b"padding"])
def test_other_sources_of_a_mask_are_refused(tmp_path, value):
    file = slice_file(tmp_path / "one.dcm")
    with pytest.raises(OptionError, match=r'source_mask_from .* must be None, "padding", "sentinel" or a number'):
        load_image(file, source_mask_from=value)


def test_it_means_nothing_for_nifti(tmp_path):
    path = write_nifti(tmp_path / "scan.nii", PHANTOM)
    with pytest.warns(ContentWarning, match="source_mask_from"):
        assert load_image(path, source_mask_from="padding").source_mask is None
