"""Slices along three axes, as between brackets: checked, and what they take of each axis."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from types import EllipsisType
from typing import Any

from ..errors import OptionError
from .boxes import Box

__all__ = ["AxisRange", "expand_ellipsis", "resolve_slices"]

AxisRange = tuple[int, int, int]
"""Of one axis: the first voxel that is taken, the step to the next, and how many are taken."""


def resolve_slices(index: Any, shape: Sequence[int]) -> tuple[Box, list[AxisRange]]:
    """Say which voxels slices take.

    Args:
        index: What stands between the brackets: up to three slices, one of which may be ``...``. As with numpy, what
            reaches beyond the end takes what is there, and negative numbers count from the end.
        shape: Number of voxels along each axis.

    Returns:
        The three slices, for an array; and what they take of each axis.

    Raises:
        OptionError: If anything else is given, or nothing would be left.
    """
    parts = expand_ellipsis(index if isinstance(index, tuple) else (index,), len(shape))
    ranges: list[AxisRange] = []
    for axis, (part, count) in enumerate(zip(parts, shape, strict=True)):
        try:
            taken = range(count)[part]
        except (TypeError, ValueError) as error:
            raise OptionError(
                f"the slice {part.start}:{part.stop}:{part.step} along axis {axis} is not of whole numbers with a step "
                "other than 0",
                advice="slice as with numpy, such as image[10:50, :, ::2]",
            ) from error
        if not taken:
            raise OptionError(
                f"the slice {part.start}:{part.stop}:{part.step} along axis {axis} takes none of its {count} voxels",
                advice=f"slice between 0 and {count}",
                axis=axis,
            )
        ranges.append((taken.start, taken.step, len(taken)))
    return parts, ranges


def expand_ellipsis(parts: tuple[Any, ...], axes: int) -> Box:
    """Slices for every axis; those that are not named are taken whole."""
    if sum(part is Ellipsis for part in parts) > 1 or sum(part is not Ellipsis for part in parts) > axes:
        raise OptionError(f"there are {axes} axes to slice", advice="slice each once, such as image[10:50, :, 3:9]")
    named = [part if isinstance(part, EllipsisType) else check_slice(part) for part in parts]
    at = named.index(Ellipsis) if Ellipsis in named else len(named)
    whole = [slice(None)] * (axes - len(named) + (Ellipsis in named))
    before, after = named[:at], named[at + 1 :]
    return (*before, *whole, *after)  # type: ignore[return-value]


def check_slice(part: Any) -> slice:
    """A slice; what would take an axis away, or voxels that form no box, is refused."""
    if isinstance(part, slice):
        return part
    try:
        number = operator.index(part)
    except TypeError:
        raise OptionError(
            f"voxels are taken by slices, and {type(part).__name__} was given",
            advice="index the array instead, such as image.array[mask.array > 0]",
        ) from None
    end = number + 1 if number != -1 else ""
    raise OptionError(
        f"an image keeps its three axes, and the number {number} would take one away",
        advice=f"take one plane by {number}:{end}, or index the array instead",
    )
