"""Results without what identifies a patient: notes of saved images, and sentences of the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ...image import Image
from ..indexing.nameless_text import remove_names
from .manifest import CaseWarning, ManifestRow

__all__ = ["KEEPS_ALL", "ResultPrivacy"]

UID_FACTS: Final = frozenset({"series_instance_uid", "frame_of_reference_uid"})
"""Facts of an image that are UIDs."""

TYPED_FACTS: Final = frozenset({"series_description"})
"""Facts of an image that a person typed."""

PHASE: Final = "phase"
"""What a volume of several is called, which may hold either; the table of phases says it, as far as it may."""


@dataclass(frozen=True)
class ResultPrivacy:
    """What results may hold: as much as the tables of the cohort that they come from.

    Attributes:
        keeps_uids: Whether UIDs.
        keeps_text: Whether free text.
    """

    keeps_uids: bool = True
    keeps_text: bool = True

    def strip_images(self, images: Mapping[str, Image]) -> dict[str, Image]:
        """Images whose facts may be saved with them."""
        hidden = (frozenset() if self.keeps_uids else UID_FACTS) | (frozenset() if self.keeps_text else TYPED_FACTS)
        if not (self.keeps_uids and self.keeps_text):
            hidden |= {PHASE}
        return {name: strip_image(image, hidden) for name, image in images.items()}

    def strip_row(self, row: ManifestRow) -> ManifestRow:
        """A row whose sentences name no UID, if the tables do not."""

        def strip(text: str) -> str:
            return remove_names(text, (), keeps_uids=self.keeps_uids)

        return replace(
            row,
            decisions=tuple(map(strip, row.decisions)),
            warnings=tuple(CaseWarning(warning.kind, strip(warning.text)) for warning in row.warnings),
            error_text=strip(row.error_text),
        )


KEEPS_ALL: Final = ResultPrivacy()
"""For cases that come from no cohort."""


def strip_image(image: Image, hidden: frozenset[str]) -> Image:
    """An image without some of its facts; the same one if it has none of them."""
    if hidden.isdisjoint(image.metadata):
        return image
    facts = {name: fact for name, fact in image.metadata.items() if name not in hidden}
    return replace(image, metadata=facts)
