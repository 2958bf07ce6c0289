"""Masks of the demo cohort as hospitals keep them: DICOM segmentations and structure sets of the organs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    RTStructureSetStorage,
    SegmentationStorage,
    generate_uid,
)

from ..geometry import Grid
from ..rasterizing.outlines import trace_outlines
from .demo_anatomy import ORGAN_NAMES
from .demo_patients import ScannedPatient, WrittenSeries, make_instance_uid
from .demo_series import format_decimal

__all__ = ["write_segmentation", "write_structure_set"]

ORGAN_CODES = {
    1: "3341006",
    2: "44029006",
    3: "80891009",
    4: "15825003",
    5: "10200004",
    6: "78961009",
    7: "9846003",
    8: "18639004",
    9: "27925004",
}
"""SNOMED CT code of each organ by its label."""

OUTLINE_COLORS = ((230, 25, 75), (60, 180, 75), (255, 225, 25), (0, 130, 200), (245, 130, 48), (145, 30, 180))
"""Colors of the ROIs, in turn."""

OF_THE_STUDY = (
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
    "StudyDescription",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "FrameOfReferenceUID",
)
"""What masks share with the scan."""

GENERATOR = "pictologics demo"
"""Who drew the masks, in the attributes that ask for it."""


def make_item(**attributes: object) -> Dataset:
    """Make a dataset of attributes."""
    made = Dataset()
    for keyword, value in attributes.items():
        setattr(made, keyword, value)
    return made


def make_code(value: str, meaning: str, scheme: str = "SCT") -> Sequence:
    """Make a sequence of one code."""
    return Sequence([make_item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)])


def start_masks(patient: ScannedPatient, scan: WrittenSeries, kind: str, sop_class: str) -> Dataset:
    """Start an object of masks: the patient, the study, and a series of its own."""
    dataset = make_item(**{keyword: patient.shared[keyword].value for keyword in OF_THE_STUDY})
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID, dataset.Modality = UID(sop_class), kind
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[GENERATOR, scan.uid, kind])
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[GENERATOR, scan.uid, kind, "object"])
    dataset.SeriesNumber, dataset.InstanceNumber, dataset.SeriesDescription = 30, 1, "Organs"
    dataset.SeriesDate = dataset.ContentDate = patient.study_date
    dataset.SeriesTime = dataset.ContentTime = "130000"
    dataset.Manufacturer = dataset.ManufacturerModelName = GENERATOR
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "1", "1"
    dataset.PositionReferenceIndicator = ""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def refer_to_slices(scan: WrittenSeries) -> list[Dataset]:
    """Make a reference to each slice of a scan."""
    return [
        make_item(ReferencedSOPClassUID=CTImageStorage, ReferencedSOPInstanceUID=make_instance_uid(scan, k))
        for k in range(scan.grid.shape[2])
    ]


def write_segmentation(patient: ScannedPatient, scan: WrittenSeries, file: Path) -> WrittenSeries:
    """Write the organs of a patient as a binary segmentation (PS3.3 A.51): a frame for each slice of each organ."""
    dataset = start_masks(patient, scan, "SEG", SegmentationStorage)
    labels = [label for label in ORGAN_NAMES if (patient.organs == label).any()]
    frames = [
        (number, k)
        for number, label in enumerate(labels, 1)
        for k in range(scan.grid.shape[2])
        if (patient.organs[:, :, k] == label).any()
    ]
    describe_bits(dataset, scan, len(frames))
    dataset.SegmentSequence = Sequence([describe_organ(number, label) for number, label in enumerate(labels, 1)])
    organize_dimensions(dataset)
    dataset.ReferencedSeriesSequence = Sequence(
        [make_item(SeriesInstanceUID=scan.uid, ReferencedInstanceSequence=Sequence(refer_to_slices(scan)))]
    )
    dataset.SharedFunctionalGroupsSequence = Sequence([share_geometry(scan.grid)])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([describe_frame(scan, *frame) for frame in frames])
    masks = np.stack([(patient.organs[:, :, k] == labels[number - 1]).T for number, k in frames])
    packed = np.packbits(masks.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + b"\0" * (len(packed) % 2)
    file.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(file, enforce_file_format=True)
    return WrittenSeries(str(dataset.SeriesInstanceUID), (file,), scan.grid)


def describe_bits(dataset: Dataset, scan: WrittenSeries, frames: int) -> None:
    """Set how the pixels of a binary segmentation are stored (PS3.3 C.8.20.2)."""
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.ContentLabel, dataset.ContentDescription, dataset.ContentCreatorName = "ORGANS", "Organs", GENERATOR
    dataset.SegmentationType, dataset.SegmentsOverlap, dataset.LossyImageCompression = "BINARY", "NO", "00"
    dataset.Columns, dataset.Rows = scan.grid.shape[:2]
    dataset.NumberOfFrames, dataset.SamplesPerPixel, dataset.PhotometricInterpretation = frames, 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 1, 1, 0, 0


def describe_organ(number: int, label: int) -> Dataset:
    """Describe the segment of an organ."""
    name = ORGAN_NAMES[label]
    return make_item(
        SegmentNumber=number,
        SegmentLabel=name,
        SegmentAlgorithmType="MANUAL",
        SegmentedPropertyCategoryCodeSequence=make_code("123037004", "Anatomical Structure"),
        SegmentedPropertyTypeCodeSequence=make_code(ORGAN_CODES[label], name.capitalize()),
    )


def organize_dimensions(dataset: Dataset) -> None:
    """Say that frames are told apart by their segment, then by their position (PS3.3 C.7.6.17)."""
    organization = generate_uid(entropy_srcs=[str(dataset.SOPInstanceUID), "dimensions"])
    dataset.DimensionOrganizationSequence = Sequence([make_item(DimensionOrganizationUID=organization)])
    # Attributes by their tags: number of the segment and its sequence, position and its sequence.
    pointers = ((0x0062000B, 0x0062000A), (0x00200032, 0x00209113))
    dataset.DimensionIndexSequence = Sequence(
        [
            make_item(
                DimensionOrganizationUID=organization, DimensionIndexPointer=pointer, FunctionalGroupPointer=group
            )
            for pointer, group in pointers
        ]
    )


def share_geometry(grid: Grid) -> Dataset:
    """What all frames have in common: spacing and orientation."""
    thickness = format_decimal(grid.spacing[2])
    measures = make_item(
        PixelSpacing=[format_decimal(grid.spacing[1]), format_decimal(grid.spacing[0])],
        SliceThickness=thickness,
        SpacingBetweenSlices=thickness,
    )
    cosines = [format_decimal(c) for c in (*grid.direction[:, 0], *grid.direction[:, 1])]
    return make_item(
        PixelMeasuresSequence=Sequence([measures]),
        PlaneOrientationSequence=Sequence([make_item(ImageOrientationPatient=cosines)]),
    )


def describe_frame(scan: WrittenSeries, number: int, k: int) -> Dataset:
    """Describe the frame of a segment on a slice, and name the slice that it was drawn on."""
    source = make_item(
        ReferencedSOPClassUID=CTImageStorage,
        ReferencedSOPInstanceUID=make_instance_uid(scan, k),
        PurposeOfReferenceCodeSequence=make_code("121322", "Source image for image processing operation", "DCM"),
    )
    derivation = make_item(
        DerivationCodeSequence=make_code("113076", "Segmentation", "DCM"), SourceImageSequence=Sequence([source])
    )
    position = [format_decimal(c) for c in scan.grid.index_to_world((0, 0, k))]
    return make_item(
        FrameContentSequence=Sequence([make_item(DimensionIndexValues=[number, k + 1])]),
        PlanePositionSequence=Sequence([make_item(ImagePositionPatient=position)]),
        SegmentIdentificationSequence=Sequence([make_item(ReferencedSegmentNumber=number)]),
        DerivationImageSequence=Sequence([derivation]),
    )


def write_structure_set(patient: ScannedPatient, scan: WrittenSeries, file: Path) -> WrittenSeries:
    """Write the organs of a patient as contours (PS3.3 A.19) along the edges of their voxels."""
    dataset = start_masks(patient, scan, "RTSTRUCT", RTStructureSetStorage)
    dataset.StructureSetLabel = "ORGANS"
    dataset.StructureSetDate, dataset.StructureSetTime = patient.study_date, "130000"
    dataset.ApprovalStatus = "UNAPPROVED"
    frame_uid = dataset.FrameOfReferenceUID
    series = make_item(SeriesInstanceUID=scan.uid, ContourImageSequence=Sequence(refer_to_slices(scan)))
    study = make_item(
        ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",  # Detached Study Management, retired, as the standard asks
        ReferencedSOPInstanceUID=dataset.StudyInstanceUID,
        RTReferencedSeriesSequence=Sequence([series]),
    )
    dataset.ReferencedFrameOfReferenceSequence = Sequence(
        [make_item(FrameOfReferenceUID=frame_uid, RTReferencedStudySequence=Sequence([study]))]
    )
    labels = [label for label in ORGAN_NAMES if (patient.organs == label).any()]
    dataset.StructureSetROISequence = Sequence(
        make_item(
            ROINumber=number,
            ReferencedFrameOfReferenceUID=frame_uid,
            ROIName=ORGAN_NAMES[label],
            ROIGenerationAlgorithm="MANUAL",
        )
        for number, label in enumerate(labels, 1)
    )
    dataset.ROIContourSequence = Sequence(
        draw_organ(patient.organs == label, scan, number) for number, label in enumerate(labels, 1)
    )
    dataset.RTROIObservationsSequence = Sequence(
        make_item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="ORGAN", ROIInterpreter="")
        for number in range(1, len(labels) + 1)
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(file, enforce_file_format=True)
    return WrittenSeries(str(dataset.SeriesInstanceUID), (file,), scan.grid)


def draw_organ(mask: npt.NDArray[np.bool_], scan: WrittenSeries, number: int) -> Dataset:
    """Draw the contours of a mask (x, y, z), slice by slice."""
    sources = refer_to_slices(scan)
    outlines = trace_outlines(mask.T)
    contours = []
    for plane, (begin, end) in zip(outlines.planes.tolist(), pairwise(outlines.starts.tolist()), strict=True):
        index = np.insert(outlines.corners[begin:end] - 0.5, 2, plane, axis=1)
        points = scan.grid.index_to_world(index)
        contours.append(
            make_item(
                ContourImageSequence=Sequence([sources[plane]]),
                ContourGeometricType="CLOSED_PLANAR",
                NumberOfContourPoints=len(points),
                ContourData=[f"{value:.6f}" for value in points.ravel()],
            )
        )
    color = list(OUTLINE_COLORS[number % len(OUTLINE_COLORS)])
    return make_item(ROIDisplayColor=color, ReferencedROINumber=number, ContourSequence=Sequence(contours))
