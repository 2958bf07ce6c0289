"""Options that several commands share, and the values to choose from."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "CohortFolder",
    "DatasetIndex",
    "GeometryChoice",
    "GeometryOption",
    "InterpolationChoice",
    "IrregularChoice",
    "LayoutChoice",
    "MaskFilesChoice",
    "Nearest",
    "OutsideFiles",
    "PrintJson",
    "Recursive",
    "RuleChoice",
    "SeriesUid",
    "SourcePath",
    "StoredChoice",
    "SuvChoice",
]

CohortFolder = Annotated[Path, typer.Argument(help="The folder that index wrote.")]
SourcePath = Annotated[
    str, typer.Argument(help="An image file; or DICOM files as a folder, DICOMDIR, .zip or .tar.gz. A path or a URL.")
]
"""Text, as are all paths that may be URLs: a Path would take one of their slashes."""
Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Also look into the folders below.")]
SeriesUid = Annotated[str | None, typer.Option(help="SeriesInstanceUID of the series to load, if there are several.")]
DatasetIndex = Annotated[
    int | None, typer.Option(min=0, show_default="0", help="Which volume to load, if there are several.")
]
OutsideFiles = Annotated[
    bool, typer.Option("--outside-files", help="Allow a NRRD or MetaImage header to name files outside its folder.")
]
Nearest = Annotated[bool, typer.Option("--nearest", hidden=True)]
"""What masks do by themselves; accepted, since scripts have it."""
PrintJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class GeometryChoice(StrEnum):
    """Whose place a mask has."""

    FILE = "file"
    REFERENCE = "reference"


GeometryOption = Annotated[
    GeometryChoice,
    typer.Option("--geometry", help="reference takes the mask's voxels for the image's, if its file lost its place."),
]


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
    """How to compute values where two lattices do not meet."""

    NEAREST = "nearest"
    LINEAR = "linear"
    CUBIC = "cubic"


class LayoutChoice(StrEnum):
    """How the files of a data set are arranged."""

    FLAT = "flat"
    BIDS = "bids"
    NNUNET = "nnunet"
    MONAI = "monai"


class MaskFilesChoice(StrEnum):
    """What becomes of the masks of a case."""

    MERGED = "merged"
    SEPARATE = "separate"


class StoredChoice(StrEnum):
    """How voxels are stored."""

    SMALLEST = "smallest"
    OWN = "own"


class RuleChoice(StrEnum):
    """Which value a voxel gets where several files have one."""

    MAX = "max"
    MIN = "min"
    FIRST = "first"
    LAST = "last"
