"""The keywords of the front door, checked before anything is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from ..checks import check_choice, check_fill_value, check_whole, is_whole, option_error
from ..errors import ContentWarning, OptionError, warn
from ..geometry import Grid, check_region
from ..image import Image
from ..image_checks import check_is_image
from ..merger import Binarize
from .protocol import MAIN_VOLUME, ReadOptions, SourceMaskFrom, Suv

__all__ = [
    "accept_former_spelling",
    "check_binarize",
    "check_dtype",
    "check_paths",
    "check_read_options",
    "check_reference",
    "check_suv",
    "warn_of_idle_options",
]

P = ParamSpec("P")
R = TypeVar("R")


def accept_former_spelling(former: str, name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a function take a keyword by its former spelling too.

    Raises:
        OptionError: When the function is called with both, and they differ.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **keywords: P.kwargs) -> R:
            if former in keywords:
                value = keywords.pop(former)
                if keywords.setdefault(name, value) != value:
                    raise OptionError(
                        f"{former} is {value!r} and {name} is {keywords[name]!r}, and they are one parameter",
                        advice=f"pass {name} only",
                    )
            return function(*args, **keywords)

        return call

    return decorate


def warn_of_idle_options(needed: str, transpose_axes: object, fill_value: object, interpolation: object) -> None:
    """Name the options of placing that differ from their defaults where nothing is placed.

    Args:
        needed: The keyword without which they mean nothing.
        transpose_axes: As it was given.
        fill_value: As it was given.
        interpolation: As it was given.
    """
    idle = [
        name
        for name, is_changed in (
            ("transpose_axes", transpose_axes is not None),
            ("fill_value", isinstance(fill_value, (int, float, np.number)) and fill_value != 0),
            ("interpolation", interpolation is not None),
        )
        if is_changed
    ]
    for name in idle:
        # In place of an irregular stack's missing voxels it is used without a reference too.
        also = ' or irregular="resample"' if name == "fill_value" and needed == "reference_image" else ""
        warn(f"{name} is used together with {needed}{also} only, and was ignored", ContentWarning)


def check_dataset_index(index: int) -> int:
    """Check ``dataset_index``: a whole number from 0, or the default as it is, which says that none was written."""
    return index if index is MAIN_VOLUME else check_whole("dataset_index", index, 0)


def check_reference(reference_image: Image) -> Grid:
    """Check that a reference is an image, and return where it lies."""
    check_is_image("reference_image", reference_image)
    return reference_image.grid


def check_irregular(value: Any) -> Any:
    """Check what to do with slices that do not form a regular grid."""
    return check_choice("irregular", value, ("error", "ignore", "resample"))


def check_color_handling(value: Any) -> Any:
    """Check what to do with images in color."""
    return check_choice("color", value, ("error", "luminance"))


def check_source_mask_from(value: SourceMaskFrom | None) -> SourceMaskFrom | None:
    """Check where the source mask comes from: a name, or the value of a sentinel, which may be NaN."""
    if value is None or (isinstance(value, str) and value in ("padding", "sentinel")):
        return value
    if not isinstance(value, bool) and isinstance(value, (int, float, np.integer, np.floating)):
        return float(value)
    raise option_error("source_mask_from", value, 'None, "padding", "sentinel" or a number')


def check_suv(suv: Suv | None) -> Suv | None:
    """Check a kind of uptake value."""
    return check_choice("suv", suv, (None, "bw", "lbm", "bsa"))


def check_dtype(dtype: npt.DTypeLike | None) -> np.dtype[np.generic] | None:
    """Check that a type is None or one of real numbers, and return it in the byte order of the machine."""
    if dtype is None:
        return None
    try:
        checked = np.dtype(dtype)
    except TypeError as error:
        raise option_error("dtype", dtype, "a NumPy dtype") from error
    if checked.kind not in "iuf":
        raise OptionError(f"dtype {checked} is not supported: only real scalar types are", dtype=str(checked))
    return checked.newbyteorder("=")


CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "dataset_index": check_dataset_index,
    "recursive": bool,
    "apply_rescale": bool,
    "irregular": check_irregular,
    "dtype": check_dtype,
    "source_mask_from": check_source_mask_from,
    "color": check_color_handling,
    "suv": check_suv,
    "allow_outside_files": bool,
    "fill_value": check_fill_value,
    "region": lambda region: None if region is None else check_region(region),
}
"""How each keyword of reading is checked, and brought into its one form; those that are not here are taken as given."""


def check_read_options(**given: Any) -> ReadOptions:
    """Check the keywords of reading, and pack them.

    Args:
        given: Fields of ``ReadOptions``, as the caller of a loader wrote them.

    Raises:
        OptionError: If one of them means nothing, or two contradict each other.
    """
    options = ReadOptions(**{name: CHECKS[name](value) if name in CHECKS else value for name, value in given.items()})
    if options.suv is not None and not options.apply_rescale:
        raise OptionError(
            f"suv={options.suv!r} and apply_rescale=False contradict each other: uptake values are rescaled ones",
            advice="leave one of them out",
        )
    return options


def check_paths(paths: Any) -> list[Any]:
    """Check the list of files to merge, which must hold one at least."""
    if isinstance(paths, (str, bytes)) or not isinstance(paths, Sequence):
        raise OptionError(
            f"image_paths must be a list of paths, and {type(paths).__name__} was given",
            advice="put a single path into a list",
        )
    if not paths:
        raise OptionError("image_paths is empty, and there is nothing to merge", advice="name at least one file")
    return list(paths)


def check_binarize(rule: Binarize) -> Binarize:
    """Check a rule of binarizing; True and False are not numbers here."""
    if rule is None or isinstance(rule, (bool, np.bool_)):
        return bool(rule) or None
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
    raise option_error(
        "binarize",
        rule,
        "None, a bool, a whole number, a list of whole numbers, or a tuple of the first and last value of a range",
    )
