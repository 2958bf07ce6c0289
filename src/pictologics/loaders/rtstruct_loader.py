"""RT structure sets: contours drawn as masks on the image that they belong to."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, BinaryIO, Literal, overload

import numpy as np
import numpy.typing as npt

from ..dicom import tags
from ..dicom.header import Header
from ..dicom.headers import read_header
from ..dicom.structures.contours import read_contour_points
from ..dicom.structures.drawing import Canvas, draw_fractions, draw_labels, draw_masks
from ..dicom.structures.lattice_planes import PlanarContours, lay_on_planes
from ..dicom.structures.rois import RT_STRUCTURE_SET, Roi, read_rois
from ..errors import OptionError, UnsupportedFormatError
from ..image import Image
from ..labels import LARGEST_LABEL, overlap_decisions
from ..provenance import Decision, Provenance, warn_of
from .probing import make_source
from .protocol import Description, Probe, ReadOptions, Source, VolumeInfo

__all__ = ["RtstructReader", "get_roi_info", "load_rtstruct"]

PathLike = str | os.PathLike[str]


class RtstructReader:
    """Draws the contours of an RT structure set; see ``pictologics.dicom.structures``."""

    name = "RTSTRUCT"
    suffixes: tuple[str, ...] = (".dcm",)
    honours: frozenset[str] = frozenset()
    needs_reference = True

    def matches(self, probe: Probe) -> bool:
        """Whether the source is one file that says it is a structure set."""
        return probe.sop_class == RT_STRUCTURE_SET

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Draw all ROIs as one label map on the reference."""
        if options.reference is None:
            raise OptionError("an image to draw the contours on is required", path=source.path)
        return StructureSet(source).combined(options.reference, None)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """List the ROIs."""
        header = header_of(source)
        rois = read_rois(header)
        numbers, _ = labels_of(rois)
        volume = VolumeInfo(
            self.name,
            "SEG",
            header.text(tags.SERIES_DESCRIPTION) or header.text(tags.STRUCTURE_SET_LABEL),
            header.text(tags.SERIES_INSTANCE_UID) or None,
            header.text(tags.SERIES_NUMBER),
            labels=tuple((number, roi.name) for number, roi in zip(numbers, rois, strict=True)),
            notes=("contours, drawn on the image that is passed as reference_image",),
        )
        return Description((volume,))


@overload
def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | Sequence[str | int] | None = None,
    combine_rois: Literal[True] = True,
    *,
    coverage: bool = False,
) -> Image: ...


@overload
def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | Sequence[str | int] | None = None,
    *,
    combine_rois: Literal[False],
    coverage: bool = False,
) -> dict[str, Image]: ...


@overload
def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | Sequence[str | int] | None = None,
    combine_rois: bool = True,
    *,
    coverage: bool = False,
) -> Image | dict[str, Image]: ...


def load_rtstruct(
    path: PathLike | bytes | BinaryIO,
    reference_image: Image,
    roi_names: str | Sequence[str | int] | None = None,
    combine_rois: bool = True,
    *,
    coverage: bool = False,
) -> Image | dict[str, Image]:
    """Draw the contours of a DICOM RT structure set on the image that they belong to.

    A voxel belongs to a ROI when its centre is inside the ROI's contours. All contours of a ROI in one plane count
    together by the even-odd rule, so that a contour within another is a hole, as are keyholes and what
    ``CLOSEDPLANAR_XOR`` cuts out (DICOM PS3.3 C.8.8.6). A centre on a contour is judged as if it lay a millionth of a
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

    Example:
        >>> from pictologics.loaders.rtstruct_loader import load_rtstruct
        >>> masks = load_rtstruct("plan.dcm", scan, ["GTV", "LUNG_L"], combine_rois=False)  # doctest: +SKIP
    """
    if not isinstance(reference_image, Image):
        raise OptionError(
            f"reference_image must be an Image and {type(reference_image).__name__} was given",
            advice="load the image that the contours belong to first",
        )
    structures = StructureSet(make_source(path))
    if combine_rois:
        image = structures.combined(reference_image, roi_names, coverage)
        warn_of(structures.path, image.provenance.decisions)
        return image
    masks = structures.separate(reference_image, roi_names, coverage)
    # Every mask carries the same record.
    warn_of(structures.path, next((mask.provenance.decisions for mask in masks.values()), ()))
    return masks


def get_roi_info(path: PathLike | bytes | BinaryIO) -> list[dict[str, Any]]:
    """List the ROIs of a DICOM RT structure set.

    Args:
        path: The file, or its content as bytes or an open binary file.

    Returns:
        For each ROI, in the order of the file: ``segment_number`` (ROINumber), ``segment_label`` (ROIName),
        ``segment_description``, ``algorithm_type`` (ROIGenerationAlgorithm), ``type`` (RTROIInterpretedType such as
        ``"GTV"`` or ``"ORGAN"``), ``colour`` (red, green and blue from 0 to 255, or None) and ``contours``, how many
        it has. Texts are empty where the file has none.

    Raises:
        FileNotFoundError: If there is nothing at the path (a MissingPathError).
        UnsupportedFormatError: If the file is no structure set (a ValueError).
        CorruptFileError: If the file contradicts itself (a ValueError).
    """
    return [
        {
            "segment_number": roi.number,
            "segment_label": roi.name,
            "segment_description": roi.description,
            "algorithm_type": roi.algorithm,
            "type": roi.interpreted_type,
            "colour": roi.colour,
            "contours": len(roi.contours),
        }
        for roi in read_rois(header_of(make_source(path)))
    ]


class StructureSet:
    """The ROIs of one file, ready to be drawn."""

    def __init__(self, source: Source) -> None:
        self.path = source.path
        self.header = header_of(source)
        self.rois = read_rois(self.header)
        if not self.rois:
            raise UnsupportedFormatError("the structure set holds no ROI", path=self.path)

    def combined(self, reference: Image, names: str | Sequence[str | int] | None, coverage: bool = False) -> Image:
        """All chosen ROIs as one label map, or the covered share of voxels of the one."""
        rois = self.chosen(names)
        if coverage and len(rois) > 1:
            raise OptionError(
                f"coverage=True gives fractions, and those of {len(rois)} ROIs do not go into one image",
                path=self.path,
                advice="name one in roi_names, or pass combine_rois=False",
            )
        numbers, renumbered = labels_of(rois)
        canvas = Canvas.of(reference.grid)
        contours, decisions = self.laid(rois, reference, canvas)
        labels = {number: roi.name for number, roi in zip(numbers, rois, strict=True)}
        if coverage:
            return self.image(draw_fractions(contours, canvas, 1)[0], reference, {1: rois[0].name}, decisions)
        array, overlaps = draw_labels(contours, canvas, numbers)
        decisions = (*decisions, *renumbered, *overlap_decisions(overlaps, labels))
        return self.image(array, reference, labels, decisions)

    def separate(self, reference: Image, names: str | Sequence[str | int] | None, coverage: bool) -> dict[str, Image]:
        """A mask for each chosen ROI by its name."""
        rois = self.chosen(names)
        canvas = Canvas.of(reference.grid)
        contours, decisions = self.laid(rois, reference, canvas)
        drawn = (draw_fractions if coverage else draw_masks)(contours, canvas, len(rois))
        repeated = {name for name, count in Counter(roi.name for roi in rois).items() if count > 1}
        return {
            f"{roi.name} ({roi.number})" if roi.name in repeated else roi.name: self.image(
                array, reference, {1: roi.name}, decisions
            )
            for roi, array in zip(rois, drawn, strict=True)
        }

    def chosen(self, names: str | Sequence[str | int] | None) -> list[Roi]:
        """The ROIs of some names or numbers, in the order of the file."""
        if names is None:
            return self.rois
        wanted = [names] if isinstance(names, str) else list(names)
        known: set[str | int] = {roi.name for roi in self.rois} | {roi.number for roi in self.rois}
        missing = [one for one in wanted if isinstance(one, bool) or one not in known]
        if missing or not wanted:
            there = ", ".join(f"{roi.name!r} ({roi.number})" for roi in self.rois)
            asked = "no ROI is asked for" if not wanted else f"there is no ROI {', '.join(map(repr, missing))}"
            raise OptionError(
                f"{asked}; those of the file are {there}",
                path=self.path,
                advice="pass names or numbers of these, or None for all",
                missing=missing,
            )
        return [roi for roi in self.rois if roi.name in wanted or roi.number in wanted]

    def laid(
        self, rois: Sequence[Roi], reference: Image, canvas: Canvas
    ) -> tuple[PlanarContours, tuple[Decision, ...]]:
        """The contours of some ROIs in the planes of the reference, and all that is to be said of them."""
        points = read_contour_points(self.path, rois)
        contours = lay_on_planes(self.path, points, canvas.grid, [roi.title for roi in rois])
        bare = [roi.title for place, roi in enumerate(rois) if not np.any(points.rois == place)]
        decisions = [*other_frame(rois, reference), *repeated_names(rois), *points.decisions]
        if bare:
            text = f"ROI {', '.join(bare)} {'has' if len(bare) == 1 else 'have'} no closed contour, and no voxel"
            decisions.append(Decision("left out", text, len(bare), "content"))
        return contours, (*decisions, *contours.decisions)

    def image(
        self, array: npt.NDArray[Any], reference: Image, labels: dict[int, str], decisions: Sequence[Decision]
    ) -> Image:
        """An image on the reference's voxels."""
        facts = {
            "series_instance_uid": self.header.text(tags.SERIES_INSTANCE_UID),
            "frame_of_reference_uid": self.rois[0].frame_of_reference_uid,
            "series_description": self.header.text(tags.SERIES_DESCRIPTION),
            "series_number": self.header.text(tags.SERIES_NUMBER),
        }
        return Image.from_grid(
            array,
            reference.grid,
            modality="SEG",
            metadata={name: value for name, value in facts.items() if value},
            labels=labels,
            provenance=Provenance(self.path, RtstructReader.name, (), tuple(decisions)),
        )


def header_of(source: Source) -> Header:
    """The header of the one file of a source."""
    header = read_header(source.files[0]) if source.kind == "file" else None
    if header is None:
        what = "a DICOM file" if source.kind == "file" else f"one file, and this is {source.kind}"
        raise UnsupportedFormatError(
            f"a structure set is {what}", path=source.path, advice="pass the RTSTRUCT file itself"
        )
    return header


def labels_of(rois: Sequence[Roi]) -> tuple[list[int], list[Decision]]:
    """The label of each ROI: its number where that can be one."""
    numbers = [roi.number for roi in rois]
    unfit = [roi for roi in rois if not 1 <= roi.number <= LARGEST_LABEL]
    free = iter(sorted(set(range(1, len(rois) + 1)) - set(numbers)))
    labels = [next(free) if roi in unfit else roi.number for roi in rois]
    if not unfit:
        return labels, []
    pairs = [f"{roi.title} became {label}" for roi, label in zip(rois, labels, strict=True) if roi in unfit]
    text = f"ROI numbers that are no labels from 1 to {LARGEST_LABEL} were replaced: {', '.join(pairs)}"
    return labels, [Decision("converted", text, len(unfit), "content")]


def other_frame(rois: Sequence[Roi], reference: Image) -> list[Decision]:
    """What to say of contours whose frame of reference is not the image's."""
    own = reference.metadata.get("frame_of_reference_uid", "")
    others = sorted({roi.frame_of_reference_uid for roi in rois} - {own, ""})
    if not own or not others:
        return []
    text = (
        f"the contours' frame of reference {', '.join(others)} is not the image's, {own}; they were drawn as if it were"
    )
    return [Decision("assumed", text, warning="geometry")]


def repeated_names(rois: Sequence[Roi]) -> list[Decision]:
    """What to say of names that several ROIs have."""
    numbers: dict[str, list[int]] = {}
    for roi in rois:
        numbers.setdefault(roi.name, []).append(roi.number)
    repeated = [
        f"{name!r} is the name of ROIs {', '.join(map(str, some))}" for name, some in numbers.items() if len(some) > 1
    ]
    if not repeated:
        return []
    return [Decision("assumed", f"{'; '.join(repeated)}, and only their numbers tell them apart", warning="content")]
