"""RLE Lossless: the bytes of the samples in planes, most significant first, each in PackBits (DICOM PS3.5 G)."""

from __future__ import annotations

import struct
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ....array_types import AnyArray
from .frame_format import FrameFormat

__all__ = ["decode_rle"]

RLE_HEADER = struct.Struct("<16I")
"""Number of segments, and the offset of each from the header's beginning (PS3.5 G.5)."""

LONGEST_RUN = 128
"""Bytes that one run of PackBits, or one stretch of literal bytes, can stand for (PS3.5 G.3.1)."""

MOST_RLE_SEGMENTS = 15
"""As many offsets as the header has room for."""


def decode_rle(encoded: bytes, frame: FrameFormat) -> AnyArray:
    """Decode an RLE frame."""
    from imagecodecs import dicomrle_decode

    size = frame.bits_allocated // 8
    bounds = read_segment_bounds(encoded, frame, size * frame.samples)
    # Two bytes stand for 128 at most.
    if (len(encoded) - RLE_HEADER.size) * LONGEST_RUN // 2 < frame.rows * frame.columns * size * frame.samples:
        raise frame.corrupt_error(f"has {len(encoded)} bytes, too few for {frame.columns}x{frame.rows} pixels")
    words = np.empty((frame.samples, frame.rows, frame.columns), frame.dtype.newbyteorder("<"))
    content = words.reshape(-1).view(np.uint8)
    try:
        # Segments are joined to words while they are unpacked; writers whose runs overshoot take the slower way.
        count = len(dicomrle_decode(encoded, words.dtype, out=content.data))
    except RuntimeError:
        # It raises for damaged frames as well.
        count = unpack_segments(encoded, bounds, content.reshape(frame.samples, -1, size), frame)
    if count < words.nbytes:
        raise frame.corrupt_error(f"decodes to {count} of the {words.nbytes} bytes that are required")
    pixels = words[0] if frame.samples == 1 else np.moveaxis(words, 0, -1)
    return frame.make_stored_numbers(pixels, frame.bits_allocated, frame.bits_stored, signed=frame.signed)


def unpack_segments(
    encoded: bytes, bounds: list[tuple[int, int]], content: npt.NDArray[np.uint8], frame: FrameFormat
) -> int:
    """Unpack each segment by itself, and drop what the last run of some encoders has too much.

    Args:
        encoded: The frame.
        bounds: Where its segments lie.
        content: Bytes to fill: (samples, pixels, bytes of a sample, the lowest first).
        frame: What the header says of it.

    Returns:
        How many bytes there were.

    Raises:
        CorruptFileError: If a segment has more than that.
    """
    from imagecodecs import packbits_decode

    _, pixels, size = content.shape
    count = 0
    for segment, (low, high) in enumerate(bounds):
        unpacked = np.frombuffer(packbits_decode(encoded[low:high]), np.uint8)
        if unpacked.size > pixels + LONGEST_RUN:
            raise frame.corrupt_error(f"has a segment of {unpacked.size} bytes, and {pixels} are required")
        # Segments go sample by sample, of each the most significant byte first (PS3.5 G.2); words are little endian.
        sample, byte = divmod(segment, size)
        unpacked = unpacked[:pixels]
        content[sample, : unpacked.size, size - 1 - byte] = unpacked
        count += unpacked.size
    return count


def read_segment_bounds(encoded: bytes, frame: FrameFormat, required: int) -> list[tuple[int, int]]:
    """Read where the segments lie, and check it: the decoder believes the head, whatever it says."""
    if len(encoded) < RLE_HEADER.size:
        raise frame.corrupt_error(f"is {len(encoded)} bytes long, and its RLE header alone has {RLE_HEADER.size}")
    count, *offsets = RLE_HEADER.unpack_from(encoded)
    # One segment for each byte of each sample (PS3.5 G.2).
    if count != required or count > MOST_RLE_SEGMENTS:
        raise frame.corrupt_error(f"has {count} segments, and the header requires {required}")
    bounds = list(pairwise([*offsets[:count], len(encoded)]))
    if offsets[0] != RLE_HEADER.size or any(low >= high for low, high in bounds):
        raise frame.corrupt_error("has segments that do not follow one another")
    return bounds
