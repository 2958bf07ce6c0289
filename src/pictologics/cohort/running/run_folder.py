"""The folder that a run writes to: of this machine, or reached by a URL; files in it are whole or not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import CorruptFileError, MissingPathError, OptionError
from ...image import Image
from ...loader import load_image
from ...saving import StoredType, save_image
from ...storage.file_writing import replace_file
from ...storage.files import DiskFile, StoredFile
from ...storage.paths import expand_home, is_folder, refuse_system_errors
from ...storage.remote_files import RemoteFile
from ...storage.remote_folders import list_remote_folder
from ...storage.remote_writing import remove_remote_file, write_anywhere
from ...storage.urls import find_url, hide_secrets, local_path_of
from .output_folders import hash_folder, measure_folder, remove_folder

__all__ = ["RunFolder", "make_folder", "open_run_folder"]

HASHED_AT_ONCE = 1 << 18
"""Bytes that a checksum is taken of at a time: as many as stay in the processor's cache."""


@dataclass(frozen=True)
class RunFolder:
    """A folder by its path or URL; small, so that it travels to workers.

    Every path is one below the folder, with forward slashes.

    Attributes:
        root: The absolute path, or a URL that fsspec knows.
        dtype: How voxels are stored, as ``save_image`` has it.
    """

    root: str
    dtype: StoredType = "own"

    @property
    def is_remote(self) -> bool:
        """Whether it is reached by a URL."""
        return "://" in self.root

    def save(self, image: Image, path: str) -> None:
        """Write an image, as ``pictologics.save_image`` does; folders of its path are made."""
        if not self.is_remote:
            make_folder(Path(self.locate(path)).parent)
        save_image(image, self.locate(path), dtype=self.dtype)

    def load(self, path: str) -> Image:
        """Load an image that was written here."""
        return load_image(self.locate(path))

    def write_text(self, path: str, text: str) -> None:
        r"""Write a text file, as UTF-8; folders of its path are made.

        What UTF-8 cannot hold, as some names of files do, is escaped as ``\udce9``, which JSON reads as it was.
        """
        with self.open_for_writing(path) as file:
            file.write_text(text, encoding="utf-8", errors="backslashreplace")

    def read_text(self, path: str) -> str | None:
        """Read a text file; None if it is not there.

        Raises:
            CorruptFileError: If it is no text in UTF-8.
        """
        try:
            with self.find_file(path).open() as file:
                return file.read_at(0, file.size).decode("utf-8")
        except MissingPathError:
            return None
        except UnicodeDecodeError as error:
            raise CorruptFileError(
                "this is no text in UTF-8, which it was written as", path=self.show(path), advice="delete it"
            ) from error

    def list_names(self, folder: str) -> list[str]:
        """Names of the files in a folder, in alphabetical order; none if it is not there."""
        try:
            if self.is_remote:
                listing = list_remote_folder(self.locate(folder))
                return sorted([entry.path for entry in listing.files] + listing.folders)
            with refuse_system_errors("the folder cannot be read", self.locate(folder)):
                return sorted(entry.name for entry in os.scandir(self.locate(folder)))
        except MissingPathError:
            return []

    def measure(self, path: str) -> int | None:
        """Bytes of a file, or of all files of an output that is a folder; None if it is not there."""
        if self.holds_folder(path):
            return measure_folder(Path(self.locate(path)))
        try:
            with self.find_file(path).open() as file:
                return file.size
        except MissingPathError:
            return None

    def hash(self, path: str) -> str:
        """SHA-256 of a file, in hexadecimal digits; of an output that is a folder, of the list of its files."""
        if self.holds_folder(path):
            return hash_folder(Path(self.locate(path)), lambda file: hash_stored_file(DiskFile(file)))
        return hash_stored_file(self.find_file(path))

    def remove(self, path: str, *, is_listed: bool = False) -> None:
        """Remove a file, or an output that is a folder; nothing happens if it is not there.

        Args:
            path: Where it is.
            is_listed: Whether a manifest lists it, so that it is an output even where it is damaged.

        Raises:
            OptionError: If a folder is there that no run has written.
            FileAccessError: If the system refuses.
        """
        if self.holds_folder(path):
            remove_folder(Path(self.locate(path)), is_listed)
            return
        with suppress(MissingPathError), refuse_system_errors("the file cannot be removed", self.locate(path)):
            if self.is_remote:
                remove_remote_file(self.locate(path))
            else:
                Path(self.locate(path)).unlink()

    def holds_folder(self, path: str) -> bool:
        """Whether there is a folder at a path; storage behind URLs has no outputs that are."""
        return not self.is_remote and is_folder(Path(self.locate(path)))

    def locate(self, path: str) -> str:
        """The whole path, or the URL, of a path below the folder.

        Raises:
            CorruptFileError: If it leads out of the folder: a manifest from elsewhere could name any file.
        """
        parts = path.replace(os.sep, "/").split("/")
        if ".." in parts or (os.path.splitdrive(path)[0] and not self.is_remote):
            raise CorruptFileError(
                f"the manifest names a file outside of it, {path!r}",
                path=hide_secrets(self.root),
                advice="nothing is read or removed there; delete that case's row and run again",
            )
        return f"{self.root.rstrip('/')}/{path}" if self.is_remote else os.path.join(self.root, *path.split("/"))  # noqa: PTH118 - Path would take "." away

    def show(self, path: str = "") -> str:
        """What messages call a file, or the folder itself: a URL without what may be secret in it."""
        return hide_secrets(self.locate(path) if path else self.root)

    @contextmanager
    def open_for_writing(self, path: str) -> Iterator[Path]:
        """A file of this machine to write, which goes to its place when it is complete."""
        if not self.is_remote:
            target = Path(self.locate(path))
            make_folder(target.parent)
            with replace_file(target) as temporary:
                yield temporary
            return
        with write_anywhere(self.locate(path)) as target:
            yield target

    def find_file(self, path: str) -> StoredFile:
        """A file, not opened yet."""
        return RemoteFile(self.locate(path)) if self.is_remote else DiskFile(self.locate(path))


def open_run_folder(out: str | os.PathLike[str]) -> RunFolder:
    """The folder that a path, whose ``~`` is a home, or a URL names; whether it is there is not looked at.

    Raises:
        OptionError: If it is no path.
    """
    url = find_url(out)
    local = None if url is None else local_path_of(url)
    if url is not None and local is None:
        return RunFolder(url)
    if local is None and (not isinstance(out, (str, os.PathLike)) or not os.fspath(out)):
        raise OptionError(f"out is {out!r} and must be a path or a URL", advice="name the folder to write to")
    return RunFolder(str((expand_home(out) if local is None else local).absolute()))


def make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises:
        FileAccessError: If the system refuses.
    """
    with refuse_system_errors("the folder cannot be made", folder):
        folder.mkdir(parents=True, exist_ok=True)


def hash_stored_file(stored: StoredFile) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    # The same bytes of memory again and again: new ones cost more than the reading.
    buffer = np.empty(HASHED_AT_ONCE, np.uint8)
    with stored.open() as file:
        for start in range(0, file.size, HASHED_AT_ONCE):
            piece = buffer[: file.size - start]
            file.fill(start, piece)
            digest.update(piece.data)
    return digest.hexdigest()
