"""The ``report`` command: one page about what became of the cases of a run."""

from __future__ import annotations

import sys
from pathlib import Path

from ...cohort.reporting.report import report
from ..terminal import print_line

__all__ = ["make_report"]


def make_report(out: str, page: Path | None) -> None:
    """Make the page, and say where it is.

    Args:
        out: What the run wrote to, a folder or its URL.
        page: The file to write, None for the usual one.
    """
    print_line(str(report(out, page, progress=sys.stderr.isatty())))
