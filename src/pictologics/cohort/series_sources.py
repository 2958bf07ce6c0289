"""Where the files of series are, and what ``load_image`` takes to load them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from ..dicom.headers import tags
from ..dicom.headers.header_reading import read_header
from ..dicom.studies.series_kinds import find_kind
from ..errors import CorruptFileError, UnsupportedFormatError
from ..storage.archives import list_archive_entries
from ..storage.files import DiskFile, StoredFile
from ..storage.probed_file import probe_file
from ..storage.remote_files import RemoteFile
from ..storage.urls import extend_url, find_url

__all__ = ["FIND_FILES", "FIND_SCATTERED", "SeriesFiles", "SeriesSource", "group_files"]

FIND_FILES: Final = """
    WITH members AS (
        SELECT series_key, path, entry, content, CASE WHEN entry IS NULL THEN '' ELSE path END AS holder,
            coalesce(instance_key, path || '/' || coalesce(entry, '')) AS object
        FROM files WHERE series_key IS NOT NULL AND ({condition})
    ), holders AS (
        SELECT series_key, holder, count(DISTINCT object) AS objects FROM members GROUP BY ALL
    )
    SELECT series_key, path, entry, coalesce(held, 0) AS held, coalesce(kinds, 1) AS kinds
    FROM members JOIN holders USING (series_key, holder) LEFT JOIN (
        SELECT path, count(DISTINCT series_key) AS held FROM files WHERE entry IS NOT NULL GROUP BY path
    ) USING (path) LEFT JOIN (
        SELECT series_key, count(DISTINCT kind) AS kinds FROM series GROUP BY series_key
    ) USING (series_key)
    QUALIFY row_number() OVER (
        PARTITION BY series_key, object, content ORDER BY objects DESC, holder, path, entry
    ) = 1
    ORDER BY series_key, path, entry
"""
"""The files of some series. Of those that are there twice, the ones that lie among most of the series, in an archive or
in none: an archive loads by itself only. ``held`` is how many series an archive holds, and ``kinds`` of how many kinds
files have the UID of the series."""


PACKED: Final = "series_key IN (SELECT series_key FROM files WHERE entry IS NOT NULL)"

FIND_SCATTERED: Final = f"""
    SELECT series_key FROM ({FIND_FILES.format(condition=PACKED)})
    GROUP BY series_key HAVING count(entry) > 0 AND count(DISTINCT path) > 1
"""
"""The series of which archives hold some files and others lie elsewhere, so that nothing loads them."""


@dataclass(frozen=True)
class SeriesFiles:
    """The files of one series.

    Attributes:
        series_key: The series.
        root: What their paths are relative to: a folder, or a URL.
        places: Path and entry of each; the entry is empty for a file of its own.
        held: How many series the archive holds that they are in; 0 if they are in none.
        kinds: Of how many kinds they are: some programs give a segmentation the UID of the series that it was drawn on.
    """

    series_key: str
    root: str
    places: tuple[tuple[str, str], ...] = ()
    held: int = 0
    kinds: int = 1

    @property
    def paths(self) -> tuple[str, ...]:
        """The files, or the archives that hold them, each once."""
        return tuple(dict.fromkeys(join_place(self.root, path) for path, _ in self.places))

    @property
    def is_packed(self) -> bool:
        """Whether any of them lies in an archive."""
        return any(entry for _, entry in self.places)

    def take_kind(self, kind: str) -> SeriesFiles:
        """Those files that are of one kind, as their heads tell.

        Raises:
            UnsupportedFormatError: If an archive holds others too, which then load with them.
            FileAccessError: If one cannot be read.
        """
        # Beside images, what is no image is left out as they are loaded.
        if self.kinds < 2 or (self.is_packed and kind == "image"):
            return self
        if self.is_packed:
            raise UnsupportedFormatError(
                f"the archive holds files of several kinds that all have the UID of the series {self.series_key}, and "
                "loads as a whole only",
                path=self.paths[0],
                advice="unpack it and index again",
            )
        headers = zip(self.places, map(read_header, self.list_stored()), strict=True)
        kept = tuple(place for place, header in headers if header is not None and find_kind(header) == kind)
        return replace(self, places=kept, kinds=1)

    def find_source(self) -> SeriesSource:
        """What ``load_image`` takes.

        Raises:
            UnsupportedFormatError: If an archive holds some of the files and others lie elsewhere.
            CorruptFileError: If there is no file, or an archive has changed since it was indexed.
        """
        if not self.places:
            raise CorruptFileError(f"the series {self.series_key} has no files", advice="index the root again")
        if not self.is_packed:
            return SeriesSource(self.paths)
        if len(self.paths) > 1:
            raise UnsupportedFormatError(
                f"the files of the series {self.series_key} lie in {len(self.paths)} archives or files, and an archive "
                "loads by itself only",
                path=self.paths[0],
                advice="unpack what belongs together into one folder and index again",
            )
        # Pseudonyms do not tell the UID by which an archive of several series is asked.
        return SeriesSource(self.paths, {} if self.held < 2 else {"series_uid": self.read_series_uid()})

    def list_stored(self) -> Iterator[StoredFile]:
        """The files themselves.

        Raises:
            CorruptFileError: If an archive has changed since it was indexed.
        """
        for path, group in groupby(self.places, key=lambda place: place[0]):
            file = open_place(join_place(self.root, path))
            entries = [entry for _, entry in group]
            if not any(entries):
                yield file
                continue
            held = {entry.name[len(file.name) + 1 :]: entry for entry in list_archive_entries(probe_file(file))}
            if not held.keys() >= set(entries):
                raise CorruptFileError(
                    "the archive has changed since it was indexed", path=file.name, advice="index again"
                )
            yield from (held[entry] for entry in entries)

    def read_series_uid(self) -> str:
        """The SeriesInstanceUID, as its first file has it."""
        header = read_header(next(self.list_stored()))
        return "" if header is None else header.text(tags.SERIES_INSTANCE_UID)


@dataclass(frozen=True)
class SeriesSource:
    """What ``load_image`` takes to load a series.

    Attributes:
        paths: Its files, or the archive that holds them.
        options: Keywords that tell it from what else is there.
    """

    paths: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def given(self) -> str | list[str]:
        """The paths as ``load_image`` takes them: the only one, or a list."""
        return self.paths[0] if len(self.paths) == 1 else list(self.paths)


def group_files(root: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[SeriesFiles]:
    """The files of each series out of the rows that ``FIND_FILES`` finds."""
    for key, group in groupby(rows, key=lambda row: row["series_key"]):
        found = list(group)
        places = tuple((row["path"], row["entry"] or "") for row in found)
        yield SeriesFiles(key, root, places, max(row["held"] for row in found), found[0]["kinds"])


def join_place(root: str, path: str) -> str:
    """A file of the tables, from where this program runs."""
    return extend_url(root, path) if find_url(root) else os.fspath(Path(root, path))


def open_place(path: str) -> StoredFile:
    """The file at a path or a URL; it is not opened yet."""
    return RemoteFile(path) if find_url(path) else DiskFile(path)
