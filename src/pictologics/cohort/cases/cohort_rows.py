"""What the tables of a cohort say of the series that make cases."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import CorruptFileError, FileAccessError, UnsupportedFormatError
from ..cohort_folder import Cohort
from ..querying import quote_texts
from ..series_sources import FIND_FILES, SeriesFiles, group_files
from .case import SeriesChoice

__all__ = [
    "LinkedMask",
    "SeriesPlace",
    "SeriesSources",
    "find_linked_masks",
    "find_phases",
    "find_series",
    "find_sources",
    "make_choice",
    "set_phase",
]

FACT_COLUMNS = ("manufacturer", "model", "body_part")
"""What goes into the manifest of a series besides its modality and its keys."""

IS_MASK = "kind IN ('SEG', 'RTSTRUCT')"
"""What can be a mask. Doses are linked to images, too, and are none, whatever a condition says."""


SeriesPlace = tuple[str, str]
"""The key of a series and its kind: files of several kinds may claim to be one series."""


@dataclass(frozen=True)
class LinkedMask:
    """A mask and the image that it belongs to.

    Attributes:
        row: The row of its series.
        image_key: The image.
        how: How it was linked.
        choices: How many images fitted equally well.
    """

    row: Mapping[str, Any]
    image_key: str
    how: str
    choices: int


@dataclass(frozen=True)
class SeriesSources:
    """Where a series is.

    Attributes:
        files: What ``load_image`` takes.
        options: Keywords that it needs to find the series there.
        problem: Why nothing loads it; empty if it loads.
    """

    files: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def fetch_rows(relation: Any) -> list[dict[str, Any]]:
    """The rows of a DuckDB relation, as dicts."""
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def find_series(cohort: Cohort, condition: str, kinds: str = "kind = 'image'") -> list[dict[str, Any]]:
    """Series that meet a condition, in the order of patients, studies and series."""
    # The objects that a mask names may be thousands, and are of no use here.
    found = cohort.query(condition).filter(kinds).select("* EXCLUDE (referenced_series_keys, referenced_instance_keys)")
    return fetch_rows(found.order("patient_key, study_key, series_number, series_key"))


def find_linked_masks(cohort: Cohort, condition: str, images: Collection[str]) -> dict[str, list[LinkedMask]]:
    """Masks that meet a condition and are linked to one of some images, by the image's key."""
    rows = {row["series_key"]: row for row in find_series(cohort, condition, IS_MASK)}
    found: dict[str, list[LinkedMask]] = {}
    links = cohort.sql("SELECT series_key, image_key, how, choices FROM links ORDER BY series_key, image_key")
    for key, image, how, choices in links.fetchall():
        if image in images and key in rows:
            found.setdefault(image, []).append(LinkedMask(rows[key], image, how, int(choices or 1)))
    return found


def find_phases(cohort: Cohort, keys: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The volumes of series that have several, by the series' key."""
    found: dict[str, list[dict[str, Any]]] = {}
    if keys:
        phases = cohort.query(f"series_key IN ({quote_texts(keys)})", table="phases")
        for row in fetch_rows(phases.order("series_key, phase")):
            found.setdefault(row["series_key"], []).append(row)
    return found


def find_sources(cohort: Cohort, rows: Sequence[Mapping[str, Any]]) -> dict[SeriesPlace, SeriesSources]:
    """Where series are, by their keys and kinds; of objects that are there twice, one file."""
    if not rows:
        return {}
    places = {(row["series_key"], row["kind"]) for row in rows}
    condition = f"series_key IN ({quote_texts(sorted({key for key, _ in places}))})"
    listed = fetch_rows(cohort.sql(FIND_FILES.format(condition=condition)))
    found = {files.series_key: files for files in group_files(cohort.root, listed)}
    return {(key, kind): make_sources(found.get(key, SeriesFiles(key, cohort.root)), kind) for key, kind in places}


def make_sources(files: SeriesFiles, kind: str) -> SeriesSources:
    """What loads a series, or why nothing does."""
    try:
        source = files.take_kind(kind).find_source()
    except (CorruptFileError, FileAccessError, UnsupportedFormatError) as error:
        return SeriesSources(problem=str(error))
    return SeriesSources(source.paths, source.options)


def make_choice(name: str, row: Mapping[str, Any], sources: SeriesSources, drawn_on: str = "") -> SeriesChoice:
    """A series as a part of a case."""
    options = {**json.loads(row["load_options"] or "{}"), **sources.options}
    shape = tuple(row[f"size_{axis}"] for axis in "xyz")
    spacing = tuple(row[f"spacing_{axis}"] for axis in "xyz")
    return SeriesChoice(
        name,
        row["series_key"],
        sources.files,
        options,
        row["study_key"] or "",
        row["patient_key"] or "",
        row["modality"] or "Unknown",
        int(options.get("dataset_index") or 0),
        None if None in shape else shape,
        None if None in spacing else spacing,
        int(row["voxel_bytes"] or 0),
        row["kind"] or "image",
        drawn_on,
        {column: row[column] for column in FACT_COLUMNS if row[column]},
    )


def set_phase(choice: SeriesChoice, row: Mapping[str, Any]) -> SeriesChoice:
    """The same series, of which another volume is loaded."""
    options = {**choice.options, **json.loads(row["load_options"] or "{}")}
    return replace(choice, phase=int(row["phase"]), options=options)
