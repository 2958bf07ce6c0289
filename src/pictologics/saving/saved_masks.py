"""Masks on the voxels of a series, and the numbers of their segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..array_types import AnyArray
from ..dicom.segmentation.segments import DicomSegment
from ..errors import GeometryError, OptionError
from ..geometry import LatticeMap
from ..image import Image
from ..image_checks import check_is_image, name_of
from ..labels import choose_label_type
from ..placement import describe_lost_place, looks_lost, place
from ..provenance import Decision
from .source_series import SourceSeries

__all__ = [
    "check_frame",
    "check_labels",
    "collect_labels",
    "empty_mask_error",
    "lost_voxels_error",
    "map_to_series",
    "number_masks",
    "place_masks",
    "renumber_segments",
]


def number_masks(mask: Image | Mapping[int, Image] | Mapping[str, Image]) -> Image | dict[int, Image]:
    """Sort masks by number; those that only have a name are numbered from 1 and keep it as their label."""
    if isinstance(mask, Image):
        check_is_image("mask", mask)
        return mask
    if not isinstance(mask, Mapping) or not mask:
        found = "an empty dict" if isinstance(mask, Mapping) else f"of type {type(mask).__name__}"
        raise OptionError(
            f"mask is {found} and must be an Image or a dict of Images",
            advice="pass what load_image, load_seg or load_rtstruct returns",
        )
    for key, value in mask.items():
        check_is_image(f"mask[{key!r}]", value)
    if all(isinstance(key, str) for key in mask):
        return {number: name_mask(value, str(key)) for number, (key, value) in enumerate(mask.items(), 1)}
    if not all(isinstance(key, (int, np.integer)) and not isinstance(key, bool) and key > 0 for key in mask):
        raise OptionError(
            f"mask has the keys {', '.join(map(repr, mask))}, and they must all be numbers above 0, or all names",
            advice="number the masks from 1, or name all of them",
        )
    return {int(key): mask[key] for key in sorted(mask)}  # type: ignore[index, call-overload]


def name_mask(mask: Image, name: str) -> Image:
    """Give the one value of a mask a name."""
    return Image.from_grid(mask.array, mask.grid, labels={1: name}, metadata=mask.metadata)


def collect_labels(masks: Image | dict[int, Image]) -> dict[int, str]:
    """Collect what the masks call their segments."""
    if isinstance(masks, Image):
        return {**masks.labels}
    return {number: mask.labels.get(1, "") for number, mask in masks.items()}


def place_masks(masks: Image | dict[int, Image], series: SourceSeries, kind: str) -> tuple[AnyArray, list[int]]:
    """Place masks on the planes of the series, and list the segments in them.

    Returns:
        Segment numbers, (planes, rows, columns); or, of masks that overlap, a fourth axis with each mask by itself.
    """
    if isinstance(masks, Image):
        labels = place_on_series(masks, series)
        numbers = np.unique(labels)
        # A segment that is named and has no voxel is still described.
        return labels, sorted({*numbers[numbers > 0].tolist(), *(key for key in masks.labels if key > 0)})
    numbers_given = list(masks)
    combined = np.zeros(series.planes.grid.shape[::-1], choose_label_type(max(numbers_given)))
    placed: list[AnyArray] = []
    overlap = False
    for number, mask in masks.items():
        inside = place_on_series(mask, series, f"mask {number}") > 0
        overlap = overlap or bool((combined[inside] > 0).any())
        combined[inside] = number
        placed.append(inside)
    # One volume of numbers takes a fraction of the memory of a mask for each segment.
    if not overlap:
        return combined, numbers_given
    if kind == "LABELMAP":
        raise OptionError(
            "the masks overlap, and in a LABELMAP a voxel can belong to one segment only",
            advice='pass segmentation_type="BINARY"',
        )
    return np.stack(placed, axis=-1).astype(np.uint8), numbers_given


def place_on_series(mask: Image, series: SourceSeries, name: str = "the mask") -> AnyArray:
    """Place a mask on the voxels of the series, as (planes, rows, columns) of unsigned integers.

    Raises:
        OptionError: If its values are not segment numbers, or all 0.
        GeometryError: If it does not lie on the lattice, or beyond the series.
    """
    check_frame(mask, series, name)
    labels = check_labels(mask, name)
    if not labels.any():
        raise empty_mask_error(name, mask)
    # Not to the nearest voxels: what is written is taken for what was drawn on these slices.
    map_to_series(mask, series, name)
    placed = place(Image.from_grid(labels, mask.grid), series.planes.grid)
    # Placing cuts off silently what lies beyond the grid; a segmentation must not lose a part of its segments.
    lost = int(np.count_nonzero(labels)) - int(np.count_nonzero(placed.array))
    if lost:
        raise lost_voxels_error(lost, name, series)
    return np.ascontiguousarray(placed.array.T)


def check_frame(image: Image, series: SourceSeries, name: str) -> None:
    """Check that an image is not known to be of another frame of reference than the series.

    Positions of two frames are not related (DICOM PS3.3 C.7.4.1), and what is written says that they are.

    Raises:
        GeometryError: If it is.
    """
    own, of_series = image.metadata.get("frame_of_reference_uid", ""), series.frame_of_reference
    if own and of_series and own != of_series:
        raise GeometryError(
            f"{name} has the frame of reference {own} and the series has {of_series}: the same position may be another "
            "place in the patient",
            path=series.path,
            advice="pass the series it belongs to; if both are known to be registered, take frame_of_reference_uid out "
            "of its metadata first",
            frame_of_reference_uid=own,
            series_frame_of_reference_uid=of_series,
        )


def check_labels(mask: Image, name: str) -> AnyArray:
    """Check that the values of a mask are segment numbers, and make them unsigned integers.

    Raises:
        OptionError: If they are not.
    """
    array = np.asarray(mask.array)
    if array.dtype.kind == "b" or array.dtype in (np.uint8, np.uint16):
        return array.view(np.uint8) if array.dtype.kind == "b" else array
    if array.dtype.kind not in "ui" and not (array.dtype.kind == "f" and (np.rint(array) == array).all()):
        raise OptionError(
            f"{name} holds {array.dtype} values that are not whole numbers",
            path=name_of(mask),
            advice="round them first, such as by pictologics.preprocessing.round_intensities",
        )
    if array.min() < 0:
        raise OptionError(
            f"{name} holds {array.min()}, and segment numbers begin at 1",
            path=name_of(mask),
            advice="give its segments other numbers",
        )
    return array.astype(choose_label_type(int(array.max())), order="K", copy=False)


def map_to_series(mask: Image, series: SourceSeries, name: str) -> LatticeMap:
    """Find a mask's voxels on those of the series.

    Raises:
        GeometryError: If they are not on its lattice.
    """
    try:
        return mask.grid.lattice_map(series.planes.grid)
    except GeometryError as error:
        advice = 'resample it first: resample_to(mask, load_image(reference_series), interpolation="nearest")'
        found = error.found
        if looks_lost(mask.grid, series.planes.grid):
            advice = 'if it was drawn on the series, load it with load_mask(..., geometry="reference")'
            found = describe_lost_place(mask.grid, series.planes.grid)
        raise GeometryError(
            f"{name} does not lie on the voxels of the series: {found}",
            path=series.path,
            advice=advice,
            **error.values,
        ) from error


def empty_mask_error(name: str, mask: Image | None = None) -> OptionError:
    """The error for a mask without a segment."""
    path = None if mask is None else name_of(mask)
    return OptionError(f"{name} is 0 everywhere", path=path, advice="pass a mask with a segment in it")


def lost_voxels_error(lost: int, name: str, series: SourceSeries) -> GeometryError:
    """The error for a mask that reaches beyond the series."""
    return GeometryError(
        f"{lost} voxels of {name} lie outside the series",
        path=series.path,
        advice="crop the mask to the series, or pass the series it belongs to",
        voxels=lost,
    )


def renumber_segments(
    voxels: AnyArray, described: Sequence[DicomSegment], kind: str, decisions: list[Decision]
) -> tuple[AnyArray, list[DicomSegment]]:
    """Number segments from 1 without gaps, as all but those of label maps must be (DICOM PS3.3 C.8.20.4)."""
    numbers = [segment.number for segment in described]
    shown = ", ".join(map(str, numbers[:10])) + (", ..." if len(numbers) > 10 else "")
    text = f"segments {shown} were written as 1 to {len(numbers)}: {kind} segments are numbered without gaps" + (
        '; pass segmentation_type="LABELMAP" to keep the numbers' if kind == "BINARY" else ""
    )
    decisions.append(Decision("converted", text, len(numbers), "content"))
    if voxels.ndim == 3:
        table = np.zeros(max(numbers) + 1, choose_label_type(len(numbers)))
        table[numbers] = np.arange(1, len(numbers) + 1)
        voxels = table[voxels]
    return voxels, [replace(segment, number=k) for k, segment in enumerate(described, 1)]
