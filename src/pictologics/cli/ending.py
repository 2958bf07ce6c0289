"""What ends the program from outside: as in an error, what it began to write goes and its processes end."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["end_as_told"]

STATUS_OF_SIGNALS: Final = 128
"""Shells add the number of the signal that ended a program to it."""


@contextmanager
def end_as_told() -> Iterator[None]:
    """Have SIGTERM, by which systems and schedulers such as Slurm end programs, end the block as Ctrl-C does.

    Whatever error it comes out as, the program has been told to end, and no error is what is wrong: libraries make
    errors of their own of what is raised while they call back, and so do processes that were told to end as well.
    """
    told: list[int] = []

    def end_in_order(number: int, frame: FrameType | None) -> None:
        told.append(number)
        if number == signal.SIGINT:
            signal.default_int_handler(number, frame)
        # Told a second time, it ends at once.
        signal.signal(number, signal.SIG_DFL)
        sys.exit(STATUS_OF_SIGNALS + number)

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            # Programs in the background of a script are not to be ended by Ctrl-C.
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, end_in_order)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if told:
            sys.exit(STATUS_OF_SIGNALS + told[0])
