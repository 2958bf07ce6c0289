"""How the numbers of a file's pixels are stored (DICOM PS3.5 8.1.1), and whether the file holds them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...array_types import AnyArray
from ...errors import CorruptFileError, UnsupportedFormatError
from ...storage.inflation import MOST_DEFLATION
from ..frames.frame import Frame
from ..headers import tags
from ..headers.header import GE_BIG_PIXELS, Header
from ..headers.syntax_names import is_known_syntax, name_syntax

__all__ = ["PixelFormat", "check_bytes_present", "check_pixels_present", "count_frame_bytes", "read_pixel_format"]


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How one file stores the numbers of its pixels.

    Attributes:
        dtype: As they lie in the file, byte order and sign included.
        bits: How many bits of each hold the value (Bits Stored).
        shift: How many bits lie below the value (High Bit + 1 - Bits Stored).
        swapped_pairs: Whether 8-bit pixels lie in big-endian 16-bit words.
        numbers_per_pixel: How many of them make a pixel: 1 for gray, 3 for color, 2 for color of which every other
            pixel has only a brightness.
    """

    dtype: np.dtype[Any]
    bits: int
    shift: int
    swapped_pairs: bool
    numbers_per_pixel: int = 1

    @property
    def fills_its_words(self) -> bool:
        """Whether every bit of a word belongs to the value."""
        return self.bits == self.dtype.itemsize * 8

    def clean(self, words: AnyArray) -> AnyArray:
        """Keep the bits that belong to the value, in place.

        Bits outside Bits Stored have no defined content: in old files they hold overlays (DICOM PS3.5 8.1.1, 8.1.2).

        Args:
            words: Pixels in the machine's or the file's byte order; may be overwritten.
        """
        if self.fills_its_words:
            return words
        spare = self.dtype.itemsize * 8 - self.bits
        if self.dtype.kind == "u":
            if self.shift:
                np.right_shift(words, self.shift, out=words)
            np.bitwise_and(words, (1 << self.bits) - 1, out=words)
        else:
            # Shifting up drops what lies above, and shifting down again spreads the sign.
            np.left_shift(words, spare - self.shift, out=words)
            np.right_shift(words, spare, out=words)
        return words


def read_pixel_format(header: Header) -> PixelFormat:
    """Read from a header how its pixels are stored.

    Raises:
        CorruptFileError: If the numbers of bits contradict each other.
        UnsupportedFormatError: If the pixels are not whole bytes.
    """
    has_big_pixels = header.transfer_syntax == GE_BIG_PIXELS
    order = "<" if header.little_endian and not has_big_pixels else ">"
    if header.pixel_tag != tags.PIXEL_DATA:
        size = 4 if header.pixel_tag == tags.FLOAT_PIXEL_DATA else 8
        return PixelFormat(np.dtype(f"{order}f{size}"), size * 8, 0, False)
    allocated = header.short(tags.BITS_ALLOCATED)
    if allocated not in (8, 16, 32, 64):
        raise UnsupportedFormatError(
            f"its pixels have {allocated} bits each (BitsAllocated), and only 8, 16, 32 or 64 are supported",
            path=header.path,
        )
    if has_big_pixels and allocated > 16:
        # Whether four bytes are swapped or two and two, nobody has written down.
        raise UnsupportedFormatError(
            f"its pixels have {allocated} bits each (BitsAllocated), and only 8 or 16 are supported in its transfer "
            f"syntax ({name_syntax(GE_BIG_PIXELS)})",
            path=header.path,
            advice="convert the file to another transfer syntax",
        )
    # Both are required (type 1). Where they are missing anyway, all bits belong to the value, from the lowest on.
    bits = header.short(tags.BITS_STORED) or allocated
    high_bit = header.short(tags.HIGH_BIT)
    high_bit = bits - 1 if high_bit is None else high_bit
    if bits > allocated or not bits - 1 <= high_bit < allocated:
        raise CorruptFileError(
            f"its pixels store {bits} bits up to bit {high_bit} in words of {allocated} bits, which is impossible",
            path=header.path,
            advice="export the file again",
        )
    kind = "i" if header.short(tags.PIXEL_REPRESENTATION) else "u"
    # Big-endian 8-bit pixels of VR OW lie in 16-bit words: the first pixel is the low, second byte (PS3.5 8.1.1, D).
    swapped = allocated == 8 and not header.little_endian and header.pixel_vr == "OW"
    dtype = np.dtype(f"{order}{kind}{allocated // 8}")
    return PixelFormat(dtype, bits, high_bit + 1 - bits, swapped, count_numbers_per_pixel(header))


def count_numbers_per_pixel(header: Header) -> int:
    """Count the numbers of a pixel in a file that is not compressed (DICOM PS3.3 C.7.6.3.1.2)."""
    samples = header.short(tags.SAMPLES_PER_PIXEL) or 1
    if samples == 3 and header.text(tags.PHOTOMETRIC_INTERPRETATION) == "YBR_FULL_422":
        # Two brightnesses and one pair of color differences for two pixels.
        return 2
    return samples


def count_frame_bytes(header: Header, stored: PixelFormat) -> int:
    """Count the bytes of one stored frame of a file that is not compressed."""
    pixels = (header.short(tags.ROWS) or 0) * (header.short(tags.COLUMNS) or 0)
    return pixels * stored.numbers_per_pixel * stored.dtype.itemsize


def check_pixels_present(frame: Frame, stored: PixelFormat) -> None:
    """Check that the file holds the plane's pixels, before any memory is taken for them.

    Raises:
        CorruptFileError: If it does not.
    """
    header = frame.header
    if header.is_encapsulated:
        # How many bytes a compressed frame needs, only its own head says.
        return
    check_bytes_present(
        header,
        count_frame_bytes(header, stored) * (frame.number + 1),
        # Put into words only where it is said, as this is done for every plane.
        lambda: (
            f"frame {frame.number + 1} of {header.short(tags.COLUMNS)}x{header.short(tags.ROWS)} pixels of "
            f"{stored.dtype.itemsize * stored.numbers_per_pixel} bytes"
        ),
    )


def check_bytes_present(header: Header, needed: int, name_last_part: Callable[[], str]) -> None:
    """Check that the pixels of a file that is not compressed reach far enough.

    Args:
        header: The file.
        needed: Bytes of pixels up to the end of what is to be read.
        name_last_part: Says what ends there, for the message.

    Raises:
        CorruptFileError: If they do not.
    """
    length = header.pixel_length
    if length is None:
        raise CorruptFileError(
            f"its transfer syntax ({name_syntax(header.transfer_syntax)}) says that its pixels are not compressed, and "
            "they are stored in items as only compressed ones are",
            path=header.path,
            advice="export the file again, or correct its transfer syntax",
        )
    if not is_known_syntax(header.transfer_syntax):
        raise UnsupportedFormatError(
            f"how its pixels are stored is not known ({name_syntax(header.transfer_syntax)})",
            path=header.path,
            advice="convert the file to a transfer syntax of the standard",
            transfer_syntax=header.transfer_syntax,
        )
    if length < needed:
        raise CorruptFileError(
            f"its pixel data has {length} bytes, and {name_last_part()} ends at byte {needed} in its transfer syntax "
            f"({name_syntax(header.transfer_syntax)})",
            path=header.path,
            advice="export the file again",
        )
    if header.is_deflated:
        # Only inflating tells the size, but no file inflates without bound.
        room = MOST_DEFLATION * (header.file_size - header.dataset_offset) - header.pixel_offset
    else:
        room = header.file_size - header.pixel_offset
    if room < needed:
        raise CorruptFileError(
            f"the file ends {needed - room} bytes before the end of its pixels",
            path=header.path,
            advice="it was cut off when it was copied; fetch it again",
        )
