"""DICOM SEG files of known masks: put together element by element, or written by highdicom."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import write_file_meta_info
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from tests.factories.dicom_series import uid, write_series
from tests.factories.enhanced import encoded, item, open_lengths
from tests.factories.phantom import PHANTOM, Phantom

__all__ = [
    "DEFLATED_FRAMES",
    "SegFrame",
    "balls",
    "frames_of",
    "highdicom_seg",
    "seg_dataset",
    "segment_item",
    "write_seg",
]

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"


@dataclass(frozen=True, eq=False)
class SegFrame:
    """One frame: stored numbers (x, y), the segment that it shows (None in a label map), and where it lies."""

    plane: np.ndarray
    position: Sequence[float]
    segment: int | None = None
    cosines: Sequence[float] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    spacing: tuple[float, float] = (1.0, 1.0)


def frames_of(
    masks: Mapping[int | None, np.ndarray], place: Phantom = PHANTOM, *, empty: bool = False
) -> list[SegFrame]:
    """Frames of masks (x, y, z) that lie where the phantom does, segment by segment; empty ones only if asked for."""
    cosines = [round(float(v), 9) for v in (*place.direction[:, 0], *place.direction[:, 1])]
    return [
        SegFrame(
            mask[:, :, k],
            [round(float(v), 9) for v in place.position((0, 0, k))],
            number,
            cosines,
            (place.spacing[1], place.spacing[0]),
        )
        for number, mask in masks.items()
        for k in range(mask.shape[2])
        if empty or mask[:, :, k].any()
    ]


def balls(shape: Sequence[int], centers: Mapping[int, Sequence[float]], radius: float) -> dict[int, np.ndarray]:
    """Binary masks of balls, in voxels."""
    index = np.indices(tuple(shape))
    return {
        number: (sum((index[k] - center[k]) ** 2 for k in range(3)) <= radius**2).astype(np.uint8)
        for number, center in centers.items()
    }


def segment_item(number: int, label: str | None = None, **attributes) -> Dataset:
    """The description of one segment."""
    category = item(CodeValue="123037004", CodingSchemeDesignator="SCT", CodeMeaning="Anatomical structure")
    kind = item(CodeValue="10200004", CodingSchemeDesignator="SCT", CodeMeaning="Liver")
    return item(
        SegmentedPropertyCategoryCodeSequence=DicomSequence([category]),
        SegmentNumber=number,
        SegmentLabel=f"segment {number}" if label is None else label,
        SegmentAlgorithmType="MANUAL",
        SegmentedPropertyTypeCodeSequence=DicomSequence([kind]),
        **attributes,
    )


def seg_dataset(
    frames: Sequence[SegFrame],
    *,
    kind: str = "BINARY",
    segments: Sequence[Dataset] | None = None,
    maximum: int = 255,
    bits: int = 8,
    step: float | None = None,
    thickness: float | None = None,
    segment_shared: bool = False,
    background: int | None = None,
) -> Dataset:
    """A segmentation; frames in the order in which they are given.

    Args:
        frames: The frames.
        kind: ``"BINARY"``, ``"FRACTIONAL"`` or ``"LABELMAP"``.
        segments: Their descriptions; by default one for each segment that has a frame.
        maximum: MaximumFractionalValue.
        bits: Bits of a pixel of a label map.
        step: SpacingBetweenSlices.
        thickness: SliceThickness.
        segment_shared: Whether the shared groups name the segment.
        background: PixelPaddingValue of a label map.
    """
    numbers = sorted({frame.segment for frame in frames} - {None})
    if kind == "LABELMAP" and segments is None:
        numbers = sorted({int(v) for frame in frames for v in np.unique(frame.plane)} - {0})
    first = frames[0]
    ds = item(
        SpecificCharacterSet="ISO_IR 192",
        ImageType=["DERIVED", "PRIMARY"],
        SOPClassUID=LABEL_MAP if kind == "LABELMAP" else SEGMENTATION,
        SOPInstanceUID=uid("seg", "file"),
        Modality="SEG",
        SeriesDescription="Phantom segments",
        PatientName="Doe^Jane",
        StudyInstanceUID=uid("study"),
        SeriesInstanceUID=uid("seg"),
        SeriesNumber=12,
        FrameOfReferenceUID=uid("frame of reference"),
        SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2",
        NumberOfFrames=len(frames),
        Columns=first.plane.shape[0],
        Rows=first.plane.shape[1],
        PixelRepresentation=0,
        SegmentationType=kind,
        PixelPaddingValue=background,
    )
    ds.BitsAllocated = ds.BitsStored = {"BINARY": 1, "FRACTIONAL": 8, "LABELMAP": bits}[kind]
    ds.HighBit = ds.BitsStored - 1
    if kind == "FRACTIONAL":
        ds.SegmentationFractionalType, ds.MaximumFractionalValue = "PROBABILITY", maximum
    described = [segment_item(number) for number in numbers] if segments is None else segments
    ds.SegmentSequence = DicomSequence(described)
    measures = item(PixelSpacing=list(first.spacing), SliceThickness=thickness, SpacingBetweenSlices=step)
    shared = item(PixelMeasuresSequence=DicomSequence([measures]))
    if segment_shared:
        shared.SegmentIdentificationSequence = DicomSequence([item(ReferencedSegmentNumber=first.segment)])
    ds.SharedFunctionalGroupsSequence = DicomSequence([shared])
    ds.PerFrameFunctionalGroupsSequence = DicomSequence(
        groups_of(frame, number, segment_shared) for number, frame in enumerate(frames)
    )
    ds.PixelData = packed(frames, ds)
    return ds


def groups_of(frame: SegFrame, number: int, segment_shared: bool) -> Dataset:
    """The functional groups of a frame; its dimension indices are made up, and mean nothing to a reader."""
    groups = item(
        FrameContentSequence=DicomSequence([item(DimensionIndexValues=[1, 7919 * (number + 1) % 1000])]),
        PlanePositionSequence=DicomSequence([item(ImagePositionPatient=list(frame.position))]),
        PlaneOrientationSequence=DicomSequence([item(ImageOrientationPatient=list(frame.cosines))]),
    )
    if frame.segment is not None and not segment_shared:
        groups.SegmentIdentificationSequence = DicomSequence([item(ReferencedSegmentNumber=frame.segment)])
    return groups


def packed(frames: Sequence[SegFrame], ds: Dataset) -> bytes:
    """The frames' pixels as they are stored, little endian, padded to an even length."""
    stored = np.stack([frame.plane.T for frame in frames])
    if ds.BitsAllocated == 1:
        data = np.packbits(stored.reshape(-1) != 0, bitorder="little").tobytes()
    else:
        data = stored.astype(f"<u{ds.BitsAllocated // 8}").tobytes()
    return data + b"\0" * (len(data) % 2)


def write_seg(
    path: Path,
    frames: Sequence[SegFrame],
    *changes: Callable[[Dataset], None],
    syntax: str = ExplicitVRLittleEndian,
    undefined_lengths: bool = False,
    **options,
) -> Path:
    """Write a segmentation; see :func:`seg_dataset` for the options."""
    ds = seg_dataset(frames, **options)
    for change in changes:
        change(ds)
    if undefined_lengths:
        open_lengths(ds)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta, ds.preamble = meta, b"\0" * 128
    ds["PixelData"].VR = "OW" if ds.BitsAllocated > 8 else "OB"
    if syntax in (RLELossless, JPEG2000Lossless):
        ds.compress(syntax, generate_instance_uid=False)
    elif syntax == DEFLATED_FRAMES:
        ds.PixelData = encapsulate([deflated(frame, ds) for frame in frames])
        ds["PixelData"].is_undefined_length = True
    elif syntax == ExplicitVRBigEndian:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").byteswap().tobytes()
        ds["PixelData"].VR = "OW"
    meta.TransferSyntaxUID = syntax
    path.parent.mkdir(parents=True, exist_ok=True)
    if syntax == DEFLATED_FRAMES:
        # pydicom does not know this syntax, and refuses to write a file in it.
        del ds.file_meta
        with path.open("wb") as file:
            file.write(b"\0" * 128 + b"DICM")
            write_file_meta_info(file, meta)
            file.write(encoded(ds))
        return path
    dcmwrite(path, ds, enforce_file_format=True)
    return path


def deflated(frame: SegFrame, ds: Dataset) -> bytes:
    """One frame, deflated by itself."""
    packer = zlib.compressobj(wbits=-15)
    data = packer.compress(packed([frame], ds)) + packer.flush()
    return data + b"\0" * (len(data) % 2)


def highdicom_seg(
    folder: Path,
    masks: Mapping[int, np.ndarray] | np.ndarray,
    *,
    place: Phantom = PHANTOM,
    kind: str = "BINARY",
    syntax: str = ExplicitVRLittleEndian,
    **options,
) -> Path:
    """Write masks (x, y, z) by number, counted from 1, with highdicom onto a CT series that it writes beside them.

    Args:
        folder: Where both go: ``ct/`` and ``seg.dcm``.
        masks: A mask for each segment or, of a label map, one array of their numbers.
        place: Where the masks lie.
        kind: ``"BINARY"``, ``"FRACTIONAL"`` or ``"LABELMAP"``.
        syntax: The transfer syntax.
        **options: Of highdicom's constructor.
    """
    import highdicom
    from pydicom.sr.codedict import codes

    first = masks if isinstance(masks, np.ndarray) else next(iter(masks.values()))
    files = write_series(folder / "ct", replace(place, array=np.zeros(first.shape, "int16")), add_study)
    if isinstance(masks, np.ndarray):
        pixels, numbers = masks.T, sorted({int(v) for v in np.unique(masks)} - {0})
    else:
        pixels, numbers = np.stack([mask.T for mask in masks.values()], axis=-1), sorted(masks)
    algorithm = highdicom.AlgorithmIdentificationSequence("phantom maker", codes.DCM.ArtificialIntelligence, "1.0")
    described = [
        highdicom.seg.SegmentDescription(
            number,
            f"organ {number}",
            codes.SCT.Organ,
            codes.SCT.Liver,
            "AUTOMATIC",
            algorithm,
            tracking_uid=uid("tracking", number),
            tracking_id=f"thing {number}",
            display_color=highdicom.color.CIELabColor(50.0, 20.0, -30.0),
        )
        for number in numbers
    ]
    seg = highdicom.seg.Segmentation(
        [dcmread(file) for file in files],
        np.ascontiguousarray(pixels),
        kind,
        described,
        series_instance_uid=uid("highdicom"),
        series_number=3,
        sop_instance_uid=uid("highdicom", "file"),
        instance_number=1,
        manufacturer="Phantom works",
        manufacturer_model_name="writer",
        software_versions="1",
        device_serial_number="1",
        transfer_syntax_uid=syntax,
        **options,
    )
    seg.save_as(folder / "seg.dcm")
    return folder / "seg.dcm"


def add_study(ds: Dataset, k: int) -> None:
    """What highdicom copies from its source images."""
    ds.StudyID, ds.PatientBirthDate, ds.PatientSex, ds.ReferringPhysicianName = "1", "", "O", ""
    ds.PositionReferenceIndicator = ""
