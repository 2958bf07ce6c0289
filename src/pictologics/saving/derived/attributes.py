"""What a derived image takes over of the slice it was made of: all that its pixels did not change.

Kept are the patient, the study, the frame of reference, the scanner and how it was set. Left out is what describes the
pixels, their place and their display, which are new; what belongs to several frames of one file; and everything
private, of which nobody knows whether it still holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ...dicom.headers.header import Header
from ...dicom.headers.pydicom_edge import refuse_damage
from ...silence import silence_this_thread

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["SOP_CLASSES", "fill_required", "take_over"]

SOP_CLASSES: Final = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
}
"""The class of single slices of each modality (DICOM PS3.4 B.5)."""

GROUPS_LEFT_OUT: Final = frozenset({0x0002, 0x0028, 0x0088, 0x0400, 0x2050, 0x5200, 0x5400, 0x7FE0, 0xFFFA, 0xFFFC})
"""Pixels and how they are stored and shown, icons, signatures, frames of multi-frame files, waveforms, padding."""

OVERLAYS: Final = range(0x6000, 0x6100)
CURVES: Final = range(0x5000, 0x5100)

KEPT_OF_PIXELS: Final = (
    "BurnedInAnnotation",
    "CorrectedImage",
    "LossyImageCompression",
    "LossyImageCompressionMethod",
    "LossyImageCompressionRatio",
    "RecognizableVisualFeatures",
)
"""What stays true of the pixels, whatever is made of them (DICOM PS3.3 C.7.6.1 and C.8.9.1)."""

LEFT_OUT: Final = frozenset(
    {
        "AcquisitionMatrix",
        "ConcatenationUID",
        "DerivationCodeSequence",
        "DerivationDescription",
        "DerivationImageSequence",
        "DimensionIndexSequence",
        "DimensionOrganizationSequence",
        "DimensionOrganizationType",
        "FrameType",
        "GantryDetectorTilt",
        "ImageOrientationPatient",
        "ImagePositionPatient",
        "ImagePositionVolume",
        "InConcatenationNumber",
        "InConcatenationTotalNumber",
        "PresentationLUTShape",
        "RealWorldValueMappingSequence",
        "ReconstructionDiameter",
        "ReferencedImageSequence",
        "SliceLocation",
        "SourceImageSequence",
        "SpacingBetweenSlices",
        "VolumetricProperties",
        "VolumeBasedCalculationTechnique",
    }
)
"""Attributes of other groups that speak of the source's pixels, or of the grid on which they lie."""

REQUIRED_OF_MODALITY: Final[dict[str, dict[str, object]]] = {
    "CT": {"AcquisitionNumber": "", "KVP": "", "PatientPosition": ""},
    "MR": {
        "EchoTime": "",
        "EchoTrainLength": "",
        "MRAcquisitionType": "",
        "PatientPosition": "",
        "RepetitionTime": "",
        "ScanOptions": "",
        # "Research mode", where the source says nothing of its sequence.
        "ScanningSequence": "RM",
        "SequenceVariant": "NONE",
    },
    "PT": {
        "ActualFrameDuration": "",
        "CollimatorType": "",
        "CorrectedImage": "",
        "CountsSource": "EMISSION",
        "DecayCorrection": "NONE",
        "PatientGantryRelationshipCodeSequence": [],
        "PatientOrientationCodeSequence": [],
        "RadiopharmaceuticalInformationSequence": [],
    },
}
"""What the object of each modality must have, and what is written where the source has nothing (DICOM PS3.3 A.3, A.4
and A.21)."""


def take_over(header: Header, dataset: Dataset) -> Dataset:
    """Take over of a source what still holds.

    Args:
        header: The file, for messages.
        dataset: What stands before its pixels; its text is decoded.

    Raises:
        CorruptFileError: If pydicom cannot follow it.
    """
    from pydicom import Dataset

    kept = Dataset()
    # What pydicom finds odd about the source was there before.
    with refuse_damage(header.path, "its attributes cannot be parsed"), silence_this_thread():
        dataset.decode()
        for element in dataset:
            tag = element.tag
            is_left_out = tag.group in GROUPS_LEFT_OUT or tag.group in OVERLAYS or tag.group in CURVES
            if not tag.is_private and not is_left_out and element.keyword not in LEFT_OUT:
                kept.add(element)
        for keyword in KEPT_OF_PIXELS:
            if keyword in dataset:
                kept[keyword] = dataset[keyword]
    return kept


def fill_required(modality: str, made: Dataset) -> None:
    """Add what an object of a modality must have."""
    if "BodyPartExamined" not in made and "Laterality" not in made:
        # It may be one of a pair (PS3.3 C.7.3.1).
        made.Laterality = ""
    for keyword, value in ({"Manufacturer": ""} | REQUIRED_OF_MODALITY[modality]).items():
        if keyword not in made:
            setattr(made, keyword, value)
