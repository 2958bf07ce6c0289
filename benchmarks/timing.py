"""Contenders measured side by side: in turns, in one process, by the clock on the wall."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Benchmark", "Contender", "Row", "Target", "measure"]


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Attributes:
        name: As the table shows it.
        run: Does the work once and returns what it made.
    """

    name: str
    run: Callable[[], Any]


@dataclass(frozen=True)
class Row:
    """What was measured for one contender, in the benchmark's unit."""

    name: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def best(self) -> float:
        return min(self.values)


@dataclass(frozen=True)
class Target:
    """What the project promises, and what was measured.

    Attributes:
        text: The promise in words.
        measured: The ratio that was measured.
        at_least: The ratio must not be smaller.
        at_most: The ratio must not be larger.
    """

    text: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def passed(self) -> bool:
        return (self.at_least is None or self.measured >= self.at_least) and (
            self.at_most is None or self.measured <= self.at_most
        )


@dataclass
class Benchmark:
    """The outcome of one benchmark.

    Attributes:
        title: What was done, to how much data.
        unit: Of the rows' values.
        rows: One for each contender, ours first.
        floor: Name of the row below which nobody can go; empty if there is none.
        targets: The promises.
        notes: What a reader must know to trust the numbers.
    """

    title: str
    unit: str
    rows: list[Row]
    floor: str = ""
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def median(self, name: str) -> float:
        return next(row.median for row in self.rows if row.name == name)

    def ratio(self, name: str, other: str) -> float:
        """How many times the first contender's median is the other's."""
        return self.median(name) / self.median(other)


def measure(contenders: Sequence[Contender], rounds: int, scale: float = 1e3) -> list[Row]:
    """Time contenders in turns (A B C A B C ...), so that a busy moment hits all alike.

    A first round is not counted: it imports, fills caches and starts what is lazy.

    Args:
        contenders: Ours first.
        rounds: How often each is timed.
        scale: Units per second; milliseconds unless told otherwise.
    """
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for turn in range(rounds + 1):
        for contender in contenders:
            gc.collect()
            start = time.perf_counter()
            result = contender.run()
            elapsed = time.perf_counter() - start
            # Freed before the next one starts: each gets its memory fresh from the system.
            del result
            if turn:
                seconds[contender.name].append(elapsed * scale)
    return [Row(name, tuple(values)) for name, values in seconds.items()]
