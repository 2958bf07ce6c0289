"""Label maps: several segments in one array, and what happens where they overlap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from .errors import OptionError
from .provenance import Decision

__all__ = ["LARGEST_LABEL", "Overlaps", "label_type", "overlap_decisions", "paint_plane"]

Overlaps = Counter[tuple[int, int]]
"""Voxels that two segments share, by their numbers, the lower one first."""

LARGEST_LABEL = 65535
NAMED_PAIRS = 5


def label_type(largest: int) -> np.dtype[np.unsignedinteger[npt.NBitBase]]:
    """The smallest unsigned type that holds every label: uint8 or uint16.

    Raises:
        OptionError: If the label is beyond 65,535, the last segment number that DICOM knows (PS3.3 C.8.20.2).
    """
    if largest > LARGEST_LABEL:
        raise OptionError(f"label {largest} is beyond {LARGEST_LABEL}", advice="give the segments smaller numbers")
    return np.dtype(np.uint8 if largest <= 255 else np.uint16)  # type: ignore[return-value]


def paint_plane(
    plane: npt.NDArray[np.unsignedinteger[npt.NBitBase]],
    layers: Sequence[tuple[int, npt.NDArray[np.uint8]]],
    overlaps: Overlaps,
) -> None:
    """Write segments into one plane of a label map; where several want a voxel, the highest number has it.

    Args:
        plane: The plane, any 2D shape, changed in place; what it held before counts as nothing.
        layers: The number of each segment and where it is, 1 there and 0 elsewhere, of the plane's shape.
        overlaps: Counts, added to, of the voxels that each two segments share; exact for every pair.
    """
    total = 0
    for number, mask in layers:
        np.maximum(plane, mask * plane.dtype.type(number), out=plane)
        total += int(np.count_nonzero(mask))
    if total != np.count_nonzero(plane):
        for (low, one), (high, other) in combinations(sorted(layers, key=lambda layer: layer[0]), 2):
            shared = int(np.count_nonzero(one & other))
            if shared:
                overlaps[low, high] += shared


def overlap_decisions(overlaps: Overlaps, names: Mapping[int, str]) -> list[Decision]:
    """What to say of segments that overlap in a combined label map: a warning that names the pairs.

    Args:
        overlaps: Shared voxels of each pair.
        names: Names of the segments.
    """
    if not overlaps:
        return []
    pairs = [
        f"{low} ({names.get(low) or 'no name'}) and {high} ({names.get(high) or 'no name'}) in {count} voxels"
        for (low, high), count in overlaps.most_common(NAMED_PAIRS)
    ]
    more = f" and {len(overlaps) - NAMED_PAIRS} more pairs" if len(overlaps) > NAMED_PAIRS else ""
    text = f"segments overlap and the higher number was kept: {', '.join(pairs)}{more}"
    return [Decision("left out", text, sum(overlaps.values()), "content")]
