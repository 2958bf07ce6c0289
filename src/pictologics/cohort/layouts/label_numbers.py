"""The numbers of labels in a whole data set: one organ has one number in every case, and no number is left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...array_types import AnyArray
from ...errors import GeometryError, OptionError
from ...geometry import CORNER_ERROR_REFUSED
from ...image import Image, copy_image
from ...labels import LARGEST_LABEL, Overlaps, choose_label_type, convert_whole_numbers, report_overlaps
from ...provenance import give_warnings
from .label_names import find_label_names
from .protocol import FinishedCase, OutputFile, OutputFolder

__all__ = ["LabelNumbers", "check_same_voxels", "fold_label", "order_labels", "renumber_cases", "unite_masks"]

BACKGROUND = "background"
"""The name of value 0 in data sets to train on; a segment of that name holds nothing that is looked for."""

IGNORED = "ignore"
"""Of voxels that nobody judged; nnU-Net requires that it is the last number."""


@dataclass(frozen=True)
class LabelNumbers:
    """The numbers of the labels of a data set.

    Attributes:
        names: The name of each number, from 1 on, ascending.
    """

    names: Mapping[int, str]

    def find(self, name: str) -> int:
        """The number of a name, in whatever upper and lower case; 0 for what has none, as the background."""
        return next((value for value, own in self.names.items() if fold_label(own) == fold_label(name)), 0)


def fold_label(name: str) -> str:
    """A name without what people vary: upper and lower case, and spaces."""
    return " ".join(name.split()).casefold()


def order_labels(names: Iterable[str], known: Mapping[int, str]) -> LabelNumbers:
    """Number labels from 1 on without gaps.

    Args:
        names: The names in use. Of several spellings of one name the first in alphabetical order is kept.
        known: Numbers that were given before; their order stays, and new names follow it in alphabetical order.
    """
    spelled: dict[str, str] = {}
    for name in sorted({" ".join(name.split()) for name in names}):
        spelled.setdefault(fold_label(name), name)
    spelled.pop(BACKGROUND, None)
    places = {fold_label(name): value for value, name in known.items()}
    ordered = sorted(spelled, key=lambda key: (key == IGNORED, places.get(key, len(places) + 1), key))
    return LabelNumbers({value: spelled[key] for value, key in enumerate(ordered, start=1)})


def unite_masks(masks: Mapping[str, Image], numbers: LabelNumbers | None, known: Mapping[int, str]) -> Image:
    """The masks of a case as one label map.

    Where two labels want a voxel, the higher number has it, and a warning says how often. Labels that are not in
    ``numbers`` are left out first.

    Args:
        masks: Label maps on the same voxels, by name.
        numbers: The numbers of the data set; None if they are given to the names of this case alone, for now.
        known: Numbers that the data set had before.

    Raises:
        OptionError: If there is no mask, no label is in ``numbers``, or a mask holds fractions.
        GeometryError: If the masks do not lie on the same voxels.
    """
    if not masks:
        raise OptionError(
            "the case has no mask, or none with a segment that is asked for, and one is required here",
            advice="choose other cases, or other names of segments",
        )
    named = {name: find_label_names(mask) for name, mask in masks.items()}
    if numbers is None:
        # With the labels of the cases before it, so that most label maps keep these numbers at the end.
        own = [label for labels in named.values() for label in labels.values()]
        numbers = order_labels([*known.values(), *own], known)
    elif lacks_all({label for labels in named.values() for label in labels.values()}, numbers):
        raise OptionError(
            f"the case has none of the labels of the data set ({', '.join(numbers.names.values())})",
            advice="correct the option labels, or choose other cases",
        )
    first = next(iter(masks.values()))
    dtype = choose_label_type(max(numbers.names, default=0))
    united: AnyArray = np.zeros(first.array.shape, dtype, order="F")
    overlaps: Overlaps = Overlaps()
    for name, mask in masks.items():
        check_same_voxels(first, mask)
        painted = paint_numbers(mask, {value: numbers.find(label) for value, label in named[name].items()}, dtype)
        count_overlaps(united, painted, overlaps)
        np.maximum(united, painted, out=united)
    give_warnings("masks", report_overlaps(overlaps, numbers.names, united))
    used = {numbers.find(label) for labels in named.values() for label in labels.values()} - {0}
    labels = {value: numbers.names[value] for value in sorted(used)}
    return copy_image(first, array=united, labels=labels, modality="SEG", source_mask=None)


def lacks_all(names: Collection[str], numbers: LabelNumbers) -> bool:
    """Whether there are names, and none of them has a number; a mask that holds nothing has no names."""
    segments = [name for name in names if fold_label(name) != BACKGROUND]
    return bool(segments) and not any(map(numbers.find, segments))


def check_same_voxels(first: Image, mask: Image) -> None:
    """Refuse masks that cannot be united voxel by voxel.

    Raises:
        GeometryError: If they lie elsewhere.
    """
    error = mask.grid.corner_error(first.grid) if mask.array.shape == first.array.shape else np.inf
    if not error < CORNER_ERROR_REFUSED:
        raise GeometryError(
            f"an image or mask of the case lies on other voxels than the first (its worst corner is {error:.3g} voxels "
            "away), and the same are required",
            advice="let process return all of them on one grid",
            corner_error=float(error),
        )


def paint_numbers(mask: Image, numbers: Mapping[int, int], dtype: np.dtype[Any]) -> AnyArray:
    """The voxels of a mask with other numbers.

    Raises:
        OptionError: If it holds fractions.
    """
    whole = mask.array
    if whole.dtype.kind == "f":
        converted = convert_whole_numbers(whole)
        if converted is None:
            raise OptionError("a mask holds fractions, and labels are required", advice="threshold it first")
        whole = converted
    changed = np.zeros(whole.shape, dtype, order="F")
    if min(numbers, default=0) < 0 or max(numbers, default=0) > LARGEST_LABEL:
        raise OptionError("a mask holds labels beyond 0 to 65535", advice="give them smaller numbers")
    table = np.zeros(max(numbers, default=0) + 1, dtype)
    for value, number in numbers.items():
        table[value] = number
    # A plane at a time, since indices take eight bytes each.
    for plane, target in zip(np.moveaxis(whole, -1, 0), np.moveaxis(changed, -1, 0), strict=True):
        target[...] = table[plane.astype(np.intp)]
    return changed


def count_overlaps(united: AnyArray, painted: AnyArray, overlaps: Overlaps) -> None:
    """Count the voxels that two different labels want."""
    shared = (united > 0) & (painted > 0) & (united != painted)
    if not shared.any():
        return
    pairs = np.sort(np.stack([united[shared], painted[shared]], axis=1), axis=1)
    for (low, high), count in zip(*np.unique(pairs, axis=0, return_counts=True), strict=True):
        overlaps[int(low), int(high)] += int(count)


def renumber_cases(
    folder: OutputFolder, rows: Sequence[FinishedCase], known: Mapping[int, str], chosen: LabelNumbers | None = None
) -> tuple[LabelNumbers, tuple[OutputFile, ...]]:
    """Number the labels of all cases alike, and write those label maps anew that had other numbers.

    What a label map's numbers mean is read from itself, so that being killed in the middle does no harm.

    Args:
        folder: Where the data set is.
        rows: The cases that are done.
        known: Numbers that the data set had before.
        chosen: Numbers that count in their place; None if nobody chose any.

    Returns:
        The numbers, and the files that were written anew.
    """
    masks = [output for row in rows for output in row.outputs if output.role == "mask"]
    numbers = chosen or order_labels([name for mask in masks for name in mask.labels.values()], known)
    changed = []
    for mask in masks:
        used = {numbers.find(name) for name in mask.labels.values()} - {0}
        wanted = {value: numbers.names[value] for value in sorted(used)}
        if wanted == dict(mask.labels):
            continue
        image = folder.load(mask.path)
        own = find_label_names(image)
        if own != wanted:
            dtype = choose_label_type(max(wanted, default=0))
            array = paint_numbers(image, {value: numbers.find(name) for value, name in own.items()}, dtype)
            folder.save(replace(image, array=array, labels=wanted), mask.path)
        changed.append(OutputFile(mask.path, "mask", mask.name, wanted))
    return numbers, tuple(changed)
