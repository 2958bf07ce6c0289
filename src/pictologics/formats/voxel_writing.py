"""An image's voxels as bytes of a file: types, order and compression that writers share."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt
from isal import igzip

from ..errors import ContentWarning, OptionError, warn
from ..image import Image
from ..validity import as_source_mask
from .json_comment import VoxelNote
from .small_integers import narrow_voxels

__all__ = ["COMPRESSION_LEVEL", "Writable", "convert_voxels", "iterate_planes", "open_gzip_writer", "prepare_voxels"]

PLANES_PER_WRITE = 8
"""Enough to keep the compressor busy without a copy of the volume."""

COMPRESSION_LEVEL = 1
"""Of ISA-L, 0 to 3: what the higher ones save of an image is little beside the time they take."""


class Writable(Protocol):
    """Takes bytes, as a file that is open for writing does."""

    def write(self, content: bytes | memoryview, /) -> object:
        """Take the next bytes."""


def prepare_voxels(
    image: Image, types: Collection[np.dtype[np.generic]], format_name: str, path: Path, smallest: bool = False
) -> tuple[npt.NDArray[Any], VoxelNote]:
    """An image's voxels as they will be stored, little-endian and without loss, and the note that goes with them.

    Valid voxels keep their values bit for bit. Where the image has a source mask and all invalid voxels hold one value,
    they get one that no valid voxel has, and the note names both. Invalid voxels that hold values of their own, such
    as those around a mask that somebody drew, keep them, and a warning says that the mask itself was not saved.

    Args:
        image: The image.
        types: What the format stores, in the machine's byte order.
        format_name: For messages.
        path: The file, for messages.
        smallest: Whether whole numbers are stored in the smallest type of integers that holds them.

    Raises:
        OptionError: If the format has no type for these voxels.
    """
    # What is narrowed comes back as what it was.
    own = image.array.dtype.newbyteorder("=")
    array = narrow_voxels(image.array) if smallest else image.array
    if image.source_mask is None or np.all(image.source_mask):
        stored = convert_voxels(array, types, format_name, path)
        # A mask that is True everywhere is kept by a note of no invalid voxel.
        return stored, VoxelNote(own, stored.dtype, "" if image.source_mask is None else "0", 0)
    valid = as_source_mask(image.source_mask, array.shape)
    is_label_map = own == np.bool_ or bool(image.labels) or image.modality == "SEG"
    plain = convert_voxels(array, types, format_name, path)
    outside = array[~valid]
    fill = find_free_value(plain, valid, types, is_label_map) if is_uniform(outside) else None
    if fill is None:
        reason = (
            f"{plain.dtype} has no value left for invalid voxels"
            if is_uniform(outside)
            else f"the {outside.size} invalid voxels hold values of their own, which were kept"
        )
        text = (
            f"'{path}': the source mask was not saved, as {reason}; save image.source_mask as an image of its own, and "
            "give it back with with_source_mask"
        )
        warn(text, ContentWarning)
        return plain, VoxelNote(own, plain.dtype)
    stored = np.array(plain, fill.dtype, order="F")
    np.copyto(stored, fill, where=~valid)
    return stored, VoxelNote(own, stored.dtype, repr(fill.item()), outside.size, repr(outside[0].item()))


def is_uniform(values: npt.NDArray[Any]) -> bool:
    """Whether values are all the same, or all NaN."""
    return bool((values == values[0]).all() or (values.dtype.kind == "f" and np.isnan(values).all()))


def find_free_value(
    array: npt.NDArray[Any],
    valid: npt.NDArray[np.bool_],
    types: Collection[np.dtype[np.generic]],
    is_label_map: bool,
) -> Any:
    """A number for invalid voxels, which all hold the same, that no valid one has; None if there is none.

    It is of the array's type, or of a larger one of the format.
    """
    inside, held = array[valid], array[~valid][0]
    if not (np.isnan(inside).any() if np.isnan(held) else (inside == held).any()):
        return held
    if array.dtype.kind == "f":
        return find_free_float(inside, held)
    return find_free_integer(inside, types, is_label_map)


def find_free_float(inside: npt.NDArray[Any], held: Any) -> Any:
    """A float that no valid voxel has.

    The one beside that which all invalid voxels hold, since somebody may have chosen it; else NaN, which other software
    passes over too; else one below all others.
    """
    kind = inside.dtype
    if np.isfinite(held):
        # Denormal numbers may be flushed to zero on their way.
        beside = np.nextafter(held, kind.type(-np.inf)) if held else -np.finfo(kind).tiny
        if np.isfinite(beside) and not (inside == beside).any():
            return beside
    if not np.isnan(inside).any():
        return kind.type(np.nan)
    finite = inside[np.isfinite(inside)]
    low = finite.min() if finite.size else kind.type(0)
    below = np.nextafter(np.floor(low) - 1, kind.type(-np.inf))
    return below if np.isfinite(below) else None


def find_free_integer(inside: npt.NDArray[Any], types: Collection[np.dtype[np.generic]], is_label_map: bool) -> Any:
    """The whole number below or above those of all valid voxels; of labels -1: a larger one would pass for a label."""
    low, high = (int(inside.min()), int(inside.max())) if inside.size else (0, 0)
    wider = [np.dtype(name) for name in ("int16", "int32", "int64") if np.dtype(name) in types]
    for dtype in (inside.dtype, *wider):
        limits = np.iinfo(dtype)
        if not limits.min <= low <= high <= limits.max:
            continue
        for value in (-1,) if is_label_map and low >= 0 else (low - 1, high + 1):
            if limits.min <= value <= limits.max:
                return dtype.type(value)
    return None


def convert_voxels(
    array: npt.NDArray[Any], types: Collection[np.dtype[np.generic]], format_name: str, path: str | Path | None
) -> npt.NDArray[Any]:
    """Convert an array, without loss, to a type that the format stores, little-endian.

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


def iterate_planes(stored: npt.NDArray[Any]) -> Iterator[memoryview]:
    """The bytes of an array, some planes at a time, x fastest, as all formats want them; not copied if they lie so."""
    for start in range(0, stored.shape[2], PLANES_PER_WRITE):
        planes = np.ascontiguousarray(stored.T[start : start + PLANES_PER_WRITE])
        yield planes.reshape(-1).view(np.uint8).data


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
