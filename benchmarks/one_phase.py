"""One phase of a heart's ten, out of a folder of 3,000 files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from pictologics.cli.demo_series import make_slice_grid

from .ct_readers import OURS, SIMPLEITK
from .data import BenchmarkData, made, warm
from .scanner_headers import SeriesWriter
from .timing import Benchmark, Contender, Target, measure

PHASES, MATRIX = 10, 128
CHOSEN = 4
HEADERS, PIXELS = "its headers alone", "its pixels alone"


def write_phases(folder: Path, slices: int) -> None:
    """Ten volumes at the same positions; every voxel holds the number of its phase."""
    grid = make_slice_grid(slices, MATRIX)
    for phase in range(PHASES):
        part = folder / f"{phase}"
        part.mkdir()
        writer = SeriesWriter(part, grid)
        for k in range(slices):
            writer.write(k, np.full((MATRIX, MATRIX), phase, "<i2"))
        for path in sorted(part.iterdir()):
            ds = pydicom.dcmread(path)
            ds.NominalPercentageOfCardiacPhase = 100.0 / PHASES * phase
            ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = f"{ds.SOPInstanceUID[:60]}.{phase + 1}"
            ds.SeriesInstanceUID = "1.2.3"
            ds.save_as(folder / f"{phase}-{path.name}", enforce_file_format=True)
            path.unlink()
        part.rmdir()


def with_simpleitk(files: list[str]) -> Any:
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(files)
    return reader.Execute()


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    from pictologics import load_image
    from pictologics.utilities import get_dicom_phases

    slices = data.size.headers // PHASES
    folder = made(data.folder / "phases", lambda target: write_phases(target, slices))
    warm(folder)
    phase = get_dicom_phases(folder)[CHOSEN]
    image = load_image(folder, CHOSEN)
    if set(np.unique(image.array).tolist()) != {CHOSEN - 1024.0}:
        raise AssertionError("another phase was loaded")
    in_order = [one.file for one in image.provenance.slices]
    race = measure(
        [
            Contender(OURS, lambda: load_image(folder, CHOSEN)),
            Contender(HEADERS, lambda: get_dicom_phases(folder)),
            Contender(PIXELS, lambda: load_image(phase)),
            Contender(f"{SIMPLEITK}, told its files", lambda: with_simpleitk(in_order)),
        ],
        rounds,
    )
    result = Benchmark(
        f"One phase of {PHASES}: {slices} of {slices * PHASES} slices of {MATRIX}×{MATRIX}",
        "ms",
        race.rows,
        disturbed=race.disturbed,
    )
    parts = result.median(HEADERS) + result.median(PIXELS)
    result.targets = [Target("times headers and pixels together", result.median(OURS) / parts, at_most=1.1)]
    result.notes = [race.note]
    return result
