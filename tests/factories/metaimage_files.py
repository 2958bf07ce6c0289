"""MetaImage files of a phantom, written field by field; nothing here is shared with the reader."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from tests.factories.phantom import PHANTOM, Phantom

__all__ = ["metaimage_fields", "write_metaimage"]

NAMES = {
    "int8": "MET_CHAR", "uint8": "MET_UCHAR", "int16": "MET_SHORT", "uint16": "MET_USHORT", "int32": "MET_INT",
    "uint32": "MET_UINT", "int64": "MET_LONG_LONG", "uint64": "MET_ULONG_LONG", "float32": "MET_FLOAT",
    "float64": "MET_DOUBLE",
}  # fmt: skip


def numbers(values) -> str:
    return " ".join(repr(float(value)) for value in np.ravel(values))


def metaimage_fields(stored: np.ndarray, phantom: Phantom = PHANTOM, channels: int = 1) -> dict[str, str]:
    """The fields of a header, without the last one.

    Args:
        stored: The numbers as they will be stored, channels first if there are several.
        phantom: Where the first three axes lie.
        channels: Numbers of each voxel.
    """
    sizes = stored.shape[1:] if channels > 1 else stored.shape
    axes = len(sizes)
    # Row k is the way axis k runs.
    matrix = np.eye(axes)
    matrix[:3, :3] = phantom.direction.T
    return {
        "ObjectType": "Image",
        "NDims": str(axes),
        "BinaryData": "True",
        "BinaryDataByteOrderMSB": str(stored.dtype.byteorder == ">"),
        "CompressedData": "False",
        "TransformMatrix": numbers(matrix),
        "Offset": numbers([*phantom.origin, 0, 0, 0][:axes]),
        "CenterOfRotation": numbers(np.zeros(axes)),
        "ElementSpacing": numbers([*phantom.spacing, 1, 1, 1][:axes]),
        "DimSize": " ".join(map(str, sizes)),
        **({"ElementNumberOfChannels": str(channels)} if channels > 1 else {}),
        "ElementType": NAMES[stored.dtype.newbyteorder("=").name],
    }


def write_metaimage(
    path: Path,
    phantom: Phantom = PHANTOM,
    *,
    array: np.ndarray | None = None,
    dtype: str = "<i2",
    channels: int = 1,
    compressed: bool = False,
    text: bool = False,
    files: int = 0,
    pattern: str = "",
    before: bytes = b"",
    extra: dict[str, str | None] | None = None,
    line_end: str = "\n",
) -> Path:
    """Write a phantom.

    Args:
        path: Ends in .mha, or in .mhd for data in files of their own.
        phantom: Where the voxels are, and their values.
        array: Stored values of any dimensionality in place of the phantom's.
        dtype: Type and byte order to store.
        channels: Numbers of each voxel; the array has them as its first axis.
        compressed: As a zlib stream.
        text: As decimal text.
        files: Of a detached header, how many files share the slowest axis; 0 for one that is named by itself.
        pattern: What names them, in place of a list; its one number counts from 1.
        before: Bytes before the data of each file.
        extra: Fields to add or to change; None as value leaves a field out.
        line_end: Ends each line of the header.
    """
    stored = (phantom.array if array is None else np.asarray(array)).astype(dtype)
    pieces = np.array_split(stored, files or 1, axis=stored.ndim - 1)
    contents = [encoded(piece, compressed, text) for piece in pieces]
    fields: dict[str, str | None] = dict(metaimage_fields(stored, phantom, channels))
    if compressed:
        fields |= {"CompressedData": "True", "CompressedDataSize": str(len(contents[0]))}
    if text:
        fields["BinaryData"] = "False"
    fields |= extra or {}
    names = [pattern % (k + 1) if pattern else f"{path.stem}-{k}.data" for k in range(len(pieces))]
    if path.suffix == ".mha":
        fields["ElementDataFile"] = "LOCAL"
    elif pattern:
        fields["ElementDataFile"] = f"{pattern} 1 {len(pieces)} 1"
    else:
        fields["ElementDataFile"] = line_end.join(["LIST", *names]) if files else names[0]
    header = "".join(f"{name} = {value}{line_end}" for name, value in fields.items() if value is not None).encode()
    if path.suffix == ".mha":
        path.write_bytes(header + before + contents[0])
        return path
    for name, content in zip(names, contents, strict=True):
        path.with_name(name).write_bytes(before + content)
    path.write_bytes(header)
    return path


def encoded(piece: np.ndarray, compressed: bool, text: bool) -> bytes:
    if text:
        return (" ".join(map(str, piece.ravel("F").tolist())) + "\n").encode()
    return zlib.compress(piece.tobytes("F")) if compressed else piece.tobytes("F")
