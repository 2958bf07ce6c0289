"""Series to files of several volumes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from ..checks import check_choice
from ..errors import OptionError
from ..formats.nifti.series_writing import write_nifti_series
from ..formats.nrrd.series_writing import write_nrrd_series
from ..series.image_series import ImageSeries
from ..storage.remote_writing import write_anywhere
from ..storage.urls import find_url

__all__ = ["save_series"]

SERIES_WRITERS: Final[dict[str, Callable[[ImageSeries, Path, bool], None]]] = {
    ".nii.gz": write_nifti_series,
    ".nii": write_nifti_series,
    ".nrrd": write_nrrd_series,
    ".nhdr": write_nrrd_series,
}
"""What writes a series, by the suffix of the file."""


def save_series(
    series: ImageSeries, path: str | os.PathLike[str], *, dtype: Literal["own", "smallest"] = "own"
) -> None:
    """Write all volumes of a series to a 4D file, one volume in memory at a time.

    Loaded with ``load_series``, the file gives back the same volumes and axes with all their labels. Other software
    finds the times in the header: evenly spaced ones in seconds. Several axes become one, the last one fastest.

    Args:
        series: The series.
        path: The name says the format: ``.nii``, ``.nii.gz``, ``.nrrd``, or ``.nhdr`` whose voxels go into a file
            beside it. Beside a NIfTI file of diffusion, ``.bval`` and ``.bvec`` are written as FSL and dcm2niix do: the
            directions are those of the voxels' axes, the first one counted from the other end where these are
            right-handed. A URL that fsspec can write to does too.
        dtype: ``"own"`` stores voxels in their own type, in NIfTI integers of 64 bits as ``save_image`` does;
            ``"smallest"`` whole numbers in the smallest type of integers that holds all of them. For either of the two
            conversions the series is read twice.

    Raises:
        OptionError: If it is no series, no format of series has the file's suffix, the folder is missing, a volume is
            of another type than the first, or tables of b-values lie beside the file that are not its own.
        FileAccessError: If the system refuses; nothing is left behind then.

    Examples:
        >>> import tempfile
        >>> import numpy as np
        >>> from pictologics import Image, ImageSeries, save_series
        >>> images = [Image(np.full((4, 5, 6), k, np.float32), (1, 1, 2), (0, 0, 0)) for k in range(3)]
        >>> save_series(ImageSeries.from_images(images), tempfile.mkdtemp() + "/four.nrrd")
    """
    if not isinstance(series, ImageSeries):
        raise OptionError(
            f"series is of type {type(series).__name__} and must be an ImageSeries",
            advice="load one with load_series, make one with ImageSeries.from_images, or save an image with save_image",
        )
    smallest = check_choice("dtype", dtype, ("own", "smallest")) == "smallest"
    if not isinstance(path, (str, os.PathLike)) and find_url(path) is None:
        raise OptionError(
            f"path is of type {type(path).__name__} and must be a path", advice="call save_series(series, path)"
        )
    with write_anywhere(path) as target:
        for suffix, write in SERIES_WRITERS.items():
            if target.name.lower().endswith(suffix) and not target.name.lower().endswith(".seg.nrrd"):
                write(series, target, smallest)
                return
        raise OptionError(
            f"no file of this suffix holds a series; formats are {', '.join(SERIES_WRITERS)}",
            path=target,
            advice="give the file one of these suffixes, or save each volume with save_image",
        )
