"""A patient's name in any free field of any format is in no message, explanation or record."""

from __future__ import annotations

import contextlib
import struct
import warnings

import pydicom
import pytest

from pictologics import PictologicsError, explain, load_image
from tests.formats.test_contradictions import MHA, NRRD, nifti

NAME = "Xoe^Jane 19700101"
CARRIED = {"Modality", "SeriesNumber", "RescaleType"}
"""An image carries these as they are, in ``modality`` and ``metadata``."""


def said(path):
    """Everything that is said of a path: messages, warnings, the explanation, metadata and the record."""
    words = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for call in (load_image, explain):
            with contextlib.suppress(StopIteration):
                try:
                    result = call(path)
                except PictologicsError as error:
                    words += [str(error), repr(error.values)]
                    continue
                if call is explain:
                    words += [str(result), result.to_json()]
                else:
                    words += [str(result), repr(result.metadata), repr(result.provenance.to_dict())]
    return "\n".join(words + [str(entry.message) for entry in caught])


def lacks_the_name(path):
    """Whether nothing that is said holds any word of the name."""
    text = said(path).replace(str(path), "").lower()
    assert not [text[max(at - 60, 0) : at + 20] for word in ("xoe", "jane", "19700101") if (at := text.find(word)) >= 0]
    return True


NRRD_LINES = NRRD.format(type="uchar", sizes="2 2 1", encoding="raw").strip().split("\n")[1:]
MORE_NRRD_FIELDS = [
    "content", "number", "block size", "line skip", "byte skip", "spacings", "thicknesses", "axis mins", "axis maxs",
    "centers", "labels", "units", "space units", "kinds", "measurement frame", "old min", "old max", "min", "max",
    "data file",
]  # fmt: skip


@pytest.mark.parametrize("line", [line.partition(":")[0] for line in NRRD_LINES] + MORE_NRRD_FIELDS)
@pytest.mark.parametrize("value", ["{name}", '"{name}" "mm" "cm"', "{name} {name} {name}", "1 {name}"])
def test_nrrd_fields(tmp_path, line, value):
    planted = f"{line}: {value.format(name=NAME)}"
    lines = [planted if kept.partition(":")[0] == line else kept for kept in NRRD_LINES]
    if planted not in lines:
        lines.append(planted)
    path = tmp_path / "a.nrrd"
    path.write_bytes(("NRRD0004\n" + "\n".join(lines) + "\n\n").encode() + bytes(4))
    if line == "data file":
        # The name of a file is what its user must act on.
        with pytest.raises(PictologicsError):
            load_image(path)
        return
    assert lacks_the_name(path)


@pytest.mark.parametrize(
    "line",
    [f"# {NAME}", f"patient:={NAME}", f"{NAME}:=1", NAME, f"{NAME}: 1", f"Segment0_Layer:={NAME}", f"modality:={NAME}"],
)
def test_nrrd_comments_keys_and_broken_lines(tmp_path, line):
    path = tmp_path / "a.nrrd"
    path.write_bytes(("NRRD0004\n" + "\n".join([*NRRD_LINES, line]) + "\n\n").encode() + bytes(4))
    assert lacks_the_name(path)


MHA_LINES = MHA.format(type="MET_UCHAR", sizes="2 2 1", binary="True").strip().split("\n")
MORE_MHA_FIELDS = [
    "Comment", "Name", "ObjectSubType", "TransformMatrix", "CenterOfRotation", "AnatomicalOrientation",
    "DistanceUnits", "CompressedData", "CompressedDataSize", "HeaderSize", "Modality", "ElementNumberOfChannels",
    "ElementToIntensityFunctionSlope", "BinaryDataByteOrderMSB", "0010|0010", "0008|0060",
]  # fmt: skip


@pytest.mark.parametrize("field", [line.split(" ")[0] for line in MHA_LINES[:-1]] + MORE_MHA_FIELDS + ["", NAME])
@pytest.mark.parametrize("value", [NAME, "MET_OTHER " + NAME, "Xoe", "1 " + NAME])
def test_metaimage_fields(tmp_path, field, value):
    if (field, value) == ("0008|0060", "Xoe"):
        # A code of DICOM, for all that can be known.
        return
    planted = f"{field} = {value}" if field else value
    lines = [planted if kept.split(" ")[0] == field else kept for kept in MHA_LINES]
    if planted not in lines:
        lines.insert(-1, planted)
    path = tmp_path / "a.mha"
    path.write_bytes(("\n".join(lines) + "\n").encode() + bytes(4))
    assert lacks_the_name(path)


@pytest.mark.parametrize("at", [4, 14, 148, 228, 328])
def test_nifti_texts(tmp_path, at):
    """data_type, db_name, descrip, aux_file and intent_name."""
    content = bytearray(nifti((2, 2, 1), bytes(4)))
    content[at : at + 8] = b"Xoe^Jane"
    path = tmp_path / "a.nii"
    path.write_bytes(content)
    assert lacks_the_name(path)


@pytest.mark.parametrize("code", [0, 4, 6, 44])
def test_nifti_extensions(tmp_path, code):
    text = NAME.encode().ljust(24, b"\0")
    content = bytearray(nifti((2, 2, 1), b""))
    content[348] = 1
    struct.pack_into("<f", content, 108, 352 + 32)
    path = tmp_path / "a.nii"
    path.write_bytes(bytes(content) + struct.pack("<2i", 32, code) + text + bytes(4))
    assert lacks_the_name(path)


def dicom_keywords():
    """The attributes of a CT slice that are no UID, and no pixels."""
    ds = next(iter(slices_of_a_scan()))
    return [element.keyword for element in ds if element.VR not in {"US", "UI", "OB", "OW", "SQ"} and element.keyword]


def slices_of_a_scan():
    """A slice of a CT."""
    ds = pydicom.Dataset()
    ds.SpecificCharacterSet, ds.Modality, ds.ImageType = "ISO_IR 100", "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.5", "1.2.6", "1.2.7"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = NAME, NAME, "19700101"
    ds.StudyDescription, ds.ProtocolName, ds.ImageComments = NAME, NAME, NAME
    ds.AcquisitionNumber, ds.InstanceNumber, ds.SeriesNumber = "1", "1", "1"
    ds.AcquisitionDate, ds.AcquisitionTime, ds.ContentTime = "20200101", "120000", "120000"
    ds.SliceThickness, ds.SpacingBetweenSlices, ds.SliceLocation = "1", "1", "0"
    ds.ImagePositionPatient, ds.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
    ds.PixelSpacing, ds.ImagerPixelSpacing, ds.PatientPosition = [1, 1], [1, 1], "HFS"
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "0", "HU"
    ds.GantryDetectorTilt, ds.EchoTime, ds.TemporalPositionIdentifier = "0", "1", "1"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.Rows, ds.Columns = 1, "MONOCHROME2", 4, 4
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.NumberOfFrames = "1"
    ds.PixelData = bytes(16)
    yield ds


@pytest.mark.parametrize("keyword", dicom_keywords())
def test_dicom_attributes(tmp_path, keyword):
    """Each attribute holds the name as raw bytes, whatever its kind."""
    ds = next(slices_of_a_scan())
    if keyword not in CARRIED:
        tag = pydicom.datadict.tag_for_keyword(keyword)
        ds[tag] = pydicom.DataElement(tag, "LO", NAME)
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    path = tmp_path / "a.dcm"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds.save_as(path, enforce_file_format=True)
    assert lacks_the_name(path)
