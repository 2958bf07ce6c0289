"""Several segments in one array, and what happens where they overlap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ..provenance import Decision

__all__ = ["Overlaps", "find_set_bytes", "paint_bits", "paint_plane", "report_lost_labels", "report_overlaps"]

Overlaps = Counter[tuple[int, int]]
"""Voxels that two segments share, by their numbers, the lower one first."""

BITS_OF_BYTE = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1).astype(np.uint8)
"""How many bits of each byte are set."""

NAMED_PAIRS = 5
"""Pairs of segments that the warning names; of more it gives the number."""


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
        # Some overlap, or had a voxel before. Which and where, packed bits tell faster than masks.
        packed = [(number, np.packbits(mask, bitorder="little")) for number, mask in layers]
        paint_bits(np.zeros(plane.size, plane.dtype), packed, overlaps)


def paint_bits(
    voxels: npt.NDArray[np.unsignedinteger[npt.NBitBase]],
    layers: Sequence[tuple[int, npt.NDArray[np.uint8]]],
    overlaps: Overlaps,
) -> None:
    """Write segments, given as packed bits, into voxels of a label map; the highest number has a shared voxel.

    Bits are compared before they become voxels: a plane of 60 segments is looked at in an eighth of the memory, and
    only the stretch in which a segment has voxels is written.

    Args:
        voxels: (n,) labels, changed in place.
        layers: The number of each segment and its voxels, eight in a byte, the first in the lowest bit; bits beyond
            the last voxel are 0.
        overlaps: Counts, added to, of the voxels that each two segments share; exact for every pair.
    """
    ascending = sorted(layers, key=lambda layer: layer[0])
    once = np.zeros(-(-voxels.size // 8), np.uint8)
    twice: npt.NDArray[np.uint8] | None = None
    for number, bits in ascending:
        stretch = find_set_bytes(bits)
        piece, before = bits[stretch], once[stretch]
        shared = piece & before
        if shared.any():
            twice = np.zeros_like(once) if twice is None else twice
            twice[stretch] |= shared
        before |= piece
        write_set_bits(voxels, stretch, piece, number)
    if twice is not None:
        count_pairs(ascending, twice, overlaps)


def find_set_bytes(bits: npt.NDArray[np.uint8]) -> slice:
    """The bytes from the first to the last in which any bit is set; empty if there is none."""
    used = bits.view(np.uint64) if bits.size % 8 == 0 else bits
    is_set = used != 0
    first = int(is_set.argmax()) if is_set.size else 0
    if not is_set.size or not is_set[first]:
        return slice(0, 0)
    last = is_set.size - int(is_set[::-1].argmax())
    width = used.itemsize
    return slice(first * width, last * width)


def write_set_bits(
    voxels: npt.NDArray[np.unsignedinteger[npt.NBitBase]], stretch: slice, piece: npt.NDArray[np.uint8], number: int
) -> None:
    """Give a number to the voxels of a stretch whose bits are set."""
    part = voxels[stretch.start * 8 : stretch.stop * 8]
    mask = np.unpackbits(piece, count=part.size, bitorder="little")
    # A product and a maximum are twenty times as fast as writing where a mask is set.
    values = np.multiply(mask, voxels.dtype.type(number), dtype=voxels.dtype)
    np.maximum(part, values, out=part)


def count_pairs(
    layers: Sequence[tuple[int, npt.NDArray[np.uint8]]], shared: npt.NDArray[np.uint8], overlaps: Overlaps
) -> None:
    """Count the voxels that each two segments share.

    Args:
        layers: Segments in ascending order of their numbers.
        shared: Voxels that more than one of them has.
        overlaps: Counts, added to.
    """
    stretch = find_set_bytes(shared)
    parts = [(number, bits[stretch] & shared[stretch]) for number, bits in layers]
    involved = [(number, part) for number, part in parts if part.any()]
    for (low, low_part), (high, high_part) in combinations(involved, 2):
        if low != high:
            count = count_bits(low_part & high_part)
            if count:
                overlaps[low, high] += count


def count_bits(bits: npt.NDArray[np.uint8]) -> int:
    """How many bits are set."""
    return int(BITS_OF_BYTE[bits].sum(dtype=np.int64))


def report_overlaps(
    overlaps: Overlaps, names: Mapping[int, str], array: npt.NDArray[np.unsignedinteger[npt.NBitBase]]
) -> list[Decision]:
    """What to say of segments that overlap in a combined label map: a warning that names the pairs.

    It says how much of the lower number of each pair is gone; pairs of which nothing is left come first.

    Args:
        overlaps: Shared voxels of each pair.
        names: Names of the segments.
        array: The label map, of any shape.
    """
    if not overlaps:
        return []
    left = count_labels(array, max(low for low, _ in overlaps))
    ordered = sorted(overlaps, key=lambda pair: (left[pair[0]] > 0, -overlaps[pair]))
    pairs = [
        f"{low} ({names.get(low) or 'no name'}) and {high} ({names.get(high) or 'no name'}) in "
        f"{overlaps[low, high]} voxels ({describe_share(low, high, overlaps, int(left[low]))})"
        for low, high in ordered[:NAMED_PAIRS]
    ]
    more = f" and {len(overlaps) - NAMED_PAIRS} more pairs" if len(overlaps) > NAMED_PAIRS else ""
    text = f"segments overlap and the higher number was kept: {', '.join(pairs)}{more}"
    return [Decision("left out", text, sum(overlaps.values()), "content")]


def count_labels(array: npt.NDArray[np.unsignedinteger[npt.NBitBase]], highest: int) -> npt.NDArray[np.intp]:
    """How many voxels each label up to a number has."""
    counts = np.zeros(highest + 1, np.intp)
    # A plane at a time, since what is counted takes eight bytes each.
    for plane in np.moveaxis(array, -1, 0):
        counts += np.bincount(plane.ravel(order="K"), minlength=highest + 1)[: highest + 1]
    return counts


def describe_share(low: int, high: int, overlaps: Overlaps, left: int) -> str:
    """How much of a segment another covers.

    Args:
        low: The number of the one that is covered.
        high: The number of the other.
        overlaps: Shared voxels of each pair.
        left: Voxels that the covered one still has.
    """
    if not left:
        return f"nothing is left of {low}"
    covered = [count for pair, count in overlaps.items() if pair[0] == low]
    # Where several cover a voxel, it is counted for each: the segment may be smaller than the sum.
    share = min(100 * overlaps[low, high] / (left + sum(covered)), 99.9)
    return f"{'at least ' if len(covered) > 1 else ''}{share:.3g}% of {low}"


def report_lost_labels(lost: Sequence[int], names: Mapping[int, str], are_covered: bool = False) -> list[Decision]:
    """The warning that is due where nothing is left of some labels of a map, or others cover all of them."""
    if not lost:
        return []
    named = ", ".join(f"{label} ({names.get(label) or 'no name'})" for label in lost[:NAMED_PAIRS])
    more = f" and {len(lost) - NAMED_PAIRS} more" if len(lost) > NAMED_PAIRS else ""
    covered = f"label {named}{more} {'is' if len(lost) == 1 else 'are'} wholly covered by the others"
    text = covered if are_covered else f"nothing is left of label {named}{more}"
    return [Decision("left out", text, len(lost), "content")]
