"""Image -> NIfTI-1, or NIfTI-2 where an axis is too long for NIfTI-1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...geometry import Grid
from ...image import Image
from ...storage.files import replacing
from ..writing import gzip_writer, planes_of, stored_array
from .layout import (
    HEADER_1,
    HEADER_2,
    STORED_TYPES,
    UNIT_MILLIMETER,
)
from .note import note_extension
from .world import quaternion_of

__all__ = ["write_nifti"]

# Code 1, "scanner anatomical": positions in the patient as the scanner or its DICOM files give them.
SCANNER_ANATOMICAL = 1
LONGEST_AXIS_1 = 32767


def write_nifti(image: Image, path: Path) -> None:
    """Write a NIfTI file, gzip if the name ends so; see ``pictologics.save_image``."""
    grid = image.grid
    stored = stored_array(image.array, STORED_TYPES.values(), "NIfTI", path)
    extension = note_extension(image)
    header = make_header(grid, stored.dtype, len(extension), path)
    is_gzip = path.name.lower().endswith(".gz")
    with replacing(path) as temporary, temporary.open("wb") as plain, gzip_writer(plain, is_gzip) as file:
        file.write(header.tobytes() + b"\1\0\0\0" + extension)
        for content in planes_of(stored):
            file.write(content)


def make_header(grid: Grid, dtype: np.dtype[Any], extension: int, path: Path) -> npt.NDArray[Any]:
    """The header of a single file that stores numbers as they are."""
    is_long = max(grid.shape) > LONGEST_AXIS_1
    layout = HEADER_2 if is_long else HEADER_1
    header = np.zeros((), layout)
    header["sizeof_hdr"] = layout.itemsize
    header["magic"] = b"n+2\0\r\n\032\n" if is_long else b"n+1"
    header["dim"] = (3, *grid.shape, 1, 1, 1, 1)
    header["datatype"] = next(code for code, one in STORED_TYPES.items() if one == dtype)
    header["bitpix"] = dtype.itemsize * 8
    header["vox_offset"] = layout.itemsize + 4 + extension
    header["scl_slope"] = 1
    header["xyzt_units"] = UNIT_MILLIMETER
    header["qform_code"] = header["sform_code"] = SCANNER_ANATOMICAL
    ras_affine = grid.affine_in("RAS")
    header["srow"] = ras_affine[:3]
    header["qoffset"] = ras_affine[:3, 3]
    rotation = ras_affine[:3, :3] / grid.spacing
    # A quaternion turns and cannot mirror: qfac says that the third axis runs the other way.
    handed = 1.0 if grid.is_right_handed else -1.0
    header["quatern"] = quaternion_of(rotation * (1.0, 1.0, handed))
    header["pixdim"] = (handed, *grid.spacing, 0, 0, 0, 0)
    return header
