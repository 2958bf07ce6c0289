"""What a data set is put together from, without PyTorch: labels, patches, parts without common patients."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics import MissingPathError, OptionError
from pictologics.cohort.training.label_values import LabelValues, check_stored_labels
from pictologics.cohort.training.patches import (
    MOST_CENTERS,
    check_patch,
    choose_patch_start,
    find_label_centers,
    pad_box,
    split_box,
)
from pictologics.cohort.training.patient_split import split_by_patient
from pictologics.cohort.training.training_case import MaskFile, WrittenCase, choose_images, list_written_cases
from tests.cohort.training.run_folders import RunCase, write_run

shapes = st.tuples(*[st.integers(1, 12)] * 3)
draws = st.tuples(*[st.floats(0, 1, exclude_max=True)] * 3)


def cases_of(*patients):
    return [WrittenCase(f"case{k:02d}", patient, {"ct": "ct.nii"}) for k, patient in enumerate(patients)]


def test_labels_without_values():
    with pytest.raises(OptionError, match="type list and must be the value of each name"):
        LabelValues.from_names(["liver"])


# --- which cases ---


def test_cases_that_are_done_are_there_in_order_and_of_the_others_what_became_of_them(tmp_path):
    ones = np.ones((12, 10, 8), np.uint8)
    write_run(
        tmp_path,
        [
            RunCase("b", "P-2", {"seg": ones}, {"seg": {1: "liver"}}),
            RunCase("c", status="failed"),
            RunCase("a", "P-1"),
            RunCase("d", status="killed"),
        ],
    )
    cases, left_out = list_written_cases(tmp_path)
    assert [case.case_id for case in cases] == ["a", "b"]
    assert [case.patient_key for case in cases] == ["P-1", "P-2"]
    assert left_out == {"c": "failed", "d": "killed"}
    assert cases[1].masks == (MaskFile(str(tmp_path / "b" / "seg.nii"), {1: "liver"}),)


def test_a_folder_of_no_run_and_a_run_without_a_case_that_is_done_are_refused(tmp_path):
    with pytest.raises(MissingPathError):
        list_written_cases(tmp_path)
    write_run(tmp_path, [RunCase("a", status="failed")])
    with pytest.raises(OptionError, match="none of the 1 cases"):
        list_written_cases(tmp_path)


def test_every_case_must_have_the_images():
    cases = [WrittenCase("a", "P", {"ct": "1", "pet": "2"}), WrittenCase("b", "P", {"ct": "3"})]
    assert choose_images(cases, ["ct"]) == ("ct",)
    with pytest.raises(OptionError, match="images of the case b are ct"):
        choose_images(cases, None)
    # An image too many is no smaller difference than one too few.
    with pytest.raises(OptionError, match="images of the case a are ct, pet"):
        choose_images(cases[::-1], None)
    with pytest.raises(OptionError, match="must have mr"):
        choose_images(cases, ["mr"])


# --- labels ---


def test_labels_get_their_values_by_name_whatever_their_numbers_are():
    values = LabelValues.from_names({"Left_Kidney": 2, "right kidney": 2, "liver": 7})
    seg = np.array([[[0, 1, 2, 3]]], np.uint8)
    contours = np.array([[[4, 0, 0, 9]]], np.uint16)
    painted = values.paint(
        [(seg, {1: "LIVER", 2: "left kidney", 3: "spleen"}), (contours, {4: "Right  Kidney", 9: "liver"})],
        seg.shape,
    )
    np.testing.assert_array_equal(painted, [[[2, 7, 2, 7]]])
    assert painted.dtype == np.uint8


def test_values_that_stay_must_mean_the_same_everywhere():
    def case(name, *labels):
        return WrittenCase(name, "P", {}, tuple(MaskFile("m", mask) for mask in labels))

    assert check_stored_labels([case("a", {1: "liver"}), case("b", {1: "Liver", 2: "spleen"}), case("c", {})]) == {
        1: "liver",
        2: "spleen",
    }
    with pytest.raises(OptionError, match=r"the case b has 'spleen' as 1, .*: 1 is 'liver' in a"):
        check_stored_labels([case("a", {1: "liver"}), case("b", {1: "spleen"})])
    with pytest.raises(OptionError, match=r"the case b has 'liver' as 5, .*'liver' is 1 in a"):
        check_stored_labels([case("a", {1: "liver"}), case("b", {5: "liver"})])
    with pytest.raises(OptionError, match="the case a has 2 masks"):
        check_stored_labels([case("a", {1: "liver"}, {1: "liver"})])


def test_values_that_no_byte_holds_are_refused():
    with pytest.raises(OptionError, match="0 to 255"):
        LabelValues().paint([(np.array([[[300]]], np.uint16), {})], (1, 1, 1))
    with pytest.raises(OptionError, match="from 1 to 255"):
        LabelValues.from_names({"liver": 256})
    with pytest.raises(OptionError, match="from 1 to 255"):
        LabelValues.from_names({"liver": 0})


# --- patches ---


@given(shapes, shapes, draws)
def test_a_patch_lies_in_the_volume_or_the_volume_in_its_middle(shape, patch, numbers):
    start = choose_patch_start(shape, patch, {}, numbers)
    for at, size, count in zip(start, patch, shape, strict=True):
        if size <= count:
            assert 0 <= at <= count - size
        else:
            assert abs((count - size) - 2 * at) <= 1
    volume = np.arange(np.prod(shape)).reshape(shape) + 1
    low, inside = split_box(start, patch, shape)
    part = volume[tuple(slice(at, at + count) for at, count in zip(low, inside, strict=True))]
    whole = pad_box(part, start, patch, 0)
    assert whole.shape == patch
    index = np.indices(patch).reshape(3, -1).T + start
    is_inside = ((index >= 0) & (index < shape)).all(axis=1)
    expected = np.where(is_inside, volume[tuple(np.clip(index, 0, np.array(shape) - 1).T)], 0)
    np.testing.assert_array_equal(whole.ravel(), expected)


def test_every_place_and_every_label_is_as_likely_as_any_other():
    rng = np.random.default_rng(5)
    labels = np.zeros((20, 20, 20), np.uint8)
    labels[2:18, 2:18, 2:10] = 1
    labels[10, 10, 15] = 2
    centers = find_label_centers(labels)
    assert sorted(centers) == [1, 2]
    np.testing.assert_array_equal(centers[2], [[10, 10, 15]])
    assert len(centers[1]) == MOST_CENTERS
    assert (labels[tuple(centers[1].T)] == 1).all()
    assert (np.ptp(centers[1], axis=0) == [15, 15, 7]).all()
    starts = np.array([choose_patch_start(labels.shape, (4, 4, 4), centers, rng.random(3)) for _ in range(400)])
    on_second = (starts == (8, 8, 13)).all(axis=1)
    assert 150 < on_second.sum() < 250
    anywhere = np.array([choose_patch_start(labels.shape, (17, 20, 1), {}, rng.random(3)) for _ in range(400)])
    assert set(anywhere[:, 0]) == {0, 1, 2, 3}
    assert set(anywhere[:, 1]) == {0}
    assert set(anywhere[:, 2]) == set(range(20))


def test_a_map_without_labels_has_no_centers():
    assert find_label_centers(np.zeros((3, 3, 3), np.uint8)) == {}


def test_a_patch_has_three_sizes():
    assert check_patch(None) is None
    assert check_patch([4, 5, 6]) == (4, 5, 6)
    for wrong in ((4, 4), 24, "abc"):
        with pytest.raises(OptionError, match=r"patch is .* and must be three numbers"):
            check_patch(wrong)
    with pytest.raises(OptionError, match="1 or more"):
        check_patch((4, 4, 0))


# --- parts ---


@given(st.lists(st.integers(0, 30), min_size=20, max_size=60), st.integers(0, 5))
def test_no_patient_is_in_two_parts_and_no_case_is_lost(owners, seed):
    cases = cases_of(*(f"P-{owner}" for owner in owners))
    count = len(set(owners))
    if count < 4:
        return
    parts = split_by_patient(cases, (0.5, 0.25, 0.25), seed, None)
    assert sorted(case.case_id for part in parts for case in part) == [case.case_id for case in cases]
    patients = [{case.patient_key for case in part} for part in parts]
    assert sum(map(len, patients)) == count
    assert abs(len(patients[0]) - count / 2) <= 1
    assert parts == split_by_patient(cases, (0.5, 0.25, 0.25), seed, None)


def test_another_seed_gives_other_parts():
    cases = cases_of(*(f"P-{k}" for k in range(30)))
    first, second = (split_by_patient(cases, (0.8, 0.2), seed, None)[1] for seed in (0, 1))
    assert first != second
    assert len(first) == len(second) == 6


def test_parts_that_cannot_be_are_refused():
    with pytest.raises(OptionError, match="1 together"):
        split_by_patient(cases_of("a", "b"), (0.8, 0.3), 0, None)
    with pytest.raises(OptionError, match="1 together"):
        split_by_patient(cases_of("a", "b"), (1.2, -0.2), 0, None)
    with pytest.raises(OptionError, match="a part would be empty"):
        split_by_patient(cases_of("a", "a", "b"), (0.5, 0.3, 0.2), 0, None)
    with pytest.raises(OptionError, match="patient of 1 cases is not known, such as case01"):
        split_by_patient(cases_of("a", ""), (0.5, 0.5), 0, None)
    parts = split_by_patient(cases_of("a", ""), (0.5, 0.5), 0, lambda case_id: case_id)
    assert [len(part) for part in parts] == [1, 1]
