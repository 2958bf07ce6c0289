"""Values that come from a table rather than a slope and an intercept (DICOM PS3.3 C.11.1)."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut
from pydicom.sequence import Sequence as DicomSequence

from pictologics import CorruptFileError, OptionError, load_image
from pictologics.dicom.pixels.lookup_tables import TableFormat, unpack_table_entries
from tests.factories.dicom_series import (
    SYNTAXES,
    UNCOMPRESSED,
    add_long_junk,
    add_private_block,
    add_undefined_length_sequences,
    slice_file,
    write_series,
)
from tests.factories.phantom import PHANTOM, Phantom

BIG_ENDIAN = UNCOMPRESSED["big_endian"]
SPAN = 200
ENTRIES = [(k * k) % 65521 for k in range(SPAN)]


def modality_lut(entries, first=0, *, bits=16, vr="OW", unit="HU", order="<", open_ended=False, bytes_each=2):
    """A change that gives a slice a table."""

    def change(ds, k):
        table = Dataset()
        table.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
        if vr == "OW":
            table.add_new(0x00283006, "OW", np.asarray(entries, f"{order}u{bytes_each}").tobytes())
        else:
            table.add_new(0x00283006, "US", list(entries))
        if unit:
            table.ModalityLUTType = unit
        table.is_undefined_length_sequence_item = open_ended
        ds.ModalityLUTSequence = DicomSequence([table])
        ds["ModalityLUTSequence"].is_undefined_length = open_ended

    return change


def phantom_of(array) -> Phantom:
    return Phantom(np.asarray(array), PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("vr", ["OW", "US"])
@pytest.mark.parametrize(
    ("signed", "first", "shift"), [(False, 0, 0), (False, 20, 0), (True, -60, -100), (True, 7, -100)]
)
def test_equals_pydicom(tmp_path, syntax, vr, signed, first, shift):
    order = ">" if SYNTAXES[syntax] == BIG_ENDIAN else "<"
    change = modality_lut(ENTRIES[:60], first, vr=vr, order=order, open_ended=vr == "US")
    files = write_series(
        tmp_path / "s",
        phantom_of(PHANTOM.array + shift),
        add_undefined_length_sequences,
        add_private_block,
        add_long_junk,
        change,
        syntax=SYNTAXES[syntax],
        slope=None,
        signed=signed,
    )
    image = load_image(tmp_path / "s")
    assert image.array.dtype == np.float32
    for k, file in enumerate(files):
        ds = pydicom.dcmread(file)
        # Without explicit VR, pydicom may miss that the first number is a signed one.
        ds.ModalityLUTSequence[0][0x00283002] = DataElement(0x00283002, "SS", [60, first, 16])
        np.testing.assert_array_equal(image.array[:, :, k], apply_modality_lut(ds.pixel_array, ds).T)
    # Both ends were met, or the comparison says little.
    stored = PHANTOM.array + shift
    assert stored.max() > first + 59
    assert stored.min() < first or first <= 0
    assert image.metadata["units"] == "HU"
    assert any("Modality LUT" in one.text for one in image.provenance.decisions)


@given(
    stored=st.lists(st.integers(-500, 500), min_size=1, max_size=30),
    first=st.integers(-400, 400),
    entries=st.lists(st.integers(0, 65535), min_size=1, max_size=50),
)
@settings(max_examples=25)
def test_each_number_has_its_entry_and_others_the_nearest(tmp_path, stored, first, entries):
    file = slice_file(
        tmp_path / "one.dcm",
        0,
        phantom_of(np.reshape(stored, (-1, 1, 1))),
        modality_lut(entries, first, vr="OW"),
        lambda ds, k: setattr(ds, "SpacingBetweenSlices", 1.0),
        slope=None,
    )
    expected = [entries[min(max(value - first, 0), len(entries) - 1)] for value in stored]
    assert load_image(file).array[:, 0, 0].tolist() == expected


def test_65536_entries_are_written_as_zero(tmp_path):
    entries = np.arange(65536, dtype=np.uint16)[::-1]
    array = np.array([0, 1, 32767, 65535]).reshape(2, 2, 1)
    file = slice_file(
        tmp_path / "one.dcm",
        0,
        phantom_of(array),
        modality_lut(entries),
        lambda ds, k: setattr(ds, "SpacingBetweenSlices", 1.0),
        slope=None,
        signed=False,
    )
    np.testing.assert_array_equal(load_image(file).array, 65535 - array)


@pytest.mark.parametrize("bytes_each", [1, 2])
def test_entries_of_8_bits_in_bytes_and_in_words(tmp_path, bytes_each):
    entries = [255 - k for k in range(SPAN)]
    write_series(
        tmp_path / "s",
        PHANTOM,
        modality_lut(entries, bits=8, bytes_each=bytes_each),
        slope=None,
        signed=False,
    )
    expected = 255 - np.minimum(PHANTOM.array.astype(int), SPAN - 1)
    np.testing.assert_array_equal(load_image(tmp_path / "s").array, expected)


def test_entries_of_8_bits_in_big_endian_words(tmp_path):
    entries = np.array([255 - k for k in range(SPAN)], np.uint8)
    swapped = entries.reshape(-1, 2)[:, ::-1].ravel()
    change = modality_lut(swapped, bits=8, bytes_each=1)
    write_series(tmp_path / "s", PHANTOM, change, slope=None, signed=False, syntax=BIG_ENDIAN)
    expected = 255 - np.minimum(PHANTOM.array.astype(int), SPAN - 1)
    np.testing.assert_array_equal(load_image(tmp_path / "s").array, expected)


def test_entries_of_one_bit(tmp_path):
    entries = [k % 3 == 1 for k in range(SPAN)]
    write_series(tmp_path / "s", PHANTOM, modality_lut(entries, bits=1, bytes_each=1), slope=None, signed=False)
    expected = np.minimum(PHANTOM.array, SPAN - 1) % 3 == 1
    np.testing.assert_array_equal(load_image(tmp_path / "s").array, expected)


def test_an_odd_number_of_bytes_does_not_lie_in_words():
    form = TableFormat("here.dcm", "Modality LUT", little_endian=False, signed=False)
    first, entries = unpack_table_entries(form, b"\0\3\0\7\0\x08", b"\x0a\x0b\x0c")
    assert (first, entries.tolist()) == (7, [10, 11, 12])


def test_the_stored_values_are_there_when_asked_for(tmp_path):
    write_series(tmp_path / "s", PHANTOM, modality_lut(ENTRIES), slope=None, signed=False)
    image = load_image(tmp_path / "s", apply_rescale=False)
    np.testing.assert_array_equal(image.array, PHANTOM.array)
    assert "units" not in image.metadata


def test_each_file_has_its_own_table_or_none(tmp_path):
    def change(ds, k):
        if k == 1:
            ds.RescaleSlope, ds.RescaleIntercept = 2.0, -5.0
        elif k == 2:
            ds.ModalityLUTSequence = DicomSequence([])
        else:
            modality_lut([value + k for value in ENTRIES])(ds, k)

    write_series(tmp_path / "s", PHANTOM, change, slope=None, signed=False)
    table = np.array(ENTRIES)[np.minimum(PHANTOM.array.astype(int), SPAN - 1)]
    expected = table + np.arange(5)
    expected[:, :, 1] = PHANTOM.array[:, :, 1] * 2 - 5
    expected[:, :, 2] = PHANTOM.array[:, :, 2]
    np.testing.assert_array_equal(load_image(tmp_path / "s").array, expected)


def test_all_frames_of_a_file_share_its_table(tmp_path):
    def change(ds, k):
        modality_lut(ENTRIES)(ds, k)
        ds.NumberOfFrames = 2
        ds.PixelData = PHANTOM.array[:, :, :2].T.astype("<u2").tobytes()

    file = slice_file(tmp_path / "two.dcm", 0, PHANTOM, change, slope=None, signed=False, positions=False)
    with pytest.warns(UserWarning):
        image = load_image(file)
    np.testing.assert_array_equal(image.array, np.array(ENTRIES)[PHANTOM.array[:, :, :2]])


def test_a_dtype_is_honored(tmp_path):
    write_series(tmp_path / "s", PHANTOM, modality_lut(ENTRIES), slope=None, signed=False)
    expected = np.array(ENTRIES)[np.minimum(PHANTOM.array.astype(int), SPAN - 1)]
    image = load_image(tmp_path / "s", dtype="uint16")
    assert image.array.dtype == np.uint16
    np.testing.assert_array_equal(image.array, expected)
    with pytest.raises(OptionError, match="uint8"):
        load_image(tmp_path / "s", dtype="uint8")


@pytest.mark.parametrize("unit", ["US", ""])
def test_unspecified_units_are_none(tmp_path, unit):
    write_series(tmp_path / "s", PHANTOM, modality_lut(ENTRIES, unit=unit), slope=None, signed=False)
    assert "units" not in load_image(tmp_path / "s").metadata


def short(ds, k):
    ds.ModalityLUTSequence[0].LUTDescriptor = [500, 0, 16]


def without_descriptor(ds, k):
    del ds.ModalityLUTSequence[0].LUTDescriptor


def without_entries(ds, k):
    del ds.ModalityLUTSequence[0].LUTData


def with_wide_entries(ds, k):
    ds.ModalityLUTSequence[0].LUTDescriptor = [SPAN, 0, 32]


@pytest.mark.parametrize("damage", [short, without_descriptor, without_entries, with_wide_entries])
def test_a_table_that_contradicts_itself_is_refused(tmp_path, damage):
    files = write_series(tmp_path / "s", PHANTOM, modality_lut(ENTRIES), slope=None, signed=False)
    ds = pydicom.dcmread(files[3])
    damage(ds, 3)
    ds.save_as(files[3])
    with pytest.raises(CorruptFileError, match=r"003\.dcm.*Modality LUT"):
        load_image(tmp_path / "s")
