"""What a person sees of an indexing run while it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

__all__ = ["Progress", "show_progress"]


class Progress:
    """Shows nothing."""

    def begin(self, step: str, total: int | None = None) -> None:
        """Begin a step.

        Args:
            step: What is done, such as ``"Reading headers"``.
            total: Of how many files; None if that is not known.
        """

    def advance(self, count: int) -> None:
        """Count files that are done."""


class ProgressBar(Progress):
    """Shows a line for each step: a bar, files, files a second, and the time left."""

    def __init__(self, bars: RichProgress) -> None:
        self.bars = bars
        self.task: TaskID | None = None

    def begin(self, step: str, total: int | None = None) -> None:
        """Show the next step; the last one is done."""
        self.end()
        self.task = self.bars.add_task(step, total=total)

    def advance(self, count: int) -> None:
        """Count files that are done."""
        if self.task is not None:
            self.bars.advance(self.task, count)

    def end(self) -> None:
        """Show the step as done."""
        if self.task is not None:
            task = self.bars.tasks[self.task]
            self.bars.update(self.task, total=task.completed)


@contextmanager
def show_progress(wanted: bool) -> Iterator[Progress]:
    """Show how an indexing run goes on, on the error output, or nothing."""
    if not wanted:
        yield Progress()
        return
    columns = (
        TextColumn("{task.description:<26}"),
        BarColumn(),
        TextColumn("{task.completed:>10,.0f} files"),
        FilesPerSecond(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with RichProgress(*columns, console=Console(stderr=True)) as bars:
        shown = ProgressBar(bars)
        yield shown
        shown.end()


class FilesPerSecond(ProgressColumn):
    """How many files a second."""

    def render(self, task: Task) -> Text:
        """The speed of a step as text."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:>9,.0f}/s", style="progress.data.speed")
