"""RT structure sets: contours drawn as masks on the image that they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import BinaryIO, Literal, overload

from ..dicom.headers import tags
from ..dicom.structures.rois import RT_STRUCTURE_SET
from ..dicom.structures.structure_set import READER_NAME, StructureSet
from ..errors import OptionError, UnsupportedFormatError
from ..image import Image
from ..labels import labels_as
from ..provenance import warn_of
from ..storage.files import PathLike, StoredFile
from .keywords import grid_of_reference
from .probing import make_source
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    Source,
    VolumeInfo,
)

__all__ = ["RtstructReader", "load_rtstruct"]


class RtstructReader:
    """Draws the contours of an RT structure set; see ``pictologics.dicom.structures``."""

    name = READER_NAME
    suffixes: tuple[str, ...] = (".dcm",)
    honors = frozenset({"dtype"})
    needs_reference = True

    def matches(self, probe: Probe) -> bool:
        """Whether the source is one file that says it is a structure set."""
        return probe.sop_class == RT_STRUCTURE_SET

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Draw all ROIs as one label map on the reference."""
        if options.reference is None:
            raise OptionError("an image to draw the contours on is required", path=source.path)
        return labels_as(
            StructureSet(source.files[0]).draw_combined(options.reference, None), options.dtype, source.path
        )

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the ROIs."""
        structures = StructureSet(source.files[0])
        header = structures.header
        volume = VolumeInfo(
            self.name,
            "SEG",
            header.text(tags.SERIES_DESCRIPTION) or header.text(tags.STRUCTURE_SET_LABEL),
            header.text(tags.SERIES_INSTANCE_UID) or None,
            header.text(tags.SERIES_NUMBER),
            labels=tuple(structures.assign_labels(structures.rois)[0].items()),
            notes=("contours, to be drawn on the image that is passed as reference_image",),
            needs_reference=True,
        )
        return Description((volume,))


@overload
def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | int | Sequence[str | int] | None = None,
    combine_rois: Literal[True] = True,
    *,
    coverage: bool = False,
) -> Image: ...


@overload
def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | int | Sequence[str | int] | None = None,
    *,
    combine_rois: Literal[False],
    coverage: bool = False,
) -> dict[str, Image]: ...


@overload
def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | int | Sequence[str | int] | None = None,
    combine_rois: bool = True,
    *,
    coverage: bool = False,
) -> Image | dict[str, Image]: ...


def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | int | Sequence[str | int] | None = None,
    combine_rois: bool = True,
    *,
    coverage: bool = False,
) -> Image | dict[str, Image]:
    """Draw the contours of a DICOM RT structure set on the image that they belong to.

    A voxel belongs to a ROI when its center is inside the ROI's contours. All contours of a ROI in one plane count
    together by the even-odd rule, so that a contour within another is a hole, as are keyholes and what
    ``CLOSEDPLANAR_XOR`` cuts out (DICOM PS3.3 C.8.8.6). A center on a contour is judged as if it lay a millionth of a
    voxel further to the patient's left and a little less to the posterior and superior, so that of two regions that
    share an edge exactly one has it. Corners of contours are never rounded to voxels.

    Args:
        path: The file, or its content as bytes or an open binary file.
        reference_image: The image, of any format and any orientation. Contours must lie in planes of its voxels,
            across any of its axes.
        roi_names: Names of the ROIs to draw, or their numbers; None draws all.
        combine_rois: True gives one label map whose values are the ROI numbers, named in ``labels``; where ROIs
            overlap the higher number has the voxel, and a warning names them. False gives a mask for each ROI.
        coverage: Give the share of each voxel, in the plane of the contours, that is inside, from 0 to 1, instead of 0
            and 1. Together with ``combine_rois=True`` this takes a single ROI.

    Returns:
        An Image of modality ``"SEG"`` on the voxels of the reference, uint8 or, for numbers above 255, uint16; or,
        with ``combine_rois=False``, a dict of uint8 masks by ROI name. A name that several ROIs have gets the number
        added: ``"GTV (3)"``. With ``coverage=True`` the values are float32.

    Raises:
        FileNotFoundError: If there is nothing at the path (a MissingPathError, and so a ValueError too).
        UnsupportedFormatError: If the file is no structure set (also a ValueError, as are those below).
        CorruptFileError: If the file contradicts itself, such as contour data of the wrong length.
        GeometryError: If contours lie in no plane of the reference, or all of them outside it.
        OptionError: If a ROI is not there, or ``coverage=True`` is to combine several.

    Examples:
        >>> from pictologics.loaders import load_rtstruct
        >>> masks = load_rtstruct("plan.dcm", scan, ["GTV", "LUNG_L"], combine_rois=False)  # doctest: +SKIP
    """
    grid_of_reference(reference_image)
    structures = StructureSet(only_file(path))
    if combine_rois:
        image = structures.draw_combined(reference_image, roi_names, coverage)
        warn_of(structures.path, image.provenance.decisions)
        return image
    masks = structures.draw_separate(reference_image, roi_names, coverage)
    # Every mask carries the same record.
    warn_of(structures.path, masks[0][1].provenance.decisions)
    count = Counter(roi.name for roi, _ in masks)
    return {f"{roi.name} ({roi.number})" if count[roi.name] > 1 else roi.name: mask for roi, mask in masks}


def only_file(path: PathLike | bytes | BinaryIO) -> StoredFile:
    """The one file that is meant."""
    source = make_source(path)
    if source.kind != "file":
        raise UnsupportedFormatError(
            f"one RTSTRUCT file is required, and this is {'an' if source.kind == 'archive' else 'a'} {source.kind}",
            path=source.path,
            advice="pass the path of the file itself",
        )
    return source.files[0]
