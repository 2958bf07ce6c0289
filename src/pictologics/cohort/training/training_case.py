"""The cases of a run, as a network is trained on them: which are there, and which are left out and why."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import OptionError
from ..running.manifest import ManifestRow, read_manifest
from ..running.run_folder import RunFolder, open_run_folder

__all__ = ["MaskFile", "TrainingCase", "choose_images", "list_training_cases"]


@dataclass(frozen=True)
class MaskFile:
    """A label map that a run wrote.

    Attributes:
        path: The file, or its URL.
        labels: What its values stand for; may be empty.
    """

    path: str
    labels: Mapping[int, str]


@dataclass(frozen=True)
class TrainingCase:
    """A case by its files; small, so that it travels to workers.

    Attributes:
        case_id: The case.
        patient_key: The patient; empty if nobody knows.
        images: The files of its images by their names; all of them lie on the same voxels.
        masks: The files of its masks, on these voxels too.
    """

    case_id: str
    patient_key: str
    images: Mapping[str, str]
    masks: tuple[MaskFile, ...] = ()


def list_training_cases(out: str | os.PathLike[str]) -> tuple[list[TrainingCase], dict[str, str]]:
    """List the cases of a run that are done, in the order of their names, and of the others what became of them.

    Raises:
        MissingPathError: If no run has written there.
        OptionError: If no case is done.
    """
    folder, rows = open_run_folder(out), read_manifest(out)
    cases = [make_training_case(folder, row) for row in rows if row.status == "done"]
    if not cases:
        raise OptionError(
            f"none of the {len(rows)} cases of this run is done",
            path=folder.root,
            advice="see read_manifest for their errors, and run them again",
        )
    return cases, {row.case_id: row.status for row in rows if row.status != "done"}


def make_training_case(folder: RunFolder, row: ManifestRow) -> TrainingCase:
    """The files of a case that is done."""
    images = {output.name: folder.locate(output.path) for output in row.outputs if output.role == "image"}
    masks = tuple(
        MaskFile(folder.locate(output.path), dict(output.labels)) for output in row.outputs if output.role == "mask"
    )
    patients = [part.facts.get("patient_key", "") for part in row.inputs if part.role == "image"]
    return TrainingCase(row.case_id, patients[0] if patients else "", images, masks)


def choose_images(cases: Sequence[TrainingCase], images: Sequence[str] | None) -> tuple[str, ...]:
    """The names of the images that become channels, which every case must have.

    Args:
        cases: The cases.
        images: The names that are asked for; None for those that the first case has.

    Raises:
        OptionError: If a case has no image of such a name, or more than those where no names were asked for.
    """
    names = tuple(cases[0].images) if images is None else tuple(images)
    for case in cases:
        missing = [name for name in names if name not in case.images]
        if missing or not names or (images is None and len(case.images) > len(names)):
            raise OptionError(
                f"the images of the case {case.case_id} are {', '.join(case.images) or 'none'}, and all cases must "
                f"have {', '.join(names) or 'one'}",
                advice="name those that every case has (images=), or run the cases with a selection that all of them "
                "fulfill",
            )
    return names
