"""Work counted in calls of functions, which a busy machine does not change as it changes seconds."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType

__all__ = ["count_calls"]


def count_calls(load: Callable[[], object]) -> int:
    """How many functions a block of work calls, those of Python and those written in C, in every thread."""
    calls = [0]

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event in {"call", "c_call"}:
            calls[0] += 1

    previous = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        load()
    finally:
        sys.setprofile(previous)
        threading.setprofile(None)
    return calls[0]
