"""Color images: refused, or converted to gray by the luminance of their colors.

Luminance is the Y of ITU-R BT.601, which the YBR photometric interpretations already hold (DICOM PS3.3 C.7.6.3.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from ...array_types import AnyArray
from ...errors import CorruptFileError, UnsupportedFormatError
from ..headers import tags
from ..headers.header import Header
from .pixel_format import PixelFormat

__all__ = ["check_colors", "compute_luminance", "is_color", "weigh_colors"]

LUMINANCE_WEIGHTS: Final = np.array([0.299, 0.587, 0.114])
"""Shares of red, green and blue (BT.601); they sum to 1, so gray stays the gray it was."""

PALETTE: Final = "PALETTE COLOR"
"""Photometric Interpretation of numbers that stand for colors of a table."""

LUMINANCE_FIRST: Final = frozenset({"YBR_FULL", "YBR_FULL_422"})
"""Of these, the first number of a pixel is its luminance."""

INSIDE_JPEG_2000: Final = frozenset({"YBR_ICT", "YBR_RCT"})
"""Only a JPEG 2000 stream holds these; decoding it gives RGB."""

CONVERTED: Final = LUMINANCE_FIRST | INSIDE_JPEG_2000 | {"RGB"}
"""Photometric Interpretations of three numbers for each pixel whose luminance is known."""


def is_color(header: Header) -> bool:
    """Whether the file's pixels are colors."""
    return (header.short(tags.SAMPLES_PER_PIXEL) or 1) != 1 or photometric_of(header) == PALETTE


def photometric_of(header: Header) -> str:
    """The Photometric Interpretation: what the numbers of a pixel are."""
    return header.text(tags.PHOTOMETRIC_INTERPRETATION)


def check_colors(headers: Iterable[Header], luminance: bool) -> int:
    """Count the color images among files.

    Args:
        headers: The files.
        luminance: Whether they are to be converted.

    Raises:
        UnsupportedFormatError: If there is one and ``luminance`` is False, or its colors are of an unknown kind.
    """
    count = 0
    for header in headers:
        if not is_color(header):
            continue
        count += 1
        samples, photometric = header.short(tags.SAMPLES_PER_PIXEL) or 1, photometric_of(header)
        found = f"this DICOM file is a color image ({photometric}, {samples} sample{'s' * (samples != 1)} per pixel)"
        if (samples == 3 and photometric not in CONVERTED) or samples not in (1, 3):
            raise UnsupportedFormatError(
                f"{found}, and only RGB, YBR and palettes are supported",
                path=header.path,
                advice="convert it to RGB first",
            )
        if not luminance:
            raise UnsupportedFormatError(
                f"{found}, and a gray image is required",
                path=header.path,
                advice='pass color="luminance" to convert it to gray',
                way_out=(("color", "luminance"),),
            )
    return count


def compute_luminance(words: AnyArray, header: Header, stored: PixelFormat) -> AnyArray:
    """Compute the luminance of one frame of a file that is not compressed.

    Args:
        words: The frame's stored numbers, one after another.
        header: The file.
        stored: How it stores them.

    Returns:
        Rows of pixels, float64 for RGB and the stored type for YBR.

    Raises:
        CorruptFileError: If the header's account of its colors contradicts the pixels.
    """
    rows, columns = header.short(tags.ROWS) or 0, header.short(tags.COLUMNS) or 0
    photometric = photometric_of(header)
    if photometric in INSIDE_JPEG_2000:
        raise CorruptFileError(
            f"its PhotometricInterpretation is {photometric}, of JPEG 2000 only, and its pixels are not compressed",
            path=header.path,
            advice="export the file again",
        )
    if stored.numbers_per_pixel == 2:
        # Two pixels are four numbers: Y1, Y2 and the Cb and Cr that they share (PS3.3 C.7.6.3.1.2).
        if columns % 2 or (header.pixel_length or 0) >= 3 * rows * columns * stored.dtype.itemsize:
            raise CorruptFileError(
                f"its {rows}x{columns} pixels do not lie in pairs, as {photometric} requires",
                path=header.path,
                advice="correct its PhotometricInterpretation",
            )
        return words.reshape(-1, 4)[:, :2].reshape(rows, columns)
    if header.short(tags.PLANAR_CONFIGURATION):
        return weigh_colors(np.moveaxis(words.reshape(3, rows, columns), 0, 2), photometric)
    return weigh_colors(words.reshape(rows, columns, 3), photometric)


def weigh_colors(pixels: AnyArray, photometric: str) -> AnyArray:
    """Compute the luminance of colors, (rows, columns, 3)."""
    if photometric in LUMINANCE_FIRST:
        return pixels[:, :, 0]
    # The float64 weights make the sum float64, so that it is rounded once, to the type of the volume.
    return np.asarray(pixels @ LUMINANCE_WEIGHTS)
