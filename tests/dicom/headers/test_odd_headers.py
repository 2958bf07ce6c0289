"""Headers that break the rules of their encoding: read as other programs read them, and never called cut off."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from pictologics import load_image
from pictologics.dicom.headers.header_reading import read_header
from pictologics.errors import CorruptFileError
from tests.factories.dicom_series import slice_dataset, slice_file, write_dataset
from tests.factories.enhanced import planes_of, write_enhanced
from tests.factories.phantom import PHANTOM
from tests.factories.truth import assert_shows

pytestmark = pytest.mark.usefixtures("no_handle_left")

ENDLESS = 0xFFFFFFFF


def odd_elements(order):
    """Elements that break the rules, in either byte order: what is odd about them, tag, and bytes behind the tag."""
    short, long = f"{order}H", f"{order}I"
    return {
        "?? and a long length": b"??\0\0" + struct.pack(long, 4) + b"abcd",
        "?? and a short length": b"??" + struct.pack(short, 4) + b"abcd",
        "zeros and a short length": b"\0\0" + struct.pack(short, 4) + b"abcd",
        "zeros and a long length": b"\0\0\0\0" + struct.pack(long, 4) + b"abcd",
        "a VR of tomorrow": b"XY\0\0" + struct.pack(long, 6) + b"abcdef",
        "implicit VR": struct.pack(long, 6) + b"abcdef",
        "no value": b"??\0\0" + struct.pack(long, 0),
        "lower case": b"lo" + struct.pack(short, 2) + b"ab",
    }


def element(order, tag, rest):
    return struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF) + rest


def insert_before(path, order, tag, extra):
    """Put bytes before the first element of a tag."""
    content = path.read_bytes()
    at = content.index(struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF))
    path.write_bytes(content[:at] + extra + content[at:])
    return path


def assert_same_header(path, plain, extra):
    found, expected = read_header(path), read_header(plain)
    assert found.values == expected.values
    assert (found.pixel_offset, found.pixel_length) == (expected.pixel_offset + len(extra), expected.pixel_length)
    np.testing.assert_array_equal(load_image(path).array, load_image(plain).array)


each_order = pytest.mark.parametrize(
    ("order", "syntax"), [("<", ExplicitVRLittleEndian), (">", ExplicitVRBigEndian)], ids=["little", "big"]
)
each_oddity = pytest.mark.parametrize("oddity", odd_elements("<"))
each_place = pytest.mark.parametrize(
    ("tag", "before"), [(0x00091010, 0x00180050), (0x7FDF1010, 0x7FE00010)], ids=["middle", "end"]
)


@pytest.mark.filterwarnings("ignore::pictologics.errors.GeometryWarning")
@each_order
@each_oddity
@each_place
def test_an_element_without_a_value_representation_is_passed(tmp_path, order, syntax, oddity, tag, before):
    plain, path = (slice_file(tmp_path / name, 2, syntax=syntax) for name in ("plain.dcm", "odd.dcm"))
    extra = b"".join(element(order, tag + k, odd_elements(order)[oddity]) for k in range(2))
    assert_same_header(insert_before(path, order, before, extra), plain, extra)


@pytest.mark.filterwarnings("ignore::pictologics.errors.GeometryWarning")
@each_order
@each_oddity
def test_an_odd_element_in_an_item_is_passed(tmp_path, order, syntax, oddity):
    plain, path = (slice_file(tmp_path / name, 2, syntax=syntax) for name in ("plain.dcm", "odd.dcm"))
    odd = element(order, 0x00091010, odd_elements(order)[oddity])
    sequence = element(order, 0x00082112, b"SQ\0\0" + struct.pack(f"{order}I", ENDLESS)) + wrap(order, odd)
    assert_same_header(insert_before(path, order, 0x00180050, sequence), plain, sequence)


def wrap(order, content):
    """Content as the one item, of undefined length, of a sequence of undefined length."""
    return (
        element(order, 0xFFFEE000, struct.pack(f"{order}I", ENDLESS))
        + content
        + element(order, 0xFFFEE00D, bytes(4))
        + element(order, 0xFFFEE0DD, bytes(4))
    )


def known_elements(order, explicit):
    """Two elements, the second within a sequence of its own."""
    number, text = struct.pack(f"{order}I", 5), b"ab"
    if explicit:
        inner = element(order, 0x00080050, b"SH" + struct.pack(f"{order}H", 2) + text)
        head = b"SQ\0\0" + struct.pack(f"{order}I", ENDLESS)
        return element(order, 0x00080001, b"UL" + struct.pack(f"{order}H", 4) + number) + element(
            order, 0x00081140, head + wrap(order, inner)
        )
    inner = element(order, 0x00080050, struct.pack(f"{order}I", 2) + text)
    head = struct.pack(f"{order}I", ENDLESS)
    return element(order, 0x00080001, struct.pack(f"{order}I", 4) + number) + element(
        order, 0x00081140, head + wrap(order, inner)
    )


@pytest.mark.filterwarnings("ignore::pictologics.errors.GeometryWarning")
@each_order
@pytest.mark.parametrize("explicit", [False, True], ids=["implicit", "explicit"])
@pytest.mark.parametrize("swapped", [False, True], ids=["own order", "little"])
def test_an_unknown_element_of_undefined_length_is_passed(tmp_path, order, syntax, explicit, swapped):
    """PS3.5 6.2.2: in implicit VR, little endian; but others are about."""
    plain, path = (slice_file(tmp_path / name, 2, syntax=syntax) for name in ("plain.dcm", "odd.dcm"))
    inside = "<" if swapped else order
    head = element(order, 0x00102202, b"UN\0\0" + struct.pack(f"{order}I", ENDLESS))
    extra = head + wrap(inside, known_elements(inside, explicit))
    assert_same_header(insert_before(path, order, 0x00180050, extra), plain, extra)


def in_implicit_vr(sequence, endless):
    """The items of a sequence as an archive that does not know their attributes would copy them."""
    for item in sequence:
        item.is_undefined_length_sequence_item = endless
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_sequence(buffer, DataElement(0x52009230, "SQ", sequence), ["iso8859"])
    return buffer.getvalue()


@pytest.mark.parametrize("endless", [False, True])
def test_functional_groups_of_unknown_representation_are_read(tmp_path, endless):
    """Archives that are older than enhanced objects write their sequences as UN, in implicit VR (PS3.5 6.2.2)."""

    def change(ds: Dataset) -> None:
        for tag in (0x52009229, 0x52009230):
            # pydicom would make a sequence of it, were it UN.
            content = in_implicit_vr(ds[tag].value, endless)
            del ds[tag]
            ds.add_new(tag, "OB", content)

    path = write_enhanced(tmp_path / "a.dcm", planes_of(), change)
    content = path.read_bytes()
    for number in (0x9229, 0x9230):
        head = struct.pack("<HH", 0x5200, number)
        assert content.count(head + b"OB") == 1
        content = content.replace(head + b"OB", head + b"UN")
    path.write_bytes(content)
    assert_shows(load_image(path), PHANTOM)


def test_an_image_without_pixels_is_not_called_cut_off_for_sure(tmp_path):
    ds = slice_dataset(0)
    path = write_dataset(tmp_path / "a.dcm", ds)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(struct.pack("<HH", 0x7FE0, 0x10))])
    with pytest.raises(CorruptFileError, match=r"no pixels \(PixelData\); it holds attributes only, or was cut off"):
        load_image(path)


@pytest.mark.parametrize("rest", [b"??\0\0\xff\xff\xff\x7fab", b"\1\2\3\4", b"??\0\0\xff\xff\xff\xff" + bytes(20)])
def test_an_odd_element_that_makes_no_sense_is_refused(tmp_path, rest):
    path = insert_before(slice_file(tmp_path / "a.dcm"), "<", 0x00180050, element("<", 0x00091010, rest))
    with pytest.raises(CorruptFileError):
        load_image(path)
