"""Labels on another grid by how much of each voxel they fill."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import OptionError
from ..interpolation.sampling import Sampled, Sampling, finite_voxels, sample, type_with

__all__ = ["sample_labels"]

Values = npt.NDArray[Any]
Bools = npt.NDArray[np.bool_]
Matrix = npt.NDArray[np.float64]
Box = tuple[slice, slice, slice]

PLANES = 32
"""Planes of the result that are made together, so that fractions take little memory."""

MARGIN = {"nearest": 1, "linear": 2, "cubic": 20}
"""Voxels around a part of the source beyond which a label has no influence on it."""

LARGEST_LABEL = 65535
"""The last segment number that DICOM knows (PS3.3 C.8.20.2)."""

ROUNDING = 1e-6
"""What a fraction may lack of the threshold from rounding in float32."""


def sample_labels(
    array: Values,
    to_source: Matrix,
    shape: tuple[int, int, int],
    how: Sampling,
    threshold: float,
    valid: Bools | None = None,
) -> Sampled:
    """Give each voxel the label that fills most of it, if that is at least the threshold.

    Args:
        array: Labels, whole numbers from 0 on, (x, y, z); or fractions of one mask, which give 1 where they reach
            the threshold.
        to_source: 4x4 matrix, from voxel index of the result to voxel index of the source.
        shape: Of the result.
        how: How fractions are interpolated.
        threshold: The least fraction.
        valid: True where the source holds data; None for everywhere.

    Raises:
        OptionError: If the values are no labels and no fractions.
    """
    finite = finite_voxels(array, valid)
    lost = 0 if finite is None else int(np.count_nonzero(~finite if valid is None else valid & ~finite))
    valid = valid if finite is None else finite
    array = array if valid is None else np.where(valid, array, array.dtype.type(0))
    labels, boxes = labels_of(array)
    known = known_voxels(array.shape, to_source, shape, how, valid)
    result = np.zeros(shape, type_with(labels.dtype, how.fill_value), order="F")
    for first in range(0, shape[2], PLANES):
        slab = (slice(0, shape[0]), slice(0, shape[1]), slice(first, min(first + PLANES, shape[2])))
        fill_slab(result, slab, labels, boxes, to_source, how, threshold, valid)
    np.copyto(result, how.fill_value, where=~known, casting="unsafe")
    return Sampled(result, None if valid is None else known, int(np.count_nonzero(known)), lost)


def fill_slab(
    result: Values,
    slab: Box,
    labels: Values,
    boxes: dict[int, Box],
    to_source: Matrix,
    how: Sampling,
    threshold: float,
    valid: Bools | None,
) -> None:
    """Decide some planes of the result."""
    best = np.zeros([part.stop - part.start for part in slab], np.float32, order="F")
    for label, box in boxes.items():
        part = meet(slab, reached(box, to_source, result.shape, how))
        if part is None:
            continue
        cut = needed(part, to_source, labels.shape, how)
        fraction = sample(
            # A mask of fractions is its own fraction.
            labels[cut] if labels.dtype.kind == "f" else labels[cut] == label,
            shifted(to_source, part, cut),
            tuple(one.stop - one.start for one in part),
            replace(how, fill_value=0.0),
            None if valid is None else valid[cut],
        ).array
        so_far = best[part[0], part[1], part[2].start - slab[2].start : part[2].stop - slab[2].start]
        wins = (fraction >= threshold - ROUNDING) & (fraction >= so_far)
        result[part][wins] = label
        so_far[wins] = fraction[wins]


def labels_of(array: Values) -> tuple[Values, dict[int, Box]]:
    """The labels as whole numbers, or the fractions as they are, and the box around each label, in ascending order."""
    from scipy import ndimage

    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    low, high = array.min(), array.max()
    if low < 0 or high > LARGEST_LABEL:
        raise OptionError(
            f"mask_threshold is for masks and label maps, and the values are from {low:g} to {high:g}",
            advice="leave mask_threshold out",
        )
    whole = array
    if array.dtype.kind == "f":
        whole = array.astype(np.int32)
        if not np.array_equal(whole, array):
            if high > 1:
                raise OptionError(f"labels must be whole numbers, and fractions of a mask at most 1, not {high:g}")
            everything = (slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2]))
            return array, {1: everything}
    found = enumerate(ndimage.find_objects(whole), 1)
    return whole, {number: (box[0], box[1], box[2]) for number, box in found if box is not None}


def known_voxels(
    size: tuple[int, ...], to_source: Matrix, shape: tuple[int, int, int], how: Sampling, valid: Bools | None
) -> Bools:
    """Which voxels of the result lie within the source and are valid; it is the same for all labels."""
    ones = np.broadcast_to(np.uint8(1), size)
    if valid is None:
        inside = sample(ones, to_source, shape, replace(how, interpolation="nearest", fill_value=0.0))
        return inside.array.view(np.bool_)
    made = sample(ones, to_source, shape, how, valid).valid
    assert made is not None
    return made


# --- parts of the source and of the result ---


def meet(one: Box, other: Box) -> Box | None:
    """What two boxes share."""
    both = [slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(one, other, strict=True)]
    return None if any(part.stop <= part.start for part in both) else (both[0], both[1], both[2])


def reached(box: Box, to_source: Matrix, shape: tuple[int, ...], how: Sampling) -> Box:
    """The voxels of the result on which voxels of a box of the source may have an influence."""
    if how.boundary_mode == "wrap":
        return (slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2]))
    return around(box, np.asarray(np.linalg.inv(to_source)), shape, MARGIN[how.interpolation], 1)


def needed(part: Box, to_source: Matrix, size: tuple[int, ...], how: Sampling) -> Box:
    """The voxels of the source that have an influence on a part of the result."""
    if how.boundary_mode == "wrap":
        return (slice(0, size[0]), slice(0, size[1]), slice(0, size[2]))
    return around(part, to_source, size, 0, MARGIN[how.interpolation])


def around(box: Box, matrix: Matrix, size: tuple[int, ...], before: int, after: int) -> Box:
    """A box on another grid, widened there and before; at least one voxel of that grid."""
    ends = [(one.start - before, one.stop - 1 + before) for one in box]
    corners = np.array(list(itertools.product(*ends))) @ matrix[:3, :3].T + matrix[:3, 3]
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - after, 0, np.array(size) - 1)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + after, 0, np.array(size) - 1)
    first, second, third = (slice(int(a), int(b) + 1) for a, b in zip(low, high, strict=True))
    return first, second, third


def shifted(to_source: Matrix, part: Box, cut: Box) -> Matrix:
    """The matrix between a part of the result and a part of the source."""
    matrix = to_source.copy()
    start = np.array([one.start for one in part])
    matrix[:3, 3] += to_source[:3, :3] @ start - np.array([one.start for one in cut])
    return matrix
