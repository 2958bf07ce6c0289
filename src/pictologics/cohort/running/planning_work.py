"""Which cases a run works on: what is new, changed or lost; what is done stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from ...errors import CorruptFileError, UnsupportedFormatError
from ..cases.case import Case
from ..cases.memory import estimate_memory
from ..layouts.protocol import SEGMENT_PLACE, CaseOutputs
from .case_work import describe_inputs
from .manifest import ManifestRow, read_row
from .rules import RunRules, describe_process, hash_parameters

__all__ = ["PlannedCase", "has_lost_files", "plan_work"]

LOOKING_THREADS = 8
"""Threads that ask for the state of files: a file system of a network answers several at once."""


@dataclass(frozen=True)
class PlannedCase:
    """What a run does with a case.

    Attributes:
        case: The case.
        action: ``"run"``, ``"keep"`` what an earlier run made of it, or ``"refuse"`` to begin.
        why: The reason, in words.
        outputs: The files that it becomes, below the output folder.
        memory: Bytes of memory that it is expected to take.
        parameters_hash: A hash of what the result depends on besides the inputs.
        earlier: The row that an earlier run left, or None.
    """

    case: Case
    action: Literal["run", "keep", "refuse"]
    why: str
    outputs: tuple[str, ...]
    memory: int
    parameters_hash: str
    earlier: ManifestRow | None = None

    def list_earlier_files(self) -> list[str]:
        """The files that an earlier run made of it, but for those of segments that may have the same names again."""
        paths = [] if self.earlier is None else [file.path for file in self.earlier.outputs]
        open_names = [path.split(SEGMENT_PLACE) for path in self.outputs if SEGMENT_PLACE in path]
        return [
            path
            for path in paths
            if not any(path.startswith(parts[0]) and path.endswith(parts[-1]) for parts in open_names)
        ]


def plan_work(
    cases: Sequence[Case],
    named: Sequence[CaseOutputs],
    rules: RunRules,
    *,
    retry_failed: bool,
    memory_limit: int,
) -> list[PlannedCase]:
    """Decide what is to be done with each case.

    Args:
        cases: All cases.
        named: The files of each, as the layout names them.
        rules: How cases are worked on.
        retry_failed: Whether cases are begun again that failed or were killed.
        memory_limit: Bytes of memory that one case may take; 0 if that is not known.
    """
    process = describe_process(rules.process)

    def plan_case(case: Case, outputs: CaseOutputs) -> PlannedCase:
        paths = tuple(file.path for file in outputs.files)
        memory = estimate_memory(case, rules.process is not None)
        parameters = hash_parameters(case, rules, process)
        earlier = find_earlier_row(case, rules)
        action: Literal["run", "keep", "refuse"] = "refuse"
        why = case.problem
        if not why:
            action, why = "run", find_reason(case, paths, parameters, earlier, rules, retry_failed)
            if not why:
                # What is done stays, also where it could not be done: files of an earlier run are no work.
                action, why = "keep", "nothing has changed"
            elif memory_limit and memory > memory_limit:
                action, why = "refuse", describe_lack_of_memory(memory, memory_limit)
        return PlannedCase(case, action, why, paths, memory, parameters, earlier)

    with ThreadPoolExecutor(LOOKING_THREADS) as pool:
        return list(pool.map(plan_case, cases, named))


def find_earlier_row(case: Case, rules: RunRules) -> ManifestRow | None:
    """The row of an earlier run; None if there is none that can be read."""
    try:
        return read_row(rules.folder, case.case_id)
    except UnsupportedFormatError:
        raise
    except CorruptFileError:
        # A disk that failed: the case is done again, and its row written anew.
        return None


def describe_lack_of_memory(memory: int, memory_limit: int) -> str:
    """Why a case cannot be begun that takes more memory than there is."""
    return (
        f"it needs about {memory / 1e9:.1f} GB of memory and a worker has {memory_limit / 1e9:.1f} GB; "
        "run it where there is more"
    )


def find_reason(
    case: Case,
    paths: Sequence[str],
    parameters: str,
    earlier: ManifestRow | None,
    rules: RunRules,
    retry_failed: bool,
) -> str:
    """Why a case is to be done, or done again; empty if it is not."""
    if earlier is None:
        return "it is new"
    inputs = {(part.role, part.name): part.fingerprint for part in describe_inputs(case)}
    reasons = {
        "it was refused before": earlier.status == "refused",
        "the parameters have changed": earlier.parameters_hash != parameters,
        "its files have changed": {(part.role, part.name): part.fingerprint for part in earlier.inputs} != inputs,
        "it failed before": retry_failed and earlier.status == "failed",
        "it was killed before": retry_failed and earlier.status == "killed",
        "its files have other names now": has_moved(earlier, paths),
        "files that it became are gone or were changed": has_lost_files(earlier, rules),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def has_moved(row: ManifestRow, paths: Sequence[str]) -> bool:
    """Whether a case that is done has files that would now be called otherwise."""
    if any(SEGMENT_PLACE in path for path in paths):
        # What the labels are is not known before they are loaded.
        return False
    return not {file.path for file in row.outputs if file.role in ("image", "mask")} <= set(paths)


def has_lost_files(row: ManifestRow, rules: RunRules) -> bool:
    """Whether any file that a case became is no longer there, or has another size."""
    own = (file for file in row.outputs if file.role != "list")
    return any(rules.folder.measure(file.path) != file.bytes for file in own)
