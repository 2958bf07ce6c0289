"""New tables take the place of the old ones, and what is of no more use is removed."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from ...errors import CorruptFileError
from ...storage.file_writing import replace_file
from ...storage.paths import refuse_system_errors
from ..cohort_folder import CohortFacts, write_facts
from ..parquet_files import check_table_file
from ..schema import TABLES
from .index_job import IndexJob
from .unit_list import UnitList

__all__ = ["is_current", "put_tables_in_place", "remove_old_parts"]

CURRENT: Final = "current"
"""The file that says of which units the tables are made."""


def is_current(job: IndexJob, units: UnitList) -> bool:
    """Whether the tables are made of these units as they are, and all there and whole."""
    path = job.state / CURRENT
    is_there = all((job.out / "files" / f"{name}.parquet").exists() for name in units.states)
    if not (is_there and path.exists() and path.read_bytes() == units.digest.encode("ascii")):
        return False
    return all(is_table_whole(job, name) for name in TABLES)


def is_table_whole(job: IndexJob, name: str) -> bool:
    """Whether a table has files, and each can be read as that table."""
    parts = list((job.out / name).glob("*.parquet"))
    try:
        for part in parts:
            check_table_file(name, part)
    except CorruptFileError:
        return False
    return bool(parts)


def put_tables_in_place(job: IndexJob, facts: CohortFacts, units: UnitList, is_final: bool) -> None:
    """Rename every new file to its place. Until all are there, the cohort says that it is not complete.

    Args:
        job: The run.
        facts: What the cohort says of itself.
        units: What the tables are made of.
        is_final: Whether the next run may leave them as they are if its files are the same.
    """
    with refuse_system_errors("the tables cannot be written", job.out):
        write_facts(job.out, replace(facts, is_complete=False))
        for name in TABLES:
            folder = job.out / name
            folder.mkdir(exist_ok=True)
            new = {path.name for path in (job.new_tables / name).iterdir()}
            for file in new:
                (job.new_tables / name / file).replace(folder / file)
            for path in list(folder.iterdir()):
                if path.name not in new:
                    path.unlink()
        with replace_file(job.state / CURRENT) as temporary:
            temporary.write_text(units.digest if is_final else "", encoding="ascii")
        write_facts(job.out, replace(facts, is_complete=True))
        shutil.rmtree(job.new_tables)


def remove_old_parts(job: IndexJob, units: UnitList, batches: Collection[str]) -> None:
    """Remove the parts that no table is made of any more."""
    with refuse_system_errors("the index cannot be written", job.out):
        if job.units.exists():
            for folder in list_folders(job.units):
                keep_only(folder, {units.states[folder.name]} if folder.name in units.states else set())
        if job.batches.parent.exists():
            for folder in (inner for outer in list_folders(job.batches.parent) for inner in list_folders(outer)):
                keep_only(folder, batches if folder.parent == job.batches else set())


def list_folders(folder: Path) -> list[Path]:
    """The folders in a folder, without what some systems put beside them, such as ``.DS_Store``."""
    return [path for path in folder.iterdir() if path.is_dir()]


def keep_only(folder: Path, names: Collection[str]) -> None:
    """Remove the folders in a folder but those named, and the folder itself if nothing is left."""
    folders = list_folders(folder)
    for path in folders:
        if path.name not in names:
            shutil.rmtree(path)
    if not any(path.name in names for path in folders):
        shutil.rmtree(folder)
