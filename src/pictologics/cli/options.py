"""Options that several commands share, and the values to choose from."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "DatasetIndex",
    "InterpolationChoice",
    "IrregularChoice",
    "OutsideFiles",
    "PrintJson",
    "Recursive",
    "RuleChoice",
    "SeriesUid",
    "SourcePath",
    "SuvChoice",
]

SourcePath = Annotated[Path, typer.Argument(help="A file, or a folder, DICOMDIR, .zip or .tar.gz of DICOM files.")]
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Look into the folders below, too.")]
SeriesUid = Annotated[str | None, typer.Option(help="The series to load from a folder that holds several.")]
DatasetIndex = Annotated[int, typer.Option(min=0, help="The volume to load from a file that holds several.")]
OutsideFiles = Annotated[
    bool, typer.Option("--outside-files", help="Follow a header to files outside its folder (NRRD, MetaImage).")
]
PrintJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


class SuvChoice(StrEnum):
    """What standardized uptake values are relative to."""

    BODY_WEIGHT = "bw"
    LEAN_BODY_MASS = "lbm"
    BODY_SURFACE_AREA = "bsa"


class IrregularChoice(StrEnum):
    """What to do with slices that do not form a regular grid."""

    ERROR = "error"
    IGNORE = "ignore"
    RESAMPLE = "resample"


class InterpolationChoice(StrEnum):
    """How to make voxels where two lattices do not meet."""

    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"


class RuleChoice(StrEnum):
    """Which value a voxel gets where several files have one."""

    MAX = "max"
    MIN = "min"
    FIRST = "first"
    LAST = "last"
