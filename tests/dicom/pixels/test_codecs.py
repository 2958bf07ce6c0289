"""Compressed frames decode to what went in, and to what pydicom makes of them; damaged ones to a clear error."""

from __future__ import annotations

import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pydicom.data
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import convert_color_space, pixel_array
from pydicom.uid import UID

from pictologics.dicom.headers.syntax_names import name_syntax
from pictologics.dicom.pixels.codecs import decode_frame, find_decoded_photometric
from pictologics.dicom.pixels.codecs.decoding import DECODERS
from pictologics.dicom.pixels.codecs.syntaxes import DECODABLE
from pictologics.errors import CorruptFileError, UnsupportedFormatError
from tests.factories.compressed import (
    LOSSLESS,
    LOSSY,
    frame_header,
    jpeg_ls_frame,
    options_of,
    picture,
    stored_words,
    uncompressed,
)

CORPUS_FOLDER = Path(pydicom.data.__file__).parent / "test_files"
CODECS = {**LOSSLESS, **LOSSY}
PYDICOM_HAS_NONE = ("jpeg_xl", "deflated", "uncompressed")

each_lossless = pytest.mark.parametrize("codec", LOSSLESS)
each_codec = pytest.mark.parametrize("codec", CODECS)


def by_pydicom(encoded: bytes, syntax: str, ds: Dataset) -> np.ndarray:
    """The stored values by pydicom's own decoders."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.PixelData = encapsulate([encoded])
    ds["PixelData"].VR = "OB"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pixel_array(ds, index=0, raw=True)


def decode(codec: str, words: np.ndarray, stored: int, signed: bool = False, **changes: object) -> np.ndarray:
    syntax, encode = CODECS[codec]
    options = {**options_of(frame_header(words, stored, signed)), **changes}
    return decode_frame(encode(words, stored), syntax, **options)


def bounds(stored: int, signed: bool) -> tuple[int, int]:
    return (-(1 << (stored - 1)), (1 << (stored - 1)) - 1) if signed else (0, (1 << stored) - 1)


# --- the files that pydicom ships ---


def compressed_corpus() -> list[tuple[Path, Dataset]]:
    found = []
    for path in sorted(CORPUS_FOLDER.glob("*.dcm")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ds = pydicom.dcmread(path)
            except pydicom.errors.InvalidDicomError:
                continue
        meta = getattr(ds, "file_meta", {})
        if "PixelData" in ds and "TransferSyntaxUID" in meta and meta.TransferSyntaxUID.is_encapsulated:
            found.append((path, ds))
    return found


CORPUS = compressed_corpus()
# Of this one pydicom's decoders say that its spectral selection ends too early; it does, and it is baseline all the
# same: the very image of the other file.
BETTER_THAN_PYDICOM = {"JPEG-lossy.dcm": "JPGExtended.dcm"}
# The size of its image is overwritten by a delimiter.
DAMAGED = {"JPEG2000-embedded-sequence-delimiter.dcm"}
JPEG_DCT = (".50", ".51")

each_file = pytest.mark.parametrize(("path", "ds"), CORPUS, ids=[path.name for path, _ in CORPUS])


def frames_of(ds: Dataset) -> list[bytes]:
    return list(generate_frames(ds.PixelData, number_of_frames=int(ds.get("NumberOfFrames") or 1)))


def decoded(ds: Dataset, encoded: bytes) -> np.ndarray:
    return decode_frame(encoded, ds.file_meta.TransferSyntaxUID, **options_of(ds))


def test_the_corpus_has_compressed_files():
    assert len(CORPUS) >= 35


@each_file
def test_files_of_pydicom_decode_to_its_own_pixels(path, ds):
    if path.name in DAMAGED:
        with pytest.raises(CorruptFileError, match=r"tiles|cannot be"):
            decoded(ds, frames_of(ds)[0])
        return
    reference = ds
    if path.name in BETTER_THAN_PYDICOM:
        reference = next(other for name, other in CORPUS if name.name == BETTER_THAN_PYDICOM[path.name])
    tolerance = 1 if ds.file_meta.TransferSyntaxUID.endswith(JPEG_DCT) else 0
    for number, encoded in enumerate(frames_of(ds)[:3]):
        found = decoded(ds, encoded)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = pixel_array(reference, index=number, raw=True)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert np.abs(found.astype(np.int64) - expected.astype(np.int64)).max() <= tolerance


@each_file
def test_colors_are_named_rightly(path, ds):
    if ds.SamplesPerPixel != 3 or ds.BitsAllocated != 8:
        pytest.skip("no colors of 8 bits")
    encoded = frames_of(ds)[0]
    name = find_decoded_photometric(encoded, ds.file_meta.TransferSyntaxUID, ds.PhotometricInterpretation)
    found = decoded(ds, encoded)
    if name.startswith("YBR"):
        found = convert_color_space(found, "YBR_FULL", "RGB")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pixel_array(ds, index=0)
    # A step of one in YBR is almost two in a color, and rounded twice.
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 3


def test_colors_that_a_jpeg_names():
    rgb = picture(0, 255, 3).astype(np.uint8)
    jpeg, jpeg_ls = LOSSY["jpeg_baseline"][0], LOSSLESS["jpeg_ls"][0]
    as_ybr = imagecodecs.jpeg8_encode(rgb, colorspace="RGB")
    as_rgb = imagecodecs.jpeg8_encode(rgb, colorspace="RGB", outcolorspace="RGB")
    nameless = as_ybr.replace(b"JFIF\0", b"XXXX\0")
    assert find_decoded_photometric(as_ybr, jpeg, "RGB") == "YBR_FULL"
    assert find_decoded_photometric(as_rgb, jpeg, "YBR_FULL") == "RGB"
    for photometric in ("RGB", "YBR_FULL_422"):
        assert find_decoded_photometric(nameless, jpeg, photometric) == photometric
        assert find_decoded_photometric(b"garbage", jpeg, photometric) == photometric
        assert find_decoded_photometric(b"", jpeg_ls, photometric) == photometric
    assert find_decoded_photometric(b"", LOSSLESS["jpeg_2000"][0], "YBR_RCT") == "RGB"
    assert find_decoded_photometric(b"", LOSSY["jpeg_xl_lossy"][0], "YBR_FULL_422") == "RGB"


# --- lossless codecs give back what went in ---

KINDS = {"u8": (8, 8, 0), "i8": (8, 8, 1), "u16": (16, 16, 0), "i16": (16, 16, 1)}
KINDS |= {"u12": (16, 12, 0), "i12": (16, 12, 1), "u10": (16, 10, 0)}


@each_lossless
@pytest.mark.parametrize("kind", KINDS)
def test_lossless_codecs_give_back_every_value(codec, kind):
    allocated, stored, signed = KINDS[kind]
    if codec == "jpeg_2000_tiles" and kind != "u8":
        pytest.skip("Pillow writes tiles of unsigned bytes")
    low, high = bounds(stored, bool(signed))
    values = picture(low, high)
    # As writers do: the sign fills the word, of which the codec may take the stored bits only.
    words = values.astype(f"{'i' if signed else 'u'}{allocated // 8}")
    syntax, encode = LOSSLESS[codec]
    encoded, ds = encode(words, stored), frame_header(words, stored, bool(signed))
    found = decode_frame(encoded, syntax, **options_of(ds))
    assert found.dtype == words.dtype
    np.testing.assert_array_equal(found, values)
    if not codec.startswith(PYDICOM_HAS_NONE):
        np.testing.assert_array_equal(by_pydicom(encoded, syntax, ds), values)


@pytest.mark.parametrize("codec", ["rle", "deflated", "uncompressed", "jpeg_2000"])
@pytest.mark.parametrize("signed", [False, True])
def test_32_bits(codec, signed):
    bits = 24 if codec == "jpeg_2000" else 32
    values = picture(*bounds(bits, signed))
    words = values.astype(np.int32 if signed else np.uint32)
    np.testing.assert_array_equal(decode(codec, words, bits, signed), values)


@pytest.mark.parametrize("codec", [name for name in LOSSLESS if name not in {"jpeg_2000_tiles", "jpeg_ls_full"}])
@pytest.mark.parametrize("bits", [8, 16])
def test_three_samples(codec, bits):
    words = picture(0, (1 << bits) - 1, 3).astype(f"u{bits // 8}")
    np.testing.assert_array_equal(decode(codec, words, bits), words)


def test_samples_in_planes():
    words = picture(0, 255, 3).astype(np.uint8)
    planes = np.ascontiguousarray(np.moveaxis(words, -1, 0))
    ds = frame_header(words)
    ds.PlanarConfiguration = 1
    found = decode_frame(uncompressed(planes, 8), LOSSLESS["uncompressed"][0], **options_of(ds))
    np.testing.assert_array_equal(found, words)
    encoded = jpeg_ls_frame(planar=True)(words, 8)
    np.testing.assert_array_equal(decode_frame(encoded, LOSSLESS["jpeg_ls"][0], **options_of(ds)), words)


@pytest.mark.parametrize("codec", ["deflated", "uncompressed"])
def test_single_bits(codec):
    bits = (picture(0, 1, noise=0.3) > 0).astype(np.uint8)
    packed = np.packbits(bits.ravel(), bitorder="little")
    ds = frame_header(bits)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    syntax, encode = LOSSLESS[codec]
    np.testing.assert_array_equal(decode_frame(encode(packed, 1), syntax, **options_of(ds)), bits)
    with pytest.raises(CorruptFileError, match="bytes"):
        decode_frame(encode(packed[:-1], 1), syntax, **options_of(ds))


def test_single_bits_in_jpeg_2000():
    bits = (picture(0, 1, noise=0.3) > 0).astype(np.uint8)
    ds = frame_header(bits)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    syntax, encode = LOSSLESS["jpeg_2000"]
    found = decode_frame(encode(bits, 1), syntax, **options_of(ds))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, bits)


WHOLE_WORDS = ["rle", "jpeg_lossless_full", "jpeg_ls_full", "deflated", "uncompressed", "htj2k"]


@pytest.mark.parametrize("codec", WHOLE_WORDS)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("above", [0b0101, 0b1111])
def test_bits_outside_the_value_are_dropped(codec, signed, above):
    values = picture(*bounds(12, signed))
    words = stored_words(values, 16, 12, above)
    np.testing.assert_array_equal(decode(codec, words, 12, signed), values)


@pytest.mark.parametrize("codec", WHOLE_WORDS)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("high_bit", [13, 15])
def test_values_may_lie_high_in_their_words(codec, signed, high_bit):
    values = picture(*bounds(12, signed))
    words = (stored_words(values, 16, 12) << (high_bit - 11)) | np.uint16(1)
    np.testing.assert_array_equal(decode(codec, words, 12, signed, high_bit=high_bit), values)


@pytest.mark.parametrize("codec", ["jpeg_2000", "htj2k"])
@pytest.mark.parametrize("stream_signed", [False, True])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("bits", [12, 16])
def test_jpeg_2000_that_disagrees_on_the_sign(codec, stream_signed, signed, bits):
    """The header is right, as pydicom has it too."""
    if bits == 12 and (stream_signed or codec == "htj2k"):
        pytest.skip("the encoder writes 12 bits of unsigned samples of JPEG 2000 only")
    values = picture(*bounds(bits, signed))
    words = stored_words(values, 16, bits)
    ds = frame_header(words, bits, signed)
    syntax, encode = LOSSLESS[codec]
    encoded = encode(words.view(np.int16) if stream_signed else words, bits)
    found = decode_frame(encoded, syntax, **options_of(ds))
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(found, by_pydicom(encoded, syntax, ds))


def test_samples_of_fewer_bits_than_allocated_are_widened():
    values = picture(0, 255)
    for codec in ("jpeg_lossless_sv1", "jpeg_ls_full", "jpeg_2000", "htj2k", "jpeg_xl"):
        syntax, encode = LOSSLESS[codec]
        ds = frame_header(values.astype(np.uint16), 12)
        found = decode_frame(encode(values.astype(np.uint8), 8), syntax, **options_of(ds))
        assert found.dtype == np.uint16
        np.testing.assert_array_equal(found, values)


# --- lossy codecs stay near, and give what pydicom gives ---

LOSSY_KINDS = {
    "jpeg_baseline": [(8, 8, 0)],
    "jpeg_extended": [(8, 8, 0), (16, 12, 0)],
    "jpeg_ls_near": [(8, 8, 0), (16, 12, 0), (16, 16, 0), (16, 16, 1)],
    "jpeg_2000_lossy": [(8, 8, 0), (16, 12, 0), (16, 16, 0), (16, 16, 1)],
    "htj2k_lossy": [(8, 8, 0), (16, 16, 0), (16, 16, 1)],
    "jpeg_xl_lossy": [(8, 8, 0), (16, 12, 0)],
}


@pytest.mark.parametrize(
    ("codec", "allocated", "stored", "signed"),
    [(codec, *kind) for codec, kinds in LOSSY_KINDS.items() for kind in kinds],
)
def test_lossy_codecs_stay_near(codec, allocated, stored, signed):
    low, high = bounds(stored, bool(signed))
    # Near-lossless errors wrap around at the ends of two's complement: that is why nobody compresses them so.
    values = picture(low // 2, high // 2)
    words = values.astype(f"{'i' if signed else 'u'}{allocated // 8}")
    syntax, encode = LOSSY[codec]
    if codec == "jpeg_ls_near" and signed:
        values = picture(0, high)
        words = values.astype(np.int16)
    encoded, ds = encode(words, stored), frame_header(words, stored, bool(signed))
    found = decode_frame(encoded, syntax, **options_of(ds))
    assert found.dtype == words.dtype
    difference = np.abs(found.astype(np.int64) - values)
    assert 0 < difference.mean() < (high - low) / 100
    if not codec.startswith(PYDICOM_HAS_NONE):
        expected = by_pydicom(encoded, syntax, ds).astype(np.int64)
        assert np.abs(found.astype(np.int64) - expected).max() <= 1


@pytest.mark.parametrize(("signed", "low", "high"), [(False, 0, 4095), (True, -2048, 2047)], ids=["unsigned", "signed"])
@pytest.mark.parametrize("high_bit", [11, 15], ids=["low bits", "high bits"])
def test_overshoot_of_a_lossy_codec_is_clamped(signed, low, high, high_bit):
    """Words of 16 bits, of which 12 are stored: a value of 4100 is almost 4095, and neither 4 nor beyond 12 bits."""
    y, x = np.mgrid[:64, :64]
    values = np.where((x // 8 + y // 8) % 2, high, low).astype(np.int16 if signed else np.uint16)
    encoded = imagecodecs.jpeg2k_encode(values << high_bit - 11, level=45, reversible=False, codecformat="j2k")
    ds = frame_header(values, 12, signed, high_bit)
    found = decode_frame(encoded, LOSSY["jpeg_2000_lossy"][0], **options_of(ds))
    assert (found.min(), found.max()) == (low, high)
    assert np.abs(found.astype(int) - values).max() < 2000
    if high_bit == 11:
        # pydicom leaves the overshoot as it is.
        other = by_pydicom(encoded, LOSSY["jpeg_2000_lossy"][0], ds)
        assert other.max() > high
        np.testing.assert_array_equal(found, other.clip(low, high))


def test_a_signed_stream_of_unsigned_pixels_does_not_overshoot_below_zero():
    y, x = np.mgrid[:64, :64]
    values = np.where((x // 8 + y // 8) % 2, 4095, 0).astype(np.int16)
    encoded = imagecodecs.jpeg2k_encode(values, level=45, reversible=False, codecformat="j2k")
    found = decode_frame(encoded, LOSSY["jpeg_2000_lossy"][0], **options_of(frame_header(values, 12)))
    assert found.dtype == np.uint16
    assert (found.min(), found.max()) == (0, 4095)
    assert np.abs(found.astype(int) - values).max() < 2000


@pytest.mark.parametrize("near", [0, 5])
def test_jpeg_ls_of_more_bits_than_are_stored_ends_with_them(near):
    values = np.where(np.arange(4096).reshape(64, 64) % 7 < 3, 1023, 1020).astype(np.uint16)
    encoded = jpeg_ls_frame(near)(values, 16)
    syntax = LOSSY["jpeg_ls_near"][0] if near else LOSSLESS["jpeg_ls"][0]
    found = decode_frame(encoded, syntax, **options_of(frame_header(values, 10)))
    assert found.max() <= 1023
    assert np.abs(found.astype(int) - values).max() <= near


# --- decoding in threads ---


@each_codec
def test_threads_do_not_disturb_each_other(codec):
    words = [np.roll(picture(0, 255), k, axis=1).astype(np.uint8) for k in range(8)]
    syntax, encode = CODECS[codec]
    encoded = [encode(one, 8) for one in words]
    options = options_of(frame_header(words[0]))
    expected = [decode_frame(one, syntax, **options) for one in encoded]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            found = list(pool.map(lambda one: decode_frame(one, syntax, **options), encoded))
            np.testing.assert_array_equal(found, expected)


# --- refusals ---


@each_codec
@pytest.mark.parametrize("changes", [{"rows": 38}, {"columns": 1000}, {"samples": 3}, {"rows": 60000}])
def test_a_frame_of_another_size_than_the_header_says_is_refused(codec, changes):
    words = picture(0, 255).astype(np.uint8)
    with pytest.raises(CorruptFileError, match=r"here\.dcm': its compressed frame"):
        decode(codec, words, 8, **changes)


@pytest.mark.parametrize("codec", [name for name in CODECS if name not in {"rle", "deflated", "uncompressed"}])
def test_samples_of_more_bits_than_allocated_are_refused(codec):
    if codec == "jpeg_baseline":
        pytest.skip("baseline has 8 bits")
    words = picture(0, 4095).astype(np.uint16)
    with pytest.raises(CorruptFileError, match="the header allocates 8"):
        decode(codec, words, 12, bits_allocated=8, bits_stored=8, high_bit=7)


def test_the_frame_at_fault_is_named():
    words = picture(0, 255).astype(np.uint8)
    with pytest.raises(CorruptFileError, match=r"'here\.dcm': its compressed frame 12 says that it has") as caught:
        decode("jpeg_ls", words, 8, rows=99, number=11)
    assert caught.value.values["frame"] == 11


@pytest.mark.parametrize(
    ("uid", "name"),
    [
        ("1.2.840.10008.1.2.4.100", "MPEG-2 Main Profile at Main Level"),
        ("1.2.840.10008.1.2.4.107", "HEVC/H.265"),
        ("1.2.840.10008.1.2.4.94", "JPIP Referenced"),
        ("1.2.3.4", "1.2.3.4"),
        ("", "none is named"),
    ],
)
def test_other_transfer_syntaxes_are_named_and_refused(uid, name):
    words = picture(0, 255).astype(np.uint8)
    with pytest.raises(UnsupportedFormatError, match=name.replace(".", r"\.")) as caught:
        decode_frame(words.tobytes(), uid, **options_of(frame_header(words)))
    assert caught.value.path == "here.dcm"
    assert caught.value.advice


@each_codec
def test_every_codec_has_a_name(codec):
    uid = CODECS[codec][0]
    name, found = name_syntax(uid).rsplit(", ", 1)
    assert found == uid
    # pydicom's dictionary is older than some of them.
    words = {word for word in UID(uid).name.replace("High-Throughput JPEG 2000", "HTJ2K").split() if word.isupper()}
    assert words <= set(name.split()) or UID(uid).name == uid


def test_what_has_a_decoder_is_what_is_said_to_have_one():
    assert set(DECODERS) == DECODABLE
    assert {syntax for syntax, _ in CODECS.values()} <= DECODABLE


def test_pixels_of_odd_sizes_are_refused():
    words = picture(0, 255).astype(np.uint8)
    for codec, bits in (("rle", 1), ("jpeg_ls", 12), ("uncompressed", 24)):
        with pytest.raises(UnsupportedFormatError, match=f"have {bits} bits"):
            decode(codec, words, 8, bits_allocated=bits)


# --- where imagecodecs has no codec ---


@pytest.fixture
def without_imagecodecs(monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecodecs", None)


def test_pydicom_decodes_what_imagecodecs_does_not(without_imagecodecs):
    words = picture(0, 4095).astype(np.uint16)
    for codec in ("rle", "jpeg_lossless_sv1", "jpeg_ls", "jpeg_2000", "htj2k"):
        np.testing.assert_array_equal(decode(codec, words, 12), words)
    with pytest.raises(CorruptFileError, match="cannot be decoded"):
        decode_frame(b"garbage", LOSSLESS["jpeg_ls"][0], **options_of(frame_header(words)))


def test_what_nothing_decodes_is_refused_and_says_what_to_install(without_imagecodecs, monkeypatch):
    from pydicom.pixels.decoders.base import JPEGLSLosslessDecoder

    words = picture(0, 255).astype(np.uint8)
    encoded = LOSSLESS["jpeg_xl"][1](words, 8)
    with pytest.raises(UnsupportedFormatError, match=r"JPEG XL Lossless.*; install imagecodecs"):
        decode_frame(encoded, LOSSLESS["jpeg_xl"][0], **options_of(frame_header(words)))
    monkeypatch.setattr(JPEGLSLosslessDecoder, "_available", {})
    monkeypatch.setattr(JPEGLSLosslessDecoder, "_unavailable", {"pyjpegls": ("numpy", "pyjpegls>=1.2")})
    with pytest.raises(UnsupportedFormatError, match=r"JPEG-LS Lossless.*; install imagecodecs, or .*pyjpegls"):
        decode("jpeg_ls", words, 8)
