"""Segmentations: load_seg, get_segment_info, and the reader of DICOM SEG for load_image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Literal, overload

import numpy as np

from ..checks import check_number, is_whole, option_error
from ..errors import OptionError
from ..image import Image, noting_other_frame
from ..labels import labels_as
from ..placement import moved_to, place
from ..provenance import Decision, warn_of
from ..storage.files import PathLike
from .keywords import grid_of_reference
from .probing import make_probe, make_source
from .protocol import (
    Description,
    Probe,
    ReadOptions,
    Source,
)
from .segmentations import SegmentFacts, SegmentOptions, select_kind
from .segmentations.dicom_seg import DicomSegKind, describe_segmentation, load_label_map

__all__ = ["SegReader", "get_segment_info", "load_seg"]


@overload
def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None = None,
    combine_segments: Literal[True] = True,
    reference_image: Image | None = None,
    *,
    threshold: float | None = 0.5,
) -> Image: ...


@overload
def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None,
    combine_segments: Literal[False],
    reference_image: Image | None = None,
    *,
    threshold: float | None = 0.5,
) -> dict[int, Image]: ...


@overload
def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None = None,
    *,
    combine_segments: Literal[False],
    reference_image: Image | None = None,
    threshold: float | None = 0.5,
) -> dict[int, Image]: ...


@overload
def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None = None,
    combine_segments: bool = True,
    reference_image: Image | None = None,
    *,
    threshold: float | None = 0.5,
) -> Image | dict[int, Image]: ...


def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None = None,
    combine_segments: bool = True,
    reference_image: Image | None = None,
    *,
    threshold: float | None = 0.5,
) -> Image | dict[int, Image]:
    """Load the segments of a DICOM SEG, or of a ``.seg.nrrd`` of 3D Slicer: as a label map, or each as a mask.

    The planes of a SEG are found by their positions in the patient (DICOM PS3.3 C.7.6.16.2.3). The grid spans from the
    first to the last plane that is in the file, and planes that the file leaves out are background.

    Args:
        path: The segmentation file, its content as bytes, or an open binary file.
        segment_numbers: The segments to load; None for all.
        combine_segments: True for one label map whose values are segment numbers, 0 where there is none. Where
            segments overlap, the higher number is kept, and a warning names the pairs and counts the voxels. False
            for a binary mask of each segment, whole, on the common grid.
        reference_image: Put the result onto the voxels of this image: exactly where the lattices meet, and resampled
            by nearest neighbor, with a warning, where they do not.
        threshold: Of a fractional segmentation, the fraction (probability or occupancy, 0 to 1) from which on a voxel
            belongs to a segment. None keeps the fractions as float32: separate, each segment has its own; combined,
            a voxel has the largest of all segments. Means nothing for binary segmentations and label maps.

    Returns:
        An Image of modality ``"SEG"``, uint8, or uint16 where a segment number is beyond 255, whose ``labels`` name the
        segments; or a dict from segment number to Image, each uint8 with 1 inside the segment and 0 outside, on the
        same grid. Arrays have shape (x, y, z), in Fortran order. Memory of planes that hold nothing is never touched.

    Raises:
        FileNotFoundError: If there is nothing at the path (a MissingPathError).
        ValueError: In every case below; each error also is of the class named.
        UnsupportedFormatError: If the file is no segmentation, or one of a slide or of surfaces.
        CorruptFileError: If it holds no segment, contradicts itself or ends too early.
        GeometryError: If its planes are not parallel or lie on no regular grid.
        OptionError: If a segment that is asked for is not there, or a parameter cannot be honored.

    Examples:
        >>> import numpy as np, tempfile, pathlib
        >>> from pictologics.loaders import load_seg
        >>> try:
        ...     load_seg("nowhere.dcm")
        ... except FileNotFoundError as error:
        ...     print(error)
        'nowhere.dcm': there is no such file or folder; check the path
    """
    options = SegmentOptions(
        check_segment_numbers(segment_numbers), bool(combine_segments), check_threshold(threshold), reference_image
    )
    if reference_image is not None:
        grid_of_reference(reference_image)
    probe = make_probe(make_source(path))
    loaded = select_kind(probe).load(probe.source, options)
    if reference_image is not None:
        if isinstance(loaded, Image):
            loaded = placed(loaded, reference_image)
        else:
            loaded = {number: placed_mask(mask, reference_image) for number, mask in loaded.items()}
    warn_of(probe.source.path, decisions_to_tell([loaded] if isinstance(loaded, Image) else list(loaded.values())))
    return loaded


def get_segment_info(path: PathLike | bytes | BinaryIO) -> list[SegmentFacts]:
    """List the segments of a segmentation file of any kind, without reading a pixel.

    Args:
        path: The file, its content as bytes, or an open binary file.

    Returns:
        A dict for each segment, in ascending order of their numbers, with ``segment_number``, ``segment_label``,
        ``segment_description`` and ``algorithm_type`` (DICOM PS3.3 C.8.20.4: ``"AUTOMATIC"``, ``"SEMIAUTOMATIC"`` or
        ``"MANUAL"``). Where a DICOM SEG says so, also ``algorithm_name``, ``category_code``, ``category_meaning``,
        ``type_code`` and ``type_meaning`` (the coded property), ``tracking_id``, ``tracking_uid`` and
        ``recommended_color`` (sRGB as ``"#rrggbb"``). The ROIs of an RT structure set are listed too, with
        ``contours`` (how many), ``type`` (RTROIInterpretedType such as ``"GTV"``) and ``recommended_color``.

    Raises:
        FileNotFoundError: If there is nothing at the path (a MissingPathError).
        ValueError: If the file is no segmentation (an UnsupportedFormatError), or damaged (a CorruptFileError).

    Examples:
        >>> from pictologics.loaders import get_segment_info
        >>> try:
        ...     get_segment_info(b"no segmentation at all")
        ... except ValueError as error:
        ...     print(type(error).__name__)
        UnsupportedFormatError
    """
    probe = make_probe(make_source(path))
    return select_kind(probe).segments(probe.source)


class SegReader:
    """Reads DICOM segmentations as label maps; see ``pictologics.dicom.segmentation``."""

    name = "DICOM SEG"
    suffixes: tuple[str, ...] = (".dcm", "or none")
    honors = frozenset({"dtype"})
    needs_reference = False

    def matches(self, probe: Probe) -> bool:
        """Whether the source is a DICOM file of a segmentation class."""
        return DicomSegKind().matches(probe)

    def read(self, source: Source, options: ReadOptions) -> Image:
        """Read all segments into one label map."""
        image = load_label_map(source, SegmentOptions(reference=options.reference))
        return labels_as(image, options.dtype, source.path)

    def describe(self, source: Source, options: ReadOptions) -> Description:
        """Say where the segments lie and what they are called."""
        return describe_segmentation(source, self.name)


def decisions_to_tell(images: Sequence[Image]) -> list[Decision]:
    """What was decided about the images of one file, each thing once.

    What placing did to each mask differs in its numbers only: the first speaks for all. That one lies outside the
    reference is told only where all of them do: a reference that shows a part of the patient lacks some organs.
    """
    of_each = [image.provenance.decisions for image in images]
    outside = [[one for one in decisions if one.kind == "placed" and one.value == 0] for decisions in of_each]
    silent = [] if all(outside) else [one for decisions in outside for one in decisions]
    told: dict[Decision | str, Decision] = {}
    for decision in (one for decisions in of_each for one in decisions if one not in silent):
        told.setdefault(decision.kind if decision.kind in ("placed", "resampled") else decision, decision)
    return list(told.values())


def placed(image: Image, reference: Image) -> Image:
    """Segments on the reference's voxels."""
    image = noting_other_frame(image, reference)
    return place(image, reference.grid, 0.0, "nearest", warn_when_resampled=True)


def placed_mask(mask: Image, reference: Image) -> Image:
    """A mask on the reference's voxels; only the planes that hold something are moved.

    Many masks of one scan would otherwise each take the memory of all of it.
    """
    held = [k for k, one in enumerate(mask.provenance.slices) if one.file]
    if not held or len(held) == mask.array.shape[2]:
        return placed(mask, reference)
    first, count = held[0], held[-1] + 1 - held[0]
    grid = mask.grid.cropped((0, 0, first), (*mask.array.shape[:2], count))
    return placed(moved_to(mask, mask.array[:, :, first : first + count], grid, None, ()), reference)


def check_segment_numbers(numbers: Sequence[int] | None) -> tuple[int, ...] | None:
    """Check the numbers of the segments to load; None means all."""
    if numbers is None:
        return None
    given: Any = [numbers] if is_whole(numbers) else numbers
    if isinstance(given, (str, bytes)) or not isinstance(given, (Sequence, np.ndarray, set, frozenset, range)):
        raise option_error("segment_numbers", numbers, "a list of whole numbers", "pass [1, 2]")
    if not all(map(is_whole, given)):
        raise option_error("segment_numbers", numbers, "a list of whole numbers", "pass [1, 2]")
    if not len(given):
        raise OptionError("segment_numbers is empty", advice="name a segment, or leave it out for all")
    return tuple(int(number) for number in given)


def check_threshold(threshold: float | None) -> float | None:
    """Check from which fraction on a voxel belongs to a segment; None keeps the fractions."""
    if threshold is None:
        return None
    advice = "pass None to get the fractions themselves"
    return check_number("threshold", threshold, above=0, most=1, advice=advice)
