"""Folders that are held for a moment, so that writers change the names in them one after the other."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ["hold_folder"]

LONGEST_HOLD: Final = 1.0
"""Seconds to wait for a folder, which writers hold for a thousandth of that."""

BETWEEN_TRIES: Final = 0.005
"""Seconds from one try to the next."""


@contextmanager
def hold_folder(folder: Path) -> Iterator[bool]:
    """Hold a folder while files in it change their names; others who do the same wait.

    The folder itself is locked by the system, which writes nothing and gives the lock back when the process ends.
    Windows and some file systems cannot do that, and somebody else may hold it for long: the work must be safe without,
    and only less tidy.

    Args:
        folder: The folder.

    Yields:
        Whether it is held.
    """
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    try:
        yield wait_for_lock(descriptor)
    finally:
        # Closing is not enough where a process was forked meanwhile, which has it open too.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def wait_for_lock(descriptor: int) -> bool:
    """Wait for the lock of an open folder, not for ever; whether it was given."""
    import fcntl

    end = time.monotonic() + LONGEST_HOLD
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(BETWEEN_TRIES)
        except OSError:
            return False
        else:
            return True
