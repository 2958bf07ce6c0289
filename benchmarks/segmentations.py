"""Segmentations of 60 organs beside highdicom: combined, separate, as a label map, their facts, and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .data import BenchmarkData, warm
from .peak_memory import MEGABYTE, ROOT, measure_one
from .seg_data import binary_file, label_map_file, organ_count
from .timing import Benchmark, Contender, Row, Target, measure

__all__ = ["BENCHMARKS"]

OURS = "pictologics"
HIGHDICOM = "highdicom"


def combined(file: Path) -> Any:
    from pictologics.loaders import load_seg

    return load_seg(file).array.T


def separate(file: Path) -> Any:
    from pictologics.loaders import load_seg

    return load_seg(file, combine_segments=False)


def highdicom_combined(file: Path) -> Any:
    import highdicom

    return highdicom.seg.segread(file).get_volume(combine_segments=True).array


def highdicom_separate(file: Path) -> Any:
    import highdicom

    return highdicom.seg.segread(file).get_volume(combine_segments=False).array


def same_planes(ours: Any, theirs: Any) -> None:
    """Both run along the same normal, one way or the other."""
    if not np.array_equal(ours, theirs) and not np.array_equal(ours, theirs[::-1]):
        raise AssertionError("highdicom and pictologics read different voxels")


def title(data: BenchmarkData, what: str) -> str:
    size = data.size
    return f"SEG of {organ_count(data)} organs over {size.slices} slices of {size.matrix}×{size.matrix}: {what}"


def run_combined(data: BenchmarkData, rounds: int) -> Benchmark:
    file = binary_file(data)
    warm(file)
    same_planes(combined(file), highdicom_combined(file))
    race = measure(
        [Contender(OURS, lambda: combined(file)), Contender(HIGHDICOM, lambda: highdicom_combined(file))], rounds
    )
    result = Benchmark(title(data, "bits, combined"), "ms", race.rows, disturbed=race.disturbed)
    result.targets = [Target("times as fast as highdicom", result.ratio(HIGHDICOM, OURS), at_least=5.0)]
    result.notes = [race.note, "Both give the same voxels.", f"{file.stat().st_size / 1e6:.0f} MB."]
    return result


def run_separate(data: BenchmarkData, rounds: int) -> Benchmark:
    file = binary_file(data)
    warm(file)
    theirs = highdicom_separate(file)
    for k, mask in enumerate(separate(file).values()):
        same_planes(mask.array.T, theirs[..., k])
    del theirs
    race = measure(
        [Contender(OURS, lambda: separate(file)), Contender(HIGHDICOM, lambda: highdicom_separate(file))], rounds
    )
    result = Benchmark(title(data, "bits, separate"), "ms", race.rows, disturbed=race.disturbed)
    result.targets = [Target("times as fast as highdicom", result.ratio(HIGHDICOM, OURS), at_least=4.0)]
    result.notes = [race.note, "Both give the same voxels; highdicom's masks are one array of four axes."]
    return result


def run_label_map(data: BenchmarkData, rounds: int) -> Benchmark:
    file = label_map_file(data)
    warm(file)
    same_planes(combined(file), highdicom_combined(file))
    race = measure(
        [Contender(OURS, lambda: combined(file)), Contender(HIGHDICOM, lambda: highdicom_combined(file))], rounds
    )
    result = Benchmark(title(data, "label map"), "ms", race.rows, disturbed=race.disturbed)
    result.targets = [Target("times as fast as highdicom", result.ratio(HIGHDICOM, OURS), at_least=2.0)]
    result.notes = [race.note, "Both give the same voxels."]
    return result


def run_facts(data: BenchmarkData, rounds: int) -> Benchmark:
    from pictologics.loaders import get_segment_info

    file = binary_file(data)
    warm(file)

    def by_pydicom() -> Any:
        import pydicom

        return list(pydicom.dcmread(file, stop_before_pixels=True).SegmentSequence)

    race = measure([Contender(OURS, lambda: get_segment_info(file)), Contender("pydicom", by_pydicom)], rounds)
    result = Benchmark(title(data, "names of the segments"), "ms", race.rows, disturbed=race.disturbed)
    result.notes = [race.note, "pydicom reads all that stands before the pixels; neither reads them."]
    return result


def held(images: dict[int, Any]) -> int:
    """Bytes of the planes that hold anything: what separate masks must take."""
    return sum(int(mask.array.any(axis=(0, 1)).sum()) * mask.array[:, :, 0].nbytes for mask in images.values())


def child(name: str, file: str) -> None:
    """The process of one way to load: what it took at its highest, and the bytes of its result."""
    from pictologics.loaders import get_segment_info

    load: Callable[[Path], Any] = {"combined": combined, "separate": separate}[name]
    # What is imported on the way does not count.
    get_segment_info(file)
    before, peak = measure_one(lambda: load(Path(file)))
    result = load(Path(file))
    output = held(result) if isinstance(result, dict) else result.nbytes
    whole = sum(mask.array.nbytes for mask in result.values()) if isinstance(result, dict) else result.nbytes
    print(json.dumps({"before": before, "peak": peak, "output": output, "whole": whole}))


def spawn(name: str, file: Path) -> dict[str, int]:
    command = [sys.executable, "-m", "benchmarks.segmentations", name, str(file.resolve())]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def run_memory(data: BenchmarkData, rounds: int) -> Benchmark:
    files = {"combined": binary_file(data), "separate": binary_file(data), "label map": label_map_file(data)}
    rows, targets, notes = [], [], []
    for name, file in files.items():
        warm(file)
        turns = [spawn("separate" if name == "separate" else "combined", file) for _ in range(min(rounds, 3))]
        taken = [turn["peak"] - turn["before"] for turn in turns]
        rows.append(Row(name, tuple(one / MEGABYTE for one in taken)))
        targets.append(
            Target(f"times the output, {name}", sorted(taken)[len(taken) // 2] / turns[0]["output"], at_most=1.2)
        )
        notes.append(
            f"{name}: {turns[0]['output'] / MEGABYTE:.0f} MB of {turns[0]['whole'] / MEGABYTE:.0f} MB hold anything."
        )
    result = Benchmark(title(data, "peak memory above what the process held before"), "MB", rows)
    result.targets = targets
    result.notes = ["Separate masks are measured against the planes that hold anything.", *notes]
    return result


BENCHMARKS = {
    "seg": run_combined,
    "seg-separate": run_separate,
    "seg-label-map": run_label_map,
    "seg-facts": run_facts,
    "seg-memory": run_memory,
}


if __name__ == "__main__":
    child(*sys.argv[1:])
