"""Damaged compressed frames are refused with a clear error: none crashes, hangs, or takes memory that it lies about."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics.dicom.pixels.codecs import decode_frame
from pictologics.errors import CorruptFileError
from tests.factories.compressed import LOSSLESS, LOSSY, frame_header, options_of, picture
from tests.factories.hostile import ends_at_last

CODECS = {**LOSSLESS, **LOSSY}

each_codec = pytest.mark.parametrize("codec", CODECS)

OF_8_BITS = {"jpeg_baseline", "jpeg_extended", "jpeg_2000_tiles"}
WORDS_8 = picture(0, 255).astype(np.uint8)
WORDS_16 = picture(0, 65535).astype(np.uint16)
WORDS = {codec: WORDS_8 if codec in OF_8_BITS else WORDS_16 for codec in CODECS}
ENCODED = {codec: encode(WORDS[codec], WORDS[codec].itemsize * 8) for codec, (_, encode) in CODECS.items()}


def decode_or_refuse(codec: str, encoded: bytes) -> np.ndarray | None:
    """The decoded frame, or None if it was refused as it must be: no other error, no crash, no endless search."""
    syntax, words = CODECS[codec][0], WORDS[codec]
    with ends_at_last():
        try:
            found = decode_frame(encoded, syntax, **options_of(frame_header(words)))
        except CorruptFileError as error:
            assert error.path == "here.dcm"
            return None
    assert found.shape == words.shape
    assert found.dtype == words.dtype
    return found


@each_codec
@given(data=st.data())
def test_truncated_frames_are_refused(codec, data):
    whole = ENCODED[codec]
    end = data.draw(st.integers(0, len(whole.rstrip(b"\0")) - 3))
    assert decode_or_refuse(codec, whole[:end]) is None
    # A copy that was stopped may have its full length already.
    if codec not in {"uncompressed", "rle"}:
        decode_or_refuse(codec, whole[:end].ljust(len(whole), b"\0"))


@each_codec
@given(data=st.data())
def test_damaged_frames_are_decoded_or_refused(codec, data):
    whole = bytearray(ENCODED[codec])
    near_head = data.draw(st.booleans())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, min(len(whole), 150 if near_head else len(whole)) - 1))
        whole[place] = data.draw(
            st.sampled_from([0, 0xFF, whole[place] ^ 1, whole[place] ^ 0x80]) | st.integers(0, 255)
        )
    decode_or_refuse(codec, bytes(whole))


@each_codec
@given(content=st.binary(max_size=200), keep=st.integers(0, 60))
def test_garbage_is_refused(codec, content, keep):
    decode_or_refuse(codec, ENCODED[codec][:keep] + content)


@pytest.mark.parametrize("codec", [name for name in CODECS if name.startswith("jpeg_ls")])
def test_jpeg_ls_that_stops_anywhere_ends(codec):
    """The decoder looks for the rest of a stream that stops within a code for ever, unless it is stopped."""
    whole = ENCODED[codec]
    for end in range(60, len(whole) - 3, 7):
        assert decode_or_refuse(codec, whole[:end]) is None


@pytest.mark.parametrize("codec", [name for name in CODECS if name.startswith(("jpeg_2000", "htj2k"))])
def test_jpeg_2000_that_stops_anywhere_is_refused(codec):
    """The decoder leaves tiles empty that are missing, if the stream stops just where one would begin."""
    whole = ENCODED[codec]
    starts = [place for place in range(len(whole)) if whole.startswith(b"\xff\x90\x00\x0a", place)]
    assert len(starts) > 1 or not codec.endswith("tiles")
    for start in starts:
        for end in range(start - 2, start + 14):
            assert decode_or_refuse(codec, whole[:end]) is None


def test_the_head_of_rle_is_not_believed():
    """Decoders that believe it read beyond the frame, and crash."""
    encoded = ENCODED["rle"]
    for offset in (0, 63, len(encoded), len(encoded) + 1, 2**31, 2**32 - 1):
        for segment in (0, 1):
            head = bytearray(encoded)
            struct.pack_into("<I", head, 4 + 4 * segment, offset)
            assert decode_or_refuse("rle", bytes(head)) is None
    for count in (0, 1, 3, 15, 16, 2**32 - 1):
        assert decode_or_refuse("rle", struct.pack("<I", count) + encoded[4:]) is None


def test_rle_that_does_not_begin_behind_its_head_is_refused():
    """Its segments follow one another, two bytes too late."""
    encoded = ENCODED["rle"]
    count, *offsets = struct.unpack_from("<3I", encoded)
    head = struct.pack("<3I", count, *(offset + 2 for offset in offsets)) + encoded[12:64]
    assert decode_or_refuse("rle", encoded) is not None
    with pytest.raises(CorruptFileError, match="segments that do not follow one another"):
        decode_frame(head + b"\0\0" + encoded[64:], LOSSLESS["rle"][0], **options_of(frame_header(WORDS["rle"])))


def test_rle_with_too_much_at_the_end_of_a_segment_is_cut_off():
    """Some encoders fill up the last run."""
    words = np.repeat(np.arange(37, dtype=np.uint16)[:, None] * 1000, 42, axis=1)
    syntax, encode = LOSSLESS["rle"]
    encoded = encode(words, 16)
    _, first, second = struct.unpack_from("<3I", encoded)
    assert (first, second, len(encoded)) == (64, 64 + 2 * 37, 64 + 4 * 37)
    more = b"\x81\x07"  # 128 times 7
    padded = encoded[:8] + struct.pack("<I", second + 2) + encoded[12:second] + more + encoded[second:] + more
    np.testing.assert_array_equal(decode_frame(padded, syntax, **options_of(frame_header(words))), words)


@pytest.mark.parametrize("codec", ["jpeg_2000", "jpeg_2000_file", "htj2k"])
def test_a_jpeg_2000_head_that_lies_takes_no_memory(codec):
    encoded = ENCODED[codec]
    place = encoded.find(b"\xff\x51") + 6
    for position in range(8):
        for value in (0, 1, 60000, 2**31, 2**32 - 1):
            lie = bytearray(encoded)
            struct.pack_into(">I", lie, place + 4 * position, value)
            decode_or_refuse(codec, bytes(lie))


@pytest.mark.parametrize("codec", ["jpeg_baseline", "jpeg_lossless_sv1", "jpeg_ls"])
def test_a_jpeg_head_that_lies_takes_no_memory(codec):
    encoded = ENCODED[codec]
    size = struct.pack(">HH", *WORDS[codec].shape)
    assert encoded.count(size) == 1
    for lie in ((65535, 65535), (0, 42), (37, 0), (60000, 42)):
        assert decode_or_refuse(codec, encoded.replace(size, struct.pack(">HH", *lie))) is None


def test_jpeg_2000_of_components_that_differ_is_refused():
    rgb = picture(0, 255, 3).astype(np.uint8)
    encoded = bytearray(LOSSLESS["jpeg_2000"][1](rgb, 8))
    place = encoded.find(b"\xff\x51") + 40
    assert encoded[place : place + 9] == bytes([7, 1, 1] * 3)
    for offset, value in ((4, 2), (5, 2), (3, 11)):
        lie = bytearray(encoded)
        lie[place + offset] = value
        with pytest.raises(CorruptFileError, match="components that differ"):
            decode_frame(bytes(lie), LOSSLESS["jpeg_2000"][0], **options_of(frame_header(rgb)))
