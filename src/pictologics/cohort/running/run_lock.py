"""One run at a time writes into a folder."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from ...errors import FileAccessError
from ..folder_lock import FORSAKEN_AFTER, describe_holder, held_error, lock_folder
from .run_folder import RunFolder, make_folder

__all__ = ["lock_run_folder"]

LOCKED_WORK: Final = "running cases"
"""What the one who comes second is told."""

REMOTE_LOCK: Final = "run.lock"
"""Where a run says that it is at work in a folder behind a URL, whose storage has no locks."""


class HeldLock(Protocol):
    """A lock that is held."""

    def show_life(self) -> None:
        """Say that the run goes on."""


class RemoteLock:
    """A note in a folder behind a URL that a run is at work.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.shown = time.monotonic()

    def show_life(self) -> None:
        """Renew the note, from time to time."""
        if time.monotonic() - self.shown > FORSAKEN_AFTER / 10:
            self.shown = time.monotonic()
            # A server that does not answer ends the work that needs it, not what only speaks of it.
            with suppress(FileAccessError):
                self.write_holder()

    def write_holder(self) -> None:
        """Write who is at work.

        Raises:
            FileAccessError: If the server refuses.
        """
        self.folder.write_text(REMOTE_LOCK, json.dumps(describe_holder(LOCKED_WORK)))


@contextmanager
def lock_run_folder(folder: RunFolder) -> Iterator[HeldLock]:
    """Hold the lock of a run's folder, which is made if it is not there.

    Raises:
        OptionError: If another run is at work there.
        FileAccessError: If the folder cannot be written to.
    """
    if not folder.is_remote:
        make_folder(Path(folder.root))
        with lock_folder(Path(folder.root), LOCKED_WORK) as lock:
            yield lock
        return
    try:
        holder = json.loads(folder.read_text(REMOTE_LOCK) or "{}")
        alive = float(holder.get("alive", 0))
    except FileAccessError:
        raise
    except (ValueError, TypeError, AttributeError) as error:
        raise FileAccessError(
            "the note of a run at work cannot be read",
            path=folder.show(REMOTE_LOCK),
            advice="remove it if no run is at work there",
        ) from error
    if time.time() - alive < FORSAKEN_AFTER:
        raise held_error(folder.show(), holder)
    remote = RemoteLock(folder)
    remote.write_holder()
    try:
        yield remote
    finally:
        folder.remove(REMOTE_LOCK)
