"""Archives as lists of files that are read where they are: zip, tar and tar.gz.

Nothing is unpacked to disk. The number of entries and the sizes they claim are limited, and no entry may claim a place
outside the archive.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import PurePosixPath
from typing import IO, cast

from ..errors import ContentWarning, CorruptFileError, UnsupportedFormatError, warn
from .expansion import find_most_expanded
from .file_parts import FileStream, PartOfFile
from .files import MemoryFile, OpenFile, StoredFile
from .inflation import MOST_DEFLATION, InflatedStream
from .probed_file import ProbedFile
from .remote_files import RemoteFile, fetch_whole_file
from .tar_index import is_tar, walk_tar_entries
from .zip_entries import ZIP_DEFLATED, ZIP_MARKS, ZIP_STORED, ZipEntry, read_zip_index

__all__ = ["list_archive_entries", "looks_like_archive"]

MOST_ARCHIVE_ENTRIES = 200_000
"""Limit for untrusted archives: the largest studies have a tenth of this."""

MOST_ARCHIVE_BYTES = 1 << 36
"""Limit for untrusted archives: what all entries together may say that they hold."""

MOST_BYTES_IN_MEMORY = 1 << 33
"""A compressed tar has no index, so that its whole content is in memory while it is loaded."""


TAR_EXPANSION = 100.0
"""By this factor label maps shrink, images by a tenth of it; what shrinks further is a trap, unless it is small."""


def looks_like_archive(head: bytes, inflated_head: bytes) -> bool:
    """Whether a file begins as an archive, behind gzip or not."""
    return head[:4] in ZIP_MARKS or is_tar(inflated_head)


def list_archive_entries(probed: ProbedFile) -> list[StoredFile]:
    """List the files in an archive, in the order of their names.

    Raises:
        CorruptFileError: If the archive is damaged, too large, or has entries that climb out of it.
        UnsupportedFormatError: If its entries are encrypted, or compressed by another method than deflate.
    """
    head, file = probed.head, probed.file
    if isinstance(file, RemoteFile):
        # The pieces of an archive are all over it, and an archive of a series is loaded whole.
        file = fetch_whole_file(file)
    if head[:4] not in ZIP_MARKS and not is_tar(head):
        file = MemoryFile(file.name, inflate_whole(file))
    with file.open() as source:
        try:
            entries = (list_zip_entries if head[:4] in ZIP_MARKS else list_tar_entries)(file, source)
        except (zipfile.BadZipFile, struct.error, NotImplementedError, OverflowError, ValueError) as error:
            if isinstance(error, (CorruptFileError, UnsupportedFormatError)):
                raise
            raise CorruptFileError(
                f"the archive cannot be read ({error})", path=file.name, advice="fetch it again"
            ) from error
    return sorted(entries, key=lambda entry: entry.name)


class ArchiveLimits:
    """Counts the entries and bytes that an archive claims, and refuses too many."""

    def __init__(self, archive: str, most_bytes: int) -> None:
        self.archive = archive
        self.most_bytes = most_bytes
        self.entries = 0
        self.bytes = 0

    def add(self, name: str, size: int) -> None:
        """Count one entry."""
        self.entries += 1
        self.bytes += size
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise CorruptFileError(
                f"its entry '{name}' leads out of the archive", path=self.archive, advice="do not trust this archive"
            )
        if self.entries > MOST_ARCHIVE_ENTRIES or self.bytes > self.most_bytes:
            raise CorruptFileError(
                f"it holds more than {MOST_ARCHIVE_ENTRIES} entries or {self.most_bytes >> 30} GB",
                path=self.archive,
                advice="unpack it and load its folders",
            )


def is_hidden(name: str) -> bool:
    """Whether an entry is one of those that a folder's listing leaves out."""
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def list_zip_entries(file: StoredFile, source: OpenFile) -> list[StoredFile]:
    """List the files of a zip archive."""
    limits, entries = ArchiveLimits(file.name, MOST_ARCHIVE_BYTES), list[StoredFile]()
    # The index of an archive is spread over it; of a file on disk this reads only what is asked for.
    for info in read_zip_index(cast(IO[bytes], FileStream(source)), source.size, file.name):
        limits.add(info.filename, info.file_size)
        if not info.filename or info.is_dir() or is_hidden(info.filename):
            # It is passed over for its name, which must be the true one.
            ZipEntry(file, info).open().close()
            continue
        if info.flag_bits & 1 or info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            reason = "encrypted" if info.flag_bits & 1 else f"compressed by method {info.compress_type}"
            raise UnsupportedFormatError(
                f"its entry '{info.filename}' is {reason}", path=file.name, advice="unpack the archive first"
            )
        if info.file_size > info.compress_size * (MOST_DEFLATION if info.compress_type == ZIP_DEFLATED else 1):
            raise CorruptFileError(
                f"its entry '{info.filename}' says that {info.compress_size} bytes inflate to {info.file_size}",
                path=file.name,
                advice="do not trust this archive",
            )
        entries.append(ZipEntry(file, info))
    return entries


def list_tar_entries(file: StoredFile, source: OpenFile) -> list[StoredFile]:
    """List the files of a tar archive; links and devices are left out."""
    limits, entries = ArchiveLimits(file.name, MOST_ARCHIVE_BYTES), list[StoredFile]()
    for entry in walk_tar_entries(source, file.name):
        limits.add(entry.name, entry.size)
        if entry.is_file and not is_hidden(entry.name):
            entries.append(PartOfFile(file, f"{file.name}/{entry.name}", entry.start, entry.size))
    return entries


def inflate_whole(file: StoredFile) -> bytes:
    """The whole content of a gzip file, within the limits above."""
    with file.open() as source:
        most = int(min(MOST_BYTES_IN_MEMORY, find_most_expanded(source.size, TAR_EXPANSION)))
    content = bytearray()
    with InflatedStream(file) as pieces:
        while piece := pieces.next_piece():
            content += piece
            if len(content) > most:
                raise CorruptFileError(
                    f"its content is larger than {most >> 20} MB",
                    path=file.name,
                    advice="unpack it and load its folders, or if you trust it, call set_max_expansion",
                )
    if pieces.has_more:
        warn(f"'{file.name}': bytes that follow its gzip data were ignored", ContentWarning)
    return bytes(content)
