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

__all__ = ["COMPRESSION_LEVEL", "Writable", "gzip_writer", "planes_of", "stored_array"]

# Enough planes at a time to keep the compressor busy without a copy of the volume.
PLANES_PER_WRITE = 8
COMPRESSION_LEVEL = 1


class Writable(Protocol):
    """What takes bytes."""

    def write(self, content: bytes, /) -> object:
        """Take some."""


def stored_array(
    array: npt.NDArray[Any], types: Collection[np.dtype[np.generic]], format_name: str, path: Path
) -> npt.NDArray[Any]:
    """The array in a type that the format stores, little-endian and without loss.

    Args:
        array: The voxels.
        types: What the format stores, in the machine's byte order.
        format_name: For messages.
        path: The file, for messages.

    Raises:
        OptionError: If there is no such type.
    """
    if array.dtype == np.bool_:
        return array.view(np.uint8)
    if array.dtype == np.float16:
        return array.astype(np.float32)
    native = array.dtype.newbyteorder("=")
    if native not in types:
        raise OptionError(
            f"{format_name} cannot store voxels of type {array.dtype}", path=path, advice="convert the array first"
        )
    return array if array.dtype.byteorder != ">" else array.astype(native)


def planes_of(stored: npt.NDArray[Any]) -> Iterator[bytes]:
    """The bytes of an array, some planes at a time, x fastest, as every format wants them."""
    for start in range(0, stored.shape[2], PLANES_PER_WRITE):
        yield stored[:, :, start : start + PLANES_PER_WRITE].tobytes(order="F")


@contextmanager
def gzip_writer(plain: IO[bytes], is_gzip: bool = True) -> Iterator[Writable]:
    """Write through ISA-L's gzip, if asked for, from where a file stands."""
    if not is_gzip:
        yield plain
        return
    # No name and no time in the gzip header: the same image gives the same bytes.
    with igzip.IGzipFile(  # type: ignore[no-untyped-call]
        filename="", mode="wb", compresslevel=COMPRESSION_LEVEL, fileobj=plain, mtime=0
    ) as packed:
        yield packed
