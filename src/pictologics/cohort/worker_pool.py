"""Worker processes, which are given a few tasks at a time and end with the process that started them."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import resource_tracker
from multiprocessing.connection import wait as wait_for_sentinels
from typing import Any, Final, TypeVar

from ..errors import OptionError

__all__ = ["follow_parent", "hold_interrupts", "work_off"]

Task = TypeVar("Task")
Setting = TypeVar("Setting")
Result = TypeVar("Result")

RARE_COLLECTIONS: Final = 100_000
"""New objects after which a worker looks for circles of them."""

AHEAD: Final = 2
"""Tasks for each worker that are handed out ahead; more would only take memory."""


def work_off(
    work: Callable[[Task, Setting], Result], tasks: Iterable[Task], setting: Setting, workers: int
) -> Iterator[Result]:
    """Do tasks in worker processes, or here if there is only one task or one worker.

    Args:
        work: A function of a module, called with each task and the setting.
        tasks: The tasks; taken as they are needed.
        setting: What all of them share.
        workers: How many processes.

    Yields:
        Each result, in the order in which they come.

    Raises:
        OptionError: If a worker was killed, or none could be started.
    """
    waiting = iter(tasks)
    first = list(islice(waiting, 2))
    if workers <= 1 or len(first) < 2:
        for task in chain(first, waiting):
            yield work(task, setting)
        return
    # Not by fork: a copy of a process that has threads may wait for ever for a lock that one of them held.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, begin_worker, (work, setting))
    try:
        yield from collect(pool, chain(first, waiting), workers * AHEAD)
    except BrokenProcessPool as error:
        raise OptionError(
            "a worker process ended without a result: it was killed, as when memory runs out, or could not start",
            advice="what is done is kept: run it again, with fewer workers if memory ran out; "
            'in a script, below: if __name__ == "__main__":',
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def collect(pool: ProcessPoolExecutor, tasks: Iterator[Task], most: int) -> Iterator[Result]:
    """Hand tasks out, not more than a number ahead, and take what comes back."""
    running: set[Future[Result]] = set()
    for task in tasks:
        with hold_interrupts():
            running.add(pool.submit(do_task, task))
        if len(running) >= most:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()


WORK: list[Callable[[Any], Any]] = []
"""In a worker process, what it does with a task."""


@contextmanager
def hold_interrupts() -> Iterator[None]:
    """Put off Ctrl-C until the end of the block, in this thread and for ever in the processes and threads it starts.

    A process that is just starting could not leave it to the one that started it yet, and would print a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Python starts its tracker with the first process, and lets Ctrl-C through again once that runs.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def follow_parent() -> None:
    """Leave Ctrl-C, which goes to all processes of a terminal, to the one that started this; and end when that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a worker

    def end_with_parent() -> None:
        wait_for_sentinels([parent.sentinel])
        signal.raise_signal(signal.SIGTERM)

    threading.Thread(target=end_with_parent, daemon=True).start()


def begin_worker(work: Callable[[Any, Any], Any], setting: Any) -> None:
    """Make a worker ready."""
    follow_parent()
    # Rows and headers by the hundred thousand refer to nothing that refers back: looking for circles found none, and
    # took a fifth of the time.
    gc.freeze()
    gc.set_threshold(RARE_COLLECTIONS)
    WORK[:] = [lambda task: work(task, setting)]


def do_task(task: Any) -> Any:
    """Do one task in a worker process."""
    return WORK[0](task)
