"""NiftiHeader -> voxels of one volume, converted while they are read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import CorruptFileError
from ..files import StoredFile
from ..inflation import MOST_DEFLATION, InflatedStream
from ..rescaling import exact_float, rescale_into
from ..threads import run_in_shares
from .header import NiftiHeader

__all__ = ["check_size", "read_volume"]

# Small enough to stay in a core's cache between reading and converting.
CHUNK = 1 << 20


def read_volume(
    header: NiftiHeader, data: StoredFile, is_gzip: bool, index: int, dtype: np.dtype[Any] | None
) -> npt.NDArray[Any]:
    """Read one volume.

    Args:
        header: What the file says.
        data: The file that holds the voxels.
        is_gzip: Whether that file is gzip.
        index: Which volume, below ``header.volumes``.
        dtype: Type of the voxels; None for the smallest float type that holds every stored value exactly.

    Returns:
        Voxels of shape (x, y, z) in Fortran order.

    Raises:
        CorruptFileError: If the file holds less than the header says, or its gzip is damaged.
        OptionError: If ``dtype`` is an integer type that cannot hold the values.
    """
    start = header.data_offset + index * header.voxels * header.stored.itemsize
    try:
        flat = np.empty(header.voxels, exact_float(header.stored) if dtype is None else dtype)
    except MemoryError as error:
        raise CorruptFileError(
            f"its header says shape {header.shape}, for which there is no memory", path=data.name
        ) from error
    if is_gzip:
        is_last = index == header.volumes - 1
        read_inflating(header, data, start, flat, is_last)
    else:
        read_in_parallel(header, data, start, flat)
    return flat.reshape(header.shape, order="F")


def check_size(header: NiftiHeader, data: StoredFile, is_gzip: bool) -> None:
    """Make sure that the file can hold what its header says, before memory is taken for it."""
    with data.open() as file:
        size = file.size
    needed = header.data_offset + header.volumes * header.voxels * header.stored.itemsize
    room = size * MOST_DEFLATION if is_gzip else size
    if room < needed:
        raise CorruptFileError(
            f"its header says {header.volumes} volume{'s' * (header.volumes != 1)} of shape {header.shape} and type "
            f"{header.stored.name}, {needed} bytes, and the file has {size}" + (" (gzip)" if is_gzip else ""),
            path=data.name,
            advice="it was cut off when it was copied, or its header is wrong; fetch it again",
            needed=needed,
            size=size,
        )


def read_in_parallel(header: NiftiHeader, data: StoredFile, start: int, flat: npt.NDArray[Any]) -> None:
    """Read a plain file: each thread reads, converts and writes its own stretch."""
    per_chunk = CHUNK // header.stored.itemsize
    chunks = -(-flat.size // per_chunk)
    straight = flat.dtype == header.stored and (header.slope, header.intercept) == (1.0, 0.0)

    def read_share(share: Iterable[int]) -> None:
        buffer = np.empty(per_chunk, header.stored)
        with data.open() as file:
            for k in share:
                target = flat[k * per_chunk : (k + 1) * per_chunk]
                stored = target if straight else buffer[: target.size]
                offset = start + k * per_chunk * header.stored.itemsize
                file.fill(offset, stored.view(np.uint8))
                if not straight:
                    rescale_into(target, stored, header.slope, header.intercept, data.name)

    run_in_shares(read_share, chunks)


def read_inflating(header: NiftiHeader, data: StoredFile, start: int, flat: npt.NDArray[Any], is_last: bool) -> None:
    """Read a gzip file: another thread inflates, this one converts into place.

    After the last volume the stream is followed to its end, so that its checksum counts.
    """
    itemsize = header.stored.itemsize
    with InflatedStream(data) as stream:
        stream.skip(start)
        done, rest = 0, b""
        while done < flat.size:
            piece = stream.next_piece()
            if not piece:
                raise CorruptFileError(
                    f"its gzip stream ends after {stream.position} bytes and {start + flat.size * itemsize} are needed",
                    path=data.name,
                    advice="it was cut off when it was copied; fetch it again",
                )
            if rest:
                piece = rest + piece
            count = min(len(piece) // itemsize, flat.size - done)
            rest = b"" if count * itemsize == len(piece) else bytes(piece[count * itemsize :])
            stored = np.frombuffer(piece, header.stored, count)
            rescale_into(flat[done : done + count], stored, header.slope, header.intercept, data.name)
            done += count
        if is_last:
            stream.check_end()
