"""Frames without a codec: encapsulated as they are, or deflated one by one."""

from __future__ import annotations

import numpy as np

from ....array_types import AnyArray
from ....storage.inflation import MOST_DEFLATION, DeflatedBytes
from .frame_format import FrameFormat

__all__ = ["decode_deflated", "decode_uncompressed"]


def decode_deflated(encoded: bytes, frame: FrameFormat) -> AnyArray:
    """Decode a frame of the Deflated Image Frame Compression (DICOM PS3.5 A.4.14, RFC 1951)."""
    required = count_uncompressed_bytes(frame)
    if len(encoded) * MOST_DEFLATION < required:
        raise frame.corrupt_error(f"has {len(encoded)} deflated bytes, too few for {required}")
    # The stream has no checksum, but it ends where the frame does, give or take the byte that makes it even: damage
    # seldom leaves it like that.
    stream = DeflatedBytes(frame.path, encoded)
    content = stream.read_at(0, required + 2)
    if len(content) > required + 1 or not stream.has_ended:
        raise frame.corrupt_error(f"inflates to more than the {required} bytes that are required")
    return decode_uncompressed(content, frame)


def decode_uncompressed(content: bytes, frame: FrameFormat) -> AnyArray:
    """Decode a frame of the Encapsulated Uncompressed syntax, little endian (DICOM PS3.5 A.4.11)."""
    # More is fine: a fragment is filled up to an even length (PS3.5 A.4).
    required = count_uncompressed_bytes(frame)
    if len(content) < required:
        raise frame.corrupt_error(f"has {len(content)} bytes, and {required} are required")
    count = frame.rows * frame.columns * frame.samples
    if frame.bits_allocated == 1:
        # The first pixel is the lowest bit of the first byte (PS3.5 8.1.1, D).
        bits = np.unpackbits(np.frombuffer(content, np.uint8, required), count=count, bitorder="little")
        return bits.reshape(frame.shape)
    words = np.frombuffer(content, frame.dtype.newbyteorder("<"), count)
    if frame.planar and frame.samples > 1:
        pixels = np.moveaxis(words.reshape(frame.samples, frame.rows, frame.columns), 0, -1)
    else:
        pixels = words.reshape(frame.shape)
    return frame.make_stored_numbers(pixels, frame.bits_allocated, frame.bits_stored, signed=frame.signed)


def count_uncompressed_bytes(frame: FrameFormat) -> int:
    """Count the bytes of the uncompressed frame; single bits are packed, and the last byte is filled up."""
    return -(-frame.rows * frame.columns * frame.samples * frame.bits_allocated // 8)
