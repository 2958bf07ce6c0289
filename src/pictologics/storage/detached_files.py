"""The files that a header names: found beside it, and nowhere else unless that is allowed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import CorruptFileError, MissingPathError, OptionError
from ..threads import map_ahead
from .files import DiskFile, StoredFile
from .paths import is_file
from .remote_files import RemoteFile, find_neighbor, find_remote_file
from .urls import join_url

__all__ = ["MOST_FILES", "NumberedFiles", "find_named_files", "number_names", "split_numbered_files"]

NUMBER_PATTERN = re.compile(r"((?:[^%]|%%)*%[-+ 0#]*\d{0,2})l{0,2}([dui](?:[^%]|%%)*)")
"""A name with one number of printf in it, of fewer than a hundred digits; ``%%`` is a percent sign."""

MOST_FILES = 100_000
"""A header that names more files is damaged."""


MOST_DIGITS = 18
"""Of a number behind a pattern: more would not fit a word."""


LONGEST_NAME = 255
"""Bytes of the name of a file or folder, the limit of most file systems."""


REQUESTS_FOR_NAMES = 16
"""How many files beside a header on a server are asked for at once."""


@dataclass(frozen=True)
class NumberedFiles:
    """What a header says of files whose names are numbered.

    Attributes:
        pattern: As for C's printf.
        numbers: What stands behind it.
    """

    pattern: str
    numbers: tuple[int, ...]


def split_numbered_files(text: str, most: int) -> NumberedFiles | None:
    """Split a pattern of printf from the numbers behind it; None if the text is not both.

    Args:
        text: What the header says, such as ``slice%03d.raw 1 20 1``.
        most: How many numbers there can be.
    """
    # From the right, because a name may have spaces and numbers too. No regular expression: those that take both
    # parts apart try every place where the first could end.
    count = 0
    for word in reversed(text.rsplit(maxsplit=most)[1:]):
        digits = word.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
            break
        count += 1
    words = text.rsplit(maxsplit=count)
    if not count or "%" not in words[0]:
        return None
    return NumberedFiles(words[0], tuple(map(int, words[1:])))


def find_named_files(header: StoredFile, names: Sequence[str], allow_outside: bool) -> list[StoredFile]:
    """Find the files that a header names.

    Args:
        header: The file that names them.
        names: Paths, those that are not absolute from the header's folder on.
        allow_outside: Whether a file may lie elsewhere than in the header's folder and below.

    Raises:
        OptionError: If a file lies outside and that is not allowed, or the header is in memory and has no folder.
        MissingPathError: If a file is not there.
        CorruptFileError: If the header names itself.
    """
    if header.name.startswith("<"):
        raise OptionError(
            "this header names separate files of voxels, which cannot be found beside bytes in memory",
            path=header.name,
            advice="pass the path of the header",
        )
    remote = find_remote_file(header)
    if remote is not None:
        return list(map_ahead(lambda name: find_remote_neighbor(remote, name), names, REQUESTS_FOR_NAMES))
    # As the names read, without following links: data sets are often trees of links into a store elsewhere.
    folder = os.path.normpath(Path(header.name).absolute().parent)
    return [find_named_file(header, folder, name, allow_outside) for name in names]


def find_named_file(header: StoredFile, folder: str, name: str, allow_outside: bool) -> StoredFile:
    """Find one of the files."""
    if "\0" in name or not name or any(len(os.fsencode(part)) > LONGEST_NAME for part in Path(name).parts):
        raise CorruptFileError(
            f"its header names a file by {len(name)} characters that cannot be the name of one", path=header.name
        )
    path = os.path.normpath(Path(folder, name))
    if not allow_outside and not Path(path).is_relative_to(folder):
        raise OptionError(
            f"its header names the file '{name}', which lies outside its folder",
            path=header.name,
            advice="pass allow_outside_files=True if you trust the header",
            file=path,
        )
    if path == os.path.normpath(Path(header.name).absolute()):
        raise CorruptFileError("its header names itself as the file of its voxels", path=header.name)
    # Messages name it as the header was named: a relative path stays one.
    shown = os.path.normpath(Path(header.name).parent / name)
    if not is_file(shown):
        raise MissingPathError(
            f"the header '{header.name}' says that its voxels are in this file, which does not exist",
            path=shown,
            advice="copy it beside the header",
        )
    return DiskFile(shown)


def find_remote_neighbor(header: RemoteFile, name: str) -> StoredFile:
    """Find a file that a header on a server names: beside it or below, and nowhere else whatever is allowed.

    A header from elsewhere could name any file of this machine or of its network.
    """
    if join_url(header.url, name) is None:
        raise OptionError(
            "its header names a file outside its folder, and beside a header behind a URL none is followed",
            path=header.name,
            advice="download both and load the copies",
        )
    file = find_neighbor(header, name)
    if file is None:
        raise MissingPathError(
            f"its header says that its voxels are in the file '{name}' beside it, which is not there",
            path=header.name,
            advice="copy it beside the header",
        )
    if file.url == header.url:
        raise CorruptFileError("its header names itself as the file of its voxels", path=header.name)
    return file


def number_names(pattern: str, first: int, last: int, step: int, path: str) -> list[str]:
    """The names that a pattern with one number in it stands for, such as ``slice%03d.raw``.

    Args:
        pattern: As for C's printf, with one ``%d``.
        first: The first number.
        last: The last number, included.
        step: From one to the next; may be negative.
        path: The header, for messages.

    Raises:
        CorruptFileError: If the pattern holds anything else, or the numbers give no file or too many.
    """
    count = (last - first) // step + 1 if step else 0
    if not 0 < count <= MOST_FILES:
        raise CorruptFileError(f"its header names files from {first} to {last} by {step}", path=path)
    found = NUMBER_PATTERN.fullmatch(pattern)
    if found is None:
        raise CorruptFileError(
            f"its header names files by a pattern of {len(pattern)} characters that has no place for one whole number",
            path=path,
            advice="write a pattern such as slice%03d.raw",
        )
    # Without the length of the number, which C wants to know: Python has one kind of it.
    pattern = found[1] + found[2]
    return [pattern % number for number in range(first, first + step * count, step)]
