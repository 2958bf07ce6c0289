"""What a run does before the first case and after the last."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from ..._version import __version__
from ...storage.file_writing import keep_on_disk, remove_abandoned_files
from ...storage.paths import is_folder
from ..layouts.protocol import OutputFile
from .attempts import forget_attempts
from .case_work import describe_inputs, join_labels, list_versions, moment
from .gathering import gather_manifest
from .manifest import (
    MANIFEST_VERSION,
    RUN_FILE,
    ManifestRow,
    WrittenFile,
    forget_row,
    iterate_rows,
    read_row,
    write_row,
)
from .planning_work import PlannedCase, has_lost_files
from .rules import RunRules, describe_layout, describe_process

__all__ = ["finish_data_set", "remove_earlier_results", "write_refused_rows", "write_run_facts"]


def write_run_facts(rules: RunRules, cohort: str, cases: int) -> None:
    """Write ``run.json``: what makes the folder one of a run."""
    facts = {
        "manifest_version": MANIFEST_VERSION,
        "package_version": __version__,
        "versions": list_versions(),
        "cohort": cohort,
        "cases": cases,
        "layout": rules.layout.name,
        "layout_options": describe_layout(rules.layout),
        "process": describe_process(rules.process),
        "masks": rules.masks,
        "segments": asdict(rules.segments),
        "suv": rules.suv,
        "fill_value": rules.fill_value,
        "interpolation": rules.interpolation,
        "dtype": rules.folder.dtype,
        "started": moment(),
    }
    with rules.folder.open_for_writing(RUN_FILE) as file:
        file.write_text(json.dumps(facts, indent=2, default=repr) + "\n", encoding="utf-8")
        # Without it nothing that is in the folder counts; what else is lost with the power is done again.
        keep_on_disk(file)


def remove_earlier_results(planned: Iterable[PlannedCase], rules: RunRules) -> None:
    """Remove what earlier runs made of cases that are begun again: the row first, so that it never lists what is gone.

    All of it goes before the first case is begun: a name may now belong to another case.
    """
    folders = set()
    for case in planned:
        if case.action == "keep":
            continue
        # Also one that cannot be read.
        forget_row(rules.folder, case.case.case_id)
        for file in case.earlier.outputs if case.earlier else ():
            rules.folder.remove(file.path, is_listed=True)
            folders.add(file.path.rpartition("/")[0])
        forget_attempts(rules.folder, case.case.case_id)
    if not rules.folder.is_remote:
        remove_partial_files({rules.folder.locate(folder) if folder else rules.folder.root for folder in folders})


def remove_partial_files(folders: Iterable[str]) -> None:
    """Remove what killed workers had begun to write."""
    for folder in folders:
        if is_folder(folder):
            remove_abandoned_files(Path(folder))


def write_refused_rows(planned: Iterable[PlannedCase], rules: RunRules) -> list[ManifestRow]:
    """Write the rows of cases that are not begun."""
    rows = []
    for case in planned:
        row = ManifestRow(
            case.case.case_id,
            "refused",
            inputs=describe_inputs(case.case),
            decisions=case.case.notes,
            error_class="OptionError",
            error_text=case.why,
            versions=list_versions(),
            parameters_hash=case.parameters_hash,
            ended=moment(),
        )
        row = rules.privacy.strip_row(row)
        write_row(rules.folder, row)
        rows.append(row)
    return rows


def finish_data_set(planned: Sequence[PlannedCase], rules: RunRules) -> tuple[dict[str, int], tuple[str, ...]]:
    """Have the layout write what describes the whole data set, and gather the manifest.

    Returns:
        How many cases ended in which way, and the files of the whole data set.
    """
    rows = [row for case in planned if (row := read_row(rules.folder, case.case.case_id)) is not None]
    done = [row for row in [*rows, *find_unchosen_rows(planned, rules)] if row.status == "done"]
    finished = rules.layout.finish(rules.folder, done)
    changed = {file.path: file for file in finished.changed}
    for row in done:
        if any(file.path in changed for file in row.outputs):
            write_row(rules.folder, renew_files(row, changed, rules))
    gather_manifest(rules.folder)
    return dict(Counter(row.status for row in rows)), tuple(file.path for file in finished.files)


def find_unchosen_rows(planned: Iterable[PlannedCase], rules: RunRules) -> list[ManifestRow]:
    """The rows of cases that earlier runs did into the folder and this one was not asked for, whose files are there."""
    chosen = {case.case.case_id for case in planned}
    return [row for row in iterate_rows(rules.folder, chosen) if not has_lost_files(row, rules)]


def renew_files(row: ManifestRow, changed: Mapping[str, OutputFile], rules: RunRules) -> ManifestRow:
    """The row of a case of which files were written anew."""

    def renew(file: WrittenFile) -> WrittenFile:
        if file.path not in changed:
            return file
        size = rules.folder.measure(file.path) or 0
        labels = dict(changed[file.path].labels)
        return replace(file, sha256=rules.folder.hash(file.path), bytes=size, labels=labels)

    outputs = tuple(map(renew, row.outputs))
    return replace(row, outputs=outputs, labels=join_labels(file.labels for file in outputs))
