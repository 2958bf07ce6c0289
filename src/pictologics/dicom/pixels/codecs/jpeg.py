"""JPEG: baseline, extended, progressive and lossless, 8 to 16 bits, by libjpeg-turbo."""

from __future__ import annotations

from ....array_types import AnyArray
from .codestreams import read_jpeg_head
from .frame_format import FrameFormat
from .jpeg_wholeness import decode_whole_jpeg

__all__ = ["decode_jpeg"]


def decode_jpeg(encoded: bytes, frame: FrameFormat) -> AnyArray:
    """Decode a frame of any of the JPEG processes; the stream says which one it is."""
    from imagecodecs import jpeg8_decode

    stream = read_jpeg_head(encoded)
    frame.check_codestream(stream)
    # The same color space in and out: nothing is converted here, and colors.py says what the samples are.
    colors = "RGB" if frame.samples == 3 else None
    decoded = decode_whole_jpeg(
        encoded, stream, lambda content: jpeg8_decode(content, colorspace=colors, outcolorspace=colors)
    )
    return frame.make_stored_numbers(decoded, stream.precision, frame.bits_stored)
