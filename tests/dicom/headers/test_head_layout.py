"""A head that is compared with the one before gives the same header as one that is parsed."""

from __future__ import annotations

import copy
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pictologics.dicom.headers import head_layout
from pictologics.dicom.headers.header import Header
from pictologics.dicom.headers.header_reading import read_header
from pictologics.errors import PictologicsError
from pictologics.storage.files import MemoryFile

CT, PET = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.128"


def make_slice(number: int, sop_class: str = CT, **values: object) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, f"1.2.3.{10 ** (number % 7)}.{number}"
    dataset.Modality, dataset.SeriesInstanceUID = "PT" if sop_class == PET else "CT", "1.2.3.4"
    dataset.PatientName, dataset.PatientID, dataset.PatientWeight = "Name^Of", "P", "70"
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    source = Dataset()
    source.ReferencedSOPInstanceUID = f"1.2.9.{number}"
    dataset.SourceImageSequence = Sequence([source])
    dataset["SourceImageSequence"].is_undefined_length = True
    source.is_undefined_length_sequence_item = True
    dose = Dataset()
    dose.RadionuclideTotalDose = "1e8"
    dataset.RadiopharmaceuticalInformationSequence = Sequence([dose])
    dataset.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
    dataset.add_new(0x00291010, "OB", bytes(2 * (number % 3) + 8))
    dataset.add_new(0x00291020, "UN", b"x" * 10)
    dataset.InstanceNumber, dataset.ImagePositionPatient = number, [0, -1.5, number * 10.25]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.Rows, dataset.Columns, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 2, 2, 16, 12, 11
    dataset.PixelRepresentation, dataset.SamplesPerPixel, dataset.PixelSpacing = 0, 1, [1, 1]
    dataset.PhotometricInterpretation, dataset.PixelData = "MONOCHROME2", bytes(8)
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def write(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    dataset = copy.deepcopy(dataset)
    dataset.file_meta = meta
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def describe(content: bytes) -> object:
    """What a file's header says, or that it is refused."""
    try:
        header = read_header(MemoryFile("slice.dcm", content))
    except PictologicsError as error:
        return type(error), error.found
    if header is None:
        return None
    return {name: getattr(header, name) for name in (*Header.__slots__, "values", "little_endian") if name != "file"}


def forget() -> None:
    head_layout.MEMORY.layout = head_layout.MEMORY.series = None


def check_equal_to_parsed(contents: list[bytes]) -> None:
    expected = []
    for content in contents:
        forget()
        expected.append(describe(content))
    forget()
    assert [describe(content) for content in contents] == expected


@pytest.fixture(autouse=True)
def nothing_remembered():
    forget()
    yield
    forget()


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("sop_class", [CT, PET])
def test_slices_of_a_series(syntax, sop_class):
    check_equal_to_parsed([write(make_slice(number, sop_class), syntax) for number in range(12)])
    assert (head_layout.MEMORY.layout is None) == (syntax == ExplicitVRBigEndian)


def test_a_layout_is_followed_and_no_element_is_parsed_but_the_pixels(monkeypatch):
    contents = [write(make_slice(number)) for number in range(8)]
    for content in contents[:5]:
        describe(content)
    monkeypatch.setattr(
        "pictologics.dicom.headers.header_reading.parse", lambda *_: pytest.fail("a head was parsed as a whole")
    )
    assert [describe(content)["values"][0x00200013].strip() for content in contents[5:]] == [b"5", b"6", b"7"]


def test_what_differs_only_in_the_meta_information_is_not_taken_for_the_same():
    contents = [write(make_slice(number)) for number in range(3)]
    contents += [write(make_slice(number, PET)) for number in range(3)]
    contents += [write(make_slice(9), ImplicitVRLittleEndian), write(make_slice(9))]
    check_equal_to_parsed(contents)


def test_a_tag_that_is_there_twice_counts_as_the_parser_counts_it():
    twice = [write(make_slice(number, SeriesNumber="7")) for number in range(4)]
    # Another number of the series stands where a private element was.
    twice = [
        content.replace(b"\x29\x00\x20\x10UN\0\0\x0a\0\0\0", b"\x20\x00\x11\x00UN\0\0\x0a\0\0\0") for content in twice
    ]
    assert describe(twice[0])["values"][0x00200011] == b"x" * 10
    check_equal_to_parsed(twice)


def test_heads_that_are_cut_or_damaged():
    whole = [write(make_slice(number)) for number in range(4)]
    cuts = [whole[3][:size] for size in range(100, len(whole[3]), 7)]
    damaged = [whole[2][:k] + b"\xff" + whole[2][k + 1 :] for k in range(132, len(whole[2]) - 8, 5)]
    check_equal_to_parsed([*whole[:3], *cuts, *whole[:2], *damaged])


def test_series_in_turn_and_a_series_with_more_elements():
    first = [make_slice(number) for number in range(4)]
    second = [make_slice(number, SeriesInstanceUID="1.2.3.5", StudyDate="20200101") for number in range(4)]
    third = [make_slice(number, ImageComments="x" * 9000) for number in range(4)]
    mixed = [dataset for pair in zip(first, second, third, strict=True) for dataset in pair]
    check_equal_to_parsed([write(dataset) for dataset in (*first, *second, *third, *mixed)])


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "PatientName": st.text("abc é", max_size=9),
        "SeriesDescription": st.text("ab ", max_size=20),
        "AcquisitionTime": st.sampled_from(["", "101010", "101010.5"]),
        "RescaleSlope": st.sampled_from(["", "1", "2.5"]),
        "WindowCenter": st.lists(st.integers(-9, 999), max_size=3),
        "SourceImageSequence": st.just(Sequence([])),
        "SeriesInstanceUID": st.sampled_from(["1.2.3.4", "1.2.3.4567"]),
        "Rows": st.integers(0, 9),
    },
)


@given(
    st.lists(st.tuples(st.integers(0, 10**6), VALUES, st.sampled_from([CT, PET])), min_size=2, max_size=9), st.data()
)
def test_whatever_came_before(slices, data):
    syntax = data.draw(st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian]))
    check_equal_to_parsed([write(make_slice(number, kind, **values), syntax) for number, values, kind in slices])
