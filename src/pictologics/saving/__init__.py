"""Images to files: one file for each format."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import OptionError
from ..formats.metaimage.writing import write_metaimage
from ..formats.nifti.writing import write_nifti
from ..formats.nrrd.writing import write_nrrd, write_seg_nrrd
from ..image import Image
from .seg import save_seg

__all__ = ["save_image", "save_seg"]

WRITERS = {
    ".nii": write_nifti,
    ".nii.gz": write_nifti,
    ".nrrd": write_nrrd,
    ".nhdr": write_nrrd,
    ".seg.nrrd": write_seg_nrrd,
    ".mha": write_metaimage,
    ".mhd": write_metaimage,
}


def save_image(image: Image, path: str | os.PathLike[str]) -> None:
    """Write an image to a file whose name says the format.

    The file is written under a temporary name and renamed when it is complete: a failure leaves nothing behind and
    an existing file as it was.

    Args:
        image: The image. Voxels are stored in their own type (bool as uint8, float16 as float32).
        path: The name says the format: ``.nii``, ``.nii.gz``, ``.nrrd``, ``.mha``; ``.nhdr`` and ``.mhd``, whose
            voxels go into a file beside them; ``.seg.nrrd`` for label maps, as 3D Slicer keeps them. Loaded with
            pictologics, the file gives back the same voxels, geometry, modality, metadata and labels, bit for bit.

    Raises:
        OptionError: If the name says no format that is written, the folder is missing, or the type cannot be stored.
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
    target = Path(path)
    for suffix in sorted(WRITERS, key=len, reverse=True):
        if target.name.lower().endswith(suffix):
            WRITERS[suffix](image, target)
            return
    raise OptionError(
        f"the name says no format that is written; formats are {', '.join(sorted(WRITERS))}",
        path=target,
        advice="give the file one of these suffixes",
    )
