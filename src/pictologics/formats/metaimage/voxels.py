"""MetaHeader -> where its voxels are stored."""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod

from ...errors import CorruptFileError
from ...storage.detached_files import find_named_files, number_names
from ...storage.files import StoredFile
from ..stored_volume import Encoding, Part, StoredVolume
from .header import MetaHeader

__all__ = ["stored_volume"]

LIST = re.compile(r"LIST(?:\s+(\d{1,2})D?)?")
PATTERN = re.compile(r"(.*%.*?)(?:\s+(-?\d{1,18}))(?:\s+(-?\d{1,18}))?(?:\s+(-?\d{1,18}))?")


def stored_volume(header: MetaHeader, apply_rescale: bool, allow_outside: bool) -> StoredVolume:
    """Say where the first volume is.

    Args:
        header: What the file says.
        apply_rescale: Whether values are wanted, or the stored numbers.
        allow_outside: Whether data files may lie outside the header's folder.

    Raises:
        MissingPathError: If a data file is not there.
        OptionError: If one lies outside and that is not allowed.
        CorruptFileError: If there are too many or too few.
    """
    sizes = (header.channels, *header.sizes)
    size = prod(sizes) * header.stored.itemsize
    if header.data_file.lower() == "local":
        parts: tuple[Part, ...] = (local_part(header, size),)
    else:
        files = detached(header, allow_outside)
        parts = tuple(detached_part(header, file, size // len(files)) for file in files)
    slope, intercept = (header.slope, header.intercept) if apply_rescale else (1.0, 0.0)
    spatial = tuple(range(1, min(len(sizes), 4)))
    return StoredVolume(header.file.name, header.stored, sizes, spatial, 0, parts, slope, intercept)


def detached(header: MetaHeader, allow_outside: bool) -> list[StoredFile]:
    """The files that hold the data, in order: one, a list, or a pattern with first and last number and step."""
    listed, pattern = LIST.fullmatch(header.data_file), PATTERN.fullmatch(header.data_file)
    if listed is not None:
        inner = len(header.sizes) - 1 if listed.group(1) is None else int(listed.group(1))
        names = list(header.listed)
        expected = prod(header.sizes[inner:])
        # A list may be followed by something else.
        names = names[:expected] if expected else names
    elif pattern is not None:
        first, last, step = (int(one) if one else None for one in pattern.groups()[1:])
        expected = header.sizes[-1]
        step = 1 if step is None else step
        first = first or 0
        last = first + (expected - 1) * step if last is None else last
        names = number_names(pattern.group(1), first, last, step, header.file.name)
    else:
        return find_named_files(header.file, [header.data_file], allow_outside)
    if len(names) != expected:
        raise CorruptFileError(
            f"its header names {len(names)} files for sizes {header.sizes}, and {expected} are required",
            path=header.file.name,
            advice="check the list of files",
            files=len(names),
        )
    return find_named_files(header.file, names, allow_outside)


def encoding_of(header: MetaHeader) -> Encoding:
    """How the numbers are written."""
    if header.is_compressed:
        return "zlib"
    return "text" if header.is_text else "raw"


def local_part(header: MetaHeader, size: int) -> Part:
    """The data behind the header in the same file."""
    part = detached_part(header, header.file, size)
    if not header.header_size:
        return replace(part, start=header.end)
    # No number of a voxel is part of the header.
    return part if part.start >= header.end else replace(part, start=-1)


def detached_part(header: MetaHeader, file: StoredFile, size: int) -> Part:
    """The data of a file of their own, behind so many bytes, or at its end."""
    encoding, start = encoding_of(header), header.header_size
    if start < 0:
        with file.open() as source:
            stored = (header.compressed_size or source.size) if encoding == "zlib" else size
            start = 0 if encoding == "text" else source.size - stored
    return Part(file, size, start, encoding)
