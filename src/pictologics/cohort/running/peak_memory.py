"""The most memory that this process held during a piece of work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PeakMemory", "watch_memory"]

PROCESS_STATUS = Path("/proc/self/status")
"""Where Linux says how much memory this process holds, and held at most."""

FORGET_PEAK = "5"
"""What, written to ``/proc/self/clear_refs``, makes Linux forget the most that a process held."""


@dataclass
class PeakMemory:
    """What was seen.

    Attributes:
        bytes: The most resident memory of the whole process; 0 if the system does not tell. Where the system cannot
            forget an earlier peak, the most since the process began.
    """

    bytes: int = 0


@contextmanager
def watch_memory() -> Iterator[PeakMemory]:
    """Watch how much memory this process holds in the block; the result is there at its end."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text(FORGET_PEAK, encoding="ascii")
    peak = PeakMemory()
    try:
        yield peak
    finally:
        peak.bytes = read_peak()


def read_peak() -> int:
    """The most memory that this process held, bytes."""
    try:
        for line in PROCESS_STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return read_usage()


def read_usage() -> int:
    """The most memory since the process began, of systems without ``/proc``."""
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes everywhere but on macOS.
    return most if sys.platform == "darwin" else most << 10
