"""JPEG 2000 and its high-throughput variety HTJ2K, by OpenJPEG.

OpenJPH is faster for the latter, but damaged frames bring it down and the whole process with it.
"""

from __future__ import annotations

from ....array_types import AnyArray
from .codestreams import check_tiles_present, read_jpeg_2000_head, unwrap_jpeg_2000
from .frame_format import FrameFormat

__all__ = ["decode_jpeg_2000"]

END_OF_CODESTREAM = b"\xff\xd9"
"""EOC, which cannot occur within coded samples (ISO/IEC 15444-1 A.1.2)."""


def decode_jpeg_2000(encoded: bytes, frame: FrameFormat) -> AnyArray:
    """Decode a JPEG 2000 or HTJ2K frame; the codestream says which it is."""
    from imagecodecs import jpeg2k_decode

    codestream = unwrap_jpeg_2000(encoded)
    stream = read_jpeg_2000_head(codestream)
    frame.check_codestream(stream)
    if codestream.rfind(END_OF_CODESTREAM) < 0:
        raise frame.corrupt_error("ends before its last pixel")
    # What ends within a tile OpenJPEG refuses, but for a length of the tile that was cut between two of its packets and
    # says so: nothing but decoding them all would tell.
    check_tiles_present(codestream, stream.tiles)
    # Slices are decoded in parallel; threads within one would only compete with them.
    decoded = jpeg2k_decode(codestream, numthreads=1)
    return frame.make_stored_numbers(decoded, stream.precision, stream.precision, signed=stream.signed)
