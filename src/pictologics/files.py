"""Files of the operating system: opened without waiting, read without copies, written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy.typing as npt

from .errors import CorruptFileError, FileAccessError, MissingPathError, OptionError

__all__ = ["fill_buffer", "open_regular", "replacing"]

# Opening a named pipe for reading waits for a writer unless told not to.
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_regular(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Open a file for reading without ever waiting.

    Returns:
        The file descriptor and the file's size in bytes.

    Raises:
        MissingPathError: If there is nothing.
        FileAccessError: If it cannot be opened or is a pipe, socket or device.
    """
    try:
        descriptor = os.open(path, OPEN_FLAGS)
    except FileNotFoundError as error:
        raise MissingPathError("there is no such file", path=path, advice="check the path") from error
    except OSError as error:
        raise FileAccessError(
            f"the file cannot be opened ({error.strerror})", path=path, advice="check its permissions"
        ) from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise FileAccessError("this is no regular file", path=path, advice="pass a file or a folder")
    return descriptor, status.st_size


def fill_buffer(path: str, offset: int, buffer: npt.NDArray[Any]) -> None:
    """Read bytes of a file straight into memory."""
    view = memoryview(buffer.data)
    try:
        # Unbuffered: a buffer of Python's own would copy every byte once more.
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path costs more than the opening
            file.seek(offset)
            done = 0
            while done < len(view):
                count = file.readinto(view[done:])
                if not count:
                    raise CorruptFileError(
                        f"the file ends {len(view) - done} bytes before the end of its voxels",
                        path=path,
                        advice="it changed while it was read; load it again",
                    )
                done += count
    except OSError as error:
        if isinstance(error, CorruptFileError):
            raise
        raise FileAccessError(f"the file cannot be read ({error.strerror})", path=path) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file under a temporary name beside its own and rename it when it is complete.

    A failure leaves whatever was at the path as it was, and no half-written file.

    Args:
        path: Where the file goes.

    Yields:
        The temporary path, with the same suffix.

    Raises:
        OptionError: If the folder does not exist, or the path is one.
        FileAccessError: If the system refuses.
    """
    if path.is_dir():
        raise OptionError("this is a folder and a file is to be written", path=path, advice="add a file name")
    if not path.parent.is_dir():
        raise OptionError(f"its folder '{path.parent}' does not exist", path=path, advice="create it first")
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
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
        temporary.unlink(missing_ok=True)
