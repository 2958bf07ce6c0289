"""Contenders measured side by side: in turns, in one process, by the clock on the wall."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .quiet import OTHERS_ALLOWED, OtherWork, claim_memory, wait_until_quiet

__all__ = ["Benchmark", "Contender", "Measured", "Row", "Target", "measure"]

ENOUGH = 7
"""Quiet rounds that suffice when no more are to be had."""

ATTEMPTS = 3
"""How many times the rounds asked for are tried, at most, to find that many quiet ones."""


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
class Measured:
    """The rows of a race, and whether they can be trusted.

    Attributes:
        rows: One for each contender, in milliseconds.
        note: How quiet the machine was.
        disturbed: Too few rounds were quiet: busy ones are among those counted.
    """

    rows: list[Row]
    note: str
    disturbed: bool


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
        disturbed: Others were busy meanwhile, so that no target is decided, one way or the other.
    """

    title: str
    unit: str
    rows: list[Row]
    floor: str = ""
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    disturbed: bool = False

    def verdict(self, target: Target) -> str:
        """One of ``pass``, ``MISS`` and ``unsure``."""
        if self.disturbed:
            return "unsure"
        return "pass" if target.passed else "MISS"

    def median(self, name: str) -> float:
        return next(row.median for row in self.rows if row.name == name)

    def ratio(self, name: str, other: str) -> float:
        """How many times the first contender's median is the other's."""
        return self.median(name) / self.median(other)


def measure(contenders: Sequence[Contender], rounds: int) -> Measured:
    """Time contenders in turns (A B C, B C A, C A B ...), so that nobody always comes first.

    A first round is not counted: it imports, fills caches and starts what is lazy. A round in which other
    processes were busy is replaced by another one, as far as patience goes.

    Args:
        contenders: Ours first.
        rounds: How often each is timed.

    """
    one_round(contenders, 0)
    quiet: list[list[float]] = []
    busy: list[list[float]] = []
    while len(quiet) < rounds and len(quiet) + len(busy) < ATTEMPTS * rounds:
        wait_until_quiet()
        others = OtherWork()
        times = one_round(contenders, len(quiet) + len(busy))
        (quiet if others.share() < OTHERS_ALLOWED else busy).append(times)
    disturbed = len(quiet) < min(rounds, ENOUGH)
    counted = quiet + busy if disturbed else quiet
    note = f"{len(counted)} rounds counted, {len(busy)} set aside because other processes were busy."
    if disturbed:
        note = f"DISTURBED: other processes were busy in {len(busy)} of the {len(counted)} rounds counted."
    columns = zip(*counted, strict=True)
    rows = [Row(c.name, tuple(column)) for c, column in zip(contenders, columns, strict=True)]
    return Measured(rows, note, disturbed)


def one_round(contenders: Sequence[Contender], first: int) -> list[float]:
    """Milliseconds of each contender; the one numbered ``first`` (modulo their count) begins."""
    times = [0.0] * len(contenders)
    for turn in range(len(contenders)):
        number = (first + turn) % len(contenders)
        gc.collect()
        claim_memory()
        start = time.perf_counter()
        result = contenders[number].run()
        times[number] = (time.perf_counter() - start) * 1e3
        # Freed before the next one starts: each allocates anew.
        del result
    return times
