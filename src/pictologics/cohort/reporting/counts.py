"""How often each value occurs among the cases: what the charts of the page show, and what they filter by."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .report_rows import ReportRow

__all__ = ["Bar", "Chart", "count_cases"]

MOST_BARS: Final = 12
"""Bars of a chart: more are too narrow for a finger."""

CLASS_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Widths of the classes of a histogram, times a power of ten: people read these."""

MOST_LETTERS: Final = 18
"""Letters below the bars of a histogram."""


@dataclass(frozen=True)
class Bar:
    """A value, or a class of them, and how many cases have it.

    Attributes:
        label: The value in words.
        count: How many cases.
    """

    label: str
    count: int


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        name: What is counted.
        unit: Its unit; empty for names.
        bars: The bars, in their order.
        places: For each case the numbers of its bars; none where nothing is known.
        unknown: How many cases have no such value.
        is_histogram: Whether bars stand for ranges of numbers.
        lack: What is said of cases that have no such value.
    """

    name: str
    unit: str
    bars: list[Bar]
    places: list[list[int]]
    unknown: int
    is_histogram: bool
    lack: str = "unknown"

    @property
    def most(self) -> int:
        """The count of the longest bar."""
        return max((bar.count for bar in self.bars), default=0)

    @property
    def is_crowded(self) -> bool:
        """Whether its labels are too long to stand below their bars, so that only the ends are named."""
        return len(self.bars) * max((len(bar.label) for bar in self.bars), default=0) > MOST_LETTERS


def count_cases(rows: Sequence[ReportRow]) -> list[Chart]:
    """Count spacing, sizes, modalities, manufacturers and labels; a chart without a bar is left out."""
    charts = [
        count_names("Modality", rows, lambda row: [row.modality]),
        count_names("Manufacturer", rows, lambda row: [row.manufacturer]),
        count_numbers("Spacing x", "mm", rows, lambda row: row.spacing[0] if row.spacing else None),
        count_numbers("Spacing z", "mm", rows, lambda row: row.spacing[2] if row.spacing else None),
        count_numbers("Size x", "voxels", rows, lambda row: row.shape[0] if row.shape else None),
        count_numbers("Size z", "voxels", rows, lambda row: row.shape[2] if row.shape else None),
        replace(count_names("Labels", rows, lambda row: row.labels.values()), lack="without"),
    ]
    return [chart for chart in charts if chart.bars]


def count_names(name: str, rows: Sequence[ReportRow], find: Callable[[ReportRow], Iterable[str]]) -> Chart:
    """Count names, the most frequent first; rare ones share a bar."""
    found = [sorted({value for value in find(row) if value}) for row in rows]
    counts = Counter(value for values in found for value in values)
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    own = ranked if len(ranked) <= MOST_BARS else ranked[: MOST_BARS - 1]
    number_of = {value: min(k, len(own)) for k, value in enumerate(ranked)}
    labels = [*own, *([f"{len(ranked) - len(own)} others"] if len(ranked) > len(own) else [])]
    places = [sorted({number_of[value] for value in values}) for values in found]
    return make_chart(name, "", labels, places, is_histogram=False)


def count_numbers(name: str, unit: str, rows: Sequence[ReportRow], find: Callable[[ReportRow], float | None]) -> Chart:
    """Count numbers: each by itself if there are few, else in classes of one width."""
    found = [find(row) for row in rows]
    # Beyond four digits, spacings differ by how they were stored.
    rounded = [None if value is None else float(f"{value:.4g}") for value in found]
    distinct = sorted({value for value in rounded if value is not None})
    if len(distinct) <= MOST_BARS:
        places = [[] if value is None else [distinct.index(value)] for value in rounded]
        return make_chart(name, unit, [format_count_limit(value) for value in distinct], places, is_histogram=True)
    # The largest hundredth may lie far away: it has the last bar to itself.
    known = sorted(value for value in rounded if value is not None)
    low, high = known[0], known[math.ceil(len(known) * 0.99) - 1]
    width = choose_class_width((high - low) / (MOST_BARS - 1))
    start = math.floor(low / width) * width
    last = min(MOST_BARS - 1, int((known[-1] - start) / width + 1e-9))
    limits = [float(f"{start + k * width:.6g}") for k in range(last + 1)]
    places = [[] if value is None else [min(last, max(0, int((value - start) / width + 1e-9)))] for value in rounded]
    labels = [f"{format_count_limit(limit)} to {format_count_limit(limit + width)}" for limit in limits]
    if known[-1] >= limits[-1] + width:
        labels[-1] = f"{format_count_limit(limits[-1])} or more"
    return make_chart(name, unit, labels, places, is_histogram=True)


def choose_class_width(least: float) -> float:
    """The smallest width that people read easily and that is not below the given one."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in CLASS_STEPS if step * power >= least * (1 - 1e-9))


def format_count_limit(value: float) -> str:
    """A limit of a class as text."""
    return f"{value:.6g}" if value < 1e6 else f"{value:.0f}"


def make_chart(name: str, unit: str, labels: Sequence[str], places: list[list[int]], is_histogram: bool) -> Chart:
    """Make a chart of the bars that each case belongs to."""
    counts = Counter(place for case in places for place in case)
    bars = [Bar(label, counts[k]) for k, label in enumerate(labels)]
    return Chart(name, unit, bars, places, sum(not case for case in places), is_histogram)
