"""The steps that a pipeline may have: one line for each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from ... import filters
from ...checks import check_number, check_range
from ...errors import OptionError
from ...sentinels import mark_sentinel
from ..growing import grow_mask
from ..intensity import (
    check_bins,
    check_percentiles,
    clip_intensities,
    discretize_image,
    normalize_image,
    round_intensities,
)
from ..masks import filter_outliers, keep_largest_component, resegment_mask
from .schema import Parameter, parameters_of
from .together import check_spacing, crop_together, resample_together

__all__ = ["STEPS", "StepKind", "Takes", "find_step"]


class Takes(Enum):
    """What a step works on, and what becomes of it."""

    IMAGE = "the image"
    MASKS = "each mask"
    MASKS_ON_IMAGE = "each mask, by the values of the image"
    IMAGE_IN_MASK = "the image, by what a mask marks"
    ALL = "the image and all masks"
    ALL_BY_MASKS = "the image and all masks, by what these mark"


@dataclass(frozen=True)
class StepKind:
    """One kind of step.

    Attributes:
        takes: What it works on.
        make: Gives the function that does it: one that needs much to be loaded is loaded when it is used.
        check: Called with all parameters, raises if their values cannot be; before anything runs.
    """

    takes: Takes
    make: Callable[[], Callable[..., Any]]
    check: Callable[[Mapping[str, Any]], object] | None = None

    @cached_property
    def function(self) -> Callable[..., Any]:
        """What does it."""
        return self.make()

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """What its author may choose."""
        return parameters_of(self.function)

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


def kind(
    takes: Takes, function: Callable[..., Any], check: Callable[[Mapping[str, Any]], object] | None = None
) -> StepKind:
    """A kind of step whose function is here."""
    return StepKind(takes, lambda: function, check)


def filter_kind(name: str) -> StepKind:
    """A filter, by its name."""
    return StepKind(Takes.IMAGE, lambda: getattr(filters, name))


STEPS: Mapping[str, StepKind] = {
    "mark_sentinel": kind(Takes.IMAGE, mark_sentinel, lambda p: check_number("tolerance", p["tolerance"], least=0)),
    "resample": kind(Takes.ALL, resample_together, lambda p: check_spacing(p["new_spacing"])),
    "round_intensities": kind(Takes.IMAGE, round_intensities),
    "clip_intensities": kind(Takes.IMAGE, clip_intensities, lambda p: check_range("value_range", p["value_range"])),
    "normalize": kind(Takes.IMAGE_IN_MASK, normalize_image, lambda p: check_percentiles(p["percentiles"])),
    "resegment": kind(Takes.MASKS_ON_IMAGE, resegment_mask, lambda p: check_range("value_range", p["value_range"])),
    "filter_outliers": kind(
        Takes.MASKS_ON_IMAGE, filter_outliers, lambda p: check_number("k", p["k"], above=0, finite=False)
    ),
    "keep_largest_component": kind(Takes.MASKS, keep_largest_component),
    "grow_mask": kind(Takes.MASKS, grow_mask, lambda p: check_number("distance_mm", p["distance_mm"], "mm")),
    "crop_to_mask": kind(
        Takes.ALL_BY_MASKS, crop_together, lambda p: check_number("margin_mm", p["margin_mm"], "mm", least=0)
    ),
    "discretize": kind(Takes.IMAGE_IN_MASK, discretize_image, lambda p: check_bins(**p)),
    # Type checkers know the names of a stub but not its __all__.
    **{name: filter_kind(name) for name in vars(filters)["__all__"] if name.islower()},
}
"""Every step by its name. What a step's parameters are, its function's signature says."""


def find_step(name: object, number: int, path: str | None) -> StepKind:
    """The kind of a step.

    Raises:
        OptionError: If there is no such step; it lists those that there are.
    """
    if not isinstance(name, str) or name not in STEPS:
        raise OptionError(
            f"step {number} is {name!r}, which is no step that is known",
            path=path,
            advice=f"the steps are {', '.join(sorted(STEPS))}",
            step=number,
            name=name,
            known=sorted(STEPS),
        )
    return STEPS[name]
