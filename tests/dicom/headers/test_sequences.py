"""Sequences are read as pydicom reads them, and no file is opened or parsed more often than it must be."""

from __future__ import annotations

import ast
from pathlib import Path

import pydicom
import pytest
from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

import pictologics
from pictologics.dicom.headers import header_reading, tag_kinds, tags
from pictologics.dicom.headers.functional_groups import read_frame_values
from pictologics.dicom.headers.header import UNKNOWN_PLACE, ParsedFile
from pictologics.dicom.headers.header_reading import read_header
from pictologics.dicom.headers.sequence_parser import Item, read_items
from pictologics.errors import CorruptFileError
from pictologics.storage.files import DiskFile
from tests.factories.enhanced import write_enhanced
from tests.factories.phantom import PHANTOM
from tests.factories.segmentations import frames_of, write_seg
from tests.factories.structure_sets import SQUARE, RoiTruth, stack_of, write_structures

CODES = frozenset({tags.SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, tags.SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE})


class CountingFile(DiskFile):
    """A file that counts how often it is opened."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.opened = 0

    def open(self):
        self.opened += 1
        return super().open()


def segmentation(path: Path, **options) -> Path:
    return write_seg(path, frames_of({1: PHANTOM.array > 0, 2: PHANTOM.array > 5}), **options)


def assert_item_equals_pydicom(item: Item, dataset: Dataset) -> None:
    compared = 0
    for tag in tag_kinds.WANTED & {int(element) for element in dataset.keys()}:  # noqa: SIM118 - values would be decoded
        element = dataset.get_item(tag)
        if isinstance(element.value, bytes) and element.VR != "SQ":
            assert item.values[tag] == element.value, tags.KEYWORDS[tag]
            compared += 1
    assert compared
    for tag, items in item.sequences.items():
        for nested, theirs in zip(items, dataset[tag].value, strict=True):
            assert_item_equals_pydicom(nested, theirs)


@pytest.mark.parametrize("undefined_lengths", [False, True])
def test_items_equal_those_of_pydicom(tmp_path, undefined_lengths):
    path = segmentation(tmp_path / "seg.dcm", undefined_lengths=undefined_lengths)
    items = read_items(read_header(path), tags.SEGMENT_SEQUENCE, CODES)
    theirs = pydicom.dcmread(path).SegmentSequence
    assert len(items) == len(theirs) == 2
    assert all(item.sequences.keys() == CODES for item in items)
    for item, dataset in zip(items, theirs, strict=True):
        assert_item_equals_pydicom(item, dataset)


def test_contours_within_rois_keep_their_order(tmp_path):
    rois = [RoiTruth("A", stack_of([(k, SQUARE) for k in range(3, 8)]), 4), RoiTruth("B", stack_of([(3, SQUARE)]), 2)]
    path = write_structures(tmp_path / "rt.dcm", rois)
    items = read_items(read_header(path), tags.ROI_CONTOUR_SEQUENCE, frozenset({tags.CONTOUR_SEQUENCE}))
    assert [len(item.sequences[tags.CONTOUR_SEQUENCE]) for item in items] == [5, 1]
    for item, dataset in zip(items, pydicom.dcmread(path).ROIContourSequence, strict=True):
        assert_item_equals_pydicom(item, dataset)


def test_a_sequence_to_which_the_way_is_unknown_is_refused_and_a_missing_one_is_empty(tmp_path):
    header = read_header(segmentation(tmp_path / "seg.dcm"))
    assert read_items(header, tags.DETECTOR_INFORMATION_SEQUENCE) == []
    header.located[tags.SEGMENT_SEQUENCE] = UNKNOWN_PLACE
    with pytest.raises(CorruptFileError, match=r"seg\.dcm.*SegmentSequence"):
        read_items(header, tags.SEGMENT_SEQUENCE)


def test_items_that_do_not_end_are_refused(tmp_path):
    header = read_header(segmentation(tmp_path / "seg.dcm"))
    content = header.values[tags.SEGMENT_SEQUENCE]
    header.values[tags.SEGMENT_SEQUENCE] = content[:4] + b"\xf0\xff\xff\x0f" + content[8:]
    with pytest.raises(CorruptFileError, match="SegmentSequence cannot be parsed"):
        read_items(header, tags.SEGMENT_SEQUENCE)


# --- how often a file is opened ---


def test_both_functional_groups_take_one_opening(tmp_path):
    file = CountingFile(write_enhanced(tmp_path / "enhanced.dcm"))
    header = read_header(file)
    assert len(list(read_frame_values(header))) == PHANTOM.shape[2]
    assert file.opened == 2


def test_segments_are_read_while_the_header_is(tmp_path):
    file = CountingFile(segmentation(tmp_path / "seg.dcm"))
    assert len(read_items(read_header(file), tags.SEGMENT_SEQUENCE)) == 2
    assert file.opened == 1


def test_a_file_whose_header_is_known_is_neither_opened_nor_parsed_again(tmp_path, monkeypatch):
    file = CountingFile(segmentation(tmp_path / "seg.dcm"))
    header = read_header(file)
    monkeypatch.setattr(header_reading, "parse", None)
    assert read_header(ParsedFile(header)) is header
    assert file.opened == 1
    with ParsedFile(header).open() as opened:
        assert opened.read_at(128, 4) == b"DICM"


# --- the room ---


def test_keywords_are_those_of_the_data_dictionary():
    public = {tag: keyword for tag, keyword in tags.KEYWORDS.items() if not tag >> 16 & 1}
    assert len(public) > 100
    for tag, keyword in public.items():
        assert keyword == keyword_for_tag(tag)
        assert tag in vars(tags).values()


def test_one_file_calls_pydicom():
    room = Path(pictologics.__file__).parent / "dicom" / "headers"
    callers = set()
    for path in room.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            imports = (node for node in ast.walk(function) if isinstance(node, ast.ImportFrom) and not node.level)
            callers |= {path.stem for node in imports if (node.module or "").split(".")[0] == "pydicom"}
    assert callers == {"pydicom_edge"}
