"""A cohort on disk: a folder of tables, and ``cohort.json``, which says of what and how they were made."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .._version import __version__
from ..checks import check_whole, option_error
from ..errors import MissingPathError, OptionError
from ..image import Image
from ..loader import load_image
from ..loaders.masks import load_mask
from ..storage.file_writing import keep_on_disk, replace_file
from ..storage.paths import escape_bytes, expand_home, is_folder, is_there, refuse_system_errors
from ..storage.urls import find_url, hide_secrets
from .libraries import check_duckdb
from .querying import query_table, query_text, quote_texts
from .schema import SCHEMA_VERSION, TABLES
from .series_sources import FIND_FILES, SeriesFiles, SeriesSource, group_files

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "FACTS_FILE",
    "Cohort",
    "CohortFacts",
    "find_cohort_folder",
    "open_cohort",
    "read_facts",
    "write_facts",
]

FACTS_FILE: Final = "cohort.json"


@dataclass(frozen=True)
class CohortFacts:
    """What ``cohort.json`` says.

    Attributes:
        root: The folder that was indexed, or its URL.
        identifiers: Whether identifiers stand in the tables as they are.
        text: Whether free text does.
        key_fingerprint: Tells whether two cohorts have the same key; empty where identifiers are kept.
        is_complete: Whether the tables belong together; not while they are written, or after a kill.
        schema_version: The version of the tables.
        package_version: The version of this package that wrote them.
    """

    root: str
    identifiers: bool = False
    text: bool = False
    key_fingerprint: str = ""
    is_complete: bool = False
    schema_version: int = SCHEMA_VERSION
    package_version: str = __version__


@dataclass(frozen=True)
class Cohort:
    """A folder of tables about the files below a root.

    Attributes:
        path: The folder.
        facts: What its ``cohort.json`` says.
    """

    path: Path
    facts: CohortFacts

    @property
    def root(self) -> str:
        """The folder that was indexed, or its URL."""
        return self.facts.root

    def list_parts(self, table: str) -> list[str]:
        """The Parquet files of a table, sorted by name; any program reads them as one table.

        Args:
            table: Its name, one of ``patients``, ``studies``, ``series``, ``phases``, ``files``, ``links`` and
                ``problems``.

        Raises:
            OptionError: If there is no such table, or it has lost its files.
        """
        if table not in TABLES:
            raise OptionError(
                f"there is no table {table!r}; tables are {', '.join(TABLES)}",
                path=self.path,
                advice="take one of these",
            )
        found = sorted(map(str, (self.path / table).glob("*.parquet")))
        if not found:
            raise OptionError(
                f"the table of {table} has no Parquet files", path=self.path, advice="index the root again"
            )
        return found

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table, for DuckDB to filter and join; ``.df()``, ``.pl()`` and ``.arrow()`` give all of it.

        Args:
            name: One of ``patients``, ``studies``, ``series``, ``phases``, ``files``, ``links`` and ``problems``.

        Raises:
            OptionError: If there is no such table.
        """
        return self.query("true", name)

    def query(self, condition: str, table: str = "series") -> duckdb.DuckDBPyRelation:
        """The rows of a table for which a condition holds.

        Args:
            condition: SQL over its columns, such as ``modality = 'CT' AND spacing_z < 1.5``. It may ask other tables
                as well: ``series_key IN (SELECT image_key FROM links)``.
            table: The table.

        Returns:
            A relation of DuckDB; ``.df()`` gives a pandas frame, ``.pl()`` one of polars and ``.arrow()`` one of Arrow.

        Raises:
            OptionError: If there is no such table, or the condition has a mistake: the message says which, and lists
                the columns.

        Examples:
            >>> import tempfile
            >>> from pictologics import cohort
            >>> from pictologics.cli.demo_cohort import write_demo_cohort
            >>> folder = tempfile.mkdtemp()
            >>> export = write_demo_cohort(f"{folder}/export", patients=4)
            >>> found = cohort.index(export.root, f"{folder}/cohort")
            >>> found.query("modality = 'PT' AND suv_computable").select("kind, size_x, size_y, size_z").fetchall()
            [('image', 34, 28, 18), ('image', 34, 28, 18)]
        """
        return query_table(self.list_parts, condition, table)

    def sql(self, text: str) -> duckdb.DuckDBPyRelation:
        """What a query over any of the tables finds.

        Args:
            text: One ``SELECT``. It cannot write anything, and reads nothing but the tables.

        Raises:
            OptionError: If it is something else, or has a mistake.
        """
        return query_text(self.list_parts, text)

    def locate(self, series_key: str) -> SeriesSource:
        """Where the files of a series are, and what ``load_image`` needs to find it there.

        Args:
            series_key: The series.

        Returns:
            Its ``paths``; ``given``, which is what ``load_image`` takes; and ``options``, keywords that tell it from
            what else an archive holds.

        Raises:
            OptionError: If there is no such series.
            UnsupportedFormatError: If an archive holds a part of it.
        """
        return self.find_files(series_key).find_source()

    def find_files(self, series_key: str) -> SeriesFiles:
        """The files of a series, one by one.

        Args:
            series_key: The series.

        Raises:
            OptionError: If there is no such series.
        """
        query = FIND_FILES.format(condition=f"series_key = {quote_key(series_key)}")
        found = next(group_files(self.root, self.sql(query).to_arrow_table().to_pylist()), None)
        if found is None:
            raise OptionError(
                f"there is no series {series_key!r} with files in the cohort",
                path=self.path,
                advice="take a series_key of the table of series",
            )
        return found

    def files(self, series_key: str) -> str | list[str]:
        """What ``load_image`` takes to load a series: a path, or the list of its files.

        Args:
            series_key: The series.

        Raises:
            OptionError: If there is no such series.
        """
        return self.locate(series_key).given

    def load_image(self, series_key: str, phase: int = 0, **options: Any) -> Image:
        """Load a volume of a series, with the keywords that it needs.

        Args:
            series_key: The series.
            phase: Which of its volumes, as in the table of phases.
            **options: Further keywords of ``load_image``, which count more than those of the tables.

        Raises:
            OptionError: If there is no such series or volume.
            ValueError: As ``load_image`` does.
        """
        source = self.locate(series_key)
        condition = f"series_key = {quote_key(series_key)} AND phase = {check_whole('phase', phase, 0)}"
        rows = self.query(condition, "phases").select("load_options").fetchall()
        if not rows and phase:
            raise OptionError(
                f"the series {series_key!r} has no volume {phase}",
                path=self.path,
                advice="take one of the table of phases",
            )
        known = json.loads(rows[0][0] or "{}") if rows else {}
        return load_image(source.given, **{**source.options, **known, **options})

    def load_masks(self, series_key: str, image: Image) -> dict[str, Image]:
        """Load the masks that belong to an image, on its voxels.

        Args:
            series_key: The series of the image.
            image: The image, as it was loaded.

        Returns:
            A label map for each segmentation and structure set that is linked to it, by its ``series_key``.

        Raises:
            ValueError: As ``load_mask`` does.
        """
        masks = self.sql(
            "SELECT series_key, kind FROM links JOIN series USING (series_key) "
            f"WHERE image_key = {quote_key(series_key)} AND kind IN ('SEG', 'RTSTRUCT') ORDER BY series_key"
        ).fetchall()
        sources = {key: self.find_files(key).take_kind(kind).find_source() for key, kind in masks}
        return {key: load_mask(source.given, image, **source.options) for key, source in sources.items()}


def quote_key(series_key: str) -> str:
    """The key of a series as SQL.

    Raises:
        OptionError: If it is no text.
    """
    if not isinstance(series_key, str):
        raise option_error("series_key", series_key, "a key of the table of series")
    return quote_texts([series_key])


def open_cohort(path: str | os.PathLike[str] | Cohort) -> Cohort:
    """Open what ``index`` wrote.

    Args:
        path: The folder; a cohort is given back as it is.

    Raises:
        MissingPathError: If there is nothing.
        OptionError: If it is no cohort, one of another version, or one whose indexing was interrupted.
    """
    if isinstance(path, Cohort):
        return path
    check_duckdb()
    folder = find_cohort_folder(path)
    facts = read_facts(folder)
    if not facts.is_complete:
        raise OptionError(
            "its tables are not complete: they are being written, or the writing was interrupted",
            path=folder,
            advice="wait for the run that writes them, or index the root again, which goes on where it stopped",
        )
    return Cohort(folder, facts)


def find_cohort_folder(path: str | os.PathLike[str]) -> Path:
    """The folder of a cohort, whose ``~`` is the home of a user; whether it is there is not looked at.

    Raises:
        OptionError: If it is no path, or no text; or a URL: tables are read and locked as files of this machine.
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise OptionError(f"the folder of a cohort is {path!r} and must be a path", advice="name a folder")
    url = find_url(path)
    if url is not None:
        raise OptionError(
            "a cohort is a folder of this machine, and this is a URL", path=hide_secrets(url), advice="name a folder"
        )
    folder = expand_home(path)
    try:
        str(folder.absolute()).encode()
    except UnicodeEncodeError as error:
        # Those libraries take names of files as text.
        raise OptionError(
            "the name of this folder is not text in UTF-8, which the libraries that read tables require",
            path=escape_bytes(str(folder)),
            advice="name another folder",
        ) from error
    return folder


def read_facts(folder: Path) -> CohortFacts:
    """Read ``cohort.json``.

    Raises:
        MissingPathError: If there is nothing.
        OptionError: If it is no cohort, or one of another version.
    """
    if not is_there(folder):
        raise MissingPathError("there is no such folder", path=folder, advice="check the path, or make it with index")
    if not is_folder(folder) or not is_there(folder / FACTS_FILE):
        raise OptionError(
            f"this is no cohort, which is a folder with a file {FACTS_FILE}",
            path=folder,
            advice="pass the folder that index wrote",
        )
    with refuse_system_errors("the file cannot be read", folder / FACTS_FILE):
        content = (folder / FACTS_FILE).read_bytes()
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    return check_facts(found, folder)


def check_facts(found: Any, folder: Path) -> CohortFacts:
    """Make facts of what the file holds, if they are facts of a cohort that this version reads."""
    version = found.get("schema_version") if isinstance(found, dict) else None
    if not isinstance(version, int):
        raise OptionError(
            f"its {FACTS_FILE} is not that of a cohort", path=folder, advice="pass the folder that index wrote"
        )
    if version != SCHEMA_VERSION:
        raise OptionError(
            f"this is a cohort of schema version {version}, and version {SCHEMA_VERSION} is required",
            path=folder,
            advice="index the root again into a new folder",
            schema_version=version,
        )
    try:
        facts = CohortFacts(**found)
    except TypeError:
        facts = None
    if facts is None or any(type(value) is not type(asdict(EMPTY_FACTS)[name]) for name, value in found.items()):
        raise OptionError(f"its {FACTS_FILE} is damaged", path=folder, advice="index the root again into a new folder")
    return facts


EMPTY_FACTS: Final = CohortFacts("")


def write_facts(folder: Path, facts: CohortFacts) -> None:
    """Write ``cohort.json``, whole or not at all."""
    with replace_file(folder / FACTS_FILE) as temporary:
        temporary.write_text(json.dumps(asdict(facts), indent=2) + "\n", encoding="utf-8")
        # Of all that is lost with the power, this alone could not be made again.
        keep_on_disk(temporary)
