"""Processes that tests start and kill."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

__all__ = ["list_survivors"]

LONGEST_WAIT = 60.0
"""Seconds in which a process ends at last, however busy the machine is."""


def list_survivors(processes: Iterable[int]) -> list[int]:
    """Those of some processes that have not ended after a while."""
    left, end = list(processes), time.monotonic() + LONGEST_WAIT
    while left and time.monotonic() < end:
        time.sleep(0.05)
        left = [process for process in left if is_alive(process)]
    return left


def is_alive(process: int) -> bool:
    """Whether a process runs; one that nobody waits for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")")[1].split()[0] != "Z"
    except OSError:
        return False
