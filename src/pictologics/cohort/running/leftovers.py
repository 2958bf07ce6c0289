"""Files of cases that have no result: none of them stays in a data set."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from ...errors import CorruptFileError, FileAccessError, OptionError
from ..cases.case import Case
from ..layouts.protocol import SEGMENT_PLACE
from .case_loading import name_written_masks
from .manifest import ManifestRow, read_row
from .rules import RunRules
from .run_folder import RunFolder

__all__ = ["find_done_row", "remove_files", "remove_planned_files"]


def find_done_row(case: Case, rules: RunRules) -> ManifestRow | None:
    """The row of a case that another worker did meanwhile; None if none did."""
    with suppress(FileAccessError, CorruptFileError):
        row = read_row(rules.folder, case.case_id)
        return row if row is not None and row.status == "done" else None
    return None


def remove_planned_files(case: Case, rules: RunRules) -> None:
    """Remove what earlier attempts wrote of a case that has no result: their workers died, and took no file with them.

    Files of segments are not among them, whose names nobody knows before the masks are loaded.
    """
    with suppress(OptionError):
        planned = rules.layout.plan(name_written_masks(case, rules))
        remove_files(rules.folder, [file.path for file in planned.files if SEGMENT_PLACE not in file.path])


def remove_files(folder: RunFolder, paths: Iterable[str]) -> None:
    """Remove files, as far as the system lets them be removed."""
    for path in paths:
        with suppress(FileAccessError, OptionError):
            folder.remove(path)
