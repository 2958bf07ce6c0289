"""The masks of a case: several files, one label map, and a name for every value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ...array_types import AnyArray
from ...image import Image
from ...labels import Overlaps, choose_label_type, convert_mask_values, list_labels, report_overlaps
from ...provenance import give_warnings

__all__ = ["make_label_map", "merge_label_maps"]


def make_label_map(mask: Image, name: str) -> Image:
    """A mask as unsigned integers, with a name for each of its values.

    Args:
        mask: The mask, as it was loaded.
        name: What its values are called if no file says it: a single one has this name, several have it and a number.

    Raises:
        UnsupportedFormatError: If it does not hold labels.
        OptionError: If a label is beyond the last number of a segment in DICOM.
    """
    path = mask.provenance.source or None
    advice = "choose only masks by the condition on them"
    array, decisions = convert_mask_values(mask.array, path=path, are_labels=bool(mask.labels), advice=advice)
    give_warnings(path or name, decisions)
    found = list_labels(array)
    array = array.astype(choose_label_type(max(found, default=0)), copy=False, order="K")
    unnamed = {value: name if len(found) == 1 else f"{name} {value}" for value in found}
    named = {value: text for value, text in mask.labels.items() if value > 0 and text}
    labels = dict(sorted({**unnamed, **named}.items()))
    provenance = mask.provenance.with_decisions(*decisions)
    return replace(mask, array=array, labels=labels, modality="SEG", source_mask=None, provenance=provenance)


def merge_label_maps(masks: Mapping[str, Image]) -> Image:
    """Merge label maps on the same voxels into one, in which every segment keeps its name.

    Numbers stay if no two segments share one; otherwise segments are numbered from 1, in the order of the masks. Where
    segments overlap, the higher number has the voxel, as in ``load_seg``, and a warning names the pairs and
    says how much is covered.

    Args:
        masks: Label maps by name, one at least.

    Returns:
        The label map, with the decisions of all.
    """
    if len(masks) == 1:
        return next(iter(masks.values()))
    numbers = renumber_masks(masks)
    first = next(iter(masks.values()))
    merged = np.zeros(first.array.shape, choose_label_type(max(numbers.values(), default=0)), order="F")
    overlaps: Overlaps = Counter()
    for name, mask in masks.items():
        table = np.zeros(int(mask.array.max(initial=0)) + 1, merged.dtype)
        for (owner, value), number in numbers.items():
            if owner == name and value < table.size:
                table[value] = number
        painted = mask.array > 0
        before, numbered = merged[painted], table[mask.array[painted]]
        overlaps.update(count_shared_voxels(before, numbered))
        merged[painted] = np.maximum(before, numbered)
    names = {number: masks[name].labels[value] for (name, value), number in numbers.items()}
    told = report_overlaps(overlaps, names, merged)
    give_warnings("masks", told)
    decisions = dict.fromkeys(decision for mask in masks.values() for decision in mask.provenance.decisions)
    provenance = replace(first.provenance, decisions=(*decisions, *told))
    return Image.from_grid(merged, first.grid, modality="SEG", labels=names, provenance=provenance)


def renumber_masks(masks: Mapping[str, Image]) -> dict[tuple[str, int], int]:
    """The number of each segment in the merged map, by its mask and its value there."""
    segments = [(name, value) for name, mask in masks.items() for value in sorted(mask.labels)]
    values = [value for _, value in segments]
    if len(set(values)) == len(values):
        return dict(zip(segments, values, strict=True))
    return {segment: number for number, segment in enumerate(segments, 1)}


def count_shared_voxels(before: AnyArray, numbered: AnyArray) -> dict[tuple[int, int], int]:
    """Voxels that have one number already and are to have another, by both numbers, the lower one first."""
    shared = before > 0
    pairs = np.stack([before[shared], numbered[shared]])
    found, counts = np.unique(np.sort(pairs, axis=0), axis=1, return_counts=True)
    return {(int(low), int(high)): int(count) for (low, high), count in zip(found.T, counts, strict=True)}
