"""JPEG XL by libjxl."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .codestreams import Codestream, jpeg_xl_size
from .frame_format import FrameFormat

__all__ = ["decode_jpeg_xl"]


def decode_jpeg_xl(encoded: bytes, frame: FrameFormat) -> npt.NDArray[Any]:
    """Decode a JPEG XL frame, as its pixels are stored: how they lie is for the header to say."""
    from imagecodecs import jpegxl_decode

    rows, columns = jpeg_xl_size(encoded)
    frame.check(Codestream(rows, columns, frame.samples, frame.bits_stored))
    decoded = jpegxl_decode(encoded, keeporientation=True, numthreads=1)
    if decoded.dtype.kind != "u" or decoded.dtype.itemsize * 8 > frame.bits_allocated:
        raise frame.corrupt(
            f"has samples of type {decoded.dtype}, and the header allocates {frame.bits_allocated} bits"
        )
    precision = decoded.dtype.itemsize * 8
    return frame.stored_values(decoded, precision, frame.bits_stored)
