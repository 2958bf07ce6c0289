"""Rows and charts as the script of the page takes them: short, and each message once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ...labels.label_colors import TAB20
from .counts import Chart
from .picture_levels import PictureLevel
from .report_rows import ReportOutput, ReportRow

__all__ = ["BLOCK_SIZE", "DrawnFacts", "add_drawn_facts", "make_page_data"]

BLOCK_SIZE: Final = 25
"""Cases whose pictures stand together: as many as the page shows at first."""


@dataclass(frozen=True)
class DrawnFacts:
    """What drawing a case found out.

    Attributes:
        has_picture: Whether there is one.
        modality: That of its image, empty if the file does not say.
        labels: The labels of its mask.
        notes: What could not be drawn.
    """

    has_picture: bool
    modality: str
    labels: dict[int, str]
    notes: tuple[str, ...]


@dataclass
class TextTable:
    """Messages by number: thousands of cases share a few of them.

    Attributes:
        numbers: The number of each.
    """

    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, text: str) -> int:
        """The number of a message, a new one if it is new."""
        return self.numbers.setdefault(text, len(self.numbers))

    def number_all(self, texts: Sequence[str]) -> list[int]:
        """The numbers of several messages."""
        return [self.number(text) for text in texts]


def add_drawn_facts(row: ReportRow, drawn: DrawnFacts | None) -> ReportRow:
    """Add to a row what only its files say."""
    if drawn is None:
        return row
    return replace(row, modality=row.modality or drawn.modality, labels=drawn.labels or row.labels)


def make_page_data(
    rows: Sequence[ReportRow], drawn: Sequence[DrawnFacts | None], charts: Sequence[Chart], level: PictureLevel
) -> dict[str, Any]:
    """Make what the script of the page reads."""
    texts = TextTable()
    cases = [make_case(row, facts, texts) for row, facts in zip(rows, drawn, strict=True)]
    return {
        "cases": cases,
        "texts": list(texts.numbers),
        "places": [chart.places for chart in charts],
        "colors": ["#{:02x}{:02x}{:02x}".format(*color) for color in TAB20],
        "blockSize": BLOCK_SIZE,
        "planeSide": level.plane_side,
    }


def make_case(row: ReportRow, drawn: DrawnFacts | None, texts: TextTable) -> dict[str, Any]:
    """A case without what is empty."""
    values: Mapping[str, Any] = {
        "modality": row.modality,
        "manufacturer": row.manufacturer,
        "model": row.model,
        "error": row.error_class,
        "errorText": texts.number(row.error_text) if row.error_text else None,
        "shape": list(row.shape),
        "spacing": list(row.spacing),
        "origin": list(row.origin),
        "orientation": row.orientation,
        "labels": sorted(row.labels.items()),
        "warnings": texts.number_all(row.warnings),
        "decisions": texts.number_all(row.decisions),
        "outputs": [list_output(output) for output in row.outputs],
        "series": list(row.series),
        "seconds": row.seconds,
        "peak": row.peak_bytes,
        "attempts": row.attempts,
        "ended": row.ended,
        "versions": texts.number(row.versions) if row.versions else None,
        "hasPicture": drawn is not None and drawn.has_picture,
        "notes": [] if drawn is None else list(drawn.notes),
    }
    # Numbers stay, zero too: the first message has it.
    kept = {name: value for name, value in values.items() if value or type(value) in {int, float}}
    return {"id": row.case_id, "status": row.status, **kept}


def list_output(output: ReportOutput) -> list[Any]:
    """A file as a list."""
    return [output.path, output.role, output.name, output.bytes, output.state]
