"""What only the files of a series tell: where contours lie, and whether pixels decode."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...dicom.structures.contours import read_contour_points
from ...dicom.structures.structure_set import StructureSet
from ...errors import PictologicsError
from ...geometry import Grid
from ...loader import load_image
from ...silence import silence_this_thread
from ..series_sources import SeriesFiles
from .mask_meeting import Meeting, meet_contours

__all__ = ["ReadingTask", "SeriesReading", "read_series"]


@dataclass(frozen=True)
class ReadingTask:
    """A series whose files are to be read.

    Attributes:
        files: Its files.
        kind: Its kind.
        options: Keywords that load each of its volumes; none if nothing is to be decoded.
        image: Of contours, the grid of their image, to be compared; None if there is none.
        image_files: Of contours that are to be drawn, the files of their image.
        image_options: Keywords that load that image.
    """

    files: SeriesFiles
    kind: str
    options: tuple[Mapping[str, Any], ...] = ()
    image: Grid | None = None
    image_files: SeriesFiles | None = None
    image_options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SeriesReading:
    """What was found.

    Attributes:
        series_key: The series.
        kind: Its kind.
        faults: What is wrong, each in a sentence.
        meeting: How contours meet their image; None if that was not asked.
    """

    series_key: str
    kind: str
    faults: tuple[str, ...] = ()
    meeting: Meeting | None = None


def read_series(task: ReadingTask, _: None = None) -> SeriesReading:
    """Read the files of one series; what cannot be read is a fault of the series, never raised."""
    faults: list[str] = []
    meeting = None
    try:
        task = replace(task, files=task.files.take_kind(task.kind))
    except PictologicsError as error:
        return SeriesReading(task.files.series_key, task.kind, (describe_failure("its files cannot be told", error),))
    # What there is to warn of stands in the tables.
    with silence_this_thread():
        if task.image is not None:
            try:
                meeting = measure_contours(task.files, task.image)
            except PictologicsError as error:
                faults.append(describe_failure("its contours cannot be read", error))
        for options, failure in decode_volumes(task):
            which = f" with {json.dumps(dict(options))}" if options else ""
            faults.append(describe_failure(f"it does not load{which}", failure))
    return SeriesReading(task.files.series_key, task.kind, tuple(dict.fromkeys(faults)), meeting)


def describe_failure(what: str, error: PictologicsError) -> str:
    """An error as a fault; of which class it is helps those who search for it."""
    return f"{what}: {error.found} ({type(error).__name__})"


def measure_contours(files: SeriesFiles, image: Grid) -> Meeting:
    """How far the contours of structure sets are from the slices of an image."""
    worst = Meeting(0.0)
    for file in files.list_stored():
        structures = StructureSet(file)
        contours = read_contour_points(structures.path, structures.rois)
        found = meet_contours(contours.points, contours.starts, image)
        if (bool(found.fault), found.voxels) > (bool(worst.fault), worst.voxels):
            worst = found
    return worst


def decode_volumes(task: ReadingTask) -> Iterator[tuple[Mapping[str, Any], PictologicsError]]:
    """Load every volume of a series; yields those that do not load, and why."""
    if not task.options:
        return
    try:
        sources = list_sources(task)
        more = draw_on(task)
    except PictologicsError as error:
        yield {}, error
        return
    for source, placing in sources:
        for options in task.options:
            try:
                load_image(source, **{**placing, **options, **more})
            except PictologicsError as error:
                yield options, error


def list_sources(task: ReadingTask) -> Sequence[tuple[str | list[str], Mapping[str, Any]]]:
    """What ``load_image`` takes: the files together, or of segments each file by itself."""
    source = task.files.find_source()
    if task.kind in ("SEG", "RTSTRUCT") and not task.files.is_packed:
        return [(path, {}) for path in source.paths]
    return [(source.given, source.options)]


def draw_on(task: ReadingTask) -> Mapping[str, Any]:
    """The image that contours are drawn on, as a keyword."""
    if task.kind != "RTSTRUCT" or task.image_files is None:
        return {}
    source = task.image_files.take_kind("image").find_source()
    return {"reference_image": load_image(source.given, **{**source.options, **task.image_options})}
