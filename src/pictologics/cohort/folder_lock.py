"""A lock on a folder, so that two runs do not write into it at once."""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from ..errors import OptionError
from ..storage.paths import refuse_system_errors

__all__ = ["FolderLock", "lock_folder"]

LOCK_FILE: Final = ".lock"

FORSAKEN_AFTER: Final = 600.0
"""Seconds without a sign of life after which a holder of whom no lock tells counts as gone."""

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
        self.shown = time.monotonic()

    def show_life(self) -> None:
        """Say that the run goes on, to machines with which the file system does not share its locks."""
        if time.monotonic() - self.shown > FORSAKEN_AFTER / 10:
            self.shown = time.monotonic()
            # A disk that is full ends the work that needs it, not what only speaks of it.
            with suppress(OSError):
                self.write_holder(describe_holder(self.read_holder().get("work", "")))

    def read_holder(self) -> dict[str, Any]:
        """Who holds the lock, or held it until it was killed; empty if nobody does."""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        try:
            holder = json.loads(os.read(self.descriptor, 4096))
        except ValueError:
            return {}
        return holder if isinstance(holder, dict) else {}

    def write_holder(self, holder: dict[str, Any]) -> None:
        """Write who holds the lock, for those who come second."""
        os.ftruncate(self.descriptor, 0)
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        os.write(self.descriptor, json.dumps(holder).encode() if holder else b"")


def describe_holder(work: str) -> dict[str, Any]:
    """Who this process is."""
    return {"work": work, "process": os.getpid(), "machine": platform.node(), "alive": time.time()}


@contextmanager
def lock_folder(folder: Path, work: str) -> Iterator[FolderLock]:
    """Hold the lock of a folder.

    The system gives it back when the process ends, however it ends, so that a killed run leaves nothing to clean up.

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
            yield lock
        finally:
            with suppress(OSError):
                lock.write_holder({})
    finally:
        os.close(descriptor)


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
