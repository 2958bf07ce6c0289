"""Formats that are known and not supported, by how their files begin: what to say of them, and what to do."""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["ForeignFormat", "find_foreign_format"]


@dataclass(frozen=True)
class ForeignFormat:
    """A format that is not supported.

    Attributes:
        name: What messages call it, with its article.
        advice: What to do with its files.
    """

    name: str
    advice: str


CONVERT_SURFACE = "it holds a surface and no volume; draw it into an image with the software that made it"
"""Advice for meshes, and for values at their points."""

CONVERT_PICTURE = "it does not say where it lies in the patient; use the DICOM, NIfTI, NRRD or MetaImage original"
"""Advice for pictures."""

CONVERT_VOLUME = "convert it to NIfTI or NRRD with the software that made it"
"""Advice for volumes of which no tool is known to convert all."""

CONVERT_MINC = "convert it with mnc2nii, or nibabel, to NIfTI"
"""Advice for both versions of MINC."""

UNPACK = "unpack it first"
"""Advice for compressed files and archives that are not read in place."""

WEB_PAGE = ForeignFormat(
    "a web page", "download the file itself; the URL of a folder that a web server lists ends with a slash"
)
"""What servers send in place of a file that needs a login, and as the list of a folder."""

ANALYZE = ForeignFormat(
    "an Analyze 7.5 header, which does not say which side is the patient's left",
    "convert it to NIfTI with software that knows where it came from, such as SPM, or nibabel's AnalyzeImage",
)
"""Recognized by its size and number of axes: it has no magic."""

FREESURFER = ForeignFormat("a FreeSurfer volume (MGH, MGZ)", "convert it with mri_convert, or nibabel, to .nii.gz")
"""Recognized by its sizes and type: it has no magic but version 1."""

BEGINNINGS: tuple[tuple[bytes, ForeignFormat], ...] = (
    (b"CDF\x01", ForeignFormat("a NetCDF file, as MINC 1 is", CONVERT_MINC)),
    (b"CDF\x02", ForeignFormat("a NetCDF file, as MINC 1 is", CONVERT_MINC)),
    (b"\x89HDF\r\n\x1a\n", ForeignFormat("an HDF5 file, as MINC 2 is", CONVERT_MINC)),
    (b"# vtk DataFile", ForeignFormat("a VTK file", CONVERT_VOLUME)),
    (b"<!doctype html", WEB_PAGE),
    (b"<!DOCTYPE html", WEB_PAGE),
    (b"<!DOCTYPE HTML", WEB_PAGE),
    (b"<html", WEB_PAGE),
    (b"<VTKFile", ForeignFormat("a VTK file", CONVERT_VOLUME)),
    (b"\x89PNG", ForeignFormat("a PNG picture", CONVERT_PICTURE)),
    (b"\xff\xd8\xff", ForeignFormat("a JPEG picture", CONVERT_PICTURE)),
    (b"II*\0", ForeignFormat("a TIFF picture", CONVERT_PICTURE)),
    (b"MM\0*", ForeignFormat("a TIFF picture", CONVERT_PICTURE)),
    (b"II+\0", ForeignFormat("a TIFF picture", CONVERT_PICTURE)),
    (b"MM\0+", ForeignFormat("a TIFF picture", CONVERT_PICTURE)),
    (b"GIF8", ForeignFormat("a GIF picture", CONVERT_PICTURE)),
    (b"\0\0\0\x0cjP  ", ForeignFormat("a JPEG 2000 picture", CONVERT_PICTURE)),
    (b"\xff\xff\xfe", ForeignFormat("a FreeSurfer surface", CONVERT_SURFACE)),
    (b"\xff\xff\xff", ForeignFormat("a FreeSurfer surface, or values of its points", CONVERT_SURFACE)),
    (b"ply\n", ForeignFormat("a PLY surface", CONVERT_SURFACE)),
    (b"solid ", ForeignFormat("an STL surface", CONVERT_SURFACE)),
    (b"MATRIX7", ForeignFormat("an ECAT 7 volume", CONVERT_VOLUME)),
    (b"# === DATA DESCRIPTION FILE", ForeignFormat("the header of a Philips PAR/REC pair", "convert it with dcm2niix")),
    (b"\x93NUMPY", ForeignFormat("an array of NumPy", "load it with numpy, and make an Image of it")),
    (b"MATLAB 5.0", ForeignFormat("a MATLAB file", "save its array as NIfTI")),
    (b"BZh", ForeignFormat("a bzip2 file", UNPACK)),
    (b"\xfd7zXZ", ForeignFormat("an xz file", UNPACK)),
    (b"\x28\xb5\x2f\xfd", ForeignFormat("a Zstandard file", UNPACK)),
    (b"7z\xbc\xaf", ForeignFormat("a 7z archive", UNPACK)),
    (b"Rar!", ForeignFormat("a RAR archive", UNPACK)),
    (b"%PDF", ForeignFormat("a PDF document", "load the images themselves")),
)
"""How files of a format begin; every mark is long enough that other files hardly begin so by chance."""

GIFTI_MARK = b"<GIFTI"
"""The root element of GIfTI, behind the declarations of XML."""

ANALYZE_SIZE = 348
"""``sizeof_hdr`` of Analyze 7.5 and of NIfTI-1, which also has a magic."""

MGH_TYPES = range(11)
"""Codes of the types of voxels in MGH files."""


def find_foreign_format(head: bytes) -> ForeignFormat | None:
    """The format as which a file begins, None if it is unknown.

    Args:
        head: The first bytes, behind gzip where there is one.
    """
    for mark, found in BEGINNINGS:
        if head.startswith(mark):
            return found
    if GIFTI_MARK in head[:4096]:
        return ForeignFormat("a GIfTI file", CONVERT_SURFACE)
    if is_analyze(head):
        return ANALYZE
    return FREESURFER if is_freesurfer(head) else None


def is_analyze(head: bytes) -> bool:
    """Whether bytes begin as a header of Analyze 7.5: its size, and a number of axes from 1 to 7, in one byte order."""
    if len(head) < ANALYZE_SIZE:
        return False
    return any(
        struct.unpack_from(f"{order}i", head)[0] == ANALYZE_SIZE
        and struct.unpack_from(f"{order}h", head, 40)[0] in range(1, 8)
        for order in "<>"
    )


def is_freesurfer(head: bytes) -> bool:
    """Whether bytes begin as an MGH file does: version 1, four sizes and a type, the highest byte first."""
    if len(head) < 24:
        return False
    version, *sizes, kind = struct.unpack_from(">6i", head)
    return version == 1 and all(0 < size < 1 << 24 for size in sizes) and kind in MGH_TYPES
