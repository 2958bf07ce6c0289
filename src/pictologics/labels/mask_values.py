"""The values of a mask, of whatever type a file stores them in, as whole numbers in the smallest type."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..array_types import AnyArray
from ..errors import UnsupportedFormatError
from ..provenance import Decision
from .label_like import LABEL_ROUNDING, find_few_values, judge_regions
from .label_types import LARGEST_LABEL, convert_whole_numbers

__all__ = ["convert_mask_values", "list_labels"]

Values = npt.NDArray[Any]

FEW_VALUES: Final = 20
"""Different values up to which nobody asks whether they are labels: as many organs are segmented at once, and a scan
has more."""


def convert_mask_values(
    array: AnyArray,
    threshold: float | None = None,
    *,
    path: str | None = None,
    are_labels: bool = False,
    advice: str,
    fraction_advice: str = "",
) -> tuple[npt.NDArray[np.unsignedinteger[Any]], list[Decision]]:
    """Convert the values of a mask to labels, without making any up.

    Args:
        array: Truth values or real numbers, (x, y, z).
        threshold: Of values from 0 to 1 that are not whole, the fraction from which on a voxel belongs to the mask;
            None refuses them.
        path: The file, for messages.
        are_labels: Whether the file says that they are labels, so that they need not look like it.
        advice: What to do with what is no mask.
        fraction_advice: What to do with fractions, if it is something else.

    Returns:
        The labels in the smallest unsigned type that holds them, with 0 where there is none; and what was decided.

    Raises:
        UnsupportedFormatError: If they are no labels: below zero, not whole, or an image's.
    """
    decisions: list[Decision] = []
    if array.dtype.kind == "b":
        return array.view(np.uint8), decisions
    if array.dtype.kind == "f":
        array, decisions = convert_floats(array, threshold, path, (advice, fraction_advice))
    low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
    if low < 0:
        raise no_mask_error(f"the value {low}", path, advice)
    judged = None if are_labels else judge_regions(array)
    if judged is not None and not judged.are_regions and judged.values > FEW_VALUES:
        found = f"{judged.values} different values and more that lie side by side as those of an image do"
        if judged.are_of_an_image:
            raise no_mask_error(found, path, advice)
        text = f"it holds {found}; each was taken as a label"
        decisions.append(Decision("assumed", text, judged.values, "content"))
    return array.astype(np.min_scalar_type(high), copy=False, order="K"), decisions


def convert_floats(
    array: AnyArray, threshold: float | None, path: str | None, advices: tuple[str, str]
) -> tuple[Values, list[Decision]]:
    """Convert floats to whole numbers: as they are, rounded if they nearly are, or compared with a threshold."""
    decisions = []
    unknown = np.isnan(array)
    count = int(np.count_nonzero(unknown))
    if count:
        array = np.where(unknown, array.dtype.type(0), array)
        text = f"{count} voxels hold NaN, and were taken as background"
        decisions.append(Decision("converted", text, count, "content"))
    whole = convert_whole_numbers(array)
    if whole is not None:
        return whole, decisions
    # Not whole, and so not empty.
    low, high = float(array.min()), float(array.max())
    if threshold is not None and low >= 0 and high <= 1:
        text = f"fractions from {low:g} to {high:g}; voxels of {threshold:g} and more belong to the mask"
        return (array >= threshold).astype(np.uint8, order="K"), [*decisions, Decision("converted", text, threshold)]
    rounded = np.rint(array)
    with np.errstate(invalid="ignore"):
        distance = float(np.abs(array - rounded).max())
    if distance <= LABEL_ROUNDING and find_few_values(array) is not None:
        nearest = convert_whole_numbers(rounded)
        if nearest is not None:
            text = f"labels that are up to {distance:.3g} off whole numbers were rounded to them"
            return nearest, [*decisions, Decision("rounded", text, distance, "content")]
    example = float(array[np.unravel_index(np.argmax(array != rounded), array.shape)])
    advice, fraction_advice = advices
    if not np.isfinite(example) or not np.isfinite(high - low):
        raise no_mask_error("a value that is infinite", path, advice)
    if low >= 0 and high <= 1:
        advice = fraction_advice or advice
    raise no_mask_error(f"values that are not whole numbers, such as {example:.6g}", path, advice)


def no_mask_error(found: str, path: str | None, advice: str) -> UnsupportedFormatError:
    """The error for what is no mask."""
    return UnsupportedFormatError(f"it holds {found}, and masks hold whole numbers from 0", path=path, advice=advice)


def list_labels(array: npt.NDArray[np.unsignedinteger[Any]]) -> list[int]:
    """The labels of a map that any voxel has, in ascending order.

    Args:
        array: Unsigned integers, (x, y, z); 0 is no label.
    """
    largest = int(array.max(initial=0))
    if largest > LARGEST_LABEL:
        return [label for label in np.unique(array).tolist() if label]
    is_there = np.zeros(largest + 1, np.bool_)
    # A plane at a time, since indices take eight bytes each.
    for plane in np.moveaxis(array, -1, 0):
        is_there[plane] = True
    is_there[0] = False
    return np.flatnonzero(is_there).tolist()
