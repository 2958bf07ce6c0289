"""NrrdHeader -> where its voxels are: behind the header, in a file of their own, or in many."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import prod

from ...errors import CorruptFileError
from ...storage.detached_files import NumberedFiles, find_named_files, number_names, split_numbered_files
from ...storage.files import StoredFile
from ...storage.gzip_heads import GZIP_MARK, is_gzip
from ..volume_layout import FilePart, VolumeLayout
from .header import NrrdHeader

__all__ = ["locate_nrrd_voxels"]

NRRD_FILE_LIST = re.compile(r"LIST(?:\s+(\d{1,18}))?")
"""``data file`` whose files are named by the lines that follow; with the number of axes of each."""

BYTES_PER_LINE_READ = 1 << 16
"""Bytes in which line ends are looked for at once."""


@dataclass(frozen=True)
class DataFiles:
    """The files that hold the data.

    Attributes:
        files: In order.
        size: Bytes of numbers in each.
        offset: Where in each the data, or the lines before them, begin.
    """

    files: tuple[StoredFile, ...]
    size: int
    offset: int = 0


def locate_nrrd_voxels(header: NrrdHeader, axes: tuple[int, ...], allow_outside: bool) -> VolumeLayout:
    """Say where the first volume is.

    Args:
        header: What the file says.
        axes: Its spatial axes.
        allow_outside: Whether data files may lie outside the header's folder.

    Raises:
        MissingPathError: If a data file is not there.
        OptionError: If one lies outside and that is not allowed.
        CorruptFileError: If there are too many or too few, or one ends before the lines to skip.
    """
    found = list_data_files(header, allow_outside)
    parts = tuple(locate_in_data_file(header, file, found) for file in found.files)
    return VolumeLayout(header.file.name, header.stored, header.sizes, axes, 0, parts)


def list_data_files(header: NrrdHeader, allow_outside: bool) -> DataFiles:
    """The files that hold the data: the header's own, one, or many that share the slowest axes."""
    size = prod(header.sizes) * header.stored.itemsize
    value = header.text.fields.get("data file")
    if value is None:
        return DataFiles((header.file,), size, header.text.end or 0)
    listed, numbered = NRRD_FILE_LIST.fullmatch(value), find_numbered_files(value)
    if listed is not None:
        names = list(header.text.listed)
        axes_of_each = None if listed.group(1) is None else int(listed.group(1))
    elif numbered is not None:
        first, last, step, *axes = numbered.numbers
        names = number_names(numbered.pattern, first, last, step, header.file.name)
        axes_of_each = axes[0] if axes else None
    else:
        return DataFiles(tuple(find_named_files(header.file, [value], allow_outside)), size)
    check_count(header, len(names), axes_of_each)
    return DataFiles(tuple(find_named_files(header.file, names, allow_outside)), size // len(names))


def find_numbered_files(value: str) -> NumberedFiles | None:
    """Files of a pattern with first and last number, step, and perhaps how many axes each has (NRRD, "data file")."""
    numbered = split_numbered_files(value, 4)
    if numbered is not None and len(numbered.numbers) == 4 and numbered.numbers[3] < 0:
        # There is no negative number of axes: the first of the four belongs to the name.
        numbered = split_numbered_files(value, 3)
    return numbered if numbered is not None and len(numbered.numbers) >= 3 else None


def check_count(header: NrrdHeader, count: int, axes_of_each: int | None) -> None:
    """Make sure that there are as many files as their number of axes leaves; by default one axis less than all.

    Files of as many axes as the whole share its slowest axis evenly.
    """
    axes = len(header.sizes)
    inner = axes - 1 if axes_of_each is None else axes_of_each
    if inner == axes:
        fits = count > 0 and header.sizes[-1] % count == 0
    else:
        fits = 1 <= inner < axes and count == prod(header.sizes[inner:])
    if not fits:
        raise CorruptFileError(
            f"its header names {count} files of {inner} axes each for sizes {header.sizes}",
            path=header.file.name,
            advice="check the list of files",
            files=count,
        )


def locate_in_data_file(header: NrrdHeader, file: StoredFile, found: DataFiles) -> FilePart:
    """Where in a file the data are: after some lines, and after some bytes more of what these are compressed from."""
    start = find_line_end(file, found.offset, header.line_skip)
    part = FilePart(file, found.size, start, header.encoding)
    skip = header.byte_skip
    if header.encoding == "gzip" and is_plain(file, start, found.size):
        # As Teem does: its reader of gzip hands on what is none.
        return replace(part, encoding="raw")
    if header.encoding in {"gzip", "bzip2"}:
        # NRRD, "byte skip": counted after decompression, also from the end.
        return replace(part, skip=skip)
    if skip >= 0:
        return replace(part, start=start + skip)
    if header.encoding != "raw":
        raise CorruptFileError(f"its byte skip is {skip}, which numbers as text cannot have", path=header.file.name)
    with file.open() as source:
        size = source.size
    # -1 means that the data end with the file; Teem reads -2 as one byte before, and so on.
    first = size - found.size + skip + 1
    if first < start:
        # They cannot begin before the lines have ended.
        raise CorruptFileError(
            f"its byte skip of {skip} leaves {max(size - start + skip + 1, 0)} bytes for {found.size} bytes of voxels",
            path=file.name,
            advice="the file was cut off when it was copied, or its header is wrong; fetch it again",
            needed=found.size,
            size=size,
        )
    return replace(part, start=first)


def is_plain(file: StoredFile, start: int, size: int) -> bool:
    """Whether a file holds as many bytes as the voxels need, and they are no gzip stream."""
    with file.open() as source:
        return source.size - start == size and not is_gzip(source.read_at(start, len(GZIP_MARK)))


def find_line_end(file: StoredFile, offset: int, lines: int) -> int:
    """The byte after so many lines of a file.

    Args:
        file: The file.
        offset: Where the first line begins.
        lines: How many to pass over.
    """
    if not lines:
        return offset
    left = lines
    with file.open() as source:
        while piece := source.read_at(offset, BYTES_PER_LINE_READ):
            count = piece.count(b"\n")
            if count >= left:
                for _ in range(left):
                    at = piece.index(b"\n") + 1
                    piece, offset = piece[at:], offset + at
                return offset
            left, offset = left - count, offset + len(piece)
    raise CorruptFileError(
        f"its header says to skip {lines} lines, and the file has {lines - left}", path=file.name, lines=lines
    )
