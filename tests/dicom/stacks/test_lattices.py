"""Slices on one lattice, on two, or uneven: told apart by their heights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pictologics.dicom.stacks.lattices import (
    find_finest_step,
    find_lattice,
    find_long_gaps,
    list_spacing_runs,
    split_interleaved,
)

GE_HEAD = np.concatenate([np.arange(14) * 4.00193, 53.1061 + np.arange(14) * 6.99863])


def rounding(count: int):
    """Positions written to a thousandth of a millimeter."""
    return st.lists(st.floats(-5e-4, 5e-4), min_size=count, max_size=count).map(np.array)


@given(st.sets(st.integers(1, 38), max_size=8), st.floats(0.3, 10.0), rounding(40))
def test_missing_slices_leave_empty_slots(gone, step, noise):
    """Ones, twos or more of them, anywhere but at the ends; a run of twenty may be one long gap."""
    slots = np.setdiff1d(np.arange(40), list(gone))
    # Every other slice gone, five times on end, is a spacing of its own.
    assume("22222" not in "".join(map(str, np.diff(slots))))
    heights = slots * step + noise[slots]
    lattice = find_lattice(heights - heights[0])
    assert lattice is not None
    np.testing.assert_array_equal(lattice.slots, slots)
    assert sorted(gone) == lattice.empty.tolist()
    assert lattice.step == pytest.approx(step, rel=1e-4)


def test_a_small_error_of_each_gap_does_not_add_up():
    """Gaps of 3.15 and 2.85 in turn: a lattice of 3, whatever the first, the median or the smallest gap."""
    heights = np.concatenate([[0], np.cumsum([3.15, 2.85] * 100)])
    heights = np.delete(heights, [7, 101, 102])
    lattice = find_lattice(heights)
    assert lattice is not None
    assert lattice.step == pytest.approx(3.0)
    assert lattice.empty.tolist() == [7, 101, 102]


def test_a_step_a_little_off_does_not_hide():
    """Each gap is near a whole number of steps, and all of them together are not."""
    assert find_lattice(np.concatenate([np.arange(20) * 1.0, 19 + np.arange(1, 20) * 1.05])) is None


@pytest.mark.parametrize(
    "heights",
    [
        GE_HEAD,
        np.array([0, 2.5, 5.0, 8.2, 11.9]),
        np.concatenate([np.arange(10) * 5.0, 45 + np.arange(1, 8) * 10.0]),
        np.sort(np.concatenate([np.arange(6) * 3.0, np.arange(6) * 3.0 + 1.0])),
    ],
    ids=["two blocks", "uneven", "5 mm, then 10 mm", "two stacks"],
)
def test_what_is_no_lattice(heights):
    assert find_lattice(heights) is None


@given(
    st.integers(3, 30),
    st.integers(3, 30),
    st.floats(1.0, 10.0),
    st.floats(0.12, 0.88),
    st.integers(0, 26),
    rounding(60),
)
def test_interleaved_stacks_are_taken_apart(count, other_count, step, offset, later, noise):
    """One stack between the slices of another, over all of it or a part."""
    # Nearer to the middle, both are one stack of half the step.
    assume(abs(offset - 0.5) > 0.1)
    first = np.arange(count) * step
    # At least two slices of the second lie among the first.
    second = (np.arange(other_count) + min(later, count - 3) + offset) * step
    heights = np.sort(np.concatenate([first, second]))
    heights[1:] += noise[: heights.size - 1]
    split = split_interleaved(heights[:, None])
    assert split is not None
    sizes = sorted(part.size for part in split)
    np.testing.assert_array_equal(np.sort(np.concatenate(split)), np.arange(heights.size))
    if later == 0:
        assert sizes == sorted([count, other_count])
    for part in split:
        np.testing.assert_allclose(np.diff(heights[part]), step, rtol=0, atol=0.1 * step)


def test_stacks_of_two_spacings_are_taken_apart():
    heights = np.sort(np.concatenate([np.arange(9) * 5.0, 1.3 + np.arange(12) * 3.0]))
    first, second = split_interleaved(heights[:, None])
    assert np.diff(heights[first]) == pytest.approx(5.0)
    assert np.diff(heights[second]) == pytest.approx(3.0)


def test_stacks_at_even_heights_but_side_by_side_are_taken_apart():
    offsets = np.zeros((12, 3))
    offsets[:, 2] = np.arange(12)
    assert split_interleaved(offsets) is None
    offsets[1::2, 0] = 4.0
    first, second = split_interleaved(offsets)
    assert first.tolist() == [0, 2, 4, 6, 8, 10]
    assert second.tolist() == [1, 3, 5, 7, 9, 11]


@pytest.mark.parametrize(
    "heights",
    [
        GE_HEAD,
        np.arange(20.0),
        np.array([0, 1, 2, 3, 4, 5, 6, 8.0]),
        np.array([0, 1, 3, 4.0]),
        np.cumsum([0, 2.0, 3.1, 2.4, 2.9, 2.2, 3.0, 2.7, 2.1]),
    ],
    ids=["two blocks", "one stack", "a slice missing", "too few", "uneven"],
)
def test_what_is_not_interleaved(heights):
    assert split_interleaved(heights[:, None]) is None


@pytest.mark.parametrize(
    ("gaps", "rooms"),
    [
        ([4.0] * 13 + [1.1] + [7.0] * 13, []),
        ([4.0] * 6 + [8.0] + [4.0] * 6, [6]),
        ([4.0] * 6 + [8.0, 12.0] + [4.0] * 6, [6, 7]),
        ([4.0] * 6 + [7.5] + [4.0] * 6, []),
        ([1.0, 9.0] * 6, []),
        ([2.0, 5.0], [1]),
        ([4.0] * 6 + [14.0] + [7.0] * 6, [6]),
    ],
)
def test_gaps_with_room_for_a_slice(gaps, rooms):
    assert np.flatnonzero(find_long_gaps(np.array(gaps))).tolist() == rooms
    assert np.flatnonzero(find_long_gaps(np.array(gaps)[::-1]))[::-1].tolist() == [len(gaps) - 1 - k for k in rooms]


@pytest.mark.parametrize(
    ("gaps", "step"),
    [
        (np.diff(GE_HEAD), 4.00193),
        ([2.5, 2.5, 3.2, 3.7], 2.5),
        ([2.5] * 8 + [5.0] * 24, 2.5),
        ([0.5, 4.5] * 9, 0.5),
        ([3.0, 3.001, 2.999, 4.1, 4.1], 3.0),
    ],
)
def test_the_finest_step_is_one_that_the_stack_keeps(gaps, step):
    assert find_finest_step(np.array(gaps)) == pytest.approx(step, rel=1e-6)


@given(st.lists(st.floats(0.1, 10.0), min_size=2, max_size=40))
def test_the_finest_step_never_makes_more_than_twenty_planes_of_a_slice(gaps):
    gaps = np.array(gaps)
    extent = gaps[~find_long_gaps(gaps)].sum()
    step = find_finest_step(gaps)
    assert gaps.min() * (1 - 1e-9) <= step <= gaps.max() * (1 + 1e-9)
    assert extent / step <= 20.5 * gaps.size


def test_runs_of_one_spacing_are_named():
    runs = list_spacing_runs(np.diff(GE_HEAD))
    assert [run[:2] for run in runs] == [(0, 13), (13, 14), (14, 27)]
    assert [run[2] for run in runs] == pytest.approx([4.00193, 1.08101, 6.99863], rel=1e-5)
