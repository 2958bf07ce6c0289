"""The ``index`` command: a tree of files to the tables of a cohort."""

from __future__ import annotations

import sys
from pathlib import Path

from ...cohort import Cohort, index
from ...cohort.parquet_files import count_rows
from ...cohort.schema import TABLES
from ..terminal import print_line

__all__ = ["index_tree"]

COUNTED = ("patients", "studies", "series", "files")
"""Tables whose rows are counted in the last line."""


def index_tree(root: str, out: Path, identifiers: bool, text: bool, key: Path | None, workers: int | None) -> None:
    """Index a tree, and print what was found."""
    is_watched = sys.stderr.isatty()
    cohort = index(root, out, identifiers=identifiers, text=text, key=key, workers=workers, progress=is_watched)
    counts = {name: count_rows(cohort.list_parts(name)) for name in TABLES}
    found = ", ".join(f"{counts[name]:,} {name}" for name in COUNTED)
    print_line(f"{out}: {found}; {describe_problems(cohort, counts['problems'])}")


def describe_problems(cohort: Cohort, count: int) -> str:
    """How many problems there are, and where they are named."""
    if not count:
        return "no problems"
    return f"{count:,} problem{'s' * (count != 1)}, named in '{cohort.path / 'problems'}'"
