"""DICOM series of a phantom, written by pydicom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from tests.factories.phantom import PHANTOM, Phantom

__all__ = [
    "SYNTAXES",
    "UNCOMPRESSED",
    "Change",
    "add_long_junk",
    "add_overlay_bits",
    "add_private_block",
    "add_undefined_length_sequences",
    "slice_dataset",
    "slice_file",
    "uid",
    "write_dataset",
    "write_series",
]

UNCOMPRESSED = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big_endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
SYNTAXES = {**UNCOMPRESSED, "rle": RLELossless}

SOP_CLASSES = {
    "CT": CTImageStorage,
    "MR": MRImageStorage,
    "PT": PositronEmissionTomographyImageStorage,
}

#: Called with a slice's data set and its number along the third axis before it is written.
Change = Callable[[Dataset, int], None]
PerSlice = float | Sequence[float] | None


def uid(*names: object) -> str:
    """A valid UID, the same for the same names."""
    return str(generate_uid(entropy_srcs=[repr(name) for name in names]))


def of_slice(value: PerSlice, k: int) -> float | None:
    return value[k] if isinstance(value, (list, tuple, np.ndarray)) else value


def slice_dataset(
    k: int,
    phantom: Phantom = PHANTOM,
    *,
    series: str = "a",
    modality: str = "CT",
    bits_allocated: int = 16,
    bits_stored: int | None = None,
    signed: bool = True,
    photometric: str = "MONOCHROME2",
    slope: PerSlice = 1.0,
    intercept: PerSlice = 0.0,
    positions: bool = True,
    instance_number: int | None = None,
) -> Dataset:
    """One slice without pixels' bytes and file meta information; attributes follow DICOM PS3.3 C.7.6."""
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID = SOP_CLASSES.get(modality, SecondaryCaptureImageStorage)
    ds.SOPInstanceUID = uid(series, "slice", k)
    ds.StudyDate, ds.StudyTime, ds.AccessionNumber = "20200101", "120000", ""
    ds.Modality = modality
    ds.SeriesDescription = f"Phantom {series}"
    ds.PatientName, ds.PatientID = "Doe^Jane", "secret-id"
    ds.StudyInstanceUID = uid("study")
    ds.SeriesInstanceUID = uid(series)
    ds.SeriesNumber = sum(series.encode()) % 1000
    ds.AcquisitionNumber = 1
    ds.InstanceNumber = k + 1 if instance_number is None else instance_number
    ds.FrameOfReferenceUID = uid("frame of reference")
    ds.SliceThickness = 9.0  # never the spacing
    if positions:
        cosines = [*phantom.direction[:, 0], *phantom.direction[:, 1]]
        ds.ImagePositionPatient = [round(float(v), 9) for v in phantom.position((0, 0, k))]
        ds.ImageOrientationPatient = [round(float(v), 9) for v in cosines]
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = photometric
    ds.Columns, ds.Rows = phantom.shape[0], phantom.shape[1]
    # (between rows, between columns): the order that every first reader gets wrong.
    ds.PixelSpacing = [phantom.spacing[1], phantom.spacing[0]]
    ds.BitsAllocated = bits_allocated
    ds.BitsStored = bits_stored or bits_allocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(signed)
    if of_slice(slope, k) is not None:
        ds.RescaleIntercept = of_slice(intercept, k)
        ds.RescaleSlope = of_slice(slope, k)
    set_pixels(ds, phantom.array[:, :, k])
    return ds


def set_pixels(ds: Dataset, plane: np.ndarray) -> None:
    """Store a plane (x, y) as rows of pixels, little endian, padded to an even length."""
    kind = ("i" if ds.PixelRepresentation else "u") + str(ds.BitsAllocated // 8)
    stored = plane.T.astype(f"<{kind}")
    assert (stored == plane.T).all(), "the phantom's values do not fit into the asked-for type"
    if ds.BitsStored < ds.BitsAllocated:
        stored = stored & stored.dtype.type((1 << ds.BitsStored) - 1)
    data = stored.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)


def write_dataset(
    path: Path,
    ds: Dataset,
    *,
    syntax: str = ExplicitVRLittleEndian,
    preamble: bool = True,
    file_meta: bool = True,
) -> Path:
    """Write one data set, whose pixels are little endian, in a transfer syntax."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta = meta
    ds["PixelData"].VR = "OW" if ds.BitsAllocated > 8 else "OB"
    if syntax == RLELossless:
        ds.compress(RLELossless, generate_instance_uid=False)
    elif syntax == ExplicitVRBigEndian and ds.BitsAllocated > 8:
        # pydicom writes the pixels' bytes as they are.
        ds.PixelData = np.frombuffer(ds.PixelData, f"<u{ds.BitsAllocated // 8}").byteswap().tobytes()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    if file_meta:
        meta.FileMetaInformationVersion = b"\0\1"
        meta.FileMetaInformationGroupLength = 0
        ds.preamble = b"\0" * 128 if preamble else None
        dcmwrite(path, ds, enforce_file_format=preamble)
    else:
        del ds.file_meta
        dcmwrite(
            path,
            ds,
            implicit_vr=syntax == ImplicitVRLittleEndian,
            little_endian=syntax != ExplicitVRBigEndian,
        )
    return path


def slice_file(path: Path, k: int = 0, phantom: Phantom = PHANTOM, *changes: Change, **options) -> Path:
    """Write one slice; see :func:`slice_dataset` and :func:`write_dataset` for the options."""
    writing = {name: options.pop(name) for name in ("syntax", "preamble", "file_meta") if name in options}
    ds = slice_dataset(k, phantom, **options)
    for change in changes:
        change(ds, k)
    return write_dataset(path, ds, **writing)


def write_series(
    folder: Path,
    phantom: Phantom = PHANTOM,
    *changes: Change,
    name: Callable[[int], str] = "{:03d}.dcm".format,
    slices: Iterable[int] | None = None,
    instance_numbers: Sequence[int] | None = None,
    **options,
) -> list[Path]:
    """Write a phantom as one file for each slice.

    Args:
        folder: Made when it is not there.
        phantom: What to write.
        *changes: Last touches to each slice's data set.
        name: File name of slice k; its order need not be that of the slices.
        slices: Which slices, all by default.
        instance_numbers: InstanceNumber of each slice, from 1 by default.
        **options: See :func:`slice_dataset` and :func:`write_dataset`.

    Returns:
        The files in the order of the slices.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for k in range(phantom.shape[2]) if slices is None else slices:
        number = None if instance_numbers is None else instance_numbers[k]
        files.append(slice_file(folder / name(k), k, phantom, *changes, instance_number=number, **options))
    return files


def add_undefined_length_sequences(ds: Dataset, k: int) -> None:
    """Sequences three deep whose lengths and items' lengths are left open, before and inside the wanted tags."""
    inner = Dataset()
    inner.ReferencedSOPClassUID = CTImageStorage
    inner.ReferencedSOPInstanceUID = uid("referenced", k)
    # Decoys: inside a sequence these say nothing about this slice.
    inner.ImagePositionPatient = [1.0, 2.0, 3.0]
    inner.RescaleSlope = 77.0
    inner.is_undefined_length_sequence_item = True
    middle = Dataset()
    middle.ReferencedImageSequence = DicomSequence([inner, Dataset()])
    middle["ReferencedImageSequence"].is_undefined_length = True
    middle.Rows = 9999
    middle.is_undefined_length_sequence_item = True
    for keyword in ("SourceImageSequence", "RequestAttributesSequence", "ReferencedPerformedProcedureStepSequence"):
        setattr(ds, keyword, DicomSequence([middle, middle]))
        ds[keyword].is_undefined_length = True


def add_private_block(ds: Dataset, k: int) -> None:
    """Private elements of several kinds, among them a sequence, in groups between the standard ones."""
    for group in (0x0009, 0x0019, 0x0027):
        block = ds.private_block(group, "PHANTOM WORKS", create=True)
        block.add_new(0x01, "LO", "a private text")
        block.add_new(0x02, "OB", bytes(range(255)) + b"\0")
        block.add_new(0x03, "DS", [1.5, 2.5])
        block.add_new(0x04, "UN", b"\xfe\xff\x00\xe0\xff\xff\xff\xff")
        item = Dataset()
        item.PixelSpacing = [99.0, 99.0]
        block.add_new(0x05, "SQ", DicomSequence([item]))
        ds[block.get_tag(0x05)].is_undefined_length = k % 2 == 0


def add_long_junk(ds: Dataset, k: int) -> None:
    """Elements of more than 64 kB before the pixels, as dose reports and icons are."""
    ds.add_new(0x00420011, "OB", b"\xab" * 70_002)
    ds.add_new(0x00880200, "SQ", DicomSequence([icon()]))


def icon() -> Dataset:
    """An icon image, whose PixelData is not the slice's."""
    ds = Dataset()
    ds.Rows = ds.Columns = 4
    ds.BitsAllocated = 8
    ds.add_new(0x7FE00010, "OB", b"\x07" * 16)
    return ds


def add_overlay_bits(ds: Dataset, k: int) -> None:
    """Set the bits above BitsStored, as scanners did that kept overlays there."""
    assert ds.BitsStored < ds.BitsAllocated
    stored = np.frombuffer(ds.PixelData, f"<u{ds.BitsAllocated // 8}")
    above = np.uint64(((1 << ds.BitsAllocated) - 1) ^ ((1 << ds.BitsStored) - 1)).astype(stored.dtype)
    pattern = np.where(np.arange(stored.size) % 3 == k % 3, above, 0).astype(stored.dtype)
    ds.PixelData = (stored | pattern).tobytes()
