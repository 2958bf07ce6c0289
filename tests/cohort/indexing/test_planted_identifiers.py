"""No identifier and no free text is anywhere in the folder of a cohort, unless it was asked for."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pydicom
import pytest
from pydicom.dataset import Dataset

from pictologics.cohort import index
from tests.factories.dicom_series import write_series
from tests.factories.phantom import PHANTOM

FREE_TEXT = {"LO", "LT", "PN", "SH", "ST", "UC", "UT", "AE", "AS"}
"""Value representations that hold whatever a person types, and the age."""

OTHERS = {"DA": "19470817", "DT": "19470817101112", "TM": "101112.131415"}

SAYS_NOTHING = {"Manufacturer", "ManufacturerModelName", "CodeValue", "CodingSchemeDesignator", "UID"}
"""Text that stands in the tables as it is, or that is no text a person types."""

DESCRIBING = (
    "StudyDescription", "SeriesDescription", "ImageComments", "ProtocolName", "InstitutionName", "AccessionNumber",
    "ReferringPhysicianName", "OperatorsName", "PatientName", "PatientBirthDate", "OtherPatientNames", "PatientAge",
    "IssuerOfPatientID", "StudyID", "StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "StationName",
    "DerivationDescription", "SequenceName", "ContrastBolusAgent", "RequestedProcedureDescription", "PatientComments",
    "FrameLabel", "StructureSetLabel", "DeviceSerialNumber", "AdditionalPatientHistory",
)  # fmt: skip
"""Attributes that are added to every file."""


class Planted:
    """What was planted, and must not be found."""

    def __init__(self) -> None:
        self.values: set[bytes] = set()

    def plant(self, dataset: Dataset) -> None:
        """Give every text and date of a data set a value of its own kind, and remember its UIDs."""
        for element in dataset:
            if element.VR == "SQ":
                for item in element.value:
                    self.plant(item)
            elif element.VR == "UI":
                values = element.value if element.VM > 1 else [element.value]
                self.values |= {str(value).encode() for value in values if not str(value).startswith("1.2.840.10008.")}
            elif element.VR in FREE_TEXT and element.keyword not in SAYS_NOTHING:
                element.value = "077Y" if element.VR == "AS" else f"Zq{element.tag.group:04x}{element.tag.element:04x}"
                self.values.add(
                    element.value.encode() if isinstance(element.value, str) else str(element.value).encode()
                )
            elif element.VR in OTHERS:
                element.value = OTHERS[element.VR]
        self.values |= {b"19470817", b"1947-08-17", b"101112"}

    def plant_file(self, path: Path) -> None:
        """Plant into a file."""
        dataset = pydicom.dcmread(path)
        for keyword in DESCRIBING:
            if keyword not in dataset:
                setattr(dataset, keyword, "")
        self.plant(dataset)
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(path)


def read_everything(folder: Path) -> bytes:
    """All bytes of a folder, and those of its tables as they are behind the compression; names of files too."""
    content = [str(path.relative_to(folder)).encode() for path in folder.rglob("*")]
    for path in folder.rglob("*"):
        if path.is_file():
            content.append(path.read_bytes())
        if path.suffix == ".parquet":
            table = pq.ParquetFile(path)
            content.append(repr((table.read().to_pylist(), table.schema_arrow.metadata)).encode())
    return b"\n".join(content)


@pytest.fixture
def planted_root(demo_cohort_copy, tmp_path):
    """A tree of files of every kind, with planted values and paths that say nothing."""
    root, planted = tmp_path / "root", Planted()
    patient = demo_cohort_copy.patients[0]
    files = [*patient.ct.files[:3], *patient.pet.files[:3], *patient.seg.files, *patient.structures.files]
    files += write_series(tmp_path / "slices", series="b")
    for number, file in enumerate(files):
        planted.plant_file(file)
        (root / str(number % 3)).mkdir(parents=True, exist_ok=True)
        file.rename(root / str(number % 3) / f"{number}.dcm")
    # One that is there twice, and one that is damaged: they have sentences of their own.
    (root / "twice.dcm").write_bytes((root / "0" / "0.dcm").read_bytes())
    (root / "cut.dcm").write_bytes((root / "0" / "0.dcm").read_bytes()[:700])
    return root, planted.values


@pytest.mark.slow
def test_nothing_that_was_planted_is_in_the_folder(planted_root, tmp_path):
    root, values = planted_root
    index(root, tmp_path / "out", workers=1)
    content = read_everything(tmp_path / "out")
    assert len(values) > 60
    assert not [value for value in values if value in content]
    # The same search does find them where they were asked for.
    index(root, tmp_path / "open", identifiers=True, text=True, workers=1)
    content = read_everything(tmp_path / "open")
    found = [value for value in values if value in content]
    assert {b"Zq0008103e", b"Zq00081030", b"1947-08-17"} <= set(found)


@pytest.mark.parametrize(
    ("keyword", "values", "planted"),
    [
        ("AcquisitionDateTime", ("19470817101112", "19470817101555"), b"19470817"),
        ("ContrastBolusAgent", ("Zq for Doe", "Zq for Roe"), b"Zq"),
        ("FrameOfReferenceUID", ("1.2.3.4.5.6.1947", "1.2.3.4.5.6.1948"), b"1.2.3.4.5.6."),
    ],
)
def test_what_tells_volumes_apart_is_not_in_their_labels(tmp_path, keyword, values, planted):
    def tell_apart(value, number):
        def change(ds, k):
            setattr(ds, keyword, value)
            ds.InstanceNumber, ds.SOPInstanceUID = 100 * number + k + 1, f"1.2.3.{number}.{k + 1}"

        return change

    for number, value in enumerate(values):
        write_series(tmp_path / "in" / str(number), PHANTOM, tell_apart(value, number))
    index(tmp_path / "in", tmp_path / "out", workers=1)
    assert len(pq.ParquetFile(tmp_path / "out" / "phases" / "part-0.parquet").read()) == 2
    assert planted not in read_everything(tmp_path / "out")
    index(tmp_path / "in", tmp_path / "open", identifiers=True, text=True, workers=1)
    assert planted in read_everything(tmp_path / "open" / "phases")
