"""Thousands of files to the tables of a cohort, beside a loop of pydicom in two processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from pictologics.cohort import index

from .data import FULL, BenchmarkData
from .generated_tree import SLICES, GeneratedRoot
from .timing import Benchmark, Contender, Row, Target, measure

OURS, AGAIN, PYDICOM = "index, 2 processes", "index again, nothing changed", "pydicom loop, 2 processes"
PROCESSES = 2

MADE = 50_000
"""Files: enough that the start of processes, which both sides have, does not decide."""

FEW = 10
"""Series of a quick run."""

ATTRIBUTES = (
    "PatientID", "StudyInstanceUID", "StudyDate", "StudyDescription", "SeriesInstanceUID", "SeriesNumber",
    "SeriesDescription", "Modality", "SOPClassUID", "SOPInstanceUID", "InstanceNumber", "BodyPartExamined",
    "Manufacturer", "ManufacturerModelName", "FrameOfReferenceUID", "ImageType", "ImagePositionPatient",
    "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "Rows", "Columns", "BitsAllocated", "BitsStored",
    "PixelRepresentation", "SamplesPerPixel", "PhotometricInterpretation", "RescaleSlope", "RescaleIntercept",
    "AcquisitionNumber", "EchoTime", "TriggerTime", "NumberOfFrames", "ImageComments",
)  # fmt: skip
"""What the loop of pydicom reads: no more than what the tables and the verdict on a series need."""


def make_tree(data: BenchmarkData) -> Path:
    """Write series of different patients and studies, if they are not there."""
    series = MADE // SLICES if data.size is FULL else FEW
    root = data.folder / "index-tree"
    if not (root / "done").exists():
        shutil.rmtree(root, ignore_errors=True)
        source = GeneratedRoot(series)
        for number in range(series):
            folder = root / "files" / f"patient{number // 2:04}" / f"{number:08}"
            folder.mkdir(parents=True)
            for name, *_ in source.list_folder(folder.name).files:
                (folder / name).write_bytes(source.find_file(f"{folder.name}/{name}").content)
        (root / "done").touch()
    return root / "files"


def read_with_pydicom(paths: list[str]) -> int:
    """Read what a table of files and series needs."""
    from pydicom import dcmread

    rows = []
    for path in paths:
        dataset = dcmread(path, stop_before_pixels=True)
        rows.append([dataset.get(keyword) for keyword in ATTRIBUTES])
    return len(rows)


def loop_over_pydicom(root: Path) -> int:
    """Walk the tree, and let two processes read."""
    paths = sorted(os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names)  # noqa: PTH118
    shares = [paths[begin : begin + 500] for begin in range(0, len(paths), 500)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        return sum(pool.map(read_with_pydicom, shares))


def index_anew(root: Path, out: Path) -> None:
    """Index into an empty folder."""
    shutil.rmtree(out, ignore_errors=True)
    index(root, out, identifiers=True, workers=PROCESSES)


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    """Index, index again, and loop over pydicom."""
    root = make_tree(data)
    count = sum(len(names) for _, _, names in os.walk(root))
    out, kept = data.folder / "index-out", data.folder / "index-kept"
    index_anew(root, kept)
    race = measure(
        [
            Contender(OURS, lambda: index_anew(root, out)),
            Contender(AGAIN, lambda: index(root, kept, identifiers=True, workers=PROCESSES)),
            Contender(PYDICOM, lambda: loop_over_pydicom(root)),
        ],
        min(rounds, 5),
    )
    result = Benchmark(f"Index: {count:,} files of {count // SLICES} series", "ms", race.rows, disturbed=race.disturbed)
    result.targets = [
        Target("files a second", count / result.median(OURS) * 1e3, at_least=12_000),
        Target("files a second, nothing changed", count / result.median(AGAIN) * 1e3, at_least=100_000),
        Target("times as fast as pydicom's loop", result.ratio(PYDICOM, OURS), at_least=8),
    ]
    result.notes = [
        race.note,
        "The start of the processes is counted on both sides. The index judges every series and writes its tables; "
        f"the loop reads {len(ATTRIBUTES)} attributes with `stop_before_pixels=True` and keeps them.",
    ]
    return result


def measure_generated(series: int, out: Path) -> tuple[float, float, float]:
    """Index a generated tree in a fresh process: megabytes of the process, of its largest worker, and seconds."""
    command = [sys.executable, "-m", "benchmarks.generated_tree", str(series), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    own, worker, seconds = map(float, done.stdout.split())
    return own, worker, seconds


def run_million(data: BenchmarkData, _: int) -> Benchmark:
    """Peak memory from ten thousand to a million files of a generated tree."""
    rows, notes = [], []
    for count in (10_000, 100_000, 1_000_000) if data.size is FULL else (2_000, 10_000):
        out = data.folder / "index-million"
        shutil.rmtree(out, ignore_errors=True)
        own, worker, seconds = measure_generated(count // SLICES, out)
        again, _, quick = measure_generated(count // SLICES, out)
        rows += [
            Row(f"{count:,} files", (own,)),
            Row(f"{count:,} files, its largest worker", (worker,)),
            Row(f"{count:,} files again, nothing changed", (again,)),
        ]
        notes.append(
            f"{count:,} files: {count / seconds:,.0f} a second, {count / quick:,.0f} when nothing had changed."
        )
    result = Benchmark("Index: peak memory", "MB", rows)
    result.targets = [Target("times the memory of 10,000 files", rows[-3].median / rows[0].median, at_most=2)]
    result.notes = [*notes, "The tree is generated: each file is made in memory when it is read, each of its own UIDs."]
    return result
