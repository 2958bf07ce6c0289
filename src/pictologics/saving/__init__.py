"""Images to files: the front door of writing. Each format has its writer in its own room; the registry lists them."""

from __future__ import annotations

import os
import shutil
import tempfile
from io import UnsupportedOperation
from pathlib import Path
from typing import BinaryIO, Literal, cast

from ..checks import check_choice
from ..errors import OptionError
from ..image import Image
from ..image_checks import check_is_image
from ..storage.remote_writing import write_anywhere
from ..storage.urls import find_url
from .anonymizing import AnonymizedFiles, save_anonymized
from .derived import SavedSeries, save_dicom
from .registry import find_writer
from .segmentations import save_seg
from .series import save_series
from .structures import save_rtstruct

__all__ = [
    "AnonymizedFiles",
    "SavedSeries",
    "StoredType",
    "save_anonymized",
    "save_dicom",
    "save_image",
    "save_rtstruct",
    "save_seg",
    "save_series",
]

StoredType = Literal["own", "smallest"]
"""How voxels are stored: in their own type, or whole numbers in the smallest type of integers that holds them."""


def save_image(
    image: Image,
    path: str | os.PathLike[str] | BinaryIO,
    *,
    format: str | None = None,
    dtype: StoredType = "own",
) -> None:
    """Write an image to a file whose name says the format.

    The file is written under a temporary name and renamed when it is complete: a failure leaves nothing behind and
    an existing file as it was.

    Args:
        image: The image. Voxels are stored in their own type (bool as uint8, float16 as float32; in NIfTI, integers of
            64 bits as the smallest of uint8, int16 and int32 that holds them). Voxels that its ``source_mask`` marks as
            invalid keep the value that they all hold, or get one that no valid voxel has (NaN, the next whole number,
            -1 in a label map).
        path: The name says the format: ``.nii``, ``.nii.gz``, ``.nrrd``, ``.mha``; ``.nhdr`` and ``.mhd``, whose voxels
            go into a file beside them; ``.seg.nrrd`` for label maps, as 3D Slicer keeps them; ``.ome.zarr``, a folder
            (with the library zarr). Loaded with pictologics, the file gives back the same valid voxels in the same
            type, source mask, geometry, modality, metadata and labels, bit for bit. A ``ContentWarning`` says what a
            file cannot keep. A URL that fsspec can write to, such as ``s3://``, does too, and so does an open binary
            file.
        format: Of an open file, one of these suffixes.
        dtype: ``"own"`` stores voxels in their own type. ``"smallest"`` stores whole numbers, of a type of floats too,
            as the smallest of uint8, int16 and int32 that holds each of them exactly: a CT takes half the room and the
            time. Loaded with pictologics, they are of their own type again, bit for bit.

    Raises:
        OptionError: If it is no image, no format has the file's suffix, the folder is missing, or the type cannot be
            stored.
        GeometryError: If the image has no place in the world.
        FileAccessError: If the system refuses.

    Examples:
        >>> import numpy as np, tempfile, pathlib
        >>> from pictologics import Image, save_image
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "mask.nii.gz"
        >>> save_image(Image(np.ones((4, 5, 6), np.uint8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), file)
        >>> file.exists()
        True
    """
    check_is_image("image", image)
    smallest = check_choice("dtype", dtype, ("own", "smallest")) == "smallest"
    if hasattr(path, "write"):
        write_open_file(image, cast(BinaryIO, path), format, smallest)
        return
    if not isinstance(path, (str, os.PathLike)) and find_url(path) is None:
        raise OptionError(
            f"path is of type {type(path).__name__} and must be a path", advice="call save_image(image, path)"
        )
    if format is not None:
        raise OptionError("format is for open files, and the name of a file says it", advice="leave it out")
    with write_anywhere(path) as target:
        find_writer(target).write(image, target, smallest)


def write_open_file(image: Image, file: BinaryIO, suffix: str | None, smallest: bool) -> None:
    """Write an image to an open file, from its position on."""
    if suffix is None:
        raise OptionError("an open file does not say its format", advice='pass format=".nii.gz", for example')
    with tempfile.TemporaryDirectory(prefix="pictologics-") as folder:
        suffix = f".{suffix.removeprefix('.')}"
        target = Path(folder, f"image{suffix}")
        # Found by the suffix alone, since a message should not name a temporary file.
        find_writer(Path(suffix)).write(image, target, smallest)
        if len(list(Path(folder).iterdir())) > 1 or target.is_dir():
            raise OptionError(
                f"the format {suffix} writes several files", advice="choose one that writes a single file"
            )
        with target.open("rb") as source:
            try:
                shutil.copyfileobj(source, file)
            except UnsupportedOperation as error:
                raise OptionError("the file is not open for writing", advice='open it with mode "wb"') from error
            except TypeError as error:
                raise OptionError(
                    "the file takes text, and bytes are required", advice='open it with mode "wb"'
                ) from error
