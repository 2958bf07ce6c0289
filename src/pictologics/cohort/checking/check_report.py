"""What a check of a cohort found: every series with what is wrong with it, the worst first."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from ...loaders.source_content import count_things

__all__ = ["CheckReport", "CheckedSeries", "UnreadableFile"]


@dataclass(frozen=True)
class CheckedSeries:
    """One series, judged.

    Attributes:
        series_key: The series.
        kind: ``image``, ``SEG``, ``RTSTRUCT``, ``dose`` or ``other``.
        modality: Its modality, may be empty.
        faults: What is wrong with it, each in a sentence; none if it is fine.
        error_voxels: Its worst error: how far its slices are from a regular grid or, of a mask, how far it is from the
            voxels of its image; None where there is no number.
        image_key: Of a mask, the image that it belongs to; empty if there is none.
        load_options: Keywords of ``load_image`` that load it, as JSON.
    """

    series_key: str
    kind: str
    modality: str = ""
    faults: tuple[str, ...] = ()
    error_voxels: float | None = None
    image_key: str = ""
    load_options: str = "{}"

    @property
    def is_fine(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults


@dataclass(frozen=True)
class UnreadableFile:
    """A file whose head cannot be read, which may belong to any series.

    Attributes:
        path: The file, relative to the root.
        text: Why.
    """

    path: str
    text: str


@dataclass(frozen=True, repr=False)
class CheckReport:
    """What a check of a cohort found.

    Attributes:
        series: Every series: those with faults first, among them those without a number, which cannot be used at all,
            and then by their worst error.
        unreadable: Files whose heads cannot be read.
        has_pixels: Whether pixels were decoded.
    """

    series: tuple[CheckedSeries, ...]
    unreadable: tuple[UnreadableFile, ...] = ()
    has_pixels: bool = False

    def __repr__(self) -> str:
        return f"CheckReport({self.summary()})"

    @property
    def is_fine(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.unreadable and all(series.is_fine for series in self.series)

    @property
    def faulty(self) -> tuple[CheckedSeries, ...]:
        """The series with which something is wrong, in the order of all."""
        return tuple(series for series in self.series if not series.is_fine)

    def summary(self) -> str:
        """The counts in one line."""
        kinds = Counter(series.kind for series in self.series)
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        count = len(self.series)
        text = f"{len(self.faulty)} of {count} series ({counted or 'none'}) have faults"
        return f"{text}; {count_things(len(self.unreadable), 'file')} cannot be read" if self.unreadable else text

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain lists, dicts, text and numbers."""
        facts = asdict(self)
        for series, entry in zip(self.series, facts["series"], strict=True):
            entry["is_fine"] = series.is_fine
            entry["load_options"] = json.loads(series.load_options)
        return {"is_fine": self.is_fine, **facts}
