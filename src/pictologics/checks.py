"""Checks of what callers pass, before any work is done.

Each ``check_`` function returns the value, or raises an OptionError of one form: *name is value and must be ...*. The
value is an attribute of the error under the parameter's name. numpy's scalars are accepted wherever Python's numbers
are; True and False are not numbers.
"""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Collection, Sequence
from typing import Any, TypeVar

import numpy as np

from .errors import OptionError

__all__ = [
    "check_choice",
    "check_fill_value",
    "check_number",
    "check_range",
    "check_whole",
    "format_range",
    "is_number",
    "is_whole",
    "list_choices",
    "option_error",
    "volume_index_error",
]

Choice = TypeVar("Choice")


def option_error(name: str, value: object, required: str, advice: str = "") -> OptionError:
    """The error for a parameter that cannot be honored; what is required completes *must be ...*."""
    values: dict[str, Any] = {name: value}
    return OptionError(f"{name} is {value!r} and must be {required}", advice=advice, **values)


def volume_index_error(index: int, count: int, holder: str, path: str) -> OptionError:
    """The error for a ``dataset_index`` beyond the last volume of what holds them, such as ``"the file"``."""
    return OptionError(
        f"dataset_index {index} is out of range: {holder} holds {count} volume{'s' * (count != 1)}",
        path=path,
        advice=f"pass 0 to {count - 1}" if count > 1 else "leave dataset_index out",
        volumes=count,
    )


def is_number(value: object) -> bool:
    """Whether a value is a real number and not NaN; True and False are not."""
    # An array of one value would convert as well, and text in Python's own way.
    is_array = isinstance(value, np.ndarray) and value.ndim > 0
    if is_array or isinstance(value, (bool, np.bool_, str, bytes)) or not hasattr(value, "__float__"):
        return False
    try:
        return not math.isnan(float(value))
    except (OverflowError, TypeError, ValueError):
        return False


def is_whole(value: object) -> bool:
    """Whether a value is of a type of whole numbers; True and False are not."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def check_choice(name: str, value: Choice, choices: Collection[Any], *, advice: str = "") -> Choice:
    """Check that a value is one of the choices.

    Args:
        name: The parameter.
        value: Its value.
        choices: Text, whole numbers or None.
        advice: What to do instead, for the message.

    Returns:
        The choice that equals it.

    Raises:
        OptionError: If it is none of them; the message lists them.
    """
    if value is None or isinstance(value, str) or is_whole(value):
        for choice in choices:
            if choice == value:
                return choice  # type: ignore[no-any-return]
    raise option_error(name, value, list_choices(choices), advice)


def list_choices(choices: Collection[Any]) -> str:
    """Choices as a person lists them: ``None, "max" or "min"``."""
    texts = [json.dumps(choice) if isinstance(choice, str) else repr(choice) for choice in choices]
    return " or ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def check_number(
    name: str,
    value: float,
    unit: str = "",
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    most: float = math.inf,
    finite: bool = True,
    advice: str = "",
) -> float:
    """Check that a value is a number within bounds.

    Args:
        name: The parameter.
        value: Its value; NaN is refused.
        unit: Of the number, for the message.
        above: What it must exceed.
        least: What it must reach.
        most: What it must not exceed.
        finite: Whether infinity is refused as well.
        advice: What to do instead, for the message.

    Returns:
        The number.

    Raises:
        OptionError: If it is not.
    """
    # "a < x" is also False of what no comparison orders.
    fits = is_number(value) and above <= value and least <= value <= most and (value != above or above == -math.inf)
    if not fits or (finite and math.isinf(value)):
        bounds = ""
        if above > -math.inf:
            bounds = f" above {above:g}" + (f" and up to {most:g}" if most < math.inf else "")
        elif least > -math.inf:
            bounds = f" from {least:g} to {most:g}" if most < math.inf else f", {least:g} or more"
        kind = "a finite number" if finite and not bounds else "a number"
        raise option_error(name, value, f"{kind}{unit and ' of ' + unit}{bounds}", advice)
    return float(value)


def check_whole(
    name: str, value: int, least: int | None = None, most: int | None = None, *, odd: bool = False, advice: str = ""
) -> int:
    """Check that a value is a whole number within bounds.

    Args:
        name: The parameter.
        value: Its value.
        least: The smallest that is allowed.
        most: The largest.
        odd: Whether it must be odd.
        advice: What to do instead, for the message.

    Returns:
        The number, as Python's own.

    Raises:
        OptionError: If it is not.
    """
    fits = is_whole(value) and (least is None or value >= least) and (most is None or value <= most)
    if not fits or (odd and value % 2 == 0):
        bounds = "" if least is None else f", {least} or more" if most is None else f" from {least} to {most}"
        raise option_error(name, value, f"{'an odd' if odd else 'a'} whole number{bounds}", advice)
    return int(value)


def check_fill_value(value: float) -> float:
    """Check what voxels without data are to hold: any number, also NaN, infinity and a truth value.

    Raises:
        OptionError: If it is not a number.
    """
    if not isinstance(value, (int, float, np.number, np.bool_)) or isinstance(value, np.complexfloating):
        raise option_error("fill_value", value, "a number")
    try:
        is_too_large = math.isinf(float(value)) and value not in (math.inf, -math.inf)
    except OverflowError:
        is_too_large = True
    if is_too_large:
        raise option_error("fill_value", value, "a number that float64 holds")
    return value


def check_range(name: str, value_range: Sequence[float | None]) -> tuple[float, float]:
    """Check the two ends of a range.

    Returns:
        Both, infinite where the range is open.

    Raises:
        OptionError: If they are not two numbers or None, or the first is above the second.
    """
    try:
        low, high = value_range
    except (TypeError, ValueError):
        low = high = math.nan
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    if not is_number(low) or not is_number(high) or not low <= high:
        raise option_error(name, value_range, "two numbers, the lower one first, or None for an open end")
    return float(low), float(high)


def format_range(low: float, high: float) -> str:
    """A range as a person writes it."""
    return f"[{low:g}, {high:g}]"
