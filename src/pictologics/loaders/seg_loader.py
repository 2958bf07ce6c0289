"""The front door of segments: load_seg and get_segment_info, for every format that holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Literal, overload

import numpy as np
import numpy.typing as npt

from ..checks import check_number, check_whole, is_whole, option_error
from ..errors import ContentWarning, OptionError, warn
from ..image import Image
from ..image_checks import note_other_frame
from ..labels import convert_labels, report_lost_labels
from ..placement import Placed, move_image, place_with_report
from ..provenance import Decision, give_warnings
from ..storage.files import PathLike
from .keywords import check_dtype, check_reference
from .protocol import SegmentFacts, SegmentOptions
from .registry import find_segment_reader

__all__ = ["get_segment_info", "load_seg"]


@overload
def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None = None,
    combine_segments: Literal[True] = True,
    reference_image: Image | None = None,
    *,
    threshold: float | None = 0.5,
    dataset_index: int = 0,
    dtype: npt.DTypeLike | None = None,
) -> Image: ...


@overload
def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None,
    combine_segments: Literal[False],
    reference_image: Image | None = None,
    *,
    threshold: float | None = 0.5,
    dataset_index: int = 0,
    dtype: npt.DTypeLike | None = None,
) -> dict[int, Image]: ...


@overload
def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None = None,
    *,
    combine_segments: Literal[False],
    reference_image: Image | None = None,
    threshold: float | None = 0.5,
    dataset_index: int = 0,
    dtype: npt.DTypeLike | None = None,
) -> dict[int, Image]: ...


@overload
def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None = None,
    combine_segments: bool = True,
    reference_image: Image | None = None,
    *,
    threshold: float | None = 0.5,
    dataset_index: int = 0,
    dtype: npt.DTypeLike | None = None,
) -> Image | dict[int, Image]: ...


def load_seg(
    path: PathLike | bytes | BinaryIO,
    segment_numbers: Sequence[int] | None = None,
    combine_segments: bool = True,
    reference_image: Image | None = None,
    *,
    threshold: float | None = 0.5,
    dataset_index: int = 0,
    dtype: npt.DTypeLike | None = None,
) -> Image | dict[int, Image]:
    """Load the segments of a DICOM SEG, or of a ``.seg.nrrd`` of 3D Slicer: as a label map, or each as a mask.

    The planes of a SEG are found by their positions in the patient (DICOM PS3.3 C.7.6.16.2.3). The grid spans from the
    first to the last plane that is in the file, and planes that the file leaves out are background.

    Args:
        path: The segmentation file, its content as bytes, or an open binary file; or a folder, archive or DICOMDIR that
            holds one, whatever else is in it.
        segment_numbers: The segments to load; None for all.
        combine_segments: True for one label map whose values are segment numbers, 0 where there is none. Where
            segments overlap, the higher number is kept, and a warning names the pairs and counts the voxels. False
            for a binary mask of each segment, whole, on the common grid.
        reference_image: Put the result onto the voxels of this image: exactly where the lattices meet, to the nearest
            voxels where they are a fraction of a voxel apart, and resampled by nearest neighbor where they do not meet;
            both with a warning, as are segments of which the reference shows nothing, or a part.
        threshold: Of a fractional segmentation, the fraction (probability or occupancy, 0 to 1) from which on a voxel
            belongs to a segment. None keeps the fractions as float32: separate, each segment has its own; combined,
            a voxel has the largest of all segments. Has no effect on binary segmentations and label maps.
        dataset_index: Which time of a segmentation whose planes repeat in time, from 0; ``explain`` lists them.
        dtype: Type of the voxels. By default the smallest unsigned one that holds the segment numbers.

    Returns:
        An Image of modality ``"SEG"``, uint8, or uint16 where a segment number is beyond 255, whose ``labels`` name the
        segments; or a dict from segment number to Image, each uint8 with 1 inside the segment and 0 outside, on the
        same grid. Arrays have shape (x, y, z), in Fortran order. Memory of planes that hold nothing is never touched.

    Raises:
        FileNotFoundError: If there is nothing at the path (a MissingPathError).
        ValueError: In every case below; each error also is of the class named.
        UnsupportedFormatError: If the file holds no segments, or those of a slide or of surfaces.
        AmbiguousSeriesError: If a folder or archive holds several files of segments.
        CorruptFileError: If it holds no segment, contradicts itself or ends too early.
        GeometryError: If its planes are not parallel or do not lie on a regular grid.
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
        check_segment_numbers(segment_numbers),
        bool(combine_segments),
        check_threshold(threshold),
        reference_image,
        check_whole("dataset_index", dataset_index, 0),
    )
    checked_type = check_dtype(dtype)
    if reference_image is not None:
        check_reference(reference_image)
    source, reader = find_segment_reader(path)
    if options.dataset_index and "dataset_index" not in reader.honors:
        warn(f"'{source.path}': dataset_index means nothing for {reader.name} files", ContentWarning)
    loaded = reader.read_segments(source, options)
    if reference_image is not None:
        loaded = place_segments(loaded, reference_image, source.path)
    else:
        images = [loaded] if isinstance(loaded, Image) else list(loaded.values())
        give_warnings(source.path, list_decisions(images))
    return convert_segments(loaded, checked_type, source.path)


def convert_segments(
    loaded: Image | dict[int, Image], dtype: np.dtype[np.generic] | None, path: str
) -> Image | dict[int, Image]:
    """Convert a label map, or each mask, to the type that was asked for."""
    if isinstance(loaded, Image):
        return convert_labels(loaded, dtype, path)
    return {number: convert_labels(mask, dtype, path) for number, mask in loaded.items()}


def get_segment_info(path: PathLike | bytes | BinaryIO) -> list[SegmentFacts]:
    """List the segments of a segmentation file of any kind, without reading a pixel.

    Args:
        path: As for ``load_seg``.

    Returns:
        A dict for each segment, in ascending order of their numbers, with ``segment_number``, ``segment_label``,
        ``segment_description`` and ``algorithm_type`` (DICOM PS3.3 C.8.20.4: ``"AUTOMATIC"``, ``"SEMIAUTOMATIC"`` or
        ``"MANUAL"``). Where a DICOM SEG says so, also ``algorithm_name``, ``category_code``, ``category_meaning``,
        ``type_code`` and ``type_meaning`` (the coded property), ``tracking_id``, ``tracking_uid`` and
        ``recommended_color`` (sRGB as ``"#rrggbb"``). The ROIs of an RT structure set are listed too, with
        ``contours`` (how many), ``type`` (RTROIInterpretedType such as ``"GTV"``) and ``recommended_color``.

    Raises:
        FileNotFoundError: If there is nothing at the path (a MissingPathError).
        ValueError: If the file holds no segments (an UnsupportedFormatError), or is damaged (a CorruptFileError).

    Examples:
        >>> from pictologics.loaders import get_segment_info
        >>> try:
        ...     get_segment_info(b"no segmentation at all")
        ... except ValueError as error:
        ...     print(type(error).__name__)
        UnsupportedFormatError
    """
    source, reader = find_segment_reader(path)
    return reader.list_segments(source)


def place_segments(loaded: Image | dict[int, Image], reference: Image, path: str) -> Image | dict[int, Image]:
    """Put a label map, or each mask, onto the reference's voxels, and warn of what is to be said."""
    if isinstance(loaded, Image):
        loaded = note_other_frame(loaded, reference)
        placed = place_segment(loaded, reference)
        give_warnings(path, [*loaded.provenance.decisions, *placed.decisions, *placed.losses])
        return placed.image
    masks = {number: note_other_frame(mask, reference) for number, mask in loaded.items()}
    decisions = list_decisions(list(masks.values()))
    placings = {number: place_mask(mask, reference) for number, mask in masks.items()}
    names = {number: mask.labels.get(1, "") for number, mask in masks.items()}
    warned = [*decisions, *choose_placings(list(placings.values())), *report_losses(placings, names)]
    give_warnings(path, warned)
    return {number: placed.image for number, placed in placings.items()}


def list_decisions(images: Sequence[Image]) -> list[Decision]:
    """What was decided about the images of one file, each thing once."""
    return list(dict.fromkeys(decision for image in images for decision in image.provenance.decisions))


def choose_placings(placings: Sequence[Placed]) -> list[Decision]:
    """Choose what the caller is told of the placing of one file's masks.

    It differs in its numbers only, so that the first mask that was moved and the first that was resampled speak for
    all. That a mask lies outside the reference is worth a warning only if all of them do: a reference that shows a
    part of the patient lacks some organs.
    """
    candidates = [placed for placed in placings if placed.inside] or placings
    # Reversed, so that the first of each sort stays in the dict.
    first_of_each = {placed.is_resampled: placed for placed in reversed(candidates)}
    return [decision for placed in first_of_each.values() for decision in placed.decisions]


def report_losses(placings: Mapping[int, Placed], names: Mapping[int, str]) -> list[Decision]:
    """What the caller is told of segments of which the reference shows nothing, or a part only."""
    if not any(placed.inside for placed in placings.values()):
        # All lie outside, which the first one says.
        return []
    gone = [number for number, placed in placings.items() if placed.is_lost]
    cut = [
        replace(loss, text=f"segment {number} ({names[number] or 'no name'}): {loss.text}")
        for number, placed in placings.items()
        if not placed.is_lost
        for loss in placed.losses
    ]
    return [*report_lost_labels(gone, names), *cut]


def place_segment(image: Image, reference: Image) -> Placed:
    """Put segments onto the reference's voxels; labels are never blended, so that the nearest voxel gives the value."""
    return place_with_report(image, reference.grid, 0.0, fallback="nearest")


def place_mask(mask: Image, reference: Image) -> Placed:
    """Put a mask onto the reference's voxels; only the planes that hold something are moved.

    Many masks of one scan would otherwise each take the memory of all of it.
    """
    held = [k for k, plane in enumerate(mask.provenance.slices) if plane.file]
    if not held or len(held) == mask.array.shape[2]:
        return place_segment(mask, reference)
    first, count = held[0], held[-1] + 1 - held[0]
    grid = mask.grid.crop((0, 0, first), (*mask.array.shape[:2], count))
    return place_segment(move_image(mask, mask.array[:, :, first : first + count], grid, None, ()), reference)


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
