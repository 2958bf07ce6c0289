"""The program as a shell runs it."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

__all__ = ["MISUSED", "SUCCESS", "fail", "run", "succeed"]

PROGRAM = Path(sysconfig.get_path("scripts")) / "pictologics"

SUCCESS, REFUSED, MISUSED = 0, 1, 2


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder, as one types it there."""
    environment = {**os.environ, "COLUMNS": "160", "PYTHONIOENCODING": "utf-8", "TERM": "dumb"}
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def succeed(folder: Path, *arguments: object) -> str:
    """Run the program and return what it printed; no warning and no error may come."""
    done = run(folder, *arguments)
    assert (done.returncode, done.stderr) == (SUCCESS, "")
    return done.stdout


def fail(folder: Path, *arguments: object) -> str:
    """Run the program, which must end with one error and nothing else; returns its sentence."""
    done = run(folder, *arguments)
    assert done.returncode == REFUSED
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Error: ")
    return done.stderr.removeprefix("Error: ").strip()
