"""Archives as lists of files that are read where they are: zip, tar and tar.gz.

Nothing is unpacked to disk. The number of entries and the sizes they claim are limited, and no entry may claim a place
outside the archive.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt

from ..errors import ContentWarning, CorruptFileError, UnsupportedFormatError, warn
from .files import (
    ClosesOnExit,
    MemoryFile,
    OpenFile,
    StoredFile,
    early_end_error,
)
from .inflation import MOST_DEFLATION, DeflatedBytes, InflatedStream
from .probed_file import ProbedFile

__all__ = ["list_archive_entries", "looks_like_archive"]

MOST_ARCHIVE_ENTRIES = 200_000
"""Limit for untrusted archives: the largest studies have a tenth of this."""

MOST_ARCHIVE_BYTES = 1 << 36
"""Limit for untrusted archives: what all entries together may say that they hold."""

MOST_BYTES_IN_MEMORY = 1 << 33
"""A compressed tar has no index, so that its whole content is in memory while it is loaded."""

MOST_SHRINKING = 100
"""By this factor label maps shrink, images by a tenth of it; what shrinks further is a trap, unless it is small."""

HARMLESS_BYTES = 1 << 28
"""Content of up to this size may shrink as it likes."""

ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
"""How a zip archive begins: the first entry, or the end of an empty archive (APPNOTE 4.3.7, 4.3.16)."""

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
"""What stands before each entry of a zip archive (APPNOTE 4.3.7); the last two numbers are lengths of what follows."""

ZIP_STORED = 0
"""Compression method of an entry that is stored as it is (APPNOTE 4.4.5)."""

ZIP_DEFLATED = 8
"""Compression method of an entry that is deflated (APPNOTE 4.4.5)."""


def looks_like_archive(head: bytes, inflated_head: bytes) -> bool:
    """Whether a file begins as an archive, behind gzip or not."""
    return head[:4] in ZIP_MARKS or is_tar(inflated_head)


def is_tar(head: bytes) -> bool:
    """Whether bytes begin a tar archive (POSIX ustar or GNU)."""
    return head[257:262] == b"ustar"


def list_archive_entries(probed: ProbedFile) -> list[StoredFile]:
    """List the files in an archive, in the order of their names.

    Raises:
        CorruptFileError: If the archive is damaged, too large, or has entries that climb out of it.
        UnsupportedFormatError: If its entries are encrypted, or compressed by another method than deflate.
    """
    head, file = probed.head, probed.file
    with file.open() as source:
        # The index of an archive is spread over it; of a file on disk this reads only what is asked for.
        stream = cast(IO[bytes], FileStream(source))
        try:
            if head[:4] in ZIP_MARKS:
                entries = list_zip_entries(file, stream)
            elif is_tar(head):
                entries = list_tar_entries(file, stream)
            else:
                content = inflate_whole(file)
                entries = list_tar_entries(MemoryFile(file.name, content), io.BytesIO(content))
        except (
            zipfile.BadZipFile,
            tarfile.TarError,
            struct.error,
            EOFError,
            NotImplementedError,
            ValueError,
            zlib.error,
        ) as error:
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
                f"its entry '{name}' climbs out of the archive", path=self.archive, advice="do not trust this archive"
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


def list_zip_entries(file: StoredFile, stream: IO[bytes]) -> list[StoredFile]:
    """List the files of a zip archive."""
    limits, entries = ArchiveLimits(file.name, MOST_ARCHIVE_BYTES), list[StoredFile]()
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            limits.add(info.filename, info.file_size)
            if not info.filename or info.is_dir() or is_hidden(info.filename):
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


def list_tar_entries(file: StoredFile, stream: IO[bytes]) -> list[StoredFile]:
    """List the files of a tar archive; links and devices are left out."""
    limits, entries = ArchiveLimits(file.name, MOST_ARCHIVE_BYTES), list[StoredFile]()
    with tarfile.open(fileobj=stream, mode="r:") as archive:
        for info in archive:
            limits.add(info.name, info.size)
            if info.isreg() and not info.issparse() and not is_hidden(info.name):
                entries.append(PartOfFile(file, f"{file.name}/{info.name}", info.offset_data, info.size))
    return entries


def inflate_whole(file: StoredFile) -> bytes:
    """The whole content of a gzip file, within the limits above."""
    with file.open() as source:
        most = min(MOST_BYTES_IN_MEMORY, max(HARMLESS_BYTES, MOST_SHRINKING * source.size))
    content = bytearray()
    with InflatedStream(file) as pieces:
        while piece := pieces.next_piece():
            content += piece
            if len(content) > most:
                raise CorruptFileError(
                    f"its content is larger than {most >> 20} MB",
                    path=file.name,
                    advice="unpack it and load its folders",
                )
    if pieces.has_more:
        warn(f"'{file.name}': bytes that follow its gzip data were passed over", ContentWarning)
    return bytes(content)


class FileStream(io.RawIOBase):
    """An open file as Python's own libraries want to see it."""

    def __init__(self, source: OpenFile) -> None:
        self.source = source
        self.position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset from the beginning, from here or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.source.size}[whence]
        self.position = max(0, base + offset)
        return self.position

    def tell(self) -> int:
        """Where the next byte is read."""
        return self.position

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes; a size that a damaged archive claims is never more than what is there."""
        left = max(0, self.source.size - self.position)
        return super().read(left if size is None or size < 0 else min(size, left)) or b""

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        view = memoryview(buffer).cast("B")
        piece = self.source.read_at(self.position, len(view))
        view[: len(piece)] = piece
        self.position += len(piece)
        return len(piece)


class PartOfFile:
    """A stretch of another file."""

    def __init__(self, whole: StoredFile, name: str, start: int, size: int) -> None:
        self.whole = whole
        self.name = name
        self.start = start
        self.size = size

    def open(self) -> OpenPart:
        """Open the file that it is a stretch of."""
        return OpenPart(self.whole.open(), self.name, self.start, self.size)


class OpenPart(ClosesOnExit):
    """A stretch of an open file."""

    def __init__(self, whole: OpenFile, name: str, start: int, size: int) -> None:
        self.whole = whole
        self.name = name
        self.start = start
        self.size = size

    def close(self) -> None:
        """Close the file that it is a stretch of."""
        self.whole.close()

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        return self.whole.read_at(self.start + offset, max(0, min(count, self.size - offset)))

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Read as many bytes as the buffer has, straight into it."""
        if offset + buffer.nbytes > self.size:
            raise early_end_error(self.name, offset + buffer.nbytes - self.size)
        self.whole.fill(self.start + offset, buffer)


class ZipEntry:
    """A file in a zip archive."""

    def __init__(self, archive: StoredFile, info: zipfile.ZipInfo) -> None:
        self.archive = archive
        self.name = f"{archive.name}/{info.filename}"
        self.info = info

    def open(self) -> OpenFile:
        """Open it: a stored entry as a stretch of the archive, a deflated one inflated as it is read."""
        info = self.info
        source = self.archive.open()
        head = source.read_at(info.header_offset, LOCAL_HEADER.size)
        if len(head) < LOCAL_HEADER.size or head[:4] != ZIP_MARKS[0]:
            source.close()
            raise CorruptFileError("its entry in the archive is damaged", path=self.name, advice="fetch it again")
        # The lengths in the index of the archive may be others: these count for this place (APPNOTE 4.3.7).
        name_length, extra_length = LOCAL_HEADER.unpack(head)[-2:]
        start = info.header_offset + LOCAL_HEADER.size + name_length + extra_length
        if info.compress_type == ZIP_STORED:
            return OpenPart(source, self.name, start, info.file_size)
        with source:
            compressed = source.read_at(start, info.compress_size)
        return OpenDeflated(self.name, compressed, info)


class OpenDeflated(DeflatedBytes, ClosesOnExit):
    """A deflated entry of a zip archive; its checksum is compared when it has been read to its end."""

    def __init__(self, name: str, compressed: bytes, info: zipfile.ZipInfo) -> None:
        super().__init__(name, compressed, info.file_size)
        self.checksum = info.CRC

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Inflate as many bytes as the buffer has."""
        piece = self.read_at(offset, buffer.nbytes)
        if len(piece) < buffer.nbytes:
            raise early_end_error(self.name, buffer.nbytes - len(piece))
        if offset + len(piece) == self.size and zlib.crc32(self.read_at(0, self.size)) != self.checksum:
            raise CorruptFileError(
                "its checksum differs from the one in the archive", path=self.name, advice="fetch the archive again"
            )
        memoryview(buffer.data).cast("B")[:] = np.frombuffer(piece, np.uint8).data
