"""Lists a tree folder by folder, in the order of names, with the size and the time of each file and nothing more."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from ...errors import FileAccessError
from ...storage.files import DiskFile, StoredFile, access_error

__all__ = ["FileEntry", "FolderListing", "LocalRoot", "Root", "walk_folders"]

FileEntry = tuple[str, int, int]
"""Name of a file in its folder, bytes, and nanoseconds since 1970. A tuple, since there are millions."""


GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})
"""Numbers of the errors that say that there is no file."""


@dataclass(slots=True)
class FolderListing:
    """What a folder holds.

    Attributes:
        path: The folder relative to the root, with slashes; empty for the root.
        files: Its files, sorted by name.
        folders: The names of the folders in it, sorted.
        error: Why it could not be listed, or not all of it; None if it could.
        is_listed: Whether it could be listed, if perhaps not all of it.
    """

    path: str
    files: list[FileEntry] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    error: FileAccessError | None = None
    is_listed: bool = True


class Root(Protocol):
    """Where the files are that are indexed: the one place that knows how folders are listed and files are opened.

    Attributes:
        name: The path or URL, as the cohort keeps it.
    """

    name: str

    def list_folder(self, path: str) -> FolderListing:
        """List a folder, given relative to the root. What the system refuses is in the listing, never raised."""

    def find_file(self, path: str) -> StoredFile:
        """The file at a path relative to the root; it is not opened yet."""

    def find_files(self, paths: Sequence[str]) -> Iterator[StoredFile]:
        """Files in their order, each about to be read: where reading waits, it begins ahead."""


class LocalRoot:
    """A folder of this machine.

    Args:
        path: The folder.
        left_out: A folder that is not listed, wherever it is met: the cohort itself may be in the tree.
    """

    def __init__(self, path: str, left_out: str = "") -> None:
        self.name = path
        self.left_out = left_out

    def list_folder(self, path: str) -> FolderListing:
        """List a folder: hidden files and folders are left out, links to folders are not followed."""
        listing = FolderListing(path)
        whole = self.join(path)
        files, folders = listing.files, listing.folders
        try:
            with os.scandir(whole) as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == ".":
                        continue
                    if is_folder_entry(entry):
                        folders.append(name)
                        continue
                    try:
                        status = read_file_status(entry)
                    except OSError as error:
                        # As in a folder that may be listed and not be entered: its files must not seem to have gone.
                        listing.error = access_error("a file in it cannot be looked at", error, path or self.name)
                        continue
                    if status is not None:
                        files.append((name, status.st_size, status.st_mtime_ns))
        except OSError as error:
            listing.error = access_error("the folder cannot be listed", error, path or self.name)
            listing.is_listed = False
        if self.left_out and folders:
            listing.folders = [name for name in folders if not self.is_left_out(f"{whole}/{name}")]
        listing.folders.sort()
        files.sort()
        return listing

    def find_file(self, path: str) -> StoredFile:
        """The file at a path relative to the root."""
        return DiskFile(self.join(path))

    def find_files(self, paths: Sequence[str]) -> Iterator[StoredFile]:
        """Files in their order."""
        return map(self.find_file, paths)

    def join(self, path: str) -> str:
        """The path of the system for one relative to the root."""
        return f"{self.name}/{path}" if path else self.name

    def is_left_out(self, path: str) -> bool:
        """Whether a folder is the one that is left out, whatever it is called here."""
        try:
            return Path(path).samefile(self.left_out)
        except OSError:
            return False


def is_folder_entry(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder itself; a link to one is not, so that a loop of links has an end."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def read_file_status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What the system says of a regular file, or of the one that a link leads to; None for everything else.

    Raises:
        OSError: If the system does not say.
    """
    try:
        return entry.stat() if entry.is_file() else None
    except OSError as error:
        # A link that leads to itself, or a file that has gone since.
        if error.errno in GONE:
            return None
        raise


def walk_folders(root: Root, see: Callable[[int], None]) -> Iterator[FolderListing]:
    """List every folder of a tree, each before those in it, in the order of names.

    Only the names of folders that wait are kept, so that memory does not grow with the number of files.

    Args:
        root: The tree.
        see: Told how many files each folder has.

    Yields:
        Each folder.
    """
    waiting = [""]
    while waiting:
        listing = root.list_folder(waiting.pop())
        before = f"{listing.path}/" if listing.path else ""
        waiting.extend(before + name for name in reversed(listing.folders))
        see(len(listing.files))
        yield listing
