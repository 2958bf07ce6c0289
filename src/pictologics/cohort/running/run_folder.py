"""The folder that a run writes to: of this machine, or reached by a URL; files in it are whole or not there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import FileAccessError, OptionError
from ...image import Image
from ...loader import load_image
from ...saving import save_image
from ...storage.file_writing import replace_file
from ...storage.files import access_error
from ...storage.paths import refuse_system_errors

__all__ = ["RunFolder", "make_folder", "open_run_folder"]

HASHED_AT_ONCE = 1 << 20
"""Bytes that a checksum is taken of at a time."""


@dataclass(frozen=True)
class RunFolder:
    """A folder by its path or URL; small, so that it travels to workers.

    Every path is one below the folder, with forward slashes.

    Attributes:
        root: The absolute path, or a URL that fsspec knows.
    """

    root: str

    @property
    def is_remote(self) -> bool:
        """Whether it is reached by a URL."""
        return "://" in self.root

    def save(self, image: Image, path: str) -> None:
        """Write an image, as ``pictologics.save_image`` does; folders of its path are made."""
        if not self.is_remote:
            make_folder(Path(self.locate(path)).parent)
            save_image(image, self.locate(path))
            return
        with self.open_for_writing(path) as file:
            save_image(image, file)

    def load(self, path: str) -> Image:
        """Load an image that was written here."""
        return load_image(self.locate(path))

    def write_text(self, path: str, text: str) -> None:
        """Write a text file, as UTF-8; folders of its path are made."""
        with self.open_for_writing(path) as file:
            file.write_text(text, encoding="utf-8")

    def read_text(self, path: str) -> str | None:
        """Read a text file; None if it is not there."""
        try:
            with refuse_all_but_missing("the file cannot be read", self.locate(path)):
                if self.is_remote:
                    return str(self.file_system.cat_file(self.locate(path)).decode("utf-8"))
                return Path(self.locate(path)).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def list_names(self, folder: str) -> list[str]:
        """Names of the files in a folder, in alphabetical order; none if it is not there."""
        try:
            with refuse_all_but_missing("the folder cannot be read", self.locate(folder)):
                if self.is_remote:
                    entries = self.file_system.ls(self.locate(folder), detail=False)
                    return sorted(str(entry).rstrip("/").rpartition("/")[2] for entry in entries)
                return sorted(entry.name for entry in os.scandir(self.locate(folder)))
        except FileNotFoundError:
            return []

    def measure(self, path: str) -> int | None:
        """Bytes of a file; None if it is not there."""
        try:
            with refuse_all_but_missing("the file cannot be read", self.locate(path)):
                if self.is_remote:
                    return int(self.file_system.size(self.locate(path)))
                return Path(self.locate(path)).stat().st_size
        except FileNotFoundError:
            return None

    def hash(self, path: str) -> str:
        """SHA-256 of a file, in hexadecimal digits."""
        digest = hashlib.sha256()
        with self.open_for_reading(path) as file:
            while piece := file.read(HASHED_AT_ONCE):
                digest.update(piece)
        return digest.hexdigest()

    def remove(self, path: str) -> None:
        """Remove a file; nothing happens if it is not there."""
        with suppress(FileNotFoundError), refuse_all_but_missing("the file cannot be removed", self.locate(path)):
            if self.is_remote:
                self.file_system.rm_file(self.locate(path))
            else:
                Path(self.locate(path)).unlink()

    def locate(self, path: str) -> str:
        """The whole path, or the URL, of a path below the folder."""
        return f"{self.root.rstrip('/')}/{path}" if self.is_remote else os.path.join(self.root, *path.split("/"))  # noqa: PTH118 - Path would take "." away

    @contextmanager
    def open_for_writing(self, path: str) -> Iterator[Path]:
        """A file of this machine to write, which goes to its place when it is complete."""
        if not self.is_remote:
            target = Path(self.locate(path))
            make_folder(target.parent)
            with replace_file(target) as temporary:
                yield temporary
            return
        with tempfile.TemporaryDirectory(prefix="pictologics-") as folder:
            yield Path(folder) / path.rpartition("/")[2]
            try:
                # An object is there when all of it is. A header may have its voxels in a file beside it.
                for file in sorted(Path(folder).iterdir()):
                    above = path.rpartition("/")[0]
                    self.file_system.put_file(str(file), self.locate(f"{above}/{file.name}".lstrip("/")))
            except OSError as error:
                raise FileAccessError(
                    f"the file cannot be written ({error})", path=self.locate(path), advice="check the storage"
                ) from error

    def open_for_reading(self, path: str) -> Any:
        """A file, opened to read its bytes."""
        with refuse_all_but_missing("the file cannot be read", self.locate(path)):
            return self.file_system.open(self.locate(path), "rb") if self.is_remote else open(self.locate(path), "rb")  # noqa: PTH123

    @property
    def file_system(self) -> Any:
        """What fsspec reaches the URL by; it keeps one for each kind and settings."""
        import fsspec

        return fsspec.core.url_to_fs(self.root)[0]


def open_run_folder(out: str | os.PathLike[str]) -> RunFolder:
    """The folder that a path or URL names; whether it is there is not looked at.

    Raises:
        OptionError: If it is no path.
    """
    if not isinstance(out, (str, os.PathLike)) or not os.fspath(out):
        raise OptionError(f"out is {out!r} and must be a path or a URL", advice="name the folder to write to")
    root = os.fspath(out)
    return RunFolder(root if "://" in root else str(Path(root).absolute()))


@contextmanager
def refuse_all_but_missing(found: str, path: str) -> Iterator[None]:
    """Turn what the system refuses into our error, unless the file is missing, which may be as it should."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise access_error(found, error, path) from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it.

    Raises:
        FileAccessError: If the system refuses.
    """
    with refuse_system_errors("the folder cannot be made", folder):
        folder.mkdir(parents=True, exist_ok=True)
