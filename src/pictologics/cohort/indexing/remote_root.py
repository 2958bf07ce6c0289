"""A tree behind a URL, listed folder by folder as one of this machine is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import Any

from ...errors import FileAccessError, PictologicsError
from ...storage.files import StoredFile
from ...storage.remote_files import LISTED_HEAD, RemoteFile
from ...storage.remote_folders import RemoteEntry, list_remote_folder
from ...storage.remote_systems import MOST_REQUESTS
from ...storage.urls import extend_url, hide_secrets
from ...threads import map_ahead
from .listing import FileEntry, FolderListing

__all__ = ["RemoteRoot"]

NANOSECONDS = 10**9
"""In a second."""


class RemoteRoot:
    """A folder behind a URL.

    Args:
        url: As fsspec takes it.
        options: For its file system.

    Attributes:
        name: The URL without what may be secret in it: the cohort keeps it.
    """

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        self.url = url
        self.options = dict(options)
        self.name = hide_secrets(url).rstrip("/")

    def list_folder(self, path: str) -> FolderListing:
        """List a folder: hidden files and folders are left out. What the server refuses is in the listing."""
        listing = FolderListing(path)
        try:
            found = list_remote_folder(self.join(f"{path}/" if path else ""), self.options)
            listing.files = list(map_ahead(describe_entry, found.files, MOST_REQUESTS))
        except FileAccessError as error:
            listing.error, listing.is_listed = error, False
            return listing
        listing.folders = found.folders
        return listing

    def find_file(self, path: str) -> StoredFile:
        """The file at a path relative to the root."""
        return RemoteFile(self.join(path), self.options, head_size=LISTED_HEAD)

    def find_files(self, paths: Sequence[str]) -> Iterator[StoredFile]:
        """Files in their order, with their heads fetched ahead, many at a time."""
        return map_ahead(fetch_head_ahead, map(self.find_file, paths), MOST_REQUESTS)

    def join(self, path: str) -> str:
        """The URL of a path relative to the root."""
        return extend_url(self.url, path)


def describe_entry(entry: RemoteEntry) -> FileEntry:
    """Name, size and time of a file.

    The times of object stores and web servers are whole seconds. So that a change within one is seen, what else tells
    versions apart takes the place of the nanoseconds.
    """
    size, changed, version = entry.size, entry.changed, entry.version
    if size is None:
        # A page of links tells names only. What the file's own server does not tell, reading it will.
        with suppress(PictologicsError):
            entry.file.fetch_head()
        size, changed, version = entry.file.size or 0, entry.file.changed, entry.file.tag
    if version:
        fraction = int.from_bytes(blake2b(version.encode(), digest_size=8).digest(), "little")
    else:
        fraction = int(changed * NANOSECONDS)
    return entry.path, size, int(changed) * NANOSECONDS + fraction % NANOSECONDS


def fetch_head_ahead(file: StoredFile) -> StoredFile:
    """Fetch the beginning of a file; what is wrong with it is found where it is read."""
    if isinstance(file, RemoteFile):
        with suppress(PictologicsError):
            file.fetch_head()
    return file
