"""What an Image was made of: its slices, and every decision taken on the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from .errors import ContentWarning, GeometryWarning, warn

__all__ = ["Decision", "Provenance", "SliceSource", "VolumeWarnings", "give_warnings"]

DecisionKind = Literal[
    "sorted", "left out", "assumed", "rounded", "converted", "resampled", "placed", "merged", "processed"
]


@dataclass(frozen=True, slots=True)
class SliceSource:
    """Where one plane of the volume came from.

    Attributes:
        file: The file, as it was opened; empty for a plane that no file holds, such as an empty one of a segmentation.
        frame: Frame number in that file, from 0.
        sop_instance_uid: The DICOM instance, None for other formats.
        position: Center of the first voxel of the plane, LPS mm; None if the file has none.
        slope: Rescale slope of this plane, 1.0 if none was applied.
        intercept: Rescale intercept of this plane, 0.0 if none was applied.
    """

    file: str
    frame: int = 0
    sop_instance_uid: str | None = None
    position: tuple[float, float, float] | None = None
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that the loader decided.

    Attributes:
        kind: What sort of decision it was.
        text: The decision in words.
        value: Its number: a count, millimeters or voxels, as the text says.
        warning: Which warning the caller gets of it, None if it is only recorded.
    """

    kind: DecisionKind
    text: str
    value: float | None = None
    warning: Literal["geometry", "content"] | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """The record an Image carries of how it came about.

    Attributes:
        source: The path that was asked for.
        reader: Name of the reader that made the image.
        slices: One entry for each plane, in the order of the array's third axis.
        decisions: What was decided, in order.
        is_resampled: Whether planes were interpolated, so that they may lie elsewhere than the slices they came from.
    """

    source: str = ""
    reader: str = ""
    slices: tuple[SliceSource, ...] = ()
    decisions: tuple[Decision, ...] = field(default=())
    is_resampled: bool = field(default=False, repr=False)

    def with_decisions(self, *decisions: Decision) -> Provenance:
        """The same record with more decisions at its end."""
        return replace(self, decisions=(*self.decisions, *decisions))

    def without_geometry_warnings(self) -> Provenance:
        """The same record, which calls for no warning about a place that is not used."""
        decisions = tuple(
            replace(decision, warning=None) if decision.warning == "geometry" else decision
            for decision in self.decisions
        )
        return replace(self, decisions=decisions)

    def to_dict(self) -> dict[str, Any]:
        """The record as plain lists, dicts, text and numbers."""
        record = asdict(self)
        # For code only: the decisions say it to people.
        del record["is_resampled"]
        return record

    def to_json(self, indent: int | None = None) -> str:
        """The record as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)


def give_warnings(path: str, decisions: Iterable[Decision]) -> None:
    """Issue the warnings that decisions call for, each once, at the line outside the package that led here.

    Args:
        path: The source, for the messages.
        decisions: What was decided about it.
    """
    for decision in decisions:
        if decision.warning is not None:
            category = GeometryWarning if decision.warning == "geometry" else ContentWarning
            warn(f"'{path}': {decision.text}", category)


VARYING: Final = re.compile(r"(?<!\w)'[^']*'|\d+(?:[.,]\d+)*")
"""What differs between texts that say one thing of two volumes: names in quotes, and numbers."""


class VolumeWarnings:
    """The warnings of volumes of one source, each given once: not again where only numbers and names differ.

    Args:
        path: The source, for the messages.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.known: set[tuple[str | None, str]] = set()

    def give(self, decisions: Iterable[Decision]) -> None:
        """Warn of what was not said before."""
        for decision in decisions:
            if find_wording(decision) not in self.known:
                self.pass_over([decision])
                give_warnings(self.path, [decision])

    def pass_over(self, decisions: Iterable[Decision]) -> None:
        """Take for said what was said in other words."""
        self.known.update(map(find_wording, decisions))


def find_wording(decision: Decision) -> tuple[str | None, str]:
    """What is the same of two decisions that say one thing of two volumes."""
    return decision.warning, VARYING.sub("#", decision.text)
