"""What is said of a volume besides its geometry: what was left out of it, and which labels were passed over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ...provenance import Decision

__all__ = ["SeriesRemark"]


@dataclass(frozen=True)
class SeriesRemark:
    """What a person must know of how a volume was cut out of its series.

    Attributes:
        count: How many images, volumes or values it is about.
        text: Which they are, in words.
        is_warning: Whether the volume may lack planes, or hold some that are not its own. Then a warning is given,
            and an error about missing slices says it too.
        warns_by_default: Whether the warning is given only to a caller who did not choose the volume.
        kind: Whether something was left out, or assumed.
        of_series: What is said once to who loads all volumes, where each of them has a text of its own; empty where
            the text is that of all.
    """

    count: int
    text: str
    is_warning: bool
    warns_by_default: bool = False
    kind: Literal["left out", "assumed"] = "left out"
    of_series: str = ""

    @property
    def decision(self) -> Decision:
        """What the record of the image says of it."""
        return Decision(self.kind, self.text, self.count, "content" if self.is_warning else None)

    @property
    def decision_of_series(self) -> Decision:
        """What is said of the series in place of the like of each volume."""
        return replace(self.decision, text=self.of_series, value=None) if self.of_series else self.decision
