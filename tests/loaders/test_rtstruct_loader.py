"""RT structure sets written by pydicom, drawn on grids of every orientation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from skimage.draw import polygon2mask

from pictologics import Grid, Image, load_image
from pictologics.errors import (
    ContentWarning,
    GeometryError,
    GeometryWarning,
    OptionError,
)
from pictologics.loaders import load_rtstruct
from pictologics.preprocessing import resample_to
from tests.factories.dicom_series import write_series
from tests.factories.grids import grids
from tests.factories.phantom import PHANTOM
from tests.factories.structure_sets import GRID, SCAN, SQUARE, RoiTruth, circle, image_on, on_plane, stack_of, write

# --- shapes whose voxels are known ---


def ball_and_torus(grid: Grid):
    """Contours of both across the third axis, and for each voxel how far its center is from their surfaces, mm."""
    index = np.stack(np.indices(grid.shape), axis=-1)
    relative = (index - (np.array(grid.shape) - 1) / 2) * grid.spacing
    height, around = relative[..., 2], np.hypot(relative[..., 0], relative[..., 1])
    to_ball = np.hypot(around, height) - 11.0
    to_torus = np.hypot(around - 10.0, height) - 4.3
    rounds = []
    for k in range(grid.shape[2]):
        z = height[0, 0, k]
        own = []
        if abs(z) < 11.0:
            own.append([np.sqrt(11.0**2 - z**2)])
        else:
            own.append([])
        own.append([10 + np.sqrt(4.3**2 - z**2), 10 - np.sqrt(4.3**2 - z**2)] if abs(z) < 4.3 else [])
        rounds.append(own)
    center = ((grid.shape[0] - 1) / 2, (grid.shape[1] - 1) / 2)
    contours = [
        [
            on_plane(grid, np.asarray(center) + circle((0, 0), radius, 720) / grid.spacing[:2], k)
            for k, own in enumerate(rounds)
            for radius in own[which]
        ]
        for which in range(2)
    ]
    return contours, (to_ball, to_torus)


@pytest.mark.parametrize("kind", ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR"])
def test_a_ball_and_a_torus_on_an_oblique_grid(tmp_path, kind):
    contours, distances = ball_and_torus(GRID)
    rois = [RoiTruth(name, own, kind=kind) for name, own in zip(("ball", "torus"), contours, strict=True)]
    masks = load_rtstruct(write(tmp_path, *rois), SCAN, combine_rois=False)
    assert list(masks) == ["ball", "torus"]
    for mask, distance in zip(masks.values(), distances, strict=True):
        sure = np.abs(distance) > 1e-3
        assert np.array_equal(mask.array[sure], (distance < 0)[sure])
        assert mask.array.flags.f_contiguous
        assert mask.array.dtype == np.uint8
        assert mask.grid == GRID
    # The middle of the torus is a hole.
    assert not masks["torus"].array[19, 17, 9]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_contours_in_planes_across_any_axis_and_a_keyhole_and_fractions(tmp_path, axis):
    hole = np.array([[7.5, 7.5], [10.5, 7.5], [10.5, 9.5], [7.5, 9.5]])
    keyhole = np.concatenate([SQUARE, SQUARE[:1], hole[::-1], hole[-1:]])
    shifted = np.add(keyhole, (0.25, 0))
    path = write(
        tmp_path,
        RoiTruth("whole", stack_of([(3, keyhole), (4, keyhole)], axis=axis)),
        RoiTruth("quarter", stack_of([(4, shifted)], axis=axis)),
    )
    plane = np.zeros((20, 16), np.uint8)
    plane[5:15, 6:13] = 1
    plane[8:11, 8:10] = 0
    expected = np.zeros((20, 16, 9), np.uint8)
    expected[..., 3] = expected[..., 4] = plane
    grid = GRID.crop((0, 0, 0), np.insert([20, 16], axis, 9))
    masks = load_rtstruct(path, image_on(grid), combine_rois=False)
    assert np.array_equal(np.moveaxis(masks["whole"].array, axis, 2), expected)
    share = load_rtstruct(path, image_on(grid), ["quarter"], coverage=True)
    assert share.array.dtype == np.float32
    assert share.array.sum() == pytest.approx(10 * 7 - 3 * 2, abs=1e-4)
    assert np.moveaxis(share.array, axis, 2)[5, 7, 4] == pytest.approx(0.75, abs=1e-5)


def test_planes_across_two_axes_in_one_file_make_one_map(tmp_path):
    path = write(
        tmp_path,
        RoiTruth("axial", stack_of([(k, SQUARE) for k in (5, 6, 7)]), number=2),
        RoiTruth("sagittal", stack_of([(10, [[0.5, 0.5], [30.5, 0.5], [30.5, 18.5], [0.5, 18.5]])], axis=0), number=9),
    )
    with pytest.warns(ContentWarning, match=r"2 \(axial\) and 9 \(sagittal\) in 21 voxels"):
        image = load_rtstruct(path, SCAN)
    assert image.array[10, 7, 6] == 9
    assert image.array[9, 7, 6] == 2
    assert np.count_nonzero(image.array == 9) == 30 * 18


random_polygons = st.lists(st.tuples(st.integers(0, 22), st.integers(0, 22)), min_size=3, max_size=9).map(np.array)


@pytest.mark.filterwarnings("ignore:.*enclose no voxel's center")
@settings(max_examples=30)
@given(
    grids(st.just((24, 23, 5))),
    st.lists(st.tuples(random_polygons, st.integers(0, 4)), min_size=1, max_size=5, unique_by=lambda one: one[1]),
    st.permutations(range(3)),
    st.sets(st.integers(0, 2)),
)
def test_turned_and_moved_grids_get_the_same_voxels(tmp_path, grid, slices, order, flips):
    """Even where centers lie on edges: corners are on centers here."""
    path = write(tmp_path, RoiTruth("one", stack_of([(k, points) for points, k in slices], grid)))
    array = load_rtstruct(path, image_on(grid), "one").array
    turned = grid.permute(order)
    expected = array.transpose(order)
    for axis in flips:
        turned, expected = turned.flip(axis), np.flip(expected, axis)
    # An axis that runs just between two of the patient's may be taken for either.
    assume(turned.nearest_lps()[0].lies_on(grid.nearest_lps()[0]))
    assert np.array_equal(load_rtstruct(path, image_on(turned)).array, expected)
    wide = grid.crop((-3, -3, -3), (30, 29, 11))
    moved = load_rtstruct(path, image_on(wide)).array
    assert np.array_equal(moved[3:27, 3:26, 3:8], array)
    assert moved.sum() == array.sum()


def test_equal_to_scikit_image_away_from_edges(tmp_path):
    rng = np.random.default_rng(3)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 60))
    star = [19.3, 17.1] + rng.uniform(4, 15, (60, 1)) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    mask = load_rtstruct(write(tmp_path, RoiTruth("star", stack_of([(2, star)]))), SCAN)
    assert np.array_equal(mask.array[..., 2], polygon2mask(GRID.shape[:2], star))
    assert mask.array.sum() == mask.array[..., 2].sum() > 100


# --- label maps ---


def test_numbers_become_labels_and_the_higher_one_wins(tmp_path):
    path = write(
        tmp_path,
        RoiTruth("left", stack_of([(3, SQUARE), (4, SQUARE)]), number=300),
        RoiTruth("right", stack_of([(4, np.add(SQUARE, (5, 0)))]), number=12),
    )
    with pytest.warns(ContentWarning, match=r"12 \(right\) and 300 \(left\) in 35 voxels"):
        image = load_rtstruct(path, SCAN)
    assert image.array.dtype == np.uint16
    assert dict(image.labels) == {300: "left", 12: "right"}
    assert image.modality == "SEG"
    assert np.count_nonzero(image.array == 300) == 140
    assert np.count_nonzero(image.array == 12) == 35
    separate = load_rtstruct(path, SCAN, combine_rois=False)
    assert [mask.array.sum() for mask in separate.values()] == [140, 70]
    assert dict(separate["right"].labels) == {1: "right"}


def test_axes_are_not_reordered_under_contours(tmp_path):
    """They are drawn on the reference's own axes, whatever other masks of the study need."""
    path = write(tmp_path, RoiTruth("square", stack_of([(3, SQUARE)])))
    with pytest.warns(ContentWarning, match="transpose_axes has no effect on"):
        image = load_image(path, reference_image=SCAN, transpose_axes=(0, 2, 1))
    np.testing.assert_array_equal(image.array, load_rtstruct(path, SCAN).array)


def test_numbers_that_are_no_labels_are_replaced(tmp_path):
    path = write(
        tmp_path,
        RoiTruth("zero", stack_of([(1, SQUARE)]), number=0),
        RoiTruth("one", stack_of([(2, SQUARE)]), number=1),
        RoiTruth("large", stack_of([(3, SQUARE)]), number=1234567),
    )
    with pytest.warns(ContentWarning, match=r"0 \(zero\) became 2, 1234567 \(large\) became 3"):
        image = load_rtstruct(path, SCAN)
    assert dict(image.labels) == {2: "zero", 1: "one", 3: "large"}
    assert [image.array[..., k].max() for k in (1, 2, 3)] == [2, 1, 3]
    with pytest.warns(ContentWarning, match="became 3"):
        assert load_rtstruct(path, SCAN, 1234567).array.max() == 3


def test_rois_are_chosen_by_name_or_number_and_repeated_names_are_told_apart(tmp_path):
    square = stack_of([(1, SQUARE)])
    path = write(tmp_path, RoiTruth("GTV", square), RoiTruth("Größe", square), RoiTruth("GTV", stack_of([(2, SQUARE)])))
    assert dict(load_rtstruct(path, SCAN, "Größe").labels) == {2: "Größe"}
    assert dict(load_rtstruct(path, SCAN, [3]).labels) == {3: "GTV"}
    with pytest.warns(ContentWarning, match="'GTV' is the name of ROIs 1, 3"):
        masks = load_rtstruct(path, SCAN, ["GTV", 2], combine_rois=False)
    assert list(masks) == ["GTV (1)", "Größe", "GTV (3)"]
    with pytest.raises(OptionError, match=r"no ROI 'Liver', 9; those of the file are 'GTV' \(1\), 'Größe' \(2\)"):
        load_rtstruct(path, SCAN, ["Liver", "GTV", 9])
    with pytest.raises(OptionError, match="no ROI is asked for"):
        load_rtstruct(path, SCAN, [])
    with pytest.raises(OptionError, match="one image cannot hold those of 3 ROIs"):
        load_rtstruct(path, SCAN, coverage=True)


def test_masks_of_large_images_take_the_memory_of_their_planes(tmp_path):
    grid = Grid((512, 512, 200), (0.7, 0.7, 2.0), (-180.0, -180.0, -200.0))
    square = circle((200, 250), 50)
    path = write(tmp_path, *(RoiTruth(f"roi {n}", stack_of([(100 + n, square)], grid)) for n in range(20)))
    status = Path("/proc/self/statm")
    if not status.exists():
        pytest.skip("this system does not tell how much memory is in use")
    scan = Image.from_grid(np.broadcast_to(np.uint8(0), grid.shape), grid)
    before = int(status.read_text().split()[1]) * 4096
    masks = load_rtstruct(path, scan, combine_rois=False)
    grown = int(status.read_text().split()[1]) * 4096 - before
    assert sum(mask.array.nbytes for mask in masks.values()) > 1e9
    assert grown < 1e8


# --- where contours lie ---


def test_contours_between_planes_go_to_the_nearest(tmp_path):
    path = write(tmp_path, RoiTruth("one", stack_of([(3.3, SQUARE), (6.04, SQUARE)])))
    with pytest.warns(GeometryWarning, match=r"1 of 2 contours, of ROI 1 \(one\), lie between the planes .* 0.3 steps"):
        mask = load_rtstruct(path, SCAN)
    assert mask.array.any(axis=(0, 1)).nonzero()[0].tolist() == [3, 6]
    quiet = load_rtstruct(write(tmp_path, RoiTruth("one", stack_of([(6.04, SQUARE)]))), SCAN)
    assert [one.kind for one in quiet.provenance.decisions] == ["rounded"]


def test_contours_of_several_planes_that_meet_in_one_are_joined(tmp_path):
    """By the even-odd rule they would cut holes into each other."""
    thin = stack_of([(k / 4, SQUARE) for k in range(8, 21)])
    with pytest.warns(GeometryWarning) as caught:
        mask = load_rtstruct(write(tmp_path, RoiTruth("one", thin)), SCAN)
    assert any("that were drawn in different planes share" in str(one.message) for one in caught)
    assert mask.array[5:15, 6:13, 2:6].all()
    assert mask.array.sum() == 4 * 70


@pytest.mark.filterwarnings("ignore::pictologics.errors.GeometryWarning")
def test_contours_follow_slices_that_are_not_evenly_spaced(tmp_path):
    """At the mean distance of the slices, two of them would be nearest to one plane."""
    heights = np.array([0.0, 1.0, 2.0, 3.0, 10.0])
    normal = PHANTOM.direction[:, 2] * PHANTOM.spacing[2]

    def move(dataset, k):
        dataset.ImagePositionPatient = [f"{c:.10g}" for c in PHANTOM.position((0, 0, 0)) + heights[k] * normal]

    write_series(tmp_path / "ct", PHANTOM, move)
    scan = load_image(tmp_path / "ct", irregular="ignore")
    grid = Grid(PHANTOM.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    square = [[0.5, 0.5], [3.5, 0.5], [3.5, 4.5], [0.5, 4.5]]
    contours = stack_of([(height, square) for height in heights], grid)
    mask = load_rtstruct(write(tmp_path, RoiTruth("one", contours)), scan)
    assert mask.array.sum(axis=(0, 1)).tolist() == [12] * 5
    assert any("not evenly spaced" in one.text for one in mask.provenance.decisions)
    beyond = RoiTruth("one", [*contours, *stack_of([(30, square), (-3, square)], grid)])
    with pytest.warns(ContentWarning, match=r"2 of 7 contours, .* lie outside"):
        assert load_rtstruct(write(tmp_path, beyond), scan).array.sum() == 60
    # Planes that were interpolated are no slices, and have no positions but those of the grid.
    resampled = resample_to(scan, scan.grid)
    assert len(resampled.provenance.slices) == resampled.array.shape[2]
    there = load_rtstruct(write(tmp_path, RoiTruth("one", contours[:1])), resampled)
    assert not any("not evenly spaced" in one.text for one in there.provenance.decisions)


def test_contours_across_the_planes_are_refused(tmp_path):
    tilted = on_plane(GRID, SQUARE, 5) + GRID.direction[:, 2] * np.array([[0], [0], [9], [9]])
    with pytest.raises(GeometryError, match=r"ROI 1 \(one\) lies in no plane .* half a step is the limit") as caught:
        load_rtstruct(write(tmp_path, RoiTruth("one", [tilted])), SCAN)
    assert caught.value.values["steps"] > 1


def test_what_lies_outside_is_cut_off_and_told(tmp_path):
    across = SQUARE - (10, 0)
    slices = [(3, SQUARE), (4, across), (25, SQUARE), (5, np.add(SQUARE, (100, 0)))]
    path = write(tmp_path, RoiTruth("one", stack_of(slices)))
    with pytest.warns(ContentWarning) as caught:
        mask = load_rtstruct(path, SCAN)
    told = " ".join(str(one.message) for one in caught)
    assert "2 of 4 contours, of ROI 1 (one), lie outside the image" in told
    assert "1 of 4 contours, of ROI 1 (one), reach beyond the edge" in told
    assert mask.array.sum(axis=(0, 1))[[3, 4, 5]].tolist() == [70, 35, 0]


def test_contours_far_from_the_image_are_an_error_that_says_where_both_lie(tmp_path):
    path = write(tmp_path, RoiTruth("one", [on_plane(GRID, SQUARE, 5) + 5000 * GRID.direction[:, 2]]))
    with pytest.raises(GeometryError, match=r"all contours lie outside the image: they reach from .* and the image"):
        load_rtstruct(path, SCAN)


def test_another_frame_of_reference_is_told(tmp_path):
    path = write(tmp_path, RoiTruth("one", stack_of([(3, SQUARE)])), frame_uid="1.2.3")
    same = image_on(GRID, metadata={"frame_of_reference_uid": "1.2.3"})
    assert load_rtstruct(path, same).metadata["frame_of_reference_uid"] == "1.2.3"
    other = image_on(GRID, metadata={"frame_of_reference_uid": "1.2.4"})
    with pytest.warns(GeometryWarning, match=r"frame of reference \(1\.2\.3\) is not the reference's \(1\.2\.4\)"):
        load_rtstruct(path, other)
    with pytest.warns(GeometryWarning, match="frame of reference") as told:
        load_image(path, reference_image=other)
    assert len(told) == 1


# --- what is left out ---


def test_points_and_open_contours_are_left_out(tmp_path):
    square = on_plane(GRID, SQUARE, 3)
    kinds = ["CLOSED_PLANAR", "POINT", "OPEN_PLANAR", "OPEN_NONPLANAR", "CLOSED_PLANAR", "CLOSED_PLANAR"]
    contours = [square, square[:1], square, square + 1, square[:2], square]
    path = write(tmp_path, RoiTruth("one", contours, kinds=kinds), RoiTruth("mark", [square[:1]], kind="POINT"))
    with pytest.warns(ContentWarning) as caught:
        masks = load_rtstruct(path, SCAN, combine_rois=False)
    told = " ".join(str(one.message) for one in caught)
    for words in (
        "2 points of ROI 1 (one), 2 (mark)",
        "2 open contours of ROI 1",
        "1 closed contours of fewer than three points",
        "1 repeated contours",
        "ROI 2 (mark) has no closed contour",
    ):
        assert words in told
    assert [mask.array.sum() for mask in masks.values()] == [70, 0]


def test_a_roi_without_contours_is_an_empty_mask(tmp_path):
    path = write(tmp_path, RoiTruth("one", stack_of([(3, SQUARE)])), RoiTruth("later"))
    with pytest.warns(ContentWarning, match=r"ROI 2 \(later\) has no closed contour, and so no voxel"):
        image = load_rtstruct(path, SCAN)
    assert dict(image.labels) == {1: "one", 2: "later"}
    with pytest.warns(ContentWarning):
        assert not load_rtstruct(path, SCAN, "later").array.any()


# --- a real one ---


def test_the_ibsi_phantom_is_the_official_mask(shared_data):
    folder = shared_data / "ibsi_ct"
    scan = load_image(folder / "dicom" / "image")
    (file,) = (folder / "dicom" / "mask").iterdir()
    (official,) = (folder / "nifti" / "mask").glob("*.nii*")
    drawn = load_rtstruct(file, scan)
    assert dict(drawn.labels) == {1: "GTV-1"}
    assert np.array_equal(drawn.array > 0, load_image(official, reference_image=scan).array > 0)
    assert np.count_nonzero(drawn.array) == 125256
