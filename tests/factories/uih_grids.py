"""Grids of United Imaging: a volume as the tiles of one picture, each slice with a position in a private sequence."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian

from tests.factories.dicom_series import slice_dataset, uid, write_dataset
from tests.factories.phantom import Phantom

__all__ = ["write_uih_grid"]


def write_uih_grid(
    path: Path, phantom: Phantom, *changes, syntax: str = ExplicitVRLittleEndian, volume: int = 0, series: str = "grid"
) -> Path:
    """Write one volume, as the maker describes it: ceil(sqrt(n)) tiles side by side, and rows as needed."""
    width, height, count = phantom.shape
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    picture = np.zeros((width * across, height * down), phantom.array.dtype)
    for k in range(count):
        left, top = k % across * width, k // across * height
        picture[left : left + width, top : top + height] = phantom.array[:, :, k]
    # The position of the file is that of the first slice.
    ds = slice_dataset(
        0,
        replace(phantom, array=picture[:, :, None]),
        modality="MR",
        slope=None,
        series=series,
        instance_number=volume + 1,
    )
    ds.SOPInstanceUID = uid(series, "grid", volume)
    ds.Manufacturer = "UIH"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "M", "VFRAME"]
    ds.SpacingBetweenSlices = phantom.spacing[2]
    block = ds.private_block(0x0065, "Image Private Header", create=True)
    block.add_new(0x50, "DS", str(count))
    slices = []
    for k in range(count):
        one = Dataset()
        one.ImagePositionPatient = [round(float(v), 9) for v in phantom.position((0, 0, k))]
        one.AcquisitionTime = f"1200{k:02d}"
        slices.append(one)
    block.add_new(0x51, "SQ", DicomSequence(slices))
    for change in changes:
        change(ds)
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_dataset(path, ds, syntax=syntax)
