"""Outputs that are folders of files, as OME-Zarr is: measured, hashed and removed as if each were one file."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ...errors import OptionError
from ...formats.ome_zarr.vocabulary import ZARR_MARKS
from ...storage.paths import refuse_system_errors

__all__ = ["hash_folder", "measure_folder", "remove_folder"]

OUTPUT_FOLDER: Final = ".zarr"
"""What the name of an output that is a folder ends with, be it ".ome.zarr" or not."""


def list_files_below(folder: Path) -> Iterator[Path]:
    """The files in a folder and below, in an order that does not depend on the file system."""
    for above, below, files in os.walk(folder):
        below.sort()
        yield from (Path(above, name) for name in sorted(files))


def measure_folder(folder: Path) -> int:
    """Bytes of all files of a folder.

    Raises:
        FileAccessError: If the system refuses.
    """
    with refuse_system_errors("the folder cannot be read", folder):
        return sum(file.stat().st_size for file in list_files_below(folder))


def hash_folder(folder: Path, hash_file: Callable[[Path], str]) -> str:
    """SHA-256, in hexadecimal digits, of a line for each file, as sha256sum prints it within the folder.

    Args:
        folder: The folder.
        hash_file: Gives the SHA-256 of a file.
    """
    lines = hashlib.sha256()
    for file in list_files_below(folder):
        lines.update(f"{hash_file(file)}  {file.relative_to(folder).as_posix()}\n".encode())
    return lines.hexdigest()


def remove_folder(folder: Path, is_listed: bool = False) -> None:
    """Remove a folder that was written as an output, and no other.

    Args:
        folder: The folder.
        is_listed: Whether a manifest lists it: then its name is enough, as what describes it may be lost.

    Raises:
        OptionError: If it is none of OME-Zarr.
        FileAccessError: If the system refuses.
    """
    is_ours = is_listed and folder.name.endswith(OUTPUT_FOLDER)
    if not is_ours and not any((folder / mark).is_file() for mark in ZARR_MARKS):
        raise OptionError(
            "a folder is here that no run has written, and the place is needed",
            path=folder,
            advice="move it elsewhere, or run into another folder",
        )
    with refuse_system_errors("the folder cannot be removed", folder):
        shutil.rmtree(folder)
