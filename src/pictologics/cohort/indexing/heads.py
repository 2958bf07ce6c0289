"""Reads the heads of files: one file to its header, or to what else it is, and a row of the table of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, Final

from ...dicom.headers import tags
from ...dicom.headers.header import Header
from ...dicom.headers.header_reading import read_open_header
from ...dicom.headers.scanning import DICOM_SUFFIXES
from ...dicom.studies.pseudonyms import Pseudonyms
from ...errors import (
    CorruptFileError,
    FileAccessError,
    MissingPathError,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
)
from ...storage.archives import list_archive_entries, looks_like_archive
from ...storage.files import ClosesOnExit, OpenFile, StoredFile
from ...storage.gzip_heads import inflate_head, is_gzip
from ...storage.paths import escape_bytes
from ...storage.probed_file import ProbedFile
from .nameless_text import remove_names
from .series_rows import SeriesRows
from .volume_file_rows import describe_volume_file_rows

__all__ = ["REFUSED_BY_SYSTEM", "FilePlace", "HeadFile", "is_text", "read_heads", "refuse_name"]

REFUSED_BY_SYSTEM: Final = frozenset({FileAccessError.__name__, MissingPathError.__name__})
"""Errors that may be gone the next time although the file is the same."""

LONGEST_HASHED_HEAD: Final = 1 << 20
"""Bytes of a header that its hash covers at most."""

TELLING_SUFFIXES: Final = DICOM_SUFFIXES | {".nii", ".nrrd", ".nhdr", ".mha", ".mhd"}
"""Suffixes of which a file that is something else is damaged, or has another's name."""

CONTENT_DIGITS: Final = 16
"""Hexadecimal digits of a hash of content: 64 bits tell the objects of one series apart."""

FIRST_BYTES: Final = 512
"""Enough to tell an archive, behind gzip too."""


@dataclass(frozen=True, slots=True)
class FilePlace:
    """Where a file is and what the listing says of it.

    Attributes:
        path: Relative to the root.
        entry: The name inside the archive at that path; empty for a file of its own.
        size: Bytes of the file, or of the archive.
        mtime_ns: When it was last changed, nanoseconds since 1970.
    """

    path: str
    entry: str
    size: int
    mtime_ns: int


@dataclass(slots=True)
class HeadFile:
    """What the head of a file says.

    Attributes:
        place: Where the file is.
        row: Its row of the table of files.
        header: Its header, if it is DICOM and can be read.
        volume: What the tables say of it, if it is an image or a mask of another format.
    """

    place: FilePlace
    row: dict[str, Any]
    header: Header | None = None
    volume: SeriesRows | None = None


class HeadWindow(ClosesOnExit):
    """An open file that remembers its first bytes, as they were read, for their hash."""

    __slots__ = ("head", "opened", "size")

    def __init__(self, opened: OpenFile) -> None:
        self.opened = opened
        self.size = opened.size
        self.head = b""

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on."""
        content = self.opened.read_at(offset, count)
        if not offset and not self.head:
            self.head = content
        return content

    def fill(self, offset: int, buffer: Any) -> None:
        """Read straight into a buffer."""
        self.opened.fill(offset, buffer)


def read_heads(file: StoredFile, place: FilePlace, names: Pseudonyms) -> Iterator[HeadFile]:
    """Read the head of a file, or those of all entries of an archive.

    Args:
        file: The file.
        place: Where it is.
        names: What makes pseudonyms.

    Yields:
        What was found; of what cannot be read, the error in its row, never raised.
    """
    try:
        with file.open() as opened:
            window = HeadWindow(opened)
            header = read_open_header(file, window)
            if header is not None:
                yield HeadFile(place, describe_dicom_file(header, window, place, names), header)
                return
            probed = ProbedFile(file, opened) if is_archive_head(window.head) else None
        if probed is None or not looks_like_archive(probed.head, probed.inflated_head):
            yield describe_other_file(file, place, names)
            return
        entries = list_archive_entries(probed)
    except PictologicsError as error:
        yield HeadFile(place, describe_unreadable_file(place, error))
        return
    yield HeadFile(place, describe_place(place))
    for entry in entries:
        name = name_entry(entry, file)
        yield read_entry(entry, name, place, names) if is_text(name) else refuse_name(replace(place, entry=name))


def read_entry(file: StoredFile, name: str, archive: FilePlace, names: Pseudonyms) -> HeadFile:
    """Read the head of an entry of an archive; an archive in an archive is not opened."""
    place = FilePlace(archive.path, name, archive.size, archive.mtime_ns)
    try:
        with file.open() as opened:
            window = HeadWindow(opened)
            header = read_open_header(file, window)
            if header is None:
                return HeadFile(place, describe_place(place))
            return HeadFile(place, describe_dicom_file(header, window, place, names), header)
    except PictologicsError as error:
        return HeadFile(place, describe_unreadable_file(place, error))


def is_archive_head(head: bytes) -> bool:
    """Whether a file may be an archive: most others need not be read further to know that they are none."""
    inflated = inflate_head(head, FIRST_BYTES) if is_gzip(head) else head
    return looks_like_archive(head, inflated)


def describe_place(place: FilePlace) -> dict[str, Any]:
    """The columns that say where a file is."""
    return {"path": place.path, "entry": place.entry or None, "size": place.size, "mtime_ns": place.mtime_ns}


def describe_dicom_file(header: Header, window: HeadWindow, place: FilePlace, names: Pseudonyms) -> dict[str, Any]:
    """The row of a DICOM file."""
    return {
        "path": place.path,
        "entry": place.entry or None,
        "size": window.size if place.entry else place.size,
        "mtime_ns": place.mtime_ns,
        "format": "DICOM",
        "series_key": find_series_key(header, place, names),
        "instance_key": names.instance(header.text(tags.SOP_INSTANCE_UID)),
        "content": hash_content(header, window, names),
        "instance_number": header.try_integer(tags.INSTANCE_NUMBER),
    }


def find_series_key(header: Header, place: FilePlace, names: Pseudonyms) -> str | None:
    """The series of a file; an image that names none is one of its own, and what else names none belongs to none."""
    uid = header.text(tags.SERIES_INSTANCE_UID)
    if uid or not header.pixel_tag:
        return names.series(uid)
    return names.volume_file(f"{place.path}/{place.entry}" if place.entry else place.path)


def hash_content(header: Header, window: HeadWindow, names: Pseudonyms) -> str:
    """A hash of the data set up to its pixels, and of how long it is.

    It leaves out the meta information, which every program that passes an object on writes anew. It is keyed: without
    the key nobody can try whether a patient's data give it.
    """
    start = header.dataset_offset
    end = header.pixel_offset if header.pixel_tag and not header.is_deflated else window.size
    end = min(end, start + LONGEST_HASHED_HEAD)
    head = window.head if end <= len(window.head) else window.read_at(0, end)
    length = window.size - start
    # Processors have instructions for SHA-256; of half its digits nobody can go on to hash, knowing a beginning.
    return sha256(names.key + length.to_bytes(16, "little") + head[start:end]).hexdigest()[:CONTENT_DIGITS]


def describe_other_file(file: StoredFile, place: FilePlace, names: Pseudonyms) -> HeadFile:
    """What is not DICOM: perhaps an image of another format.

    Raises:
        PictologicsError: If it is of a format that is read, or its name says so, and it cannot be read.
    """
    suffix = PurePosixPath(place.path.lower().removesuffix(".gz")).suffix
    volume = None if suffix in DICOM_SUFFIXES else describe_volume_file_rows(file, place.path, names)
    if volume is None:
        if suffix in TELLING_SUFFIXES:
            if not place.size:
                raise CorruptFileError("the file is empty", advice="fetch it again")
            raise UnsupportedFormatError(
                f"its name ends in {suffix}, and its content is of no such format",
                advice="fetch it again, or give it its true name",
            )
        return HeadFile(place, describe_place(place))
    found = {"format": volume.series["format"], "series_key": volume.series["series_key"]}
    return HeadFile(place, {**describe_place(place), **found}, volume=volume)


def describe_unreadable_file(place: FilePlace, error: PictologicsError) -> dict[str, Any]:
    """The row of a file that cannot be read. The path is in its own column, unless the error is about another file."""
    is_own = not error.path or error.path.endswith(place.entry or place.path)
    about = "" if is_own else f"'{error.path}': "
    text = remove_names(about + (f"{error.found}; {error.advice}" if error.advice else error.found), ())
    path, entry, text = map(escape_bytes, (place.path, place.entry, text))
    named = replace(place, path=path, entry=entry)
    return {**describe_place(named), "error": type(error).__name__, "error_text": text}


def is_text(name: str) -> bool:
    """Whether a name can stand in a table: on some systems, and in some archives, names are bytes and no text."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_name(place: FilePlace) -> HeadFile:
    """What stands for a file whose name cannot stand in a table."""
    error = OptionError("its name is not text in UTF-8", advice="rename it")
    return HeadFile(place, describe_unreadable_file(place, error))


def name_entry(file: StoredFile, archive: StoredFile) -> str:
    """The name of an entry within its archive."""
    return file.name[len(archive.name) + 1 :]
