"""One meaning for each value of the masks of all cases: segments are numbered by each file anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ...checks import check_whole
from ...errors import OptionError
from .training_case import TrainingCase

__all__ = ["LARGEST_CLASS", "LabelValues", "check_stored_labels"]

LARGEST_CLASS: Final = 255
"""Masks become tensors of one byte: larger ones are eight times as large to move between processes."""


@dataclass(frozen=True)
class LabelValues:
    """Which value each label gets.

    Attributes:
        by_name: The value of each name, in small letters; None where masks keep the values that they have.
    """

    by_name: Mapping[str, int] | None = None

    @classmethod
    def from_names(cls, labels: Mapping[str, int]) -> LabelValues:
        """Take the values that a caller wants, from 1 to 255.

        Raises:
            OptionError: If they are no mapping, or one is outside that range.
        """
        if not isinstance(labels, Mapping):
            raise OptionError(
                f"labels is of type {type(labels).__name__} and must be the value of each name",
                advice="write labels={'liver': 1, 'spleen': 2}",
            )
        values = {name: check_whole(f"labels[{name!r}]", value, 1, LARGEST_CLASS) for name, value in labels.items()}
        return cls({normalize_name(name): value for name, value in values.items()})

    def find_wanted(self, names: Mapping[int, str]) -> dict[int, int]:
        """Which stored values of a mask become which, given what they stand for."""
        wanted = self.by_name or {}
        found = {value: wanted.get(normalize_name(name)) for value, name in names.items()}
        return {value: target for value, target in found.items() if target is not None}

    def names_any(self, case: TrainingCase) -> bool:
        """Whether a case has a mask with a label that is wanted, as far as is known before it is loaded."""
        if self.by_name is None or case.mask_labels is None:
            return case.mask_count > 0
        return any(self.find_wanted(labels) for labels in case.mask_labels)

    def paint(
        self, masks: Iterable[tuple[npt.NDArray[Any], Mapping[int, str]]], shape: Sequence[int]
    ) -> npt.NDArray[np.uint8]:
        """Paint label maps into one, each over those before it.

        Args:
            masks: Label maps (x, y, z), and what their values stand for.
            shape: Their shape.

        Raises:
            OptionError: If a value that is kept is larger than 255, or below 0.
        """
        painted = np.zeros(tuple(shape), np.uint8, order="F")
        for array, names in masks:
            if self.by_name is None:
                copy_labels(painted, array)
            else:
                for value, target in self.find_wanted(names).items():
                    painted[array == value] = target
        return painted


def normalize_name(name: str) -> str:
    """A label's name as it is compared: tools differ in capital letters, spaces and underscores."""
    return " ".join(name.casefold().replace("_", " ").split())


def copy_labels(painted: npt.NDArray[np.uint8], array: npt.NDArray[Any]) -> None:
    """Copy the labels of a map as they are; 0 is nothing."""
    if array.dtype != np.uint8 and array.size and not 0 <= array.min() <= array.max() <= LARGEST_CLASS:
        raise OptionError(
            f"a mask has values from {array.min()} to {array.max()}, and 0 to {LARGEST_CLASS} is what a tensor holds",
            advice="pass labels=, the values that names get, such as labels={'liver': 1}",
        )
    np.copyto(painted, array.astype(np.uint8), where=array != 0)


def check_stored_labels(cases: Sequence[TrainingCase]) -> dict[int, str]:
    """Make sure that masks can keep their values: one for each case, and each name with one value.

    Returns:
        What the values stand for.

    Raises:
        OptionError: If a case has several masks, or a value or a name stands for different things.
    """
    meanings: dict[int, tuple[str, str]] = {}
    numbers: dict[str, tuple[int, str]] = {}
    advice = "pass labels=, the values that names get, such as labels={'liver': 1, 'spleen': 2}"
    for case in cases:
        if case.mask_count > 1 or case.mask_labels is None:
            raise OptionError(
                f"the case {case.case_id} has {case.mask_count} masks, and one that a run wrote is required where "
                "values are kept",
                advice=advice,
            )
        for value, name in [label for labels in case.mask_labels for label in labels.items()]:
            first_name, named_by = meanings.setdefault(value, (name, case.case_id))
            first_value, numbered_by = numbers.setdefault(normalize_name(name), (value, case.case_id))
            if normalize_name(first_name) != normalize_name(name) or first_value != value:
                raise OptionError(
                    f"the mask of the case {case.case_id} has {name!r} as {value}, and other cases have it otherwise: "
                    f"{value} is {first_name!r} in {named_by}, and {name!r} is {first_value} in {numbered_by}",
                    advice=advice,
                )
    return {value: name for value, (name, _) in sorted(meanings.items())}
