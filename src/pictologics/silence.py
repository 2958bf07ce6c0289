"""Silences, or notes, the warnings of one thread, while those of all other threads are heard.

``warnings.catch_warnings`` puts the filters of the whole process aside and back: what other threads warn of meanwhile
is lost, and where two of its blocks overlap, "ignore" stays for ever. Here filters are added as long as a thread is
in the block, and they fit no message of any other thread.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from .errors import ContentWarning, GeometryWarning
from .threads import renew_in_child

__all__ = ["hear_this_thread", "silence_this_thread"]


class ThreadPattern(threading.local):
    """What the filter compares messages with: the attributes of a thread-local object are each thread's own."""

    match: Callable[[str], Any] = dict[str, bool]().__contains__
    """Whether a message fits, as ``warnings`` asks: never, in a thread that is not silenced.

    It is written in C, so that no other thread runs, and changes the list of filters, while the list is walked."""


SILENT: Final = ThreadPattern()
"""The messages that are passed over, which depend on the thread that asks."""

HEARD: Final[tuple[type[Warning], ...]] = (GeometryWarning, ContentWarning, UserWarning, RuntimeWarning)
"""Those that are noted, a class before those that it is one of: what is said to users, not to programmers."""

NOTED: Final[dict[type[Warning], ThreadPattern]] = {kind: ThreadPattern() for kind in (*HEARD, Warning)}
"""The patterns that note them, and the one that is asked after all of these."""


class FilterUse:
    """How many blocks need some filters, which are there as long as there is one.

    Args:
        patterns: What the filters compare messages with, by class; a filter for each tells of which one a message is.
    """

    def __init__(self, patterns: Mapping[type[Warning], ThreadPattern]) -> None:
        # The form in which warnings keeps them.
        self.entries = tuple(("ignore", pattern, kind, None, 0) for kind, pattern in patterns.items())
        self.count = 0
        self.renew()

    def renew(self) -> None:
        """Take a lock of one's own: in a process that was forked, nobody gives back what another thread had taken."""
        self.lock = threading.RLock()
        renew_in_child(self)

    def begin(self) -> None:
        """Put the filters before all others, unless they are there."""
        filters: Any = warnings.filters
        with self.lock:
            self.count += 1
            if not filters or filters[0] is not self.entries[0]:
                filters[:0] = self.entries

    def end(self) -> None:
        """Take the filters away when nobody needs them, however often they were put there."""
        filters: Any = warnings.filters
        with self.lock:
            self.count -= 1
            if not self.count:
                ours = set(map(id, self.entries))
                for place in reversed([k for k, entry in enumerate(filters) if id(entry) in ours]):
                    del filters[place]


SILENCE_USE: Final = FilterUse({Warning: SILENT})
"""One for the process, as the list of filters is."""

HEARING_USE: Final = FilterUse(NOTED)
"""The same for what is noted."""


@contextmanager
def silence_this_thread() -> Iterator[None]:
    """Pass over all warnings that this thread gives in the block."""
    before = SILENT.match
    SILENCE_USE.begin()
    try:
        SILENT.match = lambda _: True
        yield
    finally:
        SILENT.match = before
        SILENCE_USE.end()


@contextmanager
def hear_this_thread() -> Iterator[list[tuple[str, str]]]:
    """Note the warnings that this thread gives in the block, instead of showing them.

    Yields:
        A list to which the class and the text of each are added: those of this package, and those of the built-in
        classes ``UserWarning`` and ``RuntimeWarning``, of which others that are derived from them are.
    """
    heard: list[tuple[str, str]] = []
    before = {kind: pattern.match for kind, pattern in NOTED.items()}
    HEARING_USE.begin()
    # Before the others, so that what is silenced in the block is not heard.
    SILENCE_USE.begin()
    try:
        for kind, pattern in NOTED.items():
            pattern.match = partial(note_warning, heard, kind)
        yield heard
    finally:
        for kind, pattern in NOTED.items():
            pattern.match = before[kind]
        SILENCE_USE.end()
        HEARING_USE.end()


def note_warning(heard: list[tuple[str, str]], kind: type[Warning], text: str) -> bool:
    """Note a message; what a pattern answers when it is asked whether the message fits.

    ``warnings`` asks the pattern of a filter before it compares classes, one filter after the other until both fit:
    the class that was asked for last is that of the message.
    """
    if kind is not HEARD[0]:
        heard.pop()
    if kind is Warning:
        # None of those that are noted: the filters of the process say what becomes of it.
        return False
    heard.append((kind.__name__, text))
    return True
