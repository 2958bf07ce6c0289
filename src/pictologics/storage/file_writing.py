"""Files written whole or not at all: under a temporary name that no other writer has, and renamed at the end."""

from __future__ import annotations

import math
import os
import platform
import re
import secrets
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import FileAccessError, OptionError
from .paths import check_writable_name, is_folder

__all__ = ["create_exclusively", "keep_on_disk", "make_temporary_name", "remove_abandoned_files", "replace_file"]

LONGEST_SUFFIX = 32
"""Characters that a suffix may take of a temporary name, which must not be longer than the 255 bytes of a legal one."""

ABANDONED_AFTER = 24 * 3600.0
"""Seconds without a write after which a temporary file of another machine counts as left behind: whether its writer
lives cannot be asked from here."""

TEMPORARY_NAME = re.compile(r"\.([0-9a-f]{8})-(\d+)-[0-9a-f]{16}\.partial(?:\..*)?")
"""A temporary file: the machine and the process that write it, and a random number."""

CLEANED_EVERY = 60.0
"""Seconds between two looks of one process for what killed writers left in a folder."""

LAST_CLEANED: dict[Path, float] = {}
"""When this process last looked, by folder, on the monotonic clock."""


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Write a file under a temporary name beside its own and rename it when it is complete.

    A failure leaves whatever was at the path as it was, and no half-written file; what a killed process left is
    removed by the next writer in the same folder. Of several writers at once, the last to end has its whole file there.

    Args:
        path: Where the file goes.

    Yields:
        The temporary path of an empty file, with the same suffix.

    Raises:
        OptionError: If the folder does not exist, or the path is one.
        FileAccessError: If the system refuses.
    """
    check_writable_name(path)
    if is_folder(path):
        raise OptionError("this is a folder, and the path of a file is required", path=path, advice="add a file name")
    if not is_folder(path.parent):
        raise OptionError(f"its folder '{path.parent}' does not exist", path=path, advice="create it first")
    # In the same folder, since renaming is atomic only within a file system.
    temporary = path.with_name(make_temporary_name(path))
    try:
        remove_abandoned_files(path.parent.absolute())
        create_exclusively(temporary)
        yield temporary
        temporary.replace(path)
    except FileAccessError:
        raise
    except OSError as error:
        raise FileAccessError(
            f"the file cannot be written ({error.strerror})",
            path=path,
            advice="check the disk and permissions",
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def keep_on_disk(path: Path) -> None:
    """Wait until what was written to a file outlives a loss of power, before it is renamed over an older version."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_temporary_name(path: Path) -> str:
    """A name that nobody can foresee; the suffix stays, as writers look at it."""
    suffix = "".join(path.suffixes[-2:])
    if len(suffix) > LONGEST_SUFFIX:
        suffix = path.suffix if len(path.suffix) <= LONGEST_SUFFIX else ""
    return f".{hash_machine()}-{os.getpid()}-{secrets.token_hex(8)}.partial{suffix}"


def create_exclusively(path: Path) -> None:
    """Create an empty file where there is nothing, not even a link to follow."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666))


def remove_abandoned_files(folder: Path) -> None:
    """Remove what writers that were killed left under temporary names, unless this process has just looked for it."""
    # Seldom, so that writing thousands of files into one folder takes time in proportion to their number.
    now = time.monotonic()
    if now - LAST_CLEANED.get(folder, -math.inf) < CLEANED_EVERY:
        return
    LAST_CLEANED[folder] = now
    machine = hash_machine()
    for entry in os.scandir(folder):
        found = TEMPORARY_NAME.fullmatch(entry.name)
        if found is None:
            continue
        # Another writer may remove it at the same time.
        with suppress(OSError):
            is_abandoned = found[1] == machine and not is_running(int(found[2]))
            if is_abandoned or time.time() - entry.stat(follow_symlinks=False).st_mtime > ABANDONED_AFTER:
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    Path(entry.path).unlink()


def is_running(process: int) -> bool:
    """Whether a process of this machine may still run."""
    # Elsewhere signal 0 is not a question.
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def hash_machine() -> str:
    """Eight characters for the name of this machine: a process number means something there only."""
    return f"{zlib.crc32(platform.node().encode()):08x}"
