"""Case: an image or several with their masks, as plain facts that travel to a worker and into a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Case", "SeriesChoice"]


@dataclass(frozen=True)
class SeriesChoice:
    """One volume of a cohort: what loads it, and what is known of it.

    Attributes:
        name: What templates and functions call it, unique in its case: of an image ``"ct"``, of a mask ``"seg"``.
        series_key: The series in the cohort.
        files: What ``load_image`` or ``load_seg`` takes.
        options: Keywords that load it.
        study_key: The study, may be empty.
        patient_key: The patient, may be empty.
        modality: DICOM modality, or ``"Unknown"``.
        phase: Which volume of the series.
        shape: Voxels along (x, y, z), None where it is not known.
        spacing: Distance between voxel centers along (x, y, z), mm, None where it is not known.
        voxel_bytes: Bytes of memory that it takes.
    """

    name: str
    series_key: str
    files: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    study_key: str = ""
    patient_key: str = ""
    modality: str = "Unknown"
    phase: int = 0
    shape: tuple[int, int, int] | None = None
    spacing: tuple[float, float, float] | None = None
    voxel_bytes: int = 0


@dataclass(frozen=True)
class Case:
    """What is loaded, processed and written together.

    Attributes:
        case_id: Its name, unique in a run and safe as the name of a file.
        images: The images by their names; the first is the one on whose voxels the others and the masks are placed.
        masks: Its masks, may be none.
    """

    case_id: str
    images: Mapping[str, SeriesChoice]
    masks: tuple[SeriesChoice, ...] = ()
