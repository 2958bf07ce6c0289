"""Names of the encapsulated transfer syntaxes (DICOM PS3.6 A), for decoding and for messages."""

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
    "name_syntax",
]

UNCOMPRESSED_FRAMES: Final = "1.2.840.10008.1.2.1.98"
DEFLATED_FRAMES: Final = "1.2.840.10008.1.2.8.1"
RLE: Final = "1.2.840.10008.1.2.5"

SYNTAX_NAMES: Final = {
    UNCOMPRESSED_FRAMES: "Encapsulated Uncompressed Explicit VR Little Endian",
    DEFLATED_FRAMES: "Deflated Image Frame Compression",
    RLE: "RLE Lossless",
    "1.2.840.10008.1.2.4.50": "JPEG Baseline (Process 1)",
    "1.2.840.10008.1.2.4.51": "JPEG Extended (Processes 2 and 4)",
    "1.2.840.10008.1.2.4.53": "JPEG Spectral Selection (Processes 6 and 8)",
    "1.2.840.10008.1.2.4.55": "JPEG Full Progression (Processes 10 and 12)",
    "1.2.840.10008.1.2.4.57": "JPEG Lossless (Process 14)",
    "1.2.840.10008.1.2.4.70": "JPEG Lossless (Process 14, Selection Value 1)",
    "1.2.840.10008.1.2.4.80": "JPEG-LS Lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS Near-Lossless",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 Lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.92": "JPEG 2000 Part 2 Multi-component Lossless",
    "1.2.840.10008.1.2.4.93": "JPEG 2000 Part 2 Multi-component",
    "1.2.840.10008.1.2.4.94": "JPIP Referenced",
    "1.2.840.10008.1.2.4.95": "JPIP Referenced Deflate",
    "1.2.840.10008.1.2.4.100": "MPEG-2 Main Profile at Main Level",
    "1.2.840.10008.1.2.4.100.1": "Fragmentable MPEG-2 Main Profile at Main Level",
    "1.2.840.10008.1.2.4.101": "MPEG-2 Main Profile at High Level",
    "1.2.840.10008.1.2.4.101.1": "Fragmentable MPEG-2 Main Profile at High Level",
    "1.2.840.10008.1.2.4.102": "MPEG-4 AVC/H.264 High Profile at Level 4.1",
    "1.2.840.10008.1.2.4.102.1": "Fragmentable MPEG-4 AVC/H.264 High Profile at Level 4.1",
    "1.2.840.10008.1.2.4.103": "MPEG-4 AVC/H.264 BD-compatible High Profile at Level 4.1",
    "1.2.840.10008.1.2.4.103.1": "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile at Level 4.1",
    "1.2.840.10008.1.2.4.104": "MPEG-4 AVC/H.264 High Profile at Level 4.2 for 2D Video",
    "1.2.840.10008.1.2.4.104.1": "Fragmentable MPEG-4 AVC/H.264 High Profile at Level 4.2 for 2D Video",
    "1.2.840.10008.1.2.4.105": "MPEG-4 AVC/H.264 High Profile at Level 4.2 for 3D Video",
    "1.2.840.10008.1.2.4.105.1": "Fragmentable MPEG-4 AVC/H.264 High Profile at Level 4.2 for 3D Video",
    "1.2.840.10008.1.2.4.106": "MPEG-4 AVC/H.264 Stereo High Profile at Level 4.2",
    "1.2.840.10008.1.2.4.106.1": "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile at Level 4.2",
    "1.2.840.10008.1.2.4.107": "HEVC/H.265 Main Profile at Level 5.1",
    "1.2.840.10008.1.2.4.108": "HEVC/H.265 Main 10 Profile at Level 5.1",
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.4.201": "HTJ2K Lossless",
    "1.2.840.10008.1.2.4.202": "HTJ2K Lossless RPCL",
    "1.2.840.10008.1.2.4.203": "HTJ2K",
    "1.2.840.10008.1.2.4.204": "JPIP HTJ2K Referenced",
    "1.2.840.10008.1.2.4.205": "JPIP HTJ2K Referenced Deflate",
}


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


def name_syntax(uid: str) -> str:
    """Name a transfer syntax in words, with its UID."""
    return f"{SYNTAX_NAMES[uid]}, {uid}" if uid in SYNTAX_NAMES else uid or "none is named"
