"""The files of a case as they are now: what tells whether anything changed since it was worked on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import FileAccessError
from ...formats.ome_zarr.vocabulary import ZARR_MARKS
from ...storage.paths import is_file, is_folder
from ...storage.remote_systems import find_remote_system, refuse_remote_errors
from ...storage.urls import find_url, hide_secrets

__all__ = ["FilesState", "look_at_files"]


@dataclass(frozen=True)
class FilesState:
    """Files as they are.

    Attributes:
        bytes: How large they are together.
        fingerprint: A hash of their paths, sizes and times of change.
    """

    bytes: int
    fingerprint: str


def look_at_files(paths: Sequence[str], recursive: bool = False) -> FilesState:
    """Look at files, and those in folders, without opening any.

    Args:
        paths: Files, folders or URLs.
        recursive: Whether folders below folders count.
    """
    digest, total = hashlib.sha256(), 0
    for path, size, changed in list_states(paths, recursive):
        digest.update(f"{path}\0{size}\0{changed}\n".encode("utf-8", "surrogateescape"))
        total += max(size, 0)
    return FilesState(total, digest.hexdigest()[:32])


def list_states(paths: Sequence[str], recursive: bool) -> Iterator[tuple[str, int, Any]]:
    """Path, size and time of change of each file; of what is not there, nothing."""
    for path in paths:
        if find_url(path):
            yield look_at_url(path)
            continue
        for file in expand_folder(path, recursive):
            yield look_at_file(file)


def expand_folder(path: str, recursive: bool) -> list[str]:
    """The files of a folder, or the path itself if it is none."""
    if not is_folder(path):
        return [path]
    # The voxels of OME-Zarr are in folders below its own.
    is_zarr = any(is_file(Path(path) / mark) for mark in ZARR_MARKS)
    try:
        inside = Path(path).rglob("*") if recursive or is_zarr else Path(path).iterdir()
        return sorted(str(entry) for entry in inside if entry.is_file())
    except OSError:
        return [path]


def look_at_file(file: str) -> tuple[str, int, int]:
    """Path, size and time of change of a file; -1 if it cannot be asked for."""
    try:
        status = os.stat(file)  # noqa: PTH116 - a series has thousands of files, and Path.stat takes longer
    except OSError:
        return file, -1, -1
    return file, status.st_size, status.st_mtime_ns


def look_at_url(url: str) -> tuple[str, int, str]:
    """URL, size and whatever the storage says that changes with the content; -1 if it cannot be asked for."""
    # What signs a URL is another each time, and the file the same.
    shown = hide_secrets(url)
    try:
        system, path = find_remote_system(url, {})
        with refuse_remote_errors("the file cannot be asked for", url), system.turn() as limits:
            system.filesystem.invalidate_cache(path)
            facts = system.filesystem.info(path, **limits)
    except FileAccessError:
        return shown, -1, ""
    names = ("ETag", "etag", "md5Hash", "LastModified", "last_modified", "updated", "mtime", "created")
    return shown, int(facts.get("size") or 0), " ".join(str(facts[name]) for name in names if name in facts)
