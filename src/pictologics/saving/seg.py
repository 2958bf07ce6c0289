"""Masks -> a DICOM SEG file, by highdicom."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from .._version import __version__
from ..array_types import AnyArray
from ..checks import check_choice
from ..dicom.segmentation.cielab import srgb_to_lab
from ..dicom.segmentation.segments import DicomSegment
from ..errors import GeometryError, OptionError
from ..image import Image, other_frame
from ..labels import label_type
from ..placement import place
from ..provenance import Decision, warn_of
from ..storage.files import PathLike, replacing
from .seg_segments import MAKER, Facts, make_segments
from .seg_sources import SourceSeries, read_source_series

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription

__all__ = ["save_seg"]


def save_seg(
    mask: Image | Mapping[int, Image] | Mapping[str, Image],
    reference_series: PathLike | Sequence[PathLike],
    path: PathLike,
    segments: Mapping[int, str] | Sequence[Facts] | None = None,
    *,
    segmentation_type: Literal["BINARY", "LABELMAP"] = "BINARY",
    series_description: str = "Segmentation",
) -> None:
    """Write masks as a DICOM SEG file that belongs to the series they were drawn on.

    Patient, study and frame of reference are those of the series, and each frame names the slice that it lies on.
    Empty frames are left out. The file is written under a temporary name and renamed when it is complete.

    Args:
        mask: A label map, whose values are segment numbers and 0 is background; or a dict of binary masks by number
            or by name, which may overlap. They must lie on the lattice of the series; a crop, and axes that run the
            other way, are fine.
        reference_series: The DICOM series: its folder, the list of its files, or one multi-frame file.
        path: The file to write.
        segments: What the segments are: a name for each number, or a list of dicts as ``get_segment_info`` gives
            them, of which ``segment_number`` is required. By default the names are those of ``mask.labels``. A
            segment without a coded property is "Tissue" (SCT 85756007); one without an ``algorithm_name`` was drawn
            by hand (``"MANUAL"``), any other is ``"AUTOMATIC"`` unless ``algorithm_type`` says otherwise.
        segmentation_type: ``"BINARY"``, which every reader knows, numbers segments from 1 without gaps (DICOM PS3.3
            C.8.20.4); other numbers are written as 1, 2, 3 ... with a warning. ``"LABELMAP"`` keeps any number up to
            65535, holds no overlaps, and is known to few readers yet.
        series_description: SeriesDescription of the new series.

    Raises:
        OptionError: If highdicom is not installed (``pip install highdicom``), the mask holds no voxel or no
            whole numbers, a segment is described badly, or masks of a label map overlap.
        GeometryError: If the mask does not lie on the lattice of the series, or reaches beyond it.
        FileAccessError: If the system refuses.

    Examples:
        >>> import tempfile, pathlib
        >>> from pictologics import load_image
        >>> from pictologics.cli.demo_series import write_demo_series
        >>> from pictologics.loaders import load_seg
        >>> from pictologics.saving import save_seg
        >>> folder = pathlib.Path(tempfile.mkdtemp()) / "ct"
        >>> demo = write_demo_series(folder, slices=4, size=32)
        >>> demo.localizer_file.unlink()
        >>> scan = load_image(folder)
        >>> bone = Image.from_grid((scan.array > 200).astype("uint8"), scan.grid, labels={1: "bone"})
        >>> save_seg(bone, folder, folder.parent / "bone.dcm")
        >>> load_seg(folder.parent / "bone.dcm").labels
        {1: 'bone'}
    """
    check_choice("segmentation_type", segmentation_type, ("BINARY", "LABELMAP"))
    masks = number_masks(mask)
    series = read_source_series(reference_series)
    decisions: list[Decision] = []
    voxels, numbers = place_masks(masks, series, segmentation_type, decisions)
    described = make_segments(segments, collect_labels(masks), numbers)
    if segmentation_type == "BINARY" and numbers != list(range(1, len(numbers) + 1)):
        voxels, described = renumber_segments(voxels, described, decisions)
    target = Path(path)
    made = make_segmentation(voxels, described, series, segmentation_type, series_description)
    with replacing(target) as temporary:
        made.save_as(temporary)
    warn_of(os.fspath(path), decisions)


def number_masks(mask: Image | Mapping[int, Image] | Mapping[str, Image]) -> Image | dict[int, Image]:
    """Masks by number; those that only have a name are numbered from 1 and keep it as their label."""
    if isinstance(mask, Image):
        return mask
    if not isinstance(mask, Mapping) or not mask or not all(isinstance(one, Image) for one in mask.values()):
        raise OptionError(
            f"an Image or a dict of Images is required, and {type(mask).__name__} was given",
            advice="pass what load_seg or load_rtstruct gives",
        )
    if all(isinstance(key, str) for key in mask):
        return {number: name_mask(one, str(key)) for number, (key, one) in enumerate(mask.items(), 1)}
    if not all(isinstance(key, (int, np.integer)) and not isinstance(key, bool) and key > 0 for key in mask):
        raise OptionError("the keys of the dict of masks must all be numbers above 0, or all names")
    return {int(key): mask[key] for key in sorted(mask)}  # type: ignore[index, call-overload]


def name_mask(mask: Image, name: str) -> Image:
    """A mask whose one value has a name."""
    return Image.from_grid(mask.array, mask.grid, labels={1: name}, metadata=mask.metadata)


def collect_labels(masks: Image | dict[int, Image]) -> dict[int, str]:
    """What the masks call their segments."""
    if isinstance(masks, Image):
        return {**masks.labels}
    return {number: one.labels.get(1, "") for number, one in masks.items()}


def place_masks(
    masks: Image | dict[int, Image], series: SourceSeries, kind: str, decisions: list[Decision]
) -> tuple[AnyArray, list[int]]:
    """The mask on the planes of the series, and the segments in it.

    Returns:
        Segment numbers, (planes, rows, columns); or, of masks that overlap, a fourth axis with each mask by itself.
    """
    if isinstance(masks, Image):
        labels = place_on_series(masks, series, decisions)
        numbers = np.unique(labels)
        # A segment that is named and has no voxel is still described.
        return labels, sorted({*numbers[numbers > 0].tolist(), *(key for key in masks.labels if key > 0)})
    numbers_given = list(masks)
    combined = np.zeros(series.planes.grid.shape[::-1], label_type(max(numbers_given)))
    placed: list[AnyArray] = []
    overlap = False
    for number, one in masks.items():
        inside = place_on_series(one, series, decisions) > 0
        overlap = overlap or bool((combined[inside] > 0).any())
        combined[inside] = number
        placed.append(inside)
    if not overlap:
        return combined, numbers_given
    if kind == "LABELMAP":
        raise OptionError(
            "the masks overlap, and a voxel of a label map has one segment", advice='pass segmentation_type="BINARY"'
        )
    return np.stack(placed, axis=-1).astype(np.uint8), numbers_given


def place_on_series(mask: Image, series: SourceSeries, decisions: list[Decision]) -> AnyArray:
    """A mask on the voxels of the series, (planes, rows, columns) of unsigned integers.

    Raises:
        OptionError: If its values are no segment numbers.
        GeometryError: If it does not lie on the lattice, or beyond the series.
    """
    array = np.asarray(mask.array)
    if array.dtype.kind not in "bui" and not (array.dtype.kind == "f" and (np.rint(array) == array).all()):
        raise OptionError(f"the mask holds {array.dtype} values that are no whole numbers", advice="round it first")
    if not array.any():
        raise OptionError("the mask holds no voxel", advice="there is nothing to write")
    if array.min() < 0:
        raise OptionError(f"the mask holds {array.min()}, and segment numbers begin at 1", advice="relabel it")
    labels = array.astype(label_type(int(array.max())), order="F")
    placed = place(Image.from_grid(labels, mask.grid), series.planes.grid)
    lost = int(np.count_nonzero(labels)) - int(np.count_nonzero(placed.array))
    if lost:
        raise GeometryError(
            f"{lost} voxels of the mask lie outside the series",
            path=series.path,
            advice="crop the mask to the series, or pass the series it belongs to",
            voxels=lost,
        )
    of_frames = other_frame(mask.metadata.get("frame_of_reference_uid", ""), series.frame_of_reference)
    decisions += [one for one in of_frames if one not in decisions]
    return np.ascontiguousarray(placed.array.T)


def renumber_segments(
    voxels: AnyArray, described: Sequence[DicomSegment], decisions: list[Decision]
) -> tuple[AnyArray, list[DicomSegment]]:
    """Segments numbered from 1 without gaps, as frames of bits must be."""
    numbers = [segment.number for segment in described]
    shown = ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")
    text = (
        f"segments {shown} were written as 1 to {len(numbers)}: segments of bits are numbered without gaps; pass "
        'segmentation_type="LABELMAP" to keep the numbers'
    )
    decisions.append(Decision("converted", text, len(numbers), "content"))
    if voxels.ndim == 3:
        table = np.zeros(max(numbers) + 1, label_type(len(numbers)))
        table[numbers] = np.arange(1, len(numbers) + 1)
        voxels = table[voxels]
    return voxels, [replace(segment, number=k) for k, segment in enumerate(described, 1)]


def make_segmentation(
    voxels: AnyArray, described: Sequence[DicomSegment], series: SourceSeries, kind: str, description: str
) -> Segmentation:
    """The object that highdicom writes."""
    try:
        from highdicom import PixelMeasuresSequence
        from highdicom.seg import Segmentation
        from pydicom.uid import generate_uid
    except ImportError as error:
        raise OptionError(
            "writing DICOM SEG needs highdicom, which is not installed", advice="install it with pip install highdicom"
        ) from error
    spacing = series.planes.grid.spacing
    measures = PixelMeasuresSequence(
        pixel_spacing=(spacing[1], spacing[0]),
        slice_thickness=series.slice_thickness or spacing[2],
        spacing_between_slices=spacing[2],
    )
    try:
        with warnings.catch_warnings():
            # What pydicom finds odd about the series was there before.
            warnings.simplefilter("ignore")
            made = Segmentation(
                series.datasets,
                voxels[series.order],
                kind,
                [describe_segment(segment) for segment in described],
                series_instance_uid=generate_uid(),
                series_number=300,
                sop_instance_uid=generate_uid(),
                instance_number=1,
                manufacturer=MAKER,
                manufacturer_model_name=MAKER,
                software_versions=__version__,
                device_serial_number="none",
                pixel_measures=measures,
                content_label="SEGMENTATION",
                series_description=description,
            )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise OptionError(
            f"highdicom makes no segmentation of this series and these segments ({error})", path=series.path
        ) from error
    # Names of segments may be in any language, whatever the scanner writes.
    made.SpecificCharacterSet = "ISO_IR 192"
    return made


def describe_segment(segment: DicomSegment) -> SegmentDescription:
    """A segment as highdicom has it."""
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from highdicom.sr import CodedConcept
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    algorithm = None
    if segment.algorithm_name:
        algorithm = AlgorithmIdentificationSequence(segment.algorithm_name, codes.DCM.ArtificialIntelligence, "unknown")
    described = SegmentDescription(
        segment.number,
        segment.label,
        CodedConcept(segment.category.value, segment.category.scheme, segment.category.meaning),
        CodedConcept(segment.type.value, segment.type.scheme, segment.type.meaning),
        segment.algorithm_type,
        None if segment.algorithm_type == "MANUAL" else algorithm,
        tracking_uid=segment.tracking_uid or generate_uid(),
        tracking_id=segment.tracking_id or segment.label,
    )
    if segment.description:
        described.SegmentDescription = segment.description
    if segment.color:
        described.RecommendedDisplayCIELabValue = list(srgb_to_lab(segment.color))
    return described
