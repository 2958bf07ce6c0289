"""Fuzzes one target in a process of its own, which a crash may end: ``python -m fuzz.worker`` is called by ``fuzz``."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .targets import Target

__all__ = ["Session", "run_own_engine"]

LONGEST_INPUT = 1 << 16
"""Bytes; larger inputs find nothing that smaller ones would not, and take longer."""

STATUS_EVERY = 2.0
"""Seconds between two notes of how far the worker is."""


class Session:
    """Judges inputs, keeps findings, and counts.

    Args:
        target: What is fuzzed.
        folder: Where findings go: a file of bytes and one of text for each.
        state: Where the input that is being judged and the counts lie, for who watches.
    """

    def __init__(self, target: Target, folder: Path, state: Path) -> None:
        self.target = target
        self.folder = folder
        self.state = state
        self.count = 0
        self.noted = 0.0
        folder.mkdir(parents=True, exist_ok=True)
        self.known = {path.read_text(encoding="utf-8").split("\n", 1)[0] for path in folder.glob("*.txt")}

    def judge(self, content: bytes) -> None:
        """Judge one input; a finding of a new kind is made as small as it will go and kept."""
        from .judging import judge, minimize

        (self.state / "input").write_bytes(content)
        found = judge(self.target.call, content)
        self.count += 1
        if found is not None and found.key not in self.known:
            self.known.add(found.key)
            content = minimize(self.target.call, content, found.key) if found.what != "memory" else content
            path = self.folder / hashlib.sha1(content, usedforsecurity=False).hexdigest()[:16]
            path.with_suffix(".bin").write_bytes(content)
            path.with_suffix(".txt").write_text(f"{found.key}\n{found.trace}\n", encoding="utf-8")
        self.note_status()

    def note_status(self, is_last: bool = False) -> None:
        """Note how many inputs were judged, now and then."""
        if is_last or time.monotonic() - self.noted > STATUS_EVERY:
            self.noted = time.monotonic()
            status = {"inputs": self.count, "findings": len(self.known)}
            (self.state / "status").write_text(json.dumps(status), encoding="utf-8")


class CallCoverage:
    """Which functions of the package were called from which lines: a coarse coverage that costs little."""

    def __init__(self) -> None:
        import pictologics

        self.home = str(Path(pictologics.__file__).parent)
        self.seen: set[tuple[object, int]] = set()

    def is_new(self, call: Callable[[], None]) -> bool:
        """Make a call, and say whether it went where none was before."""
        before = len(self.seen)
        sys.settrace(self.trace)
        try:
            call()
        finally:
            sys.settrace(None)
        return len(self.seen) > before

    def trace(self, frame: object, event: str, argument: object) -> None:
        """Note a call; lines within a function are not followed."""
        code, caller = frame.f_code, frame.f_back  # type: ignore[attr-defined]
        if code.co_filename.startswith(self.home):
            self.seen.add((code, 0 if caller is None else caller.f_lineno))


def run_own_engine(session: Session, corpus: list[bytes], seconds: float, seed: int) -> None:
    """Change files of the corpus for so long; those that reach something new join it."""
    from .mutators import mutate

    chance, coverage = random.Random(seed), CallCoverage()
    end = time.monotonic() + seconds
    for content in corpus:
        coverage.is_new(lambda content=content: session.judge(content))  # type: ignore[misc]
    while time.monotonic() < end:
        # The latest are likelier: what they reach was tried less.
        base = chance.choice(corpus if chance.random() < 0.5 else corpus[-20:])
        content = mutate(base, session.target.kind, chance, corpus, LONGEST_INPUT)
        if coverage.is_new(lambda content=content: session.judge(content)):  # type: ignore[misc]
            corpus.append(content)


def run_atheris(session: Session, corpus: list[bytes], seconds: float, seed: int, folder: Path) -> None:
    """Let atheris choose what is changed, by which lines and branches are reached; it ends the process."""
    import atheris

    from .mutators import mutate

    folder.mkdir(parents=True, exist_ok=True)
    for content in corpus:
        (folder / hashlib.sha1(content, usedforsecurity=False).hexdigest()).write_bytes(content)

    def change(content: bytes, longest: int, number: int) -> bytes:
        chance = random.Random(number)
        if chance.random() < 0.25:
            return bytes(atheris.Mutate(content, longest))
        return mutate(content, session.target.kind, chance, corpus, longest)

    arguments = [
        sys.argv[0],
        f"-max_total_time={max(1, round(seconds))}",
        f"-seed={seed or 1}",
        f"-max_len={LONGEST_INPUT}",
        "-timeout=60",
        "-rss_limit_mb=0",
        "-print_final_stats=0",
        "-verbosity=0",
        str(folder),
    ]
    atheris.Setup(arguments, session.judge, custom_mutator=change)
    atheris.Fuzz()


def main() -> None:
    """Read the command line and fuzz."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.worker", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--engine", choices=("atheris", "own"), required=True)
    for name in ("--corpus", "--findings", "--state"):
        parser.add_argument(name, type=Path, required=True)
    options = parser.parse_args()
    if options.engine == "atheris" and importlib.util.find_spec("atheris"):
        import atheris

        # Only what is imported from here on tells where it is.
        with atheris.instrument_imports(include=["pictologics"]):
            from .targets import TARGETS
    else:
        from .targets import TARGETS
    import pictologics

    from .judging import limit_memory
    from .seeds import make_seeds

    pictologics.set_num_threads(1)
    corpus = make_seeds(TARGETS[options.target].seeds or options.target)
    limit_memory()
    session = Session(TARGETS[options.target], options.findings / options.target, options.state)
    if options.engine == "atheris":
        run_atheris(session, corpus, options.seconds, options.seed, options.corpus / options.target)
    else:
        run_own_engine(session, corpus, options.seconds, options.seed)
        session.note_status(is_last=True)


if __name__ == "__main__":
    main()
