"""Folders as a run leaves them, of known voxels and labels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pictologics import Grid, Image
from pictologics.cohort.running.manifest import (
    MANIFEST_VERSION,
    RUN_FILE,
    CaseInput,
    ManifestRow,
    WrittenFile,
    write_row,
)
from pictologics.cohort.running.run_folder import open_run_folder
from tests.factories.phantom import OBLIQUE

__all__ = ["RunCase", "make_ramp", "write_run"]

GRID = Grid((12, 10, 8), (0.9, 1.1, 2.5), (-31.5, 14.25, 120.0), OBLIQUE)


@dataclass(frozen=True)
class RunCase:
    """A case: label maps (x, y, z) by the names of masks, and what their values stand for."""

    case_id: str
    patient: str = "P-1"
    masks: Mapping[str, np.ndarray] = field(default_factory=dict)
    labels: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    images: Sequence[str] = ("ct",)
    status: str = "done"
    grid: Grid = GRID


def make_ramp(grid: Grid, channel: int = 0) -> np.ndarray:
    """Values that tell every voxel of every channel from the others."""
    return (np.arange(np.prod(grid.shape)).reshape(grid.shape, order="F") + 100_000 * channel).astype(np.float32)


def write_run(folder: Path, cases: Sequence[RunCase], suffix: str = ".nii") -> Path:
    """Write what a run of these cases leaves."""
    out = open_run_folder(folder)
    out.write_text(RUN_FILE, json.dumps({"manifest_version": MANIFEST_VERSION}))
    for case in cases:
        outputs = []
        for channel, name in enumerate(case.images):
            image = Image.from_grid(make_ramp(case.grid, channel), case.grid, modality="CT")
            outputs.append(save(out, f"{case.case_id}/{name}{suffix}", "image", name, image))
        for name, array in case.masks.items():
            labels = dict(case.labels.get(name, {}))
            mask = Image.from_grid(np.asfortranarray(array), case.grid, modality="SEG", labels=labels)
            outputs.append(save(out, f"{case.case_id}/{name}{suffix}", "mask", name, mask))
        inputs = (CaseInput("ct", "image", "S-1", facts={"patient_key": case.patient} if case.patient else {}),)
        done = tuple(outputs) if case.status == "done" else ()
        write_row(out, ManifestRow(case.case_id, case.status, inputs, done))
    return folder


def save(out, path: str, role: str, name: str, image: Image) -> WrittenFile:
    out.save(image, path)
    return WrittenFile(path, role, name, out.hash(path), out.measure(path), image.labels if role == "mask" else {})
