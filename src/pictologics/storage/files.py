"""Files of the operating system: opened without waiting, read without copies."""

from __future__ import annotations

import os
import stat
from typing import Any, Protocol, Self, runtime_checkable

import numpy.typing as npt

from ..errors import (
    CorruptFileError,
    FileAccessError,
    MissingPathError,
)

__all__ = [
    "ByteSource",
    "ClosesOnExit",
    "DiskFile",
    "MemoryFile",
    "OpenFile",
    "PathLike",
    "StoredFile",
    "check_content",
    "early_end_error",
]

PathLike = str | os.PathLike[str]
"""How a caller names a file."""

OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Without O_NONBLOCK, opening a named pipe for reading waits for a writer."""


class ByteSource(Protocol):
    """Bytes that can be read anywhere.

    Attributes:
        size: How many there are; more than any file has where only reading them tells.
    """

    size: int

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""


class OpenFile(ByteSource, Protocol):
    """The bytes of a file while it is open; a context manager that closes it."""

    def __enter__(self) -> Self:
        """Open already; returns itself."""

    def __exit__(self, *_: object) -> None:
        """Close it."""

    def close(self) -> None:
        """Close it; what is closed already stays so."""

    def check(self) -> None:
        """See to it that what is read from now on agrees with the checksum that its container has, if it has one.

        Raises:
            CorruptFileError: If it does not; here, or when it is read.
        """

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Read as many bytes as the buffer has, straight into it.

        Raises:
            CorruptFileError: If the file ends before the buffer is full.
        """


class ClosesOnExit:
    """Makes a context manager of a class that has ``close``; without a container there is no checksum."""

    __slots__ = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; nothing to do where nothing is held open."""

    def check(self) -> None:
        """Nothing to compare with."""


class StoredFile(Protocol):
    """A file that can be opened again and again: on disk, in memory, in an archive.

    Attributes:
        name: What messages call it.
    """

    name: str

    def open(self) -> OpenFile:
        """Open it for reading."""


class DiskFile:
    """A file of the operating system."""

    __slots__ = ("name",)

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)

    def open(self) -> OpenDiskFile:
        """Open the file without ever waiting.

        Raises:
            MissingPathError: If there is nothing.
            FileAccessError: If it cannot be opened or is a pipe, socket or device.
        """
        try:
            descriptor = os.open(self.name, OPEN_FLAGS)
        except FileNotFoundError as error:
            raise MissingPathError("there is no such file", path=self.name, advice="check the path") from error
        except OSError as error:
            raise FileAccessError(
                f"the file cannot be opened ({error.strerror})", path=self.name, advice="check its permissions"
            ) from error
        # Asked of the open file, not of its path, which may name another file by now.
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise FileAccessError(
                "this is a pipe, socket or device, and a regular file is required",
                path=self.name,
                advice="pass a file or a folder",
            )
        return OpenDiskFile(self.name, descriptor, status.st_size)


class OpenDiskFile(ClosesOnExit):
    """An open file of the operating system."""

    __slots__ = ("descriptor", "name", "size")

    def __init__(self, name: str, descriptor: int, size: int) -> None:
        self.name = name
        self.descriptor = descriptor
        self.size = size

    def close(self) -> None:
        """Give the descriptor back."""
        if self.descriptor >= 0:
            # Numbers of descriptors are used again: one that is closed twice may close another file.
            os.close(self.descriptor)
            self.descriptor = -1

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        try:
            os.lseek(self.descriptor, offset, os.SEEK_SET)
            return os.read(self.descriptor, count)
        except OSError as error:
            raise self.unreadable_error(error) from error

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Read as many bytes as the buffer has, straight into it."""
        view = memoryview(buffer.data).cast("B")
        done = 0
        try:
            # Unbuffered: a buffer of Python's own would copy every byte once more.
            with open(self.descriptor, "rb", buffering=0, closefd=False) as file:
                file.seek(offset)
                while done < len(view):
                    count = file.readinto(view[done:])
                    if not count:
                        break
                    done += count
        except OSError as error:
            raise self.unreadable_error(error) from error
        if done < len(view):
            raise early_end_error(self.name, len(view) - done)

    def unreadable_error(self, error: OSError) -> FileAccessError:
        """The error for a file that the system stops giving out."""
        return FileAccessError(f"the file cannot be read ({error.strerror})", path=self.name)


class MemoryFile(ClosesOnExit):
    """Bytes in memory under a name; open and closed at once."""

    __slots__ = ("content", "name", "size")

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.content = content
        self.size = len(content)

    def open(self) -> Self:
        """Nothing to do."""
        return self

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        return self.content[offset : offset + count]

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Copy as many bytes as the buffer has."""
        view = memoryview(buffer.data).cast("B")
        piece = memoryview(self.content)[offset : offset + len(view)]
        if len(piece) < len(view):
            raise early_end_error(self.name, len(view) - len(piece))
        view[:] = piece


@runtime_checkable
class CheckedFile(StoredFile, Protocol):
    """A file whose container has a checksum of its content."""

    def check_content(self) -> None:
        """Compare the whole content with the checksum, without keeping it.

        Raises:
            CorruptFileError: If they differ.
        """


def check_content(file: StoredFile) -> None:
    """Compare the whole of a file with the checksum that its container has, if it has one.

    Raises:
        CorruptFileError: If they differ.
    """
    if isinstance(file, CheckedFile):
        file.check_content()


def early_end_error(name: str, missing: int) -> CorruptFileError:
    """The error for a file that is shorter than it was when its header was read."""
    return CorruptFileError(
        f"the file ends {missing} bytes before the end of its voxels",
        path=name,
        advice="it changed while it was read; load it again",
    )
