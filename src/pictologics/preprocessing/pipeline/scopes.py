"""What a step works on: the image, its masks or both. Everything that depends on it is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...image import Image

__all__ = [
    "EVERYTHING",
    "EVERYTHING_AROUND_MASKS",
    "IMAGE",
    "IMAGE_WITH_MASK",
    "MASKS",
    "MASKS_WITH_IMAGE",
    "Masks",
    "Scope",
    "Work",
]

Masks = Mapping[str, Image]
"""Masks by name."""

Work = Callable[..., Any]
"""The function of a step, with its parameters already given."""

Applied = tuple[Image, Masks]


@dataclass(frozen=True)
class Scope:
    """What a step works on.

    Attributes:
        words: For messages and the documentation.
        apply: Calls the step's function with an image, its masks and the names of the chosen ones; gives the image and
            all masks after it.
        uses_masks: Whether masks take part at all.
        can_choose_masks: Whether the step has the parameter ``masks``, the names of those that it is meant for.
        needs_mask: Whether it cannot run without one.
        takes_one_mask: Whether it cannot run with more than one.
        changes_masks: Whether masks are different after it.
    """

    words: str
    apply: Callable[[Work, Image, Masks, tuple[str, ...]], Applied]
    uses_masks: bool = True
    can_choose_masks: bool = True
    needs_mask: bool = False
    takes_one_mask: bool = False
    changes_masks: bool = True

    def choose(self, names: tuple[str, ...] | None, masks: Masks) -> tuple[str, ...]:
        """The names of the masks that a step works on or with: those it is meant for, or all."""
        if not self.uses_masks:
            return ()
        return tuple(masks) if names is None else names


def apply_to_image(work: Work, image: Image, masks: Masks, chosen: tuple[str, ...]) -> Applied:
    """Call ``work(image)``."""
    return work(image), masks


def apply_to_image_with_mask(work: Work, image: Image, masks: Masks, chosen: tuple[str, ...]) -> Applied:
    """Call ``work(image, mask)``, the mask None if there is none."""
    return work(image, masks[chosen[0]] if chosen else None), masks


def apply_to_masks(work: Work, image: Image, masks: Masks, chosen: tuple[str, ...]) -> Applied:
    """Call ``work(mask)`` for each chosen mask."""
    return image, {**masks, **{name: work(masks[name]) for name in chosen}}


def apply_to_masks_with_image(work: Work, image: Image, masks: Masks, chosen: tuple[str, ...]) -> Applied:
    """Call ``work(image, mask)`` for each chosen mask."""
    return image, {**masks, **{name: work(image, masks[name]) for name in chosen}}


def apply_to_everything(work: Work, image: Image, masks: Masks, chosen: tuple[str, ...]) -> Applied:
    """Call ``work(image, [mask, ...])`` once, so that image and masks keep lying on the same voxels."""
    image, changed = work(image, list(masks.values()))
    return image, dict(zip(masks, changed, strict=True))


IMAGE = Scope("the image", apply_to_image, uses_masks=False, can_choose_masks=False, changes_masks=False)
"""Such as a filter."""

IMAGE_WITH_MASK = Scope(
    "the image, by the voxels of a mask", apply_to_image_with_mask, takes_one_mask=True, changes_masks=False
)
"""Such as normalizing: the mask says where the scale is taken from."""

MASKS = Scope("each mask", apply_to_masks, needs_mask=True)
"""Such as growing."""

MASKS_WITH_IMAGE = Scope("each mask, by the values of the image", apply_to_masks_with_image, needs_mask=True)
"""Such as resegmenting."""

EVERYTHING = Scope("the image and all masks", apply_to_everything, can_choose_masks=False)
"""Such as resampling: a mask left out would no longer lie on the image."""

EVERYTHING_AROUND_MASKS = Scope(
    "the image and all masks, by the voxels of these", apply_to_everything, can_choose_masks=False, needs_mask=True
)
"""Such as cropping."""
