"""Files of the operating system: opened without waiting, read without copies."""

from __future__ import annotations

import errno
import os
import stat
from typing import Any, Final, NamedTuple, Protocol, Self, runtime_checkable

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
    "access_error",
    "check_content",
    "early_end_error",
]

PathLike = str | os.PathLike[str]
"""How a caller names a file."""

OPEN_FLAGS = (os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0),)
"""How files are opened, as ``map`` wants it. Without O_NONBLOCK, a named pipe would wait for a writer."""


ADVICE_BY_ERRNO: Final = {
    errno.EACCES: "check its permissions",
    errno.EPERM: "check its permissions",
    errno.EMFILE: "too many files are open in this process: close some, or raise its limit",
    errno.ENFILE: "too many files are open on this machine: close some",
    errno.ELOOP: "a link leads back to itself: remove it",
}
"""What can be done about an error of the system, by its number."""


FIRST: Final = (0,)
"""Where a file holds its descriptor."""


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


class FileIdentity(NamedTuple):
    """What tells a file from another that was put in its place, and from itself with other content.

    Attributes:
        content: Its size, and when its content was changed.
        place: The numbers of its device and of itself there.
        touched: When anything about it was changed, also what it is called.
    """

    content: tuple[int, int]
    place: tuple[int, int]
    touched: int

    def is_same(self, later: FileIdentity) -> bool:
        """Whether a file that was opened later is this one.

        Some systems of files over a network, and layers of containers, number a file anew while it is not open. One
        that was put in its place has been touched at another time.
        """
        return self.content == later.content and (self.place == later.place or self.touched == later.touched)


class DiskFile:
    """A file of the operating system, the same one whenever it is opened."""

    __slots__ = ("first_seen", "name")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)
        self.first_seen: FileIdentity | None = None

    def open(self) -> OpenDiskFile:
        """Open the file without ever waiting.

        Raises:
            MissingPathError: If there is nothing.
            FileAccessError: If it cannot be opened or is a pipe, socket or device.
            CorruptFileError: If it was opened before and is another one now, or was written to: what was read of the
                one says nothing of the other.
        """
        opened = OpenDiskFile(self.name)
        if self.first_seen is None:
            self.first_seen = opened.identity
        elif not self.first_seen.is_same(opened.identity):
            opened.close()
            raise CorruptFileError(
                "the file was replaced or written to after its header was read", path=self.name, advice="load it again"
            )
        return opened


class OpenDiskFile(ClosesOnExit):
    """An open file of the operating system, which alone owns its descriptor and closes it once.

    Ctrl-C may come between any two steps of Python, and a descriptor that only a local variable knows would be lost. So
    it goes from the system into ``held`` and back within one call of a function that is written in C, and a file that
    nobody came to close is closed when it is forgotten.
    """

    __slots__ = ("held", "identity", "name", "size")

    def __init__(self, name: str) -> None:
        self.name = name
        self.held: list[int] = []
        try:
            self.held.extend(map(os.open, (name,), OPEN_FLAGS))
        except FileNotFoundError as error:
            raise MissingPathError("there is no such file", path=name, advice="check the path") from error
        except ValueError as error:
            raise MissingPathError(
                "there is no such file, as its name holds a null byte", path=name, advice="check the path"
            ) from error
        except OSError as error:
            raise access_error("the file cannot be opened", error, name) from error
        # Asked of the open file, not of its path, which may name another file by now.
        status = os.fstat(self.held[0])
        if not stat.S_ISREG(status.st_mode):
            self.close()
            found = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
            raise FileAccessError(
                f"this is {found}, and a regular file is required",
                path=name,
                advice="pass a file or a folder",
            )
        self.size = status.st_size
        self.identity = FileIdentity(
            (status.st_size, status.st_mtime_ns), (status.st_dev, status.st_ino), status.st_ctime_ns
        )

    def __del__(self) -> None:
        if self.held:
            self.close()

    @property
    def descriptor(self) -> int:
        """The number of the open file."""
        return self.held[0]

    def close(self) -> None:
        """Give the descriptor back."""
        if self.held:
            # Taken out first: numbers of descriptors are used again, and a second close would close another file.
            any(map(os.close, map(self.held.pop, FIRST)))

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        try:
            descriptor = self.held[0]
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, count)
        except OSError as error:
            raise access_error("the file cannot be read", error, self.name) from error

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
            raise access_error("the file cannot be read", error, self.name) from error
        if done < len(view):
            raise early_end_error(self.name, len(view) - done)


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


def access_error(found: str, error: OSError, path: PathLike) -> FileAccessError:
    """The error for what the system refuses: what has too long a name is missing, as no such file can be there.

    Args:
        found: What cannot be done.
        error: Why, by the system.
        path: The file or folder.
    """
    if error.errno == errno.ENOENT:
        return MissingPathError("there is no such file or folder", path=path, advice="check the path")
    if error.errno == errno.ENAMETOOLONG:
        return MissingPathError(f"{found} ({error.strerror})", path=path, advice="check the path")
    advice = ADVICE_BY_ERRNO.get(error.errno or 0, "")
    return FileAccessError(f"{found} ({error.strerror or error})", path=path, advice=advice)


def early_end_error(name: str, missing: int) -> CorruptFileError:
    """The error for a file that is shorter than it was when its header was read."""
    return CorruptFileError(
        f"the file ends {missing} bytes before the end of its voxels",
        path=name,
        advice="it changed while it was read; load it again",
    )
