"""Compressed frames that lack a part are refused, and whole ones of any encoder load: pixels are never made up."""

from __future__ import annotations

import io
import itertools
import re
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.uid import RLELossless

from pictologics import load_image
from pictologics.dicom.pixels.codecs import decode_frame
from pictologics.errors import CorruptFileError
from tests.factories.compressed import LOSSLESS, LOSSY, frame_header, options_of, picture
from tests.factories.dicom_series import slice_file

CODECS = {**LOSSLESS, **LOSSY}
BASELINE = LOSSY["jpeg_baseline"][0]
END_OF_IMAGE = b"\xff\xd9"

GRAY = picture(0, 255, rows=61, columns=75).astype(np.uint8)
COLORS = picture(0, 255, 3, rows=61, columns=75).astype(np.uint8)
WORDS = picture(0, 65535, rows=61, columns=75).astype(np.uint16)

HALF_GRAY = np.repeat(np.where(np.arange(90) < 45, np.uint8(9), np.uint8(128))[:, None], 99, axis=1)


def by_pillow(words: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(words).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def decode(encoded: bytes, words: np.ndarray, syntax: str = BASELINE) -> np.ndarray:
    return decode_frame(encoded, syntax, **options_of(frame_header(words)))


def mark_as_rgb(encoded: bytes) -> bytes:
    """With Adobe's segment that says that nothing was converted, so that Pillow gives the samples as they are."""
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
    return encoded[:2] + adobe + re.sub(rb"\xff\xe0..JFIF.{10}", b"", encoded[2:], count=1, flags=re.DOTALL)


JPEGS: dict[str, tuple[bytes, np.ndarray]] = {
    "gray": (by_pillow(GRAY), GRAY),
    "own tables": (by_pillow(GRAY, optimize=True), GRAY),
    "progressive": (by_pillow(GRAY, progressive=True), GRAY),
    "restarts": (by_pillow(GRAY, restart_marker_blocks=7), GRAY),
    "restarts of rows": (by_pillow(GRAY, restart_marker_rows=1), GRAY),
    "colors 4:4:4": (by_pillow(COLORS, subsampling=0), COLORS),
    "colors 4:2:2": (by_pillow(COLORS, subsampling=1), COLORS),
    "colors 4:2:0": (by_pillow(COLORS, subsampling=2), COLORS),
    "colors 4:2:0, restarts": (by_pillow(COLORS, subsampling=2, restart_marker_blocks=3), COLORS),
    "colors 4:2:0, progressive": (by_pillow(COLORS, subsampling=2, progressive=True), COLORS),
    "one column": (by_pillow(GRAY[:, :1]), GRAY[:, :1]),
    "one pixel": (by_pillow(GRAY[:1, :1]), GRAY[:1, :1]),
    "nine rows": (by_pillow(GRAY[:9, :9]), GRAY[:9, :9]),
    # What the decoder makes of missing samples is the mean of all possible ones.
    "all gray": (by_pillow(np.full((40, 50), 128, np.uint8), optimize=True), np.full((40, 50), 128, np.uint8)),
    "all black": (by_pillow(np.zeros((40, 50), np.uint8), optimize=True), np.zeros((40, 50), np.uint8)),
    "ends gray": (
        by_pillow(np.where(np.arange(90)[:, None] < 45, np.uint8(9), np.uint8(128)) + np.zeros((1, 99), np.uint8)),
        np.zeros((90, 99), np.uint8),
    ),
}

each_jpeg = pytest.mark.parametrize(("encoded", "words"), JPEGS.values(), ids=JPEGS)


def coded_part(encoded: bytes) -> tuple[int, int]:
    """Where the samples of the first scan begin, and where those of the last one end."""
    scan = encoded.index(b"\xff\xda")
    return scan + 2 + int.from_bytes(encoded[scan + 2 : scan + 4], "big"), encoded.rindex(END_OF_IMAGE)


@each_jpeg
def test_whole_jpegs_of_any_kind_load(encoded, words):
    expected = np.asarray(Image.open(io.BytesIO(mark_as_rgb(encoded) if words.ndim == 3 else encoded)))
    np.testing.assert_array_equal(decode(encoded, words), expected)


@each_jpeg
def test_bytes_around_the_end_of_a_jpeg_are_no_damage(encoded, words):
    """Fill bytes before a marker (ISO/IEC 10918-1 B.1.1.2), others behind the end, and an end that was forgotten."""
    expected = decode(encoded, words)
    end = coded_part(encoded)[1]
    for other in (
        encoded + b"\0" * 3,
        encoded + b"\0somebody's note\xff\xd9\0",
        encoded[:end] + b"\xff\xff\xff" + encoded[end:],
        encoded[:end],
        encoded[: end + 1],
        encoded[:end] + b"\0" + encoded[end:],
    ):
        np.testing.assert_array_equal(decode(other, words), expected)


@each_jpeg
@pytest.mark.parametrize("end", [b"", END_OF_IMAGE])
def test_jpegs_that_were_cut_and_closed_are_refused(encoded, words, end):
    start, stop = coded_part(encoded)
    whole = decode(encoded, words)
    places = {*range(start, stop - 1, max(1, (stop - start) // 60)), stop - 2} - {*range(start)}
    if b"\xff\xc2" in encoded[:start]:
        # Between its scans a progressive frame may end (ISO/IEC 10918-1 G.1.1.1.1).
        places = {stop - 2}
    for place in places:
        try:
            found = decode(encoded[:place].rstrip(b"\xff") + end, words)
        except CorruptFileError:
            continue
        # What was cut were bits that fill up the last byte.
        np.testing.assert_array_equal(found, whole)
        assert place >= stop - 2


@pytest.mark.parametrize("name", ["restarts", "restarts of rows", "colors 4:2:0, restarts"])
def test_a_jpeg_without_some_of_its_segments_is_refused(name):
    encoded, words = JPEGS[name]
    start, stop = coded_part(encoded)
    marks = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", encoded[:stop]) if found.start() >= start]
    for first, last in ((0, 1), (2, 5), (0, len(marks) - 1)):
        with pytest.raises(CorruptFileError, match="restart markers"):
            decode(encoded[: marks[first]] + encoded[marks[last] :], words)
    for mark, after in itertools.pairwise(marks):
        cut = (mark + after) // 2
        if cut > mark + 3:
            with pytest.raises(CorruptFileError, match="ends before its last pixel, or lacks a part"):
                decode(encoded[:cut] + encoded[after:], words)


def test_a_jpeg_of_colors_without_one_of_its_scans_is_refused():
    encoded, words = JPEGS["colors 4:2:0, progressive"]
    scans = [found.start() for found in re.finditer(rb"\xff\xda", encoded)]
    tables = encoded.rindex(b"\xff\xc4", 0, scans[1])
    with pytest.raises(CorruptFileError):
        # The scan of means is all that must be there.
        decode(encoded[: encoded.index(b"\xff\xc4")] + encoded[tables:], words)


@pytest.mark.parametrize("codec", [name for name in LOSSLESS if name.startswith("jpeg_lossless")])
def test_a_lossless_jpeg_that_was_cut_and_closed_is_refused(codec):
    syntax, encode = LOSSLESS[codec]
    for words in (WORDS, WORDS[:, :3], WORDS[:1], np.full((20, 20), 32768, np.uint16), np.zeros((20, 20), np.uint16)):
        encoded = encode(words, 16)
        np.testing.assert_array_equal(decode(encoded, words, syntax), words)
        start, stop = coded_part(encoded)
        np.testing.assert_array_equal(decode(encoded[:stop], words, syntax), words)
        for place in (*range(start, stop - 1, max(1, (stop - start) // 40)), stop - 2):
            with pytest.raises(CorruptFileError):
                decode(encoded[:place] + END_OF_IMAGE, words, syntax)


@pytest.mark.parametrize(
    "codec", ["jpeg_baseline", "jpeg_lossless_sv1", "jpeg_lossless_6", "jpeg_ls", "jpeg_xl", "rle"]
)
def test_frames_whose_middle_is_gone_are_refused(codec):
    """Nearly all: what is left may by chance decode to as many pixels as there must be."""
    syntax, encode = CODECS[codec]
    words = GRAY if codec == "jpeg_baseline" else WORDS
    encoded = encode(words, words.itemsize * 8)
    places = range(400 if codec == "jpeg_baseline" else 120, len(encoded) - 300, len(encoded) // 40)
    refused = 0
    for place in places:
        try:
            decode(encoded[:place] + encoded[place + 200 :], words, syntax)
        except CorruptFileError:
            refused += 1
    assert refused >= 0.9 * len(places) > 20


def test_jpegs_too_short_for_their_size_take_no_memory():
    encoded, _ = JPEGS["gray"]
    frame = encoded.index(b"\xff\xc0")
    huge = encoded[: frame + 5] + struct.pack(">HH", 65000, 65000) + encoded[frame + 9 :]
    options = {**options_of(frame_header(GRAY)), "rows": 65000, "columns": 65000}
    with pytest.raises(CorruptFileError, match="take at least"):
        decode_frame(huge, BASELINE, **options)


def test_jpeg_2000_without_one_of_its_tiles_is_refused():
    syntax, encode = LOSSLESS["jpeg_2000_tiles"]
    encoded = encode(GRAY, 8)
    starts = [found.start() for found in re.finditer(rb"\xff\x90\0\n", encoded)]
    for first, last in ((3, 4), (0, 2), (len(starts) - 2, len(starts) - 1)):
        with pytest.raises(CorruptFileError, match=rf"lacks {last - first} of its tiles"):
            decode(encoded[: starts[first]] + encoded[starts[last] :], GRAY, syntax)
    with pytest.raises(CorruptFileError, match="lacks 1 of its tiles"):
        decode(encoded[: starts[-1]] + END_OF_IMAGE, GRAY, syntax)


def test_deflated_frames_must_inflate_to_their_end():
    syntax, encode = LOSSLESS["deflated"]
    encoded = encode(WORDS, 16)
    np.testing.assert_array_equal(decode(encoded + b"\0", WORDS, syntax), WORDS)
    # Their bytes may have been made even before they were deflated.
    np.testing.assert_array_equal(decode(encode(np.append(GRAY, np.uint8(0)), 8), GRAY, syntax), GRAY)
    runs = np.repeat(WORDS[:, :1], 75, axis=1)
    packed = encode(runs, 16)
    for place in range(2, len(packed) - 8, 3):
        with pytest.raises(CorruptFileError):
            decode(packed[:place] + b"\0" * (len(packed) - place), runs, syntax)
    # A flush makes every byte up to here come out, and nothing says that more would follow.
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    unfinished = packer.compress(WORDS.tobytes()) + packer.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(CorruptFileError):
        decode(unfinished, WORDS, syntax)


def test_rle_segments_must_hold_their_pixels_each():
    """One segment with too few bytes and another with as many too much make up for nothing."""
    syntax = LOSSLESS["rle"][0]
    words = np.zeros((10, 20), np.uint16)

    def pack(*counts: int) -> bytes:
        segments = [imagecodecs.packbits_encode(bytes([7]) * count) for count in counts]
        return struct.pack("<16I", 2, 64, 64 + len(segments[0]), *[0] * 13) + b"".join(segments)

    assert (decode(pack(200, 200), words, syntax) == 0x0707).all()
    assert (decode(pack(210, 328), words, syntax) == 0x0707).all()
    for counts in ((190, 210), (210, 190), (199, 200), (200, 199), (200, 329), (456, 200)):
        with pytest.raises(CorruptFileError):
            decode(pack(*counts), words, syntax)


def test_rle_too_short_for_its_size_takes_no_memory():
    options = {**options_of(frame_header(WORDS)), "rows": 65535, "columns": 65535}
    with pytest.raises(CorruptFileError, match="too few for 65535x65535 pixels"):
        decode_frame(LOSSLESS["rle"][1](WORDS, 16), LOSSLESS["rle"][0], **options)


def test_compressed_pixels_that_have_a_length_are_not_read_as_they_are(tmp_path):
    """Found by fuzzing: the heads of items would be pixels."""
    path = slice_file(tmp_path / "rle.dcm", syntax=RLELossless)
    assert load_image(path).array.shape[2] == 1
    content = path.read_bytes()
    place = content.rindex(b"\xe0\x7f\x10\x00O") + 8
    assert content[place : place + 4] == b"\xff" * 4
    length = len(content) - place - 4
    path.write_bytes(content[:place] + struct.pack("<I", length) + content[place + 4 :])
    with pytest.raises(CorruptFileError, match="begins as compressed data does"):
        load_image(path)
