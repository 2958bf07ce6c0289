"""Image -> NRRD: one file, or a header and a file of voxels beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ContentWarning, warn
from ...geometry import Grid
from ...image import Image
from ...storage.file_pairs import PAIR_DATA_SUFFIXES, replace_pair
from ...storage.file_writing import replace_file
from ..json_comment import VoxelNote
from ..voxel_writing import iterate_planes, open_gzip_writer, prepare_voxels
from .facts import make_comment_key
from .segment_writing import LABEL_TYPES, make_segment_keys, prepare_labels

__all__ = ["NRRD_TYPE_NAMES", "NrrdWriter", "SegNrrdWriter", "VolumeAxis", "make_nrrd_header"]

NRRD_TYPE_NAMES: dict[np.dtype[np.generic], str] = {
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
"""``type`` by type; each is a name that Teem itself writes."""


MEASUREMENT_FRAME = "measurement frame: (1,0,0) (0,1,0) (0,0,1)"
"""Of gradients: they are written in the space of the file."""


class NrrdWriter:
    """Writes NRRD files, the voxels as gzip: one file, or a header and a file of voxels beside it."""

    name = "NRRD"
    suffixes: tuple[str, ...] = (".nrrd", ".nhdr")
    types = frozenset(NRRD_TYPE_NAMES)

    def write(self, image: Image, path: Path, smallest: bool = False) -> None:
        """Write an image; see ``pictologics.save_image``."""
        stored, note = prepare_voxels(image, self.types, self.name, path, smallest)
        write_nrrd(image, stored, path, make_comment_key(image, note))


class SegNrrdWriter:
    """Writes label maps as 3D Slicer does: the names of the labels are keys of the header."""

    name = "3D Slicer segmentation"
    suffixes: tuple[str, ...] = (".seg.nrrd",)
    types = LABEL_TYPES

    def write(self, image: Image, path: Path, smallest: bool = False) -> None:
        """Write a label map, always in the smallest type; see ``pictologics.save_image``."""
        stored = prepare_labels(image, path)
        note = VoxelNote(image.array.dtype.newbyteorder("="), stored.dtype)
        if image.source_mask is not None and not np.all(image.source_mask):
            # A value for invalid voxels would be one more segment.
            text = "the source mask was not saved, as a segmentation of 3D Slicer has no place for it; save as .nrrd"
            warn(f"'{path}': {text}", ContentWarning)
        write_nrrd(image, stored, path, {**make_segment_keys(image, stored), **make_comment_key(image, note)})


def write_nrrd(image: Image, stored: npt.NDArray[Any], path: Path, pairs: Mapping[str, str]) -> None:
    """Write voxels as they are to be stored, where the image lies, with some keys."""
    grid = image.grid
    if path.suffix.lower() != ".nhdr":
        with replace_file(path) as temporary, temporary.open("wb") as plain:
            # An empty line ends the header where voxels follow.
            plain.write(make_nrrd_header(grid, stored.dtype, pairs) + b"\n")
            with open_gzip_writer(plain) as packed:
                for content in iterate_planes(stored):
                    packed.write(content)
        return
    with replace_pair(path, PAIR_DATA_SUFFIXES[".nhdr"]) as pair:
        with pair.data.open("wb") as plain, open_gzip_writer(plain) as packed:
            for content in iterate_planes(stored):
                packed.write(content)
        pair.header.write_bytes(make_nrrd_header(grid, stored.dtype, pairs, pair.place_data()))


@dataclass(frozen=True)
class VolumeAxis:
    """A fourth axis, along which volumes follow one another.

    Attributes:
        count: How many there are.
        step: From one to the next, s; NaN where that is not known.
        start: Of the first, s.
    """

    count: int
    step: float = nan
    start: float = nan

    @property
    def lines(self) -> list[str]:
        """Fields of the header that say when the volumes begin; of axes of space the directions say where they lie."""
        if isnan(self.step):
            return []
        return [
            f"spacings: NaN NaN NaN {self.step!r}",
            f"axis mins: NaN NaN NaN {self.start!r}",
            'units: "" "" "" "s"',
        ]


def make_nrrd_header(
    grid: Grid,
    dtype: np.dtype[np.generic],
    keys: Mapping[str, str],
    data_file: str = "",
    volumes: VolumeAxis | None = None,
) -> bytes:
    """The header, without the empty line that ends it where voxels follow.

    Args:
        grid: Where the voxels lie.
        dtype: Type of the stored numbers.
        keys: Key/value pairs.
        data_file: The file of the voxels, empty if they follow.
        volumes: The axis of several volumes.
    """
    affine, is_one = grid.affine, volumes is None
    lines = [
        "NRRD0005",
        f"type: {NRRD_TYPE_NAMES[dtype.newbyteorder('=')]}",
        f"dimension: {3 if volumes is None else 4}",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, grid.shape))}" + ("" if volumes is None else f" {volumes.count}"),
        f"space directions: {' '.join(format_vector(affine[:3, axis]) for axis in range(3))}" + " none" * (not is_one),
        # ITK takes what is in a list for the numbers of a voxel, and refuses an axis of time.
        "kinds: domain domain domain" + ("" if volumes is None else " list"),
        *([] if volumes is None else volumes.lines),
        "endian: little",
        "encoding: gzip",
        f"space origin: {format_vector(affine[:3, 3])}",
        *([MEASUREMENT_FRAME] if "DWMRI_b-value" in keys else []),
        *([f"data file: {data_file}"] if data_file else []),
        *(f"{escape(key)}:={escape(value)}" for key, value in keys.items()),
    ]
    return ("\n".join(lines) + "\n").encode()


def format_vector(numbers: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    """A vector with every digit of its numbers, so that they are read back as they are."""
    return f"({','.join(repr(number) for number in numbers.tolist())})"


def escape(text: str) -> str:
    """A key or value on one line (NRRD, "Key/Value Pairs")."""
    return text.replace("\\", "\\\\").replace("\r", "").replace("\n", "\\n")
