"""Image -> NIfTI-1, or NIfTI-2 where an axis is too long for NIfTI-1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ContentWarning, warn
from ...geometry import Grid
from ...image import Image
from ...storage.file_writing import replace_file
from ..voxel_writing import iterate_planes, open_gzip_writer, prepare_voxels
from .facts import make_comment_extension
from .quaternions import find_quaternion
from .vocabulary import (
    HEADER_1,
    HEADER_2,
    NIFTI_TYPES,
    UNIT_MILLIMETER,
)

__all__ = ["NiftiWriter", "is_long", "make_nifti_header", "warn_of_long"]

SCANNER_ANATOMICAL = 1
"""``qform_code`` and ``sform_code`` of positions in the patient as the scanner or its DICOM files give them."""

LONGEST_AXIS_1 = 32767
"""NIfTI-1 counts voxels along an axis with 16 bits and a sign."""


LONG_BYTES = 8
"""Of the integers that are NumPy's default, and that NIfTI has and hardly any other software opens."""


class NiftiWriter:
    """Writes single NIfTI files, gzip if the name says so."""

    name = "NIfTI"
    suffixes: tuple[str, ...] = (".nii", ".nii.gz")
    types = frozenset(NIFTI_TYPES.values())

    def write(self, image: Image, path: Path, smallest: bool = False) -> None:
        """Write an image; see ``pictologics.save_image``."""
        stored, note = prepare_voxels(image, self.types, self.name, path, smallest or is_long(image.array.dtype))
        warn_of_long(stored.dtype, path)
        extension = make_comment_extension(image, note)
        header = make_nifti_header(image.grid, stored.dtype, len(extension))
        is_gzip = path.name.lower().endswith(".gz")
        with replace_file(path) as temporary, temporary.open("wb") as plain, open_gzip_writer(plain, is_gzip) as file:
            # nifti1.h, "extended header": a first byte of 1 says that extensions follow.
            file.write(header.tobytes() + b"\1\0\0\0" + extension)
            for content in iterate_planes(stored):
                file.write(content)


def is_long(dtype: np.dtype[Any]) -> bool:
    """Whether a type is one of 64-bit integers."""
    return dtype.itemsize == LONG_BYTES and dtype.kind in "iu"


def warn_of_long(dtype: np.dtype[Any], path: Path) -> None:
    """Say of voxels that had to stay 64-bit integers who cannot open them."""
    if is_long(dtype):
        warn(f"'{path}': voxels of type {dtype} were saved, which FSL, SPM and AFNI do not open", ContentWarning)


def make_nifti_header(grid: Grid, dtype: np.dtype[Any], extension: int, volumes: int = 1) -> npt.NDArray[Any]:
    """The header of a single file that stores numbers as they are.

    Args:
        grid: Where the voxels lie.
        dtype: Their type.
        extension: Bytes of the extension between header and voxels.
        volumes: How many volumes follow one another.
    """
    is_long = max(*grid.shape, volumes) > LONGEST_AXIS_1
    layout = HEADER_2 if is_long else HEADER_1
    header = np.zeros((), layout)
    header["sizeof_hdr"] = layout.itemsize
    header["magic"] = b"n+2\0\r\n\032\n" if is_long else b"n+1"
    header["dim"] = (3 if volumes == 1 else 4, *grid.shape, volumes, 1, 1, 1)
    header["datatype"] = next(code for code, stored in NIFTI_TYPES.items() if stored == dtype)
    header["bitpix"] = dtype.itemsize * 8
    header["vox_offset"] = layout.itemsize + 4 + extension
    header["scl_slope"] = 1
    header["xyzt_units"] = UNIT_MILLIMETER
    # Both say the same place, so that a reader may take either. The sform holds the exact steps; the qform is for
    # readers that know no other, and for those that want a rotation.
    header["qform_code"] = header["sform_code"] = SCANNER_ANATOMICAL
    ras_affine = grid.affine_in("RAS")
    header["srow"] = ras_affine[:3]
    header["qoffset"] = ras_affine[:3, 3]
    rotation = ras_affine[:3, :3] / grid.spacing
    # A quaternion turns and cannot mirror: qfac says that the third axis runs the other way.
    handed = 1.0 if grid.is_right_handed else -1.0
    header["quatern"] = find_quaternion(rotation * (1.0, 1.0, handed))
    # A step of 0 is none to some readers of several volumes; without a unit of time, one of 1 says nothing.
    header["pixdim"] = (handed, *grid.spacing, 0 if volumes == 1 else 1, 0, 0, 0)
    return header
