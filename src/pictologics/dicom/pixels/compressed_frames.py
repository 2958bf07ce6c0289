"""Steps 1 and 2 of 4 together: find the bytes of a compressed frame, and decode them to stored numbers."""

from __future__ import annotations

import numpy as np

from ...array_types import AnyArray
from ...storage.files import OpenFile
from ..headers import tags
from ..headers.header import Header
from .codecs import decode_frame, find_decoded_photometric
from .fragments import Fragment, find_frame_fragments, read_fragments

__all__ = ["CompressedFrames"]


class CompressedFrames:
    """Decodes frames one after another, and remembers where those of the latest file lie."""

    def __init__(self) -> None:
        self.header: Header | None = None
        self.fragments: list[list[Fragment]] = []

    def read_encoded(self, header: Header, number: int, file: OpenFile) -> bytes:
        """Read the bytes of one frame, and of no other."""
        if self.header is not header:
            count = header.integer(tags.NUMBER_OF_FRAMES) or 1
            (offsets,) = header.read_located(tags.EXTENDED_OFFSET_TABLE)
            self.fragments = find_frame_fragments(
                file, header.pixel_offset, count, header.path, extended_offsets=offsets
            )
            self.header = header
        return read_fragments(file, self.fragments[number], header.path)

    def decode(self, header: Header, number: int, file: OpenFile) -> tuple[AnyArray, str]:
        """Decode the stored numbers of one frame.

        Args:
            header: The file.
            number: Which of its frames, from 0.
            file: The file, open.

        Returns:
            The numbers, (rows, columns), or (rows, columns, samples) of colors; and what the numbers are, which after
            decoding may be another Photometric Interpretation than the header's.

        Raises:
            UnsupportedFormatError: If nothing installed decodes the transfer syntax.
            CorruptFileError: If the frame cannot be decoded.
        """
        encoded = self.read_encoded(header, number, file)
        samples = header.short(tags.SAMPLES_PER_PIXEL) or 1
        photometric = header.text(tags.PHOTOMETRIC_INTERPRETATION)
        allocated = header.short(tags.BITS_ALLOCATED) or 0
        stored = header.short(tags.BITS_STORED) or allocated
        pixels = decode_frame(
            encoded,
            header.transfer_syntax,
            rows=header.short(tags.ROWS) or 0,
            columns=header.short(tags.COLUMNS) or 0,
            bits_allocated=allocated,
            bits_stored=stored,
            samples=samples,
            photometric=photometric,
            pixel_representation=header.short(tags.PIXEL_REPRESENTATION) or 0,
            path=header.path,
            high_bit=header.short(tags.HIGH_BIT),
            planar_configuration=header.short(tags.PLANAR_CONFIGURATION) or 0,
            number=None if len(self.fragments) == 1 else number,
        )
        if samples > 1:
            photometric = find_decoded_photometric(encoded, header.transfer_syntax, photometric)
        return np.asarray(pixels), photometric
