"""The rows of a manifest as the page shows them: whatever is damaged in them is said, and nothing of it fails."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ...errors import CorruptFileError
from ..running.manifest import CaseStatus, list_case_ids, read_row
from ..running.run_folder import RunFolder
from .private_text import PathRemover

__all__ = ["ReportOutput", "ReportRow", "clean_text", "read_report_rows"]

STATUSES = get_args(CaseStatus)
"""What a row may say of its case; of one that says something else, the row cannot be read."""

UNREADABLE = "the row of this case in the manifest cannot be read; delete it, and run the case again"
"""What stands in place of an error where the row is damaged."""

OutputState = Literal["", "gone", "changed"]
"""Whether a file is as it was written, which is empty."""

MOST_TEXTS = 40
"""Warnings, decisions or labels of a case that the page lists; of more it gives the number."""

LONGEST_TEXT = 1200
"""Letters of a message; more of them are cut."""

LONGEST_WORD = 160
"""Letters of a name; more of them are cut."""


@dataclass(frozen=True)
class ReportOutput:
    """A file that a case made.

    Attributes:
        path: Where it is, relative to the output folder.
        role: ``"image"``, ``"mask"``, ``"sidecar"`` or ``"list"``.
        name: What the case calls it.
        sha256: Its checksum when it was written.
        bytes: Its size when it was written.
        state: ``"gone"``, ``"changed"``, or empty if it is as it was written.
        labels: Of a mask, what its values stand for.
    """

    path: str
    role: str
    name: str
    sha256: str
    bytes: int | None
    state: OutputState
    labels: dict[int, str]


@dataclass(frozen=True)
class ReportRow:
    """A case.

    Attributes:
        case_id: Its name.
        status: ``"done"``, ``"failed"``, ``"refused"`` or ``"killed"``; ``"unreadable"`` if its row is damaged.
        error_class: What went wrong; empty if nothing did.
        error_text: The same in a sentence, without paths of the source.
        modality: As the index has it; so are manufacturer and model. Empty if unknown.
        manufacturer: Who built the scanner.
        model: Its model.
        shape: Voxels along each axis; empty if unknown.
        spacing: Distance between voxel centers, mm.
        origin: Center of the first voxel, LPS mm.
        orientation: Where the axes run, in three letters.
        labels: Names of the labels by their values.
        warnings: What was warned of.
        decisions: What was decided.
        outputs: The files that it made.
        series: The keys of the series it was made of.
        seconds: How long it took.
        peak_bytes: The memory that it took.
        attempts: How often it was tried.
        ended: When, as the manifest has it.
        versions: What made it, such as ``"pictologics 1.0, numpy 2.0"``.
    """

    case_id: str
    status: str
    error_class: str = ""
    error_text: str = ""
    modality: str = ""
    manufacturer: str = ""
    model: str = ""
    shape: tuple[int, ...] = ()
    spacing: tuple[float, ...] = ()
    origin: tuple[float, ...] = ()
    orientation: str = ""
    labels: dict[int, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    outputs: tuple[ReportOutput, ...] = ()
    series: tuple[str, ...] = ()
    seconds: float | None = None
    peak_bytes: float | None = None
    attempts: float | None = None
    ended: str = ""
    versions: str = ""

    def outputs_of_role(self, role: str) -> list[ReportOutput]:
        """The files of one role that are there."""
        return [output for output in self.outputs if output.role == role and output.state != "gone"]


def read_report_rows(folder: RunFolder) -> list[ReportRow]:
    """Read the rows that are there, also while the run is at work.

    Args:
        folder: What the run wrote to.

    Returns:
        A row for each case that ended, in the order of their names; those that are damaged say so.

    Raises:
        UnsupportedFormatError: If the manifest is one of another version.
    """
    rows = []
    for case_id in list_case_ids(folder):
        try:
            row = read_row(folder, case_id)
        except CorruptFileError as error:
            rows.append(ReportRow(clean_text(case_id), "unreadable", type(error).__name__, UNREADABLE))
            continue
        # The run may take away a row while it begins the case again.
        if row is not None:
            rows.append(make_report_row(row.to_dict(), folder))
    return rows


def make_report_row(value: Mapping[str, Any], folder: RunFolder) -> ReportRow:
    """Take what the page shows from a row of the manifest, whatever is damaged in it."""
    inputs = [item for item in as_list(value["inputs"]) if isinstance(item, Mapping)]
    hide = PathRemover(folder.root, list_input_paths(inputs))
    geometry = value["geometry"] or {}
    facts = next((item["facts"] for item in inputs if isinstance(item["facts"], Mapping) and item["facts"]), {})
    outputs = tuple(make_report_output(item, folder) for item in as_list(value["outputs"]))
    named = [value["labels"], *(output.labels for output in outputs)]
    return ReportRow(
        case_id=clean_text(value["case_id"], LONGEST_WORD),
        status=value["status"] if value["status"] in STATUSES else "unreadable",
        error_class=clean_text(value["error_class"], LONGEST_WORD),
        error_text=clean_text(hide(clean_text(value["error_text"]))),
        modality=clean_text(facts.get("modality"), LONGEST_WORD),
        manufacturer=clean_text(facts.get("manufacturer"), LONGEST_WORD),
        model=clean_text(facts.get("model"), LONGEST_WORD),
        shape=tuple(int(number) for number in as_three_numbers(geometry.get("shape"))),
        spacing=as_three_numbers(geometry.get("spacing")),
        origin=as_three_numbers(geometry.get("origin")),
        orientation=clean_text(geometry.get("orientation"), 3),
        labels={number: name for labels in reversed(named) for number, name in read_label_names(labels).items()},
        warnings=shorten_texts((join_warning(item) for item in as_list(value["warnings"])), hide),
        decisions=shorten_texts(as_list(value["decisions"]), hide),
        outputs=outputs,
        series=tuple(dict.fromkeys(filter(None, (clean_text(item["series_key"], LONGEST_WORD) for item in inputs)))),
        seconds=as_number(value["seconds"]),
        peak_bytes=as_number(value["peak_bytes"]),
        attempts=as_number(value["attempts"]),
        ended=clean_text(value["ended"], LONGEST_WORD),
        versions=join_versions(value["versions"]),
    )


def make_report_output(item: Mapping[str, Any], folder: RunFolder) -> ReportOutput:
    """Take which file a case made from the manifest, and see whether it is still there."""
    path, size = clean_text(item["path"]), as_number(item["bytes"])
    return ReportOutput(
        path,
        clean_text(item["role"], LONGEST_WORD),
        clean_text(item["name"], LONGEST_WORD),
        clean_text(item["sha256"], LONGEST_WORD),
        None if size is None else int(size),
        find_state(path, size, folder),
        read_label_names(item["labels"]),
    )


def find_state(path: str, size: float | None, folder: RunFolder) -> OutputState:
    """See whether a file is as it was written."""
    # A row that names files elsewhere is not one of ours.
    if not path or Path(path).is_absolute() or ".." in Path(path).parts:
        return "gone"
    if folder.is_remote:
        # A question for each of thousands takes minutes; whoever draws them finds out.
        return ""
    try:
        found = folder.measure(path)
    except (OSError, ValueError):
        # ValueError: a null byte in a damaged row.
        return "gone"
    if found is None:
        return "gone"
    return "changed" if size is not None and found != size else ""


def list_input_paths(inputs: Iterable[Mapping[str, Any]]) -> list[str]:
    """List the files that a case was made of."""
    return [path for item in inputs for path in as_list(item["files"]) if isinstance(path, str) and path]


def read_label_names(labels: Any) -> dict[int, str]:
    """Take the names of labels, as far as they are some."""
    items = list(labels.items())[:MOST_TEXTS] if isinstance(labels, Mapping) else []
    return {value: clean_text(name, LONGEST_WORD) for value, name in items if isinstance(value, int)}


def join_warning(item: Any) -> str:
    """A warning as one text: its class and what it says."""
    return f"{clean_text(item['kind'], LONGEST_WORD)}: {clean_text(item['text'])}"


def shorten_texts(texts: Iterable[Any], hide: PathRemover) -> tuple[str, ...]:
    """Each message once, without paths, and not more than fit on a page."""
    cleaned = (clean_text(hide(clean_text(text))) for text in texts)
    kept = list(dict.fromkeys(text for text in cleaned if text))
    more = len(kept) - MOST_TEXTS
    return (*kept[:MOST_TEXTS], *([f"and {more} more"] if more > 0 else []))


def join_versions(versions: Any) -> str:
    """Which versions of which packages made a case, in one line."""
    items = list(versions.items())[:MOST_TEXTS] if isinstance(versions, Mapping) else []
    return ", ".join(f"{clean_text(name, 40)} {clean_text(version, 40)}" for name, version in items)


def clean_text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """A text as it is, cut where it is too long; empty for what is no text."""
    if not isinstance(value, str):
        return ""
    # Lone surrogates stand for bytes of a file name; no file in UTF-8 can hold them.
    text = value.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def as_number(value: Any) -> float | None:
    """A number as it is, None for what is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None


def as_three_numbers(value: Any) -> tuple[float, ...]:
    """Three numbers as they are; empty for what they are not."""
    numbers = [number for item in as_list(value) if (number := as_number(item)) is not None]
    return tuple(numbers) if len(numbers) == 3 else ()


def as_list(value: Any) -> list[Any]:
    """A list as it is; empty for what is none."""
    return list(value) if isinstance(value, list | tuple) else []
