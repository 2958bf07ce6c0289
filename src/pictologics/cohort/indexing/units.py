"""Units: neighboring folders together, or parts of a large one, that are read at once and found again by their content.

Where a unit ends depends on the names in it, not on what came before: a new folder changes the unit that it falls into,
and perhaps the next one, but never all that follow.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import Final

from ...errors import FileAccessError
from .listing import FileEntry, FolderListing

__all__ = ["Unit", "UnitPart", "find_unit_end", "list_former_names", "pack_units"]

MOST_UNIT_FILES: Final = 5000
"""Of a unit: enough that starting it costs nothing, few enough that their headers take a few tens of megabytes."""

FEWEST_UNIT_FILES: Final = 1500
"""Of a unit, unless the tree ends: the tables of a unit take as long to write as dozens of files to read."""

FOLDERS_BETWEEN_ENDS: Final = 2
"""After the fewest files, a unit ends at every second folder on average."""

FILES_BETWEEN_ENDS: Final = 500
"""Within a large folder, a unit ends at every 500th file on average."""


MOST_NEW_FIRSTS: Final = 20
"""New files, and new folders, before what was a unit's first, of which that unit is still found again."""


def forget_cause(error: FileAccessError | None) -> FileAccessError | None:
    """The error alone: what caused it, and where, may not be pickled, which Dask makes every exception try."""
    if error is not None:
        error.__cause__ = error.__context__ = None
        error.__traceback__ = None
    return error


@dataclass(slots=True)
class UnitPart:
    """Files of one folder.

    Attributes:
        path: The folder, relative to the root.
        files: The files, or those of them that are in the unit.
        error: Why the folder could not be listed; None if it could.
    """

    path: str
    files: list[FileEntry]
    error: FileAccessError | None = None


@dataclass(slots=True)
class Unit:
    """Files that are read together.

    Attributes:
        name: Found again in the next run, from the first file; no path can be read from it.
        state: A hash of all paths, sizes and times, and of how they are read.
        parts: The files, folder by folder.
    """

    name: str = ""
    state: str = ""
    parts: list[UnitPart] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many files."""
        return sum(len(part.files) for part in self.parts)


class UnitPacker:
    """Collects the files of one unit after the other.

    Args:
        seed: What the result depends on besides the files; also the key of the hashes.
    """

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self.start()

    def start(self) -> None:
        """Begin an empty unit."""
        self.unit = Unit()
        self.count = 0
        self.hash = blake2b(digest_size=12, key=self.seed)

    def add(self, path: str, files: list[FileEntry], error: FileAccessError | None) -> None:
        """Add files of a folder."""
        if not self.unit.parts:
            self.unit.name = name_unit(path, files[0][0] if files else "", self.seed)
        self.unit.parts.append(UnitPart(path, files, forget_cause(error)))
        self.count += len(files)
        # repr is the fastest way to bytes that differ whenever a name, a size or a time does.
        self.hash.update(encode_names(repr((path, files, error is None))))

    def finish(self) -> Iterator[Unit]:
        """Give the unit, unless it is empty, and begin the next."""
        if self.unit.parts:
            self.unit.state = self.hash.hexdigest()
            yield self.unit
            self.start()


def pack_units(folders: Iterator[FolderListing], seed: bytes) -> Iterator[Unit]:
    """Put the files of folders into units.

    Args:
        folders: Every folder, in an order that is the same in the next run.
        seed: What the result of reading depends on besides the files, at most 64 bytes.

    Yields:
        Each unit.
    """
    packer = UnitPacker(seed)
    for folder in folders:
        if not folder.files and folder.error is None:
            continue
        if packer.count + len(folder.files) > MOST_UNIT_FILES:
            yield from packer.finish()
        begin = 0
        while len(folder.files) - begin > MOST_UNIT_FILES:
            end = find_unit_end(folder.files, begin)
            # Its error has one row.
            packer.add(folder.path, folder.files[begin:end], None)
            yield from packer.finish()
            begin = end
        packer.add(folder.path, folder.files[begin:] if begin else folder.files, folder.error)
        if packer.count >= FEWEST_UNIT_FILES and hash_name(folder.path) % FOLDERS_BETWEEN_ENDS == 0:
            yield from packer.finish()
    yield from packer.finish()


def name_unit(path: str, file: str, seed: bytes) -> str:
    """The name of the unit that begins with a file of a folder; the file is empty where the folder has none."""
    return blake2b(encode_names(f"{path}\0{file}"), digest_size=12, key=seed).hexdigest()


def list_former_names(unit: Unit, seed: bytes) -> Iterator[str]:
    """The names that a unit may have had before files came that are now its first ones, the likeliest first.

    Args:
        unit: The unit.
        seed: That of the units.
    """
    firsts = ((part.path, file[0]) for part in unit.parts for file in part.files)
    folders = ((part.path, part.files[0][0] if part.files else "") for part in unit.parts)
    for path, file in dict.fromkeys((*islice(firsts, MOST_NEW_FIRSTS), *islice(folders, MOST_NEW_FIRSTS))):
        yield name_unit(path, file, seed)


def find_unit_end(files: list[FileEntry], begin: int) -> int:
    """Where a unit within a large folder ends: after a file whose name says so, or when it is full."""
    for index in range(begin + FEWEST_UNIT_FILES, begin + MOST_UNIT_FILES):
        if hash_name(files[index][0]) % FILES_BETWEEN_ENDS == 0:
            return index
    return begin + MOST_UNIT_FILES


def hash_name(name: str) -> int:
    """A number from a name, the same in every process."""
    return zlib.crc32(encode_names(name))


def encode_names(text: str) -> bytes:
    """Bytes of a text that may hold what no text can: names of files are bytes on some systems."""
    return text.encode("utf-8", "surrogatepass")
