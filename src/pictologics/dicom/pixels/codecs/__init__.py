"""Compressed frames -> stored values: one small file for each family of codecs."""

from .colors import find_decoded_photometric
from .decoding import decode_frame

__all__ = ["decode_frame", "find_decoded_photometric"]
