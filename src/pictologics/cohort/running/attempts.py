"""How often a case was begun: counted on disk before the work, so that the count outlives a worker that dies of it."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from ...errors import FileAccessError
from .run_folder import RunFolder

__all__ = ["MOST_ATTEMPTS", "Attempts", "begin_attempt", "forget_attempts", "limit_time", "read_attempts"]

MOST_ATTEMPTS: Final = 3
"""A case that ended its worker so often is given up."""

END_AT_ONCE: Final = getattr(signal, "SIGKILL", signal.SIGTERM)
"""What ends a process whatever it does; on Windows SIGTERM is that."""


@dataclass(frozen=True)
class Attempts:
    """The attempts at a case that did not come to an end.

    Attributes:
        run: The run that made them; those of another do not count.
        count: How many were begun.
        late: Of how many the time was up.
    """

    run: str
    count: int = 0
    late: int = 0


def locate_attempts(case_id: str) -> str:
    """Where they are counted: beside the row of the case."""
    return f"manifest/{case_id}.attempts"


def read_attempts(folder: RunFolder, case_id: str, run: str) -> Attempts:
    """Read how often a run began a case whose end was not noted."""
    try:
        found = Attempts(**json.loads(folder.read_text(locate_attempts(case_id)) or "{}"))
    except FileAccessError:
        raise
    except (ValueError, TypeError, RecursionError):
        return Attempts(run)
    return found if found.run == run else Attempts(run)


def write_attempts(folder: RunFolder, case_id: str, attempts: Attempts) -> None:
    """Note how often a case was begun."""
    content = {"run": attempts.run, "count": attempts.count, "late": attempts.late}
    folder.write_text(locate_attempts(case_id), json.dumps(content))


def begin_attempt(folder: RunFolder, case_id: str, run: str) -> Attempts:
    """Note that a case is begun once more."""
    before = read_attempts(folder, case_id, run)
    attempts = replace(before, count=before.count + 1)
    write_attempts(folder, case_id, attempts)
    return attempts


def forget_attempts(folder: RunFolder, case_id: str) -> None:
    """Forget the attempts at a case that came to an end."""
    folder.remove(locate_attempts(case_id))


@contextmanager
def limit_time(folder: RunFolder, case_id: str, attempts: Attempts, seconds: float | None) -> Iterator[None]:
    """End this process if the block takes longer: nothing else stops a thread that hangs in a system call.

    Args:
        folder: Where the attempts are counted.
        case_id: The case.
        attempts: The attempts at it, this one among them.
        seconds: How long it may take; None for as long as it takes.
    """
    if seconds is None:
        yield
        return

    def end_worker() -> None:
        try:
            write_attempts(folder, case_id, replace(attempts, late=attempts.late + 1))
        finally:
            os.kill(os.getpid(), END_AT_ONCE)

    clock = threading.Timer(seconds, end_worker)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()
