"""CT files with as much header as a scanner writes: about a hundred elements, sequences and private ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from pictologics.cli.demo_series import format_decimal
from pictologics.geometry import Grid

__all__ = ["SeriesWriter"]

COMMON = {
    "SpecificCharacterSet": "ISO_IR 100",
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"],
    "InstanceCreationDate": "20240229",
    "InstanceCreationTime": "101502.750000",
    "SOPClassUID": CTImageStorage,
    "StudyDate": "20240229",
    "SeriesDate": "20240229",
    "AcquisitionDate": "20240229",
    "ContentDate": "20240229",
    "StudyTime": "101500.312000",
    "SeriesTime": "101501.687000",
    "AcquisitionTime": "101501.902345",
    "ContentTime": "101501.902345",
    "AccessionNumber": "BENCH0001",
    "Modality": "CT",
    "Manufacturer": "Made up",
    "InstitutionName": "No hospital",
    "InstitutionAddress": "No street 1, No town",
    "ReferringPhysicianName": "NOBODY^NO",
    "StationName": "CTBENCH1",
    "StudyDescription": "Abdomen^ThoraxAbdomen (Adult)",
    "SeriesDescription": "ThorAbd 1.2 B30f",
    "InstitutionalDepartmentName": "Radiology",
    "PhysiciansOfRecord": "NOBODY^NO",
    "PerformingPhysicianName": "NOBODY^NO",
    "OperatorsName": "NOBODY^NO",
    "ManufacturerModelName": "Benchmark 64",
    "PatientName": "BENCHMARK^CASE",
    "PatientID": "BENCH0001",
    "PatientBirthDate": "19700101",
    "PatientSex": "O",
    "PatientAge": "054Y",
    "PatientSize": "1.75",
    "PatientWeight": "75",
    "AdditionalPatientHistory": "none",
    "ContrastBolusAgent": "APPLIED",
    "BodyPartExamined": "CHESTABDOMEN",
    "KVP": "120",
    "DataCollectionDiameter": "500",
    "DeviceSerialNumber": "12345",
    "SoftwareVersions": "syngo CT 2012B",
    "ProtocolName": "ThoraxAbdomen",
    "ContrastBolusVolume": "90",
    "ContrastBolusIngredientConcentration": "370",
    "ReconstructionDiameter": "350",
    "DistanceSourceToDetector": "1040",
    "DistanceSourceToPatient": "570",
    "GantryDetectorTilt": "0",
    "TableHeight": "136",
    "RotationDirection": "CW",
    "ExposureTime": "500",
    "XRayTubeCurrent": "231",
    "Exposure": "115",
    "FilterType": "0",
    "GeneratorPower": "27",
    "FocalSpots": "1.2",
    "DateOfLastCalibration": "20240228",
    "TimeOfLastCalibration": "063210.000000",
    "ConvolutionKernel": "B30f",
    "PatientPosition": "HFS",
    "SingleCollimationWidth": 0.6,
    "TotalCollimationWidth": 38.4,
    "TableSpeed": 46.0,
    "TableFeedPerRotation": 23.0,
    "SpiralPitchFactor": 0.6,
    "ExposureModulationType": "XYZ_EC",
    "EstimatedDoseSaving": 11.5,
    "CTDIvol": 7.75,
    "StudyID": "1",
    "SeriesNumber": 3,
    "AcquisitionNumber": 2,
    "PositionReferenceIndicator": "",
    "ImageComments": "no patient",
    "SamplesPerPixel": 1,
    "PhotometricInterpretation": "MONOCHROME2",
    "BitsAllocated": 16,
    "BitsStored": 12,
    "HighBit": 11,
    "PixelRepresentation": 0,
    "SmallestImagePixelValue": 0,
    "LargestImagePixelValue": 4095,
    "WindowCenter": [40, -600],
    "WindowWidth": [400, 1200],
    "WindowCenterWidthExplanation": ["WINDOW1", "WINDOW2"],
    "RescaleIntercept": -1024,
    "RescaleSlope": 1,
    "RescaleType": "HU",
    "RequestingPhysician": "NOBODY^NO",
    "RequestedProcedureDescription": "CT chest and abdomen",
    "PerformedProcedureStepStartDate": "20240229",
    "PerformedProcedureStepStartTime": "101500.312000",
    "PerformedProcedureStepID": "BENCH0001",
}


class SeriesWriter:
    """Writes the slices of one series.

    Args:
        folder: Where to.
        grid: Where the voxels lie.
    """

    def __init__(self, folder: Path, grid: Grid) -> None:
        self.folder, self.grid = folder, grid
        self.dataset = scanner_dataset()
        direction = grid.direction
        self.dataset.ImageOrientationPatient = [format_decimal(c) for c in (*direction[:, 0], *direction[:, 1])]
        self.dataset.PixelSpacing = [format_decimal(grid.spacing[1]), format_decimal(grid.spacing[0])]
        self.dataset.SliceThickness = format_decimal(grid.spacing[2])
        # A permutation that anybody can repeat: file names say nothing about the order.
        self.names = np.random.default_rng(3).permutation(grid.shape[2])

    def write(self, k: int, stored: npt.NDArray[np.int16]) -> None:
        dataset = self.dataset
        position = self.grid.index_to_world((0, 0, k))
        dataset.ImagePositionPatient = [format_decimal(c) for c in position]
        dataset.SliceLocation = format_decimal(position[2])
        dataset.InstanceNumber = self.grid.shape[2] - k
        uid = generate_uid(entropy_srcs=[str(dataset.SeriesInstanceUID), str(k)])
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
        dataset.Rows, dataset.Columns = stored.shape
        dataset.PixelData = stored.tobytes()
        dataset.save_as(self.folder / f"IMG{self.names[k]:05d}.dcm", enforce_file_format=True)


def scanner_dataset() -> Dataset:
    """The header that the slices of a series share."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in COMMON.items():
        setattr(dataset, keyword, value)
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        setattr(dataset, keyword, generate_uid(entropy_srcs=["benchmark", keyword]))
    add_sequences(dataset)
    add_private_elements(dataset)
    return dataset


def add_sequences(dataset: Dataset) -> None:
    """Add sequences of both encodings: with their length, and open until a delimiter."""
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "CTTHABD", "99BENCH", "CT chest abdomen"
    reference = Dataset()
    reference.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.3"
    reference.ReferencedSOPInstanceUID = generate_uid(entropy_srcs=["benchmark", "step"])
    source = Dataset()
    source.ReferencedSOPClassUID = CTImageStorage
    source.ReferencedSOPInstanceUID = generate_uid(entropy_srcs=["benchmark", "source"])
    source.PurposeOfReferenceCodeSequence = Sequence([code])
    request = Dataset()
    request.ScheduledProcedureStepDescription = "CT chest and abdomen"
    request.ScheduledProtocolCodeSequence = Sequence([code])
    dataset.ProcedureCodeSequence = Sequence([code])
    dataset.ReferencedPerformedProcedureStepSequence = Sequence([reference])
    dataset.SourceImageSequence = Sequence([source, source])
    dataset.RequestAttributesSequence = Sequence([request])
    for keyword in ("SourceImageSequence", "RequestAttributesSequence"):
        dataset[keyword].is_undefined_length = True
        for item in dataset[keyword].value:
            item.is_undefined_length_sequence_item = True


def add_private_elements(dataset: Dataset) -> None:
    """Add what only the scanner's maker understands: small values and one larger block of bytes."""
    block = dataset.private_block(0x0019, "BENCHMARK CT ACQUISITION", create=True)
    for offset in range(0x90, 0x98):
        block.add_new(offset, "DS", format_decimal(offset / 7))
    block = dataset.private_block(0x0029, "BENCHMARK CT HEADER", create=True)
    block.add_new(0x08, "CS", "BENCH NUM 4")
    block.add_new(0x10, "OB", bytes(2048))
    block.add_new(0x20, "UN", b"BENCHMARK " * 12)
