"""The fast header parser says what pydicom says, on every file that pydicom ships and on generated ones."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path

import pydicom
import pydicom.data
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.sequence import Sequence as DicomSequence

from pictologics.dicom.headers import tag_kinds, tags
from pictologics.dicom.headers.attributes import Attributes
from pictologics.dicom.headers.header_reading import read_header
from pictologics.errors import CorruptFileError, FileAccessError, MissingPathError
from tests.factories.dicom_series import (
    SYNTAXES,
    add_long_junk,
    add_private_block,
    add_undefined_length_sequences,
    slice_file,
    uid,
)
from tests.factories.hostile import broken_link, fifo, garbage, refused_at_last
from tests.factories.nifti_files import write_nifti
from tests.factories.phantom import PHANTOM

CORPUS_FOLDER = Path(pydicom.data.__file__).parent / "test_files"
CORPUS = sorted(path for path in CORPUS_FOLDER.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})

# pydicom turns these into values while it reads, so that no raw bytes are left to compare.
DECODED_ON_READING = {tags.MEDIA_STORAGE_SOP_CLASS_UID, tags.TRANSFER_SYNTAX_UID, tags.SPECIFIC_CHARACTER_SET}
SEQUENCES = set(tag_kinds.LOCATED)


def by_pydicom(path: Path) -> Dataset | None:
    """The whole data set; None if pydicom calls the file not DICOM."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return pydicom.dcmread(path)
        except InvalidDicomError:
            return None


def raw_values(dataset: Dataset) -> dict[int, bytes]:
    """Raw bytes of the wanted top-level elements, padding stripped."""
    found = {}
    for tag in tag_kinds.WANTED - DECODED_ON_READING - SEQUENCES - tag_kinds.PIXEL_TAGS:
        if tag in dataset:
            element = dataset.get_item(tag)
            value = element.value
            if not isinstance(element, RawDataElement):
                # Looked at, or empty: pydicom has made a value of it.
                value = str("" if value is None else value).encode()
            found[tag] = (value or b"").rstrip(b"\0 ")
    return found


def assert_equals_pydicom(path: Path, dataset: Dataset) -> None:
    header = read_header(path)
    assert header is not None
    syntax = dataset.file_meta.get("TransferSyntaxUID", None)
    if syntax is not None:
        assert header.transfer_syntax == syntax
    assert header.little_endian == dataset.original_encoding[1]
    ours = {tag: raw.rstrip(b"\0 ") for tag, raw in header.values.items()}
    theirs = raw_values(dataset)
    for tag in tag_kinds.WANTED - DECODED_ON_READING - SEQUENCES - tag_kinds.PIXEL_TAGS:
        assert ours.get(tag) == theirs.get(tag), tags.KEYWORDS[tag]
    for tag in SEQUENCES:
        assert (tag in header.located) == (tag in dataset), tags.KEYWORDS[tag]
    pixel_tag = next((tag for tag in sorted(tag_kinds.PIXEL_TAGS) if tag in dataset), 0)
    assert header.pixel_tag == pixel_tag
    if pixel_tag:
        element = dataset.get_item(pixel_tag)
        assert header.pixel_offset == element.value_tell
        assert header.pixel_length == (None if header.is_encapsulated else element.length)


def test_the_corpus_is_there():
    assert len(CORPUS) > 80


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.relative_to(CORPUS_FOLDER).as_posix())
def test_equals_pydicom_on_the_corpus(path):
    dataset = by_pydicom(path)
    if dataset is not None:
        if path.name == "rtplan_truncated.dcm":
            with pytest.raises(CorruptFileError, match="ends in the middle of its header"):
                read_header(path)
            return
        assert_equals_pydicom(path, dataset)
        return
    header = read_header(path)
    if path.suffix != ".dcm":
        assert header is None
        return
    # Without preamble: taken for DICOM when the data set names its SOP class.
    dataset = pydicom.dcmread(path, force=True)
    if str(dataset.get("SOPClassUID", "")).startswith("1.2.840.10008."):
        assert_equals_pydicom(path, dataset)
    else:
        assert header is None


CHANGES = {
    "nothing": (),
    "sequences": (add_undefined_length_sequences,),
    "private": (add_private_block,),
    "junk": (add_long_junk,),
    "all": (add_undefined_length_sequences, add_private_block, add_long_junk),
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
@pytest.mark.parametrize("k", [0, 1])
def test_equals_pydicom_on_hard_headers(tmp_path, changes, syntax, k):
    path = slice_file(tmp_path / "slice", k, PHANTOM, *changes, syntax=syntax)
    assert_equals_pydicom(path, pydicom.dcmread(path))


# --- generated data sets ---

TEXTS = st.text("abcXYZ019 ", max_size=200)
PLAIN_TAGS = st.sampled_from(
    ["PatientComments", "ImageComments", "ProtocolName", "StudyDescription", "DeviceSerialNumber"]
)


@st.composite
def data_sets(draw, depth: int = 0) -> Dataset:
    """Elements of many kinds, among them wanted ones, sequences in sequences and private blocks."""
    ds = Dataset()
    for keyword in draw(st.lists(PLAIN_TAGS, max_size=3, unique=True)):
        setattr(ds, keyword, draw(TEXTS)[:60])
    if draw(st.booleans()):
        ds.Rows = draw(st.integers(0, 65535))
    if draw(st.booleans()):
        ds.PixelSpacing = [draw(st.integers(1, 99)) / 8, 0.5]
    if draw(st.booleans()):
        ds.ImagePositionPatient = [draw(st.integers(-999, 999)) / 4 for _ in range(3)]
    if draw(st.booleans()):
        ds.add_new(0x00080032, "TM", "")
    if draw(st.booleans()):
        block = ds.private_block(draw(st.sampled_from([0x0009, 0x0021, 0x5001])), "GENERATED", create=True)
        block.add_new(1, draw(st.sampled_from(["OB", "UN"])), draw(st.binary(max_size=40)).ljust(40, b"\0"))
        block.add_new(2, "FD", draw(st.floats(allow_nan=False)))
    if depth < 3:
        for keyword in draw(
            st.lists(
                st.sampled_from(["ReferencedImageSequence", "SourceImageSequence", "RequestAttributesSequence"]),
                max_size=2,
                unique=True,
            )
        ):
            items = draw(st.lists(data_sets(depth + 1), max_size=3))
            for item in items:
                item.is_undefined_length_sequence_item = draw(st.booleans())
            setattr(ds, keyword, DicomSequence(items))
            ds[keyword].is_undefined_length = draw(st.booleans())
    return ds


@given(extra=data_sets(), syntax=st.sampled_from(sorted(SYNTAXES.values())), long=st.integers(0, 20_000))
def test_equals_pydicom_on_generated_files(tmp_path, extra, syntax, long):
    def add(ds, k):
        wanted = {tags.ROWS, tags.PIXEL_SPACING}
        for element in extra:
            if element.tag not in wanted:
                ds[element.tag] = element
        # Headers of any length: the pixels begin anywhere beside the parser's window.
        ds.add_new(0x00204000, "LT", "x" * (long % 10_000))
        ds.add_new(0x00420011, "OB", b"y" * (long // 2 * 2))

    path = slice_file(tmp_path / "generated", 0, PHANTOM, add, syntax=syntax)
    assert_equals_pydicom(path, pydicom.dcmread(path))


@given(size=st.integers(0, 1400))
def test_a_file_cut_anywhere_in_its_header_is_never_taken_for_whole(tmp_path, size):
    whole = slice_file(tmp_path / "whole.dcm")
    header = read_header(whole)
    size = min(size, header.pixel_offset - 1)
    part = tmp_path / "part.dcm"
    part.write_bytes(whole.read_bytes()[:size])
    try:
        found = read_header(part)
    except CorruptFileError as error:
        assert str(part) in str(error)
    else:
        # Cut between two elements, a file is valid DICOM; only what it lacks shows that it was cut.
        assert found is None or not found.pixel_tag


@given(st.binary(max_size=400), st.booleans())
def test_random_bytes_are_no_dicom_or_corrupt(tmp_path, content, marked):
    path = tmp_path / "random"
    path.write_bytes((b"\0" * 128 + b"DICM" if marked else b"") + content)
    try:
        read_header(path)
    except CorruptFileError as error:
        assert str(path) in str(error)


@given(st.integers(132, 1400), st.integers(0, 255), st.sampled_from(sorted(SYNTAXES.values())))
def test_one_wrong_byte_gives_a_header_or_a_corrupt_file(tmp_path, place, value, syntax):
    path = slice_file(tmp_path / "bent", syntax=syntax)
    content = bytearray(path.read_bytes())
    content[min(place, len(content) - 1)] = value
    path.write_bytes(content)
    try:
        header = read_header(path)
        if header is not None:
            header.integer(tags.INSTANCE_NUMBER)
            header.numbers(tags.IMAGE_POSITION_PATIENT)
            header.text(tags.SERIES_DESCRIPTION)
    except CorruptFileError as error:
        assert str(path) in str(error)


# --- files that are none ---


def test_other_formats_are_no_dicom(tmp_path):
    assert read_header(write_nifti(tmp_path / "scan.nii")) is None
    assert read_header(write_nifti(tmp_path / "scan.nii.gz")) is None
    for name, content in {"empty": b"", "text": b"Patient notes\n" * 50, "zeros": bytes(5000)}.items():
        (tmp_path / name).write_bytes(content)
        assert read_header(tmp_path / name) is None


def test_garbage_behind_the_mark_is_corrupt(tmp_path):
    path = garbage(tmp_path / "garbage.dcm", 5000, head=bytes(128) + b"DICM")
    with pytest.raises(CorruptFileError, match=r"garbage\.dcm"):
        read_header(path)


def test_pipe_and_broken_link_are_refused_without_waiting(tmp_path):
    with refused_at_last(FileAccessError, match="pipe"):
        read_header(fifo(tmp_path / "pipe"))
    with pytest.raises(MissingPathError, match="link"):
        read_header(broken_link(tmp_path / "link"))


def test_sequences_nested_without_end_are_corrupt(tmp_path):
    deep = BytesIO()
    deep.write(bytes(128) + b"DICM")
    deep.write(b"\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0")
    for _ in range(20_000):
        deep.write(b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff")
    (tmp_path / "deep.dcm").write_bytes(deep.getvalue())
    with refused_at_last(CorruptFileError):
        read_header(tmp_path / "deep.dcm")


def test_a_length_that_lies_is_corrupt(tmp_path):
    path = slice_file(tmp_path / "lies.dcm")
    content = path.read_bytes()
    at = content.index(b"\x20\x00\x11\x00IS") + 6
    path.write_bytes(content[:at] + b"\xff\xff" + content[at + 2 :])
    with pytest.raises(CorruptFileError, match=r"lies\.dcm"):
        read_header(path)


# --- values ---


def test_text_in_the_files_own_character_set(tmp_path):
    def change(ds, k):
        ds.SpecificCharacterSet = "ISO_IR 100"
        ds.SeriesDescription = "Schädel größer"

    header = read_header(slice_file(tmp_path / "latin", 0, PHANTOM, change))
    assert header.text(tags.SERIES_DESCRIPTION) == "Schädel größer"


@pytest.mark.parametrize("raw", [b"1.5\\x\\2", b"nothing", b"1,5\\2\\3"])
def test_a_number_that_is_none_is_named(tmp_path, raw):
    path = slice_file(tmp_path / "odd")
    content = path.read_bytes()
    assert content.count(b"-61.25\\104.5\\-733.75") == 1
    path.write_bytes(content.replace(b"-61.25\\104.5\\-733.75", raw.ljust(20)))
    header = read_header(path)
    with pytest.raises(CorruptFileError, match="ImagePositionPatient") as caught:
        header.numbers(tags.IMAGE_POSITION_PATIENT)
    assert str(path) in str(caught.value)


def test_values_are_those_written(tmp_path):
    header = read_header(slice_file(tmp_path / "slice", 3))
    assert header.text(tags.SOP_INSTANCE_UID) == uid("a", "slice", 3)
    assert header.integer(tags.INSTANCE_NUMBER) == 4
    assert header.short(tags.ROWS) == 6
    assert header.short(tags.COLUMNS) == 7
    assert header.numbers(tags.PIXEL_SPACING) == (1.125, 0.75)


@pytest.mark.parametrize("declared", [b"\xff\xfe", b"ISO\0IR 100", b"no such set", b""])
def test_a_character_set_that_is_none_costs_the_text_only_its_accents(declared):
    values = {tags.SPECIFIC_CHARACTER_SET: declared, tags.SERIES_DESCRIPTION: "Schädel".encode()}
    text = Attributes("file.dcm", values).text(tags.SERIES_DESCRIPTION)
    assert text.startswith("Sch")
    assert text.endswith("del")
