"""Names of transfer syntaxes, for messages, and which of them anyone knows."""

from __future__ import annotations

from typing import Final

from .pydicom_edge import find_registered_name

__all__ = ["is_known_syntax", "name_syntax"]

SYNTAX_NAMES: Final = {
    "1.2.840.10008.1.2": "Implicit VR Little Endian",
    "1.2.840.10008.1.2.1": "Explicit VR Little Endian",
    "1.2.840.10008.1.2.1.99": "Deflated Explicit VR Little Endian",
    "1.2.840.10008.1.2.2": "Explicit VR Big Endian",
    "1.2.840.113619.5.2": "GE private, Implicit VR Little Endian with big-endian pixels",
    "1.2.840.10008.1.2.1.98": "Encapsulated Uncompressed Explicit VR Little Endian",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
    "1.2.840.10008.1.2.5": "RLE Lossless",
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
"""Those that files of today have (PS3.6 A), and the private ones that are read; pydicom knows retired ones."""


def is_known_syntax(uid: str) -> bool:
    """Whether the standard knows a transfer syntax, be it retired; private ones may store anything in any way."""
    return uid in SYNTAX_NAMES or bool(find_registered_name(uid))


def name_syntax(uid: str) -> str:
    """Name a transfer syntax in words, with its UID."""
    name = SYNTAX_NAMES.get(uid) or find_registered_name(uid)
    if name:
        return f"{name}, {uid}"
    return f"unknown transfer syntax {uid}" if uid else "none is named"
