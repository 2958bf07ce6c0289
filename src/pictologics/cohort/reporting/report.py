"""From the manifest of a run to its page."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from ...errors import OptionError
from ...storage.paths import expand_home
from ...storage.urls import find_url, hide_secrets
from ..running.engine import find_local_memory
from ..running.manifest import read_run_facts
from ..running.run_folder import RunFolder, open_run_folder
from .counts import count_cases
from .page_data import BLOCK_SIZE, DrawnFacts, add_drawn_facts, make_page_data
from .page_writing import PageFacts, StatusTile, encode_for_script, measure_page, write_page
from .picture_drawing import PictureJob, draw_job, make_picture_job, read_kept_pictures
from .picture_levels import NO_PICTURES, PAGE_BYTES, PictureLevel, choose_picture_level
from .picture_pool import draw_jobs
from .report_rows import ReportRow, clean_text, read_report_rows

__all__ = ["report"]

PAGE_NAME: Final = "report.html"
"""The page, if it is given no name."""

STATUS_NAMES: Final = {
    "done": "Done",
    "failed": "Failed",
    "refused": "Refused",
    "killed": "Killed",
    "unreadable": "Unreadable rows",
}
"""What people read, in the order of the page."""

PICTURE_ROOM: Final = 0.97
"""Share of the page's bytes that rows and pictures may take: what drawing finds out is added to the rows later."""

MEMORY_SHARE: Final = 0.5
"""Share that drawing may take of the memory that workers on this machine, or in this container, have."""


def report(out: str | os.PathLike[str], page: str | os.PathLike[str] | None = None, *, progress: bool = False) -> Path:
    """Make one page, a file that needs no network, of what became of the cases of a run.

    The page has a row for each case with three planes and the outlines of its masks, its geometry, warnings, errors
    and decisions; counts of spacing, sizes, modalities, manufacturers and labels; and a larger picture with a slider
    through the slices. It may be made while the run is at work, or after it was killed.

    Pictures are drawn from the outputs, in as many processes as ``get_num_threads()`` says, and kept in
    ``report-pictures`` beside the manifest, so that the next page is made at once. They are smaller, and their slices
    fewer, the more cases there are: the page has 40 MB at most.

    Folders of hospital exports are often named after patients: of the source, the page shows the keys of its series
    and no paths. Outputs are named relative to ``out``.

    A script that is not protected by ``if __name__ == "__main__"`` cannot start processes.

    Args:
        out: The folder, or its URL, that ``run`` wrote to.
        page: The file to write; ``report.html`` in ``out`` by default.
        progress: Show on the terminal how many cases are drawn.

    Returns:
        The page.

    Raises:
        MissingPathError: If no run has written there.
        UnsupportedFormatError: If its manifest is one of another version.
        OptionError: If ``page`` cannot be the name of a file, or Jinja2 is not installed.
        FileAccessError: If the page cannot be written.

    Examples:
        >>> from pictologics.cohort import report
        >>> report("out")  # doctest: +SKIP
        PosixPath('out/report.html')
    """
    folder = open_run_folder(out)
    target = find_page_target(folder, out, page)
    run_facts = read_run_facts(folder)
    rows = read_report_rows(folder)
    made = datetime.now(UTC)
    rows, left_out = leave_out_rows(rows, lambda kept: measure_rows(kept, folder, run_facts))
    pictured = sum(any(output.role == "image" for output in row.outputs) for row in rows)
    level = choose_picture_level(pictured, round(measure_rows(rows, folder, run_facts) / PICTURE_ROOM))
    with choose_keeping_folder(folder) as kept_in:
        jobs = [make_picture_job(row, folder, kept_in, level) for row in rows]
        draw_missing(jobs, progress)
        drawn = [None if job is None else find_drawn_facts(job) for job in jobs]
        rows = [add_drawn_facts(row, facts) for row, facts in zip(rows, drawn, strict=True)]
        notices = list(list_notices(len(rows) + left_out, left_out, pictured, level, run_facts))
        facts = describe_run(folder, run_facts, rows, notices, made)
        data = encode_for_script(make_page_data(rows, drawn, facts.charts, level))
        write_page(facts, data, encode_blocks(jobs), open_run_folder(target.parent), target.name)
    return target


def find_page_target(folder: RunFolder, out: str | os.PathLike[str], page: str | os.PathLike[str] | None) -> Path:
    """Where the page goes."""
    if page is not None:
        if not isinstance(page, (str, os.PathLike)) or not Path(page).name:
            raise OptionError(f"page is {page!r} and must be the path of a file", advice="name the page to write")
        if find_url(page) is not None:
            raise OptionError(
                "a page is written to this machine, and this is a URL",
                path=hide_secrets(str(page)),
                advice="name a file",
            )
        if Path(page).suffix.lower() not in {".html", ".htm"}:
            raise OptionError("the name of a page must end in .html", path=page, advice="rename it")
        return expand_home(page)
    if folder.is_remote:
        raise OptionError(
            "the page of a run that is not on this machine needs a name", path=folder.show(), advice="pass page="
        )
    return (expand_home(out) if find_url(out) is None else Path(folder.root)) / PAGE_NAME


@contextmanager
def choose_keeping_folder(folder: RunFolder) -> Iterator[RunFolder]:
    """The folder in which pictures are kept: one for this page alone, if nothing can be written to the run's."""
    if folder.is_remote or os.access(folder.root, os.W_OK):
        yield folder
        return
    with TemporaryDirectory(prefix="pictologics-") as temporary:
        yield open_run_folder(temporary)


def measure_rows(rows: Sequence[ReportRow], folder: RunFolder, run_facts: Mapping[str, Any]) -> int:
    """Bytes of the page of rows without pictures."""
    facts = describe_run(folder, run_facts, rows, [], datetime.now(UTC))
    data = encode_for_script(make_page_data(rows, [None] * len(rows), facts.charts, NO_PICTURES))
    return measure_page(facts, data)


def leave_out_rows(rows: list[ReportRow], measure: Callable[[list[ReportRow]], int]) -> tuple[list[ReportRow], int]:
    """Leave out as many rows as the page is too large for, those that are done first; and say how many."""
    kept, size = rows, measure(rows)
    while size > PAGE_BYTES * PICTURE_ROOM:
        count = int(len(kept) * 0.95 * PAGE_BYTES * PICTURE_ROOM / size)
        # Sorted without losing the order of names among equals.
        chosen = sorted(range(len(rows)), key=lambda k: rows[k].status == "done")[:count]
        kept = [rows[k] for k in sorted(chosen)]
        size = measure(kept)
    return kept, len(rows) - len(kept)


def draw_missing(jobs: Sequence[PictureJob | None], progress: bool) -> None:
    """Draw the cases whose pictures are not kept yet."""
    missing = [job for job in jobs if job is not None and read_kept_pictures(job) is None]
    # Nothing to load needs no process, and what fsspec keeps in memory no other process sees.
    elsewhere = []
    for job in missing:
        if job.images and not job.folder.root.startswith("memory://"):
            elsewhere.append(job)
        else:
            draw_job(job)
    if not elsewhere:
        return
    memory = MEMORY_SHARE * find_local_memory()
    if not progress:
        draw_jobs(elsewhere, memory, lambda _: None)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("Drawing cases", total=len(elsewhere))
        draw_jobs(elsewhere, memory, lambda count: bars.advance(task, count))


def find_drawn_facts(job: PictureJob) -> DrawnFacts:
    """Find what the pictures of a case say of it."""
    pictures = read_kept_pictures(job)
    if pictures is None:
        return DrawnFacts(False, "", {}, ("its pictures could not be drawn: the system ended the process",))
    labels = {int(value): str(name) for value, name in pictures["labels"].items()}
    return DrawnFacts(bool(pictures["planes"]), str(pictures["modality"]), labels, tuple(pictures["notes"]))


def encode_blocks(jobs: Sequence[PictureJob | None]) -> Iterator[str]:
    """The pictures of the cases for the page, some cases at a time."""
    for first in range(0, len(jobs), BLOCK_SIZE):
        kept = [None if job is None else read_kept_pictures(job) for job in jobs[first : first + BLOCK_SIZE]]
        shown = [pictures if pictures and pictures["planes"] else None for pictures in kept]
        names = ("planes", "sheets")
        yield encode_for_script([pictures and {name: pictures[name] for name in names} for pictures in shown])


def list_notices(
    cases: int, left_out: int, pictured: int, level: PictureLevel, run_facts: Mapping[str, Any]
) -> Iterator[str]:
    """Everything that a reader must know first."""
    planned = run_facts.get("cases")
    if isinstance(planned, int) and planned > cases:
        yield (
            f"This run has not ended: {cases:,} of {planned:,} cases have a row in its manifest so far. "
            "The page shows them as they are now; make it again for the rest."
        )
    if left_out:
        yield (
            f"{left_out:,} cases that are done are left out, since the page would be larger than "
            f"{PAGE_BYTES // 1_000_000} MB; read_manifest has all of them."
        )
    if pictured and level.slices < 12:
        if level.plane_side == 0:
            yield f"{pictured:,} cases are too many for pictures on one page."
        elif level.slices == 0:
            yield f"{pictured:,} cases are too many for slices on one page: each has three small planes only."
        else:
            yield (
                f"With {pictured:,} cases, pictures are small and show up to {level.slices} slices of each, so that "
                f"the page stays below {PAGE_BYTES // 1_000_000} MB. Pages of fewer cases show more."
            )


def describe_duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds < 60:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"


def describe_run(
    folder: RunFolder, run_facts: Mapping[str, Any], rows: Sequence[ReportRow], notices: Sequence[str], made: datetime
) -> PageFacts:
    """Put together what stands above the table."""
    counts = Counter(row.status for row in rows)
    tiles = [StatusTile("all", "All cases", len(rows))]
    tiles += [StatusTile(status, name, counts[status]) for status, name in STATUS_NAMES.items() if counts[status]]
    seconds = sum(row.seconds or 0.0 for row in rows)
    ended = max((row.ended for row in rows), default="")
    facts = [
        f"layout {run_facts['layout']}" if isinstance(run_facts.get("layout"), str) else "",
        f"last case {ended[:16].replace('T', ' ')} UTC" if ended else "",
        f"{describe_duration(seconds)} of work",
    ]
    title = folder.root.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or "run"
    return PageFacts(
        clean_text(title),
        [fact for fact in facts if fact],
        notices,
        tiles,
        count_cases(rows),
        f"{made:%Y-%m-%d %H:%M} UTC",
    )
