"""What an input does to a target, and whether that breaks the promise."""

from __future__ import annotations

import resource
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pictologics
from pictologics import PictologicsError

__all__ = ["Finding", "describe_error", "judge", "limit_memory", "minimize"]

LONGEST_CALL = 10
"""Seconds of the processor after which a call counts as one that does not end."""

MOST_MEMORY = 3 << 30
"""Bytes of address space beyond which nothing is given: inputs have 64 KiB, and 1,032 times as much is 66 MB."""

MOST_RESIDENT = 1 << 30
"""Bytes that the process may grow to; 256 MB of stored bytes are allowed to every file, and become floats."""

TRIES = 400
"""How many smaller inputs are tried."""


class EndlessError(BaseException):
    """A call that does not end; no handler of the package's stops it."""


@dataclass(frozen=True)
class Finding:
    """A broken promise.

    Attributes:
        what: The class of the error, ``"EndlessError"`` or ``"memory"``.
        where: The last line of the package on the way to it.
        trace: The whole way.
    """

    what: str
    where: str
    trace: str

    @property
    def key(self) -> str:
        """What findings of one cause have in common."""
        return f"{self.what} at {self.where}"


def limit_memory() -> None:
    """Bound the address space of this process, once."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


@contextmanager
def end_at_last(seconds: float) -> Iterator[None]:
    """Raise in what takes longer than so many seconds of the processor."""

    def stop(*_: object) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def judge(call: Callable[[bytes], None], content: bytes) -> Finding | None:
    """Call a target with an input; None if it keeps the promise."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    try:
        with warnings.catch_warnings(), end_at_last(LONGEST_CALL):
            warnings.simplefilter("ignore")
            call(content)
    except PictologicsError:
        pass
    except (Exception, EndlessError) as error:  # noqa: BLE001 - whatever else it is, it is a finding
        return describe_error(error)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    if after > max(before, MOST_RESIDENT):
        return Finding("memory", f"{after >> 20} MB", "")
    return None


def describe_error(error: BaseException) -> Finding:
    """Name an error and the place in the package that it came from."""
    home = str(Path(pictologics.__file__).parent)
    steps = traceback.extract_tb(error.__traceback__)
    ours = [step for step in steps if step.filename.startswith(home)]
    # A difference between two readers is found outside of the package.
    last = (ours or steps)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    trace = "".join(traceback.format_exception(error)) if not isinstance(error, RecursionError) else repr(error)
    return Finding(type(error).__name__, where, trace[-6000:])


def minimize(call: Callable[[bytes], None], content: bytes, key: str) -> bytes:
    """Make an input smaller as long as it does the same: drop stretches, from half of it down to single bytes."""
    size, tries, started = len(content) // 2, 0, time.monotonic()
    while size and tries < TRIES and time.monotonic() - started < 60:
        place = 0
        while place < len(content) and tries < TRIES:
            smaller = content[:place] + content[place + size :]
            found = judge(call, smaller)
            tries += 1
            if found is not None and found.key == key:
                content = smaller
            else:
                place += size
        size //= 2
    return content
