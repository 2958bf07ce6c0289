"""The color space of decoded samples, which is not always the one that the header names."""

from __future__ import annotations

from . import syntaxes
from .codestreams import Codestream, CodestreamError, read_jpeg_head

__all__ = ["find_decoded_photometric"]

ADOBE_MARKER = 0xEE
"""APP14, in which Adobe's programs say how colors were changed."""

ADOBE = b"Adobe"
"""How its content begins."""

ADOBE_TRANSFORM = 11
"""Where in its content the byte stands that is 0 for RGB."""

JFIF_MARKER = 0xE0
"""APP0, by which a stream says that it is JFIF, whose colors are YCbCr."""

JFIF = b"JFIF\0"
"""How its content begins."""


def find_decoded_photometric(encoded: bytes, transfer_syntax: str, photometric: str) -> str:
    """Find the Photometric Interpretation of what :func:`~pictologics.dicom.pixels.codecs.decode_frame` returns.

    Args:
        encoded: A frame of three samples for each pixel.
        transfer_syntax: UID of its transfer syntax.
        photometric: Photometric Interpretation of the header.

    Returns:
        RGB, YBR_FULL or what the header says.
    """
    if transfer_syntax in syntaxes.JPEG_XL or photometric in {"YBR_RCT", "YBR_ICT"}:
        # These codecs undo their own change of colors.
        return "RGB"
    if transfer_syntax in syntaxes.JPEG | syntaxes.JPEG_LS:
        try:
            return read_jpeg_color_space(read_jpeg_head(encoded)) or photometric
        except CodestreamError:
            return photometric
    return photometric


def read_jpeg_color_space(stream: Codestream) -> str:
    """Read which color space a JPEG stream names, in the ways that libjpeg goes by; empty if it names none."""
    # In this order: identifiers of components first, then JFIF and Adobe's marker, whichever comes first.
    if stream.names.upper() == b"RGB":
        return "RGB"
    for marker, note in stream.notes:
        if marker == JFIF_MARKER and note.startswith(JFIF):
            return "YBR_FULL"
        if marker == ADOBE_MARKER and note.startswith(ADOBE) and len(note) > ADOBE_TRANSFORM:
            return "YBR_FULL" if note[ADOBE_TRANSFORM] else "RGB"
    return ""
