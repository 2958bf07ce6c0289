"""Image -> NRRD: one file, or a header and a file of voxels beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...geometry import Grid
from ...image import Image
from ...storage.files import replacing
from ..notes import KEY, note_text
from ..writing import gzip_writer, planes_of, stored_array
from .segments import segment_keys

__all__ = ["write_nrrd", "write_seg_nrrd"]

TYPES: dict[np.dtype[np.generic], str] = {
    np.dtype(np.int8): "signed char",
    np.dtype(np.uint8): "unsigned char",
    np.dtype(np.int16): "short",
    np.dtype(np.uint16): "unsigned short",
    np.dtype(np.int32): "int",
    np.dtype(np.uint32): "unsigned int",
    np.dtype(np.int64): "long long int",
    np.dtype(np.uint64): "unsigned long long int",
    np.dtype(np.float32): "float",
    np.dtype(np.float64): "double",
}


def write_nrrd(image: Image, path: Path) -> None:
    """Write a NRRD file, the voxels as gzip; see ``pictologics.save_image``."""
    write(image, path, {})


def write_seg_nrrd(image: Image, path: Path) -> None:
    """Write a label map as 3D Slicer does: the names of its labels are keys of the header."""
    write(image, path, segment_keys(image, path))


def write(image: Image, path: Path, keys: Mapping[str, str]) -> None:
    """Write an image with some keys."""
    grid = image.grid
    stored = stored_array(image.array, TYPES, "NRRD", path)
    pairs = {**keys, KEY: note_text(image)}
    if path.suffix.lower() != ".nhdr":
        with replacing(path) as temporary, temporary.open("wb") as plain:
            plain.write(header_text(grid, stored.dtype, pairs) + b"\n")
            with gzip_writer(plain) as packed:
                for content in planes_of(stored):
                    packed.write(content)
        return
    data = path.with_suffix(".raw.gz")
    # The header comes last: it never names voxels that are not there.
    with replacing(path) as temporary:
        with replacing(data) as packed_file, packed_file.open("wb") as plain, gzip_writer(plain) as packed:
            for content in planes_of(stored):
                packed.write(content)
        temporary.write_bytes(header_text(grid, stored.dtype, pairs, data.name))


def header_text(grid: Grid, dtype: np.dtype[np.generic], keys: Mapping[str, str], data_file: str = "") -> bytes:
    """The header, without the empty line that ends it where voxels follow.

    Args:
        grid: Where the voxels lie.
        dtype: Type of the stored numbers.
        keys: Key/value pairs.
        data_file: The file of the voxels, empty if they follow.
    """
    affine = grid.affine
    lines = [
        "NRRD0005",
        f"type: {TYPES[dtype.newbyteorder('=')]}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, grid.shape))}",
        f"space directions: {' '.join(vector(affine[:3, axis]) for axis in range(3))}",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: gzip",
        f"space origin: {vector(affine[:3, 3])}",
        *([f"data file: {data_file}"] if data_file else []),
        *(f"{escaped(key)}:={escaped(value)}" for key, value in keys.items()),
    ]
    return ("\n".join(lines) + "\n").encode()


def vector(numbers: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    """A vector with every digit of its numbers."""
    return f"({','.join(repr(number) for number in numbers.tolist())})"


def escaped(text: str) -> str:
    """A key or value on one line."""
    return text.replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
