"""The limits by which gaps between slices are judged, each from both sides: a changed limit fails here."""

from __future__ import annotations

import numpy as np
import pytest

from pictologics.dicom.stacks.lattices import (
    find_finest_step,
    find_lattice,
    find_long_gaps,
    split_interleaved,
)


def heights_of(*gaps: float) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(gaps)])


@pytest.mark.parametrize("longer", [2, 3])
def test_a_run_of_five_longer_gaps_is_a_spacing_of_its_own(longer):
    """Four equal gaps in a row may be slices that were lost; five were scanned so."""

    def lattice(run: int):
        return find_lattice(heights_of(*[5.0] * 12, *[5.0 * longer] * run, *[5.0] * 12))

    assert lattice(5) is None
    found = lattice(4)
    assert found is not None
    assert found.step == pytest.approx(5.0)
    assert found.empty.size == 4 * (longer - 1)


def test_runs_are_of_one_length_and_unbroken():
    """Five long gaps, of two lengths or in two runs, are lost slices."""
    for gaps in ([10.0, 10.0, 15.0, 15.0, 15.0], [10.0, 10.0, 5.0, 10.0, 10.0, 10.0]):
        assert find_lattice(heights_of(*[5.0] * 12, *gaps, *[5.0] * 12)) is not None


@pytest.mark.parametrize(("error", "is_lattice"), [(0.09, True), (0.11, False)])
def test_a_slice_lies_on_the_lattice_within_a_tenth_of_a_step(error, is_lattice):
    heights = np.delete(np.arange(12) * 3.0, 4)
    heights[6] += error * 3.0
    assert (find_lattice(heights) is not None) == is_lattice


def test_a_position_that_is_a_lie_makes_no_lattice():
    """As many slots as 31 bits count, and no more."""
    assert find_lattice(np.array([0.0, 1.0, 2.0, 3.0, 2.0**31 - 1])) is not None
    assert find_lattice(np.array([0.0, 1.0, 2.0, 3.0, 2.0**31])) is None


def test_a_gap_is_long_by_nine_tenths_of_a_slice():
    """Twice the gaps around it, less the tenth of a step that is allowed."""
    for factor, is_long in ((1.91, True), (1.89, False)):
        gaps = np.array([4.0] * 6 + [4.0 * factor] + [4.0] * 6)
        assert find_long_gaps(gaps)[6] == is_long


@pytest.mark.parametrize(
    ("others", "is_long"),
    [
        ((5, 15), True),
        ((5, 14, 15), False),
        ((5, 15, 16, 4), True),
    ],
    ids=["two of ten", "three of ten", "two of ten and two beyond"],
)
def test_a_gap_is_usual_if_three_of_the_ten_around_it_are_as_long(others, is_long):
    gaps = np.full(21, 4.0)
    gaps[[10, *others]] = 8.0
    assert find_long_gaps(gaps)[10] == is_long


@pytest.mark.parametrize(("count", "finest"), [(3, 1.0), (4, 5.0)], ids=["1 of 16 mm", "1 of 21 mm"])
def test_a_step_makes_up_a_twentieth_of_the_extent(count, finest):
    assert find_finest_step(np.array([1.0] + [5.0] * count)) == pytest.approx(finest)


def test_gaps_of_the_finest_step_are_those_within_a_hundredth_of_it():
    """Their mean is the step: rounding averages out, and a gap that is really longer stays out of it."""
    assert find_finest_step(np.array([2.0, 2.018, 2.5])) == pytest.approx(2.009)
    assert find_finest_step(np.array([2.0, 2.022, 2.5])) == pytest.approx(2.0)


@pytest.mark.parametrize(("between", "splits"), [(12, True), (13, False)])
def test_a_stack_may_be_up_to_twelve_times_as_fine_as_the_other(between, splits):
    coarse = np.arange(6) * 13.0
    step = 13.0 / between
    fine = step / 2 + np.arange(5 * between) * step
    split = split_interleaved(np.sort(np.concatenate([coarse, fine]))[:, None])
    assert (split is not None) == splits
    if split is not None:
        assert [part.size for part in split] == [6, 5 * between]


def test_three_slices_are_a_stack_of_their_own_and_two_are_not():
    """Any two slices are evenly spaced."""
    assert split_interleaved(np.sort(np.concatenate([np.arange(8) * 5.0, [2.0, 7.0, 12.0]]))[:, None]) is not None
    assert split_interleaved(np.sort(np.concatenate([np.arange(8) * 5.0, [2.0, 7.0]]))[:, None]) is None
