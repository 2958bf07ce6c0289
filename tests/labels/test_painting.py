"""Segments in one array: who has a voxel that several want, and how many each two of them share."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pictologics.labels import (
    Overlaps,
    find_set_bytes,
    paint_bits,
    paint_plane,
    report_overlaps,
)


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 19)),
    st.lists(st.integers(1, 700), min_size=1, max_size=5, unique=True),
    st.sampled_from("CFS"),
    st.data(),
)
def test_the_highest_number_has_a_voxel_and_every_pair_is_counted(shape, numbers, order, data):
    masks = {number: data.draw(arrays(np.uint8, shape, elements=st.integers(0, 1))) for number in numbers}
    plane = np.zeros((shape[0], 2 * shape[1]), np.uint16)[:, ::2] if order == "S" else np.zeros(shape, np.uint16, order)
    overlaps = Overlaps()
    paint_plane(plane, list(masks.items()), overlaps)
    np.testing.assert_array_equal(plane, np.max([np.uint16(n) * mask for n, mask in masks.items()], axis=0))
    expected = {(a, b): int((masks[a] & masks[b]).sum()) for a, b in combinations(sorted(masks), 2)}
    assert dict(overlaps) == {pair: count for pair, count in expected.items() if count}


@given(arrays(np.uint8, st.integers(0, 40)))
def test_the_stretch_of_set_bits(content):
    used = np.flatnonzero(content)
    stretch = find_set_bytes(content)
    assert content[stretch].sum() == content.sum()
    if not used.size:
        assert stretch == slice(0, 0)
    else:
        # Whole words of eight bytes, where the content is made of such.
        assert stretch.start > used[0] - 8
        assert stretch.stop < used[-1] + 9


def test_bits_of_one_segment_in_two_layers_are_no_overlap():
    voxels, overlaps = np.zeros(8, np.uint8), Overlaps()
    bits = np.array([0b1111], np.uint8)
    paint_bits(voxels, [(3, bits), (3, bits << 2)], overlaps)
    assert voxels.tolist() == [3] * 6 + [0] * 2
    assert not overlaps


def test_the_warning_names_a_few_pairs():
    array = np.ones((10, 10, 3), np.uint8)
    (decision,) = report_overlaps(Overlaps({(1, k): k for k in range(2, 10)}), {1: "liver"}, array)
    assert decision.warning == "content"
    assert decision.value == sum(range(2, 10))
    assert "1 (liver) and 9 (no name) in 9 voxels (at least 2.62% of 1)" in decision.text
    assert decision.text.endswith("and 3 more pairs")
    assert report_overlaps(Overlaps(), {}, array) == []


def test_a_segment_of_which_nothing_is_left_is_named_first():
    array = np.zeros((10, 10, 3), np.uint16, order="F")
    array[:5], array[5:9] = 7, 2
    names = {1: "GTV", 2: "lung", 7: "body"}
    (decision,) = report_overlaps(Overlaps({(1, 7): 3, (2, 7): 60}), names, array)
    assert decision.text.endswith(
        ": 1 (GTV) and 7 (body) in 3 voxels (nothing is left of 1), 2 (lung) and 7 (body) in 60 voxels (33.3% of 2)"
    )
    array[:] = 2
    (decision,) = report_overlaps(Overlaps({(1, 2): 4}), names, array)
    assert "(nothing is left of 1)" in decision.text
    array[0, 0, 0] = 1
    (decision,) = report_overlaps(Overlaps({(1, 2): 99_999}), names, array)
    assert "(99.9% of 1)" in decision.text
