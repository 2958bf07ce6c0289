"""Questions about paths, of which the system's refusals come back as answers or as our errors.

Python's own answer to some of them with an error of their own: for a name that is too long, that holds a null byte, for
a link that leads to itself, for a folder that may not be entered.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ..errors import FileAccessError, OptionError
from .files import PathLike, access_error

__all__ = [
    "NOTHING_THERE",
    "check_is_path",
    "check_writable_name",
    "escape_bytes",
    "expand_home",
    "is_file",
    "is_folder",
    "is_there",
    "read_status",
    "refuse_system_errors",
]

NOTHING_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL})
"""Numbers of the errors that say that there is nothing, or can be nothing, at a path."""


def read_status(path: PathLike) -> os.stat_result | None:
    """What the system says of a path, links followed; None if there is nothing.

    Raises:
        FileAccessError: If the system does not say, as in a folder that may not be entered.
    """
    try:
        return Path(path).stat()
    except ValueError:
        # A null byte, or characters that the system's encoding has not.
        return None
    except OSError as error:
        if error.errno in NOTHING_THERE:
            return None
        raise access_error("the system does not say what is there", error, path) from error


def is_there(path: PathLike) -> bool:
    """Whether there is anything at a path."""
    return read_status(path) is not None


def is_file(path: PathLike) -> bool:
    """Whether there is a regular file at a path."""
    status = read_status(path)
    return status is not None and stat.S_ISREG(status.st_mode)


def is_folder(path: PathLike) -> bool:
    """Whether there is a folder at a path."""
    status = read_status(path)
    return status is not None and stat.S_ISDIR(status.st_mode)


def expand_home(path: PathLike) -> Path:
    """A path whose first ``~`` or ``~user`` is a home, unless there is a file or folder of that very name."""
    given = Path(path)
    if not os.fsdecode(path).startswith("~") or is_there(given):
        return given
    try:
        return given.expanduser()
    except RuntimeError:
        # No such user: the name is as good as any.
        return given


def check_is_path(path: object) -> None:
    """Refuse what is no path to write to.

    Raises:
        OptionError: If it is neither text nor a path, such as None or an open file.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(
            f"path is of type {type(path).__name__} and must be a path", advice="name the file or the folder to write"
        )


def check_writable_name(path: PathLike) -> None:
    """Refuse a name that no file or folder can have.

    Raises:
        OptionError: If it holds a null byte, or characters that the system's encoding has not.
    """
    try:
        is_possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        is_possible = False
    if not is_possible:
        name = os.fsdecode(path).encode("ascii", "backslashreplace").decode().replace("\0", "\\0")
        raise OptionError("this holds characters that no name of a file can have", path=name, advice="change the name")


def escape_bytes(name: str) -> str:
    """A name as text in UTF-8, with a backslash and a number for what that cannot hold."""
    return name.encode("utf-8", "backslashreplace").decode()


@contextmanager
def refuse_system_errors(found: str, path: PathLike) -> Iterator[None]:
    """Turn what the system refuses in the block into our error.

    Raises:
        FileAccessError: Instead of an OSError that is not ours yet.
    """
    try:
        yield
    except FileAccessError:
        raise
    except OSError as error:
        raise access_error(found, error, path) from error
