"""A cohort on disk: a folder of tables, and ``cohort.json``, which says of what and how they were made."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .._version import __version__
from ..errors import MissingPathError, OptionError
from ..storage.file_writing import replace_file
from ..storage.paths import is_folder, is_there, refuse_system_errors
from .querying import query_table, query_text
from .schema import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import duckdb

__all__ = ["FACTS_FILE", "Cohort", "CohortFacts", "open_cohort", "read_facts", "write_facts"]

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
    folder = Path(path)
    facts = read_facts(folder)
    if not facts.is_complete:
        raise OptionError(
            "its tables are not complete: they are being written, or the writing was interrupted",
            path=folder,
            advice="wait for the run that writes them, or index the root again, which goes on where it stopped",
        )
    return Cohort(folder, facts)


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
    except ValueError:
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
