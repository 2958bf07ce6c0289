"""The pixels of a segmentation's frames, as packed bits or as stored numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from ...array_types import AnyArray
from ...errors import UnsupportedFormatError
from ...provenance import Decision
from ..frames.frame import Frame
from ..headers import tags
from ..headers.header import Header
from ..pixels.pixel_format import (
    PixelFormat,
    check_bytes_present,
    check_pixels_present,
    count_frame_bytes,
    read_pixel_format,
)
from ..pixels.plane_reader import PlaneReader
from .bit_alignment import BitAlignment

__all__ = ["FramePixels", "check_frames_present", "check_nothing_behind", "is_packed"]

BYTES: Final = PixelFormat(np.dtype(np.uint8), 8, 0, False)
"""The format of packed bits: eight pixels in a byte."""


class FramePixels:
    """Reads frames one after another; one for each thread, a context manager that closes the file.

    Args:
        template: A frame of the file.
        alignment: Where its frames begin.
    """

    def __init__(self, template: Frame, alignment: BitAlignment) -> None:
        self.alignment = alignment
        self.template = template
        self.header = template.header
        self.pixels = template.rows * template.columns
        self.reader = PlaneReader()
        self.is_packed = is_packed(self.header)
        swapped = not self.header.little_endian and self.header.pixel_vr == "OW"
        self.stored = replace(BYTES, swapped_pairs=swapped) if self.is_packed else read_pixel_format(self.header)

    def __enter__(self) -> Self:
        self.reader.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.__exit__()

    def read_bits(self, number: int, at_least: int = 1) -> npt.NDArray[np.uint8]:
        """Read which pixels of a frame are set, eight in a byte, the first in its lowest bit; overwritten by the next.

        Frames of single bits follow one another without a gap (DICOM PS3.5 8.1.1, 8.2), so that a frame may begin
        within a byte, unless the alignment says otherwise.

        Args:
            number: Which frame, from 0.
            at_least: The stored value from which on a pixel of more bits than one counts as set.

        Returns:
            The bytes; bits beyond the last pixel are 0.
        """
        # Packed, so that all kinds of files are painted by the same code, eight voxels at a time.
        if not self.is_packed:
            return np.packbits(self.read_numbers(number).reshape(-1) >= at_least, bitorder="little")
        if self.header.is_encapsulated:
            return np.packbits(self.decode(number).reshape(-1) != 0, bitorder="little")
        first_bit = number * self.pixels if self.alignment.starts is None else int(self.alignment.starts[number])
        first, last = first_bit // 8, -(-(first_bit + self.pixels) // 8)
        content = self.reader.read_words(self.header, self.stored, first, last - first)
        if first_bit % 8:
            # The frame begins within a byte: its bits are shifted to begin one.
            single = np.unpackbits(content, bitorder="little")[first_bit % 8 :][: self.pixels]
            return np.packbits(single, bitorder="little")
        if self.pixels % 8:
            # The last byte also holds the first pixels of the next frame.
            content[-1] &= (1 << self.pixels % 8) - 1
        return content

    def read_numbers(self, number: int) -> AnyArray:
        """Read the stored numbers of a frame, (rows, columns); overwritten by the next."""
        if self.is_packed:
            bits = np.unpackbits(self.read_bits(number), count=self.pixels, bitorder="little")
            return bits.reshape(self.template.rows, self.template.columns)
        return self.reader.read(replace(self.template, number=number), self.stored)

    def decode(self, number: int) -> AnyArray:
        """Decode a compressed frame."""
        return self.reader.compressed.decode(self.header, number, self.reader.open_file_of(self.header))[0]


def is_packed(header: Header) -> bool:
    """Whether pixels are packed single bits.

    Raises:
        UnsupportedFormatError: If they are neither that nor whole numbers of 8 or 16 bits.
    """
    allocated = header.short(tags.BITS_ALLOCATED)
    samples = header.short(tags.SAMPLES_PER_PIXEL) or 1
    if allocated not in (1, 8, 16) or header.pixel_tag != tags.PIXEL_DATA or samples != 1:
        raise UnsupportedFormatError(
            f"its pixels are {samples} numbers of {allocated} bits, and one number of 1, 8 or 16 bits is required",
            path=header.path,
            advice="export the file again",
        )
    return allocated == 1


def check_frames_present(template: Frame, count: int, alignment: BitAlignment) -> None:
    """Check that the file holds its frames, before any memory is taken for them.

    Args:
        template: A frame of the file.
        count: How many frames there are.
        alignment: Where frames of bits begin.

    Raises:
        CorruptFileError: If it does not.
    """
    header = template.header
    if not is_packed(header):
        check_pixels_present(replace(template, number=count - 1), read_pixel_format(header))
        return
    if header.is_encapsulated:
        return
    pixels = template.rows * template.columns
    if alignment.starts is not None:
        # The length of the pixel data is what told the alignment.
        return
    check_bytes_present(
        header, -(-count * pixels // 8), lambda: f"frame {count} of {template.columns}x{template.rows} bits"
    )


def check_nothing_behind(template: Frame, count: int) -> tuple[Decision, ...]:
    """Say how much stands behind the frames of a file of whole bytes that is not compressed."""
    header = template.header
    needed = count_frame_bytes(header, read_pixel_format(header)) * count
    length = header.pixel_length or 0
    if length <= needed + needed % 2:
        return ()
    text = f"its pixel data has {length} bytes, and its {count} frames need {needed}; the rest was not read"
    return (Decision("left out", text, length - needed, "content"),)
