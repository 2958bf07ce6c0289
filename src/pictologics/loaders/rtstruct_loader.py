"""The front door of RT structure sets: contours drawn as masks on the image that they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import BinaryIO, Literal, overload

import numpy.typing as npt

from ..dicom.structures.structure_set import READER_NAME
from ..image import Image
from ..labels import convert_labels
from ..provenance import give_warnings
from ..storage.files import PathLike
from .keywords import check_dtype, check_reference
from .protocol import SegmentOptions
from .registry import find_segment_reader

__all__ = ["load_rtstruct"]


@overload
def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | int | Sequence[str | int] | None = None,
    combine_rois: Literal[True] = True,
    *,
    coverage: bool = False,
    dtype: npt.DTypeLike | None = None,
) -> Image: ...


@overload
def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | int | Sequence[str | int] | None = None,
    *,
    combine_rois: Literal[False],
    coverage: bool = False,
    dtype: npt.DTypeLike | None = None,
) -> dict[str, Image]: ...


@overload
def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | int | Sequence[str | int] | None = None,
    combine_rois: bool = True,
    *,
    coverage: bool = False,
    dtype: npt.DTypeLike | None = None,
) -> Image | dict[str, Image]: ...


def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | int | Sequence[str | int] | None = None,
    combine_rois: bool = True,
    *,
    coverage: bool = False,
    dtype: npt.DTypeLike | None = None,
) -> Image | dict[str, Image]:
    """Draw the contours of a DICOM RT structure set on the image that they belong to.

    A voxel belongs to a ROI when its center is inside the ROI's contours. All contours of a ROI in one plane count
    together by the even-odd rule, so that a contour within another is a hole, as are keyholes and what
    ``CLOSEDPLANAR_XOR`` cuts out (DICOM PS3.3 C.8.8.6). A center on a contour is judged as if it lay a millionth of a
    voxel further to the patient's left and a little less to the posterior and superior, so that of two regions that
    share an edge exactly one has it. Corners of contours are never rounded to voxels.

    Args:
        path: The file, or its content as bytes or an open binary file; or a folder, archive or DICOMDIR that holds one,
            whatever else is in it.
        reference_image: The image, of any format and any orientation. Contours must lie in planes of its voxels,
            across any of its axes.
        roi_names: Names of the ROIs to draw, or their numbers; None draws all.
        combine_rois: True gives one label map whose values are the ROI numbers, named in ``labels``; where ROIs
            overlap the higher number has the voxel, and a warning names them. False gives a mask for each ROI.
        coverage: Give the share of each voxel, in the plane of the contours, that is inside, from 0 to 1, instead of 0
            and 1. Together with ``combine_rois=True`` this takes a single ROI.
        dtype: Type of the voxels. By default that named below.

    Returns:
        An Image of modality ``"SEG"`` on the voxels of the reference, uint8 or, for numbers above 255, uint16; or,
        with ``combine_rois=False``, a dict of uint8 masks by ROI name. A name that several ROIs have gets the number
        added: ``"GTV (3)"``. With ``coverage=True`` the values are float32.

    Raises:
        FileNotFoundError: If there is nothing at the path (a MissingPathError, and so a ValueError too).
        AmbiguousSeriesError: If a folder or archive holds several structure sets.
        UnsupportedFormatError: If the file is no structure set (also a ValueError, as are those below).
        CorruptFileError: If the file contradicts itself, such as contour data of the wrong length.
        GeometryError: If contours lie in no plane of the reference, or all of them outside it.
        OptionError: If a ROI is not there, or ``coverage=True`` is to combine several.

    Examples:
        >>> from pictologics.loaders import load_rtstruct
        >>> masks = load_rtstruct("plan.dcm", scan, ["GTV", "LUNG_L"], combine_rois=False)  # doctest: +SKIP
    """
    check_reference(reference_image)
    checked_type = check_dtype(dtype)
    source, reader = find_segment_reader(path, READER_NAME)
    threshold = None if coverage else 0.5
    drawn = reader.read_segments(
        source,
        SegmentOptions(combine=bool(combine_rois), threshold=threshold, reference=reference_image, roi_names=roi_names),
    )
    if isinstance(drawn, Image):
        give_warnings(source.path, drawn.provenance.decisions)
        return convert_labels(drawn, checked_type, source.path)
    # Every mask carries the same record.
    give_warnings(source.path, next(iter(drawn.values())).provenance.decisions)
    names = {number: mask.labels[1] for number, mask in drawn.items()}
    count = Counter(names.values())
    return {
        f"{names[number]} ({number})" if count[names[number]] > 1 else names[number]: convert_labels(
            mask, checked_type, source.path
        )
        for number, mask in drawn.items()
    }
