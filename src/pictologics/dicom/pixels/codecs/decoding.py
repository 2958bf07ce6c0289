"""Choose the codec of a compressed frame, and turn whatever it raises on damaged bytes into our error."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from ....array_types import AnyArray
from ....errors import PictologicsError, UnsupportedFormatError
from . import syntaxes
from .codestreams import CodestreamError
from .frame_format import FrameFormat
from .jpeg import decode_jpeg
from .jpeg_2000 import decode_jpeg_2000
from .jpeg_ls import decode_jpeg_ls
from .jpeg_xl import decode_jpeg_xl
from .plain import decode_deflated, decode_uncompressed
from .pydicom_decoders import decode_with_pydicom, find_pydicom_decoder
from .rle import decode_rle

__all__ = ["check_decodable", "decode_frame"]

FrameDecoder = Callable[[bytes, FrameFormat], AnyArray]

DECODERS: Final[dict[str, FrameDecoder]] = {
    syntaxes.UNCOMPRESSED_FRAMES: decode_uncompressed,
    syntaxes.DEFLATED_FRAMES: decode_deflated,
    syntaxes.RLE: decode_rle,
    **dict.fromkeys(syntaxes.JPEG, decode_jpeg),
    **dict.fromkeys(syntaxes.JPEG_LS, decode_jpeg_ls),
    **dict.fromkeys(syntaxes.JPEG_2000 | syntaxes.HTJ2K, decode_jpeg_2000),
    **dict.fromkeys(syntaxes.JPEG_XL, decode_jpeg_xl),
}

WHOLE_BYTES = frozenset({8, 16, 32, 64})
"""Bits Allocated of pixels whose numbers are words of the machine."""

SINGLE_BITS = frozenset({syntaxes.UNCOMPRESSED_FRAMES, syntaxes.DEFLATED_FRAMES}) | syntaxes.JPEG_2000 | syntaxes.HTJ2K
"""Syntaxes for segmentations of single bits: packed as they are, or coded as samples of one bit."""


def check_decodable(transfer_syntax: str, path: str) -> None:
    """Check that there is a decoder for a transfer syntax, before a frame is read.

    Raises:
        UnsupportedFormatError: If no installed decoder reads it.
    """
    if transfer_syntax not in DECODERS:
        find_pydicom_decoder(transfer_syntax, path)


def decode_frame(
    encoded: bytes,
    transfer_syntax: str,
    *,
    rows: int,
    columns: int,
    bits_allocated: int,
    bits_stored: int,
    samples: int,
    photometric: str,
    pixel_representation: int,
    path: str,
    high_bit: int | None = None,
    planar_configuration: int = 0,
    number: int | None = None,
) -> AnyArray:
    """Decode one compressed frame.

    Threads may call it at once: the codecs keep no state, start no threads of their own and release the
    interpreter lock.

    Args:
        encoded: All fragments of the frame, joined.
        transfer_syntax: UID of the transfer syntax.
        rows: Rows of the image.
        columns: Columns of the image.
        bits_allocated: Bits Allocated: 8, 16, 32 or 64; 1 for frames of single bits, not compressed,
            deflated or JPEG 2000.
        bits_stored: Bits Stored.
        samples: Samples per Pixel.
        photometric: Photometric Interpretation. Colors are not converted.
        pixel_representation: 1 for signed values.
        path: The file, for messages.
        high_bit: High Bit; None for Bits Stored - 1.
        planar_configuration: Planar Configuration, which only frames that are not compressed or deflated need.
        number: Which frame of the file, from 0, for messages; None if it has but one.

    Returns:
        The stored numbers, (rows, columns) or (rows, columns, samples), as integers of the allocated size in the
        machine's byte order, without the bits that do not belong to the value. May not be writeable.

    Raises:
        UnsupportedFormatError: If no installed decoder reads the transfer syntax.
        CorruptFileError: If the frame cannot be decoded, or is not of the size that the header says.
    """
    frame = FrameFormat(
        transfer_syntax=transfer_syntax,
        rows=rows,
        columns=columns,
        samples=samples,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        high_bit=bits_stored - 1 if high_bit is None else high_bit,
        signed=bool(pixel_representation),
        planar=bool(planar_configuration),
        photometric=photometric,
        path=path,
        number=number,
    )
    if bits_allocated not in WHOLE_BYTES and not (bits_allocated == 1 and transfer_syntax in SINGLE_BITS):
        raise UnsupportedFormatError(
            f"its pixels have {bits_allocated} bits each (BitsAllocated), and only 8, 16, 32 or 64 are supported",
            path=path,
        )
    decode = DECODERS.get(transfer_syntax, decode_with_pydicom)
    try:
        return decode(encoded, frame)
    except ImportError:
        # Some builds of imagecodecs lack a codec.
        return decode_with_pydicom(encoded, frame)
    except PictologicsError:
        raise
    except CodestreamError as error:
        raise frame.corrupt_error(str(error)) from error
    # What struct, numpy and the decoders of imagecodecs, whose errors are RuntimeErrors, raise on damaged bytes.
    except (LookupError, MemoryError, OverflowError, RuntimeError, TypeError, ValueError, struct.error) as error:
        raise frame.corrupt_error(f"cannot be decoded ({error})") from error
