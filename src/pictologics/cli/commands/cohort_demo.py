"""The ``demo --cohort`` command: from the export of a made-up hospital to a page that shows what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.text import Text

from ... import cohort
from ...cohort.libraries import check_libraries
from ...errors import FileAccessError
from ...loaders.source_content import count_things
from ..demo_cohort import write_demo_cohort

if TYPE_CHECKING:
    from ...cohort import CheckReport, Cohort, RunResult

__all__ = ["run_cohort_demo"]

StepResult = TypeVar("StepResult")

PATIENTS = 12

THIN_SLICES = "modality = 'CT' AND spacing_z < 14.9"
"""A question that has an answer in the made-up export."""

IMAGES = "kind = 'image'"
"""What is converted: every image, with the masks that belong to it."""

STEP_NAME = 14
"""Columns of what a line is about."""


def run_cohort_demo(folder: Path) -> None:
    """Write an export of 12 patients, index, query, check and convert it, and make the report.

    Args:
        folder: Where everything goes; made if it is not there.

    Raises:
        OptionError: If a library is not installed; it names all that are not.
        FileAccessError: If the folder cannot be written to.
    """
    check_libraries()
    console = Console(highlight=False, soft_wrap=True)
    export, index, out = folder / "export", folder / "cohort", folder / "converted"
    write_export(console, export)
    found = take_step(console, f"index({str(export)!r}, {str(index)!r})", lambda: cohort.index(export, index))
    show_series(console, found)
    show_problems(console, found)
    thin = take_step(console, f'cohort.query("{THIN_SLICES}")', lambda: len(found.query(THIN_SLICES).fetchall()))
    show_fact(console, "answer", f"{thin} series")
    checked = take_step(console, "check(cohort)", lambda: cohort.check(found))
    show_check(console, checked)
    call = f'run(cohort, "{IMAGES}", {str(out)!r}, suv="bw")'
    show_run(console, take_step(console, call, lambda: cohort.run(found, IMAGES, out, suv="bw")))
    page = take_step(console, f"report({str(out)!r})", lambda: cohort.report(out))
    show_fact(console, "page", "open it in a browser:")
    console.print(Text(str(page), "bold"))


def write_export(console: Console, export: Path) -> None:
    """Write the export, and say what is in it."""
    try:
        with console.status(f"Writing the export of {PATIENTS} made-up patients ..."):
            write_demo_cohort(export, patients=PATIENTS)
    except OSError as error:
        raise FileAccessError(
            f"the demo cannot be written there ({error.strerror})", path=export, advice="pass another --folder"
        ) from error
    files = sum(file.is_file() for file in export.rglob("*"))
    console.print(f"Wrote the export of {PATIENTS} made-up patients, {files} files, to", Text(str(export), "bold"))


def take_step(console: Console, call: str, step: Callable[[], StepResult]) -> StepResult:
    """Take a step, and say what was called and how long it took."""
    start = time.perf_counter()
    with console.status(f"{call} ..."):
        result = step()
    console.print()
    console.print(Text(call, "bold"), f" took {time.perf_counter() - start:.1f} s")
    return result


def show_fact(console: Console, name: str, fact: str) -> None:
    """Show a line of what came out."""
    console.print(f"  {name:<{STEP_NAME}}{fact}", markup=False)


def show_series(console: Console, found: Cohort) -> None:
    """Show which series there are."""
    counts = found.sql("SELECT kind, modality, count(*) AS n FROM series GROUP BY ALL ORDER BY ALL").fetchall()
    kinds: dict[str, list[str]] = {}
    for kind, modality, count in counts:
        kinds.setdefault(kind, []).append(f"{count} {modality}")
    for kind, parts in kinds.items():
        show_fact(console, kind, ", ".join(parts))


def show_problems(console: Console, found: Cohort) -> None:
    """Show what is wrong with the export."""
    for kind, text in found.sql("SELECT kind, text FROM problems ORDER BY ALL").fetchall():
        show_fact(console, kind, text)


def show_check(console: Console, checked: CheckReport) -> None:
    """Show which series have faults, the worst first."""
    show_fact(console, "all", checked.summary())
    for series in checked.faulty:
        for fault in series.faults:
            show_fact(console, series.kind, fault)


def show_run(console: Console, result: RunResult) -> None:
    """Show how many cases ended in which way, and why those did that have no result."""
    show_fact(console, "cases", ", ".join(f"{count} {status}" for status, count in result.counts.items()))
    warned = count_things(sum(bool(row.warnings) for row in result.rows), "case")
    show_fact(console, "warnings", f"in {warned}; each has its row in the manifest")
    for row in result.rows:
        if row.error_text:
            show_fact(console, row.status, row.error_text)
