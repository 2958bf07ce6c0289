"""A lock on a folder, so that two runs do not write into it at once."""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ..errors import OptionError
from ..storage.paths import refuse_system_errors

__all__ = ["FORSAKEN_AFTER", "describe_holder", "held_error", "lock_folder", "show_life_meanwhile"]

LOCK_FILE: Final = ".lock"

FORSAKEN_AFTER: Final = 600.0
"""Seconds without a sign of life after which a holder of whom no lock tells counts as gone."""

SHOWN_EVERY: Final = 60.0
"""Seconds between two signs of life: several may be lost."""

LOCKED_BYTE: Final = 1 << 30
"""Where Windows locks a byte: beyond the content, which others may then read."""

NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})
"""Numbers of the errors of a file system that has no locks."""


class FolderLock:
    """A lock that is held.

    Args:
        descriptor: The open file that the system has locked for this process.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def read_holder(self) -> dict[str, Any]:
        """Who holds the lock, or held it until it was killed; empty if nobody does."""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        try:
            holder = json.loads(os.read(self.descriptor, 4096))
        except (ValueError, RecursionError):
            return {}
        return holder if isinstance(holder, dict) else {}

    def write_holder(self, holder: dict[str, Any]) -> None:
        """Write who holds the lock, for those who come second."""
        content = json.dumps(holder).encode() if holder else b""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        # Cut afterwards, so that nobody meanwhile reads that nobody is there.
        os.ftruncate(self.descriptor, os.write(self.descriptor, content))


def describe_holder(work: str) -> dict[str, Any]:
    """Who this process is."""
    return {"work": work, "process": os.getpid(), "machine": platform.node(), "alive": time.time()}


@contextmanager
def lock_folder(folder: Path, work: str) -> Iterator[None]:
    """Hold the lock of a folder.

    The system gives it back when the process ends, however it ends, so that a killed run leaves nothing to clean up.
    Machines with which the file system does not share its locks see a sign of life instead.

    Args:
        folder: The folder, which is there.
        work: What is done in it, for the message of the one who comes second, such as ``indexing``.

    Raises:
        OptionError: If another run holds it.
        FileAccessError: If the folder cannot be written to.
    """
    with refuse_system_errors("the folder cannot be written to", folder):
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    lock = FolderLock(descriptor)
    try:
        is_free = lock_descriptor(descriptor)
        holder = lock.read_holder()
        if is_free is False or shows_life(holder, is_free is not None):
            raise held_error(folder, holder)
        with refuse_system_errors("the folder cannot be written to", folder):
            lock.write_holder(describe_holder(work))
        try:
            with show_life_meanwhile(lambda: lock.write_holder(describe_holder(work))):
                yield
        finally:
            with suppress(OSError):
                lock.write_holder({})
    finally:
        os.close(descriptor)


@contextmanager
def show_life_meanwhile(show: Callable[[], None]) -> Iterator[None]:
    """Have a thread give a sign of life from time to time while the block goes on, whatever it is busy with.

    Args:
        show: Gives one; what the system refuses is passed over.
    """
    has_ended = threading.Event()

    def show_until_end() -> None:
        while not has_ended.wait(SHOWN_EVERY):
            # A disk that is full ends the work that needs it, not what only speaks of it.
            with suppress(OSError):
                show()

    thread = threading.Thread(target=show_until_end, name="pictologics_life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()


def lock_descriptor(descriptor: int) -> bool | None:
    """Ask the system for the lock of an open file; whether it gave it, None where the file system has no locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return None if error.errno in NO_LOCKS else False
    return True


def shows_life(holder: dict[str, Any], has_locks: bool) -> bool:
    """Whether somebody says that they are at work, of whom the lock does not tell.

    Some file systems keep the locks of each machine apart; where there are none, this machine's do not tell either.
    """
    alive = holder.get("alive")
    is_told = has_locks and holder.get("machine", platform.node()) == platform.node()
    return not is_told and isinstance(alive, (int, float)) and time.time() - alive < FORSAKEN_AFTER


def held_error(folder: Path | str, holder: dict[str, Any]) -> OptionError:
    """The error for the one who comes second."""
    where = f" (process {holder['process']} on {holder.get('machine')})" if "process" in holder else ""
    return OptionError(
        f"{holder.get('work') or 'another run'} is going on in this folder{where}",
        path=folder,
        advice="wait for it to end, or take another folder",
    )
