"""Scans a folder or a list of files: the headers of the DICOM files among them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ...errors import FileAccessError, MissingPathError
from ...storage.files import StoredFile, check_content
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
    """

    headers: list[Header] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


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
    """The files of one folder and, if asked for, of those below it."""
    below = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_file():
                    yield entry.path
                elif recursive and entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
    except FileNotFoundError as error:
        raise MissingPathError("there is no such folder", path=folder, advice="check the path") from error
    except OSError as error:
        raise FileAccessError(
            f"the folder cannot be listed ({error.strerror})", path=folder, advice="check its permissions"
        ) from error
    for path in below:
        yield from find_files(path, recursive)


def scan_files(files: Iterable[StoredFile | str]) -> Scan:
    """Read the head of each file.

    Raises:
        CorruptFileError: If a file begins as DICOM and cannot be followed: it could be a slice of any series,
            and a volume without it would have a hole.
        FileAccessError: If a file cannot be opened, for the same reason.
    """
    scan = Scan()
    for file in files:
        header = read_header(file)
        path = file if isinstance(file, str) else file.name
        if header is not None:
            scan.headers.append(header)
            continue
        if not isinstance(file, str):
            # A damaged slice in an archive may look like a file of another kind.
            check_content(file)
        if os.path.splitext(path)[1].lower() in DICOM_SUFFIXES:  # noqa: PTH122 - a Path takes as long as the header
            scan.broken.append(path)
        else:
            scan.others.append(path)
    return scan
