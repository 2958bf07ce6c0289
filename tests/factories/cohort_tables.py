"""The tables of a cohort as rows that can be compared, and what an indexing run opens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pictologics.cohort.schema import TABLES
from pictologics.storage.files import DiskFile

__all__ = ["list_opened_files", "read_all_tables", "read_rows"]


def read_rows(cohort: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table, those of several files sorted by what they hold."""
    rows = [
        row for file in sorted((cohort / table).glob("*.parquet")) for row in pq.ParquetFile(file).read().to_pylist()
    ]
    return sorted(rows, key=repr)


def read_all_tables(cohort: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table."""
    return {name: read_rows(cohort, name) for name in TABLES}


@contextmanager
def list_opened_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files that are opened in the block, in this process."""
    opened: list[str] = []
    true_open = DiskFile.open

    def open_and_note(file: DiskFile) -> Any:
        opened.append(Path(file.name).name)
        return true_open(file)

    with monkeypatch.context() as patch:
        patch.setattr(DiskFile, "open", open_and_note)
        yield opened
