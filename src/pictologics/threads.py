"""How many threads read, decode and write pixels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from .errors import OptionError

__all__ = ["get_num_threads", "run_in_shares", "set_num_threads"]

ENVIRONMENT_VARIABLE = "PICTOLOGICS_NUM_THREADS"

_chosen: list[int] = []


def set_num_threads(count: int | None) -> None:
    """Bound the number of threads that loading uses.

    Args:
        count: At least 1; None goes back to the environment variable ``PICTOLOGICS_NUM_THREADS``, or to all cores
            this process may use.

    Raises:
        OptionError: If the count is not a positive whole number.

    Example:
        >>> import pictologics
        >>> pictologics.set_num_threads(1)
        >>> pictologics.set_num_threads(None)
    """
    _chosen.clear()
    if count is not None:
        _chosen.append(checked_count(count, "set_num_threads"))


def get_num_threads() -> int:
    """The number of threads that loading uses now."""
    if _chosen:
        return _chosen[0]
    text = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    if text:
        return checked_count(int(text) if text.isdecimal() else text, ENVIRONMENT_VARIABLE)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def checked_count(count: object, where: str) -> int:
    """The count, if it is one."""
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise OptionError(f"{where} is {count!r} and must be a whole number of threads, 1 or more", count=count)
    return count


def run_in_shares(work: Callable[[Sequence[int]], None], count: int) -> None:
    """Give each thread an equal share of the numbers below ``count``.

    Neighbouring numbers go to the same thread, so that each writes its own stretch of memory. The first error of
    any share is raised.

    Args:
        work: Called once per thread with its share; may keep scratch memory for all of it.
        count: How many pieces of work there are.
    """
    threads = min(get_num_threads(), count)
    if threads <= 1:
        work(range(count))
        return
    edges = [count * k // threads for k in range(threads + 1)]
    with ThreadPoolExecutor(threads, thread_name_prefix="pictologics") as pool:
        shares = [pool.submit(work, range(low, high)) for low, high in pairwise(edges)]
        for share in shares:
            share.result()
