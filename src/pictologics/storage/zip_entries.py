"""Entries of a zip archive: read where they are, compared with their checksums before voxels are made of them."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from ..errors import CorruptFileError
from .file_parts import OpenPart
from .files import ClosesOnExit, OpenFile, StoredFile, early_end_error
from .inflation import INFLATE_ERRORS, RAW_DEFLATE, DeflatedBytes

__all__ = ["ZIP_DEFLATED", "ZIP_MARKS", "ZIP_STORED", "ZipEntry", "read_zip_index"]

ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
"""How a zip archive begins: the first entry, or the end of an empty archive (APPNOTE 4.3.7, 4.3.16)."""

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
"""What stands before each entry of a zip archive (APPNOTE 4.3.7); the last two numbers are lengths of what follows."""

ZIP_STORED = 0
"""Compression method of an entry that is stored as it is (APPNOTE 4.4.5)."""

ZIP_DEFLATED = 8
"""Compression method of an entry that is deflated (APPNOTE 4.4.5)."""

CHECKED_AT_A_TIME = 1 << 20
"""Bytes that are read at a time only to be compared with a checksum."""


def read_zip_index(stream: IO[bytes], size: int, path: str) -> list[zipfile.ZipInfo]:
    """Read what the index of an archive says of its entries.

    Args:
        stream: The archive.
        size: Its bytes.
        path: What messages call it.

    Raises:
        CorruptFileError: If entries reach beyond the archive, or into one another.
        zipfile.BadZipFile: If there is no index, or it is damaged.
    """
    with zipfile.ZipFile(stream) as archive:
        infos = archive.infolist()
    beyond = [info for info in infos if info.header_offset + LOCAL_HEADER.size + info.compress_size > size]
    if beyond:
        raise CorruptFileError(
            f"its entry '{beyond[0].filename}' has {beyond[0].compress_size} bytes at byte {beyond[0].header_offset} "
            f"and the archive {size}",
            path=path,
            advice="fetch it again",
        )
    # Entries that share their bytes make a small archive as large as anyone likes.
    claimed = sum(LOCAL_HEADER.size + info.compress_size for info in infos)
    if claimed > size:
        raise CorruptFileError(
            f"its entries together have {claimed} bytes and the archive {size}",
            path=path,
            advice="do not trust this archive",
        )
    return infos


class ZipEntry:
    """A file in a zip archive.

    Attributes:
        name: What messages call it.
        is_checked: Whether its content has been compared with its checksum.
    """

    def __init__(self, archive: StoredFile, info: zipfile.ZipInfo) -> None:
        self.archive = archive
        self.name = f"{archive.name}/{info.filename}"
        self.info = info
        self.is_checked = False

    def open(self) -> OpenFile:
        """Open it: a stored entry as a stretch of the archive, a deflated one inflated as it is read."""
        source = self.archive.open()
        with ExitStack() as stack:
            stack.callback(source.close)
            start = self.find_start(source)
            if self.info.compress_type == ZIP_STORED:
                # From now on closing the entry closes the archive.
                stack.pop_all()
                return OpenStored(source, self, start)
            return OpenDeflated(self, source.read_at(start, self.info.compress_size))

    def find_start(self, source: OpenFile) -> int:
        """Find where its bytes begin in the archive."""
        head = source.read_at(self.info.header_offset, LOCAL_HEADER.size)
        if len(head) < LOCAL_HEADER.size or head[:4] != ZIP_MARKS[0]:
            raise CorruptFileError("its entry in the archive is damaged", path=self.name, advice="fetch it again")
        # The lengths in the index of the archive may be others: these count for this place (APPNOTE 4.3.7).
        name_length, extra_length = LOCAL_HEADER.unpack(head)[-2:]
        self.compare_names(source.read_at(self.info.header_offset + LOCAL_HEADER.size, name_length))
        return int(self.info.header_offset + LOCAL_HEADER.size + name_length + extra_length)

    def check_content(self) -> None:
        """Compare the whole content with the checksum in the archive, without keeping it."""
        if self.is_checked:
            return
        checksum, size = 0, 0
        with self.archive.open() as source:
            start = self.find_start(source)
            for piece in self.walk_content(source, start):
                checksum = isal_zlib.crc32(piece, checksum)
                size += len(piece)
        if size != self.info.file_size:
            raise early_end_error(self.name, self.info.file_size - size)
        self.compare(checksum)

    def walk_content(self, source: OpenFile, start: int) -> Iterator[bytes]:
        """The content in pieces, no more of it than the archive says there is."""
        inflater = isal_zlib.decompressobj(RAW_DEFLATE) if self.info.compress_type == ZIP_DEFLATED else None
        left, end = self.info.file_size, start + self.info.compress_size
        while start < end and left > 0:
            packed = source.read_at(start, min(CHECKED_AT_A_TIME, end - start))
            if not packed:
                break
            start += len(packed)
            while packed and left > 0:
                try:
                    piece = packed if inflater is None else inflater.decompress(packed, CHECKED_AT_A_TIME)
                except INFLATE_ERRORS as error:
                    raise CorruptFileError(
                        "its deflated data cannot be inflated", path=self.name, advice="fetch the archive again"
                    ) from error
                packed = inflater.unconsumed_tail if inflater is not None and piece else b""
                left -= len(piece)
                yield piece

    def compare_names(self, name: bytes) -> None:
        """Compare the name before the entry with the one in the index: a damaged one may hide the entry."""
        # Bit 11 says that names are UTF-8; else they are of code page 437 (APPNOTE, appendix D).
        written = name.decode("utf-8" if self.info.flag_bits & 0x800 else "cp437", "replace")
        if written != self.info.orig_filename:
            raise CorruptFileError(
                f"this entry is called '{written}' where it begins", path=self.name, advice="fetch the archive again"
            )

    def compare(self, checksum: int) -> None:
        """Compare a checksum of the whole content with the one in the archive."""
        if checksum != self.info.CRC:
            raise CorruptFileError(
                "its checksum differs from the one in the archive", path=self.name, advice="fetch the archive again"
            )
        self.is_checked = True


class OpenStored(OpenPart):
    """An entry that is stored as it is."""

    def __init__(self, archive: OpenFile, entry: ZipEntry, start: int) -> None:
        super().__init__(archive, entry.name, start, entry.info.file_size)
        self.entry = entry
        self.is_trusted = True

    def check(self) -> None:
        """Compare with the checksum whatever is read from now on."""
        self.is_trusted = self.entry.is_checked

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to ``count`` bytes from ``offset`` on; fewer only at the end."""
        if not self.is_trusted:
            self.compare(self.sum_up(0, self.size, 0))
        return super().read_at(offset, count)

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Read as many bytes as the buffer has, straight into it."""
        super().fill(offset, buffer)
        if self.is_trusted:
            return
        # Of what is in the buffer already, nothing is read again.
        checksum = self.sum_up(0, offset, 0)
        checksum = isal_zlib.crc32(memoryview(buffer.data).cast("B"), checksum)
        self.compare(self.sum_up(offset + buffer.nbytes, self.size, checksum))

    def sum_up(self, start: int, end: int, checksum: int) -> int:
        """Go on with a checksum over a stretch."""
        while start < end:
            piece = super().read_at(start, min(CHECKED_AT_A_TIME, end - start))
            if not piece:
                raise early_end_error(self.name, end - start)
            checksum = isal_zlib.crc32(piece, checksum)
            start += len(piece)
        return checksum

    def compare(self, checksum: int) -> None:
        """Compare a checksum of the whole content with the one in the archive."""
        self.entry.compare(checksum)
        self.is_trusted = True


class OpenDeflated(DeflatedBytes, ClosesOnExit):
    """A deflated entry."""

    def __init__(self, entry: ZipEntry, compressed: bytes) -> None:
        super().__init__(entry.name, compressed, entry.info.file_size)
        self.entry = entry

    def check(self) -> None:
        """Inflate all of it, and compare its checksum with the one in the archive."""
        if not self.entry.is_checked:
            content = self.read_at(0, self.size)
            if len(content) < self.size:
                raise early_end_error(self.name, self.size - len(content))
            self.entry.compare(isal_zlib.crc32(content))

    def fill(self, offset: int, buffer: npt.NDArray[Any]) -> None:
        """Inflate as many bytes as the buffer has."""
        piece = self.read_at(offset, buffer.nbytes)
        if len(piece) < buffer.nbytes:
            raise early_end_error(self.name, buffer.nbytes - len(piece))
        memoryview(buffer.data).cast("B")[:] = np.frombuffer(piece, np.uint8).data
