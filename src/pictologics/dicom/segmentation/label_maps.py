"""Frames that hold segment numbers (SegmentationType LABELMAP) -> a label map, or a mask for each segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...array_types import AnyArray
from ...labels import choose_label_type, find_set_bytes
from ...provenance import Decision
from ...threads import run_in_shares
from .frame_pixels import FramePixels
from .layers import Layers
from .masks import LabelMap, allocate_volume
from .segmentation_header import DicomSegmentation

__all__ = ["read_stored_label_map", "read_stored_masks"]


def read_stored_label_map(segmentation: DicomSegmentation, layers: Layers, numbers: Sequence[int]) -> LabelMap:
    """Read a volume of segment numbers; numbers of segments that are not wanted become background.

    Args:
        segmentation: The file.
        layers: Its frames by plane.
        numbers: The segments that are wanted.
    """
    volume = allocate_volume(layers, choose_label_type(max(numbers, default=0)))
    lookup = LabelLookup(segmentation, numbers, volume.dtype)
    unknown: list[int] = []

    def read_share(share: Iterable[int]) -> None:
        strangers = 0
        with FramePixels(layers.template, layers.alignment) as pixels:
            for slot in share:
                for layer in layers.planes[slot]:
                    strangers += lookup.apply(pixels.read_numbers(layer.frame), volume[slot])
        unknown.append(strangers)

    run_in_shares(read_share, len(layers.planes))
    return LabelMap(volume.T, tuple(describe_lost_numbers(segmentation, numbers, sum(unknown))))


def read_stored_masks(
    segmentation: DicomSegmentation, layers: Layers, numbers: Sequence[int]
) -> dict[int, npt.NDArray[np.uint8]]:
    """Read a binary volume for each segment of a label map, 1 inside and 0 outside."""
    volumes = {number: allocate_volume(layers, np.dtype(np.uint8)) for number in numbers}

    def read_share(share: Iterable[int]) -> None:
        present = np.empty(1 << 16, np.bool_)
        with FramePixels(layers.template, layers.alignment) as pixels:
            for slot in share:
                for layer in layers.planes[slot]:
                    stored = pixels.read_numbers(layer.frame).reshape(-1)
                    present[:] = False
                    present[stored] = True
                    for number in numbers:
                        if present[number]:
                            write_mask(volumes[number][slot].reshape(-1), stored, number)

    run_in_shares(read_share, len(layers.planes))
    return {number: volume.T for number, volume in volumes.items()}


def write_mask(voxels: npt.NDArray[np.uint8], stored: AnyArray, number: int) -> None:
    """Set the voxels that have a number.

    Memory before the first and after the last of them is not touched, so that the system need not give it out.
    """
    bits = np.packbits(stored == number, bitorder="little")
    stretch = find_set_bytes(bits)
    part = voxels[stretch.start * 8 : stretch.stop * 8]
    part[:] = np.unpackbits(bits[stretch], count=part.size, bitorder="little")


class LabelLookup:
    """Turns stored numbers into labels: themselves, or background where no wanted segment has them."""

    def __init__(self, segmentation: DicomSegmentation, numbers: Sequence[int], dtype: np.dtype[Any]) -> None:
        # Stored numbers have 8 or 16 bits: one entry for each that is possible, and no check of bounds.
        self.table = np.zeros(1 << 16, dtype)
        self.table[list(numbers)] = numbers
        known = np.zeros(1 << 16, np.bool_)
        known[[*segmentation.numbers, *segmentation.backgrounds]] = True
        self.strangers = ~known
        # Up to here, every number stands for itself: most files need nothing but to be read.
        itself = self.table == np.arange(1 << 16)
        self.plain_up_to = int(itself.argmin()) - 1 if not itself.all() else (1 << 16) - 1

    def apply(self, stored: AnyArray, plane: AnyArray) -> int:
        """Write the labels of one plane, and count the voxels whose number no segment has."""
        if int(stored.max()) <= self.plain_up_to:
            plane[...] = stored
            return 0
        np.take(self.table, stored, out=plane)
        return int(np.count_nonzero(self.strangers[stored]))


def describe_lost_numbers(segmentation: DicomSegmentation, numbers: Sequence[int], strangers: int) -> list[Decision]:
    """Say which voxels are background in the label map and not in the file."""
    decisions = []
    if strangers:
        text = f"{strangers} voxels have a number that no segment of the file has, and became background"
        decisions.append(Decision("left out", text, strangers, "content"))
    if 0 in numbers:
        text = (
            f"segment 0 has a number that means background in a label map (in the file it is "
            f"{', '.join(map(str, segmentation.backgrounds))}); load it with combine_segments=False"
        )
        decisions.append(Decision("left out", text, 0, "content"))
    return decisions
