"""Archives of a folder, of every kind that is read."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path


def add_to_zip(path: Path, folder: Path, method: int, **options) -> Path:
    with zipfile.ZipFile(path, "w", method, **options) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


def add_to_tar(path: Path, folder: Path, mode: str, layout: int) -> Path:
    with tarfile.open(path, mode, format=layout) as archive:
        archive.add(folder, folder.name)
    return path


MAKERS = {
    "stored zip": lambda path, folder: add_to_zip(path, folder, zipfile.ZIP_STORED),
    "deflated zip": lambda path, folder: add_to_zip(path, folder, zipfile.ZIP_DEFLATED),
    "best zip": lambda path, folder: add_to_zip(path, folder, zipfile.ZIP_DEFLATED, compresslevel=9),
    "tar": lambda path, folder: add_to_tar(path, folder, "w", tarfile.PAX_FORMAT),
    "ustar": lambda path, folder: add_to_tar(path, folder, "w", tarfile.USTAR_FORMAT),
    "gnu tar": lambda path, folder: add_to_tar(path, folder, "w", tarfile.GNU_FORMAT),
    "tar.gz": lambda path, folder: add_to_tar(path, folder, "w:gz", tarfile.PAX_FORMAT),
    "gnu tar.gz": lambda path, folder: add_to_tar(path, folder, "w:gz", tarfile.GNU_FORMAT),
}


def list_paths(folder: Path) -> set[str]:
    """All that is below a folder: what must not have changed."""
    return {str(path) for path in folder.rglob("*")}
