"""Siemens mosaics of a phantom, with a CSA header of their own."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.factories.dicom_series import slice_dataset, uid, write_dataset
from tests.factories.phantom import PHANTOM, Phantom, counting

__all__ = ["CUTS", "csa_header", "mosaic_dataset", "write_mosaic"]

SYNC = 77


def csa_header(values: Mapping[str, Sequence[object]], version: int = 2) -> bytes:
    """A Siemens CSA header: names with their values as text.

    Both versions name a tag in 64 bytes. Each of its items has four numbers, of which version 2 holds the length in
    the second; version 1 holds it in the first, with the number of items of the first tag added to it.
    """
    items_of_first = 6
    found = [b"SV10\4\3\2\1" if version == 2 else b"", struct.pack("<2I", len(values), SYNC)]
    for name, texts in values.items():
        kind = b"SH" if "Text" in name else b"US" if "Number" in name else b"FD"
        found.append(struct.pack("<64si4s3i", name.encode(), len(texts), kind, 3, items_of_first, SYNC))
        # Siemens writes more items than there are values, the rest of them empty.
        for k in range(items_of_first):
            text = f"{texts[k]}".encode().ljust(12) + b"\0" if k < len(texts) else b""
            length = len(text)
            if version == 2:
                found.append(struct.pack("<4i", length, length, SYNC, length))
            else:
                found.append(struct.pack("<4i", length + items_of_first, SYNC, length, 0))
            found.append(text + b"\0" * (-length % 4))
    return b"".join(found)


def mosaic_dataset(
    phantom: Phantom,
    *,
    version: int | None = 2,
    series: str = "mosaic",
    volume: int = 0,
    private_count: bool = True,
    csa_count: bool = True,
    spare: int = 0,
    csa: Mapping[str, Sequence[object]] | None = None,
) -> Dataset:
    """A volume as the tiles of one picture.

    Args:
        phantom: The volume; its third axis is the way in which the tiles follow each other, along the cross product of
            the cosines or against it.
        version: Of the CSA header; None leaves it out.
        series: Names the series.
        volume: Which volume of the series.
        private_count: Whether the number of slices stands in group 0019.
        csa_count: Whether it stands in the CSA header.
        spare: Value of the tiles that hold no slice.
        csa: Further values of the CSA header.
    """
    width, height, count = phantom.shape
    side = math.ceil(math.sqrt(count))
    picture = np.full((width * side, height * side), spare, phantom.array.dtype)
    for k in range(count):
        left, top = k % side * width, k // side * height
        picture[left : left + width, top : top + height] = phantom.array[:, :, k]
    ds = slice_dataset(
        0,
        replace(phantom, array=picture[:, :, None]),
        modality="MR",
        slope=None,
        series=series,
        instance_number=volume + 1,
    )
    ds.SOPInstanceUID = uid(series, "mosaic", volume)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    row, column = phantom.direction[:, 0], phantom.direction[:, 1]
    # Position of the first pixel of a picture of the mosaic's size that is centered where the first slice is.
    corner = (
        phantom.position((0, 0, 0))
        - row * phantom.spacing[0] * (side - 1) * width / 2
        - column * phantom.spacing[1] * (side - 1) * height / 2
    )
    ds.ImagePositionPatient = [round(float(v), 9) for v in corner]
    ds.SpacingBetweenSlices = phantom.spacing[2]
    if private_count:
        block = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
        block.add_new(0x0A, "US", count)
    if version is not None:
        values = {
            "EchoLinePosition": ["32"],
            "NumberOfImagesInMosaic": [count],
            "SliceNormalVector": [f"{v:.8f}" for v in phantom.direction[:, 2]],
            "AcquisitionMatrixText": [f"{height}p*{width}"],
            "B_value": [],
            **(csa or {}),
        }
        if not csa_count:
            del values["NumberOfImagesInMosaic"]
        block = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
        block.add_new(0x08, "CS", "IMAGE NUM 4")
        content = csa_header(values, version)
        block.add_new(0x10, "OB", content + b"\0" * (len(content) % 2))
    return ds


def write_mosaic(
    path: Path, phantom: Phantom, *changes: Callable[[Dataset], None], syntax: str = ExplicitVRLittleEndian, **options
) -> Path:
    """Write one volume; see :func:`mosaic_dataset` for the options."""
    ds = mosaic_dataset(phantom, **options)
    for change in changes:
        change(ds)
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_dataset(path, ds, syntax=syntax)


def cut_along(row: Sequence[float], column: Sequence[float], way: int, slices: int = 5) -> Phantom:
    """A phantom with given cosines, whose slices follow along their cross product (1) or against it (-1)."""
    row, column = np.array(row, dtype=float), np.array(column, dtype=float)
    direction = np.column_stack([row, column, way * np.cross(row, column)])
    return Phantom(counting((8, 6, slices)), (1.5, 1.25, 3.0), (-30.5, 41.25, -12.0), direction)


#: The ways in which Siemens cuts a head.
CUTS = {
    "axial": cut_along((1, 0, 0), (0, 1, 0), 1),
    "axial, against": cut_along((1, 0, 0), (0, 1, 0), -1),
    "coronal": cut_along((1, 0, 0), (0, 0, -1), 1),
    "coronal, against": cut_along((1, 0, 0), (0, 0, -1), -1),
    "sagittal": cut_along((0, 1, 0), (0, 0, -1), 1),
    "sagittal, against": cut_along((0, 1, 0), (0, 0, -1), -1),
    "oblique": cut_along(PHANTOM.direction[:, 0], PHANTOM.direction[:, 1], 1, 7),
    "oblique, against": cut_along(PHANTOM.direction[:, 0], PHANTOM.direction[:, 1], -1, 7),
    "one tile": cut_along((1, 0, 0), (0, 1, 0), 1, 1),
    "a full square": cut_along((1, 0, 0), (0, 1, 0), 1, 9),
    "ten tiles": cut_along((1, 0, 0), (0, 1, 0), -1, 10),
}
