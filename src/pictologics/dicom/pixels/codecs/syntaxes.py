"""The encapsulated transfer syntaxes (DICOM PS3.6 A) by what decodes them."""

from __future__ import annotations

from typing import Final

__all__ = [
    "DECODABLE",
    "DEFLATED_FRAMES",
    "HTJ2K",
    "JPEG",
    "JPEG_2000",
    "JPEG_LS",
    "JPEG_XL",
    "LOSSLESS",
    "RLE",
    "UNCOMPRESSED_FRAMES",
]

UNCOMPRESSED_FRAMES: Final = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAMES: Final = "1.2.840.10008.1.2.8.1"
RLE: Final = "1.2.840.10008.1.2.5"


def list_syntaxes(*endings: str) -> frozenset[str]:
    """List syntaxes by the last part of their UID."""
    return frozenset(f"1.2.840.10008.1.2.4.{ending}" for ending in endings)


JPEG: Final = list_syntaxes("50", "51", "53", "55", "57", "70")
JPEG_LS: Final = list_syntaxes("80", "81")
JPEG_2000: Final = list_syntaxes("90", "91")
HTJ2K: Final = list_syntaxes("201", "202", "203")
JPEG_XL: Final = list_syntaxes("110", "111", "112")

DECODABLE: Final = JPEG | JPEG_LS | JPEG_2000 | HTJ2K | JPEG_XL | {RLE, DEFLATED_FRAMES, UNCOMPRESSED_FRAMES}
"""These have a decoder here."""

LOSSLESS: Final = list_syntaxes("57", "70", "80", "90", "110", "201", "202") | {
    RLE,
    DEFLATED_FRAMES,
    UNCOMPRESSED_FRAMES,
}
"""These give back every bit, those above the stored ones as well."""
