"""The layers of a 3D Slicer segmentation -> one label map, or a mask for each segment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import GeometryError, UnsupportedFormatError
from ...labels import Overlaps, choose_label_type, convert_whole_numbers
from ...provenance import Decision
from ...threads import run_in_shares
from ..volume_layout import VolumeLayout
from ..voxel_reading import read_volume
from .opening import NrrdFile
from .segments import SlicerSegment, list_segments

__all__ = ["SegmentMask", "SlicerSegmentation", "find_segmentation", "read_slicer_label_map", "read_slicer_masks"]


@dataclass(frozen=True)
class SlicerSegmentation:
    """A file of segments.

    Attributes:
        layout: Where its first layer is.
        segments: In ascending order of their numbers.
    """

    layout: VolumeLayout
    segments: tuple[SlicerSegment, ...]

    @property
    def names(self) -> dict[int, str]:
        """Name of each segment by its number."""
        return {segment.number: segment.name for segment in self.segments}

    def only(self, numbers: Collection[int]) -> SlicerSegmentation:
        """The same file with some of its segments."""
        return replace(self, segments=tuple(segment for segment in self.segments if segment.number in numbers))


@dataclass(frozen=True)
class SegmentLayer:
    """One layer of a file.

    Attributes:
        array: Its values, whole numbers.
        segments: Those of the wanted segments that are in it.
        decisions: What was decided when it was read.
    """

    array: npt.NDArray[Any]
    segments: list[SlicerSegment]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class SlicerLabelMap:
    """Segments in one array.

    Attributes:
        array: Its values are the segments' numbers; where several are, the highest number has it.
        overlaps: How many voxels each two segments share.
        decisions: What was decided when the layers were read.
    """

    array: npt.NDArray[Any]
    overlaps: Overlaps
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class SegmentMask:
    """Where one segment is.

    Attributes:
        array: 1 there and 0 elsewhere; memory of planes that hold nothing was never touched.
        planes: Numbers of the planes that hold something.
    """

    array: npt.NDArray[np.uint8]
    planes: tuple[int, ...]


def find_segmentation(opened: NrrdFile) -> SlicerSegmentation:
    """Find the segments of a file.

    Raises:
        CorruptFileError: If it holds none.
        GeometryError: If they are all empty, so that the file has no grid.
        UnsupportedFormatError: If its voxels are not labels.
    """
    layout, path = opened.layout, opened.header.file.name
    kind = opened.header.keys.get("Segmentation_MasterRepresentation", "")
    kind = opened.header.keys.get("Segmentation_SourceRepresentation", kind)
    if "fractional" in kind.lower():
        raise fractions_error(layout)
    # A label map that was saved here may hold nothing but background, or be a single voxel.
    is_saved_here = opened.facts.is_saved_here
    segments = list_segments(opened.header.keys, layout.volumes, path, may_be_empty=is_saved_here)
    if layout.shape == (1, 1, 1) and not is_saved_here:
        raise GeometryError(
            "its segments are all empty: 3D Slicer writes a single voxel then, which has no position",
            path=path,
            segments=[segment.number for segment in segments],
        )
    return SlicerSegmentation(layout, segments)


def read_slicer_label_map(segmentation: SlicerSegmentation) -> SlicerLabelMap:
    """Read segments into one array."""
    dtype = choose_label_type(max((segment.number for segment in segmentation.segments), default=0))
    if not segmentation.segments:
        return SlicerLabelMap(np.zeros(segmentation.layout.shape, dtype, order="F"), Overlaps(), ())
    arrays, decisions = list[npt.NDArray[Any]](), list[Decision]()
    for layer in read_layers(segmentation):
        arrays.append(number_segments(layer.array, layer.segments, dtype))
        decisions += layer.decisions
    labels, overlaps = arrays[0], Overlaps()
    # Plane by plane: the pairs that overlap are counted while the planes are in the cache.
    for k in range(labels.shape[2] if len(arrays) > 1 else 0):
        planes = [array[:, :, k] for array in arrays]
        for first, second in combinations(planes, 2):
            count_shared(first, second, overlaps)
        for plane in planes[1:]:
            np.maximum(planes[0], plane, out=planes[0])
    return SlicerLabelMap(labels, overlaps, tuple(dict.fromkeys(decisions)))


def read_slicer_masks(segmentation: SlicerSegmentation) -> tuple[dict[int, SegmentMask], tuple[Decision, ...]]:
    """Read each segment, whole; with what was decided on the way."""
    masks, decisions = dict[int, SegmentMask](), list[Decision]()
    for layer in read_layers(segmentation):
        array, segments = layer.array, layer.segments
        volumes = [np.zeros(array.shape, np.uint8, order="F") for _ in segments]
        held = np.zeros((len(segments), array.shape[2]), np.bool_)
        run_in_shares(partial(split_planes, array, segments, volumes, held), array.shape[2])
        for segment, volume, planes in zip(segments, volumes, held, strict=True):
            masks[segment.number] = SegmentMask(volume, tuple(np.flatnonzero(planes).tolist()))
        decisions += layer.decisions
    return dict(sorted(masks.items())), tuple(dict.fromkeys(decisions))


def split_planes(
    array: npt.NDArray[Any],
    segments: Sequence[SlicerSegment],
    volumes: Sequence[npt.NDArray[np.uint8]],
    held: npt.NDArray[np.bool_],
    share: Iterable[int],
) -> None:
    """Write some planes of a layer into the mask of each segment that is in them.

    Args:
        array: The layer.
        segments: Its segments.
        volumes: Their masks, written to.
        held: For each segment and plane, whether it is there; written to.
        share: The planes.
    """
    for k in share:
        plane = array[:, :, k]
        present = find_values(plane)
        for number, segment in enumerate(segments):
            if segment.value in present:
                np.equal(plane, segment.value, out=volumes[number][:, :, k], casting="unsafe")
                held[number, k] = True


def find_values(plane: npt.NDArray[Any]) -> frozenset[int]:
    """The values that a plane has."""
    if plane.dtype.itemsize > 2 or plane.dtype.kind != "u":
        return frozenset(np.unique(plane).tolist())
    # Counting takes a tenth of the time of sorting.
    return frozenset(np.flatnonzero(np.bincount(plane.ravel(order="K"))).tolist())


def read_layers(segmentation: SlicerSegmentation) -> Iterator[SegmentLayer]:
    """Each layer that holds any of the segments, and those segments.

    Raises:
        UnsupportedFormatError: If voxels are not whole numbers.
    """
    layout = segmentation.layout
    by_layer: defaultdict[int, list[SlicerSegment]] = defaultdict(list)
    for segment in segmentation.segments:
        by_layer[segment.layer].append(segment)
    for layer, segments in sorted(by_layer.items()):
        array, decisions = read_volume(layout.at(layer), layout.stored.newbyteorder("="))
        if array.dtype.kind == "f":
            # 3D Slicer loads these too: what kind of numbers they are says nothing of what they mean.
            labels = convert_whole_numbers(array)
            if labels is None:
                raise fractions_error(layout)
            array = labels
        yield SegmentLayer(array, segments, decisions)


def fractions_error(layout: VolumeLayout) -> UnsupportedFormatError:
    """The error for voxels that are not labels."""
    return UnsupportedFormatError(
        f"its voxels are fractions ({layout.stored.name}), and labels are required",
        path=layout.name,
        advice="export it from 3D Slicer as a binary labelmap",
    )


def number_segments(
    array: npt.NDArray[Any], segments: Sequence[SlicerSegment], dtype: np.dtype[np.unsignedinteger[Any]]
) -> npt.NDArray[Any]:
    """A layer with the numbers of its segments in place of their values, and 0 for values of no segment."""
    labels = array if array.dtype == dtype else np.empty(array.shape, dtype, order="F")
    width = array.dtype.itemsize
    limits = np.iinfo(array.dtype)
    table = np.zeros(1 << 8 * width if width <= 2 else 0, dtype)
    for segment in segments:
        if width <= 2 and limits.min <= segment.value <= limits.max:
            # The table is looked up by the bits of a value, read without sign.
            table[segment.value % len(table)] = segment.number

    def number_planes(share: Iterable[int]) -> None:
        for k in share:
            plane = array[:, :, k]
            if width <= 2:
                labels[:, :, k] = table[plane.view(f"u{width}")]
                continue
            # Into a plane of its own: the layer may be what is written to.
            found = np.zeros(plane.shape, dtype)
            for segment in segments:
                found[plane == segment.value] = segment.number
            labels[:, :, k] = found

    run_in_shares(number_planes, array.shape[2])
    return labels


def count_shared(plane: npt.NDArray[Any], other: npt.NDArray[Any], overlaps: Overlaps) -> None:
    """Count the voxels that segments of two layers share in a plane; the counts are added to ``overlaps``."""
    both = (plane != 0) & (other != 0)
    if not both.any():
        return
    low, high = np.minimum(plane[both], other[both]), np.maximum(plane[both], other[both])
    pairs, counts = np.unique(np.stack([low, high]), axis=1, return_counts=True)
    for (first, second), count in zip(pairs.T.tolist(), counts.tolist(), strict=True):
        if first != second:
            overlaps[first, second] += count
