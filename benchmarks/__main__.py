"""Run the benchmarks: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from . import (
    codecs,
    cohort_run,
    ct_folder,
    filters,
    header_scan,
    import_time,
    indexing,
    merging,
    nifti_files,
    nrrd_files,
    one_phase,
    patches,
    peak_memory,
    regions,
    remote_heads,
    report_page,
    resampling,
    segmentations,
    series,
    structure_writing,
    structures,
)
from .data import FULL, QUICK, BenchmarkData
from .report import machine_facts, markdown, print_benchmark
from .timing import Benchmark

HERE = Path(__file__).parent

BENCHMARKS: dict[str, Callable[[BenchmarkData, int], Benchmark]] = {
    "ct": ct_folder.run,
    "headers": header_scan.run,
    "phase": one_phase.run,
    "nii.gz": nifti_files.run_compressed,
    "nii": nifti_files.run_plain,
    "patch": patches.run,
    "series": series.run,
    "region": regions.BENCHMARKS["region"],
    "nrrd": nrrd_files.run_nrrd,
    "mha": nrrd_files.run_metaimage,
    "memory": peak_memory.run,
    "merge": merging.run,
    "import": import_time.run,
    "index": indexing.run,
    "remote": remote_heads.run,
    **segmentations.BENCHMARKS,
}
"""What a run without arguments measures."""

SLOW: dict[str, Callable[[BenchmarkData, int], Benchmark]] = {
    **codecs.BENCHMARKS,
    "region j2k": regions.BENCHMARKS["region j2k"],
    **resampling.BENCHMARKS,
    **filters.BENCHMARKS,
    "report": report_page.run,
    "cohort run": cohort_run.run,
    "index million": indexing.run_million,
    "rtstruct": structures.run_combined,
    "rtstruct masks": structures.run_separate,
    "rtstruct writing": structure_writing.run,
}
"""Only on demand: some peers take ten seconds a round."""


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="How fast and how lean, beside the peers."
    )
    parser.add_argument("--only", action="append", choices=[*BENCHMARKS, *SLOW], help="run this one; may be repeated")
    parser.add_argument("--all", action="store_true", help="also those in which some peers take ten seconds a round")
    parser.add_argument("--rounds", type=int, default=9, help="how often each contender is timed (default 9)")
    parser.add_argument("--quick", action="store_true", help="little data and 3 rounds: does it run at all?")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="where the files are made and kept")
    parser.add_argument("--output", type=Path, help="the report; a run of all writes benchmarks/RESULTS.md")
    return parser.parse_args()


def main() -> int:
    """Run what was asked for; 1 if a target was missed, or not decided, at full size."""
    arguments = parse_arguments()
    console = Console()
    data = BenchmarkData(arguments.data, QUICK if arguments.quick else FULL)
    rounds = 3 if arguments.quick else arguments.rounds
    facts = machine_facts(rounds)
    for name, value in facts.items():
        console.print(f"{name}: {value}", highlight=False)
    console.print()
    results = []
    for name in arguments.only or ([*BENCHMARKS, *SLOW] if arguments.all else BENCHMARKS):
        results.append({**BENCHMARKS, **SLOW}[name](data, rounds))
        print_benchmark(console, results[-1])
    # Parts of a run, and small data, never replace the results of a complete one.
    complete = arguments.all and not arguments.only and not arguments.quick
    output = arguments.output or (HERE / "RESULTS.md" if complete else None)
    if output:
        output.write_text(markdown(facts, results), encoding="utf-8")
        console.print(f"Written: {output}", highlight=False)
    verdicts = {result.verdict(target) for result in results for target in result.targets}
    return int(verdicts != {"pass"} and not arguments.quick)


if __name__ == "__main__":
    sys.exit(main())
