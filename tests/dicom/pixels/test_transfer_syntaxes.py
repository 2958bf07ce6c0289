"""What the transfer syntax says of the pixels, and what is made of one that is odd, unknown or not true."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np
import pytest
from pydicom.uid import ImplicitVRLittleEndian

from pictologics import load_image
from pictologics.errors import CorruptFileError, UnsupportedFormatError
from tests.factories.compressed import encapsulated, picture
from tests.factories.dicom_series import slice_dataset, slice_file, write_dataset, write_series
from tests.factories.phantom import PHANTOM

GE_SYNTAX = "1.2.840.113619.5.2"


def name_another_syntax(path, uid):
    """Write another transfer syntax into a file's meta information, and leave the rest as it is."""
    content = path.read_bytes()
    at = content.index(struct.pack("<HH", 2, 0x10) + b"UI")
    (length,) = struct.unpack_from("<H", content, at + 6)
    value = uid.encode() + b"\0" * (len(uid) % 2)
    (group,) = struct.unpack_from("<I", content, 140)
    content = (
        content[:140]
        + struct.pack("<I", group + len(value) - length)
        + content[144 : at + 6]
        + struct.pack("<H", len(value))
        + value
        + content[at + 8 + length :]
    )
    path.write_bytes(content)
    return path


def encapsulate_pixels(path, frame):
    """Put a compressed frame in place of a file's pixels, and leave its header as it is."""
    content = path.read_bytes()
    at = content.index(struct.pack("<HH", 0x7FE0, 0x10))
    value, _ = encapsulated([[frame + b"\0" * (len(frame) % 2)]])
    path.write_bytes(content[:at] + b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + value)
    return path


@pytest.mark.filterwarnings("ignore::pictologics.errors.GeometryWarning")
@pytest.mark.parametrize(("bits", "signed"), [(8, False), (16, False), (16, True)])
def test_the_big_endian_pixels_of_ge_are_read(tmp_path, bits, signed):
    """GDCM: of its private syntax all is implicit VR little endian but words of pixels."""
    values = np.arange(30).reshape(6, 5) + (0 if bits == 8 else 1000)
    ds = slice_dataset(0, bits_allocated=16, signed=signed)
    ds.Rows, ds.Columns = values.shape
    ds.BitsAllocated = ds.BitsStored = bits
    ds.HighBit = bits - 1
    ds.RescaleSlope, ds.RescaleIntercept = 1, 0
    ds.PixelData = values.astype(f">u{bits // 8}").tobytes()
    path = name_another_syntax(write_dataset(tmp_path / "a.dcm", ds, syntax=ImplicitVRLittleEndian), GE_SYNTAX)
    np.testing.assert_array_equal(load_image(path).array[..., 0], values.T)


def test_pixels_of_four_bytes_in_the_syntax_of_ge_are_refused(tmp_path):
    path = slice_file(tmp_path / "a.dcm", bits_allocated=32, syntax=ImplicitVRLittleEndian)
    with pytest.raises(UnsupportedFormatError, match=r"32 bits each .*GE private"):
        load_image(name_another_syntax(path, GE_SYNTAX))


@pytest.mark.filterwarnings("ignore::pictologics.errors.GeometryWarning")
@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.4.70", "1.2.840.10008.1.20"], ids=["JPEG", "Papyrus"])
def test_pixels_with_a_length_are_not_compressed_whatever_the_syntax_says(tmp_path, uid):
    """PS3.5 A.4: only compressed pixels have no length. GDCM does the same with the first."""
    path = slice_file(tmp_path / "a.dcm", 2)
    expected = load_image(path).array
    np.testing.assert_array_equal(load_image(name_another_syntax(path, uid)).array, expected)


def test_compressed_pixels_under_an_uncompressed_syntax_are_named_as_such(tmp_path):
    path = encapsulate_pixels(slice_file(tmp_path / "a.dcm"), b"\xff\xd8" + bytes(100))
    with pytest.raises(CorruptFileError, match=r"says that its pixels are not compressed, .* items"):
        load_image(path)


@pytest.mark.parametrize("is_compressed", [False, True])
def test_an_unknown_syntax_is_called_unknown(tmp_path, is_compressed):
    path = slice_file(tmp_path / "a.dcm")
    if is_compressed:
        encapsulate_pixels(path, b"\xff\xd8" + bytes(100))
    with pytest.raises(UnsupportedFormatError, match=r"unknown transfer syntax 1\.2\.3\.4\.5"):
        load_image(name_another_syntax(path, "1.2.3.4.5"))


def test_a_retired_syntax_has_its_name(tmp_path):
    path = encapsulate_pixels(slice_file(tmp_path / "a.dcm"), b"\xff\xd8" + bytes(100))
    with pytest.raises(UnsupportedFormatError, match=r"JPEG Extended .*1\.2\.840\.10008\.1\.2\.4\.52\)"):
        load_image(name_another_syntax(path, "1.2.840.10008.1.2.4.52"))


@pytest.mark.filterwarnings("ignore::pictologics.errors.GeometryWarning")
def test_recompressed_jpeg_is_jpeg_xl(tmp_path):
    """libjxl writes 8 bytes of the codestream into its first box, fewer than the size of an image may take."""
    values = picture(0, 255, noise=0).astype(np.uint8)
    jpeg = imagecodecs.jpeg8_encode(values, level=90)
    frame = imagecodecs.jpegxl_encode_jpeg(jpeg)
    assert b"jxlp" in frame[:64]
    ds = slice_dataset(0, bits_allocated=16, signed=False)
    ds.Rows, ds.Columns = values.shape
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.RescaleIntercept, ds.RescaleSlope = 7, 0, 1
    path = encapsulate_pixels(write_dataset(tmp_path / "a.dcm", ds), frame)
    found = load_image(name_another_syntax(path, "1.2.840.10008.1.2.4.111")).array[..., 0].T
    # libjxl rounds its transform otherwise than libjpeg.
    difference = np.abs(found - imagecodecs.jpeg8_decode(jpeg).astype(float))
    assert difference.max() <= 4
    assert difference.mean() < 0.6


def test_a_bright_edge_of_lossy_jpeg_2000_does_not_turn_black(tmp_path):
    """A whole intercept is added within 16-bit words, which overshoot must not leave: 39990 became -26570."""
    y, x = np.mgrid[:64, :64]
    values = np.where((x // 8 + y // 8) % 2, 32767, 0).astype(np.uint16)
    frame = imagecodecs.jpeg2k_encode(values, level=35, reversible=False, codecformat="j2k")
    assert imagecodecs.jpeg2k_decode(frame).max() > 32767

    def change(ds, k):
        ds.Rows, ds.Columns = values.shape
        ds.BitsStored, ds.HighBit = 15, 14
        ds.RescaleSlope, ds.RescaleIntercept = 1, -1024

    for path in write_series(tmp_path / "s", PHANTOM, change, signed=False):
        name_another_syntax(encapsulate_pixels(path, frame), "1.2.840.10008.1.2.4.91")
    found = load_image(tmp_path / "s").array
    assert (found.min(), found.max()) == (-1024, 32767 - 1024)
