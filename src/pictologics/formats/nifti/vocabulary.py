"""Where each field of a NIfTI header lies (nifti1.h, nifti2.h), and the codes that fields hold."""

from __future__ import annotations

from typing import Final

import numpy as np

__all__ = [
    "CIFTI_CODE",
    "CIFTI_INTENTS",
    "COLOR_TYPES",
    "COMMENT_CODE",
    "COMPOUND_TYPES",
    "HEADER_1",
    "HEADER_2",
    "NIFTI_TYPES",
    "NIFTI_UNITS",
    "REFUSED_TYPES",
    "STEP_UNITS",
    "SURFACE_INTENTS",
    "UNIT_MILLIMETER",
    "UNIT_SECOND",
    "VECTOR_INTENTS",
]

HEADER_1: Final = np.dtype(
    [
        ("sizeof_hdr", "<i4"), ("data_type", "S10"), ("db_name", "S18"), ("extents", "<i4"),
        ("session_error", "<i2"), ("regular", "S1"), ("dim_info", "u1"), ("dim", "<i2", (8,)),
        ("intent_p", "<f4", (3,)), ("intent_code", "<i2"), ("datatype", "<i2"), ("bitpix", "<i2"),
        ("slice_start", "<i2"), ("pixdim", "<f4", (8,)), ("vox_offset", "<f4"), ("scl_slope", "<f4"),
        ("scl_inter", "<f4"), ("slice_end", "<i2"), ("slice_code", "u1"), ("xyzt_units", "u1"),
        ("cal_max", "<f4"), ("cal_min", "<f4"), ("slice_duration", "<f4"), ("toffset", "<f4"),
        ("glmax", "<i4"), ("glmin", "<i4"), ("descrip", "S80"), ("aux_file", "S24"),
        ("qform_code", "<i2"), ("sform_code", "<i2"), ("quatern", "<f4", (3,)), ("qoffset", "<f4", (3,)),
        ("srow", "<f4", (3, 4)), ("intent_name", "S16"), ("magic", "S4"),
    ]
)  # fmt: skip
"""The 348 bytes of a NIfTI-1 header."""

HEADER_2: Final = np.dtype(
    [
        ("sizeof_hdr", "<i4"), ("magic", "S8"), ("datatype", "<i2"), ("bitpix", "<i2"), ("dim", "<i8", (8,)),
        ("intent_p", "<f8", (3,)), ("pixdim", "<f8", (8,)), ("vox_offset", "<i8"), ("scl_slope", "<f8"),
        ("scl_inter", "<f8"), ("cal_max", "<f8"), ("cal_min", "<f8"), ("slice_duration", "<f8"),
        ("toffset", "<f8"), ("slice_start", "<i8"), ("slice_end", "<i8"), ("descrip", "S80"),
        ("aux_file", "S24"), ("qform_code", "<i4"), ("sform_code", "<i4"), ("quatern", "<f8", (3,)),
        ("qoffset", "<f8", (3,)), ("srow", "<f8", (3, 4)), ("slice_code", "<i4"), ("xyzt_units", "<i4"),
        ("intent_code", "<i4"), ("intent_name", "S16"), ("dim_info", "u1"), ("unused", "S15"),
    ]
)  # fmt: skip
"""The 540 bytes of a NIfTI-2 header."""

NIFTI_TYPES: Final[dict[int, np.dtype[np.generic]]] = {
    2: np.dtype(np.uint8),
    4: np.dtype(np.int16),
    8: np.dtype(np.int32),
    16: np.dtype(np.float32),
    64: np.dtype(np.float64),
    256: np.dtype(np.int8),
    512: np.dtype(np.uint16),
    768: np.dtype(np.uint32),
    1024: np.dtype(np.int64),
    1280: np.dtype(np.uint64),
}
"""``datatype`` codes of real scalars."""
if np.dtype(np.longdouble).itemsize == 16:
    NIFTI_TYPES[1536] = np.dtype(np.longdouble)

COMPOUND_TYPES: Final[dict[int, tuple[np.dtype[np.generic], int, str]]] = {
    32: (np.dtype(np.float32), 2, "complex"),
    128: (np.dtype(np.uint8), 3, "rgb-color"),
    1792: (np.dtype(np.float64), 2, "complex"),
    2304: (np.dtype(np.uint8), 4, "rgba-color"),
}
"""``datatype`` codes of voxels of several numbers: type and count of these, and what they make together."""

COLOR_TYPES: Final = (128, 2304)
"""Those of them that are colors."""

VECTOR_INTENTS: Final = {
    1004: "matrix",
    1005: "symmetric matrix",
    1006: "displacement vector",
    1007: "vector",
    1011: "quaternion",
    2003: "rgb-color",
    2004: "rgba-color",
}
"""``intent_code`` of volumes whose fifth axis holds the numbers of a voxel (nifti1.h, "intent_code")."""

SURFACE_INTENTS: Final = {
    1008: "a set of points",
    1009: "triangles",
    2002: "indices of surface points",
    2005: "a shape",
}
"""``intent_code`` of what lies on surfaces and is no volume."""

CIFTI_INTENTS: Final = range(3000, 3100)
"""``intent_code`` of CIFTI-2 files, whose rows are surface points and voxels in any order."""

CIFTI_CODE: Final = 32
"""``ecode`` of the XML that says what the rows of a CIFTI-2 file are."""

REFUSED_TYPES: Final = {
    1: "single bits",
    1536: "128-bit floats in the format of another machine",
    2048: "complex numbers of 256 bits",
}
"""``datatype`` codes that are not loaded, in words."""

NIFTI_UNITS: Final = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}
"""Millimeters by the spatial bits of ``xyzt_units``: unknown, meter, millimeter, micrometer (nifti1.h, "units")."""

STEP_UNITS: Final[dict[int, tuple[str, str, float]]] = {
    8: ("time", "s", 1.0),
    16: ("time", "s", 1e-3),
    24: ("time", "s", 1e-6),
    32: ("frequency", "Hz", 1.0),
    40: ("frequency", "ppm", 1.0),
    48: ("frequency", "rad/s", 1.0),
}
"""What the fourth axis is by the temporal bits of ``xyzt_units``, its unit here, and how much of that a step of it is
(nifti1.h, "units")."""

UNIT_SECOND: Final = 8
"""The temporal bits of ``xyzt_units`` of series whose times are known."""

UNIT_MILLIMETER: Final = 2
"""``xyzt_units`` of files that are written here."""

COMMENT_CODE: Final = 6
"""``ecode`` of a header extension that holds plain text."""
