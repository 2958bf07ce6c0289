"""``run``: the cases of a cohort, each loaded, processed and written, and a row in the manifest for every one."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import FileAccessError, OptionError
from ...interpolation import Interpolation
from ...loaders.protocol import Suv
from ...saving import StoredType
from ...storage.paths import check_writable_name
from ..cases.case import Case, check_case_id
from ..cases.choosing import CohortLike, choose_cases, name_cohort
from ..cases.selection import Selection
from ..cohort_folder import Cohort, open_cohort
from ..layouts.planning import check_formats, plan_outputs
from ..layouts.protocol import Layout
from ..layouts.registry import make_layout
from .case_loading import name_written_masks
from .dispatching import dispatch_cases
from .engine import Engine, connect_engine, find_local_memory, start_local_engine
from .finishing import finish_data_set, remove_earlier_results, write_refused_rows, write_run_facts
from .manifest import ManifestRow, check_run_version, read_manifest, write_row
from .nameless_results import KEEPS_ALL, ResultPrivacy
from .planning_work import PlannedCase, plan_work
from .progress import show_case_bar
from .rules import CaseProcess, MaskFiles, RunRules, find_numbered_names, make_rules
from .run_folder import RunFolder, open_run_folder
from .run_lock import lock_run_folder
from .segment_choice import make_segment_choice

__all__ = ["RunResult", "run"]


@dataclass(frozen=True, repr=False)
class RunResult:
    """What a run did.

    Attributes:
        out: The folder or URL that it wrote to.
        planned: What was to be done with each case, and why.
        counts: How many cases ended in which way, those that were kept from earlier runs among them.
        files: Files that describe the whole data set, below ``out``.
        seconds: How long it took.
        is_dry: Whether it only made the plan.
    """

    out: str
    planned: tuple[PlannedCase, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    seconds: float = 0.0
    is_dry: bool = False

    def __repr__(self) -> str:
        """What a prompt shows: the plan of a large run, with all its files, would fill the screen."""
        what = f"{len(self.planned)} planned" if self.is_dry else f"counts={dict(self.counts)}"
        return f"RunResult(out={self.out!r}, {what})"

    @property
    def removed(self) -> tuple[str, ...]:
        """Files of earlier runs that go, or went, since their cases are begun again and become others."""
        made = {path for case in self.planned if case.action != "refuse" for path in case.outputs}
        begun = [case for case in self.planned if case.action != "keep"]
        return tuple(path for case in begun for path in case.list_earlier_files() if path not in made)

    @property
    def rows(self) -> list[ManifestRow]:
        """The rows of the manifest, of this run and earlier ones."""
        return read_manifest(self.out)


def run(
    cohort: CohortLike | None,
    what: str | Selection | Sequence[Case],
    out: str | os.PathLike[str],
    *,
    process: CaseProcess = None,
    layout: str | Layout = "flat",
    format: str = ".nii.gz",
    layout_options: Mapping[str, Any] | None = None,
    masks: MaskFiles = "merged",
    segments: Sequence[str] | None = None,
    without: Sequence[str] | None = None,
    suv: Suv | None = None,
    interpolation: Interpolation = "linear",
    fill_value: float | None = None,
    dtype: StoredType = "smallest",
    workers: int | None = None,
    client: Any = None,
    scheduler: str | None = None,
    time_limit: float | None = None,
    dry_run: bool = False,
    retry_failed: bool = False,
    progress: bool = False,
) -> RunResult:
    """Load, process and write the cases of a cohort.

    Each case ends with a row in the manifest, written after its files, so that whatever ends the run, the manifest is
    right; run again into the same folder, it does only what is missing or has changed. A case that fails stops no
    other. Workers that die are replaced; a case that ends its worker three times is given up.

    In a script, call it below ``if __name__ == "__main__":``, as everything that starts processes.

    Args:
        cohort: The cohort, or its path; None if ``what`` is a list of cases.
        what: Which cases: a condition in SQL on the table of series, for cases of one image and the masks that are
            linked to it; a ``Selection``; or a list of cases.
        out: The folder to write to, or a URL that fsspec knows.
        process: A ``Pipeline``, which is applied to each image and its masks; or a function that is given the images
            and the masks of a case, two dicts of ``Image`` by name, and gives back both.
        layout: ``"flat"``, ``"bids"``, ``"nnunet"``, ``"monai"``, or a layout.
        format: What the files end with: ``".nii.gz"``, ``".nii"``, ``".nrrd"``, ``".mha"``, or ``".ome.zarr"``, which
            is a folder and not sent to a URL.
        layout_options: Options of the layout, such as ``{"template": "{patient_key}/{name}{suffix}"}``.
        masks: ``"merged"`` makes one label map of all masks of a case, with a name for each value; ``"separate"``
            keeps a label map for each file.
        segments: The only segments or ROIs of the masks that are loaded, by name: ``["GTV*", "liver"]``, with ``*`` for
            any text and ``?`` for any letter. Upper and lower case and surrounding spaces do not count. None for all.
            A case that has none of them has no mask, and a warning in its row.
        without: Names of the same kind that are left out of those: ``["body"]``.
        suv: The units of PET: ``"bw"``, ``"lbm"`` or ``"bsa"``, as ``load_image`` has them.
        interpolation: How the images of a case are placed on the voxels of the first. Masks take the nearest voxel.
        fill_value: What voxels hold that no slice gives, where slices are missing or an image is placed on a larger
            one; by default -1024 HU in CT, and 0 in other modalities and where the modality is not known.
        dtype: ``"smallest"`` stores whole numbers in the smallest type of integers that holds each of them exactly,
            such as a CT in 16 bits; loaded with pictologics, they are floats again, bit for bit. ``"own"`` stores
            voxels in the type that they have in memory. See ``save_image``.
        workers: Processes on this machine; by default as many as its cores and its memory allow.
        client: A ``distributed.Client`` of the cluster to work on.
        scheduler: The address of a Dask scheduler, such as ``"tcp://10.0.0.1:8786"``.
        time_limit: Seconds that an attempt at a case may take before its worker is ended and replaced.
        dry_run: Only make the plan: nothing is written, and no worker is started.
        retry_failed: Begin cases again that failed or were killed in an earlier run.
        progress: Show a progress bar on the terminal.

    Returns:
        What was done. The rows of all cases are in its ``rows``.

    Raises:
        OptionError: If an option cannot be honored, two files would have one name, no case was chosen, or another run
            is at work in the folder.
        UnsupportedFormatError: If the manifest in the folder is one of another version.
        FileAccessError: If the folder cannot be written to, or the scheduler or all workers go away.

    Examples:
        >>> from pictologics.cohort import Selection, run
        >>> pet_on_ct = Selection(images={"ct": "modality = 'CT'", "pet": "modality = 'PT'"})
        >>> result = run("cohort", pet_on_ct, "out", suv="bw")  # doctest: +SKIP
        >>> result.counts  # doctest: +SKIP
        {'done': 4}
    """
    began = time.monotonic()
    folder = open_run_folder(out)
    if not folder.is_remote:
        check_writable_name(folder.root)
    opened = None if cohort is None else open_cohort(cohort)
    refuse_folder_of_cohort(folder, opened)
    cases = list_cases(opened, what)
    arranged = make_layout(layout, format, **(layout_options or {}))
    rules = make_rules(
        folder,
        arranged,
        process=process,
        masks=masks,
        suv=suv,
        interpolation=interpolation,
        fill_value=fill_value,
        time_limit=time_limit,
        privacy=find_privacy(opened),
        segments=make_segment_choice(segments, without, find_numbered_names(arranged, process)),
        dtype=dtype,
    )
    named = plan_outputs(rules.layout, [name_written_masks(case, rules) for case in cases])
    check_formats(named, folder.is_remote)
    check_run_version(folder)
    lock = nullcontext() if dry_run else lock_run_folder(folder)
    with lock, connect_engine(client, scheduler) as engine:
        limit = find_local_memory() if engine is None else engine.memory
        planned = plan_work(cases, named, rules, retry_failed=retry_failed, memory_limit=limit)
        if dry_run:
            return RunResult(folder.root, tuple(planned), is_dry=True)
        write_run_facts(rules, name_cohort(cohort), len(cases))
        remove_earlier_results(planned, rules)
        write_refused_rows([case for case in planned if case.action == "refuse"], rules)
        work = [case for case in planned if case.action == "run"]
        if work:
            started = nullcontext(engine) if engine is not None else start_engine_for(work, workers)
            with started as found, show_case_bar(len(work), progress) as advance:
                work_on_cases(found, work, rules, advance)
        counts, files = finish_data_set(planned, rules)
    return RunResult(folder.root, tuple(planned), counts, files, time.monotonic() - began)


def refuse_folder_of_cohort(folder: RunFolder, cohort: Cohort | None) -> None:
    """Refuse to write among the tables of a cohort, which are replaced by the next indexing.

    Raises:
        OptionError: If the run's folder is that of the cohort, or in it.
    """
    if cohort is None or folder.is_remote:
        return
    if Path(folder.root).resolve().is_relative_to(cohort.path.resolve()):
        raise OptionError(
            "this is the folder of the cohort, or one in it", path=folder.root, advice="name a folder outside of it"
        )


def find_privacy(cohort: Cohort | None) -> ResultPrivacy:
    """What results may hold: as much as the tables; of cases made by hand, everything."""
    return KEEPS_ALL if cohort is None else ResultPrivacy(cohort.facts.identifiers, cohort.facts.text)


def list_cases(cohort: CohortLike | None, what: str | Selection | Sequence[Case]) -> list[Case]:
    """The cases that were asked for, no two of one name.

    Raises:
        OptionError: If there is none, or two have one name.
    """
    if isinstance(what, (str, Selection)):
        if cohort is None:
            raise OptionError("cohort is None and what is a condition", advice="pass the cohort that it is about")
        cases = choose_cases(cohort, what)
    else:
        cases = list(what)
    if not cases:
        raise OptionError("no case was chosen", advice="look at what the condition finds with pictologics query")
    for case in cases:
        check_case_id(case.case_id)
    # Rows are files, which some systems do not tell apart by case.
    twice = [name for name, count in Counter(case.case_id.casefold() for case in cases).items() if count > 1]
    if twice:
        raise OptionError(f"{len(twice)} names of cases are there twice, such as {twice[0]!r}", advice="rename them")
    return cases


def start_engine_for(work: Sequence[PlannedCase], workers: int | None) -> AbstractContextManager[Engine]:
    """Workers on this machine for some cases."""
    return start_local_engine(workers, max(case.memory for case in work), len(work))


def work_on_cases(
    engine: Engine,
    work: Sequence[PlannedCase],
    rules: RunRules,
    advance: Callable[[ManifestRow], None],
) -> None:
    """Have the cases worked on, and see that each has its row.

    Raises:
        FileAccessError: If the scheduler goes away, or rows cannot be written to the end.
    """
    unwritten: list[ManifestRow] = []
    with closing(dispatch_cases(engine, work, rules)) as ends:
        for end in ends:
            advance(end.row)
            if not end.is_written:
                unwritten.append(end.row)
            unwritten = [row for row in unwritten if not is_written_now(row, rules)]
    if unwritten:
        raise FileAccessError(
            f"the rows of {len(unwritten)} cases cannot be written, such as that of {unwritten[0].case_id}",
            path=rules.folder.show(),
            advice="make room on the disk, and run again into the same folder",
        )


def is_written_now(row: ManifestRow, rules: RunRules) -> bool:
    """Try to write a row that a worker could not write, or did not live to write."""
    try:
        write_row(rules.folder, row)
    except FileAccessError:
        return False
    return True
