"""Frames with the bits or fractions of one segment each -> a label map, or a volume for each segment.

Memory of planes without frames is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from ...array_types import AnyArray
from ...errors import CorruptFileError
from ...labels import (
    Overlaps,
    choose_label_type,
    find_set_bytes,
    paint_bits,
    report_overlaps,
)
from ...provenance import Decision
from ...threads import run_in_shares
from .frame_pixels import FramePixels, check_frames_present
from .layers import Layer, Layers
from .segmentation_header import DicomSegmentation

__all__ = ["LabelMap", "read_fraction_volumes", "read_largest_fraction", "read_segment_label_map", "read_segment_masks"]


@dataclass(frozen=True)
class LabelMap:
    """Segments in one volume.

    Attributes:
        array: Segment numbers, shape (x, y, z), in Fortran order.
        decisions: Decisions about overlaps and unknown numbers.
    """

    array: AnyArray
    decisions: tuple[Decision, ...]


def read_segment_label_map(
    segmentation: DicomSegmentation, layers: Layers, numbers: Sequence[int], threshold: float
) -> LabelMap:
    """Read binary or fractional segments into one volume; where they overlap, the higher number is kept.

    Args:
        segmentation: The file.
        layers: Its frames by plane.
        numbers: The segments that are wanted.
        threshold: The fraction from which on a voxel belongs to a segment, of a fractional segmentation.
    """
    volume = allocate_volume(layers, choose_label_type(max(numbers)))
    at_least = find_smallest_stored(segmentation, threshold)
    counted: list[Overlaps] = []

    def read_share(share: Iterable[int]) -> None:
        overlaps = Overlaps()
        with FramePixels(layers.template, layers.alignment) as pixels:
            for slot in share:
                wanted = select_layers(layers.planes[slot], numbers)
                # Copies: all layers of a plane are needed at once, and the reader has memory for one.
                bits = [(layer.segment, pixels.read_bits(layer.frame, at_least).copy()) for layer in wanted]
                if bits:
                    paint_bits(volume[slot].reshape(-1), bits, overlaps)
        counted.append(overlaps)

    run_in_shares(read_share, len(layers.planes))
    total = sum(counted, Overlaps())
    return LabelMap(volume.T, tuple(report_overlaps(total, segmentation.names(numbers), volume)))


def read_segment_masks(
    segmentation: DicomSegmentation, layers: Layers, numbers: Sequence[int], threshold: float
) -> dict[int, AnyArray]:
    """Read a binary volume for each segment, 1 inside and 0 outside.

    Args:
        segmentation: The file.
        layers: Its frames by plane.
        numbers: The segments that are wanted.
        threshold: The fraction from which on a voxel belongs to a segment, of a fractional segmentation.
    """
    volumes = {number: allocate_volume(layers, np.dtype(np.uint8)) for number in numbers}
    at_least = find_smallest_stored(segmentation, threshold)

    def read_share(share: Iterable[int]) -> None:
        with FramePixels(layers.template, layers.alignment) as pixels:
            for slot in share:
                for layer in select_layers(layers.planes[slot], numbers):
                    bits = pixels.read_bits(layer.frame, at_least)
                    stretch = find_set_bytes(bits)
                    part = volumes[layer.segment][slot].reshape(-1)[stretch.start * 8 : stretch.stop * 8]
                    # Joined, as a segment may have several frames on one plane.
                    part |= np.unpackbits(bits[stretch], count=part.size, bitorder="little")

    run_in_shares(read_share, len(layers.planes))
    return {number: volume.T for number, volume in volumes.items()}


def read_fraction_volumes(
    segmentation: DicomSegmentation, layers: Layers, numbers: Sequence[int]
) -> dict[int, AnyArray]:
    """Read a float32 volume of fractions from 0 to 1 for each segment."""
    volumes = {number: allocate_volume(layers, np.dtype(np.float32)) for number in numbers}
    read_fractions(segmentation, layers, volumes)
    return {number: volume.T for number, volume in volumes.items()}


def read_largest_fraction(segmentation: DicomSegmentation, layers: Layers, numbers: Sequence[int]) -> AnyArray:
    """Read a float32 volume of the largest fraction that any of the segments has of a voxel."""
    volume = allocate_volume(layers, np.dtype(np.float32))
    read_fractions(segmentation, layers, dict.fromkeys(numbers, volume))
    return volume.T


def read_fractions(segmentation: DicomSegmentation, layers: Layers, volumes: dict[int, AnyArray]) -> None:
    """Read the fractions of segments into volumes, in which the larger one of two is kept."""

    def read_share(share: Iterable[int]) -> None:
        with FramePixels(layers.template, layers.alignment) as pixels:
            for slot in share:
                for layer in select_layers(layers.planes[slot], tuple(volumes)):
                    stored = pixels.read_numbers(layer.frame)
                    # Writing zeros to zero pages would make the system give out their memory.
                    rows = np.flatnonzero(stored.any(axis=1))
                    if not rows.size:
                        continue
                    held = slice(int(rows[0]), int(rows[-1]) + 1)
                    part = volumes[layer.segment][slot, held]
                    # Divided in float64 and rounded once.
                    np.maximum(part, (stored[held] / segmentation.maximum).astype(np.float32), out=part)

    run_in_shares(read_share, len(layers.planes))


def select_layers(plane: Sequence[Layer], numbers: Sequence[int]) -> list[Layer]:
    """Select the layers of a plane whose segments are wanted."""
    wanted = frozenset(numbers)
    return [layer for layer in plane if layer.segment in wanted]


def find_smallest_stored(segmentation: DicomSegmentation, threshold: float) -> int:
    """Find the stored value from which on a pixel belongs to a segment; 0 never does."""
    return 1 if segmentation.kind != "FRACTIONAL" else max(1, ceil(threshold * segmentation.maximum))


def allocate_volume(layers: Layers, dtype: np.dtype[Any]) -> AnyArray:
    """Allocate a volume of zeros, (planes, rows, columns), whose memory the system gives out where it is written.

    Raises:
        CorruptFileError: If the file cannot hold its frames, or the system has no room.
    """
    check_frames_present(layers.template, layers.frame_count, layers.alignment)
    shape = layers.grid.shape[::-1]
    try:
        return np.zeros(shape, dtype)
    except (MemoryError, ValueError) as error:
        raise CorruptFileError(
            f"its planes span {shape[2]}x{shape[1]}x{shape[0]} voxels, more than there is memory for",
            path=layers.template.header.path,
            advice="correct the positions of its planes",
            shape=layers.grid.shape,
        ) from error
