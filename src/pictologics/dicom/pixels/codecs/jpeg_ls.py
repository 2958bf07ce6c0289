"""JPEG-LS, lossless and near-lossless, by CharLS."""

from __future__ import annotations

import numpy as np

from ....array_types import AnyArray
from .codestreams import read_jpeg_head
from .frame_format import FrameFormat

__all__ = ["decode_jpeg_ls"]

STOP = b"\xff\xd9"
"""Added to every stream: CharLS searches for ever for the next bit of one that was cut off, and stops at a marker."""


def decode_jpeg_ls(encoded: bytes, frame: FrameFormat) -> AnyArray:
    """Decode a JPEG-LS frame.

    Its samples are unsigned (ISO/IEC 14495-1): signed values are coded as bit patterns, as wide as its precision.
    """
    from imagecodecs import jpegls_decode

    stream = read_jpeg_head(encoded)
    frame.check_codestream(stream)
    decoded = jpegls_decode(encoded + STOP)
    if frame.samples > 1 and decoded.shape[0] == frame.samples and decoded.shape[1:] == frame.shape[:2]:
        # One scan for each component.
        decoded = np.moveaxis(decoded, 0, -1)
    return frame.make_stored_numbers(decoded, stream.precision, stream.precision)
