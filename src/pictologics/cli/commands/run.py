"""The ``run`` command: the cases of a cohort, loaded, processed and written."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from ...cohort import RunResult, Selection, run
from ...cohort.cases.selection import DEFAULT_MASKS
from ...cohort.schema import TABLES
from ...errors import OptionError
from ...loaders.source_content import count_things
from ...preprocessing import Pipeline
from ..terminal import print_line
from .layout_options import make_layout_options, split_pair

__all__ = ["ChosenCases", "run_cohort"]

MOST_NAMED_CASES = 10
"""Cases without a result that are named; all of them are in the manifest."""

EVERY_IMAGE = "true"
"""The condition that every series meets."""


@dataclass(frozen=True)
class ChosenCases:
    """Which cases, as options say it.

    Attributes:
        where: A condition on the image of a case, or on the first of several.
        images: ``NAME=CONDITION`` for each image of a case.
        masks: A condition on masks; None for all of them.
        no_masks: Whether masks are left out.
        all_phases: Whether each volume of a series is a case.
    """

    where: str | None
    images: Sequence[str]
    masks: str | None
    no_masks: bool
    all_phases: bool


def run_cohort(
    cohort: str,
    out: str,
    chosen: ChosenCases,
    pipeline: Path | None,
    layout: str,
    options: Sequence[str],
    **rest: Any,
) -> None:
    """Run the cases of a cohort, and print what became of them.

    Args:
        cohort: The folder of the cohort.
        out: The folder or URL to write to.
        chosen: Which cases.
        pipeline: The file of the steps to apply, or None.
        layout: The layout.
        options: ``NAME=VALUE`` for each option of the layout.
        **rest: Passed on to ``pictologics.cohort.run``.

    Raises:
        typer.Exit: With status 1 if a case has no result.
    """
    process = None if pipeline is None else Pipeline.from_file(pipeline)
    result = run(
        cohort,
        make_cases_selection(chosen),
        out,
        process=process,
        layout=layout,
        layout_options=make_layout_options(layout, options),
        progress=sys.stderr.isatty(),
        **rest,
    )
    if result.is_dry:
        print_plan(result)
        return
    print_result(result)
    if set(result.counts) - {"done"}:
        raise typer.Exit(1)


def make_cases_selection(chosen: ChosenCases) -> Selection:
    """The selection that the options describe."""
    images = dict(split_image(pair) for pair in chosen.images)
    masks = None if chosen.no_masks else chosen.masks or DEFAULT_MASKS
    return Selection(
        images or {"image": EVERY_IMAGE}, masks, chosen.where, phases="all" if chosen.all_phases else "first"
    )


def split_image(pair: str) -> tuple[str, str]:
    """The name and the condition of an image.

    Raises:
        OptionError: If there is no name, so that the column of the condition would become it.
    """
    name, condition = split_pair("--image", pair)
    if re.split(r"\W", name.lower())[0] in {column.name for column in TABLES["series"]}:
        raise OptionError(
            f"--image is {pair!r}, which begins with a condition and not with the name of the image",
            advice=f'write for example --image "ct={pair}"',
        )
    return name, condition


def print_plan(result: RunResult) -> None:
    """What a run would do with each case."""
    for planned in result.planned:
        print_line(f"{planned.action:<6} {planned.case.case_id}: {planned.why}")
        if planned.action == "run":
            print_line("".join(f"       {path}\n" for path in planned.outputs).rstrip("\n"))
    counts = {
        action: sum(planned.action == action for planned in result.planned) for action in ("run", "keep", "refuse")
    }
    print_removed(result, "go: they are of earlier runs, and their cases become others")
    largest = max((planned.memory for planned in result.planned), default=0)
    print_line(
        f"{result.out}: {counts['run']} cases to run, {counts['keep']} to keep, {counts['refuse']} to refuse; "
        f"the largest takes about {largest / 1e9:.1f} GB of memory"
    )


def print_result(result: RunResult) -> None:
    """What became of the cases."""
    troubled = [row for row in result.rows if row.status != "done"] if set(result.counts) - {"done"} else []
    for row in troubled[:MOST_NAMED_CASES]:
        print_line(f"{row.status:<7} {row.case_id}: {row.error_class}: {row.error_text}")
    if len(troubled) > MOST_NAMED_CASES:
        print_line(f"... and {len(troubled) - MOST_NAMED_CASES} more")
    ends = ("done", "failed", "refused", "killed")
    counts = ", ".join(f"{result.counts[end]} {end}" for end in ends if end in result.counts)
    print_removed(result, "of earlier runs were removed, as their cases became others")
    print_warnings(result)
    print_line(f"{result.out}: {counts} ({result.seconds:.0f} s); every case is in the manifest")


def print_removed(result: RunResult, what: str) -> None:
    """How many files of earlier runs go, with an example."""
    if result.removed:
        print_line(f"{count_things(len(result.removed), 'file')} {what}, such as {result.removed[0]}")


def print_warnings(result: RunResult) -> None:
    """In how many cases something was warned of, with an example: what was done may not be what was meant."""
    warned = [row for row in result.rows if row.warnings]
    if not warned:
        return
    first = warned[0]
    cases, command = count_things(len(warned), "case"), shlex.join(["pictologics", "report", result.out])
    print_line(f"warnings in {cases}, such as {first.case_id}: {first.warnings[0].text}")
    print_line(f"to see them all: {command}")
