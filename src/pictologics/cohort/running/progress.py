"""How far a run is, on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .manifest import ManifestRow

__all__ = ["show_case_bar"]

NAMED_ENDS = ("failed", "killed")
"""Ends of cases that the bar counts."""


@contextmanager
def show_case_bar(cases: int, wanted: bool) -> Iterator[Callable[[ManifestRow], None]]:
    """A progress bar on the error output, and what to call with each row.

    Args:
        cases: How many there are to do.
        wanted: Whether to show it; otherwise what is called does nothing.
    """
    if not wanted:
        yield lambda row: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[troubles]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    counts: Counter[str] = Counter()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("cases", total=cases, troubles="")

        def advance(row: ManifestRow) -> None:
            counts[row.status] += 1
            troubles = ", ".join(f"{counts[end]} {end}" for end in NAMED_ENDS if counts[end])
            bar.update(task, advance=1, troubles=troubles)

        yield advance
