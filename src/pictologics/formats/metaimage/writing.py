"""Image -> MetaImage: one file, or a header and a file of voxels beside it."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy.typing as npt
from isal import isal_zlib

from ...image import Image
from ...storage.file_pairs import PAIR_DATA_SUFFIXES, replace_pair
from ...storage.file_writing import replace_file
from ..json_comment import VoxelNote
from ..voxel_writing import COMPRESSION_LEVEL, iterate_planes, prepare_voxels
from .facts import make_comment_fields
from .vocabulary import LAST_FIELD, METAIMAGE_MODALITIES, TYPES_WRITTEN

__all__ = ["MetaImageWriter"]

FROM_TOWARDS = str.maketrans("LRPASI", "RLAPIS")
"""For each letter towards which an axis runs, the one from which it comes: what ITK writes as orientation."""

SIZE_DIGITS = 20
"""Enough for any 64-bit size, so that a header is as long whatever the size of its stream is."""

TYPE_NAMES = {stored: name for name, stored in TYPES_WRITTEN.items()}
"""``ElementType`` by type."""


class MetaImageWriter:
    """Writes MetaImage files, the voxels as a zlib stream: one file, or a header and a file of voxels beside it."""

    name = "MetaImage"
    suffixes: tuple[str, ...] = (".mha", ".mhd")
    types = frozenset(TYPES_WRITTEN.values())

    def write(self, image: Image, path: Path, smallest: bool = False) -> None:
        """Write an image; see ``pictologics.save_image``."""
        stored, note = prepare_voxels(image, self.types, self.name, path, smallest)
        fields = make_fields(image, note)
        if path.suffix.lower() == ".mha":
            with replace_file(path) as temporary, temporary.open("wb") as file:
                file.write(make_metaimage_header(fields, 0, "LOCAL"))
                size = write_stream(stored, file)
                file.seek(0)
                # The size is known last; the header with it is as long as the one without.
                file.write(make_metaimage_header(fields, size, "LOCAL"))
            return
        with replace_pair(path, PAIR_DATA_SUFFIXES[".mhd"]) as pair:
            with pair.data.open("wb") as file:
                size = write_stream(stored, file)
            pair.header.write_bytes(make_metaimage_header(fields, size, pair.place_data()))


def write_stream(stored: npt.NDArray[Any], file: IO[bytes]) -> int:
    """Write voxels as one zlib stream; returns its size."""
    packer = isal_zlib.compressobj(COMPRESSION_LEVEL)
    size = 0
    for content in iterate_planes(stored):
        size += file.write(packer.compress(content))
    return size + file.write(packer.flush())


def make_fields(image: Image, voxels: VoxelNote) -> dict[str, str]:
    """The fields that describe an image and its stored voxels."""
    grid = image.grid
    modality = next((name for name, dicom in METAIMAGE_MODALITIES.items() if dicom == image.modality), "MET_MOD_OTHER")
    return {
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        # A row of the matrix is an axis; direction has axes in columns.
        "TransformMatrix": join_numbers(grid.direction.T.ravel().tolist()),
        "Offset": join_numbers(grid.origin),
        "CenterOfRotation": "0 0 0",
        "AnatomicalOrientation": grid.orientation.translate(FROM_TOWARDS),
        "ElementSpacing": join_numbers(grid.spacing),
        "DimSize": " ".join(map(str, grid.shape)),
        "Modality": modality,
        **dict(make_comment_fields(image, voxels)),
        "ElementType": TYPE_NAMES[voxels.stored.newbyteorder("=")],
    }


def make_metaimage_header(fields: dict[str, str], size: int, data_file: str) -> bytes:
    """The header as it is written.

    Args:
        fields: What describes the image.
        size: Bytes of the stream of voxels.
        data_file: The file that holds them, ``"LOCAL"`` if they follow.
    """
    first = {"ObjectType": "Image", "CompressedData": "True", "CompressedDataSize": f"{size:0{SIZE_DIGITS}d}"}
    lines = [f"{name} = {value}\n" for name, value in {**first, **fields, LAST_FIELD: data_file}.items()]
    return "".join(lines).encode()


def join_numbers(values: tuple[float, ...] | list[float]) -> str:
    """Numbers with every digit, so that they are read back as they are."""
    return " ".join(repr(float(value)) for value in values)
