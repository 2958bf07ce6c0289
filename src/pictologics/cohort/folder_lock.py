"""A lock on a folder, so that two runs do not write into it at once."""

from __future__ import annotations

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
"""Seconds without a sign of life after which the lock of another machine counts as left behind."""

LOCKED_BYTE: Final = 1 << 30
"""Where Windows locks a byte: beyond the content, which others may then read."""


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
        if not is_free or lives_elsewhere(holder):
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


def lock_descriptor(descriptor: int) -> bool:
    """Ask the system for the lock of an open file; whether it gave it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def lives_elsewhere(holder: dict[str, Any]) -> bool:
    """Whether another machine says that it is at work: some file systems keep the locks of each machine apart."""
    alive = holder.get("alive")
    is_other = holder.get("machine", platform.node()) != platform.node()
    return is_other and isinstance(alive, (int, float)) and time.time() - alive < FORSAKEN_AFTER


def held_error(folder: Path, holder: dict[str, Any]) -> OptionError:
    """The error for the one who comes second."""
    where = f" (process {holder['process']} on {holder.get('machine')})" if "process" in holder else ""
    return OptionError(
        f"{holder.get('work') or 'another run'} is going on in this folder{where}",
        path=folder,
        advice="wait for it to end, or take another folder",
    )
