"""What a layout is: it names the files of cases before any work, writes them, and describes the whole at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from ...errors import OptionError
from ...image import Image
from ..cases.case import Case

__all__ = [
    "SEGMENT_PLACE",
    "CaseOutputs",
    "DataSetOutputs",
    "FinishedCase",
    "Layout",
    "OutputFile",
    "OutputFolder",
    "Role",
    "WrittenOutput",
]

Role = Literal["image", "mask", "sidecar", "list"]
"""What a file is: voxels, labels, facts of one case, or facts of the whole data set."""

SEGMENT_PLACE: Final = "{segment}"
"""Stands in the planned path of masks of which each label gets a file; what labels are called is known once they are
loaded."""


@dataclass(frozen=True)
class OutputFile:
    """A file of the data set.

    Attributes:
        path: Where it is below the output folder, with forward slashes.
        role: What it is.
        name: The name of its image or mask in the case; of lists and sidecars empty.
        labels: Of a mask that was written, what its values stand for.
    """

    path: str
    role: Role
    name: str = ""
    labels: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CaseOutputs:
    """What one case becomes.

    Attributes:
        case_id: The case.
        files: Its files.
    """

    case_id: str
    files: tuple[OutputFile, ...]

    def find(self, role: Role, name: str) -> OutputFile:
        """The file of an image or a mask.

        Raises:
            OptionError: If a name was not planned.
        """
        for file in self.files:
            if (file.role, file.name) == (role, name):
                return file
        names = ", ".join(sorted({file.name for file in self.files if file.role == role})) or "none"
        raise OptionError(
            f"the case {self.case_id} has no {role} of the name that is to be written; its names are {names}",
            advice="let process return the images and masks that it got, under their names",
        )


@dataclass(frozen=True)
class DataSetOutputs:
    """What a layout wrote once the cases were there.

    Attributes:
        files: The files of the whole data set.
        changed: Files of cases that were written anew, since labels got other values: their checksums, sizes and labels
            are no longer those of the manifest.
    """

    files: tuple[OutputFile, ...] = ()
    changed: tuple[OutputFile, ...] = ()


class WrittenOutput(Protocol):
    """A file of a case, as its row of the manifest has it; see ``OutputFile``."""

    @property
    def path(self) -> str:
        """Where the file is below the output folder."""

    @property
    def role(self) -> str:
        """What it is."""

    @property
    def name(self) -> str:
        """The name of its image or mask in the case."""

    @property
    def labels(self) -> Mapping[int, str]:
        """Of a mask, what its values stand for."""


class FinishedCase(Protocol):
    """A case that is done, as its row of the manifest has it."""

    @property
    def case_id(self) -> str:
        """The case."""

    @property
    def outputs(self) -> Sequence[WrittenOutput]:
        """The files that it became."""


class OutputFolder(Protocol):
    """Where a data set is written: a folder of this machine, or one that is reached by a URL.

    Every path is one below the folder, with forward slashes; folders that it names are made. Files are whole or not
    there at all.
    """

    def save(self, image: Image, path: str) -> None:
        """Write an image, as ``pictologics.save_image`` does."""

    def load(self, path: str) -> Image:
        """Load an image that was written here."""

    def write_text(self, path: str, text: str) -> None:
        """Write a text file, as UTF-8."""

    def read_text(self, path: str) -> str | None:
        """Read a text file; None if it is not there."""


class Layout(Protocol):
    """Names and writes the files of a data set. A small object of options, which travels to the workers.

    Attributes:
        name: What ``--layout`` calls it.
    """

    @property
    def name(self) -> str:
        """What ``--layout`` calls it."""

    def check_cases(self, cases: Sequence[Case]) -> None:
        """Refuse cases that cannot stand in one data set of this kind.

        Raises:
            OptionError: That says why, and what to do.
        """

    def plan(self, case: Case) -> CaseOutputs:
        """Name the files of a case, without looking at anything but the case.

        Raises:
            OptionError: If its template holds a name that is not known.
        """

    def write_case(
        self, folder: OutputFolder, case: Case, images: Mapping[str, Image], masks: Mapping[str, Image]
    ) -> tuple[OutputFile, ...]:
        """Write the files of a case, in a worker.

        Args:
            folder: Where the data set is.
            case: The case.
            images: Its images by name, as they are to be written.
            masks: Its label maps by name, on the voxels of the first image.

        Returns:
            The files, which may be fewer than were planned: a mask may be missing.

        Raises:
            OptionError: If a name was not planned, or the layout cannot hold what it was given.
        """

    def finish(self, folder: OutputFolder, rows: Sequence[FinishedCase]) -> DataSetOutputs:
        """Write what describes the whole data set. Doing it again changes nothing.

        Args:
            folder: Where the data set is.
            rows: The rows of the manifest of all cases that are done, those of earlier runs too, which may have been of
                other cases or in another layout: what is not of this data set is passed over.
        """
