"""DICOMDIR -> the files that it lists."""

from __future__ import annotations

from pathlib import Path, PurePath

from ...errors import CorruptFileError, MissingPathError
from ...storage.files import DiskFile, StoredFile

__all__ = ["MEDIA_STORAGE_DIRECTORY", "listed_files"]

MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"


def listed_files(index: Path) -> list[StoredFile]:
    """The files that a DICOMDIR refers to, in its order (DICOM PS3.3 F.3).

    Raises:
        CorruptFileError: If it cannot be followed, lists nothing, or refers to something outside its folder.
        MissingPathError: If a file that it lists is not there.
    """
    from pydicom import dcmread

    try:
        records = dcmread(index).get("DirectoryRecordSequence") or []
        names = [record.get("ReferencedFileID") for record in records]
    except (
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        NotImplementedError,
        TypeError,
        ValueError,
    ) as error:
        raise CorruptFileError("this DICOMDIR cannot be followed", path=index, advice="pass its folder") from error
    files, absent = list[StoredFile](), list[str]()
    for name in names:
        if not name:
            continue
        parts = [name] if isinstance(name, str) else list(name)
        path = resolve(index, parts)
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


def resolve(index: Path, parts: list[str]) -> Path | None:
    """The file that a record names, in the case that the disk has it; None if it is not there."""
    if any(PurePath(part).is_absolute() or part in {"", "."} or ".." in PurePath(part).parts for part in parts):
        raise CorruptFileError(f"this DICOMDIR refers to {parts}, outside its folder", path=index)
    for change in (str, str.lower):
        path = index.parent.joinpath(*map(change, parts))
        if path.is_file():
            return path
    return None
