"""Case: an image or several with their masks, as plain facts that travel to a worker and into a manifest."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...checks import option_error
from ...errors import OptionError

__all__ = ["RESERVED_NAME", "Case", "GivenFiles", "SeriesChoice", "check_case_id"]

SAFE_ID = re.compile(r"[\w-](?:[\w.-]{0,118}[\w-])?", re.ASCII)

RESERVED_NAME = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
"""Names that Windows keeps for devices, whatever their suffix."""


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
        voxel_bytes: Bytes of memory that it takes; 0 where they are not known.
        kind: Of a mask, ``"SEG"`` or ``"RTSTRUCT"``; anything else is loaded as an image.
        drawn_on: Of contours, the image of the case that they belong to, if that is not the first.
        facts: What the index says of it besides: manufacturer, model, body_part.
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
    kind: str = "image"
    drawn_on: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """What is loaded, processed and written together.

    Attributes:
        case_id: Its name, unique in a run and safe as the name of a file.
        images: The images by their names; the first is the one on whose voxels the others and the masks are placed.
        masks: Its masks, may be none.
        notes: What was decided when it was chosen, in words.
        problem: Why it cannot be worked on; empty if it can.

    Examples:
        >>> from pictologics.cohort import Case
        >>> case = Case.from_files("P-1", {"ct": "export/p1/ct"}, {"liver": "export/p1/liver.nii.gz"})
        >>> case.images["ct"].files, [mask.name for mask in case.masks]
        (('export/p1/ct',), ['liver'])
    """

    case_id: str
    images: Mapping[str, SeriesChoice]
    masks: tuple[SeriesChoice, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""

    @classmethod
    def from_files(
        cls, case_id: str, images: Mapping[str, GivenFiles], masks: Mapping[str, GivenFiles] | None = None
    ) -> Case:
        """Make a case by hand.

        Args:
            case_id: Its name: letters, digits, ``_``, ``-`` and dots.
            images: What ``load_image`` takes, by name: a file, a folder, a URL, or a list of files; the first is the
                one on whose voxels the others and the masks are placed.
            masks: The same of masks.

        Raises:
            OptionError: If the name cannot be that of a file, or there is no image.
        """
        if not images:
            raise OptionError(f"the case {case_id!r} has no image", advice="name at least one")
        return cls(
            check_case_id(case_id),
            {name: SeriesChoice(name, "", list_given_files(given)) for name, given in images.items()},
            tuple(SeriesChoice(name, "", list_given_files(given)) for name, given in (masks or {}).items()),
        )


GivenFiles = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def list_given_files(given: GivenFiles) -> tuple[str, ...]:
    """Paths as text; a single one too is a list."""
    paths = [given] if isinstance(given, (str, os.PathLike)) else given
    return tuple(os.fspath(path) for path in paths)


def check_case_id(case_id: str) -> str:
    """Check that a case's name can be that of a file on any system.

    Raises:
        OptionError: If it cannot.
    """
    if not isinstance(case_id, str) or not SAFE_ID.fullmatch(case_id) or RESERVED_NAME.match(case_id):
        required = (
            "up to 120 letters, digits, '_', '-' and dots, no dot at either end, and no name of a device such as con"
        )
        raise option_error("case_id", case_id, required)
    return case_id
