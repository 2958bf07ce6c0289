"""Folders behind a URL: what is in them, and their files with the heads fetched ahead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from ..errors import MissingPathError
from .remote_files import LISTED_HEAD, RemoteFile
from .remote_systems import RemoteSystem, find_remote_system, refuse_remote_errors
from .urls import extend_url, hide_secrets

__all__ = ["RemoteEntry", "RemoteFolder", "RemoteListing", "find_remote", "list_remote_folder", "walk_remote_tree"]


NO_NAME: Final = re.compile("[?#:]")
"""What the address of a link holds that is no name of a file; in one, such a character has a percent sign."""


@dataclass(frozen=True)
class RemoteEntry:
    """A file that a listing names.

    Attributes:
        path: From the folder that was asked for on, with slashes.
        file: The file.
        size: In bytes; None where the listing does not tell, as on a web server.
        changed: When it was last changed, in seconds since 1970; 0 where the listing does not tell.
        version: What the listing says that changes with the content, such as a checksum; empty if nothing.
    """

    path: str
    file: RemoteFile
    size: int | None
    changed: float
    version: str


@dataclass(frozen=True)
class RemoteListing:
    """What a folder holds, hidden files and folders left out.

    Attributes:
        files: In the order of their names.
        folders: Their names, sorted.
    """

    files: list[RemoteEntry]
    folders: list[str]


class RemoteFolder:
    """A folder behind a URL.

    Args:
        url: As fsspec takes it, with a slash at its end or not.
        options: For its file system.

    Attributes:
        name: What messages call it.
    """

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        self.url = url
        self.name = hide_secrets(url)
        self.options = dict(options or {})

    def list_files(self, recursive: bool) -> list[RemoteFile]:
        """Its files in the order of their names, hidden ones left out.

        Raises:
            MissingPathError: If there is nothing.
            FileAccessError: If it cannot be listed.
        """
        entries = walk_remote_tree(self.url, self.options, recursive=recursive)
        return [entry.file for entry in sorted(entries, key=lambda entry: entry.path)]

    def count_folders(self) -> int:
        """How many folders lie in it."""
        return len(list_remote_folder(self.url, self.options).folders)


def find_remote(url: str, options: Mapping[str, Any]) -> RemoteFile | RemoteFolder:
    """Find out whether there is a file or a folder behind a URL.

    Of a web server, a URL with a slash at its end is a folder; other protocols are asked.

    Raises:
        MissingPathError: If there is nothing.
        FileAccessError: If the server cannot be reached, or refuses.
    """
    system, path = find_remote_system(url, options)
    if system.is_http:
        return RemoteFolder(url, options) if hide_secrets(url).endswith("/") else RemoteFile(url, options)
    with refuse_remote_errors("the server does not say what is there", url), system.turn() as limits:
        system.filesystem.invalidate_cache(path)
        facts = system.filesystem.info(path, **limits)
    if facts["type"] == "directory":
        return RemoteFolder(url, options)
    return RemoteFile(url, options, size=facts.get("size"))


def walk_remote_tree(
    url: str, options: Mapping[str, Any] | None = None, *, recursive: bool = True
) -> Iterator[RemoteEntry]:
    """The files of a folder behind a URL and of those below it, in one request for each folder or page of a listing.

    Hidden files and folders are left out, and so are the empty objects that mark folders in object stores.

    Raises:
        MissingPathError: If there is nothing.
        FileAccessError: If a folder cannot be listed.
    """
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        listing = list_remote_folder(extend_url(url, prefix), options)
        yield from (replace(entry, path=prefix + entry.path) for entry in listing.files)
        if recursive:
            waiting += [f"{prefix}{name}/" for name in reversed(listing.folders)]


def list_remote_folder(url: str, options: Mapping[str, Any] | None = None) -> RemoteListing:
    """List one folder behind a URL.

    Raises:
        MissingPathError: If there is nothing.
        FileAccessError: If it cannot be listed.
    """
    options = dict(options or {})
    # A token behind the address of a page is no part of the links on it.
    page = url.partition("?")[0] if url.startswith(("http://", "https://")) else url
    system, path = find_remote_system(page, options)
    entries = list_entries(system, path, page)
    if not entries:
        check_folder(system, path, page)
    files = [
        RemoteEntry(
            name,
            RemoteFile(extend_url(url, name), options, facts.get("size"), LISTED_HEAD),
            facts.get("size"),
            *describe_version(facts),
        )
        for name, facts in entries
        if facts["type"] != "directory"
    ]
    return RemoteListing(files, [name for name, facts in entries if facts["type"] == "directory"])


def list_entries(system: RemoteSystem, path: str, url: str) -> list[tuple[str, dict[str, Any]]]:
    """The names in a folder, in their order, and what its listing says of each; hidden ones are left out."""
    with refuse_remote_errors("the folder cannot be listed", url), system.turn() as limits:
        # What was listed before may be another folder by now.
        if not system.is_http:
            system.filesystem.invalidate_cache(path)
        listed = system.filesystem.ls(path, detail=True, **limits)
    base, found = path.rstrip("/"), []
    for facts in listed:
        address = facts["name"].rstrip("/")
        name = address.rpartition("/")[2]
        if system.is_http:
            # A page of links also has some that sort it, or that lead to a mail or to a place in the page.
            name = "" if NO_NAME.search(name) else unquote(name)
        # A listing may name the folder itself.
        if name and not name.startswith(".") and address != base:
            found.append((name, facts))
    return sorted(found, key=lambda entry: entry[0])


def check_folder(system: RemoteSystem, path: str, url: str) -> None:
    """Refuse what is no folder: some protocols list nothing there instead of an error."""
    if system.is_http:
        # Its page came.
        return
    with refuse_remote_errors("the folder cannot be listed", url), system.turn() as limits:
        is_there = system.filesystem.exists(path, **limits)
    if not is_there:
        raise MissingPathError("there is no such file or folder", path=hide_secrets(url), advice="check the URL")


def describe_version(facts: Mapping[str, Any]) -> tuple[float, str]:
    """When a listing says that a file was last changed, and what else changes with its content."""
    times = ("LastModified", "last_modified", "mtime", "modified", "created")
    when = next((facts[name] for name in times if facts.get(name)), 0.0)
    version = str(facts.get("ETag") or facts.get("etag") or facts.get("md5Hash") or "")
    if isinstance(when, datetime):
        return when.timestamp(), version
    # What is no number is as good a sign of a change as any.
    return (float(when), version) if isinstance(when, (int, float)) else (0.0, f"{version}{when}")
