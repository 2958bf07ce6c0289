"""The manifest of a run: a row for each case, in a file of its own, which survives whatever happens to the others."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from ...errors import CorruptFileError, MissingPathError, UnsupportedFormatError
from .run_folder import RunFolder, open_run_folder

__all__ = [
    "MANIFEST_VERSION",
    "RUN_FILE",
    "CaseGeometry",
    "CaseInput",
    "CaseStatus",
    "CaseWarning",
    "ManifestRow",
    "WrittenFile",
    "check_run_version",
    "forget_row",
    "iterate_rows",
    "list_case_ids",
    "read_manifest",
    "read_row",
    "read_run_facts",
    "write_row",
]

MANIFEST_VERSION: Final = 1
"""Goes up when a field changes its meaning or goes away; a manifest of another version is refused by name."""

RUN_FILE: Final = "run.json"
"""The facts of the run as a whole; that it is there makes a folder one of a run."""

ROWS_FOLDER: Final = "manifest"
"""Where the rows are."""

CaseStatus = Literal["done", "failed", "refused", "killed"]
"""What became of a case: refused ones were never begun; killed ones ended their worker, and were given up."""


@dataclass(frozen=True)
class CaseInput:
    """An image or mask that a case is made of.

    Attributes:
        name: What the case calls it.
        role: ``"image"`` or ``"mask"``.
        series_key: The series in the cohort.
        files: What was loaded: files, or a folder.
        bytes: Bytes of those files.
        fingerprint: A hash of their paths, sizes and times of change.
        facts: What the index knows of it, as far as it does: modality, manufacturer, model, body_part, patient_key,
            study_key.
    """

    name: str
    role: Literal["image", "mask"]
    series_key: str
    files: tuple[str, ...] = ()
    bytes: int = 0
    fingerprint: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WrittenFile:
    """A file that a case became.

    Attributes:
        path: Where it is below the output folder, with forward slashes.
        role: ``"image"``, ``"mask"``, ``"sidecar"`` or ``"list"``.
        name: The name of its image or mask in the case.
        sha256: Its checksum.
        bytes: Its size.
        labels: Of a mask, what its values stand for.
    """

    path: str
    role: str
    name: str
    sha256: str
    bytes: int
    labels: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CaseGeometry:
    """Where the voxels of a case lie: those of its first image, as it was written.

    Attributes:
        shape: Voxels along (x, y, z).
        spacing: Distance between voxel centers, mm.
        origin: Center of the first voxel, LPS mm.
        direction: The nine direction cosines, row by row; column k is the way axis k runs, LPS.
        orientation: Where the axes run, in three letters.
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]
    orientation: str


@dataclass(frozen=True)
class CaseWarning:
    """Something that a person would have been warned of.

    Attributes:
        kind: The class, such as ``"GeometryWarning"``.
        text: The sentence.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class ManifestRow:
    """What became of a case.

    Attributes:
        case_id: The case.
        status: ``"done"``, ``"failed"``, ``"refused"`` or ``"killed"``.
        inputs: What it was made of.
        outputs: The files that it became; none unless it is done.
        geometry: Where the voxels lie; None unless it is done.
        decisions: What was decided on the way, in words.
        warnings: What a person would have been warned of.
        labels: What the values of its masks stand for.
        error_class: Class of the error that ended it; empty if none did.
        error_text: The error in a sentence.
        seconds: How long the last attempt took, from loading to the checksums.
        peak_bytes: The most memory that its worker held meanwhile; 0 if that could not be seen.
        attempts: How often it was begun in this run.
        versions: Versions of pictologics and of what it computes with.
        parameters_hash: A hash of everything that the result depends on besides the inputs.
        started: When the last attempt began, ISO 8601, UTC.
        ended: When it ended.
        version: Version of the manifest.
    """

    case_id: str
    status: CaseStatus
    inputs: tuple[CaseInput, ...] = ()
    outputs: tuple[WrittenFile, ...] = ()
    geometry: CaseGeometry | None = None
    decisions: tuple[str, ...] = ()
    warnings: tuple[CaseWarning, ...] = ()
    labels: Mapping[int, str] = field(default_factory=dict)
    error_class: str = ""
    error_text: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0
    attempts: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    parameters_hash: str = ""
    started: str = ""
    ended: str = ""
    version: int = MANIFEST_VERSION

    def to_dict(self) -> dict[str, Any]:
        """The row as plain lists, dicts, text and numbers."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> ManifestRow:
        """The row that ``to_dict``, or the JSON of it, describes; keys that are not known are passed over."""
        given = {name: content[name] for name in cls.__dataclass_fields__ if name in content}
        given["inputs"] = tuple(make_part(CaseInput, part) for part in given.get("inputs", ()))
        given["outputs"] = tuple(
            make_part(WrittenFile, {**part, "labels": number_labels(part.get("labels", {}))})
            for part in given.get("outputs", ())
        )
        given["warnings"] = tuple(make_part(CaseWarning, part) for part in given.get("warnings", ()))
        geometry = given.get("geometry")
        given["geometry"] = None if geometry is None else make_part(CaseGeometry, geometry)
        given["decisions"] = tuple(given.get("decisions", ()))
        given["labels"] = number_labels(given.get("labels", {}))
        return cls(**given)


def make_part(kind: type[Any], content: Mapping[str, Any]) -> Any:
    """A part of a row out of its JSON, where lists stand for tuples."""
    fields = {name: content[name] for name in kind.__dataclass_fields__ if name in content}
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})


def number_labels(labels: Mapping[Any, str]) -> dict[int, str]:
    """Labels with numbers as keys, which JSON keeps as text."""
    return {int(value): name for value, name in labels.items()}


def locate_row(case_id: str) -> str:
    """Where the row of a case is below the output folder."""
    return f"{ROWS_FOLDER}/{case_id}.json"


def write_row(folder: RunFolder, row: ManifestRow) -> None:
    """Write the row of a case, whole or not at all.

    Raises:
        FileAccessError: If the system refuses.
    """
    # Names of files may hold bytes that no text in UTF-8 can: they are escaped, as everything beyond ASCII is.
    folder.write_text(locate_row(row.case_id), json.dumps(row.to_dict()))


def read_row(folder: RunFolder, case_id: str) -> ManifestRow | None:
    """Read the row of a case; None if it has none.

    Raises:
        CorruptFileError: If the file is no row.
        UnsupportedFormatError: If it is one of another version.
    """
    text = folder.read_text(locate_row(case_id))
    return None if text is None else parse_row(text, folder.show(locate_row(case_id)))


def parse_row(text: str, path: str) -> ManifestRow:
    """Read a row out of its file's text."""
    try:
        content = json.loads(text)
        check_version(content["version"], path)
        return ManifestRow.from_dict(content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        if isinstance(error, UnsupportedFormatError):
            raise
        raise CorruptFileError(
            "this is no row of a manifest", path=path, advice="delete it, and run the cohort into this folder again"
        ) from error


def forget_row(folder: RunFolder, case_id: str) -> None:
    """Remove the row of a case that is begun again."""
    folder.remove(locate_row(case_id))


def iterate_rows(folder: RunFolder, without: Collection[str] = ()) -> Iterator[ManifestRow]:
    """The rows of a run, in the order of the cases' names.

    Args:
        folder: What the run wrote to.
        without: Cases whose rows are not read.
    """
    for case_id in list_case_ids(folder):
        row = None if case_id in without else read_row(folder, case_id)
        # Another run may be at work.
        if row is not None:
            yield row


def list_case_ids(folder: RunFolder) -> list[str]:
    """The names of the cases that have a row."""
    names = folder.list_names(ROWS_FOLDER)
    return [name.removesuffix(".json") for name in names if name.endswith(".json") and not name.startswith(".")]


def read_manifest(out: str | os.PathLike[str]) -> list[ManifestRow]:
    """Read what became of the cases of a run, also while it is at work or after it was killed.

    Args:
        out: The folder that the run writes to, or its URL.

    Returns:
        A row for each case that ended, in the order of their names.

    Raises:
        MissingPathError: If no run has written there (also a ValueError).
        UnsupportedFormatError: If the manifest is one of another version.
        CorruptFileError: If a row cannot be read.

    Examples:
        >>> from pictologics.cohort import read_manifest
        >>> rows = read_manifest("out")  # doctest: +SKIP
        >>> [row.case_id for row in rows if row.status != "done"]  # doctest: +SKIP
        []
    """
    folder = open_run_folder(out)
    read_run_facts(folder)
    return list(iterate_rows(folder))


def read_run_facts(folder: RunFolder) -> dict[str, Any]:
    """Read what ``run.json`` says of the run as a whole: versions, cohort, layout, parameters.

    Raises:
        MissingPathError: If no run has written there.
        UnsupportedFormatError: If the manifest is one of another version.
        CorruptFileError: If it cannot be read.
    """
    text = folder.read_text(RUN_FILE)
    if text is None:
        raise MissingPathError(
            f"there is no '{RUN_FILE}', which every folder has that cases were run into",
            path=folder.show(),
            advice="name the folder that pictologics run wrote to",
        )
    try:
        facts = dict(json.loads(text))
        version = facts["manifest_version"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptFileError(
            "this is no description of a run", path=folder.show(RUN_FILE), advice="run into another folder"
        ) from error
    check_version(version, folder.show(RUN_FILE))
    return facts


def check_run_version(folder: RunFolder) -> None:
    """Refuse to write into a folder whose manifest is one of another version; none is fine.

    Raises:
        UnsupportedFormatError: If it is one of another version.
        CorruptFileError: If it cannot be read.
    """
    if folder.read_text(RUN_FILE) is not None:
        read_run_facts(folder)


def check_version(version: object, path: str) -> None:
    """Refuse a manifest of another version."""
    if version != MANIFEST_VERSION:
        raise UnsupportedFormatError(
            f"this manifest is of version {version} and version {MANIFEST_VERSION} is required",
            path=path,
            advice="use the version of pictologics that wrote it, or run into another folder",
        )
