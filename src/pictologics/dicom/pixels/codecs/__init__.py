"""Step 2 of 4: one compressed frame -> its stored numbers, one small file for each family of codecs.

Each codec reads the head of the stream first and compares it with the header (``FrameFormat.check_codestream``),
before memory is taken for samples: a damaged or hostile frame may claim any size.
"""

from .colors import find_decoded_photometric
from .decoding import check_decodable, decode_frame

__all__ = ["check_decodable", "decode_frame", "find_decoded_photometric"]
