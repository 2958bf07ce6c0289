"""What a path holds, as words, as plain values or as JSON."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..geometry import format_numbers
from ..storage.paths import is_there
from ..storage.record_tables import make_data_frame, write_csv_file
from ..storage.urls import find_url, hide_secrets
from .protocol import Source, StudyFacts, VolumeInfo

if TYPE_CHECKING:
    import pandas
    from rich.table import Table

__all__ = ["Explanation", "LinkedFile", "list_remarks", "name_source"]

TABLE_COLUMNS = {
    "number": "#",
    "of": "of #",
    "format": "format",
    "modality": "modality",
    "description": "description",
    "phase": "phase",
    "shape": "shape",
    "spacing": "spacing (mm)",
    "files": "files",
    "patient": "patient",
    "study_date": "study",
    "path": "path",
}
"""What tables for people show where it is known, and the heads of their columns."""

MOST_SEGMENTS_NAMED = 12
"""A whole-body segmentation has a hundred segments; ``get_segment_info`` lists them all."""


@dataclass(frozen=True)
class LinkedFile:
    """A mask, a structure set or a dose beside images, and the series that it is of.

    Attributes:
        kind: ``"SEG"``, ``"RTSTRUCT"`` or ``"dose"``.
        path: Its file, or the first of several.
        files: How many files it has.
        series_uid: Its own SeriesInstanceUID.
        description: Series description or label of the structure set, may be empty.
        labels: Its segments: value and name of each.
        image_series_uid: SeriesInstanceUID of the images that it is of; None if none of them is there.
        how: What says so: ``"referenced series"``, ``"referenced images"``, ``"plan and structure set"``, ``"frame of
            reference"`` or ``"study"``.
        choices: How many series fit equally well; of more than one, one was taken.
        notes: Why it does not load.
        study: Of which study and patient it is, where that was asked for.
    """

    kind: str
    path: str
    files: int = 1
    series_uid: str = ""
    description: str = ""
    labels: tuple[tuple[int, str], ...] = ()
    image_series_uid: str | None = None
    how: str = ""
    choices: int = 0
    notes: tuple[str, ...] = ()
    study: StudyFacts | None = None

    @property
    def call(self) -> str:
        """The line of Python that loads it onto its image."""
        if self.notes:
            return "does not load"
        how = "load_image" if self.kind == "dose" else "load_mask"
        reference = "reference_image=image" if self.kind == "dose" else "image"
        return f"{how}({self.path!r}, {reference})"

    def __str__(self) -> str:
        doubt = f", one of {self.choices} that fit" if self.choices > 1 else ""
        of = f"of it by its {self.how}{doubt}" if self.how else "of no series that is here"
        return ", ".join(filter(None, (f"{self.kind} '{self.path}'", self.description, of)))


@dataclass(frozen=True)
class Explanation:
    """What a path holds, from headers only.

    Attributes:
        path: The path; of a list, bytes or an open file without a name, words in angle brackets.
        volumes: Every volume found; ``load_image`` gives the one with ``is_default`` from the path alone.
        left_out: What is not a volume, and why.
        links: Every mask, structure set and dose beside images, and the series that it is of.
    """

    path: str
    volumes: tuple[VolumeInfo, ...]
    left_out: tuple[str, ...] = ()
    links: tuple[LinkedFile, ...] = ()

    @property
    def default(self) -> VolumeInfo | None:
        """The volume that ``load_image(path)`` gives; None if it needs keywords."""
        return next((volume for volume in self.volumes if volume.is_default), None)

    def to_dict(self) -> dict[str, object]:
        """The explanation as plain lists, dicts, text and numbers, each volume with its call."""
        facts = asdict(self)
        for volume, entry in zip(self.volumes, facts["volumes"], strict=True):
            entry["options"] = dict(volume.options)
            entry["findings"] = dict(volume.findings)
            entry["call"] = volume.call(self.path)
        for link, entry in zip(self.links, facts["links"], strict=True):
            entry["call"] = link.call
        return facts

    def links_of(self, volume: VolumeInfo) -> list[LinkedFile]:
        """The masks, structure sets and doses of a volume's series, told with its first volume only."""
        uid = volume.series_uid
        first = next((other for other in self.volumes if other.series_uid == uid), None)
        return [link for link in self.links if uid is not None and link.image_series_uid == uid and volume is first]

    @property
    def links_without_image(self) -> list[LinkedFile]:
        """Those whose series is not among the volumes."""
        known = {volume.series_uid for volume in self.volumes}
        return [link for link in self.links if link.image_series_uid is None or link.image_series_uid not in known]

    def to_records(self) -> list[dict[str, Any]]:
        """A flat dict for each volume and for each mask, structure set and dose, as rows of one table.

        ``number`` counts the volumes from 1, and ``of`` is the number of the first volume of the series that a mask is
        of. Columns of studies and patients are there where these were asked for.
        """
        rows = [make_volume_row(number, volume, self.path) for number, volume in enumerate(self.volumes, 1)]
        numbers: dict[str | None, int] = {}
        for number, volume in enumerate(self.volumes, 1):
            numbers.setdefault(volume.series_uid, number)
        rows += [make_link_row(link, numbers.get(link.image_series_uid) if link.how else None) for link in self.links]
        studies = [volume.study for volume in self.volumes] + [link.study for link in self.links]
        if any(study is not None for study in studies):
            rows = [{**row, **make_study_columns(study)} for row, study in zip(rows, studies, strict=True)]
        return rows

    def to_pandas(self) -> pandas.DataFrame:
        """The rows of :meth:`to_records` as a table of pandas.

        Raises:
            OptionError: If pandas is not installed.
        """
        return make_data_frame(self.to_records())

    def to_json(self, indent: int | None = None) -> str:
        """The explanation as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the rows of :meth:`to_records` as a file of comma-separated values, whole or not at all.

        Raises:
            OptionError: If its folder is not there.
            FileAccessError: If it cannot be written.
        """
        write_csv_file(self.to_records(), path)

    def find_known_columns(self, rows: list[dict[str, Any]]) -> list[str]:
        """The columns of a table for people in which anything stands."""
        return [name for name in TABLE_COLUMNS if any(row.get(name) not in (None, "") for row in rows)]

    def _repr_html_(self) -> str:
        """The table that a notebook shows, with the call that loads each."""
        import html

        rows = self.to_records()
        shown = [*self.find_known_columns(rows), "call"]
        heads = "".join(f"<th>{html.escape(TABLE_COLUMNS.get(name, name))}</th>" for name in shown)
        lines = [
            "".join(f"<td>{html.escape('' if row[name] is None else str(row[name]))}</td>" for name in shown)
            for row in rows
        ]
        notes = "".join(f"<p>Left out: {html.escape(reason)}.</p>" for reason in self.left_out)
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        return f"<table><caption>{html.escape(self.path)}</caption><tr>{heads}</tr>{body}</table>{notes}"

    def __rich__(self) -> Table:
        """The rows as a table of Rich, for ``rich.print``."""
        from rich.table import Table
        from rich.text import Text

        rows = self.to_records()
        shown = self.find_known_columns(rows)
        table = Table(title=Text(write_printable(self.path)), title_justify="left")
        for name in shown:
            is_number = name in {"number", "of", "files"}
            table.add_column(TABLE_COLUMNS[name], justify="right" if is_number else "left", overflow="fold")
        for row in rows:
            # Text, not markup: a description or a folder may hold square brackets.
            table.add_row(*(Text("" if row[name] is None else write_printable(str(row[name]))) for name in shown))
        return table

    def __str__(self) -> str:
        """The explanation in words, one paragraph for each volume."""
        count = len(self.volumes)
        lines = [f"{self.path} holds {count} volume{'s' * (count != 1)}."]
        for number, volume in enumerate(self.volumes, 1):
            lines.append(f"{number}. {format_volume(volume)}")
            lines.append(f"   {volume.call(self.path)}" + ("   (the default)" if volume.is_default else ""))
            lines += [f"   {line}" for line in list_remarks(volume)]
            for link in self.links_of(volume):
                lines += [f"   + {link}", *(f"     {line}" for line in (link.call, *list_remarks(link)))]
        for link in self.links_without_image:
            lines += [f"+ {link}", *(f"  {line}" for line in (link.call, *list_remarks(link)))]
        lines += [f"Left out: {reason}." for reason in self.left_out]
        return "\n".join(lines)


def name_source(given: object, source: Source) -> str:
    """What the calls of an explanation load: a path, else words in angle brackets.

    The path of a source is for messages: it may be the first file of a list, or lie inside an archive.

    Args:
        given: What was passed to ``explain``.
        source: What it turned out to be.
    """
    if source.kind == "list":
        return f"<list of {len(source.files)} files>"
    url = find_url(given)
    if url is not None:
        # What may be secret in it is not written down.
        return hide_secrets(url)
    is_inside = isinstance(given, (str, os.PathLike)) and not is_there(source.path)
    return os.fsdecode(given) if is_inside else source.path  # type: ignore[arg-type]


def list_remarks(item: VolumeInfo | LinkedFile) -> list[str]:
    """What is said of a volume or a mask below its line: segments, notes, where its files lie, of which study it is."""
    where = [f"in '{item.folder}'"] if isinstance(item, VolumeInfo) and item.folder else []
    return [*list_segment_names(item), *item.notes, *where, *([str(item.study)] if item.study else [])]


def list_segment_names(volume: VolumeInfo | LinkedFile) -> list[str]:
    """The segments of a mask in one line, the first of them by name; an empty list if there are none."""
    count = len(volume.labels)
    if not count:
        return []
    names = ", ".join(f"{value} {name}".rstrip() for value, name in volume.labels[:MOST_SEGMENTS_NAMED])
    more = ", ..." if count > MOST_SEGMENTS_NAMED else ""
    return [f"{count} segment{'s' * (count != 1)}: {names}{more}"]


def format_volume(volume: VolumeInfo) -> str:
    """One volume in one line."""
    # What has no voxels of its own has no grid to miss.
    no_size = "" if volume.needs_reference else "no regular grid"
    size = "x".join(map(str, volume.shape)) if volume.shape else no_size
    spacing = format_numbers(volume.spacing or ()).replace(", ", "x")
    place = f"{spacing} mm, axes {volume.orientation}" if volume.spacing else ""
    parts = [
        f"{volume.format} {volume.modality}",
        volume.description,
        volume.phase,
        size,
        place,
        f"{volume.files} file{'s' * (volume.files != 1)}",
    ]
    return ", ".join(part for part in parts if part)


def write_printable(text: str) -> str:
    """A text whose control characters a terminal does not obey."""
    return text if text.isprintable() else repr(text)[1:-1]


def make_volume_row(number: int, volume: VolumeInfo, path: str) -> dict[str, Any]:
    """A volume as a row of a table."""
    return {
        "number": number,
        "of": None,
        "format": volume.format,
        "modality": volume.modality,
        "description": volume.description,
        "phase": volume.phase,
        "shape": "x".join(map(str, volume.shape)) if volume.shape else "",
        "spacing": format_numbers(volume.spacing) if volume.spacing else "",
        "orientation": volume.orientation,
        "files": volume.files,
        "path": volume.path or volume.folder or path,
        "call": volume.call(path),
        "series_uid": volume.series_uid or "",
    }


def make_link_row(link: LinkedFile, number: int | None) -> dict[str, Any]:
    """A mask, a structure set or a dose as a row of the same table."""
    return {
        "number": None,
        "of": number,
        "format": f"DICOM {link.kind}" if link.kind != "RTSTRUCT" else link.kind,
        "modality": {"SEG": "SEG", "dose": "RTDOSE"}.get(link.kind, "RTSTRUCT"),
        "description": link.description,
        "phase": "",
        "shape": "",
        "spacing": "",
        "orientation": "",
        "files": link.files,
        "path": link.path,
        "call": link.call,
        "series_uid": link.series_uid,
    }


def make_study_columns(study: StudyFacts | None) -> dict[str, str]:
    """The columns of a study, empty where nothing is known of it."""
    study = study or StudyFacts()
    return {
        "patient": study.patient,
        "study": study.study,
        "study_date": study.date,
        "study_description": study.description,
    }
