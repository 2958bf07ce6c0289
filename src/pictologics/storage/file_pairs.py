"""A header and the file of its voxels, replaced together: at any moment there is the old pair or the new one."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from .file_writing import create_exclusively, make_temporary_name, replace_file
from .held_folders import hold_folder

__all__ = [
    "HEADER_SUFFIXES",
    "LONGEST_REPLACED_HEADER",
    "PAIR_DATA_SUFFIXES",
    "FilePair",
    "find_pair_data",
    "replace_pair",
]

PAIR_DATA_SUFFIXES: Final = {".nhdr": ".raw.gz", ".mhd": ".zraw"}
"""What the data beside a header end in, by the suffix of the header."""

LONGEST_REPLACED_HEADER: Final = 1 << 20
"""Bytes of a header in which the name of its data file is looked for; larger files hold their voxels themselves."""

HEADER_SUFFIXES: Final = (".nhdr", ".nrrd", ".mhd", ".mha")
"""How files are called that may name others as theirs."""

NUMBERED_FILES: Final = re.compile(rb"^(?:data ?file|ElementDataFile)\s*[:=].*%", re.IGNORECASE | re.MULTILINE)
"""A header that names its files by a pattern of their numbers."""


class FilePair:
    """A header and the file of its voxels while they are written.

    Attributes:
        header: Temporary path of the header, which comes last.
        data: Temporary path of the data.
    """

    def __init__(self, path: Path, header: Path, data_suffix: str) -> None:
        self.path = path
        self.header = header
        self.data_suffix = data_suffix
        self.data = path.with_name(make_temporary_name(path.with_suffix(data_suffix)))
        self.placed: Path | None = None

    def place_data(self) -> str:
        """Move the data that were written to their place, where nothing was before.

        Returns:
            The name for the header: that of the header with the suffix of data, or where this is taken, by the data of
            the pair that is replaced or by anybody's, one of its own.
        """
        target = self.path.with_suffix(self.data_suffix)
        while self.placed is None:
            try:
                create_exclusively(target)
                self.placed = target
            except FileExistsError:
                target = self.path.with_name(f"{self.path.stem}-{secrets.token_hex(8)}{self.data_suffix}")
        self.data.replace(self.placed)
        return self.placed.name

    def is_needed_by_others(self, data: Path) -> bool:
        """Whether another header of the folder, such as a copy of the one that is replaced, names a data file or may.

        Args:
            data: The data file.
        """
        naming = re.compile(rb"(?:^|[\s/\\:=])" + re.escape(os.fsencode(data.name)) + rb"\s*$", re.MULTILINE)
        with os.scandir(self.path.parent) as entries:
            headers = [entry for entry in entries if entry.name.lower().endswith(HEADER_SUFFIXES)]
        for entry in headers:
            if entry.name == self.path.name:
                continue
            try:
                if entry.stat().st_size > LONGEST_REPLACED_HEADER:
                    continue
                head = Path(entry.path).read_bytes()
            except FileNotFoundError:
                # The temporary header of another writer, or a link to nothing.
                continue
            except OSError:
                return True
            if naming.search(head) or NUMBERED_FILES.search(head):
                return True
        return False

    def clean_up(self) -> None:
        """Remove the temporary data, and what was placed if no header names it."""
        # What cannot be asked for stays.
        with suppress(OSError):
            self.data.unlink(missing_ok=True)
            # Ctrl-C may come when the new header is in its place already.
            if self.placed is not None and self.placed != find_pair_data(self.path, self.data_suffix):
                self.placed.unlink(missing_ok=True)


def find_pair_data(header: Path, data_suffix: str) -> Path | None:
    """The data file that the header now at a path names, if its name shows that it belongs to no other."""
    try:
        with header.open("rb") as file:
            lines = file.read(LONGEST_REPLACED_HEADER).splitlines()
    except FileNotFoundError:
        return None
    own = re.compile(re.escape(header.stem) + "(-[0-9a-f]{16})?" + re.escape(data_suffix))
    for line in lines:
        # "data file: name" of NRRD and "ElementDataFile = name" of MetaImage.
        name = re.split(rb"[:=]", line, maxsplit=1)[-1].strip().decode("utf-8", "replace")
        if own.fullmatch(name):
            return header.with_name(name)
    return None


@contextmanager
def replace_pair(path: Path, data_suffix: str) -> Iterator[FilePair]:
    """Write a header and the file of its voxels beside it.

    Data never take the place of others: they get a name that nobody has, and count as soon as the header that names
    them takes the place of the old one. A failure leaves what was there. After a kill between both, the new
    data stay beside the old pair, which is whole.

    Args:
        path: Where the header goes.
        data_suffix: What the name of the data ends in, such as ``".raw.gz"``.

    Yields:
        The pair: write ``data``, call ``place_data``, and write ``header`` with the name that it returns.

    Raises:
        OptionError: If the folder does not exist, or the path is one.
        FileAccessError: If the system refuses.
    """
    pair, old = None, None
    with ExitStack() as stack:
        try:
            with replace_file(path) as header:
                pair = FilePair(path, header, data_suffix)
                create_exclusively(pair.data)
                yield pair
                # Of two writers at once each would find the old header, and nobody the one of the other.
                stack.enter_context(hold_folder(path.parent))
                old = find_pair_data(path, data_suffix)
        finally:
            if pair is not None:
                pair.clean_up()
        if old is not None:
            with suppress(OSError):
                if not pair.is_needed_by_others(old):
                    old.unlink()
