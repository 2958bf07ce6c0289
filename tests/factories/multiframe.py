"""Multi-frame objects without functional groups: dose, nuclear medicine, ultrasound, secondary capture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    NuclearMedicineImageStorage,
    RTDoseStorage,
    UltrasoundMultiFrameImageStorage,
)

from tests.factories.dicom_series import uid, write_dataset
from tests.factories.phantom import PHANTOM, Phantom

__all__ = ["AXIAL", "frames_dataset", "write_capture", "write_dose", "write_nuclear", "write_ultrasound"]

#: The phantom without a turn, as dose grids and nuclear medicine are.
AXIAL = Phantom(PHANTOM.array, PHANTOM.spacing, (-61.25, 104.5, -73.75), np.eye(3))

Change = Callable[[Dataset], None]


def frames_dataset(planes: Sequence[np.ndarray], *, dtype: str = "uint16", name: str = "frames") -> Dataset:
    """Planes (x, y) as frames, without anything that says where they are."""
    frames = np.stack([plane.T for plane in planes])
    stored = frames.astype(np.dtype(dtype).newbyteorder("<"))
    assert (stored == frames).all(), "the values do not fit into the asked-for type"
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SOPInstanceUID = uid(name)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid("study"), uid(name, "series")
    ds.SeriesDescription, ds.SeriesNumber, ds.InstanceNumber = f"Phantom {name}", 5, 1
    ds.FrameOfReferenceUID = uid("frame of reference")
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.NumberOfFrames, ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated = ds.BitsStored = stored.dtype.itemsize * 8
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    data = stored.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    return ds


def finish(path: Path, ds: Dataset, changes: Sequence[Change], syntax: str) -> Path:
    """Last touches, and to disk."""
    for change in changes:
        change(ds)
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_dataset(path, ds, syntax=syntax)


def place(ds: Dataset, phantom: Phantom, first: int) -> None:
    """Position of one slice, orientation and pixel spacing."""
    ds.ImagePositionPatient = [round(float(v), 9) for v in phantom.position((0, 0, first))]
    ds.ImageOrientationPatient = [round(float(v), 9) for v in (*phantom.direction[:, 0], *phantom.direction[:, 1])]
    ds.PixelSpacing = [phantom.spacing[1], phantom.spacing[0]]


def write_dose(
    path: Path,
    phantom: Phantom = AXIAL,
    *changes: Change,
    order: Sequence[int] | None = None,
    absolute: bool = False,
    scaling: float = 0.001953125,
    dtype: str = "uint32",
    syntax: str = ExplicitVRLittleEndian,
) -> Path:
    """An RT dose grid.

    Args:
        path: The file.
        phantom: Stored values and their place.
        *changes: Last touches.
        order: The slice of each frame; ascending by default, descending gives a vector that decreases.
        absolute: Whether the offsets are coordinates along z rather than distances from the first frame.
        scaling: DoseGridScaling.
        dtype: Type of the stored values.
        syntax: Transfer syntax.
    """
    order = list(range(phantom.shape[2])) if order is None else list(order)
    ds = frames_dataset([phantom.array[:, :, k] for k in order], dtype=dtype, name="dose")
    ds.SOPClassUID, ds.Modality = RTDoseStorage, "RTDOSE"
    place(ds, phantom, order[0])
    normal = np.cross(phantom.direction[:, 0], phantom.direction[:, 1])
    heights = [float(normal @ (phantom.position((0, 0, k)) - phantom.position((0, 0, order[0])))) for k in order]
    if absolute:
        heights = [float(phantom.position((0, 0, k))[2]) for k in order]
    ds.GridFrameOffsetVector = [round(height, 6) for height in heights]
    ds.FrameIncrementPointer = 0x3004000C
    ds.DoseUnits, ds.DoseType, ds.DoseSummationType, ds.DoseGridScaling = "GY", "PHYSICAL", "PLAN", scaling
    ds.SliceThickness = None
    return finish(path, ds, changes, syntax)


def write_nuclear(
    path: Path,
    phantom: Phantom = AXIAL,
    *changes: Change,
    volumes: int = 1,
    vector: str | None = None,
    negative: bool = False,
    shuffle: Sequence[int] | None = None,
    detector: bool = True,
    syntax: str = ExplicitVRLittleEndian,
) -> Path:
    """A reconstruction of nuclear medicine; volume t has the phantom's values plus 1000 t.

    Args:
        path: The file.
        phantom: The first volume.
        *changes: Last touches.
        volumes: How many volumes the file holds.
        vector: Keyword of the vector that tells them apart.
        negative: Whether slices are stacked against the normal: the first frame is the last slice.
        shuffle: In which order the frames are stored.
        detector: Whether position and orientation stand with the detector, as the standard wants.
        syntax: Transfer syntax.
    """
    slices = phantom.shape[2]
    entries = [(t, k) for t in range(volumes) for k in range(slices)]
    entries = entries if shuffle is None else [entries[number] for number in shuffle]
    at = [slices - 1 - k if negative else k for _, k in entries]
    planes = [phantom.array[:, :, z] + 1000 * t for (t, _), z in zip(entries, at, strict=True)]
    ds = frames_dataset(planes, name="nuclear")
    ds.SOPClassUID, ds.Modality = NuclearMedicineImageStorage, "NM"
    ds.ImageType = [
        "ORIGINAL",
        "PRIMARY",
        "RECON GATED TOMO" if vector == "TimeSlotVector" else "RECON TOMO",
        "EMISSION",
    ]
    ds.SpacingBetweenSlices = -phantom.spacing[2] if negative else phantom.spacing[2]
    where = Dataset() if detector else ds
    place(where, phantom, slices - 1 if negative else 0)
    ds.PixelSpacing = where.PixelSpacing
    if detector:
        del where.PixelSpacing
        ds.DetectorInformationSequence = DicomSequence([where])
    ds.NumberOfSlices, ds.SliceVector = slices, [k + 1 for _, k in entries]
    ds.FrameIncrementPointer = [0x00540080]
    if vector is not None:
        setattr(ds, vector, [t + 1 for t, _ in entries])
        ds.FrameIncrementPointer = [ds[vector].tag, 0x00540080]
    return finish(path, ds, changes, syntax)


def write_ultrasound(path: Path, *changes: Change, syntax: str = ExplicitVRLittleEndian, color: bool = False) -> Path:
    """An ultrasound cine: one frame after another, none with a place."""
    ds = frames_dataset([PHANTOM.array[:, :, k] for k in range(PHANTOM.shape[2])], dtype="uint8", name="cine")
    ds.SOPClassUID, ds.Modality = UltrasoundMultiFrameImageStorage, "US"
    ds.FrameTime, ds.FrameIncrementPointer = 33.3, 0x00181063
    if color:
        ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
        ds.PixelData = np.repeat(np.frombuffer(ds.PixelData, "u1"), 3).tobytes()
    return finish(path, ds, changes, syntax)


def write_capture(path: Path, *changes: Change, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Frames of a screen."""
    ds = frames_dataset([PHANTOM.array[:, :, k] for k in range(PHANTOM.shape[2])], dtype="uint8", name="capture")
    ds.SOPClassUID, ds.Modality = MultiFrameGrayscaleByteSecondaryCaptureImageStorage, "OT"
    ds.ConversionType = "WSD"
    return finish(path, ds, changes, syntax)
