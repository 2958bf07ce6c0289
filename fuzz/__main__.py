"""Fuzz every target in turn, each in a process of its own, and report: ``python -m fuzz --help``."""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .judging import Finding
from .targets import TARGETS, Target

LONGEST_SILENCE = 120.0
"""Seconds without a new input after which a worker hangs where no signal reaches it, and is ended."""

START = 240.0
"""Seconds that a worker may take to begin and to end, with whatever it makes smaller."""


@dataclass
class Outcome:
    """What became of one worker.

    Attributes:
        inputs: How many it judged.
        end: Why it ended too early; empty if it did not.
    """

    inputs: int
    end: str


def main() -> int:
    """Read the command line and run; 1 if anything was found."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz",
        description="Fuzz every target in turn, each in a process of its own; the status is 1 if anything is found.",
        epilog="targets:\n" + "\n".join(f"  {name:20} {describe(target)}" for name, target in TARGETS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--minutes", type=float, default=1.0, help="in all, shared equally among the targets")
    parser.add_argument(
        "--only", choices=sorted(TARGETS), action="append", metavar="TARGET", help="may be given several times"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed changes the same files in the same way")
    parser.add_argument("--engine", choices=("atheris", "own"), help="atheris if it is installed")
    parser.add_argument("--corpus", type=Path, help="where inputs that reach something new are kept (atheris)")
    parser.add_argument("--findings", type=Path, default=Path("findings"), help="where findings are kept")
    options = parser.parse_args()
    names = options.only or list(TARGETS)
    engine = options.engine or ("atheris" if importlib.util.find_spec("atheris") else "own")
    total = 0
    with tempfile.TemporaryDirectory() as scratch:
        corpus = options.corpus or Path(scratch, "corpus")
        for name in names:
            seconds = options.minutes * 60 / len(names)
            outcome = fuzz_target(name, seconds, options.seed, engine, corpus, options.findings)
            total += outcome.inputs
            print(f"{name:20} {outcome.inputs:8} inputs by {engine} {outcome.end}".rstrip(), flush=True)
    found = sorted(options.findings.glob("*/*.txt"))
    for path in found:
        print(f"{path.with_suffix('.bin')}: {path.read_text(encoding='utf-8').splitlines()[0]}")
    print(f"{total} inputs, {len(found)} findings")
    return 1 if found else 0


def describe(target: Target) -> str:
    """What a target does, in one line."""
    return (target.call.__doc__ or "").splitlines()[0].rstrip(".")


def fuzz_target(name: str, seconds: float, seed: int, engine: str, corpus: Path, findings: Path) -> Outcome:
    """Fuzz one target for so long; a worker that crashes or hangs leaves a finding and is followed by another."""
    end, count, why = time.monotonic() + seconds, 0, ""
    while time.monotonic() < end - 1:
        with tempfile.TemporaryDirectory() as state:
            outcome = run_worker(name, end - time.monotonic(), seed, engine, corpus, findings, Path(state))
            count += outcome.inputs
            seed += 1000
            if outcome.end:
                why += f"; {outcome.end}"
                last = Path(state, "input")
                keep_crash(findings / name, last.read_bytes() if last.is_file() else b"", outcome.end)
    return Outcome(count, why)


def run_worker(name: str, seconds: float, seed: int, engine: str, corpus: Path, findings: Path, state: Path) -> Outcome:
    """Run one worker and watch it."""
    command = [sys.executable, "-m", "fuzz.worker", name, "--seconds", f"{seconds:.1f}", "--seed", str(seed)]
    folders = ["--corpus", str(corpus), "--findings", str(findings), "--state", str(state)]
    with Path(state, "log").open("wb") as log:
        worker = subprocess.Popen([*command, "--engine", engine, *folders], stdout=log, stderr=log)
        started, why = time.time(), ""
        while worker.poll() is None:
            time.sleep(0.2)
            last = state / "input"
            alive = max(started + START, last.stat().st_mtime) if last.is_file() else started + START
            if time.time() - alive > LONGEST_SILENCE:
                worker.kill()
                why = "it hung"
    if worker.returncode and not why:
        why = f"it ended with {worker.returncode}"
    status = state / "status"
    inputs = json.loads(status.read_text(encoding="utf-8"))["inputs"] if status.is_file() else 0
    if why:
        print(Path(state, "log").read_text(encoding="utf-8", errors="replace")[-3000:], file=sys.stderr)
        if not (state / "input").is_file():
            raise SystemExit(f"{name}: the worker did not begin: {why}")
    return Outcome(inputs, why)


def keep_crash(folder: Path, content: bytes, why: str) -> None:
    """Keep the input on which a worker ended."""
    finding = Finding("crash", why, "")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{len(list(folder.glob('crash-*.bin')))}"
    path.with_suffix(".bin").write_bytes(content)
    path.with_suffix(".txt").write_text(f"{finding.key}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
