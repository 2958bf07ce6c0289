"""What ``import pictologics`` costs."""

from __future__ import annotations

import subprocess
import sys

from .data import BenchmarkData
from .timing import Benchmark, Row, Target

MODULES = ("pictologics", "numpy", "pydicom", "nibabel", "SimpleITK")
SCRIPT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def import_seconds(module: str) -> float:
    command = [sys.executable, "-c", SCRIPT.format(module)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def run(data: BenchmarkData, rounds: int) -> Benchmark:
    turns = [{module: import_seconds(module) for module in MODULES} for _ in range(2 * rounds + 1)]
    # The first round compiles and warms the page cache.
    rows = [Row(module, tuple(turn[module] * 1e3 for turn in turns[1:])) for module in MODULES]
    result = Benchmark("Import time, each in a fresh interpreter", "ms", rows)
    result.targets = [Target("times `import numpy`", result.ratio("pictologics", "numpy"), at_most=1.3)]
    result.notes = ["Public names load when they are first used, numpy among them."]
    return result
