"""The words of a NRRD header and what they stand for."""

from __future__ import annotations

from typing import Final

import numpy as np

from ...geometry import WorldFrame
from ..volume_layout import Encoding

__all__ = [
    "ENCODINGS",
    "FILE_LIST",
    "NOT_SPATIAL",
    "NRRD_FRAMES",
    "NRRD_MAGIC",
    "NRRD_TYPES",
    "SPACE_DIMENSIONS",
    "VOXEL_KINDS",
]

NRRD_MAGIC: Final = b"NRRD000"
"""How every file begins; the digit that follows is the version."""

FILE_LIST: Final = "LIST"
"""Value of ``data file`` whose files are named by the lines that follow."""


def list_type_names() -> dict[str, np.dtype[np.generic]]:
    """Every name of every type (NRRD, "Basic Field Specifications", type)."""
    names = {
        np.int8: "signed char|int8|int8_t",
        np.uint8: "uchar|unsigned char|uint8|uint8_t",
        np.int16: "short|short int|signed short|signed short int|int16|int16_t",
        np.uint16: "ushort|unsigned short|unsigned short int|uint16|uint16_t",
        np.int32: "int|signed int|int32|int32_t",
        np.uint32: "uint|unsigned int|uint32|uint32_t",
        np.int64: "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t",
        np.uint64: "ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t",
        np.float32: "float",
        np.float64: "double",
    }
    return {name: np.dtype(kind) for kind, synonyms in names.items() for name in synonyms.split("|")}


NRRD_TYPES: Final = list_type_names()
"""``type`` by each of its names."""

ENCODINGS: Final[dict[str, Encoding]] = {
    "raw": "raw",
    "txt": "text",
    "text": "text",
    "ascii": "text",
    "hex": "hex",
    "gz": "gzip",
    "gzip": "gzip",
    "bz2": "bzip2",
    "bzip2": "bzip2",
}
"""``encoding`` by each of its names."""

NRRD_FRAMES: Final[dict[str, WorldFrame]] = {
    "right-anterior-superior": "RAS",
    "ras": "RAS",
    "left-anterior-superior": "LAS",
    "las": "LAS",
    "left-posterior-superior": "LPS",
    "lps": "LPS",
}
"""Spaces that say where the patient's sides are; with ``-time`` they have a fourth axis."""

SPACE_DIMENSIONS: Final = {
    **dict.fromkeys((*NRRD_FRAMES, "scanner-xyz", "3d-right-handed", "3d-left-handed"), 3),
    **{f"{name}t" if len(name) == 3 else f"{name}-time": 4 for name in NRRD_FRAMES},
    **dict.fromkeys(("scanner-xyz-time", "3d-right-handed-time", "3d-left-handed-time"), 4),
}
"""How many numbers a position has in each named space."""

VOXEL_KINDS: Final = frozenset(
    ("complex", "3-color", "rgb-color", "hsv-color", "xyz-color", "4-color", "rgba-color")
) | {
    "vector", "covariant-vector", "normal", "2-vector", "3-vector", "3-gradient",
    "3-normal", "4-vector", "quaternion", "2d-symmetric-matrix", "2d-masked-symmetric-matrix", "2d-matrix",
    "2d-masked-matrix", "3d-symmetric-matrix", "3d-masked-symmetric-matrix", "3d-matrix", "3d-masked-matrix",
}  # fmt: skip
"""Kinds whose numbers are parts of one voxel: colors, vectors, tensors."""

NOT_SPATIAL: Final = VOXEL_KINDS | {"time", "list", "point", "scalar"}
"""Kinds of axes along which nothing moves through space; the others are domain, space, stub and unknown ones."""
