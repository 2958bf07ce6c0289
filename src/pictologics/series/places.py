"""Places of an axis by numbers, as between brackets."""

from __future__ import annotations

from typing import Any

from ..checks import is_whole
from ..errors import OptionError

__all__ = ["check_place", "list_places"]


def check_place(number: int, count: int, what: str) -> int:
    """A number from 0 on, of one that may be counted from the end."""
    if not -count <= number < count:
        raise OptionError(
            f"there is no {what} {number}: there are {count}", advice=f"choose from 0 to {count - 1}", count=count
        )
    return number % count


def list_places(wanted: Any, count: int, name: str) -> list[int]:
    """The places of an axis that a number, a slice or a list of numbers takes."""
    if is_whole(wanted):
        return [check_place(int(wanted), count, name)]
    if isinstance(wanted, slice):
        try:
            places = list(range(count)[wanted])
        except (TypeError, ValueError):
            places = []
    else:
        try:
            places = [check_place(check_number_of_volume(number), count, name) for number in wanted]
        except TypeError as error:
            raise volume_number_error(wanted) from error
    if not places:
        raise OptionError(f"{name}={wanted!r} takes none of {count} places", advice="take one at least")
    return places


def check_number_of_volume(number: object) -> int:
    """Check that a number is whole."""
    if not is_whole(number):
        raise volume_number_error(number)
    return int(number)  # type: ignore[call-overload, no-any-return]


def volume_number_error(given: object) -> OptionError:
    """The error for what is no number of a volume."""
    return OptionError(
        f"volumes are taken by numbers, slices and lists of numbers, and {given!r} was given",
        advice="take volumes by their labels with select()",
    )
