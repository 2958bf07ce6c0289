"""JPEG XL by libjxl."""

from __future__ import annotations

from ....array_types import AnyArray
from .codestreams import Codestream, read_jpeg_xl_size
from .frame_format import FrameFormat

__all__ = ["decode_jpeg_xl"]


def decode_jpeg_xl(encoded: bytes, frame: FrameFormat) -> AnyArray:
    """Decode a JPEG XL frame, without turning it as the stream may ask: the header says how pixels lie."""
    from imagecodecs import jpegxl_decode

    rows, columns = read_jpeg_xl_size(encoded)
    frame.check_codestream(Codestream(rows, columns, frame.samples, frame.bits_stored))
    decoded = jpegxl_decode(encoded, keeporientation=True, numthreads=1)
    # libjxl widens samples to the next type, and makes floats of those that are stored as such.
    if decoded.dtype.kind != "u" or decoded.dtype.itemsize * 8 > frame.bits_allocated:
        raise frame.corrupt_error(
            f"has samples of type {decoded.dtype}, and the header allocates {frame.bits_allocated} bits"
        )
    precision = decoded.dtype.itemsize * 8
    return frame.make_stored_numbers(decoded, precision, frame.bits_stored)
