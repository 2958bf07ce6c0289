"""Enhanced multi-frame objects of a phantom, written by pydicom."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset as encode_dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    BreastTomosynthesisImageStorage,
    EnhancedCTImageStorage,
    EnhancedMRImageStorage,
    EnhancedPETImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    LegacyConvertedEnhancedCTImageStorage,
    LegacyConvertedEnhancedMRImageStorage,
    LegacyConvertedEnhancedPETImageStorage,
    ParametricMapStorage,
    XRay3DAngiographicImageStorage,
)

from tests.factories.dicom_series import uid, write_dataset
from tests.factories.phantom import PHANTOM, Phantom

__all__ = [
    "KINDS",
    "PlaneSpec",
    "encoded",
    "enhanced_dataset",
    "item",
    "large_enhanced_file",
    "open_lengths",
    "planes_of",
    "real_world_mapping",
    "write_enhanced",
    "write_multiframe",
]

#: SOP class, modality, and the sequence of frame types of each kind of object.
KINDS = {
    "CT": (EnhancedCTImageStorage, "CT", "CTImageFrameTypeSequence"),
    "MR": (EnhancedMRImageStorage, "MR", "MRImageFrameTypeSequence"),
    "PET": (EnhancedPETImageStorage, "PT", "PETFrameTypeSequence"),
    "legacy CT": (LegacyConvertedEnhancedCTImageStorage, "CT", "CTImageFrameTypeSequence"),
    "legacy MR": (LegacyConvertedEnhancedMRImageStorage, "MR", "MRImageFrameTypeSequence"),
    "legacy PET": (LegacyConvertedEnhancedPETImageStorage, "PT", "PETFrameTypeSequence"),
    "tomosynthesis": (BreastTomosynthesisImageStorage, "MG", "XRay3DFrameTypeSequence"),
    "3D angiography": (XRay3DAngiographicImageStorage, "XA", "XRay3DFrameTypeSequence"),
    "parametric map": (ParametricMapStorage, "OT", "ParametricMapFrameTypeSequence"),
}

#: Where an attribute of all frames may stand.
PLACES = ("frame", "shared", "top")

PIXELS = {"float32": ("FloatPixelData", "OF", "<f4", 32), "float64": ("DoubleFloatPixelData", "OD", "<f8", 64)}


@dataclass(frozen=True, eq=False)
class PlaneSpec:
    """One frame: its stored values (x, y), where they lie, and what tells it apart.

    ``groups`` are further functional groups: keyword of the sequence to its one item.
    """

    plane: np.ndarray
    position: Sequence[float]
    cosines: Sequence[float]
    spacing: tuple[float, float]
    stack: str = "1"
    in_stack: int = 1
    temporal: int | None = None
    slope: float = 1.0
    intercept: float = 0.0
    frame_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "VOLUME", "NONE")
    groups: dict[str, Dataset] = field(default_factory=dict)


def planes_of(phantom: Phantom = PHANTOM, **labels) -> list[PlaneSpec]:
    """A phantom's slices as frames, in the order of its third axis."""
    cosines = [round(float(v), 9) for v in (*phantom.direction[:, 0], *phantom.direction[:, 1])]
    return [
        PlaneSpec(
            phantom.array[:, :, k],
            [round(float(v), 9) for v in phantom.position((0, 0, k))],
            cosines,
            (phantom.spacing[1], phantom.spacing[0]),
            in_stack=k + 1,
            **labels,
        )
        for k in range(phantom.shape[2])
    ]


def item(**attributes) -> Dataset:
    """A data set of the given attributes; those that are None are left out."""
    ds = Dataset()
    for keyword, value in attributes.items():
        if value is not None:
            setattr(ds, keyword, value)
    return ds


def real_world_mapping(slope: float, intercept: float, units: str = "mm2/s", low: int = -30000) -> Dataset:
    """One linear mapping to real units."""
    mapping = item(LUTExplanation="mapped", LUTLabel=units[:16])
    for keyword in ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"):
        mapping.add_new(keyword, "SS", low if "First" in keyword else 30000)
    mapping.RealWorldValueIntercept, mapping.RealWorldValueSlope = intercept, slope
    # A short code value has room for 16 characters.
    keyword = "CodeValue" if len(units) <= 16 else "LongCodeValue"
    code = item(**{keyword: units}, CodingSchemeDesignator="UCUM", CodeMeaning=units)
    mapping.MeasurementUnitsCodeSequence = DicomSequence([code])
    return mapping


def groups_of(plane: PlaneSpec, kind: str, with_stack: bool) -> dict[str, Dataset]:
    """All functional groups of one frame: keyword to item."""
    content = item(FrameAcquisitionNumber=1, TemporalPositionIndex=plane.temporal)
    if with_stack:
        content.StackID, content.InStackPositionNumber = plane.stack, plane.in_stack
    return {
        "FrameContentSequence": content,
        "PlanePositionSequence": item(ImagePositionPatient=list(plane.position)),
        "PlaneOrientationSequence": item(ImageOrientationPatient=list(plane.cosines)),
        "PixelMeasuresSequence": item(PixelSpacing=list(plane.spacing), SliceThickness=9.0),
        "PixelValueTransformationSequence": item(
            RescaleIntercept=plane.intercept, RescaleSlope=plane.slope, RescaleType="US"
        ),
        KINDS[kind][2]: item(FrameType=list(plane.frame_type), PixelPresentation="MONOCHROME"),
        **plane.groups,
    }


#: Groups that may stand elsewhere than with their frame.
MOVABLE = {
    "orientation": "PlaneOrientationSequence",
    "measures": "PixelMeasuresSequence",
    "rescale": "PixelValueTransformationSequence",
}


def enhanced_dataset(
    planes: Sequence[PlaneSpec],
    *,
    kind: str = "MR",
    pixels: str = "int16",
    series: str = "enhanced",
    instance: int = 1,
    orientation: str = "shared",
    measures: str = "shared",
    rescale: str = "frame",
    with_stack: bool = True,
    dimensions: bool = True,
    undefined_lengths: bool = False,
) -> Dataset:
    """Frames as one data set.

    Args:
        planes: The frames, in the order in which they are stored.
        kind: One of :data:`KINDS`.
        pixels: ``"int16"``, ``"uint16"``, ``"uint8"``, ``"float32"`` or ``"float64"``.
        series: Names the SeriesInstanceUID.
        instance: InstanceNumber of the file.
        orientation: Where the orientation stands: ``"frame"``, ``"shared"``, ``"top"``; what is not with the frame is
            that of the first one.
        measures: The same for the pixel spacing.
        rescale: The same for slope and intercept; ``"none"`` leaves them out.
        with_stack: Whether frames name their stack.
        dimensions: Whether frames have DimensionIndexValues, which follow no order that a reader could lean on.
        undefined_lengths: Whether sequences and items leave their lengths open.
    """
    sop_class, modality, _ = KINDS[kind]
    ds = item(
        SpecificCharacterSet="ISO_IR 100",
        ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        SOPClassUID=sop_class,
        SOPInstanceUID=uid(series, "file", instance),
        StudyDate="20200101",
        Modality=modality,
        SeriesDescription=f"Phantom {series}",
        StudyInstanceUID=uid("study"),
        SeriesInstanceUID=uid(series),
        SeriesNumber=7,
        InstanceNumber=instance,
        FrameOfReferenceUID=uid("frame of reference"),
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        NumberOfFrames=len(planes),
        Columns=planes[0].plane.shape[0],
        Rows=planes[0].plane.shape[1],
    )
    places = {"orientation": orientation, "measures": measures, "rescale": rescale}
    groups = [groups_of(plane, kind, with_stack) for plane in planes]
    shared = Dataset()
    for name, keyword in MOVABLE.items():
        if places[name] == "frame":
            continue
        first, *_ = [group.pop(keyword) for group in groups]
        if places[name] == "shared":
            setattr(shared, keyword, DicomSequence([first]))
        elif places[name] == "top":
            ds.update(first)
    ds.SharedFunctionalGroupsSequence = DicomSequence([shared])
    ds.PerFrameFunctionalGroupsSequence = DicomSequence(
        item(**{keyword: DicomSequence([one]) for keyword, one in group.items()}) for group in groups
    )
    if dimensions:
        add_dimensions(ds, planes)
    if undefined_lengths:
        open_lengths(ds)
    set_pixels(ds, planes, pixels)
    return ds


def add_dimensions(ds: Dataset, planes: Sequence[PlaneSpec]) -> None:
    """Dimension indices: time, if there is one, before the place in the stack, counted backwards as it may be."""
    with_time = planes[0].temporal is not None
    pointers = [0x00209128, 0x00209057] if with_time else [0x00209057]
    organization = uid("organization")
    ds.DimensionOrganizationSequence = DicomSequence([item(DimensionOrganizationUID=organization)])
    ds.DimensionIndexSequence = DicomSequence(
        item(DimensionOrganizationUID=organization, DimensionIndexPointer=tag, FunctionalGroupPointer=0x00209111)
        for tag in pointers
    )
    for one, plane in zip(ds.PerFrameFunctionalGroupsSequence, planes, strict=True):
        last = max(other.in_stack for other in planes)
        indices = [plane.temporal, last + 1 - plane.in_stack]
        one.FrameContentSequence[0].DimensionIndexValues = indices if with_time else indices[1:]


def open_lengths(ds: Dataset) -> None:
    """Leave the length of every sequence and item open."""
    for element in ds:
        if element.VR != "SQ":
            continue
        element.is_undefined_length = True
        for one in element.value:
            one.is_undefined_length_sequence_item = True
            open_lengths(one)


def set_pixels(ds: Dataset, planes: Sequence[PlaneSpec], pixels: str) -> None:
    """Store the frames one after another, little endian."""
    frames = np.stack([plane.plane.T for plane in planes])
    if pixels in PIXELS:
        keyword, vr, dtype, bits = PIXELS[pixels]
        ds.BitsAllocated = bits
        ds.add_new(keyword, vr, frames.astype(dtype).tobytes())
        return
    stored = frames.astype(np.dtype(pixels).newbyteorder("<"))
    assert (stored == frames).all(), "the frames' values do not fit into the asked-for type"
    ds.BitsAllocated = ds.BitsStored = stored.dtype.itemsize * 8
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(stored.dtype.kind == "i")
    data = stored.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)


def write_multiframe(path: Path, ds: Dataset, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write a data set whose pixels, of integers or floats, are little endian."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if "PixelData" in ds:
        return write_dataset(path, ds, syntax=syntax)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta, ds.preamble = meta, b"\0" * 128
    if syntax == ExplicitVRBigEndian:
        for keyword, _, dtype, _ in PIXELS.values():
            if keyword in ds:
                ds[keyword].value = np.frombuffer(ds[keyword].value, dtype).byteswap().tobytes()
    dcmwrite(path, ds, enforce_file_format=True)
    return path


def write_enhanced(
    path: Path,
    planes: Iterable[PlaneSpec] | None = None,
    *changes: Callable[[Dataset], None],
    syntax: str = ExplicitVRLittleEndian,
    **options,
) -> Path:
    """Write frames, those of the phantom by default, as one file; see :func:`enhanced_dataset` for the options."""
    ds = enhanced_dataset(planes_of() if planes is None else list(planes), **options)
    for change in changes:
        change(ds)
    return write_multiframe(path, ds, syntax)


def large_enhanced_file(path: Path, slices: int, times: int) -> Path:
    """Many frames of 4x4 pixels: ``times`` volumes, whose functional groups are put together as bytes.

    pydicom would take longer to write thousands of nested items than a reader may take to understand them. Every
    pixel of frame k holds k; slice z of volume t is frame ``z * times + t``.
    """
    count, place, time_mark = slices * times, b"0000000.00", 0x01020304
    plane = PlaneSpec(
        np.zeros((4, 4)), ["0", "0", place.decode()], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], (1.5, 1.25), temporal=time_mark
    )
    ds = enhanced_dataset([plane], measures="frame", orientation="frame", dimensions=False)
    template = encoded(ds.PerFrameFunctionalGroupsSequence[0])
    ds.NumberOfFrames = count
    ds.PixelData = np.repeat(np.arange(count, dtype="<i2"), 16).tobytes()
    write_multiframe(path, ds)
    content = path.read_bytes()
    start = content.index(struct.pack("<HH2sH", 0x5200, 0x9230, b"SQ", 0))
    end = content.index(template) + len(template)
    items = []
    for k in range(count):
        values = template.replace(place, b"%010.2f" % (k // times * 2.5))
        values = values.replace(struct.pack("<I", time_mark), struct.pack("<I", k % times + 1))
        items.append(struct.pack("<HHI", 0xFFFE, 0xE000, len(values)) + values)
    groups = b"".join(items)
    head = struct.pack("<HH2sHI", 0x5200, 0x9230, b"SQ", 0, len(groups))
    path.write_bytes(content[:start] + head + groups + content[end:])
    return path


def encoded(ds: Dataset) -> bytes:
    """A data set as explicit VR little endian bytes."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    encode_dataset(buffer, ds)
    return buffer.getvalue()
