"""The steps that a pipeline may have: one line for each."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ... import filters
from ...checks import check_number, check_range, is_number, option_error
from ...errors import OptionError
from ...image import Image
from ...interpolation import Interpolation
from ...interpolation.boundaries import BoundaryMode
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
from ..masks import crop_around, filter_outliers, keep_largest_component, resegment_mask
from ..resampling import resample_image
from .parameters import Parameter, list_parameters
from .scopes import EVERYTHING, EVERYTHING_AROUND_MASKS, IMAGE, IMAGE_WITH_MASK, MASKS, MASKS_WITH_IMAGE, Scope

__all__ = ["SHORT_NAMES", "STEPS", "StepKind", "find_step"]


@dataclass(frozen=True)
class StepKind:
    """One kind of step.

    Attributes:
        scope: What it works on.
        load: Gives the function that does it. A filter's is imported only here, because scipy takes a moment to load.
        check: Called with all parameters, raises if their values cannot be; before anything runs.
    """

    scope: Scope
    load: Callable[[], Callable[..., Any]]
    check: Callable[[Mapping[str, Any]], object] | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that a pipeline's author chooses."""
        return list_parameters(self.load())

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return (inspect.getdoc(self.load()) or "").partition("\n")[0]


def make_kind(
    scope: Scope, function: Callable[..., Any], check: Callable[[Mapping[str, Any]], object] | None = None
) -> StepKind:
    """A kind of step whose function is here."""
    return StepKind(scope, lambda: function, check)


def make_filter_kind(name: str) -> StepKind:
    """The kind of step that a filter is."""
    return StepKind(IMAGE, lambda: getattr(filters, name))


def resample_together(
    image: Image,
    masks: Sequence[Image],
    new_spacing: tuple[float | None, float | None, float | None],
    interpolation: Interpolation = "linear",
    boundary_mode: BoundaryMode = "nearest",
    round_intensities: bool = False,
    mask_interpolation: Interpolation = "linear",
    mask_threshold: float = 0.5,
) -> tuple[Image, list[Image]]:
    """Resample the image and its masks to another spacing.

    Args:
        image: The image.
        masks: Its masks.
        new_spacing: Along x, y and z, mm; None where it stays as it is.
        interpolation: Of the image.
        boundary_mode: What lies beyond the edge of the image.
        round_intensities: Whether the image's values become whole numbers.
        mask_interpolation: Of the masks.
        mask_threshold: How much of a voxel a mask must cover to have it.
    """
    spacing = tuple(old if new is None else new for new, old in zip(new_spacing, image.grid.spacing, strict=True))
    resampled = resample_image(image, spacing, interpolation, boundary_mode, round_intensities)
    return resampled, [
        resample_image(mask, spacing, mask_interpolation, "nearest", mask_threshold=mask_threshold) for mask in masks
    ]


def crop_together(image: Image, masks: Sequence[Image], margin_mm: float = 0.0) -> tuple[Image, list[Image]]:
    """Cut the image and its masks down to the box that holds the masks.

    Args:
        image: The image.
        masks: Its masks, one at least.
        margin_mm: How much more to keep on every side, mm.
    """
    return crop_around(image, list(masks), margin_mm)


def check_spacing(new_spacing: Sequence[float | None]) -> None:
    """Check that every distance of a spacing is positive, or None, before the image is there."""
    for distance in new_spacing:
        if distance is not None and (not is_number(distance) or not 0 < distance < math.inf):
            raise option_error("new_spacing", tuple(new_spacing), "millimeters above 0, or None to keep an axis")


STEPS: Mapping[str, StepKind] = {
    "mark_sentinel": make_kind(IMAGE, mark_sentinel, lambda p: check_number("tolerance", p["tolerance"], least=0)),
    "resample_image": make_kind(EVERYTHING, resample_together, lambda p: check_spacing(p["new_spacing"])),
    "round_intensities": make_kind(IMAGE, round_intensities),
    "clip_intensities": make_kind(IMAGE, clip_intensities, lambda p: check_range("value_range", p["value_range"])),
    "normalize_image": make_kind(IMAGE_WITH_MASK, normalize_image, lambda p: check_percentiles(p["percentiles"])),
    "resegment_mask": make_kind(
        MASKS_WITH_IMAGE, resegment_mask, lambda p: check_range("value_range", p["value_range"])
    ),
    "filter_outliers": make_kind(
        MASKS_WITH_IMAGE, filter_outliers, lambda p: check_number("k", p["k"], above=0, finite=False)
    ),
    "keep_largest_component": make_kind(MASKS, keep_largest_component),
    "grow_mask": make_kind(MASKS, grow_mask, lambda p: check_number("distance_mm", p["distance_mm"], "mm")),
    "crop_to_mask": make_kind(
        EVERYTHING_AROUND_MASKS, crop_together, lambda p: check_number("margin_mm", p["margin_mm"], "mm", least=0)
    ),
    "discretize_image": make_kind(IMAGE_WITH_MASK, discretize_image, lambda p: check_bins(**p)),
    # Type checkers know the names of a stub but not its __all__.
    **{name: make_filter_kind(name) for name in vars(filters)["__all__"] if name.islower()},
}
"""Every step by its name, which is its function's. What its parameters are, the function's signature says."""

SHORT_NAMES: Mapping[str, str] = {
    "resample": "resample_image",
    "normalize": "normalize_image",
    "normalise_image": "normalize_image",
    "resegment": "resegment_mask",
    "discretize": "discretize_image",
    "discretise_image": "discretize_image",
}
"""Other names of steps: short ones, and former spellings. Files and records keep the name that was written."""


def find_step(name: object, number: int, path: str | None) -> StepKind:
    """The kind of a step.

    Args:
        name: Its name, or another name for it.
        number: Which step of the pipeline it is, from 1, for the message.
        path: The file it stands in, for the message.

    Raises:
        OptionError: If there is no such step; it lists those that there are.
    """
    kind = STEPS.get(SHORT_NAMES.get(name, name)) if isinstance(name, str) else None
    if kind is None:
        raise OptionError(
            f"step {number}: unknown step {name!r}",
            path=path,
            advice=f"the steps are {', '.join(sorted(STEPS))}",
            step=number,
            name=name,
            known=sorted(STEPS),
        )
    return kind
