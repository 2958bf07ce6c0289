"""NrrdHeader -> where its voxels are stored."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import prod

from ...errors import CorruptFileError
from ...storage.detached_files import find_named_files, number_names
from ...storage.files import StoredFile
from ..stored_volume import Part, StoredVolume
from .header import NrrdHeader

__all__ = ["stored_volume"]

PATTERN = re.compile(r"(.*%.*?)\s+(-?\d{1,18})\s+(-?\d{1,18})\s+(-?\d{1,18})(?:\s+(\d{1,18}))?")
LIST = re.compile(r"LIST(?:\s+(\d{1,18}))?")

LINE_READ = 1 << 16


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


def stored_volume(header: NrrdHeader, axes: tuple[int, ...], allow_outside: bool) -> StoredVolume:
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
    found = data_files(header, allow_outside)
    parts = tuple(part_of(header, file, found) for file in found.files)
    return StoredVolume(header.file.name, header.stored, header.sizes, axes, 0, parts)


def data_files(header: NrrdHeader, allow_outside: bool) -> DataFiles:
    """The files that hold the data: the header's own, one, or many that share the slowest axes."""
    size = prod(header.sizes) * header.stored.itemsize
    value = header.text.fields.get("data file")
    if value is None:
        return DataFiles((header.file,), size, header.text.end or 0)
    listed, pattern = LIST.fullmatch(value), PATTERN.fullmatch(value)
    if listed is not None:
        names, of_each = list(header.text.listed), listed.group(1)
    elif pattern is not None:
        name, first, last, step, of_each = pattern.groups()
        names = number_names(name, int(first), int(last), int(step), header.file.name)
    else:
        return DataFiles(tuple(find_named_files(header.file, [value], allow_outside)), size)
    check_count(header, len(names), None if of_each is None else int(of_each))
    return DataFiles(tuple(find_named_files(header.file, names, allow_outside)), size // len(names))


def check_count(header: NrrdHeader, count: int, of_each: int | None) -> None:
    """Make sure that there are as many files as their number of axes leaves; by default one axis less than all.

    Files of as many axes as the whole share its slowest axis evenly.
    """
    axes = len(header.sizes)
    inner = axes - 1 if of_each is None else of_each
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


def part_of(header: NrrdHeader, file: StoredFile, found: DataFiles) -> Part:
    """Where in a file the data are: after some lines, and after some bytes more of what these are compressed from."""
    with file.open() as source:
        size = source.size
    start = after_lines(file, found.offset, header.line_skip)
    part = Part(file, found.size, start, header.encoding)
    skip = header.byte_skip
    if header.encoding == "raw":
        if skip < 0:
            # -1: the data end with the file; -2: a byte before; and so on, but never before they can begin.
            first = size - found.size + skip + 1
            return replace(part, start=first if first >= start else -1)
        return replace(part, start=start + skip)
    if skip < 0:
        raise CorruptFileError(f"its byte skip is {skip}, which only raw data can have", path=header.file.name)
    return replace(part, skip=skip) if header.encoding in {"gzip", "bzip2"} else replace(part, start=start + skip)


def after_lines(file: StoredFile, offset: int, lines: int) -> int:
    """Where in a file so many lines have ended."""
    if not lines:
        return offset
    left = lines
    with file.open() as source:
        while piece := source.read_at(offset, LINE_READ):
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
