"""The same conditions for every contender.

Taking turns is not enough for that. Another process that holds one of two cores leaves the contenders of one
thread as fast as ever and halves those of two: so the work of others is measured, and a busy round is set
aside as a whole, whatever its times were. And a virtual machine may hand freed memory back to its host within a
second, so that whoever allocates first afterwards pays many times more than the one who follows: so memory is
touched just before each run.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

__all__ = ["OTHERS_ALLOWED", "OtherWork", "claim_memory", "wait_until_quiet"]

STAT = Path("/proc/stat")

OTHERS_ALLOWED = 0.15
"""Share of one core that others may use in a round that counts; the kernel's ticks are 10 ms."""

PAUSE, PATIENCE = 0.5, 30.0
"""Seconds over which quiet is judged, and for which it is waited."""

MEMORY_CLAIMED = 1_000_000_000
"""Bytes touched before each run: more than the hungriest contender takes."""


class OtherWork:
    """Measures, from when it is made, how much of one core other processes use."""

    def __init__(self) -> None:
        self.wall, self.own, self.all = time.perf_counter(), own_seconds(), busy_seconds()

    def share(self) -> float:
        """Cores' worth of others' work since then; 0 where the system does not tell."""
        wall = time.perf_counter() - self.wall
        others = (busy_seconds() - self.all) - (own_seconds() - self.own)
        return max(others, 0.0) / wall if STAT.exists() else 0.0


def busy_seconds() -> float:
    """Seconds that all cores together have worked, or were taken away by the machine's host."""
    if not STAT.exists():
        return 0.0
    with STAT.open() as lines:
        user, nice, system, _idle, _waiting, interrupts, soft, stolen = map(int, lines.readline().split()[1:9])
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def own_seconds() -> float:
    """Seconds that this process has worked, and those of its children that have ended: contenders end theirs."""
    return sum(os.times()[:4])


def claim_memory() -> None:
    """Touch memory and free it, so that the next to allocate gets pages that the machine really has."""
    np.empty(MEMORY_CLAIMED, dtype=np.uint8).fill(1)


def wait_until_quiet() -> None:
    """Wait until others are quiet, or until half a minute is over: the round will be judged anyway."""
    end = time.monotonic() + PATIENCE
    while STAT.exists() and time.monotonic() < end:
        others = OtherWork()
        time.sleep(PAUSE)
        if others.share() < OTHERS_ALLOWED:
            return
