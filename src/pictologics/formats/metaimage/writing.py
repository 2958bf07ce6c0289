"""Image -> MetaImage: one file, or a header and a file of voxels beside it."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from ...image import Image
from ...storage.files import replacing
from ..writing import COMPRESSION_LEVEL, planes_of, stored_array
from .facts import note_fields
from .header import MODALITIES

__all__ = ["write_metaimage"]

TYPES: dict[np.dtype[np.generic], str] = {
    np.dtype(np.int8): "MET_CHAR",
    np.dtype(np.uint8): "MET_UCHAR",
    np.dtype(np.int16): "MET_SHORT",
    np.dtype(np.uint16): "MET_USHORT",
    np.dtype(np.int32): "MET_INT",
    np.dtype(np.uint32): "MET_UINT",
    np.dtype(np.int64): "MET_LONG_LONG",
    np.dtype(np.uint64): "MET_ULONG_LONG",
    np.dtype(np.float32): "MET_FLOAT",
    np.dtype(np.float64): "MET_DOUBLE",
}

# For each letter towards which an axis runs, the one from which it comes: what ITK calls its orientation.
FROM_TOWARDS = str.maketrans("LRPASI", "RLAPIS")
DIGITS = 20


def write_metaimage(image: Image, path: Path) -> None:
    """Write a MetaImage file, the voxels as a zlib stream; see ``pictologics.save_image``."""
    stored = stored_array(image.array, TYPES, "MetaImage", path)
    fields = fields_of(image, stored.dtype)
    if path.suffix.lower() == ".mha":
        with replacing(path) as temporary, temporary.open("wb") as file:
            head = header_text(fields, 0, "LOCAL")
            file.write(head)
            size = write_stream(stored, file)
            file.seek(0)
            # The size is known last; its place is of one width.
            file.write(header_text(fields, size, "LOCAL"))
        return
    data = path.with_suffix(".zraw")
    # The header comes last: it never names voxels that are not there.
    with replacing(path) as temporary:
        with replacing(data) as packed, packed.open("wb") as file:
            size = write_stream(stored, file)
        temporary.write_bytes(header_text(fields, size, data.name))


def write_stream(stored: npt.NDArray[Any], file: IO[bytes]) -> int:
    """Write voxels as one zlib stream; returns its size."""
    packer = isal_zlib.compressobj(COMPRESSION_LEVEL)
    size = 0
    for content in planes_of(stored):
        size += file.write(packer.compress(content))
    return size + file.write(packer.flush())


def fields_of(image: Image, dtype: np.dtype[np.generic]) -> dict[str, str]:
    """The fields that describe an image."""
    grid = image.grid
    modality = next((name for name, one in MODALITIES.items() if one == image.modality), "MET_MOD_OTHER")
    return {
        "NDims": "3",
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": "False",
        "TransformMatrix": numbers(grid.direction.T.ravel().tolist()),
        "Offset": numbers(grid.origin),
        "CenterOfRotation": "0 0 0",
        "AnatomicalOrientation": grid.orientation.translate(FROM_TOWARDS),
        "ElementSpacing": numbers(grid.spacing),
        "DimSize": " ".join(map(str, grid.shape)),
        "Modality": modality,
        **dict(note_fields(image)),
        "ElementType": TYPES[dtype.newbyteorder("=")],
    }


def header_text(fields: dict[str, str], size: int, data_file: str) -> bytes:
    """The header; as long whatever the size of the stream is."""
    first = {"ObjectType": "Image", "CompressedData": "True", "CompressedDataSize": f"{size:0{DIGITS}d}"}
    lines = [f"{name} = {value}\n" for name, value in {**first, **fields, "ElementDataFile": data_file}.items()]
    return "".join(lines).encode()


def numbers(values: tuple[float, ...] | list[float]) -> str:
    """Numbers with every digit."""
    return " ".join(repr(float(value)) for value in values)
