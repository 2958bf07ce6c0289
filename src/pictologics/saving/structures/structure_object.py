"""ROIs and their contours -> the DICOM object (DICOM PS3.3 A.19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ..._version import __version__
from ...dicom.headers import tags
from ...dicom.structures.rois import RT_STRUCTURE_SET, Roi
from ..patient_study import copy_patient_and_study
from ..segment_facts import MAKER
from ..source_series import ImageReference, SourceSeries, reference_image

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["EncodedContours", "make_structure_set"]

STUDY_COMPONENT: Final = "1.2.840.10008.3.1.2.3.1"
"""Detached Study Management, by which structure sets name a study (DICOM PS3.3 C.8.8.5)."""

EncodedContours = Mapping[int, bytes]
"""The items of the ContourSequence of each ROI that has contours, by its number."""


def make_structure_set(
    rois: Sequence[Roi],
    contours: EncodedContours,
    series: SourceSeries,
    frame_of_reference: str,
    label: str,
    description: str,
) -> Dataset:
    """Make the object to be written.

    Args:
        rois: The ROIs.
        contours: Their contours.
        series: The series on which they were drawn.
        frame_of_reference: FrameOfReferenceUID of all of them.
        label: StructureSetLabel.
        description: SeriesDescription.
    """
    from pydicom import Dataset
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ImplicitVRLittleEndian, generate_uid

    made = Dataset()
    copy_patient_and_study(series.first_dataset, made)
    now = datetime.now()
    date, time = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    # Names of ROIs may be in any language, whatever the scanner writes.
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = RT_STRUCTURE_SET, generate_uid()
    made.InstanceCreationDate, made.InstanceCreationTime = date, time
    made.Modality, made.SeriesInstanceUID = "RTSTRUCT", generate_uid()
    # Beyond the numbers that scanners give.
    made.SeriesNumber, made.SeriesDescription = 301, description
    made.SeriesDate, made.SeriesTime = date, time
    made.OperatorsName = ""
    made.Manufacturer = made.ManufacturerModelName = MAKER
    made.SoftwareVersions, made.DeviceSerialNumber = __version__, "none"
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = frame_of_reference, ""
    made.StructureSetLabel, made.InstanceNumber = label, 1
    made.StructureSetDate, made.StructureSetTime = date, time
    made.ApprovalStatus = "UNAPPROVED"
    made.ReferencedFrameOfReferenceSequence = [reference_frame(series, frame_of_reference)]
    made.StructureSetROISequence = [describe_roi(roi, frame_of_reference) for roi in rois]
    made.ROIContourSequence = [describe_contours(roi, contours.get(roi.number)) for roi in rois]
    made.RTROIObservationsSequence = [observe_roi(place, roi) for place, roi in enumerate(rois, 1)]
    made.file_meta = FileMetaDataset()
    # Explicit VR has no room for contours of more than 64 kB.
    made.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def reference_frame(series: SourceSeries, frame_of_reference: str) -> Dataset:
    """Name the frame of reference, and in it the study, the series and each of its images."""
    from pydicom import Dataset

    source = series.first_dataset
    listed = Dataset()
    listed.SeriesInstanceUID = source.SeriesInstanceUID
    # Each file once, whatever the number of its frames.
    whole = {reference.sop_instance_uid: reference.sop_class_uid for reference in series.references}
    listed.ContourImageSequence = [reference_image(ImageReference(kind, uid)) for uid, kind in whole.items()]
    study = Dataset()
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = STUDY_COMPONENT, source.StudyInstanceUID
    study.RTReferencedSeriesSequence = [listed]
    frame = Dataset()
    frame.FrameOfReferenceUID = frame_of_reference
    frame.RTReferencedStudySequence = [study]
    return frame


def describe_roi(roi: Roi, frame_of_reference: str) -> Dataset:
    """Describe a ROI: an item of the StructureSetROISequence."""
    from pydicom import Dataset

    item = Dataset()
    item.ROINumber, item.ReferencedFrameOfReferenceUID = roi.number, frame_of_reference
    item.ROIName, item.ROIGenerationAlgorithm = roi.name, roi.algorithm
    if roi.description:
        item.ROIDescription = roi.description
    return item


def describe_contours(roi: Roi, contours: bytes | None) -> Dataset:
    """Give a ROI its color and contours: an item of the ROIContourSequence."""
    from pydicom import Dataset

    item = Dataset()
    item.ROIDisplayColor = [int(roi.color[k : k + 2], 16) for k in (1, 3, 5)]
    item.ReferencedROINumber = roi.number
    if contours:
        # As bytes, which pydicom writes as they are; in implicit VR nothing says that it took them for such.
        item.add_new(tags.CONTOUR_SEQUENCE, "OB", contours)
    return item


def observe_roi(place: int, roi: Roi) -> Dataset:
    """Say of what kind a ROI is: an item of the RTROIObservationsSequence."""
    from pydicom import Dataset

    item = Dataset()
    item.ObservationNumber, item.ReferencedROINumber = place, roi.number
    item.RTROIInterpretedType, item.ROIInterpreter = roi.interpreted_type, ""
    return item
