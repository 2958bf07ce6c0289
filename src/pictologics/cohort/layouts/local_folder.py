"""A folder of this machine in which a data set is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...errors import CorruptFileError
from ...image import Image
from ...loader import load_image
from ...saving import save_image
from ...storage.file_writing import replace_file
from ...storage.paths import is_file, refuse_system_errors

__all__ = ["LocalFolder"]


@dataclass(frozen=True)
class LocalFolder:
    """A folder, as layouts see it (``OutputFolder``).

    Attributes:
        root: The folder.
    """

    root: Path

    def save(self, image: Image, path: str) -> None:
        """Write an image."""
        save_image(image, self.make_place(path))

    def load(self, path: str) -> Image:
        """Load an image that was written here."""
        return load_image(self.root / path)

    def write_text(self, path: str, text: str) -> None:
        """Write a text file."""
        with replace_file(self.make_place(path)) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")

    def read_text(self, path: str) -> str | None:
        """Read a text file; None if it is not there."""
        file = self.root / path
        if not is_file(file):
            return None
        try:
            with refuse_system_errors("the file cannot be read", file):
                return file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise CorruptFileError("it is no text in UTF-8", path=file, advice="remove it and run again") from error

    def make_place(self, path: str) -> Path:
        """The path of a file whose folder is there."""
        file = self.root / path
        with refuse_system_errors("the folder cannot be made", file.parent):
            file.parent.mkdir(parents=True, exist_ok=True)
        return file
