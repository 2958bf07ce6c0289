"""Files of structure sets: every encoding, the front door, and what is damaged or no structure set."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import explain, load_image
from pictologics.errors import (
    CorruptFileError,
    MissingPathError,
    OptionError,
    PictologicsError,
    UnsupportedFormatError,
)
from pictologics.loaders import get_segment_info, load_rtstruct, load_seg
from tests.factories.nifti_files import write_nifti
from tests.factories.structure_sets import GRID, SCAN, SQUARE, RoiTruth, circle, on_plane, stack_of, write


def make_lengths_undefined(dataset) -> None:
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                make_lengths_undefined(item)


@pytest.mark.parametrize("syntax", ["implicit", "explicit", "big_endian", "deflated"])
@pytest.mark.parametrize("change", [None, make_lengths_undefined])
@pytest.mark.filterwarnings("ignore:The value for the data element:UserWarning")
def test_every_encoding_is_read_alike(tmp_path, syntax, change, no_handle_left):
    # More than 64 KiB of text does not fit a DS in explicit VR, and is written as UN.
    rois = [RoiTruth("round", stack_of([(3, circle((20, 18), 10, 3000))])), RoiTruth("one", stack_of([(9, SQUARE)]))]
    path = write(tmp_path, *rois, syntax=syntax, change=change)
    image = load_rtstruct(path, SCAN)
    assert dict(image.labels) == {1: "round", 2: "one"}
    assert np.count_nonzero(image.array == 1) == pytest.approx(np.pi * 100, abs=8)
    assert np.count_nonzero(image.array == 2) == 70
    content = path.read_bytes()
    assert np.array_equal(load_rtstruct(content, SCAN).array, image.array)
    assert np.array_equal(load_rtstruct(BytesIO(content), SCAN).array, image.array)


def test_the_front_door_recognizes_it_and_wants_the_image(tmp_path):
    path = write(tmp_path, RoiTruth("one", stack_of([(3, SQUARE)])))
    image = load_image(path, reference_image=SCAN)
    assert image.grid == GRID
    assert image.array.sum() == 70
    assert image.provenance.reader == "RTSTRUCT"
    assert load_image(path, reference_image=SCAN, dtype=np.float32).array.dtype == np.float32
    with pytest.raises(OptionError, match=r"hold contours and no voxels, .* pass it as reference_image"):
        load_image(path)
    (volume,) = explain(path).volumes
    assert volume.labels == ((1, "one"),)
    assert volume.call("plan.dcm") == "load_image('plan.dcm', reference_image=image)"
    assert not volume.is_default


def test_on_an_image_from_nifti(tmp_path):
    write_nifti(tmp_path / "scan.nii")
    scan = load_image(tmp_path / "scan.nii")
    path = write(
        tmp_path, RoiTruth("one", stack_of([(1, [[0.5, 0.5], [2.5, 0.5], [2.5, 3.5], [0.5, 3.5]])], scan.grid))
    )
    mask = load_rtstruct(path, scan)
    assert np.argwhere(mask.array)[[0, -1]].tolist() == [[1, 1, 1], [2, 3, 1]]


def test_rois_are_listed(tmp_path):
    path = write(tmp_path, RoiTruth("GTV", stack_of([(3, SQUARE), (4, SQUARE)]), interpreted_type="GTV"), RoiTruth("b"))
    assert get_segment_info(path) == [
        {
            "segment_number": 1,
            "segment_label": "GTV",
            "segment_description": "about GTV",
            "algorithm_type": "MANUAL",
            "contours": 2,
            "type": "GTV",
            "recommended_color": "#ff8000",
        },
        {
            "segment_number": 2,
            "segment_label": "b",
            "segment_description": "about b",
            "algorithm_type": "MANUAL",
            "contours": 0,
            "type": "ORGAN",
        },
    ]


def test_load_seg_draws_them_too(tmp_path):
    path = write(tmp_path, RoiTruth("one", stack_of([(3, SQUARE)])), RoiTruth("two", stack_of([(4, SQUARE)]), number=7))
    assert np.array_equal(load_seg(path, reference_image=SCAN).array, load_rtstruct(path, SCAN).array)
    masks = load_seg(path, [7], combine_segments=False, reference_image=SCAN)
    assert list(masks) == [7]
    assert masks[7].array[..., 4].sum() == masks[7].array.sum() == 70
    share = load_seg(path, [1], reference_image=SCAN, threshold=None)
    assert share.array.dtype == np.float32
    with pytest.raises(OptionError, match="there is no segment 2, only 1, 7"):
        load_seg(path, [2], reference_image=SCAN)
    with pytest.raises(OptionError, match="pass it as reference_image"):
        load_seg(path)


def change_contour(**values):
    def change(dataset) -> None:
        contour = dataset.ROIContourSequence[0].ContourSequence[0]
        for name, value in values.items():
            setattr(contour, name, value)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (change_contour(NumberOfContourPoints=5), "holds 12 numbers, and its 5 points are three numbers each"),
        (change_contour(ContourData=[1, 2, 3, 4]), "holds 4 numbers"),
    ],
)
def test_files_that_contradict_themselves_are_refused(tmp_path, change, words):
    square = stack_of([(3, SQUARE)])
    path = write(tmp_path, RoiTruth("one", square), RoiTruth("two", square), change=change)
    with pytest.raises(CorruptFileError, match=words) as caught:
        load_rtstruct(path, SCAN)
    assert "Nobody" not in str(caught.value)


@pytest.mark.parametrize("text", [b"nan", b"1_0", b"1,5", b"inf", b"   "])
def test_contour_data_must_be_numbers(tmp_path, text):
    points = on_plane(GRID, SQUARE, 3)
    path = write(tmp_path, RoiTruth("one", [points]))
    first = f"{points[0, 0]:.10g}"[:16].encode()
    content = path.read_bytes()
    assert content.count(first) == 1
    with pytest.raises(CorruptFileError, match="not a number"):
        load_rtstruct(content.replace(first, text.ljust(len(first))), SCAN)


def test_other_files_are_refused(tmp_path):
    write_nifti(tmp_path / "scan.nii")
    with pytest.raises(UnsupportedFormatError, match=r"this is a NIfTI file, and the format RTSTRUCT is required"):
        load_rtstruct(tmp_path / "scan.nii", SCAN)
    with pytest.raises(UnsupportedFormatError, match=r"the folder holds .* and no RTSTRUCT"):
        load_rtstruct(tmp_path, SCAN)
    with pytest.raises(MissingPathError):
        get_segment_info(tmp_path / "nothing.dcm")
    with pytest.raises(OptionError, match="must be an Image"):
        load_rtstruct(tmp_path / "scan.nii", np.zeros((3, 3, 3)))
    with pytest.raises(UnsupportedFormatError, match="holds no ROI"):
        load_rtstruct(write(tmp_path), SCAN)


@settings(max_examples=120)
@given(st.integers(0, 4000), st.integers(0, 255), st.booleans())
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_files_end_in_an_error_of_ours_or_load(tmp_path, place, byte, is_cut):
    path = write(tmp_path, RoiTruth("one", stack_of([(3, SQUARE), (4, SQUARE)])), RoiTruth("two"), syntax="implicit")
    content = bytearray(path.read_bytes())
    place %= len(content)
    content[place:] = b"" if is_cut else bytes([byte]) + content[place + 1 :]
    with suppress(PictologicsError):
        load_rtstruct(bytes(content), SCAN)
