"""What a user is told of each volume of a multi-phase series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ...storage.files import StoredFile
from ...storage.probed_file import forget_head
from ..frames.frame import Frame
from ..headers import tags
from .diffusion import Diffusion, UnitVector, read_volume_diffusion, turn_to_image
from .phase_values import Value
from .volumes import SeriesVolume

__all__ = ["DicomPhaseInfo", "list_phases"]

SILENT_MAKERS = ("CANON", "TOSHIBA")
"""Manufacturers that write a b-value only where there is a gradient."""


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
        b_value: Diffusion weighting, s/mm2; None where the files do not say it.
        b_direction: Unit vector along the diffusion gradient in patient coordinates (LPS: to the left, to the back, to
            the head); None where there is no gradient, or only a mean over directions, or the files do not say it.
        b_direction_in_image: The same vector along the three axes of the loaded image: along a row (axis 0), down a
            column (axis 1) and along their cross product (axis 2). The ``bvec`` of FSL for a NIfTI file of that image
            has the opposite sign in its first component, as FSL counts it from the other end of right-handed images.

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
    b_value: float | None = None
    b_direction: UnitVector | None = None
    b_direction_in_image: UnitVector | None = None

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
    weightings = list_weightings(volumes)
    for index, (volume, diffusion) in enumerate(zip(volumes, weightings, strict=True)):
        files = {frame.header.path: frame.header.file for frame in volume.frames}
        phase = DicomPhaseInfo(
            index,
            len(volume.frames),
            list(files),
            volume.phase.label,
            volume.phase.tag,
            volume.phase.value,
            diffusion.b_value,
            diffusion.direction,
            turn_to_image(volume.frames[0], diffusion.direction),
        )
        object.__setattr__(phase, "stored_files", tuple(map(forget_head, files.values())))
        object.__setattr__(phase, "frames", frozenset((frame.header.path, frame.number) for frame in volume.frames))
        found.append(phase)
    return found


def list_weightings(volumes: Sequence[SeriesVolume]) -> list[Diffusion]:
    """The diffusion weighting of each volume."""
    found = [read_volume_diffusion(volume.frames) for volume in volumes]
    if not any(diffusion.b_value for diffusion in found):
        return found
    return [
        Diffusion(0.0) if diffusion.b_value is None and is_silent_zero(volume.frames[0]) else diffusion
        for diffusion, volume in zip(found, volumes, strict=True)
    ]


def is_silent_zero(frame: Frame) -> bool:
    """Whether a plane of a diffusion series has no b-value because it is 0: Canon and Toshiba write none then."""
    maker = frame.header.text(tags.MANUFACTURER).upper()
    return maker.startswith(SILENT_MAKERS) and frame.image_type[0] != "DERIVED"
