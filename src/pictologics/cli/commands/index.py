"""The ``index`` command: a tree of files to the tables of a cohort."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from ...cohort import index
from ...cohort.parquet_files import count_rows
from ...cohort.schema import TABLES
from ..terminal import print_line

__all__ = ["index_tree"]

COUNTED = {"patients": "patient", "studies": "study", "series": "series", "files": "file"}
"""Tables whose rows are counted in the last line, and what one row is."""


def index_tree(root: str, out: Path, identifiers: bool, text: bool, key: Path | None, workers: int | None) -> None:
    """Index a tree, and print what was found."""
    is_watched = sys.stderr.isatty()
    cohort = index(root, out, identifiers=identifiers, text=text, key=key, workers=workers, progress=is_watched)
    counts = {name: count_rows(cohort.list_parts(name)) for name in TABLES}
    found = ", ".join(f"{counts[name]:,} {name if counts[name] != 1 else single}" for name, single in COUNTED.items())
    print_line(f"{out}: {found}; {describe_problems(out, counts['problems'])}")


def describe_problems(cohort: Path, count: int) -> str:
    """How many problems there are, and how to see them."""
    if not count:
        return "no problems"
    command = shlex.join(["pictologics", "query", "--table", "problems", str(cohort)])
    return f"{count:,} problem{'s' * (count != 1)}, which are listed by: {command}"
