"""Selection: which images make a case, and which masks go with them, as conditions on the table of series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ...checks import check_choice, option_error
from ...errors import OptionError

__all__ = ["DEFAULT_MASKS", "Selection", "make_selection"]

DEFAULT_MASKS = "true"
"""Masks of every kind."""


@dataclass(frozen=True)
class Selection:
    """Which series of a cohort make cases.

    Conditions are SQL on the columns of the table of series, such as ``modality = 'CT' AND spacing_z < 1.5``.

    Attributes:
        images: A condition for each image of a case, by the name that the case calls it. Each series that meets the
            first makes a case, if each of the others can be joined to it: by the frame of reference, or else by the
            study. They are placed on its voxels.
        masks: A condition on the masks that are linked to the images of a case; None for no masks.
        where: A condition that the first image must meet besides.
        phases: Of series with several volumes, ``"first"``, or ``"all"`` for a case of each volume of the first image.

    Examples:
        >>> from pictologics.cohort import Selection
        >>> Selection(images={"ct": "modality = 'CT'", "pet": "modality = 'PT'"}, masks="kind = 'SEG'").where is None
        True
    """

    images: Mapping[str, str]
    masks: str | None = DEFAULT_MASKS
    where: str | None = None
    phases: Literal["first", "all"] = field(default="first")

    def __post_init__(self) -> None:
        if not isinstance(self.images, Mapping) or not self.images:
            raise OptionError(
                "a selection names no image", advice="pass a condition by name: images={'ct': \"modality = 'CT'\"}"
            )
        for name, condition in self.images.items():
            if not isinstance(name, str) or not name.isidentifier():
                raise option_error("the name of an image", name, "letters, digits and _, the first no digit")
            if not isinstance(condition, str) or not condition.strip():
                raise option_error(f"images[{name!r}]", condition, "a condition in SQL")
        check_choice("phases", self.phases, ("first", "all"))


def make_selection(what: str | Selection) -> Selection:
    """A selection of one image, called ``image``, if only its condition is given."""
    return what if isinstance(what, Selection) else Selection({"image": what})
