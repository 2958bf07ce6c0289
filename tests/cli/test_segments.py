"""pictologics segments, and info and convert on a segmentation."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pictologics import load_image
from pictologics.loaders import get_segment_info
from tests.cli.program import fail, succeed
from tests.factories.phantom import PHANTOM
from tests.factories.segmentations import balls, frames_of, segment_item, write_seg

pytestmark = pytest.mark.slow  # each test starts the program, and some several times

MASKS = balls(PHANTOM.shape, {1: (2, 2, 1), 12: (5, 4, 3)}, 1.5)


@pytest.fixture
def folder(tmp_path):
    described = [segment_item(1, "liver [left]"), segment_item(12, "", SegmentDescription="no name")]
    write_seg(tmp_path / "organs.dcm", frames_of(MASKS), segments=described)
    return tmp_path


def test_a_table_of_the_segments(folder):
    lines = succeed(folder, "segments", "organs.dcm").splitlines()
    assert lines[0].strip() == "organs.dcm"
    (first,) = [line for line in lines if "liver [left]" in line]
    assert [cell.strip() for cell in first.strip("│ ").split("│")] == ["1", "liver [left]", "", "Liver", "MANUAL"]
    assert any("12" in line and "no name" in line for line in lines)


def test_json_is_what_get_segment_info_gives(folder):
    assert json.loads(succeed(folder, "segments", "organs.dcm", "--json")) == get_segment_info(folder / "organs.dcm")


def test_errors_in_one_sentence(folder):
    (folder / "no.dcm").write_bytes(b"nothing")
    assert "a segmentation is required" in fail(folder, "segments", "no.dcm")
    assert "there is no such file" in fail(folder, "segments", "gone.dcm")


def test_info_names_the_segments(folder):
    printed = succeed(folder, "info", "organs.dcm")
    assert "2 segments: 1 liver [left], 12 Liver" in printed
    assert "'SEG'" in printed
    facts = json.loads(succeed(folder, "info", "organs.dcm", "--json"))
    assert facts["volumes"][0]["labels"] == [[1, "liver [left]"], [12, "Liver"]]


def test_converted_to_nifti(folder):
    succeed(folder, "convert", "organs.dcm", "organs.nii.gz")
    np.testing.assert_array_equal(load_image(folder / "organs.nii.gz").array, load_image(folder / "organs.dcm").array)
