"""Reads a unit: the heads of the files that are new or changed, and the series that they belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import CorruptFileError
from ...storage.files import StoredFile
from .heads import REFUSED_BY_SYSTEM, FilePlace, HeadFile, describe_unreadable_file, is_text, read_heads, refuse_name
from .index_job import IndexJob
from .parts import Part, read_part, write_part
from .series_judging import judge_series
from .units import Unit, list_former_names

__all__ = ["read_unit"]

Row = Mapping[str, Any]


def read_unit(unit: Unit, job: IndexJob) -> int:
    """Read a unit and keep what it gave.

    Of files that are as they were, nothing is read, unless a file of the same series has changed, come or gone.

    Returns:
        How many files it has.
    """
    reader = UnitReader(job, find_old_part(unit, job))
    for part in unit.parts:
        before = f"{part.path}/" if part.path else ""
        for name, size, mtime_ns in part.files:
            reader.add(FilePlace(before + name, "", size, mtime_ns))
        if part.error is not None:
            reader.rows.append(describe_unreadable_file(FilePlace(part.path, "", 0, 0), part.error))
    write_part(job.units / unit.name / unit.state, reader.finish())
    return unit.count


def find_old_part(unit: Unit, job: IndexJob) -> Part | None:
    """What the same unit gave in an earlier run, if that is kept and whole."""
    folders = (job.units / name for name in (unit.name, *list_former_names(unit, job.seed)))
    folder = next((folder for folder in folders if folder.exists()), None)
    found = [] if folder is None else sorted(path for path in folder.glob("*") if not path.name.startswith("."))
    try:
        return read_part(found[0]) if found else None
    except CorruptFileError:
        # It would only have saved the reading.
        return None


class UnitReader:
    """Collects the rows of a unit.

    Args:
        job: The run.
        old: What an earlier run found; None if nothing is known.
    """

    def __init__(self, job: IndexJob, old: Part | None) -> None:
        self.job = job
        self.old = old
        self.known = group_rows(old.files if old else (), "path")
        self.kept: dict[str, list[Row]] = {}
        self.places: dict[str, FilePlace] = {}
        self.waiting: list[FilePlace] = []
        self.rows: list[Row] = []
        self.heads: defaultdict[str, list[HeadFile]] = defaultdict(list)

    def add(self, place: FilePlace) -> None:
        """Take over what is known of a file, or have it read."""
        known = self.known.get(place.path)
        if known is not None and is_unchanged(known, place):
            self.kept[place.path] = self.known.pop(place.path)
            self.places[place.path] = place
        else:
            self.waiting.append(place)

    def read_waiting(self) -> None:
        """Read the files that are to be read."""
        places = [place for place in self.waiting if is_text(place.path)]
        for place in self.waiting:
            if not is_text(place.path):
                self.rows.append(refuse_name(place).row)
        self.waiting = []
        files = self.job.root.find_files([place.path for place in places])
        for place, file in zip(places, files, strict=True):
            self.read(place, file)

    def read(self, place: FilePlace, file: StoredFile) -> None:
        """Read the head of a file, or those of an archive's entries."""
        for head in read_heads(file, place, self.job.names):
            self.rows.append(head.row)
            key = head.row.get("series_key")
            if key is not None:
                self.heads[key].append(head)

    def finish(self) -> Part:
        """Read what is to be read, judge the series that changed, and put everything together."""
        self.read_waiting()
        # What is gone or changed may have been of another series than what is there now.
        changed = {row["series_key"] for rows in self.known.values() for row in rows} | set(self.heads)
        # What is of no series, such as a note, says nothing of others that are of none.
        changed.discard(None)
        again = self.find_kept_files(changed)
        while again:
            # Their series are judged anew; an archive is read as a whole, and may hold further series.
            for path in again:
                del self.kept[path]
                self.waiting.append(self.places[path])
            self.read_waiting()
            changed |= set(self.heads)
            again = self.find_kept_files(changed)
        for rows in self.kept.values():
            self.rows.extend(rows)
        series: list[Row] = []
        phases: list[Row] = []
        if self.old is not None:
            series += [row for row in self.old.series if row["series_key"] not in changed]
            phases += [row for row in self.old.phases if row["series_key"] not in changed]
        is_final = not any(row.get("error") in REFUSED_BY_SYSTEM for row in self.rows)
        for key, heads in self.heads.items():
            for found in judge_series(key, heads, self.job.names):
                series.append(found.series)
                phases += found.phases
                is_final = is_final and found.is_final
        return Part(self.rows, series, phases, is_final)

    def find_kept_files(self, changed: set[str]) -> list[str]:
        """The files of some series among those that are taken over."""
        return [path for path, rows in self.kept.items() if any(row["series_key"] in changed for row in rows)]


def is_unchanged(known: Iterable[Row], place: FilePlace) -> bool:
    """Whether a file is as it was, and what is known of it final."""
    return all(
        row["mtime_ns"] == place.mtime_ns
        and (row["entry"] is not None or row["size"] == place.size)
        and row["error"] not in REFUSED_BY_SYSTEM
        for row in known
    )


def group_rows(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    """Rows by the value of a column."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return dict(groups)
