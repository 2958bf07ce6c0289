"""Silences the warnings of other libraries in one thread, while those of all other threads are heard.

``warnings.catch_warnings`` puts the filters of the whole process aside and back: what other threads warn of meanwhile
is lost, and where two of its blocks overlap, "ignore" stays for ever. Here one filter is added as long as a thread is
in the block, and it fits no message of any other thread.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["silence_this_thread"]


class ThreadPattern(threading.local):
    """What the filter compares messages with: the attributes of a thread-local object are each thread's own."""

    match: Callable[[str], Any] = dict[str, bool]().__contains__
    """Whether a message fits, as ``warnings`` asks: never, in a thread that is not silenced.

    It is written in C, so that no other thread runs, and changes the list of filters, while the list is walked."""


MESSAGES: Final = ThreadPattern()
"""The messages that are passed over, which depend on the thread that asks."""

FILTER: Final = ("ignore", MESSAGES, Warning, None, 0)
"""The filter in the form in which ``warnings`` keeps them."""


class FilterUse:
    """How many blocks need the filter, which is there as long as there is one."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.count = 0

    def begin(self) -> None:
        """Put the filter before all others, unless it is there."""
        filters: Any = warnings.filters
        with self.lock:
            self.count += 1
            if not filters or filters[0] is not FILTER:
                filters.insert(0, FILTER)

    def end(self) -> None:
        """Take the filter away when nobody needs it, however often it was put there."""
        filters: Any = warnings.filters
        with self.lock:
            self.count -= 1
            if not self.count:
                for place in reversed([k for k, entry in enumerate(filters) if entry is FILTER]):
                    del filters[place]


FILTER_USE: Final = FilterUse()
"""One for the process, as the list of filters is."""


@contextmanager
def silence_this_thread() -> Iterator[None]:
    """Pass over all warnings that this thread gives in the block."""
    before = MESSAGES.match
    FILTER_USE.begin()
    try:
        MESSAGES.match = lambda _: True
        yield
    finally:
        MESSAGES.match = before
        FILTER_USE.end()
