"""The keywords of the front door, checked before anything is read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import NoneType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..errors import OptionError
from ..geometry import Grid
from ..image import Image
from ..merger import Binarize
from .protocol import SourceMaskFrom, Suv

__all__ = [
    "checked_binarize",
    "checked_choice",
    "checked_dtype",
    "checked_fill_value",
    "checked_index",
    "checked_paths",
    "checked_source_mask_from",
    "checked_suv",
    "grid_of_reference",
]

Choice = TypeVar("Choice", bound=str | None)


def grid_of_reference(reference_image: Image) -> Grid:
    """Where the reference lies, if it is an image."""
    if not isinstance(reference_image, Image):
        raise OptionError(
            f"reference_image must be an Image and {type(reference_image).__name__} was given",
            advice="load the reference first",
        )
    return reference_image.grid


def checked_fill_value(fill_value: float) -> float:
    """A real number."""
    if not isinstance(fill_value, (int, float, np.number)):
        raise OptionError(f"fill_value is {fill_value!r} and must be a number", fill_value=fill_value)
    return fill_value


def checked_index(index: int) -> int:
    """A volume's number, which counts from 0."""
    if isinstance(index, bool) or not isinstance(index, (int, np.integer)) or index < 0:
        raise OptionError(f"dataset_index is {index!r} and must be a whole number from 0 on", dataset_index=index)
    return int(index)


def checked_choice(name: str, value: Choice, choices: tuple[Choice, ...]) -> Choice:
    """One of the values that a keyword may have."""
    if not isinstance(value, (str, NoneType)) or value not in choices:
        known = " or ".join(json.dumps(one) if isinstance(one, str) else repr(one) for one in choices)
        values: dict[str, Any] = {name: value}
        raise OptionError(f"{name} is {value!r} and must be {known}", **values)
    return value


def checked_source_mask_from(value: SourceMaskFrom | None) -> SourceMaskFrom | None:
    """Where the source mask comes from: a name, or the value of a sentinel, which may be NaN."""
    if value is None or (isinstance(value, str) and value in ("padding", "sentinel")):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise OptionError(
            f'source_mask_from is {value!r} and must be None or "padding" or "sentinel" or a number',
            source_mask_from=value,
        )
    return float(value)


def checked_suv(suv: Suv | None, apply_rescale: bool) -> Suv | None:
    """A kind of uptake value, which is none of the stored ones."""
    checked = checked_choice("suv", suv, (None, "bw", "lbm", "bsa"))
    if checked is not None and not apply_rescale:
        raise OptionError(
            f"suv={suv!r} and apply_rescale=False contradict each other: uptake values are rescaled ones",
            advice="leave one of them out",
        )
    return checked


def checked_dtype(dtype: npt.DTypeLike | None) -> np.dtype[np.generic] | None:
    """A type of single real numbers in the machine's byte order, or None."""
    if dtype is None:
        return None
    try:
        checked = np.dtype(dtype)
    except TypeError as error:
        raise OptionError(f"dtype {dtype!r} is no numpy type", dtype=dtype) from error
    if checked.kind not in "iuf":
        raise OptionError(f"dtype {checked} holds no single real numbers", dtype=str(checked))
    return checked.newbyteorder("=")


def checked_paths(paths: Any) -> list[Any]:
    """A list of what is to be merged, with something in it."""
    if isinstance(paths, (str, bytes)) or not isinstance(paths, Sequence):
        raise OptionError(
            f"image_paths must be a list of paths, and {type(paths).__name__} was given",
            advice="put a single path into a list",
        )
    if not paths:
        raise OptionError("image_paths is empty, and there is nothing to merge", advice="name at least one file")
    return list(paths)


def checked_binarize(rule: Binarize) -> Binarize:
    """A rule of binarizing; True and False are no numbers here."""
    if rule is None or isinstance(rule, bool):
        return rule or None
    if is_whole(rule):
        return int(rule)  # type: ignore[arg-type]
    if isinstance(rule, list) and rule and all(map(is_whole, rule)):
        return [int(value) for value in rule]
    if isinstance(rule, tuple) and len(rule) == 2 and all(map(is_whole, rule)):
        if rule[0] > rule[1]:
            raise OptionError(
                f"binarize is {rule!r}, a range whose first value is above its last",
                advice="give the smaller value first",
                binarize=rule,
            )
        return int(rule[0]), int(rule[1])
    raise OptionError(
        f"binarize is {rule!r} and must be None, a bool, a whole number, a list of whole numbers, "
        "or a tuple of the first and last value of a range",
        binarize=rule,
    )


def is_whole(value: object) -> bool:
    """Whether a value is a whole number; True and False are not."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
