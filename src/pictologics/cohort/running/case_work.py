"""The work on one case, from its files to its row in the manifest, in a worker."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from ..._version import __version__
from ...errors import FileAccessError, OptionError
from ...image import Image
from ...preprocessing import Pipeline
from ...silence import hear_this_thread
from ...storage.urls import hide_secrets
from ..cases.case import Case
from ..cases.input_files import look_at_files
from .attempts import MOST_ATTEMPTS, Attempts, begin_attempt, forget_attempts, limit_time
from .case_loading import load_case, name_written_masks
from .leftovers import find_done_row, remove_files, remove_planned_files
from .manifest import CaseGeometry, CaseInput, CaseWarning, ManifestRow, WrittenFile, read_row, write_row
from .peak_memory import watch_memory
from .rules import RunRules
from .run_folder import RunFolder

__all__ = [
    "CaseEnd",
    "describe_inputs",
    "join_labels",
    "killed_row",
    "list_versions",
    "moment",
    "remove_planned_files",
    "work_on_case",
]

ONE_AT_A_TIME = threading.Lock()
"""A process works on one case at a time, however many threads a cluster gives its workers: so that its memory is that
of one case, and that a case which ends the process takes no other with it."""


@dataclass(frozen=True)
class CaseEnd:
    """How the work on a case ended.

    Attributes:
        row: Its row.
        is_written: Whether the row is on disk.
    """

    row: ManifestRow
    is_written: bool


@dataclass(frozen=True)
class NotedFolder(RunFolder):
    """A run's folder that notes what is written to it.

    Attributes:
        written: The paths, in order.
    """

    written: list[str] = field(default_factory=list, compare=False)

    @contextmanager
    def open_for_writing(self, path: str) -> Iterator[Any]:
        """As in any run's folder."""
        with super().open_for_writing(path) as file:
            yield file
        self.written.append(path)

    def save(self, image: Image, path: str) -> None:
        """As in any run's folder."""
        super().save(image, path)
        self.written.append(path)


def work_on_case(case: Case, parameters_hash: str, rules: RunRules) -> CaseEnd:
    """Load, process and write a case, and then its row, whatever happens.

    Args:
        case: The case.
        parameters_hash: Goes into the row.
        rules: How to work on it.
    """
    with ONE_AT_A_TIME:
        with suppress(FileAccessError):
            done = read_row(rules.folder, case.case_id)
            if done is not None:
                # Dask has a case done again if a worker dies before its answer was fetched. Rows of before are gone.
                return CaseEnd(done, True)
        row = attempt_case(case, ManifestRow(case.case_id, "failed", parameters_hash=parameters_hash), rules)
        try:
            if row.status != "done":
                # A second worker may have begun the case, as this one hung, and done it.
                row = find_done_row(case, rules) or row
            if row.status != "done":
                remove_planned_files(case, rules)
            write_row(rules.folder, row)
            forget_attempts(rules.folder, case.case_id)
        except FileAccessError:
            # The disk may be full. The row goes to the client, which tries again.
            return CaseEnd(row, False)
        return CaseEnd(row, True)


def attempt_case(case: Case, row: ManifestRow, rules: RunRules) -> ManifestRow:
    """Work on a case once, unless it has ended too many workers."""
    begun, clock = moment(), time.perf_counter()
    folder = NotedFolder(rules.folder.root, rules.folder.dtype)
    row = replace(row, started=begun, versions=list_versions(), decisions=case.notes)
    with hear_this_thread() as heard, watch_memory() as peak:
        # Whatever is wrong with a case, or with a function that works on it, stands in its row and ends nothing else.
        try:
            row = replace(row, inputs=describe_inputs(case))
            attempts = begin_attempt(rules.folder, case.case_id, rules.run)
            row = replace(row, attempts=attempts.count)
            if attempts.count > MOST_ATTEMPTS:
                return killed_row(row, replace(attempts, count=MOST_ATTEMPTS))
            with limit_time(rules.folder, case.case_id, attempts, rules.time_limit):
                row = do_case(case, row, rules, folder)
        except BaseException as error:  # noqa: BLE001 - it is handed over in the row; Ctrl-C never comes to this thread
            if find_done_row(case, rules) is None:
                remove_files(folder, folder.written)
            text = write_out_error(error)
            row = replace(row, status="failed", error_class=type(error).__name__, error_text=text)
    warnings = tuple(CaseWarning(kind, text) for kind, text in dict.fromkeys(heard))
    seconds = round(time.perf_counter() - clock, 3)
    row = replace(row, warnings=warnings, peak_bytes=peak.bytes, seconds=seconds, ended=moment())
    return rules.privacy.strip_row(row)


def write_out_error(error: BaseException) -> str:
    """The text of an error, which a class of the user's may fail to give."""
    try:
        return str(error) or "no text came with it"
    except Exception:  # noqa: BLE001 - it is not ours
        return "its text cannot be had"


def do_case(case: Case, row: ManifestRow, rules: RunRules, folder: NotedFolder) -> ManifestRow:
    """Load, process and write a case; gives its row."""
    loaded = load_case(case, rules)
    decisions = list_decision_texts({**loaded.images, **loaded.masks})
    images, masks = process_case(loaded.images, loaded.masks, rules)
    decisions = [*dict.fromkeys([*decisions, *list_decision_texts({**images, **masks})])]
    images, masks = rules.privacy.strip_images(images), rules.privacy.strip_images(masks)
    written = rules.layout.write_case(folder, name_written_masks(case, rules), images, masks)
    outputs = tuple(
        WrittenFile(
            file.path,
            file.role,
            file.name,
            folder.hash(file.path),
            folder.measure(file.path) or 0,
            dict(file.labels),
        )
        for file in written
    )
    return replace(
        row,
        status="done",
        outputs=outputs,
        geometry=describe_geometry(next(iter(images.values()))),
        decisions=(*row.decisions, *decisions),
        labels=join_labels(file.labels for file in outputs),
    )


def process_case(
    images: dict[str, Image], masks: dict[str, Image], rules: RunRules
) -> tuple[Mapping[str, Image], Mapping[str, Image]]:
    """Apply the pipeline to each image, or the function to all of them."""
    process = rules.process
    if process is None:
        return images, masks
    if isinstance(process, Pipeline):
        results = {name: process.run(image, masks) for name, image in images.items()}
        return {name: result.image for name, result in results.items()}, next(iter(results.values())).masks
    result = process(images, masks)
    if not (isinstance(result, tuple) and len(result) == 2 and all(map(holds_images, result)) and result[0]):
        raise OptionError(
            "process gave back something else than two dicts of Image by name, with one image at least in the first",
            advice="end it by: return images, masks",
        )
    return result


def join_labels(labels: Iterable[Mapping[int, str]]) -> dict[int, str]:
    """What the values of several masks stand for; of a value that several have, the first one's name."""
    joined: dict[int, str] = {}
    for names in labels:
        joined = {**names, **joined}
    return dict(sorted(joined.items()))


def holds_images(part: object) -> bool:
    """Whether something is a mapping of names to images."""
    return isinstance(part, Mapping) and all(isinstance(image, Image) for image in part.values())


def list_decision_texts(images: Mapping[str, Image]) -> list[str]:
    """What was decided about images, in words, each thing once for each image."""
    return [f"{name}: {decision.text}" for name, image in images.items() for decision in image.provenance.decisions]


def describe_geometry(image: Image) -> CaseGeometry:
    """Where the voxels of an image lie."""
    grid = image.grid
    direction = tuple(float(cosine) for cosine in np.asarray(grid.direction).ravel())
    return CaseGeometry(tuple(grid.shape), tuple(grid.spacing), tuple(grid.origin), direction, grid.orientation)


def describe_inputs(case: Case) -> tuple[CaseInput, ...]:
    """What a case is made of, and the state of its files."""
    named = [("image", choice) for choice in case.images.values()] + [("mask", choice) for choice in case.masks]
    inputs = []
    for role, choice in named:
        state = look_at_files(choice.files, bool(choice.options.get("recursive")))
        facts = {
            "modality": choice.modality,
            "patient_key": choice.patient_key,
            "study_key": choice.study_key,
            **choice.facts,
        }
        inputs.append(
            CaseInput(
                choice.name,
                "mask" if role == "mask" else "image",
                choice.series_key,
                # A URL may be signed, and the manifest goes from hand to hand.
                tuple(map(hide_secrets, choice.files)),
                state.bytes,
                state.fingerprint,
                {key: text for key, text in facts.items() if text},
            )
        )
    return tuple(inputs)


def killed_row(row: ManifestRow, attempts: Attempts) -> ManifestRow:
    """The row of a case that ended its worker too often."""
    if attempts.late:
        why = f"the time was up {attempts.late} time{'s' * (attempts.late != 1)}; allow more of it (time_limit)"
    else:
        why = (
            "the memory was not enough, or a library crashed; load it by itself to see which, or run it with fewer "
            "workers"
        )
    text = f"the work on this case ended its worker {attempts.count} times and is given up: {why}"
    return replace(row, status="killed", attempts=attempts.count, error_class="KilledWorker", error_text=text)


def list_versions() -> dict[str, str]:
    """Versions of what the result may depend on."""
    return {"pictologics": __version__, "numpy": np.__version__, "python": platform.python_version()}


def moment() -> str:
    """Now, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
