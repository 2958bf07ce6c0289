"""ROIs whose numbers are repeated, missing or referred to by nothing: what is sound is drawn, and the rest told."""

from __future__ import annotations

import warnings

import pytest
from pydicom.dataset import Dataset

from pictologics import explain
from pictologics.errors import ContentWarning
from pictologics.loaders import get_segment_info, load_rtstruct
from tests.factories.structure_sets import SCAN, SQUARE, RoiTruth, stack_of, write

SMALL = SQUARE * [1, 0.5]
RELATED = ("StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence")


def give_number(place, number):
    """Give the number of a ROI to another one, in all sequences."""

    def change(dataset):
        for name in RELATED:
            item = dataset[name].value[place]
            setattr(item, "ROINumber" if "ROINumber" in item else "ReferencedROINumber", number)

    return change


def make_three(tmp_path, change):
    rois = [
        RoiTruth("GTV", stack_of([(3, SQUARE)]), interpreted_type="GTV"),
        RoiTruth("BLADDER", stack_of([(4, SQUARE), (5, SQUARE)]), color=(255, 0, 0), number=19),
        RoiTruth("NEW", stack_of([(6, SMALL)]), interpreted_type="CTV", color=(0, 0, 255), number=20),
    ]
    return write(tmp_path, *rois, change=change)


def test_two_rois_of_one_number_load_under_their_names(tmp_path):
    path = make_three(tmp_path, give_number(2, 19))
    small = int(load_rtstruct(make_three(tmp_path, None), SCAN, "NEW").array.astype(bool).sum())
    path = make_three(tmp_path, give_number(2, 19))
    words = r"ROINumber belongs to several ROIs .* and 19 \(NEW\) became 2"
    with pytest.warns(ContentWarning, match=words):
        image = load_rtstruct(path, SCAN)
    assert dict(image.labels) == {1: "GTV", 19: "BLADDER", 2: "NEW"}
    assert [int((image.array == number).sum()) for number in (1, 19, 2)] == [70, 140, small]
    for name, voxels in (("GTV", 70), ("BLADDER", 140), ("NEW", small)):
        with pytest.warns(ContentWarning, match=words):
            assert int(load_rtstruct(path, SCAN, name).array.astype(bool).sum()) == voxels
    with pytest.warns(ContentWarning, match=words):
        listed = get_segment_info(path)
    assert [(roi["segment_number"], roi["type"], roi["recommended_color"]) for roi in listed] == [
        (1, "GTV", "#ff8000"),
        (2, "CTV", "#0000ff"),
        (19, "ORGAN", "#ff0000"),
    ]
    with pytest.warns(ContentWarning, match=words):
        assert list(load_rtstruct(path, SCAN, 19, combine_rois=False)) == ["BLADDER"]
    assert "19 (NEW) became 2" in explain(path).volumes[0].notes[1]


def test_three_of_one_number_one_of_them_without_contours(tmp_path):
    def change(dataset):
        give_number(2, 19)(dataset)
        give_number(0, 19)(dataset)
        del dataset.ROIContourSequence[2]

    with pytest.warns(ContentWarning) as caught:
        masks = load_rtstruct(make_three(tmp_path, change), SCAN, combine_rois=False)
    assert {name: int(mask.array.sum()) for name, mask in masks.items()} == {"GTV": 70, "BLADDER": 140, "NEW": 0}
    messages = [str(warning.message) for warning in caught]
    assert "19 (NEW) became 2 (2 items of contours for 3 ROIs)" in messages[0]
    assert any("ROI 2 (NEW) has no closed contour" in message for message in messages)


def test_one_roi_described_twice_is_one(tmp_path):
    def change(dataset):
        dataset.StructureSetROISequence.append(dataset.StructureSetROISequence[1])
        dataset.ROIContourSequence.append(dataset.ROIContourSequence[1])

    with pytest.warns(ContentWarning, match="left out 2 repeated contours"):
        image = load_rtstruct(make_three(tmp_path, change), SCAN)
    assert int((image.array == 19).sum()) == 140
    assert dict(image.labels) == {1: "GTV", 19: "BLADDER", 20: "NEW"}


@pytest.mark.filterwarnings("error")
def test_an_observation_without_a_number_is_passed_over_and_several_are_read(tmp_path):
    def change(dataset):
        stray = Dataset()
        stray.ObservationNumber, stray.RTROIInterpretedType = 9, "ORGAN"
        dataset.RTROIObservationsSequence.insert(0, stray)
        dataset.RTROIObservationsSequence[1].RTROIInterpretedType = ""
        again = Dataset()
        again.ObservationNumber, again.ReferencedROINumber, again.RTROIInterpretedType = 10, 1, "PTV"
        dataset.RTROIObservationsSequence.append(again)

    path = make_three(tmp_path, change)
    assert [roi["type"] for roi in get_segment_info(path)] == ["PTV", "ORGAN", "CTV"]
    assert load_rtstruct(path, SCAN, "GTV").array.sum() == 70


@pytest.mark.parametrize(
    ("change", "words", "left"),
    [
        (lambda d: delattr(d.ROIContourSequence[1], "ReferencedROINumber"), "left out 2 contours without a ROI", 70),
        (lambda d: setattr(d.ROIContourSequence[1], "ReferencedROINumber", 77), "left out 2 contours of a ROINumb", 70),
        (lambda d: delattr(d.StructureSetROISequence[1], "ROINumber"), "left out ROI BLADDER, which has no ROIN", 70),
    ],
)
def test_what_belongs_to_no_roi_is_told(tmp_path, change, words, left):
    path = make_three(tmp_path, change)
    with pytest.warns(ContentWarning) as caught:
        assert load_rtstruct(path, SCAN, "GTV").array.sum() == left
    assert any(words in str(warning.message) for warning in caught)


def test_a_roi_without_a_name(tmp_path):
    path = write(tmp_path, RoiTruth("", stack_of([(3, SQUARE)])), RoiTruth("b", stack_of([(4, SQUARE)])))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        masks = load_rtstruct(path, SCAN, combine_rois=False)
    assert {name: int(mask.array.sum()) for name, mask in masks.items()} == {"": 70, "b": 70}
