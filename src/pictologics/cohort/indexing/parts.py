"""Parts: what reading some files gave, kept on disk as soon as it is complete."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import CorruptFileError, MissingPathError
from ...storage.paths import refuse_system_errors
from ..parquet_files import check_table_file, make_arrow_schema
from ..schema import FILE_COLUMNS, PHASE_COLUMNS, SERIES_COLUMNS, STUDY_COLUMNS, TableColumn

__all__ = ["PART_COLUMNS", "Part", "is_finished", "read_part", "write_part"]

DESCRIPTION_COLUMN: Final = next(column for column in STUDY_COLUMNS if column.name == "study_description")

PART_COLUMNS: Final[dict[str, tuple[TableColumn, ...]]] = {
    "files": FILE_COLUMNS,
    "series": (*SERIES_COLUMNS, DESCRIPTION_COLUMN),
    "phases": PHASE_COLUMNS,
}
"""The tables of a part. Series carry the description of their study as well, for the table of studies."""

TRY_AGAIN: Final = "try-again"
"""A file that says that the system refused something: nothing of the files changes when it does so no longer."""


@dataclass(frozen=True)
class Part:
    """The rows that some files gave.

    Attributes:
        files: Rows of the table of files.
        series: Rows of the table of series, with the description of their study.
        phases: Rows of the table of phases.
        is_final: Whether reading the same files again would find the same.
    """

    files: Sequence[Mapping[str, Any]]
    series: Sequence[Mapping[str, Any]]
    phases: Sequence[Mapping[str, Any]]
    is_final: bool = True


def write_part(folder: Path, part: Part) -> None:
    """Write a part: the folder appears when it is complete.

    Raises:
        FileAccessError: If the system refuses, as when the disk is full.
    """
    # Of its own, since worker processes write several parts beside each other.
    new = folder.with_name(f".new-{folder.name}")
    with refuse_system_errors("the index cannot be written", folder):
        if new.exists():
            shutil.rmtree(new)
        new.mkdir(parents=True)
        try:
            for name, columns in PART_COLUMNS.items():
                rows: Sequence[Mapping[str, Any]] = getattr(part, name)
                table = pa.Table.from_pylist(list(rows), schema=make_arrow_schema(columns))
                pq.write_table(table, new / f"{name}.parquet", compression="zstd")
            if not part.is_final:
                (new / TRY_AGAIN).touch()
            if folder.exists():
                shutil.rmtree(folder)
            new.rename(folder)
        finally:
            # Half of it would only take room on a disk that is full.
            shutil.rmtree(new, ignore_errors=True)


def is_finished(folder: Path) -> bool:
    """Whether a part is there, whole and final.

    Nothing is forced onto the disk as it is written: after a loss of power a file may be there and its end not.
    """
    if not folder.exists() or (folder / TRY_AGAIN).exists():
        return False
    try:
        for name, columns in PART_COLUMNS.items():
            check_table_file(name, folder / f"{name}.parquet", columns)
    except (CorruptFileError, MissingPathError):
        return False
    return True


def read_part(folder: Path) -> Part:
    """Read what ``write_part`` wrote.

    Raises:
        CorruptFileError: If a table of it is lost or damaged.
    """
    try:
        tables = {name: pq.ParquetFile(folder / f"{name}.parquet").read().to_pylist() for name in PART_COLUMNS}
    except (pa.ArrowException, OSError) as error:
        raise CorruptFileError(
            "this part of the index is damaged", path=folder, advice="delete its folder, and index again"
        ) from error
    return Part(tables["files"], tables["series"], tables["phases"])
