"""The files in the folder of an array: which of its chunks are there, and how much they can hold."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...errors import CorruptFileError
from ...storage.paths import read_status, refuse_system_errors

__all__ = ["LARGEST_CHUNK", "check_chunk_sizes", "check_descriptions", "survey_chunks"]

LARGEST_CHUNK: Final = 1 << 31
"""Bytes of one chunk, inflated or not; codecs cannot make larger ones either."""

LARGEST_DESCRIPTION: Final = 1 << 26
"""Bytes of JSON; that of all arrays of a store, put together, takes a few millions."""

DISK_BLOCK: Final = 4096
"""Bytes that a chunk counts at least in proportion to what it holds: so many it takes on most disks."""

CHUNK_KEY: Final = re.compile(r"(?:c[/.])?(\d{1,18}(?:[/.]\d{1,18})*)")
"""The name of a chunk from the folder of its array on, in any of the ways that Zarr 2 and 3 have."""


@dataclass(frozen=True)
class ChunkFiles:
    """The chunks of an array that are there.

    Attributes:
        count: How many.
        size: Bytes of their files, each of which counts as a block of the disk at least.
    """

    count: int
    size: int


def survey_chunks(folder: str, grid: tuple[int, ...]) -> ChunkFiles:
    """Count the chunks of an array; files of other names, which systems and programs leave anywhere, are none.

    Args:
        folder: The folder of the array.
        grid: How many chunks there are along each axis.

    Raises:
        CorruptFileError: If one is no regular file, or too large.
        FileAccessError: If a folder cannot be listed.
    """
    count = size = 0
    with refuse_system_errors("its chunks cannot be listed", folder):
        for parent, _, names in os.walk(folder, onerror=raise_error):
            inner = os.path.relpath(parent, folder).replace(os.sep, "/")
            for name in names:
                if is_chunk_key(name if inner == "." else f"{inner}/{name}", grid):
                    found = check_regular(Path(parent, name), folder, LARGEST_CHUNK)
                    count += found is not None
                    size += max(found or 0, DISK_BLOCK)
    return ChunkFiles(count, size)


def raise_error(error: OSError) -> None:
    """What is said of a folder that cannot be listed: it is not passed over."""
    raise error


def is_chunk_key(key: str, grid: tuple[int, ...]) -> bool:
    """Whether a chunk of that name belongs to the array."""
    found = CHUNK_KEY.fullmatch(key)
    numbers = [int(number) for number in re.split("[/.]", found[1])] if found else []
    return len(numbers) == len(grid) and all(number < count for number, count in zip(numbers, grid, strict=True))


def check_descriptions(folder: str, names: Iterable[str]) -> None:
    """Make sure that the library will not wait for a pipe, or read without end, where it looks for JSON.

    Raises:
        CorruptFileError: If one of the files is no regular file, or too large.
    """
    for name in names:
        check_regular(Path(folder, name), folder, LARGEST_DESCRIPTION)


def check_chunk_sizes(folder: str, names: Iterable[str]) -> None:
    """Make sure that chunks hold something: newer versions of the library take a size of zero for one.

    Where there are chunks, they are not those that it then looks for, and it fills the array with a value instead.

    Raises:
        CorruptFileError: If a size is not positive.
    """
    for name in names:
        try:
            shapes = list(find_chunk_shapes(json.loads(Path(folder, name).read_bytes())))
        except (OSError, ValueError, RecursionError):
            # It is not there, or the library says what is wrong with it.
            continue
        for sizes in shapes:
            if any(isinstance(size, (int, float)) and not size >= 1 for size in sizes):
                raise CorruptFileError(
                    f"its file '{name}' says that chunks have the shape {sizes}, and positive sizes are required",
                    path=folder,
                    advice="fetch it again",
                )


def find_chunk_shapes(document: Any) -> Iterator[list[Any]]:
    """The shapes of chunks and of what shards are made of, wherever they stand in a description of an array."""
    if isinstance(document, list):
        for inner in document:
            yield from find_chunk_shapes(inner)
    elif isinstance(document, dict):
        for key, inner in document.items():
            if key in {"chunks", "chunk_shape"} and isinstance(inner, list):
                yield inner
            elif key in {"chunk_grid", "configuration", "codecs"}:
                yield from find_chunk_shapes(inner)


def check_regular(path: Path, folder: str, most: int) -> int | None:
    """The size of a file that the library will read whole; None if it is not there.

    Raises:
        CorruptFileError: If it is no regular file, or larger than ``most``.
    """
    status = read_status(path)
    if status is None:
        return None
    if not stat.S_ISREG(status.st_mode) or status.st_size > most:
        what = f"has {status.st_size} bytes" if stat.S_ISREG(status.st_mode) else "is a folder, pipe or device"
        raise CorruptFileError(
            f"its file '{os.path.relpath(path, folder)}' {what}, and a regular file of at most {most} is required",
            path=folder,
            advice="fetch it again",
        )
    return int(status.st_size)
