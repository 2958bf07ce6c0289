"""What a user is told of each volume of a multi-phase series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...storage.files import StoredFile
from ...storage.probed_file import forget_head
from .phase_values import Value
from .volumes import SeriesVolume

__all__ = ["DicomPhaseInfo", "list_phases"]


@dataclass(frozen=True)
class DicomPhaseInfo:
    """One volume of a series; ``load_image`` takes it in place of a path.

    ``dataclasses.asdict`` gives it as plain values that JSON holds; a phase made of them loads the same volume.

    Attributes:
        index: Its number, the ``dataset_index`` that loads it.
        num_slices: How many slices it has.
        file_paths: The files that hold it.
        label: What a person calls it, such as ``"Phase 40%"``.
        split_tag: Keyword of the DICOM attribute that tells it from the others; two are joined with ``" + "``; None if
            there is only one volume or only the order of the images tells them apart.
        split_value: Its value of that attribute.

    Examples:
        >>> from pictologics import DicomPhaseInfo
        >>> DicomPhaseInfo(3, 120, ["a.dcm"], "Phase 40%", "NominalPercentageOfCardiacPhase", 40.0).label
        'Phase 40%'
    """

    index: int
    num_slices: int
    file_paths: list[str]
    label: str
    split_tag: str | None = None
    split_value: Value | None = None

    # What was found of the files when they were listed: no fields, so that the facts above alone make a phase, compare
    # and are written as JSON. A phase that is made of them is found again in its files by its split value or label.
    stored_files: ClassVar[tuple[StoredFile, ...]] = ()
    frames: ClassVar[frozenset[tuple[str, int]] | None] = None

    def __hash__(self) -> int:
        return hash((self.index, self.num_slices, tuple(self.file_paths), self.label, self.split_tag))


def list_phases(volumes: Sequence[SeriesVolume]) -> list[DicomPhaseInfo]:
    """Describe the volumes of a series.

    Args:
        volumes: The volumes, in the order in which ``dataset_index`` counts them.
    """
    found = []
    for index, volume in enumerate(volumes):
        files = {frame.header.path: frame.header.file for frame in volume.frames}
        phase = DicomPhaseInfo(
            index, len(volume.frames), list(files), volume.phase.label, volume.phase.tag, volume.phase.value
        )
        object.__setattr__(phase, "stored_files", tuple(map(forget_head, files.values())))
        object.__setattr__(phase, "frames", frozenset((frame.header.path, frame.number) for frame in volume.frames))
        found.append(phase)
    return found
