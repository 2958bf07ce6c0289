"""How much memory a case takes, told from the index before any of its voxels is read."""

from __future__ import annotations

from math import prod

from .case import Case, SeriesChoice
from .input_files import look_at_files

__all__ = ["estimate_memory"]

PROGRAM_BYTES = 300 << 20
"""What a worker takes before it loads anything: Python, NumPy, Dask and the readers' libraries."""

COPIES_LOADED = 2
"""An image as it is loaded, and its stored values or planes that are decoded at once; or what is written of it."""

COPIES_PROCESSED = 3
"""What a step of a pipeline or a function holds besides: its result, and what it computes with."""

BYTES_FOR_FILE_BYTE = 4
"""Where the index says nothing: bytes in memory for each in the file. 16 bits become 32, and files may be compressed
to half."""

VALUE_BYTES = 4
"""Of an image that was placed on another's voxels: float32."""


def estimate_memory(case: Case, is_processed: bool = False) -> int:
    """Bytes of memory that a worker needs for a case, rather too many than too few.

    Args:
        case: The case.
        is_processed: Whether a pipeline or a function works on it.
    """
    first, *others = case.images.values()
    own = count_voxel_bytes(first)
    placed = max(own, VALUE_BYTES * prod(first.shape or (0,)))
    total = PROGRAM_BYTES + COPIES_LOADED * own
    for choice in others:
        total += count_voxel_bytes(choice) + COPIES_LOADED * placed
    # A label of 8 or 16 bits for each voxel, and the same again while masks are placed or merged.
    total += (len(case.masks) + min(len(case.masks), 1)) * placed // 2
    if is_processed:
        total += COPIES_PROCESSED * placed * len(case.images)
    return total


def count_voxel_bytes(choice: SeriesChoice) -> int:
    """Bytes of a volume in memory: by the index, by its shape, or by the size of its files."""
    known = choice.voxel_bytes or VALUE_BYTES * prod(choice.shape or (0,))
    return known or BYTES_FOR_FILE_BYTE * look_at_files(choice.files, bool(choice.options.get("recursive"))).bytes
