"""What is checked before an image is written as a DICOM series."""

from __future__ import annotations

import os
from pathlib import Path

from ...dicom.headers import tags
from ...errors import GeometryError, OptionError
from ...geometry import format_numbers
from ...image import Image
from ...image_checks import check_image, name_of
from ..saved_masks import check_frame
from ..source_series import SourceSeries
from .attributes import SOP_CLASSES

__all__ = ["check_belongs", "check_is_apart", "check_saved_image"]


def check_saved_image(image: Image) -> None:
    """Check that an image is sound, and no mask.

    Raises:
        OptionError: If it is not an image of real numbers, or a mask.
    """
    check_image(image)
    if image.modality == "SEG" or image.labels or image.array.dtype.kind == "b":
        raise OptionError(
            "the image is a mask, and its values are no measurements",
            path=name_of(image),
            advice="write it with save_seg or save_rtstruct",
        )


def check_belongs(image: Image, series: SourceSeries) -> None:
    """Check that an image may have been made of a series.

    Raises:
        OptionError: If the series is of a modality that is not written, or the image of another one.
        GeometryError: If the image is of another frame of reference, or lies beside the series.
    """
    modality = series.headers[0].text(tags.MODALITY)
    if modality not in SOP_CLASSES:
        raise OptionError(
            f"the series is of the modality {modality or 'unknown'}, and derived series are written of CT, MR and PT",
            path=series.path,
            advice="keep the image as NIfTI or NRRD: save_image",
        )
    if image.modality not in ("", "Unknown", modality):
        raise OptionError(
            f"the image is of the modality {image.modality} and the series of {modality}",
            path=series.path,
            advice=f"pass the {image.modality} series that the image was made of",
        )
    check_frame(image, series, "the image")
    own, other = image.grid.bounds, series.planes.grid.bounds
    if (own[1] <= other[0]).any() or (own[0] >= other[1]).any():
        spans = [
            f"from ({format_numbers(low)}) to ({format_numbers(high)}) mm"
            for low, high in (own.tolist(), other.tolist())
        ]
        raise GeometryError(
            f"the image lies beside the series: it reaches {spans[0]}, and the series {spans[1]}",
            path=series.path,
            advice="pass the series that the image was made of",
        )


def check_is_apart(folder: Path, series: SourceSeries) -> None:
    """Check that a folder is not that of the series.

    Raises:
        OptionError: If it is.
    """
    place = os.path.realpath(folder)
    if any(os.path.realpath(Path(header.path).parent) == place for header in series.headers):
        raise OptionError(
            "this is the folder of the series that the image was made of",
            path=folder,
            advice="choose another folder, which must be empty or not exist",
        )
