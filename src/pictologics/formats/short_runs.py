"""Short runs of stored numbers: many are taken at once, so that a file of a million costs no million steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .volume_layout import Runs

__all__ = ["SHORT_RUN_STRETCH", "has_short_runs", "list_run_groups", "pick_runs"]

SHORT_RUN_STRETCH = 1 << 16
"""Bytes that are read at once where short runs count: to read as much takes no longer than the steps for one run."""

LONGEST_SHORT_RUN = 1 << 12
"""Bytes of a run up to which many are read at once: below it the steps for one run take longer than its bytes."""


def has_short_runs(runs: Runs, itemsize: int) -> bool:
    """Whether a volume is made of so many and so short runs that they are better taken together."""
    return len(runs.starts) > 1 and runs.span * itemsize <= LONGEST_SHORT_RUN


def list_run_groups(runs: Runs, most: int) -> list[int]:
    """Group runs that lie within so many numbers; the first run of each group, and the number of all."""
    edges = [0]
    while (low := edges[-1]) < len(runs.starts):
        high = int(np.searchsorted(runs.starts, runs.starts[low] + most - runs.span, side="right"))
        edges.append(max(high, low + 1))
    return edges


def pick_runs(stored: npt.NDArray[Any], runs: Runs, low: int, high: int) -> npt.NDArray[Any]:
    """Pick the numbers of some runs, of which the first begins where ``stored`` does."""
    starts = runs.starts[low:high] - runs.starts[low]
    picked: npt.NDArray[Any] = stored[(starts[:, None] + np.arange(runs.length) * runs.stride).ravel()]
    return picked
