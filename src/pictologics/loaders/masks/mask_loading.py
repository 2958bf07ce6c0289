"""The front door of masks: load_mask, for every format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

import numpy.typing as npt

from ...dicom.series.phase_info import DicomPhaseInfo
from ...image import Image
from ...labels import convert_labels
from ...provenance import give_warnings
from ...storage.files import PathLike
from ..keywords import check_dtype, check_read_options, check_reference, warn_of_idle_options
from ..protocol import MAIN_VOLUME
from ..seg_loader import check_threshold
from .lost_geometry import take_reference_geometry
from .mask_options import MaskGeometry, MaskOptions, Segments, check_geometry, check_segments
from .placing import place_on_image
from .reading import read_mask

__all__ = ["load_mask"]


def load_mask(
    path: PathLike | Sequence[PathLike] | DicomPhaseInfo | bytes | BinaryIO,
    reference_image: Image | None = None,
    segments: Segments = None,
    *,
    geometry: MaskGeometry = "file",
    threshold: float | None = None,
    dataset_index: int = MAIN_VOLUME,
    recursive: bool = False,
    transpose_axes: tuple[int, int, int] | None = None,
    series_uid: str | None = None,
    dtype: npt.DTypeLike | None = None,
    allow_outside_files: bool = False,
) -> Image:
    """Load a mask or a label map, whatever its format, onto the voxels of an image.

    Labels are never averaged, here or later: the result has the modality ``"SEG"``, which every function that
    interpolates respects. Where the lattices of mask and image meet, no value is changed; where they do not, the
    nearest voxel of the mask gives the value, with a warning. Another one says what the image cuts off, and which
    segments are empty or have no voxel left.

    Args:
        path: As for ``load_image``: NIfTI, NRRD (also ``.seg.nrrd``), MetaImage, OME-Zarr, DICOM SEG, an RT structure
            set, a DICOM series whose values are labels. Of a folder or an archive the one file of segments, if it has
            one, even beside images.
        reference_image: The image on whose voxels the mask is put. A structure set needs it, to be drawn on.
        segments: Which segments, by name or number: a list, or None for all, gives a label map; one alone, such as
            ``"GTV"``, gives a mask of 1 inside and 0 outside.
        geometry: ``"reference"`` is for files that lost their place, as arrays do that are saved without an affine:
            their voxels are taken one for one for those of ``reference_image``. The shape must be the same, or become
            so by the one order of axes that fits. A warning says what was taken on trust.
        threshold: From which fraction on (0 to 1) a voxel belongs to the mask. By default 0.5 for a fractional SEG, and
            fractions in other files are refused.
        dataset_index: Which volume of a file or series that holds several, from 0.
        recursive: Of a folder, also look into the folders below it.
        transpose_axes: Reorder the axes before placing; as for ``load_image``. Used with ``reference_image`` only.
        series_uid: SeriesInstanceUID of the mask in a folder that holds several series.
        dtype: Type of the voxels. By default the smallest unsigned one that holds every label.
        allow_outside_files: As for ``load_image``.

    Returns:
        An Image of modality ``"SEG"``, shape (x, y, z), of unsigned integers; 0 is outside. Its ``labels`` name the
        segments that the file names.

    Raises:
        ValueError: In every case below; each error also is of the class named.
        MissingPathError: If there is nothing at the path.
        UnsupportedFormatError: If the content is of no format that is read, or is no mask: values below zero, values
            that are not whole, or the many of an image.
        CorruptFileError: If a file contradicts itself or ends too early.
        AmbiguousSeriesError: If several files could be meant.
        GeometryError: If the mask has the image's shape and its place seems to be lost, or with
            ``geometry="reference"`` a shape that does not fit.
        OptionError: If a segment that is asked for is not there, or a parameter cannot be honored.

    Examples:
        >>> import numpy as np, tempfile, pathlib
        >>> from pictologics import Image, load_mask, save_image
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> scan = Image(np.zeros((6, 5, 4), np.float32), (1.0, 1.0, 2.0), (10.0, 20.0, 30.0))
        >>> part = Image(np.full((2, 2, 2), 3.0), (1.0, 1.0, 2.0), (12.0, 21.0, 32.0))
        >>> save_image(part, folder / "tumor.nii.gz")
        >>> mask = load_mask(folder / "tumor.nii.gz", scan)
        >>> mask.shape, str(mask.dtype), int((mask.array == 3).sum())
        ((6, 5, 4), 'uint8', 8)
    """
    wanted, is_single = check_segments(segments)
    if reference_image is None:
        warn_of_idle_options("reference_image", transpose_axes, 0.0, None)
    else:
        check_reference(reference_image)
    read = check_read_options(
        dataset_index=dataset_index,
        recursive=recursive,
        series_uid=series_uid,
        allow_outside_files=allow_outside_files,
        reference=reference_image,
        transpose_axes=None if reference_image is None else transpose_axes,
        is_mask=True,
    )
    place = check_geometry(geometry, reference_image is not None)
    checked_type = check_dtype(dtype)
    options = MaskOptions(read, wanted, is_single, place, check_threshold(threshold))
    mask, source = read_mask(path, options)
    if reference_image is not None and place == "reference":
        mask = take_reference_geometry(mask, reference_image, options.read.transpose_axes, source)
    elif reference_image is not None:
        mask = place_on_image(mask, reference_image, source)
    give_warnings(source, mask.provenance.decisions)
    return convert_labels(mask, checked_type, source)
