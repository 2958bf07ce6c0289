"""NRRD files of a phantom, written field by field; nothing here is shared with the reader."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import numpy as np

from tests.factories.phantom import PHANTOM, Phantom

__all__ = ["encoded", "nrrd_header", "write_nrrd"]

NAMES = {
    "int8": "signed char", "uint8": "uchar", "int16": "short", "uint16": "unsigned short", "int32": "int",
    "uint32": "uint32_t", "int64": "long long int", "uint64": "ulonglong", "float32": "float", "float64": "double",
}  # fmt: skip

#: For each named space, the signs that lead from LPS to it.
SIGNS = {
    "left-posterior-superior": (1, 1, 1), "LPS": (1, 1, 1), "right-anterior-superior": (-1, -1, 1),
    "RAS": (-1, -1, 1), "left-anterior-superior": (1, -1, 1), "LAS": (1, -1, 1),
}  # fmt: skip


def encoded(numbers: np.ndarray, encoding: str) -> bytes:
    """Numbers, x fastest, as an encoding has them."""
    raw = numbers.tobytes("F")
    if encoding in {"gzip", "gz"}:
        return gzip.compress(raw, 6, mtime=0)
    if encoding in {"bzip2", "bz2"}:
        return bz2.compress(raw)
    if encoding == "hex":
        digits = raw.hex()
        return "\n".join(digits[k : k + 70] for k in range(0, len(digits), 70)).encode()
    if encoding in {"text", "txt", "ascii"}:
        return " ".join(str(value) for value in numbers.ravel("F").tolist()).encode() + b"\n"
    return raw


def vector(numbers) -> str:
    return "(" + ",".join(repr(float(value)) for value in numbers) + ")"


def nrrd_header(
    stored: np.ndarray,
    phantom: Phantom = PHANTOM,
    *,
    encoding: str = "raw",
    space: str = "left-posterior-superior",
    extra: dict[str, str] | None = None,
    leading: int = 0,
    line_end: str = "\n",
) -> str:
    """A header.

    Args:
        stored: The numbers as they will be stored, (fastest, ..., slowest).
        phantom: Where the spatial axes lie.
        encoding: As the header names it.
        space: As the header names it.
        extra: Fields to add, or to change; None as value leaves a field out. Keys are pairs whose name ends in "=".
        leading: Axes before the spatial ones, which have no direction.
        line_end: Ends each line.
    """
    signs = np.array(SIGNS.get(space, (1, 1, 1)))
    steps = [vector(signs * phantom.direction[:, k] * phantom.spacing[k]) for k in range(3)]
    trailing = stored.ndim - leading - 3
    fields = {
        "type": NAMES[stored.dtype.newbyteorder("=").name],
        "dimension": str(stored.ndim),
        "space": space,
        "sizes": " ".join(map(str, stored.shape)),
        "space directions": " ".join(["none"] * leading + steps + ["none"] * trailing),
        "endian": "big" if stored.dtype.byteorder == ">" else "little",
        "encoding": encoding,
        "space origin": vector(signs * phantom.origin),
        **(extra or {}),
    }
    lines = []
    for name, value in fields.items():
        if value is not None:
            # A key ends in "=", so that the colon between makes it ":=".
            lines.append(f"{name[:-1]}:={value}" if name.endswith("=") else f"{name}: {value}")
    return line_end.join(["NRRD0005", "# a comment: with a colon", *lines]) + line_end


def write_nrrd(
    path: Path,
    phantom: Phantom = PHANTOM,
    *,
    array: np.ndarray | None = None,
    dtype: str = "<i2",
    encoding: str = "raw",
    files: int = 0,
    before: bytes = b"",
    line_end: str = "\n",
    **options,
) -> Path:
    """Write a phantom.

    Args:
        path: Ends in .nrrd, or in .nhdr for data in a file of their own.
        phantom: Where the voxels are, and their values.
        array: Stored values of any dimensionality in place of the phantom's.
        dtype: Type and byte order to store.
        encoding: As the header names it.
        files: Of a detached header, how many files share the slowest axis; 0 for one that is named by itself.
        before: Bytes before the data (what a skip passes over); compressed data have them inside, raw ones outside.
        line_end: Ends each line of the header.
        **options: See :func:`nrrd_header`.
    """
    stored = (phantom.array if array is None else np.asarray(array)).astype(dtype)
    extra = dict(options.pop("extra", None) or {})
    if path.suffix == ".nrrd":
        header = nrrd_header(stored, phantom, encoding=encoding, extra=extra, line_end=line_end, **options)
        path.write_bytes(header.encode() + line_end.encode() + before + encoded(stored, encoding))
        return path
    pieces = np.array_split(stored, files or 1, axis=stored.ndim - 1)
    names = [f"{path.stem}-{k}.data" for k in range(len(pieces))]
    for name, piece in zip(names, pieces, strict=True):
        path.with_name(name).write_bytes(before + encoded(piece, encoding))
    extra.setdefault("data file", "LIST\n" + "\n".join(names) if files else names[0])
    path.write_text(nrrd_header(stored, phantom, encoding=encoding, extra=extra, line_end=line_end, **options))
    return path
