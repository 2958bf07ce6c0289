"""Checks a cohort: every series judged from the tables, contours from their files, and pixels if they are asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from ...checks import check_whole
from ...threads import count_cores
from ..cohort_folder import Cohort, open_cohort
from ..series_sources import FIND_FILES, SeriesFiles, group_files
from ..worker_pool import work_off
from .check_report import CheckedSeries, CheckReport, UnreadableFile
from .mask_meeting import read_grid
from .series_faults import FIND_SERIES, add_meeting, check_row
from .series_reading import ReadingTask, SeriesReading, read_series

__all__ = ["check"]

TableRow = Mapping[str, Any]

FEW_FILES: Final = 50
"""Of contours, which are read in this process."""


def check(cohort: Cohort | str | os.PathLike[str], *, pixels: bool = False, workers: int | None = None) -> CheckReport:
    """Judge every series of a cohort.

    Without pixels the tables tell nearly all: whether a series loads, whether its slices form a regular grid and none
    is missing, whether uptake values of PET can be computed, and whether a mask has an image and lies on its voxels.
    Only contours are read from their files.

    Args:
        cohort: The cohort, or its folder.
        pixels: Also load every volume of every series, each mask and the contours on their image, as ``load_image``
            does.
        workers: How many processes read; by default one for each core.

    Returns:
        Every series with its faults, the worst first.

    Raises:
        OptionError: If it is no cohort, or ``workers`` is no positive whole number.

    Examples:
        >>> import tempfile
        >>> from pictologics import cohort
        >>> from pictologics.cli.demo_cohort import write_demo_cohort
        >>> folder = tempfile.mkdtemp()
        >>> export = write_demo_cohort(f"{folder}/export", patients=4)
        >>> report = cohort.check(cohort.index(export.root, f"{folder}/cohort"))
        >>> report.is_fine, len(report.faulty), len(report.unreadable)
        (False, 2, 1)
    """
    opened = open_cohort(cohort)
    count = count_cores() if workers is None else check_whole("workers", workers, 1)
    rows = {(row["series_key"], row["kind"]): row for row in stream(opened, FIND_SERIES)}
    found = {place: check_row(row) for place, row in rows.items()}
    drawn = sum(row["kind"] == "RTSTRUCT" for row in rows.values())
    # Starting processes takes as long as reading the contours of dozens of files.
    count = count if pixels or drawn > FEW_FILES else 1
    for reading in work_off(read_series, list_tasks(opened, rows, pixels), None, count):
        place = (reading.series_key, reading.kind)
        found[place] = add_reading(found[place], reading)
    return CheckReport(tuple(sorted(found.values(), key=sort_key)), list_unreadable(opened), pixels)


def sort_key(series: CheckedSeries) -> tuple[bool, bool, float, str]:
    """The worst first: what has a fault without a number, then by the number."""
    has_number = series.error_voxels is not None
    return series.is_fine, has_number, -(series.error_voxels or 0.0), series.series_key


def stream(cohort: Cohort, query: str) -> Iterator[dict[str, Any]]:
    """The rows that a query finds, some at a time."""
    for batch in cohort.sql(query).to_arrow_reader():
        yield from batch.to_pylist()


def add_reading(series: CheckedSeries, reading: SeriesReading) -> CheckedSeries:
    """A series with what its files tell."""
    if reading.meeting is not None:
        series = add_meeting(series, reading.meeting)
    return replace(series, faults=(*series.faults, *reading.faults))


def list_unreadable(cohort: Cohort) -> tuple[UnreadableFile, ...]:
    """The files whose heads cannot be read."""
    found = stream(cohort, "SELECT paths, text FROM problems WHERE kind = 'unreadable' ORDER BY paths")
    return tuple(UnreadableFile(row["paths"][0], row["text"]) for row in found)


def list_tasks(cohort: Cohort, rows: Mapping[tuple[str, str], TableRow], pixels: bool) -> Iterator[ReadingTask]:
    """The series whose files are read: contours, and with pixels whatever loads."""
    wanted = "true" if pixels else "series_key IN (SELECT series_key FROM series WHERE kind = 'RTSTRUCT')"
    kinds: dict[str, list[TableRow]] = {}
    for (key, _), row in rows.items():
        kinds.setdefault(key, []).append(row)
    phases = find_phase_options(cohort) if pixels else {}
    images = find_image_files(cohort) if pixels else {}
    for files in group_files(cohort.root, stream(cohort, FIND_FILES.format(condition=wanted))):
        for row in kinds.get(files.series_key, ()):
            if row["kind"] == "RTSTRUCT" or (pixels and row["loads"] and not row["scattered"]):
                yield make_task(files, row, phases, images, pixels)


def make_task(
    files: SeriesFiles, row: TableRow, phases: Mapping[str, list[str]], images: Mapping[str, SeriesFiles], pixels: bool
) -> ReadingTask:
    """What is to be read of one series."""
    is_drawn = row["kind"] == "RTSTRUCT"
    image = read_grid(row, "image_") if is_drawn else None
    image_files = images.get(row["image_key"] or "")
    can_load = pixels and row["loads"] and (not is_drawn or image_files is not None)
    texts = phases.get(files.series_key) or [row["load_options"] or "{}"]
    # Each file of segments is loaded by itself, so that no volume is asked for twice.
    options = tuple(json.loads(text) for text in dict.fromkeys(texts)) if can_load else ()
    image_options = json.loads(row["image_load_options"] or "{}") if image_files is not None else {}
    return ReadingTask(files, row["kind"], options, image, image_files if can_load else None, image_options)


def find_phase_options(cohort: Cohort) -> dict[str, list[str]]:
    """The keywords that load each volume, by series."""
    found: dict[str, list[str]] = {}
    for row in stream(cohort, "SELECT series_key, load_options FROM phases WHERE loads ORDER BY series_key, phase"):
        found.setdefault(row["series_key"], []).append(row["load_options"])
    return found


def find_image_files(cohort: Cohort) -> dict[str, SeriesFiles]:
    """The files of the images of all structure sets."""
    condition = """series_key IN (
        SELECT image_key FROM links WHERE series_key IN (SELECT series_key FROM series WHERE kind = 'RTSTRUCT')
    )"""
    return {
        files.series_key: files
        for files in group_files(cohort.root, stream(cohort, FIND_FILES.format(condition=condition)))
    }
