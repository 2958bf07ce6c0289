"""Cases drawn in several processes at once: one that ends its process takes no other with it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from ...threads import get_num_threads
from ..worker_pool import hold_interrupts
from .picture_drawing import PictureJob, draw_job, prepare_process

__all__ = ["draw_jobs"]

JOBS_AHEAD = 4
"""Jobs that wait for each process, so that none idles."""


def draw_jobs(jobs: Sequence[PictureJob], memory: float, done: Callable[[int], None]) -> None:
    """Draw cases, and keep their pictures.

    Args:
        jobs: The cases.
        memory: Bytes that all processes together may take.
        done: Called with the number of cases that have just been drawn.

    Raises:
        FileAccessError: If pictures cannot be written.
    """
    # Similar sizes run beside each other, and the largest begin when memory is still free.
    left = sorted(jobs, key=lambda job: job.memory, reverse=True)
    while left:
        largest = max(left[0].memory, 1)
        processes = max(1, int(min(get_num_threads(), len(left), memory // largest)))
        begun, left = draw_until_one_ends(left, processes, done)
        for job in begun:
            # One of these ended the process: alone, the others are drawn, and that one is known.
            draw_until_one_ends([job], 1, done)


def draw_until_one_ends(
    jobs: Sequence[PictureJob], processes: int, done: Callable[[int], None]
) -> tuple[list[PictureJob], list[PictureJob]]:
    """Draw cases until all are drawn, or one ends its process: those that were begun then, and those that were not."""
    waiting = list(reversed(jobs))
    running: dict[Future[None], PictureJob] = {}
    # Never forked: threads of this process may hold locks that would never open.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=prepare_process) as pool:
        try:
            while waiting or running:
                while waiting and len(running) < processes * JOBS_AHEAD:
                    job = waiting[-1]
                    with hold_interrupts():
                        running[pool.submit(draw_job, job)] = job
                    waiting.pop()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    future.result()
                    del running[future]
                    done(1)
        except BrokenProcessPool:
            return list(running.values()), waiting[::-1]
        finally:
            # Ctrl-C waits for the cases that are being drawn, and begins no other.
            pool.shutdown(cancel_futures=True)
    return [], []
