"""A run over hundreds of CT series: how it scales with workers, what engine and manifest cost, and dcm2niix."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from pictologics.cli.demo_series import write_demo_series
from pictologics.cohort import Case, RunResult
from pictologics.cohort import run as run_cases

from .data import BenchmarkData, made
from .timing import Benchmark, Row, Target

__all__ = ["run"]

SERIES = {"full": 200, "quick": 16}

DIFFERENT = 4
"""Series that are written; the others are links to them, so that the disk holds hundreds."""

OURS_1, OURS_2, DCM2NIIX = "pictologics run, 1 worker", "pictologics run, 2 workers", "dcm2niix in a loop, 2 processes"


def write_export(folder: Path, count: int) -> None:
    """Folders of 80 slices of 256 x 256 pixels."""
    for number in range(count):
        target = folder / f"series{number:03d}"
        if number < DIFFERENT:
            write_demo_series(target, slices=80, size=256).localizer_file.unlink()
            continue
        shutil.copytree(folder / f"series{number % DIFFERENT:03d}", target, copy_function=os.link)


def run_ours(export: Path, out: Path, workers: int) -> tuple[float, RunResult]:
    """Seconds on the wall, workers started and ended and the manifest written."""
    cases = [Case.from_files(folder.name, {"ct": folder}) for folder in sorted(export.iterdir())]
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    result = run_cases(None, cases, out, workers=workers)
    seconds = time.perf_counter() - start
    assert result.counts == {"done": len(cases)}
    return seconds, result


def run_dcm2niix(export: Path, out: Path) -> float:
    """Seconds on the wall of as many calls as there are series, two at a time, gzip of level 1 as ours."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    folders = "\0".join(str(folder) for folder in sorted(export.iterdir()))
    command = ["xargs", "-0", "-P", "2", "-I", "{}", "dcm2niix", "-1", "-z", "y", "-b", "y", "-o", str(out), "{}"]
    start = time.perf_counter()
    subprocess.run(command, input=folders, text=True, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    count = SERIES[data.size.name]
    export = made(data.folder / f"export{count}", lambda unfinished: write_export(unfinished, count))
    out = data.folder / "converted"
    run_ours(export, out, 2)
    times: dict[str, list[float]] = {OURS_2: [], OURS_1: [], DCM2NIIX: []}
    shares: list[float] = []
    for _ in range(min(rounds, 3)):
        for name, workers in ((OURS_1, 1), (OURS_2, 2)):
            seconds, done = run_ours(export, out, workers)
            times[name].append(seconds)
            if workers == 1:
                shares.append(1 - sum(row.seconds for row in done.rows) / seconds)
        if shutil.which("dcm2niix"):
            times[DCM2NIIX].append(run_dcm2niix(export, out))
    shutil.rmtree(out, ignore_errors=True)
    rows = [Row(name, tuple(values)) for name, values in times.items() if values]
    result = Benchmark(f"A run over {count} CT series of 80 slices, 256 x 256, to .nii.gz", "s", rows)
    result.targets = [
        Target("times as fast with two workers as with one", result.ratio(OURS_1, OURS_2), at_least=1.8),
        Target("share of the time that is not work on cases, workers started included", min(shares), at_most=0.05),
    ]
    if times[DCM2NIIX]:
        faster = result.ratio(DCM2NIIX, OURS_2)
        result.targets.append(Target("times as fast as dcm2niix in two processes", faster, at_least=3))
    return result
