"""How many threads read, decode and write pixels."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Final, Protocol, TypeVar
from weakref import WeakSet

from .checks import check_whole

__all__ = ["count_cores", "get_num_threads", "map_ahead", "renew_in_child", "run_in_shares", "set_num_threads"]

ENVIRONMENT_VARIABLE = "PICTOLOGICS_NUM_THREADS"
"""Bounds the threads where ``set_num_threads`` does not."""

STRETCHES = 4
"""Into how many stretches the share of a thread is cut: it takes one of them of what is left at a time."""


Given = TypeVar("Given")
Awaited = TypeVar("Awaited")


@dataclass
class ThreadSetting:
    """What ``set_num_threads`` was last given; one for the process."""

    count: int | None = None


setting = ThreadSetting()
"""The setting that counts."""


def set_num_threads(count: int | None) -> None:
    """Bound the number of threads that loading uses.

    Args:
        count: At least 1; None goes back to the environment variable ``PICTOLOGICS_NUM_THREADS``, or to all cores
            this process may use.

    Raises:
        OptionError: If the count is not a positive whole number; the last setting stays.

    Examples:
        >>> import pictologics
        >>> pictologics.set_num_threads(1)
        >>> pictologics.set_num_threads(None)
    """
    advice = "set_num_threads(None) uses all cores"
    setting.count = None if count is None else check_whole("count", count, 1, advice=advice)


def get_num_threads() -> int:
    """The number of threads that loading uses now."""
    if setting.count is not None:
        return setting.count
    text = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    if text:
        return check_whole(ENVIRONMENT_VARIABLE, int(text) if text.isdecimal() else text, 1)  # type: ignore[arg-type]
    return count_cores()


def count_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_ahead(function: Callable[[Given], Awaited], items: Iterable[Given], workers: int) -> Iterator[Awaited]:
    """Call a function that waits, such as for a server, for each item, some calls ahead of what is taken.

    Args:
        function: Called in other threads.
        items: Taken a few at a time, however many there are.
        workers: How many calls wait at once.

    Yields:
        The results, in the order of the items; an error is raised in the place of its result.
    """
    # No local file waits for the half of Python's library that this imports.
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(workers, "pictologics_ahead") as pool:
        waiting = deque[Future[Awaited]]()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for call in waiting:
                call.cancel()


def run_in_shares(work: Callable[[Iterable[int]], None], count: int, least_threads: int = 1) -> None:
    """Share the numbers below ``count`` among threads, of which the calling one is one.

    Each thread takes a stretch of neighboring numbers when it has done its last one, so that all of them end
    together however long a number takes and whatever else the machine does. When one fails, the others stop at
    the end of their stretch, and its error is raised. Where the system gives no further thread, there are fewer.

    Args:
        work: Called once in each thread with the numbers that are its to do, ascending; may keep scratch memory for
            all of them.
        count: How many numbers there are.
        least_threads: For work that waits for something else than the processor.
    """
    threads = min(max(get_num_threads(), least_threads), count)
    if threads <= 1:
        work(range(count))
        return
    numbers = SharedNumbers(count, threads)
    helpers: list[Thread] = []
    try:
        start_helpers(work, numbers, helpers)
        work(numbers.share())
        wait_for(helpers)
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
        # Ctrl-C comes to the calling thread: it stops the others, and waits until they have closed their files.
        numbers.fail(error)
        wait_for(helpers)
    failure, numbers.error = numbers.error, None
    if failure is not None:
        try:
            raise failure
        finally:
            # It knows this frame: kept here, it would hold all memory of the work until the next garbage collection.
            del failure


def wait_for(helpers: Iterable[Thread]) -> None:
    """Wait until threads have ended."""
    for helper in helpers:
        helper.join()


def start_helpers(work: Callable[[Iterable[int]], None], numbers: SharedNumbers, helpers: list[Thread]) -> None:
    """Start the threads beside the calling one, as many as the system gives."""

    def work_off() -> None:
        try:
            work(numbers.share())
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            numbers.fail(error)

    for number in range(1, numbers.threads):
        helper = Thread(target=work_off, name=f"pictologics_{number}")
        try:
            helper.start()
        except (RuntimeError, MemoryError):
            # "can't start new thread": those that there are do the work.
            return
        helpers.append(helper)


class SharedNumbers:
    """Numbers that several threads work off: long stretches first, single numbers at the end."""

    def __init__(self, count: int, threads: int) -> None:
        self.count = count
        self.threads = threads
        self.taken = 0
        self.error: BaseException | None = None
        self.lock = Lock()

    def share(self) -> Iterator[int]:
        """The numbers of one thread, a stretch of them taken whenever the last one is done."""
        while stretch := self.next_stretch():
            yield from stretch

    def next_stretch(self) -> range:
        """A part of what is left; empty when nothing is."""
        with self.lock:
            size = -(-(self.count - self.taken) // (STRETCHES * self.threads))
            stretch = range(self.taken, self.taken + size)
            self.taken += size
        return stretch

    def fail(self, error: BaseException) -> None:
        """Leave the rest undone, because of an error; the first one counts."""
        self.taken = self.count
        with self.lock:
            self.taken = self.count
            self.error = self.error or error


class Renewable(Protocol):
    """Something with locks, which a process that was forked must have anew."""

    def renew(self) -> None:
        """Take new locks, and forget what other threads had begun."""


RENEWABLE: Final[WeakSet[Renewable]] = WeakSet()
"""All that there are in this process."""


def renew_in_child(thing: Renewable) -> None:
    """Have something renewed in every process that is forked from this one.

    A fork takes along what other threads had locked, but not the threads, which would give it back.
    """
    RENEWABLE.add(thing)


def renew_all() -> None:
    """What a process that was forked does first of all."""
    for thing in tuple(RENEWABLE):
        thing.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=renew_all)
