"""The heads of compressed frames, made by hand byte by byte: what the encoders at hand never write is read too."""

from __future__ import annotations

import struct

import pytest

from pictologics.dicom.pixels.codecs.codestreams import (
    Codestream,
    CodestreamError,
    read_jpeg_2000_head,
    read_jpeg_head,
    read_jpeg_xl_size,
    unwrap_jpeg_2000,
)
from pictologics.dicom.pixels.codecs.colors import read_jpeg_color_space

SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def frame_segment(names: bytes = b"\x01\x02\x03", marker: int = 0xC0) -> bytes:
    parts = b"".join(bytes([name, 0x11, 0]) for name in names)
    return segment(marker, struct.pack(">BHHB", 12, 5, 7, len(names)) + parts)


# --- JPEG and JPEG-LS ---


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC9, 0xCF, 0xF7])
def test_size_and_names_of_a_jpeg(marker):
    head = segment(0xE0, b"JFIF\0") + frame_segment(marker=marker) + segment(0xEE, b"Adobe") + segment(0xC4, b"table")
    stream = read_jpeg_head(b"\xff\xd8" + head + SCAN)
    assert (stream.rows, stream.columns, stream.samples, stream.precision) == (5, 7, 3, 12)
    assert stream.names == b"\x01\x02\x03"
    assert stream.notes == ((0xE0, b"JFIF\0"), (0xEE, b"Adobe"))
    assert stream.body == 2 + len(head)
    assert not stream.signed


@pytest.mark.parametrize(
    "before", [b"\xff", b"\xff" * 5, b"\xff\x01", b"\xff\xd0", b"\xff\xd8"], ids=["fill", "fills", "TEM", "RST0", "SOI"]
)
def test_what_has_no_length_is_stepped_over(before):
    stream = read_jpeg_head(b"\xff\xd8" + before + frame_segment(b"\x01") + before + SCAN)
    assert (stream.rows, stream.columns, stream.samples) == (5, 7, 1)


def test_a_segment_of_a_length_alone_is_empty():
    stream = read_jpeg_head(b"\xff\xd8" + segment(0xEF, b"") + frame_segment() + SCAN)
    assert stream.notes == ((0xEF, b""),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xd9" + frame_segment() + SCAN, "is not a JPEG stream"),
        (b"\xff\xd8" + frame_segment(), "ends within its head"),
        (b"\xff\xd8" + frame_segment() + SCAN[:3], "ends within its head"),
        (b"\xff\xd8" + frame_segment()[:-1] + b"", "ends within its head"),
        (b"\xff\xd8\xff\xe0\x00\x01" + frame_segment() + SCAN, "ends within its head"),
        (b"\xff\xd8\x00\xc0" + frame_segment() + SCAN, "has a damaged head"),
        (b"\xff\xd8\x00\xc0\x00\x02", "has a damaged head"),
        (b"\xff\xd8" + SCAN, "has no size before its samples"),
        (b"\xff\xd8" + segment(0xC0, b"\x0c\0\5\0\7\3" + b"\1\1\1" * 2) + SCAN, "has no size before its samples"),
        (b"\xff\xd8" + segment(0xC0, b"\x0c\0\5\0\7") + SCAN, "has no size before its samples"),
        (b"\xff\xd8" + segment(0xC4, b"\x0c\0\5\0\7\1\1\1\1") + SCAN, "has no size before its samples"),
    ],
)
def test_a_jpeg_that_cannot_be_followed(content, said):
    with pytest.raises(CodestreamError, match=said):
        read_jpeg_head(content)


# --- JPEG 2000 ---

SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"


def size_segment(
    right=7, bottom=5, left=0, top=0, tile=(7, 5), tile_at=(0, 0), components=b"\x0b\x01\x01", samples=None
) -> bytes:
    count = len(components) // 3 if samples is None else samples
    numbers = struct.pack(">8IH", right, bottom, left, top, *tile, *tile_at, count)
    return b"\xff\x4f\xff\x51" + struct.pack(">HH", 38 + len(components), 0) + numbers + components


def box(kind: bytes, content: bytes, way: str = "short") -> bytes:
    if way == "long":
        return struct.pack(">I4sQ", 1, kind, len(content) + 16) + content
    return struct.pack(">I4s", 0 if way == "last" else len(content) + 8, kind) + content


@pytest.mark.parametrize("way", ["short", "long", "last"])
@pytest.mark.parametrize("before", ["short", "long"])
def test_the_codestream_of_a_file_of_boxes(way, before):
    content = SIGNATURE + box(b"jp2h", b"header", before) + box(b"jp2c", b"the codestream", way)
    assert unwrap_jpeg_2000(content) == b"the codestream"
    assert unwrap_jpeg_2000(b"anything else") == b"anything else"


def test_a_length_of_eight_bytes_is_read_from_its_first():
    """2**56 bytes more than the codestream has: it is all that there is."""
    long_box = struct.pack(">I4sQ", 1, b"jp2c", (1 << 56) + 16 + 3)
    assert unwrap_jpeg_2000(SIGNATURE + long_box + b"the codestream") == b"the codestream"


@pytest.mark.parametrize(
    "boxes", [b"", box(b"jp2h", b"header"), b"\0\0\0\7jp2c", b"\0\0\0\1jp2c" + b"\0" * 7 + b"\x0f", b"\0\0\0\x08jp2"]
)
def test_a_file_of_boxes_without_a_codestream(boxes):
    with pytest.raises(CodestreamError, match="without an image"):
        unwrap_jpeg_2000(SIGNATURE + boxes)


def test_size_and_bits_of_a_jpeg_2000():
    stream = read_jpeg_2000_head(size_segment(10, 9, 3, 4, components=b"\x8f\1\1" * 3, tile=(4, 4), tile_at=(3, 4)))
    assert (stream.rows, stream.columns, stream.samples, stream.precision, stream.signed) == (5, 7, 3, 16, True)
    stream = read_jpeg_2000_head(size_segment())
    assert (stream.rows, stream.columns, stream.samples, stream.precision, stream.signed) == (5, 7, 1, 12, False)


def test_as_many_tiles_as_have_a_number():
    assert read_jpeg_2000_head(size_segment(65535, 1, tile=(1, 1))).columns == 65535
    assert read_jpeg_2000_head(size_segment(65536, 1, tile=(2, 1))).columns == 65536


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\x4f" + bytes(60), "is not a JPEG 2000 stream"),
        (size_segment()[:41], "is not a JPEG 2000 stream"),
        (size_segment()[:42], "ends within its head"),
        (size_segment()[:44], "ends within its head"),
        (size_segment(samples=2), "ends within its head"),
        (size_segment(samples=0), "ends within its head"),
        (size_segment(components=b"\x0b\1\1\x0c\1\1"), "components that differ"),
        (size_segment(components=b"\x0b\1\1\x0b\2\2"), "components that differ"),
        (size_segment(components=b"\x0b\1\2"), "components that differ"),
        (size_segment(components=b"\x0b\2\1"), "components that differ"),
        (size_segment(left=7), "has no pixels"),
        (size_segment(top=5), "has no pixels"),
        (size_segment(tile=(0, 5)), "has no pixels"),
        (size_segment(tile=(7, 0)), "has no pixels"),
        (size_segment(65536, 1, tile=(1, 1)), "has 65536x1 tiles, and 1 to 65535 are possible"),
        (size_segment(257, 256, tile=(1, 1)), "has 257x256 tiles"),
        (size_segment(tile_at=(1, 0)), "has 1x1 tiles"),
        (size_segment(tile_at=(0, 1)), "has 1x1 tiles"),
    ],
)
def test_a_jpeg_2000_that_cannot_be(content, said):
    with pytest.raises(CodestreamError, match=said):
        read_jpeg_2000_head(content)


# --- JPEG XL ---


def xl_stream(*fields: tuple[int, int]) -> bytes:
    """Numbers and how many bits each has, the lowest first."""
    value = at = 0
    for number, count in fields:
        value |= number << at
        at += count
    return b"\xff\x0a" + value.to_bytes(20, "little")


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ([(1, 1), (4, 5), (0, 3), (6, 5)], (40, 56)),
        ([(1, 1), (31, 5), (1, 3)], (256, 256)),
        ([(0, 1), (0, 2), (511, 9), (0, 3), (1, 2), (600, 13)], (512, 601)),
        ([(0, 1), (2, 2), (99_999, 18), (0, 3), (3, 2), (300_000, 30)], (100_000, 300_001)),
        ([(1, 1), (14, 5), (2, 3)], (120, 144)),
        ([(1, 1), (14, 5), (3, 3)], (120, 160)),
        ([(1, 1), (14, 5), (4, 3)], (120, 180)),
        ([(1, 1), (17, 5), (5, 3)], (144, 256)),
        ([(1, 1), (14, 5), (6, 3)], (120, 150)),
        ([(1, 1), (14, 5), (7, 3)], (120, 240)),
    ],
)
def test_the_size_of_a_jpeg_xl(fields, size):
    assert read_jpeg_xl_size(xl_stream(*fields)) == size


@pytest.mark.parametrize("content", [b"\xff\x0a", b"\xff\x0b" + bytes(40), b""])
def test_what_is_no_jpeg_xl(content):
    with pytest.raises(CodestreamError, match="is not a JPEG XL stream"):
        read_jpeg_xl_size(content)


# --- colors ---


@pytest.mark.parametrize(
    ("names", "notes", "space"),
    [
        (b"RGB", [], "RGB"),
        (b"rgb", [(0xE0, b"JFIF\0")], "RGB"),
        (b"\1\2\3", [], ""),
        (b"\1\2\3", [(0xE0, b"JFIF\0")], "YBR_FULL"),
        (b"\1\2\3", [(0xE1, b"JFIF\0")], ""),
        (b"\1\2\3", [(0xEE, b"Adobe\0\0\0\0\0\0\0")], "RGB"),
        (b"\1\2\3", [(0xEE, b"Adobe\0\0\0\0\0\0\1")], "YBR_FULL"),
        (b"\1\2\3", [(0xED, b"Adobe\0\0\0\0\0\0\1")], ""),
        (b"\1\2\3", [(0xEE, b"Other\0\0\0\0\0\0\1")], ""),
        (b"\1\2\3", [(0xEE, b"Adobe\0\0\0\0\0\0")], ""),
        (b"\1\2\3", [(0xEE, b"Adobe\0\0\0\0\0\0\0"), (0xE0, b"JFIF\0")], "RGB"),
        (b"\1\2\3", [(0xE0, b"JFIF\0"), (0xEE, b"Adobe\0\0\0\0\0\0\0")], "YBR_FULL"),
    ],
)
def test_the_color_space_that_a_jpeg_names(names, notes, space):
    """As libjpeg does: identifiers first, then the first of the two markers; Adobe's transform is its twelfth byte."""
    assert read_jpeg_color_space(Codestream(5, 7, 3, 8, names=names, notes=tuple(notes))) == space
