"""Colour images: refused, or converted to luminance.

Luminance is the Y of ITU-R BT.601, which the YBR photometric interpretations already hold (DICOM PS3.3 C.7.6.3.1.2).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ..errors import CorruptFileError, UnsupportedFormatError
from . import tags
from .head_dataset import read_dataset
from .header import Header
from .stored_values import StoredValues

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["ColourDecoder", "check_colours", "is_colour", "luminance_of"]

LUMINANCE_WEIGHTS: Final = np.array([0.299, 0.587, 0.114])
PALETTE: Final = "PALETTE COLOR"
#: Of these, the first number of a pixel is its luminance.
LUMINANCE_FIRST: Final = frozenset({"YBR_FULL", "YBR_FULL_422"})
#: Those which only a JPEG 2000 stream holds; decoding it gives RGB.
INSIDE_JPEG_2000: Final = frozenset({"YBR_ICT", "YBR_RCT"})
CONVERTED: Final = LUMINANCE_FIRST | INSIDE_JPEG_2000 | {"RGB"}


def is_colour(header: Header) -> bool:
    """Whether the file's pixels are colours."""
    return (header.short(tags.SAMPLES_PER_PIXEL) or 1) != 1 or photometric_of(header) == PALETTE


def photometric_of(header: Header) -> str:
    """What the numbers of a pixel are."""
    return header.text(tags.PHOTOMETRIC_INTERPRETATION)


def check_colours(headers: Iterable[Header], luminance: bool) -> int:
    """Count the colour images among files.

    Args:
        headers: The files.
        luminance: Whether they are to be converted.

    Raises:
        UnsupportedFormatError: If there is one and it is not to be converted, or cannot be.
    """
    count = 0
    for header in headers:
        if not is_colour(header):
            continue
        count += 1
        samples, photometric = header.short(tags.SAMPLES_PER_PIXEL) or 1, photometric_of(header)
        what = f"this DICOM file is a colour image ({photometric}, {samples} sample{'s' * (samples != 1)} per pixel)"
        if (samples == 3 and photometric not in CONVERTED) or samples not in (1, 3):
            raise UnsupportedFormatError(
                f"{what}, of a kind that is not read", path=header.path, advice="convert it to RGB first"
            )
        if not luminance:
            raise UnsupportedFormatError(
                f"{what}, and grey ones are read",
                path=header.path,
                advice='pass colour="luminance" to convert it to grey',
                way_out=(("colour", "luminance"),),
            )
    return count


def luminance_of(words: npt.NDArray[Any], header: Header, stored: StoredValues) -> npt.NDArray[Any]:
    """The luminance of one frame of a file that is not compressed.

    Args:
        words: The frame's stored numbers, one after another.
        header: The file.
        stored: How it stores them.

    Returns:
        Rows of pixels, float64 for RGB and the stored type for YBR.

    Raises:
        CorruptFileError: If the file cannot be what it says.
    """
    rows, columns = header.short(tags.ROWS) or 0, header.short(tags.COLUMNS) or 0
    photometric = photometric_of(header)
    if photometric in INSIDE_JPEG_2000:
        raise CorruptFileError(
            f"its pixels are not compressed and it says that they are {photometric}, which JPEG 2000 makes",
            path=header.path,
            advice="export the file again",
        )
    if stored.numbers_per_pixel == 2:
        if columns % 2 or (header.pixel_length or 0) >= 3 * rows * columns * stored.dtype.itemsize:
            raise CorruptFileError(
                f"its pixels of {rows}x{columns} do not lie in pairs, as those of {photometric} do",
                path=header.path,
                advice="correct its PhotometricInterpretation",
            )
        return words.reshape(-1, 4)[:, :2].reshape(rows, columns)
    if header.short(tags.PLANAR_CONFIGURATION):
        return weighted(np.moveaxis(words.reshape(3, rows, columns), 0, 2), photometric)
    return weighted(words.reshape(rows, columns, 3), photometric)


def weighted(pixels: npt.NDArray[Any], photometric: str) -> npt.NDArray[Any]:
    """The luminance of pixels (rows, columns, 3)."""
    if photometric in LUMINANCE_FIRST:
        return pixels[:, :, 0]
    # Whole numbers times the weights are summed in float64, to be rounded once.
    return np.asarray(pixels @ LUMINANCE_WEIGHTS)


class ColourDecoder:
    """Decompresses colour frames with whatever decoders pydicom finds; keeps the file that it read last."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.dataset: Dataset | None = None

    def luminance(self, header: Header, number: int) -> npt.NDArray[Any]:
        """The luminance of one frame, rows of pixels.

        Raises:
            UnsupportedFormatError: If no decoder reads it.
            CorruptFileError: If it cannot be decoded.
        """
        from pydicom.pixels.decoders.base import get_decoder

        dataset = self.opened(header)
        try:
            decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
            # Raw: pydicom would make RGB of YBR, and the luminance would go through two roundings.
            pixels, found = decoder.as_array(dataset, index=number, raw=True)
        except (NotImplementedError, RuntimeError, AttributeError) as error:
            raise UnsupportedFormatError(
                f"its colours are compressed (transfer syntax {header.transfer_syntax}) and no installed decoder "
                f"reads them ({' '.join(str(error).split())[:300]})",
                path=header.path,
                advice="install a decoder for pydicom, such as pylibjpeg, or decompress the files",
            ) from error
        except (ArithmeticError, EOFError, LookupError, OSError, TypeError, ValueError, struct.error) as error:
            raise CorruptFileError(
                f"its compressed colours cannot be decoded ({error})", path=header.path, advice="fetch the file again"
            ) from error
        required = (header.short(tags.ROWS), header.short(tags.COLUMNS), 3)
        if pixels.shape != required:
            raise CorruptFileError(
                f"its colours decode to shape {pixels.shape} and {required} is required", path=header.path
            )
        return weighted(pixels, str(found["photometric_interpretation"]))

    def opened(self, header: Header) -> Dataset:
        """The file, read unless it is the one of the frame before."""
        if self.dataset is None or self.header is not header:
            self.dataset, self.header = read_dataset(header, with_pixels=True), header
        return self.dataset
