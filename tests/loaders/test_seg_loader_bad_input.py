"""What load_seg, get_segment_info and load_image say of files that are no segmentation, or a damaged one."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import DeflatedExplicitVRLittleEndian, RLELossless

from pictologics import (
    CorruptFileError,
    GeometryError,
    Image,
    MissingPathError,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
    explain,
    load_image,
    save_image,
)
from pictologics.loaders import get_segment_info, load_rtstruct, load_seg
from tests.factories.dicom_series import write_series
from tests.factories.hostile import ends_at_last, garbage
from tests.factories.phantom import OBLIQUE, Phantom
from tests.factories.segmentations import balls, frames_of, segment_item, write_seg

PLACE = Phantom(np.zeros((16, 12, 6)), (0.75, 1.125, 2.5), (-61.25, 104.5, -733.75), OBLIQUE)
FRAMES = frames_of(balls(PLACE.shape, {1: (5, 5, 2), 4: (10, 6, 3)}, 2.2), PLACE)


def seg(tmp_path, *changes, **options):
    return write_seg(tmp_path / "seg.dcm", FRAMES, *changes, **options)


def setting(**attributes):
    def change(ds: Dataset) -> None:
        for keyword, value in attributes.items():
            if value is None:
                delattr(ds, keyword)
            else:
                setattr(ds, keyword, value)

    return change


def test_nothing_there():
    for call in (load_seg, get_segment_info):
        with pytest.raises(FileNotFoundError, match=r"'nowhere\.dcm'") as caught:
            call("nowhere.dcm")
        assert isinstance(caught.value, MissingPathError)
        assert isinstance(caught.value, ValueError)


def test_no_segmentation(tmp_path):
    (slice_file, *_) = write_series(tmp_path / "ct")
    mask = tmp_path / "mask.nii"
    save_image(Image(np.ones((4, 5, 6), np.uint8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), mask)
    for path in (slice_file, mask, garbage(tmp_path / "junk", 3000), tmp_path / "ct"):
        for call in (load_seg, get_segment_info):
            with pytest.raises(UnsupportedFormatError) as caught:
                call(path)
            assert str(path) in str(caught.value)
            assert "segmentation" in str(caught.value)


def test_a_damaged_header_is_told_as_damage(tmp_path):
    content = seg(tmp_path).read_bytes()[:300]
    for call in (load_seg, get_segment_info, load_image):
        with pytest.raises(CorruptFileError):
            call(content)


def test_segments_of_another_format_than_contours(tmp_path):
    path, scan = seg(tmp_path), Image(np.zeros((4, 5, 6)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    with pytest.raises(UnsupportedFormatError, match=r"this is a DICOM file \(Segmentation Storage\), and the format"):
        load_rtstruct(path, scan)


def test_segments_that_are_not_there_and_those_that_are(tmp_path):
    path = seg(tmp_path)
    with pytest.raises(OptionError, match=r"there are no segments 2, 3, only 1, 4") as caught:
        load_seg(path, [2, 3, 4])
    assert caught.value.values["segments"] == [1, 4]
    for wrong in ([], ["1"], "1", [True], [1.0]):
        with pytest.raises(OptionError, match="segment_numbers"):
            load_seg(path, wrong)
    assert set(load_seg(path, np.array([4])).labels) == {4}


@pytest.mark.parametrize("threshold", [0, -1, 1.5, "half", True, float("nan")])
def test_thresholds(tmp_path, threshold):
    with pytest.raises(OptionError, match="threshold"):
        load_seg(seg(tmp_path), threshold=threshold)


def test_a_reference_that_is_no_image(tmp_path):
    with pytest.raises(OptionError, match=r"reference_image is of type .* and must be an Image"):
        load_seg(seg(tmp_path), reference_image=np.zeros((3, 3, 3)))


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        (setting(SegmentSequence=None), CorruptFileError, "describes no segment"),
        (setting(SegmentSequence=DicomSequence([])), CorruptFileError, "describes no segment"),
        (
            setting(SegmentSequence=DicomSequence([segment_item(1), segment_item(1)])),
            CorruptFileError,
            "describes segment 1 more than once",
        ),
        (
            setting(SegmentSequence=DicomSequence([segment_item(1), segment_item(None, "x")])),
            CorruptFileError,
            "has no number",
        ),
        (
            setting(SegmentSequence=DicomSequence([segment_item(1), segment_item(2)])),
            CorruptFileError,
            "shows segment 4, which is not described",
        ),
        (setting(SegmentationType="SURFACE"), CorruptFileError, "SegmentationType is 'SURFACE'"),
        (setting(NumberOfFrames=3), CorruptFileError, "3 frames and functional groups for"),
        (setting(NumberOfFrames=10**9), CorruptFileError, "frames"),
        (setting(NumberOfFrames=0), CorruptFileError, "0 frames"),
        (setting(Rows=0), CorruptFileError, "frames of"),
        (setting(Rows=60000, Columns=60000), CorruptFileError, "frames|pixel"),
        (setting(BitsAllocated=32, BitsStored=32, HighBit=31), UnsupportedFormatError, "32 bits"),
        (setting(PixelData=None), CorruptFileError, "no pixel data"),
        (setting(PixelData=b"\0" * 10), CorruptFileError, "has 10 bytes"),
        (setting(SOPClassUID="1.2.840.10008.5.1.4.1.1.66.5"), UnsupportedFormatError, "made of surfaces"),
    ],
    ids=range(15),
)
def test_headers_that_cannot_be(tmp_path, changes, error, said):
    whole = seg(tmp_path)
    assert load_seg(whole).array.any()

    from pydicom import dcmread

    ds = dcmread(whole)
    changes(ds)
    path = tmp_path / "bad.dcm"
    ds.save_as(path)
    with ends_at_last():
        for call in (load_seg, load_image, lambda path: load_seg(path, combine_segments=False)):
            with pytest.raises(error, match=said) as caught:
                call(path)
            assert str(path) in str(caught.value)
            assert "Doe" not in str(caught.value)


def test_a_fractional_one_without_its_maximum(tmp_path):
    path = seg(tmp_path, setting(MaximumFractionalValue=None), kind="FRACTIONAL")
    with pytest.raises(CorruptFileError, match="MaximumFractionalValue"):
        load_seg(path)


def test_a_label_map_with_two_frames_on_a_plane(tmp_path):
    (one, *_) = frames_of({None: balls(PLACE.shape, {1: (5, 5, 2)}, 2.2)[1]}, PLACE)
    path = write_seg(tmp_path / "seg.dcm", [one, one], kind="LABELMAP")
    with pytest.raises(CorruptFileError, match="plane that another one has taken"):
        load_seg(path)


@pytest.mark.parametrize("syntax", [None, DeflatedExplicitVRLittleEndian, RLELossless])
def test_cut_short(tmp_path, syntax, no_handle_left):
    options = {} if syntax is None else {"syntax": syntax}
    path = seg(tmp_path, kind="FRACTIONAL", **options)
    whole = path.read_bytes()
    for size in (1, 40, *(len(whole) * tenth // 10 for tenth in range(1, 10)), len(whole) - 30):
        path.write_bytes(whole[:size])
        for call in (load_seg, load_image, get_segment_info):
            with ends_at_last():
                try:
                    call(path)
                except PictologicsError as error:
                    assert str(path) in str(error)
                else:
                    # The segments are described well before the pixels.
                    assert call is get_segment_info


@pytest.mark.parametrize("seed", range(30))
def test_garbled_bytes_give_an_error_of_ours_or_a_result(tmp_path, seed):
    path = seg(tmp_path)
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    for position in random.integers(132, len(content), 12):
        content[position] = random.integers(256)
    path.write_bytes(content)
    with ends_at_last():
        for call in (lambda: load_seg(path, combine_segments=False), lambda: get_segment_info(path)):
            try:
                call()
            except (PictologicsError, UserWarning):
                continue


def test_what_does_not_load_is_explained(tmp_path):
    from dataclasses import replace

    turned = [replace(FRAMES[0], cosines=(0, 1, 0, 0, 0, 1)), *FRAMES[1:]]
    path = write_seg(tmp_path / "seg.dcm", turned)
    with pytest.raises(GeometryError, match="not parallel"):
        load_image(path)
    (volume,) = explain(path).volumes
    assert not volume.loads
    assert "not parallel" in volume.notes[0]
    assert dict(volume.labels) == {1: "segment 1", 4: "segment 4"}
