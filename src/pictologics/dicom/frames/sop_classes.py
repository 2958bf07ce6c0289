"""Tells from the SOP class of a file what it holds: an image, segments, or something else."""

from __future__ import annotations

import re
from typing import Final

from ...errors import CorruptFileError
from ..headers import tags
from ..headers.header import Header

__all__ = [
    "LABEL_MAP_STORAGE",
    "SEGMENTATION_STORAGE",
    "holds_image",
    "holds_segments",
    "missing_pixels_error",
    "read_sop_class",
]

SEGMENTATION_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.66.4"
"""Segments as bits or fractions of voxels (DICOM PS3.3 A.51)."""

LABEL_MAP_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.66.7"
"""Segments as numbers of voxels (PS3.3 A.51)."""

IMAGE_CLASSES: Final = re.compile(
    r"1\.2\.840\.10008\.5\.1\.4\.1\.1\."
    r"(1(\.[\d.]+)?|2(\.\d)?|3(\.1)?|4(\.[134])?|6(\.[123])?|7(\.\d)?|12\.[\d.]+|13\.[\d.]+|20|30|77\.1\.[\d.]+"
    r"|128(\.1)?|130|481\.[12])"
)
"""Storage classes of images (PS3.4 B.5): CR, CT, US, MR, SC, XA, tomosynthesis, NM, visible light, PET, RT."""


def read_sop_class(header: Header) -> str:
    """The SOP class, from the data set or, as of a DICOMDIR, from the meta information; empty if neither has it."""
    return header.text(tags.SOP_CLASS_UID) or header.text(tags.MEDIA_STORAGE_SOP_CLASS_UID)


def holds_image(header: Header) -> bool:
    """Whether a file holds planes of an image, rather than a structure set, a report or a segmentation.

    A file of an image class without pixels was cut off, and counts as an image: left out in silence, it would be a
    hole in the volume.
    """
    if header.pixel_tag and tags.ROWS in header:
        return not holds_segments(header)
    return bool(IMAGE_CLASSES.fullmatch(read_sop_class(header)))


def holds_segments(header: Header) -> bool:
    """Whether a file holds segments, as bits, fractions or labels of voxels."""
    return read_sop_class(header) in (SEGMENTATION_STORAGE, LABEL_MAP_STORAGE)


def missing_pixels_error(header: Header) -> CorruptFileError:
    """The error for a file of an image class that has no pixels; whether it ever had any, nothing tells."""
    return CorruptFileError(
        "this DICOM image has no pixels (PixelData)",
        path=header.path,
        advice="it holds attributes only, or was cut off before its pixels: fetch or export it again",
    )
