"""Lists the files to which a DICOMDIR refers."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Final

from ...errors import CorruptFileError, MissingPathError
from ...storage.files import DiskFile, StoredFile
from ...storage.paths import is_file
from .pydicom_edge import list_directory_records, refuse_damage

__all__ = ["MEDIA_STORAGE_DIRECTORY", "list_dicomdir_files"]

MEDIA_STORAGE_DIRECTORY: Final = "1.2.840.10008.1.3.10"
"""SOP class of a DICOMDIR, in its meta information (PS3.4 B.5)."""


def list_dicomdir_files(index: Path) -> list[StoredFile]:
    """The files to which a DICOMDIR refers, in its order (DICOM PS3.3 F.3).

    Raises:
        CorruptFileError: If it cannot be followed, lists nothing, or refers to something outside its folder.
        MissingPathError: If a file that it lists is not there.
    """
    with refuse_damage(index, "this DICOMDIR cannot be parsed", "pass its folder"):
        records = list_directory_records(index)
    files, absent = list[StoredFile](), list[str]()
    # A file that is listed twice is one file.
    for parts in dict.fromkeys(map(tuple, records)):
        path = find_listed_file(index, parts)
        if path is None:
            absent.append("/".join(parts))
        else:
            files.append(DiskFile(path))
    if absent:
        raise MissingPathError(
            f"this DICOMDIR lists {len(absent)} files that are not there, such as '{absent[0]}'",
            path=index,
            advice="copy the whole medium, or pass the folder to load what is there",
        )
    if not files:
        raise CorruptFileError("this DICOMDIR lists no files", path=index, advice="pass its folder")
    return files


def find_listed_file(index: Path, parts: tuple[str, ...]) -> Path | None:
    """The file that a record names, in the case that the disk has it; None if it is not there."""
    if any(PurePath(part).is_absolute() or part in {"", "."} or ".." in PurePath(part).parts for part in parts):
        raise CorruptFileError(
            f"this DICOMDIR refers to {list(parts)}, outside its folder",
            path=index,
            advice="pass the folder to load what is there",
        )
    # Names on a medium are in upper case (PS3.10 8.5), and many systems copy them in lower case.
    for change in (str, str.lower):
        path = index.parent.joinpath(*map(change, parts))
        if is_file(path):
            return path
    return None
