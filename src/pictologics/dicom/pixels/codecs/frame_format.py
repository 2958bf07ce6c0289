"""What the header says about one compressed frame, and how decoded samples become its stored numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ....array_types import AnyArray
from ....errors import CorruptFileError
from ..pixel_format import PixelFormat
from .codestreams import Codestream
from .syntaxes import LOSSLESS

__all__ = ["FrameFormat"]


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """One compressed frame as the header describes it.

    Attributes:
        transfer_syntax: How it is compressed, a UID.
        rows: Pixels along a column.
        columns: Pixels along a row.
        samples: Samples of each pixel.
        bits_allocated: Bits of the word of a sample.
        bits_stored: How many of them hold the value.
        high_bit: The highest of them.
        signed: Whether values are in two's complement.
        planar: Whether each sample has a plane of its own; said only where the codec does not say it.
        photometric: Photometric Interpretation.
        path: The file, for messages.
        number: Which frame of the file, from 0, for messages; None if it has but one.
    """

    transfer_syntax: str
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: bool
    photometric: str
    path: str
    number: int | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the decoded frame: (rows, columns) or (rows, columns, samples)."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored numbers."""
        return np.dtype(f"{'i' if self.signed else 'u'}{max(self.bits_allocated, 8) // 8}")

    @property
    def title(self) -> str:
        """What messages call the frame."""
        return "its compressed frame" if self.number is None else f"its compressed frame {self.number + 1}"

    def corrupt_error(self, found: str) -> CorruptFileError:
        """Make the error for a frame that is not what it must be."""
        return CorruptFileError(
            f"{self.title} {found}", path=self.path, advice="fetch the file again", frame=self.number
        )

    def check_codestream(self, stream: Codestream) -> None:
        """Compare a frame's own head with the header, before any memory is taken for its samples.

        Attributes of the header must agree with the stream (DICOM PS3.5 8.2), and ours is the shape that is filled.

        Raises:
            CorruptFileError: If they contradict each other.
        """
        found = (stream.rows, stream.columns, stream.samples)
        required = (self.rows, self.columns, self.samples)
        if found != required:
            raise self.corrupt_error(
                f"says that it has {format_frame_size(*found)}, and the header says {format_frame_size(*required)}",
            )
        if stream.precision > self.bits_allocated:
            raise self.corrupt_error(
                f"has samples of {stream.precision} bits, and the header allocates {self.bits_allocated}",
            )

    def make_stored_numbers(
        self, decoded: AnyArray, precision: int, sign_bits: int, *, signed: bool = False
    ) -> AnyArray:
        """Turn decoded samples into the stored numbers that the header describes.

        Args:
            decoded: Samples as integers; may be overwritten.
            precision: Bits of each, as the compressed frame says.
            sign_bits: Bits of a value whose sign the compressed frame and the header do not agree on.
            signed: Whether the compressed frame says that its samples are signed.

        Returns:
            Values of :attr:`dtype` and :attr:`shape`; may not be writeable.

        Raises:
            CorruptFileError: If the frame has decoded to another shape.
        """
        if decoded.shape != self.shape:
            raise self.corrupt_error(f"decodes to an array of shape {decoded.shape}, and {self.shape} is required")
        has_spare_bits = precision > self.bits_stored
        shift = max(0, min(precision, self.high_bit + 1) - self.bits_stored) if has_spare_bits else 0
        if self.transfer_syntax in LOSSLESS and has_spare_bits:
            # The words are as they were: bits outside the value may hold overlays.
            return self.clean(decoded.astype(self.dtype, copy=False), self.bits_stored, shift)
        if has_spare_bits and signed and not self.signed:
            # Numbers as they are, some below zero because they overshoot: as unsigned words they would be huge.
            decoded = np.maximum(decoded, 0)
        words = decoded.astype(self.dtype, copy=False)
        if signed != self.signed:
            words = self.clean(words, sign_bits, 0)
        return self.clamp(words, shift) if has_spare_bits else words

    def clean(self, words: AnyArray, bits: int, shift: int) -> AnyArray:
        """Keep the bits that belong to the value."""
        # Codecs may hand out views of the encoded bytes, which must stay as they are.
        return PixelFormat(self.dtype, bits, shift, False).clean(words if words.flags.writeable else words.copy())

    def clamp(self, words: AnyArray, shift: int) -> AnyArray:
        """Bring what a lossy codec overshoots back to the ends of what Bits Stored can hold (DICOM PS3.3 C.7.6.3.1.1).

        Only the codec's own precision keeps its samples from overshooting, and that may have more bits. Masked like
        the words of a lossless codec, the brightest pixels would turn black.
        """
        if shift:
            words = np.right_shift(words, shift)
        low, high = (
            (-(1 << self.bits_stored - 1), (1 << self.bits_stored - 1) - 1)
            if self.signed
            else (0, (1 << self.bits_stored) - 1)
        )
        return np.clip(words, low, high, out=words if words.flags.writeable else None)


def format_frame_size(rows: int, columns: int, samples: int) -> str:
    """Write a size in words."""
    return f"{columns}x{rows} pixels of {samples} sample{'s' * (samples != 1)}"
