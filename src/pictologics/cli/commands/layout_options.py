"""Options of layouts, as a shell gives them: text, to the types that the layouts have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_type_hints

from ...cohort.layouts.registry import LAYOUTS
from ...errors import OptionError

__all__ = ["make_layout_options", "split_pair"]

YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def make_layout_options(layout: str, pairs: Sequence[str]) -> dict[str, Any]:
    """Options of a layout from ``NAME=VALUE``.

    Args:
        layout: The name of the layout.
        pairs: The options; one that the layout does not have stays text, and the layout refuses it by name.

    Raises:
        OptionError: If a value is not of the option's type.
    """
    kinds = get_type_hints(LAYOUTS[layout]) if layout in LAYOUTS else {}
    options = {}
    for pair in pairs:
        name, value = split_pair("--option", pair)
        read, required = OPTION_TYPES.get(str(kinds.get(name, str)), (str, "text"))
        try:
            options[name] = read(value.strip() if read is not str else value)
        except (ValueError, KeyError) as error:
            raise OptionError(
                f"--option {name} is {value!r} and must be {required}", advice="see pictologics run --help"
            ) from error
    return options


def split_pair(option: str, pair: str) -> tuple[str, str]:
    """A name and a value out of ``NAME=VALUE``."""
    name, sign, value = pair.partition("=")
    if not sign or not name.strip():
        raise OptionError(f"{option} is {pair!r} and must be a name and a value", advice=f"write {option} NAME=VALUE")
    return name.strip(), value


def parse_yes_or_no(text: str) -> bool:
    """A truth value."""
    return YES_OR_NO[text.lower()]


def parse_numbered_names(text: str) -> dict[str, int]:
    """A number for each name, out of ``liver=1,spleen=2``."""
    pairs = [part.rpartition("=") for part in text.split(",")]
    numbers = {name.strip(): int(number) for name, _, number in pairs}
    if "" in numbers or len(numbers) < len(pairs):
        raise ValueError("a name is missing, or is there twice")
    return numbers


OPTION_TYPES: dict[str, tuple[Callable[[str], Any], str]] = {
    str(bool): (parse_yes_or_no, "true or false"),
    str(int): (int, "a whole number"),
    str(float): (float, "a number"),
    str(Mapping[str, int] | None): (parse_numbered_names, "names and numbers, such as liver=1,spleen=2"),
}
"""What reads an option of a type, and what it must be."""
