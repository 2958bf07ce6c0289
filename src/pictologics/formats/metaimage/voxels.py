"""MetaImageHeader -> where its voxels are: behind the header, in a file of their own, or in many."""

from __future__ import annotations

import re
from dataclasses import replace
from math import prod

from ...errors import CorruptFileError
from ...provenance import Decision
from ...storage.detached_files import find_named_files, number_names, split_numbered_files
from ...storage.files import StoredFile
from ..volume_layout import Encoding, FilePart, VolumeLayout
from .header import MetaImageHeader

__all__ = ["compare_stream_size", "locate_metaimage_voxels"]

METAIMAGE_FILE_LIST = re.compile(r"LIST(?:\s+(\d{1,2})D?)?")
"""``ElementDataFile`` whose files are named by the lines that follow; with the number of axes of each."""

MOST_METAIMAGE_NUMBERS = 3
"""Behind a pattern of printf, ``ElementDataFile`` has the first number, perhaps the last one, and the step."""


def locate_metaimage_voxels(header: MetaImageHeader, apply_rescale: bool, allow_outside: bool) -> VolumeLayout:
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
        parts: tuple[FilePart, ...] = (locate_after_header(header, size),)
    else:
        files = list_voxel_files(header, allow_outside)
        parts = tuple(locate_in_file(header, file, size // len(files)) for file in files)
    slope, intercept = (header.slope, header.intercept) if apply_rescale else (1.0, 0.0)
    spatial = tuple(range(1, min(len(sizes), 4)))
    return VolumeLayout(header.file.name, header.stored, sizes, spatial, 0, parts, slope, intercept)


def list_voxel_files(header: MetaImageHeader, allow_outside: bool) -> list[StoredFile]:
    """The files that hold the data, in order: one, a list, or a pattern with first and last number and step."""
    listed = METAIMAGE_FILE_LIST.fullmatch(header.data_file)
    numbered = split_numbered_files(header.data_file, MOST_METAIMAGE_NUMBERS)
    if listed is not None:
        inner = len(header.sizes) - 1 if listed.group(1) is None else int(listed.group(1))
        names = list(header.listed)
        expected = prod(header.sizes[inner:])
        # Lines after those that are needed may be comments.
        names = names[:expected] if expected else names
    elif numbered is not None:
        expected = header.sizes[-1]
        first, *more = numbered.numbers
        step = more[1] if len(more) > 1 else 1
        last = more[0] if more else first + (expected - 1) * step
        names = number_names(numbered.pattern, first, last, step, header.file.name)
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


def find_encoding(header: MetaImageHeader) -> Encoding:
    """How the numbers are written."""
    if header.is_compressed:
        return "zlib"
    return "text" if header.is_text else "raw"


def locate_after_header(header: MetaImageHeader, size: int) -> FilePart:
    """The data that follow the header in the same file, or begin where its HeaderSize says."""
    part = locate_in_file(header, header.file, size)
    if not header.header_size:
        return replace(part, start=header.end)
    if part.start < header.end:
        with header.file.open() as source:
            left = source.size - header.end
        raise CorruptFileError(
            f"its HeaderSize {header.header_size} puts voxels before the end of the header, which {left} bytes follow; "
            f"{size} are required",
            path=header.file.name,
            advice="the file was cut off when it was copied, or its header is wrong; fetch it again",
            needed=size,
        )
    return part


def locate_in_file(header: MetaImageHeader, file: StoredFile, size: int) -> FilePart:
    """The data of a file, behind as many bytes as HeaderSize says, or at its end where that is -1 (MetaIO)."""
    encoding, start = find_encoding(header), header.header_size
    if start < 0:
        with file.open() as source:
            stored = (header.compressed_size or source.size) if encoding == "zlib" else size
            start = 0 if encoding == "text" else source.size - stored
    return FilePart(file, size, start, encoding)


def compare_stream_size(header: MetaImageHeader, layout: VolumeLayout) -> list[Decision]:
    """Say where CompressedDataSize is not the size of the stream of voxels, which says itself where it ends.

    MetaIO inflates as many bytes as the field says, and leaves voxels empty where it says too few. The stream has a
    checksum over all of them (RFC 1950 2.2), and so it counts.
    """
    part = layout.parts[0]
    if not header.is_compressed or not header.compressed_size or header.header_size < 0 or len(layout.parts) > 1:
        return []
    with part.file.open() as source:
        held = source.size - part.start
    if held == header.compressed_size:
        return []
    text = (
        f"its CompressedDataSize is {header.compressed_size}, and {held} bytes are there; its stream says where it ends"
    )
    return [Decision("left out", text, None, "content")]
