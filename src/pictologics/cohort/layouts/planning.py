"""The plan of a run: every file that it will write, and no two under one name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ...errors import OptionError
from ...formats.ome_zarr.writing import OmeZarrWriter
from ...saving.registry import find_writer
from ..cases.case import Case
from .file_names import fold_path
from .protocol import CaseOutputs, Layout

__all__ = ["check_formats", "plan_outputs"]

COLLISIONS_NAMED = 3
"""Collisions that a message names; the rest are counted."""

RUN_FILES = ("run.json", "manifest", "manifest.parquet")
"""What a run keeps in the same folder."""

PAIR_SUFFIXES: Final = (".nhdr", ".mhd")
"""Of formats that keep the voxels in a file beside the one that is named; the manifest lists whole outputs only."""


def check_formats(planned: Sequence[CaseOutputs], is_remote: bool) -> None:
    """Refuse formats that cannot be written where the run writes, before any work is done.

    Args:
        planned: The files of all cases.
        is_remote: Whether they go to storage behind a URL, which takes files and no folders.

    Raises:
        OptionError: If no format has the suffix of an image or mask, it is written as two files, or as a folder behind
            a URL.
    """
    for file in (file for outputs in planned for file in outputs.files if file.role in ("image", "mask")):
        writer = find_writer(Path(file.path))
        if file.path.lower().endswith(PAIR_SUFFIXES):
            raise OptionError(
                "this format keeps voxels in a second file, and a run writes one for each image",
                path=file.path,
                advice="choose .nrrd or .mha, which hold the same in one file",
            )
        if is_remote and writer.name == OmeZarrWriter.name:
            raise OptionError(
                "OME-Zarr is a folder of files, which is not sent to a URL",
                path=file.path,
                advice="run into a folder of this machine and copy that, or choose .nii.gz",
            )


def plan_outputs(layout: Layout, cases: Sequence[Case]) -> list[CaseOutputs]:
    """Name the files of all cases before any work is done.

    Args:
        layout: The layout.
        cases: The cases.

    Raises:
        OptionError: If two files would have one name, also where they differ in upper and lower case only, which some
            file systems do not tell apart; if a file would stand where a folder must be; or if the layout refuses the
            cases.
    """
    layout.check_cases(cases)
    planned = [layout.plan(case) for case in cases]
    owners = dict.fromkeys(RUN_FILES, "the run itself")
    collisions = []
    for outputs in planned:
        for file in outputs.files:
            key = fold_path(file.path)
            if key in owners:
                collisions.append((file.path, owners[key], outputs.case_id))
            owners.setdefault(key, outputs.case_id)
    collisions += find_files_as_folders(planned, owners)
    if collisions:
        raise collision_error(layout.name, collisions)
    return planned


def find_files_as_folders(planned: Sequence[CaseOutputs], owners: dict[str, str]) -> list[tuple[str, str, str]]:
    """Files that would stand where another file's folder must be."""
    found = []
    for outputs in planned:
        for file in outputs.files:
            parts = fold_path(file.path).split("/")
            above = ("/".join(parts[:end]) for end in range(1, len(parts)))
            found += [(folder, owners[folder], outputs.case_id) for folder in above if folder in owners]
    return found


def collision_error(name: str, collisions: Sequence[tuple[str, str, str]]) -> OptionError:
    """What to say of names that are not unique."""
    texts = [f"'{path}' ({first}, {second})" for path, first, second in collisions[:COLLISIONS_NAMED]]
    more = f" and {len(collisions) - COLLISIONS_NAMED} more" if len(collisions) > COLLISIONS_NAMED else ""
    return OptionError(
        f"the layout {name} gives one name to several files: {', '.join(texts)}{more}",
        advice="use a template that tells them apart, such as one with {case_id}, or choose fewer images for each case",
        collisions=len(collisions),
    )
