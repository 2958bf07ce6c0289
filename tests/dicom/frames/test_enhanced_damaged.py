"""Enhanced multi-frame objects whose headers lie, or that were cut off."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from pictologics import (
    CorruptFileError,
    GeometryError,
    PictologicsError,
    load_image,
)
from tests.factories.dicom_series import SYNTAXES
from tests.factories.enhanced import (
    planes_of,
    write_enhanced,
)
from tests.factories.hostile import cut, ends_at_last, refused_at_last, survive
from tests.factories.phantom import PHANTOM, Phantom
from tests.factories.truth import assert_shows
from tests.factories.work import count_calls

pytestmark = pytest.mark.usefixtures("no_handle_left")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("enhanced")


def other(factor: int) -> Phantom:
    """The phantom with other values."""
    return PHANTOM.with_array(PHANTOM.array + 1000 * factor)


# --- headers that lie ---

MOST_CALLS = 10_000
"""Three times what it takes to load the true file of five frames."""


@pytest.mark.parametrize("frames", [0, -1, 4, 6, 1_000_000, 2**31 - 1])
@pytest.mark.parametrize("syntax", ["explicit", "deflated", "rle"])
def test_another_number_of_frames_than_groups(tmp_path, frames, syntax):
    path = write_enhanced(tmp_path / "scan.dcm", None, lambda ds: None, syntax=SYNTAXES[syntax])
    ds = pydicom.dcmread(path)
    ds.NumberOfFrames = frames
    ds.save_as(path)
    with refused_at_last(CorruptFileError, match=r"scan\.dcm"):
        load_image(path)
    assert calls_until_refused(path) < MOST_CALLS


def test_a_million_frames_that_share_everything(tmp_path):
    def lie(ds: Dataset) -> None:
        del ds.PerFrameFunctionalGroupsSequence
        ds.NumberOfFrames = 1_000_000

    path = write_enhanced(tmp_path / "scan.dcm", None, lie)
    with refused_at_last(PictologicsError):
        load_image(path)
    assert calls_until_refused(path) < MOST_CALLS


def calls_until_refused(path: Path) -> int:
    """How much work it takes to see that the file lies: it must not grow with the number in the header."""

    def load() -> None:
        with contextlib.suppress(PictologicsError):
            load_image(path)

    return count_calls(load)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("Rows", 6000), ("Columns", 8), ("BitsAllocated", 32), ("BitsAllocated", 24), ("BitsStored", 17), ("Rows", 0)],
)
def test_other_sizes_than_there_are_pixels(tmp_path, keyword, value):
    path = write_enhanced(tmp_path / "scan.dcm", None, lambda ds: setattr(ds, keyword, value))
    with refused_at_last(PictologicsError, match=r"scan\.dcm"):
        load_image(path)


@pytest.mark.parametrize("hundredths", range(10, 100, 7))
@pytest.mark.parametrize("syntax", SYNTAXES.values(), ids=SYNTAXES)
def test_cut_files(tmp_path, hundredths, syntax):
    path = write_enhanced(tmp_path / "scan.dcm", syntax=syntax)
    cut(path, path.stat().st_size * hundredths // 100)
    with refused_at_last(PictologicsError, match=r"scan\.dcm"):
        load_image(path)


@given(at=st.integers(132, 6000), value=st.integers(0, 255), syntax=st.sampled_from(sorted(SYNTAXES)))
def test_one_wrong_byte_is_survived(folder, at, value, syntax):
    path = write_enhanced(folder / "bent.dcm", syntax=SYNTAXES[syntax], undefined_lengths=at % 2 == 0)
    content = bytearray(path.read_bytes())
    content[at % len(content)] = value
    path.write_bytes(content)
    survive(path)


def test_a_frame_without_position_among_frames_with_one(tmp_path):
    def forget(ds: Dataset) -> None:
        del ds.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence

    path = write_enhanced(tmp_path / "scan.dcm", None, forget)
    with pytest.raises(GeometryError, match="position"):
        load_image(path)


def test_a_frame_left_out_is_named(tmp_path):
    planes = planes_of()
    path = write_enhanced(tmp_path / "scan.dcm", planes[:2] + planes[3:])
    with pytest.raises(GeometryError, match="missing"):
        load_image(path)


@pytest.mark.parametrize("depth", [20, 300, 20_000])
def test_deeply_nested_groups_end(tmp_path, depth):
    """Nesting deeper than any real file has is refused, not followed to the end of the stack."""
    nested = b""
    for _ in range(depth):
        inner = struct.pack("<HHI", 0xFFFE, 0xE000, len(nested)) + nested
        nested = struct.pack("<HH2sHI", 0x0028, 0x9110, b"SQ", 0, len(inner)) + inner

    def nest(ds: Dataset) -> None:
        # A sequence and other bytes are written alike, but for the name of the value representation.
        first = ds.PerFrameFunctionalGroupsSequence[0]
        first.add_new(0x00289110, "OB", struct.pack("<HHI", 0xFFFE, 0xE000, len(nested)) + nested)

    path = write_enhanced(tmp_path / "scan.dcm", None, nest)
    with ends_at_last():
        try:
            assert_shows(load_image(path), PHANTOM)
        except PictologicsError:
            assert depth > 20
