"""JPEG: baseline, extended, progressive and lossless, 8 to 16 bits, by libjpeg-turbo."""

from __future__ import annotations

from ....array_types import AnyArray
from .codestreams import read_jpeg_head
from .frame_format import FrameFormat

__all__ = ["decode_jpeg"]

END_OF_IMAGE = b"\xff\xd9"
"""EOI; coded samples never hold it, as a zero follows each 0xFF among them (ISO/IEC 10918-1 F.1.2.3)."""


def decode_jpeg(encoded: bytes, frame: FrameFormat) -> AnyArray:
    """Decode a frame of any of the JPEG processes; the stream says which one it is."""
    from imagecodecs import jpeg8_decode

    stream = read_jpeg_head(encoded)
    frame.check_codestream(stream)
    if encoded.rfind(END_OF_IMAGE, stream.body) < 0:
        # libjpeg fills up with gray what is missing.
        raise frame.corrupt_error("ends before its last pixel")
    # The same color space in and out: nothing is converted here, and colors.py says what the samples are.
    colors = "RGB" if frame.samples == 3 else None
    decoded = jpeg8_decode(encoded, colorspace=colors, outcolorspace=colors)
    return frame.make_stored_numbers(decoded, stream.precision, frame.bits_stored)
