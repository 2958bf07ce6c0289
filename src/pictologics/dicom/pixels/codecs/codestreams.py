"""The heads of JPEG, JPEG-LS, JPEG 2000 and JPEG XL streams: size, samples and precision of a frame.

They are read before decoding, so that a frame that lies about its size never gets the memory for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "Codestream",
    "CodestreamError",
    "check_tiles_present",
    "read_jpeg_2000_head",
    "read_jpeg_head",
    "read_jpeg_xl_size",
    "unwrap_jpeg_2000",
]

JPEG_START = b"\xff\xd8"
"""SOI, which begins JPEG and JPEG-LS streams."""

START_OF_SCAN = 0xDA
"""SOS, behind whose segment the coded samples begin."""

RESTART_INTERVAL = 0xDD
"""DRI, which says how many blocks lie between two restart markers."""

START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
"""SOF0 to SOF15 without DHT, JPG and DAC, which have numbers among them, and SOF55 of JPEG-LS."""

WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xDA)})
"""TEM, RST0 to RST7, SOI and EOI have no length."""

JPEG_2000_START = b"\xff\x4f\xff\x51"
"""SOC and SIZ, which begin a JPEG 2000 codestream."""

JPEG_2000_BOXES = b"\x00\x00\x00\x0cjP  "
"""The signature box that begins a JP2 file."""

JPEG_XL_START = b"\xff\x0a"
"""The first bytes of a bare JPEG XL codestream."""

JPEG_XL_BOXES = b"\x00\x00\x00\x0cJXL "
"""The signature box that begins a JPEG XL file."""

JPEG_XL_LONGEST_SIZE = 12
"""Bytes within which the size of a JPEG XL image stands: two that begin it, and at most 68 bits."""

START_OF_TILE_PART = b"\xff\x90\x00\x0a"
"""SOT and its length; behind the main header a marker cannot be anything else."""

MOST_TILES = 65535
"""The number of a tile has 16 bits (ISO/IEC 15444-1 A.4.2)."""


class CodestreamError(ValueError):
    """The head of a compressed frame cannot be followed."""


@dataclass(frozen=True, slots=True)
class Codestream:
    """Size, samples and precision of a compressed frame, by its own head.

    Attributes:
        rows: Pixels along a column.
        columns: Pixels along a row.
        samples: Samples of each pixel.
        precision: Bits of each sample.
        signed: Whether samples are signed; only JPEG 2000 can say so.
        names: Identifiers of the components, of JPEG only.
        notes: Application data by marker, of JPEG only.
        body: Where the header of the first scan begins, of JPEG only.
        frame_header: Where the header of the frame begins, of JPEG only.
        restart_interval: Blocks between two restart markers, zero without them, of JPEG only.
        tiles: Of how many it consists, of JPEG 2000 only.
    """

    rows: int
    columns: int
    samples: int
    precision: int
    signed: bool = False
    names: bytes = b""
    notes: tuple[tuple[int, bytes], ...] = ()
    body: int = 0
    frame_header: int = 0
    restart_interval: int = 0
    tiles: int = 1


def read_jpeg_head(encoded: bytes) -> Codestream:
    """Read the head of a JPEG or JPEG-LS stream (ISO/IEC 10918-1 B.2.2, 14495-1 C.2.2).

    Raises:
        CodestreamError: If it is not one, or ends before its samples begin.
    """
    if not encoded.startswith(JPEG_START):
        raise CodestreamError("is not a JPEG stream")
    position, frame, notes, frame_header, interval = 2, b"", [], 0, 0
    while (marker := read_marker(encoded, position)) != START_OF_SCAN:
        if marker == 0xFF or marker in WITHOUT_LENGTH:
            # Any number of fill bytes may stand before a marker.
            position += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(encoded[position + 2 : position + 4], "big")
        segment = encoded[position + 4 : position + 2 + length]
        if length < 2 or len(segment) < length - 2:
            raise CodestreamError("ends within its head")
        if marker in START_OF_FRAME:
            frame, frame_header = segment, position
        elif marker == RESTART_INTERVAL:
            interval = int.from_bytes(segment[:2], "big")
        elif 0xE0 <= marker <= 0xEF:
            notes.append((marker, segment))
        position += 2 + length
    # Precision, rows, columns and samples, then three bytes for each component, of which the first is its identifier.
    if len(frame) < 6 or len(frame) < 6 + 3 * frame[5]:
        raise CodestreamError("has no size before its samples")
    precision, rows, columns, samples = struct.unpack_from(">BHHB", frame)
    return Codestream(
        rows,
        columns,
        samples,
        precision,
        names=frame[6 : 6 + 3 * samples : 3],
        notes=tuple(notes),
        body=position,
        frame_header=frame_header,
        restart_interval=interval,
    )


def read_marker(encoded: bytes, position: int) -> int:
    """Read the marker at a place where there must be one."""
    if len(encoded) < position + 4 or encoded[position] != 0xFF:
        raise CodestreamError("ends within its head" if len(encoded) < position + 4 else "has a damaged head")
    return encoded[position + 1]


def unwrap_jpeg_2000(encoded: bytes) -> bytes:
    """Take the codestream out of the boxes of a JP2 file, which PS3.5 8.2.4 forbids and some writers add.

    Raises:
        CodestreamError: If the boxes hold no codestream.
    """
    if not encoded.startswith(JPEG_2000_BOXES):
        return encoded
    codestream = next((content for kind, content in walk_boxes(encoded) if kind == b"jp2c"), None)
    if codestream is None:
        raise CodestreamError("is a file without an image")
    return codestream


def walk_boxes(encoded: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each box of a file of boxes (ISO/IEC 15444-1 I.4)."""
    position = 0
    while position + 8 <= len(encoded):
        length = int.from_bytes(encoded[position : position + 4], "big")
        kind, head = encoded[position + 4 : position + 8], 8
        if length == 1:
            # The length is in the next eight bytes.
            length, head = int.from_bytes(encoded[position + 8 : position + 16], "big"), 16
        if length == 0:
            # The last box reaches to the end of the file.
            length = len(encoded) - position
        if length < head:
            break
        yield kind, encoded[position + head : position + length]
        position += length


def read_jpeg_2000_head(codestream: bytes) -> Codestream:
    """Read the SIZ segment of a JPEG 2000 codestream (ISO/IEC 15444-1 A.5.1).

    Raises:
        CodestreamError: If it has none, or its components differ, or it describes no pixels.
    """
    if not codestream.startswith(JPEG_2000_START) or len(codestream) < 42:
        raise CodestreamError("is not a JPEG 2000 stream")
    right, bottom, left, top, tile_columns, tile_rows, tile_left, tile_top, samples = struct.unpack_from(
        ">8IH", codestream, 8
    )
    # Behind SOC, SIZ, its length and its capabilities: the corners of image and tiles on the reference grid.
    components = codestream[42 : 42 + 3 * samples]
    if not samples or len(components) < 3 * samples:
        raise CodestreamError("ends within its head")
    # Of each component: bits and sign, then the steps along x and y at which it is sampled. DICOM wants all alike.
    if set(components[1::3]) | set(components[2::3]) != {1} or len(set(components[::3])) != 1:
        raise CodestreamError("has components that differ in size or in bits")
    if not (left < right and top < bottom and tile_columns and tile_rows):
        raise CodestreamError("has no pixels")
    # Rounded up; OpenJPEG takes memory for every tile that a stream claims to have.
    across = -((tile_left - right) // tile_columns)
    down = -((tile_top - bottom) // tile_rows)
    if tile_left > left or tile_top > top or not 0 < across * down <= MOST_TILES:
        raise CodestreamError(f"has {across}x{down} tiles, and 1 to {MOST_TILES} are possible")
    kind = components[0]
    return Codestream(
        bottom - top, right - left, samples, (kind & 0x7F) + 1, signed=bool(kind & 0x80), tiles=across * down
    )


def check_tiles_present(codestream: bytes, tiles: int) -> None:
    """Raise unless every tile has a part (ISO/IEC 15444-1 A.4.2): OpenJPEG leaves empty those that have none."""
    position = codestream.find(START_OF_TILE_PART)
    found = set()
    while codestream.startswith(START_OF_TILE_PART, position) and len(codestream) >= position + 12:
        number, length = struct.unpack_from(">HI", codestream, position + 4)
        found.add(number)
        if length < 14:
            # The last part may leave its length open.
            break
        position += length
    if len(found) < tiles:
        raise CodestreamError(f"lacks {tiles - len(found)} of its tiles")


def read_jpeg_xl_size(encoded: bytes) -> tuple[int, int]:
    """Read rows and columns of a JPEG XL image (ISO/IEC 18181-1 D.2).

    Raises:
        CodestreamError: If it is not one.
    """
    if encoded.startswith(JPEG_XL_BOXES):
        encoded = join_jpeg_xl_parts(encoded)
        if not encoded:
            raise CodestreamError("is a file without an image")
    if not encoded.startswith(JPEG_XL_START) or len(encoded) < JPEG_XL_LONGEST_SIZE:
        raise CodestreamError("is not a JPEG XL stream")
    bits = BitReader(encoded[2:JPEG_XL_LONGEST_SIZE])
    small = bits.take(1)
    rows = bits.take_side(small)
    # A common ratio of sides takes the place of the second side.
    ratio = bits.take(3)
    if ratio:
        over, under = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
        return rows, rows * over // under
    return rows, bits.take_side(small)


def join_jpeg_xl_parts(encoded: bytes) -> bytes:
    """Join the codestream in the boxes of a JPEG XL file, as far as its size reaches (ISO/IEC 18181-2 9.8).

    It is whole in one box, or in parts, each behind its number of four bytes. libjxl puts no more than eight bytes of a
    recompressed JPEG into the first part.
    """
    codestream = b""
    for kind, content in walk_boxes(encoded):
        if kind == b"jxlc":
            return content
        if kind == b"jxlp":
            codestream += content[4:]
            if len(codestream) >= JPEG_XL_LONGEST_SIZE:
                break
    return codestream


class BitReader:
    """Takes numbers from a stream of bits, the lowest first."""

    def __init__(self, content: bytes) -> None:
        self.rest = int.from_bytes(content, "little")

    def take(self, count: int) -> int:
        """Take the next bits as a number."""
        value = self.rest & ((1 << count) - 1)
        self.rest >>= count
        return value

    def take_side(self, small: int) -> int:
        """Take a side of an image: a multiple of 8 up to 256, or a number of one of four lengths."""
        if small:
            return 8 * (self.take(5) + 1)
        return self.take((9, 13, 18, 30)[self.take(2)]) + 1
