"""Whether the values of an array that bears no mark look like labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..array_types import AnyArray, BoolArray, IntArray

__all__ = ["LABEL_ROUNDING", "Regions", "find_few_values", "judge_regions", "looks_like_labels"]

SAMPLED_VALUES = 1 << 18
"""Values that are looked at, in whole rows spread evenly over the array: enough that a label of a thousandth of the
volume is met hundreds of times, and a few milliseconds however large the array is."""

MOST_LABELS = 256
"""Distinct values that a label map may have. TotalSegmentator has 117 labels and FreeSurfer's finest parcellation
190; a scan has thousands of values, and one that was written in 8 bits fails by the two rules below."""

LEAST_BACKGROUND = 0.5
"""Share of the voxels that the most frequent value must have: a parcellated brain leaves four fifths of its box, a body
with all organs labelled more than half."""

LEAST_EQUAL_NEIGHBORS = 0.5
"""Share, of the voxels beside the background, whose next voxel along x has the same value: a region of two voxels has
half. Of a brain in 8 bits without its skull it is a fifth at most, and in counts of a few photons hardly any voxel has
a neighbor at all."""

MUCH_FOREGROUND = 0.05
"""Share of the voxels that a scan fills with values, at least: points of one voxel with a number each fill less."""

LABEL_ROUNDING = 0.1
"""What a label may be off a whole number: labels stored with a slope, such as 12 / 255, are rounded by half of it."""


def looks_like_labels(array: AnyArray, valid: BoolArray | None = None) -> bool:
    """Whether an array's values look like labels: a few whole numbers, one of them nearly everywhere, in regions.

    Only a sample of rows is looked at. Values that are the same everywhere do not look like labels, whose average
    could not be wrong.

    Args:
        array: Real numbers, (x, y, z).
        valid: True where the array holds data; None for everywhere.
    """
    if array.dtype.kind not in "biuf" or array.ndim != 3 or not array.size:
        return False
    rows, known = sample_rows(array, valid)
    if not known.any():
        return False
    if rows.shape[1] < array[0].size and (rows[known] == rows[known][0]).all():
        # Next to nothing is there: a lesion of a few voxels, perhaps. Only then all rows are looked at.
        rows, known = find_other_rows(array, valid, rows[known][0])
    values, counts = np.unique(rows[known], return_counts=True)
    if not 1 < values.size <= MOST_LABELS:
        return False
    if values.dtype.kind == "f" and (np.rint(values) != values).any():
        return False
    if counts.max() < LEAST_BACKGROUND * counts.sum():
        return False
    return lie_in_regions(rows, known, values[counts.argmax()])


def lie_in_regions(rows: AnyArray, known: BoolArray, background: Any) -> bool:
    """Whether the values beside the background have neighbors along x that equal them, as those of regions do."""
    inner = known[:-1] & (rows[:-1] != background)
    equal = inner & (rows[:-1] == rows[1:])
    return bool(np.count_nonzero(equal) >= LEAST_EQUAL_NEIGHBORS * np.count_nonzero(inner))


@dataclass(frozen=True)
class Regions:
    """What a sample of an array's values looks like.

    Attributes:
        values: How many different ones were met.
        foreground: Share of the voxels that do not hold the most frequent one.
        are_regions: Whether the others lie in regions.
    """

    values: int
    foreground: float
    are_regions: bool

    @property
    def are_of_an_image(self) -> bool:
        """Whether they are no labels, being more than a label map has that does not lie in regions."""
        return self.values > MOST_LABELS and self.foreground >= MUCH_FOREGROUND and not self.are_regions


def judge_regions(array: AnyArray) -> Regions:
    """Look at a sample of numbers that are said to be labels; at none of an array without voxels.

    Args:
        array: Real numbers, (x, y, z).
    """
    if not array.size:
        return Regions(0, 0.0, True)
    rows, known = sample_rows(array, None)
    values, counts = np.unique(rows, return_counts=True)
    background = values[counts.argmax()]
    return Regions(values.size, 1 - counts.max() / rows.size, lie_in_regions(rows, known, background))


def find_few_values(array: AnyArray) -> AnyArray | None:
    """The distinct values of an array's sample, ascending, if they are a few numbers that are nearly whole, else None.

    For values that are known to be labels, whatever part of the volume they fill.
    """
    rows, known = sample_rows(array, None)
    values = np.unique(rows[known])
    if not 0 < values.size <= MOST_LABELS or (np.abs(values - np.rint(values)) > LABEL_ROUNDING).any():
        return None
    return values


def take_rows(array: AnyArray, valid: BoolArray | None, y: IntArray, z: IntArray) -> tuple[AnyArray, BoolArray]:
    """Rows along x, (x, rows), and which of their values are valid and finite: NaN is background, and no label."""
    rows = np.asarray(array[:, y, z])
    known = np.isfinite(rows)
    return rows, known if valid is None else known & valid[:, y, z]


def sample_rows(array: AnyArray, valid: BoolArray | None) -> tuple[AnyArray, BoolArray]:
    """Whole rows along x, spread evenly over y and z; all rows of a small array."""
    length, height, depth = array.shape
    step = max(1, -(-height * depth * length // SAMPLED_VALUES))
    # A step that has no divisor in common with the height, or every plane would give the same rows.
    while np.gcd(step, height) > 1:
        step += 1
    chosen = np.arange(min(step // 2, height * depth - 1), height * depth, step)
    return take_rows(array, valid, chosen % height, chosen // height)


def find_other_rows(array: AnyArray, valid: BoolArray | None, value: Any) -> tuple[AnyArray, BoolArray]:
    """Rows along x that hold anything valid and finite beside one value, and as many of that value alone."""
    other = array != value
    if array.dtype.kind == "f":
        other &= np.isfinite(array)
    if valid is not None:
        other &= valid
    y, z = np.nonzero(other.any(axis=0))
    most = max(1, SAMPLED_VALUES // array.shape[0])
    rows, known = take_rows(array, valid, y[:most], z[:most])
    # The rows that are left out hold the value alone, and count as background.
    empty = np.full(rows.shape, value, rows.dtype)
    return np.concatenate([rows, empty], axis=1), np.concatenate([known, np.ones(rows.shape, np.bool_)], axis=1)
