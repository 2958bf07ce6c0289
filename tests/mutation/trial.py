"""The trial of one mutant: a process of its own runs the tests of the room over the module with the fault."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from .mutants import PACKAGE, ROOMS, ROOT, Mutant

PROFILE = "mutation"
OPTIONS = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-m", "not shared_data"]
OPTIONS += ["-W", "ignore::pytest.PytestAssertRewriteWarning", f"--hypothesis-profile={PROFILE}"]
"""The first failure settles it. The real scans are left out, so that the figure is the same without them."""
LIBRARIES = [
    "hypothesis.extra.numpy",
    "imagecodecs",
    "isal",
    "nibabel",
    "numpy.testing",
    "PIL.ImageDraw",
    "pydicom",
    "scipy.ndimage",
    "SimpleITK",
    "sybil",
]
MOST_MEMORY = 8 << 30
"""Bytes that a trial may map: a wrong size must not take the machine down with it."""
LONGEST_TRIAL = 150
"""Seconds that a trial may compute where it is not known what the tests take."""
PATIENCE = 900
"""Seconds on the clock after which a trial is taken to wait for nothing; one that computes is ended sooner."""


class FaultyModule(MetaPathFinder, Loader):
    """Imports one module from code in memory, so that the working tree is never touched."""

    def __init__(self, name: str, code: str) -> None:
        self.name, self.code = name, code

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module with the fault in place of the one on the disk."""
        if fullname != self.name:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        spec.loader = self
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Run the code with the fault."""
        exec(compile(self.code, str(module.__file__), "exec"), module.__dict__)


def load_libraries() -> None:
    """Import what every trial needs before the processes part. The package itself is imported by each trial."""
    sys.modules["libcst"] = None  # type: ignore[assignment] # with it hypothesis would write a patch for each failure
    for name in LIBRARIES:
        importlib.import_module(name)
    assert "pictologics" not in sys.modules
    # The same examples in every trial, and no time spent on making a failing one small: that it fails is enough.
    settings.register_profile(
        PROFILE,
        deadline=None,
        max_examples=50,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


class CallNotes:
    """A plugin of pytest that notes which tests call which functions of a module's room."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.calls = str(folder), defaultdict(set)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Watch while a test runs."""

        def note(frame: FrameType, event: str, argument: object) -> None:
            if event == "call" and frame.f_code.co_filename.startswith(self.folder):
                self.calls[f"{frame.f_code.co_filename}:{frame.f_code.co_firstlineno}"].add(item.nodeid)

        threading.setprofile(note)
        sys.setprofile(note)
        try:
            return (yield)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)


class CallersOnly:
    """A plugin of pytest that runs only what is known to call the function with the fault: nothing else can find it."""

    def __init__(self, callers: frozenset[str]) -> None:
        self.callers = callers

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep their order."""
        items[:] = [item for item in items if item.nodeid in self.callers]


@dataclass(frozen=True)
class Room:
    """What is known of the tests of a room: the seconds that a trial may compute, and which tests call what."""

    seconds: int
    calls: dict[str, frozenset[str]]


def examine_room(mutant: Mutant) -> Room:
    """Run the tests of a mutant's room without any fault; they must pass."""
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as notes:
        outcome, found, spent = run_apart(note_calls, replace(mutant, operator=""), PATIENCE, notes.name)
        if outcome != "survived":
            raise SystemExit(f"{mutant.room}: the tests must pass before faults are tried; {found or outcome}")
        calls = {function: frozenset(tests) for function, tests in json.load(notes).items()}
    return Room(int(spent * 4) + 20, calls)


def try_mutant(mutant: Mutant, room: Room | None) -> tuple[str, str, float]:
    """Run those tests of a mutant's room over it that call its function, or all of them if the room was not examined.

    Returns:
        "killed", "timeout" or "survived"; the test that found it; and the seconds of the processor that it took.
    """
    if room is None or mutant.runs_on_import:
        return run_apart(find_fault, mutant, room.seconds if room else LONGEST_TRIAL, None)
    callers = room.calls.get(mutant.function, frozenset())
    return run_apart(find_fault, mutant, room.seconds, callers) if callers else ("survived", "", 0.0)


def run_apart(
    task: Callable[[Mutant, Any], int], mutant: Mutant, seconds: int, argument: object
) -> tuple[str, str, float]:
    """Run the tests in a process of their own; see `try_mutant`."""
    context = multiprocessing.get_context("fork")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = context.Process(target=run_task, args=(task, mutant, argument, seconds, output.name))
        process.start()
        process.join(PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
        lines = output.read().splitlines()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = next((line for line in lines if line.startswith(("FAILED", "ERROR"))), "")
    if process.exitcode == 0:
        return "survived", "", spent
    return "timeout" if process.exitcode is not None and process.exitcode < 0 and not found else "killed", found, spent


def run_task(task: Callable[[Mutant, Any], int], mutant: Mutant, argument: object, seconds: int, output: str) -> None:
    """The process of a trial."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    with Path(output).open("w", encoding="utf-8") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        sys.stdout = sys.stderr = stream
        os.chdir(ROOT)
        sys.meta_path.insert(0, FaultyModule(mutant.module, mutant.source()))
        code = task(mutant, argument)
        stream.flush()
        os._exit(code)


def find_fault(mutant: Mutant, callers: frozenset[str] | None) -> int:
    """Run the tests over a fault."""
    plugins = [] if callers is None else [CallersOnly(callers)]
    return int(pytest.main([*OPTIONS, *list_tests(mutant)], plugins))


def note_calls(mutant: Mutant, notes: str) -> int:
    """Run the tests and write down which of them call what."""
    plugin = CallNotes(PACKAGE / mutant.room)
    code = pytest.main([*OPTIONS, *list_tests(mutant)], [plugin])
    calls = {function: sorted(tests) for function, tests in plugin.calls.items()}
    Path(notes).write_text(json.dumps(calls), encoding="utf-8")
    return int(code)


def list_tests(mutant: Mutant) -> list[str]:
    """The room's test files; those of the module's own name come first, since they find most faults."""
    paths = [ROOT / path for path in ROOMS[mutant.room]]
    files = [file for path in paths for file in ([path] if path.is_file() else sorted(path.glob("test_*.py")))]
    files.sort(key=lambda file: not file.stem.startswith(f"test_{Path(mutant.path).stem}"))
    return [str(file) for file in files]
