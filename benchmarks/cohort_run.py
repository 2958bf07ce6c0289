"""A run over hundreds of CT series: how it scales with workers, what engine and manifest cost, and dcm2niix."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pictologics import set_num_threads
from pictologics.cli.demo_series import write_demo_series
from pictologics.cohort import Case, RunResult
from pictologics.cohort import run as run_cases

from .data import BenchmarkData, made
from .timing import Benchmark, Row, Target

__all__ = ["run"]

SERIES = {"full": 200, "quick": 16}

DIFFERENT = 4
"""Series that are written; the others are links to them, so that the disk holds hundreds."""

OURS_1, OURS_2 = "pictologics run, 1 worker", "pictologics run, 2 workers"
DCM2NIIX = "dcm2niix in a loop, 2 processes"
PLAIN = ", not compressed"

PACKING = {
    " (level 1)": (".nii.gz", ["-1", "-z", "y"]),
    " (level 2, whose files are as large as ours)": (".nii.gz", ["-2", "-z", "y"]),
    " (its own level, 6)": (".nii.gz", ["-z", "y"]),
    PLAIN: (".nii", ["-z", "n"]),
}
"""Ways to run dcm2niix. Levels are no measure: at level 1 its files are a quarter larger than those of our level 1."""


@dataclass(frozen=True)
class Conversion:
    """What one conversion of all series took.

    Attributes:
        seconds: On the wall, workers started and ended and the manifest written.
        processor: Seconds of the processor, those of all child processes among them.
        megabytes: Of what was written.
        share: The part of the time that was not work on cases; of ours only.
    """

    seconds: float
    processor: float
    megabytes: float
    share: float = 0.0


def write_export(folder: Path, count: int) -> None:
    """Folders of 80 slices of 512 x 512 pixels."""
    for number in range(count):
        target = folder / f"series{number:03d}"
        if number < DIFFERENT:
            write_demo_series(target, slices=80, size=512).localizer_file.unlink()
            continue
        shutil.copytree(folder / f"series{number % DIFFERENT:03d}", target, copy_function=os.link)


def read_processor_time() -> float:
    """Seconds of the processor that this process and those that it started and saw the end of have taken."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def convert(work: Callable[[], RunResult | None], out: Path) -> Conversion:
    """Have a folder written anew, and measure it."""
    shutil.rmtree(out, ignore_errors=True)
    processor, start = read_processor_time(), time.perf_counter()
    done = work()
    seconds = time.perf_counter() - start
    processor = read_processor_time() - processor
    megabytes = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6
    share = 1 - sum(row.seconds for row in done.rows) / seconds if done is not None else 0.0
    return Conversion(seconds, processor, megabytes, share)


def run_ours(export: Path, out: Path, workers: int, suffix: str) -> Conversion:
    """All series by ``run``, each worker on one core: by default a lone worker has threads for the others."""
    cases = [Case.from_files(folder.name, {"ct": folder}) for folder in sorted(export.iterdir())]
    set_num_threads(1)
    try:
        conversion = convert(lambda: run_cases(None, cases, out, workers=workers, format=suffix), out)
    finally:
        set_num_threads(None)
    assert len(list(out.rglob(f"*{suffix}"))) == len(cases)
    return conversion


def find_dcm2niix() -> str | None:
    """The program itself: the command that its package installs starts Python first, each time."""
    try:
        from dcm2niix import bin as program
    except ImportError:
        return shutil.which("dcm2niix")
    return str(program)


def run_dcm2niix(program: str, export: Path, out: Path, packing: list[str]) -> Conversion:
    """As many calls as there are series, two at a time."""
    folders = "\0".join(str(folder) for folder in sorted(export.iterdir()))
    command = ["xargs", "-0", "-P", "2", "-I", "{}", program, *packing, "-b", "y", "-f", "%f", "-o", str(out), "{}"]

    def work() -> None:
        out.mkdir(parents=True)
        subprocess.run(command, input=folders, text=True, check=True, stdout=subprocess.DEVNULL)

    return convert(work, out)


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    count = SERIES[data.size.name]
    export = made(data.folder / f"export{count}x512", lambda unfinished: write_export(unfinished, count))
    out = data.folder / "converted"
    contenders: dict[str, Callable[[], Conversion]] = {}
    for name, suffix in (("", ".nii.gz"), (PLAIN, ".nii")):
        contenders[OURS_2 + name] = partial(run_ours, export, out, 2, suffix)
        contenders[OURS_1 + name] = partial(run_ours, export, out, 1, suffix)
    program = find_dcm2niix()
    if program is not None:
        contenders |= {
            DCM2NIIX + name: partial(run_dcm2niix, program, export, out, packing)
            for name, (_, packing) in PACKING.items()
        }
    contenders[OURS_2]()
    measured = [{name: work() for name, work in contenders.items()} for _ in range(min(rounds, 2))]
    shutil.rmtree(out, ignore_errors=True)
    rows = [Row(name, tuple(round_[name].seconds for round_ in measured)) for name in contenders]
    result = Benchmark(f"A run over {count} CT series of 80 slices, 512 x 512, to NIfTI", "s", rows)
    shares = [round_[OURS_1].share for round_ in measured]
    result.targets = [
        Target("times as fast with two workers as with one", result.ratio(OURS_1, OURS_2), at_least=1.8),
        Target("share of the time that is not work on cases, workers started included", min(shares), at_most=0.05),
    ]
    for name, (suffix, _) in PACKING.items() if program is not None else ():
        if suffix == ".nii.gz":
            faster = result.ratio(DCM2NIIX + name, OURS_2)
            result.targets.append(Target(f"times as fast as dcm2niix in two processes{name}", faster, at_least=3))
    for name in contenders:
        processor = statistics.median(round_[name].processor for round_ in measured)
        result.notes.append(
            f"{name}: {processor:.1f} s of the processor, {measured[0][name].megabytes:.0f} MB written."
        )
    return result
