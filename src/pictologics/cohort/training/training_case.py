"""The cases that a network is trained on: files that a run wrote, or series that are loaded as they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...errors import OptionError
from ..cases.case import Case
from ..layouts.flat import FlatLayout
from ..running.case_loading import load_case
from ..running.manifest import ManifestRow, read_manifest
from ..running.rules import RunRules
from ..running.run_folder import RunFolder, open_run_folder
from .volume_boxes import OpenVolume, open_volume

__all__ = [
    "GivenCase",
    "MaskFile",
    "OpenCase",
    "TrainingCase",
    "WrittenCase",
    "choose_images",
    "list_given_cases",
    "list_written_cases",
]

AS_IT_IS = RunRules(RunFolder(""), FlatLayout(), "", masks="separate")
"""How a case is loaded that no run has been over; nothing is written."""


@dataclass(frozen=True)
class OpenCase:
    """A case whose voxels can be read.

    Attributes:
        images: Its images, in the order that was asked for.
        masks: Its masks, and what their values stand for.
    """

    images: tuple[OpenVolume, ...]
    masks: tuple[tuple[OpenVolume, Mapping[int, str]], ...] = ()


class TrainingCase(Protocol):
    """A case; small, so that it travels to workers."""

    @property
    def case_id(self) -> str:
        """Its name."""

    @property
    def patient_key(self) -> str:
        """The patient; empty if nobody knows."""

    @property
    def image_names(self) -> tuple[str, ...]:
        """The names of its images."""

    @property
    def mask_count(self) -> int:
        """How many masks it has."""

    @property
    def mask_labels(self) -> tuple[Mapping[int, str], ...] | None:
        """What the values of each mask stand for; None if that is known only once they are loaded."""

    def open(self, names: Sequence[str], *, with_masks: bool) -> OpenCase:
        """Open the images of these names, and the masks.

        Raises:
            PictologicsError: If anything of it does not load.
        """


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
class WrittenCase:
    """A case that a run wrote.

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

    @property
    def image_names(self) -> tuple[str, ...]:
        """The names of its images."""
        return tuple(self.images)

    @property
    def mask_count(self) -> int:
        """How many masks it has."""
        return len(self.masks)

    @property
    def mask_labels(self) -> tuple[Mapping[int, str], ...]:
        """What the values of each mask stand for."""
        return tuple(mask.labels for mask in self.masks)

    def open(self, names: Sequence[str], *, with_masks: bool) -> OpenCase:
        """Open its files."""
        masks = self.masks if with_masks else ()
        return OpenCase(
            tuple(open_volume(self.images[name]) for name in names),
            tuple((open_volume(mask.path), mask.labels) for mask in masks),
        )


@dataclass(frozen=True)
class GivenCase:
    """A case whose series are loaded as they are, each time anew.

    Attributes:
        case: The case.
    """

    case: Case

    @property
    def case_id(self) -> str:
        """Its name."""
        return self.case.case_id

    @property
    def patient_key(self) -> str:
        """The patient; empty if nobody knows."""
        return next(iter(self.case.images.values())).patient_key

    @property
    def image_names(self) -> tuple[str, ...]:
        """The names of its images."""
        return tuple(self.case.images)

    @property
    def mask_count(self) -> int:
        """How many masks it has."""
        return len(self.case.masks)

    @property
    def mask_labels(self) -> None:
        """Segments are named in their files."""
        return None

    def open(self, names: Sequence[str], *, with_masks: bool) -> OpenCase:
        """Load its images, placed on the voxels of the first, and its masks."""
        case = self.case if with_masks else Case(self.case_id, self.case.images)
        loaded = load_case(case, AS_IT_IS)
        images = [loaded.images[name] for name in names]
        return OpenCase(
            tuple(OpenVolume(image.grid, image) for image in images),
            tuple((OpenVolume(mask.grid, mask), mask.labels) for mask in loaded.masks.values()),
        )


def list_given_cases(cases: Sequence[Case]) -> tuple[list[GivenCase], dict[str, str]]:
    """Take cases in the order in which they are given, and of those that have a problem what it is.

    Raises:
        OptionError: If none is left.
    """
    sound = [GivenCase(case) for case in cases if not case.problem]
    if not sound:
        raise OptionError(f"none of the {len(cases)} cases can be loaded", advice="pass cases without a problem")
    return sound, {case.case_id: case.problem for case in cases if case.problem}


def list_written_cases(out: str | os.PathLike[str]) -> tuple[list[WrittenCase], dict[str, str]]:
    """List the cases of a run that are done, in the order of their names, and of the others what became of them.

    Raises:
        MissingPathError: If no run has written there.
        OptionError: If no case is done.
    """
    folder, rows = open_run_folder(out), read_manifest(out)
    cases = [find_written_case(folder, row) for row in rows if row.status == "done"]
    if not cases:
        raise OptionError(
            f"none of the {len(rows)} cases of this run is done",
            path=folder.show(),
            advice="see read_manifest for their errors, and run them again",
        )
    return cases, {row.case_id: row.status for row in rows if row.status != "done"}


def find_written_case(folder: RunFolder, row: ManifestRow) -> WrittenCase:
    """The files of a case that is done."""
    images = {output.name: folder.locate(output.path) for output in row.outputs if output.role == "image"}
    masks = tuple(
        MaskFile(folder.locate(output.path), dict(output.labels)) for output in row.outputs if output.role == "mask"
    )
    patients = [part.facts.get("patient_key", "") for part in row.inputs if part.role == "image"]
    return WrittenCase(row.case_id, patients[0] if patients else "", images, masks)


def choose_images(cases: Sequence[TrainingCase], images: Sequence[str] | None) -> tuple[str, ...]:
    """The names of the images that become channels, which every case must have.

    Args:
        cases: The cases.
        images: The names that are asked for; None for those that the first case has.

    Raises:
        OptionError: If a case has no image of such a name, or more than those where no names were asked for.
    """
    names = cases[0].image_names if images is None else tuple(images)
    for case in cases:
        missing = [name for name in names if name not in case.image_names]
        if missing or not names or (images is None and len(case.image_names) > len(names)):
            raise OptionError(
                f"the images of the case {case.case_id} are {', '.join(case.image_names) or 'none'}, and all cases "
                f"must have {', '.join(names) or 'one'}",
                advice="name those that every case has (images=), or run the cases with a selection that all of them "
                "fulfill",
            )
    return names
