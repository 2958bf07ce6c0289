"""An image's voxels as bytes of a file: types, order and compression that writers share."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt
from isal import igzip

from ..errors import OptionError

__all__ = ["COMPRESSION_LEVEL", "Writable", "convert_voxels", "iterate_planes", "open_gzip_writer"]

PLANES_PER_WRITE = 8
"""Enough to keep the compressor busy without a copy of the volume."""

COMPRESSION_LEVEL = 1
"""Of ISA-L, 0 to 3: what the higher ones save of an image is little beside the time they take."""


class Writable(Protocol):
    """Takes bytes, as a file that is open for writing does."""

    def write(self, content: bytes, /) -> object:
        """Take the next bytes."""


def convert_voxels(
    array: npt.NDArray[Any], types: Collection[np.dtype[np.generic]], format_name: str, path: Path
) -> npt.NDArray[Any]:
    """Convert an array, without loss, to a type that the format stores, little-endian.

    Args:
        array: The voxels.
        types: What the format stores, in the machine's byte order.
        format_name: For messages.
        path: The file, for messages.

    Raises:
        OptionError: If the format has no type for these voxels.
    """
    if array.dtype == np.bool_:
        # NumPy stores False and True as the bytes 0 and 1.
        return array.view(np.uint8)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    native = array.dtype.newbyteorder("=")
    if native not in types:
        raise OptionError(
            f"{format_name} cannot store voxels of type {array.dtype}", path=path, advice="convert the array first"
        )
    return array if array.dtype.byteorder != ">" else array.astype(native)


def iterate_planes(stored: npt.NDArray[Any]) -> Iterator[bytes]:
    """The bytes of an array, some planes at a time, x fastest, as every format wants them."""
    for start in range(0, stored.shape[2], PLANES_PER_WRITE):
        yield stored[:, :, start : start + PLANES_PER_WRITE].tobytes(order="F")


@contextmanager
def open_gzip_writer(plain: IO[bytes], is_gzip: bool = True) -> Iterator[Writable]:
    """Write through ISA-L's gzip, if asked for, from the current position of a file on."""
    if not is_gzip:
        yield plain
        return
    # No name and no time in the gzip header: the same image gives the same bytes.
    with igzip.IGzipFile(  # type: ignore[no-untyped-call]
        filename="", mode="wb", compresslevel=COMPRESSION_LEVEL, fileobj=plain, mtime=0
    ) as packed:
        yield packed
