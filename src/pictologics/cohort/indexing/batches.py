"""The second pass: series whose files lie in several units are judged again, from all of their files."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .heads import REFUSED_BY_SYSTEM, FilePlace, HeadFile, read_heads
from .index_job import IndexJob
from .parts import Part, write_part
from .series_judging import judge_series
from .streamed_queries import name_exactly, stream_query

if TYPE_CHECKING:
    import duckdb

__all__ = ["Batch", "find_batches", "read_batch"]

MOST_BATCH_FILES: Final = 5000
"""Of a batch, unless a single series has more."""

SERIES_BETWEEN_ENDS: Final = 16
"""A batch ends at every 16th series on average; where depends on their keys, so that it is the same in the next run."""

SPREAD_FILES: Final = """
    SELECT series_key, path, entry, size, mtime_ns, content
    FROM read_parquet($files, filename = 'unit')
    WHERE series_key IN (
        SELECT series_key FROM read_parquet($files, filename = 'unit')
        WHERE series_key IS NOT NULL GROUP BY series_key HAVING count(DISTINCT unit) > 1
    )
    ORDER BY series_key, path, entry
"""
"""The files of all series that lie in several units."""


@dataclass(slots=True)
class Batch:
    """Series that are judged together.

    Attributes:
        state: A hash of their files.
        series: The files of each series by its key.
    """

    state: str = ""
    series: dict[str, list[FilePlace]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many files."""
        return sum(map(len, self.series.values()))


def find_batches(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> Iterator[Batch]:
    """Find the series that lie in several units.

    Args:
        connection: What answers queries.
        files: The tables of files of all units.

    Yields:
        Them, in batches.
    """
    if len(files) < 2:
        return
    found = stream_query(connection, SPREAD_FILES, {"files": name_exactly(files)})
    rows = (row for some in found for row in zip(*(column.to_pylist() for column in some.columns), strict=True))
    batch, state, count = Batch(), blake2b(digest_size=12), 0
    for key, same in groupby(rows, itemgetter(0)):
        members = list(same)
        if count and count + len(members) > MOST_BATCH_FILES:
            batch.state = state.hexdigest()
            yield batch
            batch, state, count = Batch(), blake2b(digest_size=12), 0
        batch.series[key] = [FilePlace(path, entry or "", size, mtime) for _, path, entry, size, mtime, _ in members]
        count += len(members)
        state.update(repr(members).encode())
        if zlib.crc32(key.encode()) % SERIES_BETWEEN_ENDS == 0:
            batch.state = state.hexdigest()
            yield batch
            batch, state, count = Batch(), blake2b(digest_size=12), 0
    if count:
        batch.state = state.hexdigest()
        yield batch


def read_batch(batch: Batch, job: IndexJob) -> int:
    """Judge the series of a batch, and keep what that gave.

    Returns:
        How many files it has.
    """
    heads: dict[str, list[HeadFile]] = {key: [] for key in batch.series}
    paths = sorted({place.path for places in batch.series.values() for place in places})
    is_final = True
    for path, file in zip(paths, job.root.find_files(paths), strict=True):
        for head in read_heads(file, FilePlace(path, "", 0, 0), job.names):
            is_final = is_final and head.row.get("error") not in REFUSED_BY_SYSTEM
            key = head.row.get("series_key")
            if key in heads:
                heads[key].append(head)
    found = [rows for key, members in heads.items() for rows in judge_series(key, members, job.names)]
    is_final = is_final and all(rows.is_final for rows in found)
    phases = [phase for rows in found for phase in rows.phases]
    write_part(locate_batch(job, batch.state), Part([], [rows.series for rows in found], phases, is_final))
    return batch.count


def locate_batch(job: IndexJob, state: str) -> Path:
    """Where the part of a batch is kept."""
    return job.batches / state[:2] / state
