"""Contours of one ROI and plane that enclose the same region, cross, or lie within one another."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from pictologics.errors import ContentWarning
from pictologics.loaders import load_rtstruct
from tests.factories.structure_sets import GRID, SCAN, SQUARE, RoiTruth, circle, image_on, on_plane, stack_of, write

ROUND = circle((20.2, 18.3), 9.7, 80)


def close(points):
    return np.concatenate([points, points[:1]])


def refine(points, times=3):
    """The same polygon with further points on its edges."""
    following = np.roll(points, -1, axis=0)
    return np.stack([points + (following - points) * k / times for k in range(times)], axis=1).reshape(-1, 2)


SAME = {
    "byte for byte": lambda points: points,
    "another first point": lambda points: np.roll(points, 7, axis=0),
    "backwards": lambda points: points[::-1],
    "backwards from another point": lambda points: np.roll(points[::-1], 3, axis=0),
    "closed": close,
    "more points on its edges": refine,
    "every second decimal": lambda points: np.round(points, 1),
    "rounded to whole voxels": np.round,
}


def count_voxels(path, scan=SCAN):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mask = load_rtstruct(path, scan)
    return np.count_nonzero(mask.array), [str(warning.message) for warning in caught]


@pytest.mark.parametrize("change", SAME)
@pytest.mark.parametrize("points", [ROUND, SQUARE + 0.3], ids=["round", "square"])
def test_the_same_region_counts_once(tmp_path, points, change):
    once, _ = count_voxels(write(tmp_path, RoiTruth("a", stack_of([(3, points)]))))
    twice = stack_of([(3, points), (3, SAME[change](points))])
    count, messages = count_voxels(write(tmp_path, RoiTruth("a", twice)))
    assert count == once
    assert len(messages) == 1
    assert "left out 1 repeated contours of ROI 1 (a)" in messages[0]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_three_times_the_same_counts_once_in_any_order(tmp_path, order):
    three = [ROUND, np.roll(ROUND[::-1], 11, axis=0), np.round(ROUND, 1)]
    count, messages = count_voxels(write(tmp_path, RoiTruth("a", stack_of([(3, three[k]) for k in order]))))
    assert abs(count - np.pi * 9.7**2) < 12
    assert "left out 2 repeated contours" in messages[0]


def test_a_contour_that_runs_twice_round_counts_once(tmp_path):
    for points in (
        np.concatenate([SQUARE, SQUARE]),
        close(np.concatenate([SQUARE, SQUARE])),
        np.concatenate([close(SQUARE), close(SQUARE)]),
        np.concatenate([SQUARE] * 4),
    ):
        count, messages = count_voxels(write(tmp_path, RoiTruth("a", stack_of([(3, points)]))))
        assert count == 70
        assert "trace one outline twice of ROI 1 (a)" in messages[0]


def test_exclusive_or_is_left_to_wipe_out(tmp_path):
    # PS3.3 C.8.8.6.3: of CLOSEDPLANAR_XOR, the file says that contours are combined by an exclusive or.
    path = write(tmp_path, RoiTruth("a", stack_of([(3, ROUND), (3, ROUND[::-1])]), kind="CLOSEDPLANAR_XOR"))
    count, messages = count_voxels(path)
    assert count == 0
    assert not any("stand twice" in message or "cross" in message for message in messages)
    path = write(tmp_path, RoiTruth("a", stack_of([(3, SQUARE), (3, SQUARE + 3)]), kind="CLOSEDPLANAR_XOR"))
    # Two of 70 that share 7 by 4.
    assert count_voxels(path) == (2 * (70 - 28), [])


@pytest.mark.parametrize("wall", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("turn", [1, -1])
def test_a_hole_stays_a_hole_however_thin_the_wall(tmp_path, wall, turn):
    inner = circle((20.2, 18.3), 9.7 - wall, 90)[::turn]
    outside, _ = count_voxels(write(tmp_path, RoiTruth("a", stack_of([(3, ROUND)]))))
    inside, _ = count_voxels(write(tmp_path, RoiTruth("a", stack_of([(3, inner)]))))
    path = write(tmp_path, RoiTruth("a", stack_of([(3, ROUND), (3, inner)])))
    count, messages = count_voxels(path)
    assert count == outside - inside
    assert messages == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        share = load_rtstruct(path, SCAN, "a", coverage=True)
    assert share.array.sum() == pytest.approx(polygon_area(ROUND) - polygon_area(inner), rel=1e-4)


def polygon_area(points):
    x, y = points.T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def test_contours_that_cross_are_named(tmp_path):
    shifted = SQUARE + np.array([4, 3])
    rois = [RoiTruth("a", stack_of([(3, SQUARE), (3, shifted), (5, SQUARE)])), RoiTruth("b", stack_of([(3, SQUARE)]))]
    path = write(tmp_path, *rois)
    with pytest.warns(ContentWarning, match=r"2 contours of ROI 1 \(a\) cross others in 1 planes"):
        masks = load_rtstruct(path, SCAN, combine_rois=False)
    # Two of 70 that share 6 by 4, and another plane.
    assert masks["a"].array.sum() == 2 * (70 - 24) + 70
    assert masks["b"].array.sum() == 70


@pytest.mark.filterwarnings("error")
def test_neighbors_holes_and_other_rois_do_not_cross(tmp_path):
    beside = SQUARE + np.array([10, 0])  # shares an edge
    touching = np.array([[14.5, 5.5], [14.5, 12.5], [11.0, 9.0]])  # a hole whose side lies on the outline
    corner = SQUARE + np.array([10, 7])
    island, hole = circle((9.5, 9), 1, 30), circle((9.5, 9), 2, 30)
    write(tmp_path, RoiTruth("a", stack_of([(3, SQUARE), (3, beside), (3, corner), (3, hole), (3, island)])))
    load_rtstruct(tmp_path / "structures.dcm", SCAN)
    write(tmp_path, RoiTruth("a", stack_of([(3, SQUARE), (3, touching)])), RoiTruth("b", stack_of([(3, SQUARE + 2)])))
    load_rtstruct(tmp_path / "structures.dcm", SCAN, combine_rois=False)
    # A figure of eight crosses itself: both of its loops are inside.
    write(tmp_path, RoiTruth("a", stack_of([(3, [[4.5, 4.5], [14.5, 14.5], [14.5, 4.5], [4.5, 14.5]])])))
    assert load_rtstruct(tmp_path / "structures.dcm", SCAN).array.sum() == pytest.approx(50, abs=8)


def test_small_neighbors_that_overlap_are_two(tmp_path):
    one = np.array([[3.6, 3.6], [5.4, 3.6], [5.4, 5.4], [3.6, 5.4]])
    count, messages = count_voxels(
        write(tmp_path, RoiTruth("a", stack_of([(3, one), (3, one + np.array([0.7, 0.0]))])))
    )
    assert count == 2 * 2  # (4, 4..5) and (6, 4..5): what both have, (5, 4..5), is outside
    assert "cross others" in messages[0]


@pytest.mark.parametrize("kind", ["INTERPOLATED_PLANAR", "CLOSED PLANAR", "closed_planar", "CLOSEDPLANAR"])
@pytest.mark.filterwarnings("ignore:Invalid value for VR CS:UserWarning", "ignore:The value length:UserWarning")
def test_closed_contours_of_other_names_are_filled(tmp_path, kind):
    planes = stack_of([(3, SQUARE), (4, SQUARE), (5, SQUARE)])
    path = write(tmp_path, RoiTruth("a", planes, kinds=["CLOSED_PLANAR", kind, "CLOSED_PLANAR"]))
    count, messages = count_voxels(path)
    assert count == 3 * 70
    assert messages == []


@pytest.mark.parametrize("noise", [0.0, 1e-9, 1e-5, 4e-3])
def test_half_a_step_is_half_a_step_and_rounding(tmp_path, noise):
    # Contours drawn on slices of half the distance: each even one in a plane, each odd one half way.
    random = np.random.default_rng(1)
    contours = []
    for k in range(8):
        points = on_plane(GRID, SQUARE, 3.5 + k)
        contours.append(points + random.uniform(-noise, noise, points.shape))
    with pytest.warns(match="8 of 8 contours, .* up to 0.5"):
        mask = load_rtstruct(write(tmp_path, RoiTruth("a", contours)), image_on(GRID))
    # All went the same way, so that no plane between them is empty.
    assert mask.array.sum(axis=(0, 1)).tolist() == [0] * 4 + [70] * 8 + [0] * 8
