"""The outcome as tables: on the terminal, and as Markdown."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .timing import Benchmark, Row, Target

__all__ = ["machine_facts", "markdown", "print_benchmark"]

LIBRARIES = ("pictologics", "numpy", "pydicom", "isal", "SimpleITK", "nibabel", "dicomsdl")

COLORS = {"pass": "green", "MISS": "red", "unsure": "yellow"}


def machine_facts(rounds: int) -> dict[str, str]:
    """What the numbers depend on."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts = {
        "Date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "Processor": f"{processor_name()}, {cores} cores usable",
        "System": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "Libraries": versions,
        "Rounds": f"{rounds}, contenders in turns, the first one rotating",
        "Conditions": "files in the page cache; memory touched before each run; busy rounds set aside as a whole",
    }
    if hasattr(os, "getloadavg"):
        facts["Load before the run"] = f"{os.getloadavg()[0]:.2f} processes"
    return facts


def processor_name() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cells(benchmark: Benchmark, row: Row) -> list[str]:
    """One row: name, median, minimum, times ours, times the floor."""
    ours = benchmark.rows[0].name
    of_floor = f"{benchmark.ratio(row.name, benchmark.floor):.2f}" if benchmark.floor else "–"
    return [
        row.name,
        f"{row.median:.3g}" if row.median < 100 else f"{row.median:.0f}",
        f"{row.best:.3g}" if row.best < 100 else f"{row.best:.0f}",
        f"{benchmark.ratio(row.name, ours):.2f}",
        of_floor,
    ]


def heads(benchmark: Benchmark) -> list[str]:
    return ["", f"median {benchmark.unit}", f"min {benchmark.unit}", "× ours", "× floor"]


def sentence(target: Target) -> str:
    limit = f"at least {target.at_least:g}" if target.at_least is not None else f"at most {target.at_most:g}"
    return f"{target.measured:.2f} {target.text} (target: {limit})"


def print_benchmark(console: Console, benchmark: Benchmark) -> None:
    table = Table(title=benchmark.title, title_justify="left")
    for number, head in enumerate(heads(benchmark)):
        table.add_column(head, justify="right" if number else "left")
    for row in benchmark.rows:
        table.add_row(*cells(benchmark, row))
    console.print(table)
    for target in benchmark.targets:
        verdict = benchmark.verdict(target)
        console.print(f"  [{COLORS[verdict]}]{verdict}[/]  {sentence(target)}", highlight=False)
    for note in benchmark.notes:
        console.print(f"  {note}", style="dim", highlight=False)
    console.print()


def markdown(facts: dict[str, str], benchmarks: Sequence[Benchmark]) -> str:
    """The whole report."""
    lines = ["# Benchmark results", "", "Written by `python -m benchmarks`; a larger ratio is slower.", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    for benchmark in benchmarks:
        lines += ["", f"## {benchmark.title}", ""]
        lines += ["| " + " | ".join(heads(benchmark)) + " |", "|---|---:|---:|---:|---:|"]
        lines += ["| " + " | ".join(cells(benchmark, row)) + " |" for row in benchmark.rows]
        lines.append("")
        for target in benchmark.targets:
            lines.append(f"- **{benchmark.verdict(target)}**: {sentence(target)}")
        lines += ["", " ".join(benchmark.notes)]
    return "\n".join(lines) + "\n"
