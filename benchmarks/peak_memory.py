"""How much memory loading a CT folder takes at its highest, each reader in its own process."""

from __future__ import annotations

import gc
import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import ct_readers as ct
from .data import BenchmarkData, warm
from .timing import Benchmark, Row, Target

ROOT = Path(__file__).resolve().parent.parent
STATUS = Path("/proc/self/status")
MEGABYTE = 1e6


def resident(field: str) -> int:
    """A number of bytes from this process's status: VmRSS is now, VmHWM the highest so far."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


def highest() -> int:
    """The most memory this process ever held, bytes."""
    if STATUS.exists():
        return resident("VmHWM")
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def measure_one(load: Callable[[], Any]) -> tuple[int, int]:
    """Memory before a load and at its highest, bytes."""
    gc.collect()
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")  # forgets the highest, so that imports do not count
        before = resident("VmRSS")
    else:
        before = highest()
    kept = load()
    peak = highest()
    del kept
    return before, peak


def child(name: str, folder: str, small: str, matrix: str) -> None:
    """The process of one reader: warms up on a few slices, loads the folder, prints what it took."""
    ct.readers(Path(small), 16)[name]()
    before, peak = measure_one(ct.readers(Path(folder), int(matrix))[name])
    print(json.dumps({"before": before, "peak": peak}))


def spawn(name: str, data: BenchmarkData) -> dict[str, int]:
    command = [sys.executable, "-m", "benchmarks.peak_memory", name]
    command += [str(data.ct_folder.resolve()), str(data.small_ct_folder.resolve()), str(data.size.matrix)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    warm(data.ct_folder)
    output = data.voxels * 4
    names = [ct.OURS, ct.SIMPLEITK, ct.PYDICOM, ct.DICOMSDL, ct.FLOOR]
    turns = [{name: spawn(name, data) for name in names} for _ in range(min(rounds, 5))]
    rows = [
        Row(name, tuple((turn[name]["peak"] - turn[name]["before"]) / MEGABYTE for turn in turns)) for name in names
    ]
    result = Benchmark(
        f"Peak memory of loading the CT folder into {output / 1e6:.0f} MB, above what the process held before",
        "MB",
        rows,
        floor=ct.FLOOR,
    )
    absolute = ", ".join(f"{name} {turns[0][name]['peak'] / MEGABYTE:.0f}" for name in names)
    result.targets = [
        Target("times the output", result.median(ct.OURS) * MEGABYTE / output, at_most=1.15),
    ]
    result.notes = [
        "The highest resident set during the load minus the resident set before it, each in a process of its "
        "own that has read four slices already.",
        f"Highest resident set of the whole process, MB: {absolute}.",
        "SimpleITK's output is half as large: it stays 16-bit.",
    ]
    return result


if __name__ == "__main__":
    child(*sys.argv[1:])
