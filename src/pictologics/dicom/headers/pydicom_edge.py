"""The edge to pydicom: the only file here that calls it, and the home of what it raises on damaged bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...errors import CorruptFileError
from ...silence import silence_this_thread
from ...storage.inflation import count_deflated

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = [
    "check_deflated_size",
    "decode_text",
    "find_registered_name",
    "list_directory_records",
    "list_pydicom_errors",
    "parse_with_pydicom",
    "refuse_damage",
]

LARGEST_DEFLATED: Final = 1 << 30
"""Bytes; nobody deflates more, as such files cannot be read in parts."""


def list_pydicom_errors() -> tuple[type[Exception], ...]:
    """The errors that pydicom raises on bytes that it cannot follow, for an ``except`` clause.

    A function, because pydicom takes longer to import than many folders take to scan. Of the common errors,
    NotImplementedError and RecursionError are RuntimeErrors.
    """
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (
        BytesLengthException, InvalidDicomError, ArithmeticError, AttributeError, EOFError, LookupError, MemoryError,
        OSError, RuntimeError, TypeError, ValueError, struct.error, zlib.error,
    )  # fmt: skip


@contextmanager
def refuse_damage(path: str | Path, found: str, advice: str = "fetch the file again") -> Iterator[None]:
    """Turn whatever pydicom raises on damaged bytes into our error.

    Raises:
        CorruptFileError: Instead of any of ``list_pydicom_errors()``.
    """
    try:
        yield
    except list_pydicom_errors() as error:
        raise CorruptFileError(found, path=path, advice=advice) from error


def check_deflated_size(path: str, compressed: bytes) -> None:
    """Refuse a deflated data set that is too large for pydicom, which inflates all of it for the sake of its head.

    Raises:
        CorruptFileError: If it is.
    """
    if count_deflated(compressed, LARGEST_DEFLATED) > LARGEST_DEFLATED:
        raise CorruptFileError(
            f"its {len(compressed)} deflated bytes inflate to more than {LARGEST_DEFLATED >> 30} GB, and its "
            "attributes cannot be read without all of them",
            path=path,
            advice="convert the file to a transfer syntax that is not deflated",
        )


def parse_with_pydicom(content: bytes) -> tuple[Dataset, int]:
    """Parse what stands before the pixels; values stay bytes until they are asked for.

    Returns:
        The data set, and the offset in the content, or in what is inflated of it, at which pydicom stopped.
    """
    from pydicom import dcmread

    file = BytesIO(content)
    # Odd is what pydicom did not expect; what is wrong with the file our own checks say.
    with silence_this_thread():
        dataset = dcmread(file, stop_before_pixels=True, force=True)
    return dataset, file.tell()


def list_directory_records(index: Path) -> list[list[str]]:
    """The parts of each path to which a DICOMDIR refers, in its order."""
    from pydicom import dcmread

    with silence_this_thread():
        records = dcmread(index, force=True).get("DirectoryRecordSequence") or []
        names = [record.get("ReferencedFileID") for record in records]
    # A name is one text or several; any other type is that of another attribute's value.
    parts = [[name] if isinstance(name, str) else list(name) for name in names if name]
    if not all(isinstance(part, str) for name in parts for part in name):
        raise TypeError("the name of a file is no text")
    return parts


def find_registered_name(uid: str) -> str:
    """The name of a UID in the registry of the standard (DICOM PS3.6 A), retired ones too; empty if it has none."""
    from pydicom.uid import UID

    name = UID(uid).name
    return "" if name == uid else name


def decode_text(raw: bytes, character_sets: list[str]) -> str:
    """Text in the character sets that a file names (DICOM PS3.5 6.1); Latin-1 where they make no sense of it."""
    from pydicom.charset import convert_encodings, decode_bytes
    from pydicom.valuerep import TEXT_VR_DELIMS

    try:
        # pydicom warns of a character set that it does not know; what it then does is good enough here.
        with silence_this_thread():
            return decode_bytes(raw, convert_encodings(character_sets), set(TEXT_VR_DELIMS))
    except (LookupError, ValueError):
        return raw.decode("latin-1")
