"""Labels on another grid by how much of each voxel they fill."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..array_types import AnyArray, BoolArray, FloatArray
from ..errors import OptionError
from ..geometry import Box
from ..interpolation.block_arithmetic import Scratch, select_values
from ..interpolation.filled_types import widen_type
from ..interpolation.influence import (
    find_result_box,
    find_source_box,
    intersect_boxes,
    shift_map,
)
from ..interpolation.sampling import (
    Sampled,
    Sampling,
    sample,
)
from ..labels import LARGEST_LABEL
from ..validity import find_valid

__all__ = ["sample_labels"]


PLANES = 32
"""Planes of the result that are made together, so that fractions take little memory."""

FRACTION_ROUNDING = 1e-6
"""What a fraction may lack of the threshold from rounding in float32."""


def sample_labels(
    array: AnyArray,
    to_source: FloatArray,
    shape: tuple[int, int, int],
    how: Sampling,
    threshold: float,
    valid: BoolArray | None = None,
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
        OptionError: If the values are neither labels nor fractions.
    """
    validity = find_valid(array, valid)
    valid = validity.mask
    array = array if valid is None else np.where(valid, array, array.dtype.type(0))
    labels, boxes = find_label_boxes(array)
    known = find_known_voxels(array.shape, to_source, shape, how, valid)
    result = np.zeros(shape, widen_type(array, how.fill_value), order="F")
    for first in range(0, shape[2], PLANES):
        slab = (slice(0, shape[0]), slice(0, shape[1]), slice(first, min(first + PLANES, shape[2])))
        fill_planes(result, slab, labels, boxes, to_source, how, threshold, valid)
    lost = find_lost_labels(result, boxes)
    np.copyto(result, how.fill_value, where=~known, casting="unsafe")
    return Sampled(result, None if valid is None else known, int(np.count_nonzero(known)), validity.not_finite, lost)


def find_lost_labels(result: AnyArray, boxes: dict[int, Box]) -> tuple[int, ...]:
    """The labels that no voxel of the result has, if another label has one; that nothing is left is said elsewhere."""
    if len(boxes) < 2:
        return ()
    counts = np.zeros(max(boxes) + 1, np.int64)
    for k in range(result.shape[2]):
        counts += np.bincount(result[:, :, k].ravel(order="K").astype(np.intp), minlength=counts.size)
    return tuple(label for label in boxes if not counts[label]) if counts[1:].any() else ()


def fill_planes(
    result: AnyArray,
    slab: Box,
    labels: AnyArray,
    boxes: dict[int, Box],
    to_source: FloatArray,
    how: Sampling,
    threshold: float,
    valid: BoolArray | None,
) -> None:
    """Choose the labels of some planes of the result."""
    scratch = Scratch()
    best = np.zeros([part.stop - part.start for part in slab], np.float32, order="F")
    for label, box in boxes.items():
        part = intersect_boxes(slab, find_result_box(box, to_source, result.shape, how.interpolation, how.extension))
        if part is None:
            continue
        cut = find_source_box(part, to_source, labels.shape, how.interpolation, how.extension)
        fraction = sample(
            # A mask of fractions is its own fraction.
            labels[cut] if labels.dtype.kind == "f" else labels[cut] == label,
            shift_map(to_source, part, cut),
            tuple(side.stop - side.start for side in part),
            replace(how, fill_value=0.0),
            None if valid is None else valid[cut],
        ).array
        so_far = best[part[0], part[1], part[2].start - slab[2].start : part[2].stop - slab[2].start]
        wins = (fraction >= threshold - FRACTION_ROUNDING) & (fraction >= so_far)
        target = result[part].T
        select_values(target, ~wins.T, label, target, scratch)
        # What is below the threshold loses against anything that is not.
        np.maximum(so_far, fraction, out=so_far)


def find_label_boxes(array: AnyArray) -> tuple[AnyArray, dict[int, Box]]:
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


def find_known_voxels(
    size: tuple[int, ...], to_source: FloatArray, shape: tuple[int, int, int], how: Sampling, valid: BoolArray | None
) -> BoolArray:
    """Which voxels of the result lie within the source and are valid; it is the same for all labels."""
    ones = np.broadcast_to(np.uint8(1), size)
    if valid is None:
        inside = sample(ones, to_source, shape, replace(how, interpolation="nearest", fill_value=0.0))
        return inside.array.view(np.bool_)
    known = sample(ones, to_source, shape, how, valid).valid
    assert known is not None
    return known
