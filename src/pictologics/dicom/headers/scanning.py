"""Scans a folder or a list of files: the headers of the DICOM files among them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...errors import PictologicsError
from ...storage.files import StoredFile, check_content
from ...storage.paths import is_file, refuse_system_errors
from ...storage.remote_files import is_remote
from ...storage.remote_systems import MOST_REQUESTS
from ...threads import map_ahead
from .header import Header
from .header_reading import read_header

__all__ = ["Scan", "list_files", "scan_files"]

DICOM_SUFFIXES: Final = frozenset({".dcm", ".dicom", ".ima"})
"""Suffixes that promise DICOM; a file with one that is something else is reported."""


@dataclass
class Scan:
    """What reading the heads of many files gave.

    Attributes:
        headers: Headers of the DICOM files, in the order of the files.
        others: Files that are not DICOM.
        broken: Files whose name says DICOM and whose content does not.
        unreadable: Why others cannot be read, where that was to be kept: they are damaged, or refused by the system.
    """

    headers: list[Header] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unreadable: list[PictologicsError] = field(default_factory=list)


def list_files(folder: Path, recursive: bool) -> list[str]:
    """Regular files of a folder in the order of their names, hidden ones left out.

    Pipes, sockets, devices and links that lead nowhere are passed over, and so are links to folders, so that
    a loop of links has an end.

    Raises:
        MissingPathError: If the folder is not there.
        FileAccessError: If it cannot be listed.
    """
    return sorted(find_files(folder, recursive))


def find_files(folder: str | Path, recursive: bool) -> Iterator[str]:
    """The files of one folder and, if asked for, of those below it, however deep."""
    # A list, not a call for each folder: Python's calls end where they are nested a thousand deep.
    waiting: list[str | Path] = [folder]
    while waiting:
        current = waiting.pop()
        with refuse_system_errors("the folder cannot be listed", current), os.scandir(current) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if is_regular(entry):
                    yield entry.path
                elif recursive and entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)


def is_regular(entry: os.DirEntry[str]) -> bool:
    """Whether an entry of a folder is a regular file or leads to one; a link to itself leads nowhere."""
    try:
        return entry.is_file()
    except OSError:
        # Asked in full, which tells what leads nowhere from what may not be seen.
        return is_file(entry.path)


Read = Header | PictologicsError | None
"""The header of a file, why it cannot be read, or None if the file is not DICOM."""


def read_headers(files: Iterable[StoredFile | str]) -> Iterator[tuple[StoredFile | str, Read]]:
    """The files with their headers, in their order; those behind URLs are read ahead, many at a time."""
    listed = files if isinstance(files, Sequence) else list(files)
    if not listed or isinstance(listed[0], str) or not is_remote(listed[0]):
        return ((file, try_to_read(file)) for file in listed)
    return zip(listed, map_ahead(try_to_read, listed, MOST_REQUESTS), strict=True)


def try_to_read(file: StoredFile | str) -> Read:
    """The header of a file, or the error; of a file that is not DICOM, whether it is as its archive packed it."""
    try:
        header = read_header(file)
        if header is None and not isinstance(file, str):
            # A damaged slice in an archive may look like a file of another kind.
            check_content(file)
    except PictologicsError as error:
        return error
    return header


def scan_files(files: Iterable[StoredFile | str], *, keeps_unreadable: bool = False) -> Scan:
    """Read the head of each file.

    Args:
        files: The files.
        keeps_unreadable: Go on where a file cannot be read, and keep the error.

    Raises:
        CorruptFileError: If a file begins as DICOM and cannot be followed: it could be a slice of any series,
            and a volume without it would have a hole.
        FileAccessError: If a file cannot be opened, for the same reason.
    """
    scan = Scan()
    for file, read in read_headers(files):
        path = file if isinstance(file, str) else file.name
        if isinstance(read, Header):
            scan.headers.append(read)
        elif read is not None and not keeps_unreadable:
            raise read
        elif read is not None:
            scan.unreadable.append(read)
        elif os.path.splitext(path)[1].lower() in DICOM_SUFFIXES:  # noqa: PTH122 - a Path takes as long as the header
            scan.broken.append(path)
        else:
            scan.others.append(path)
    return scan
