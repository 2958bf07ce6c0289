"""Grids: conversions are exact, small rounding is taken, everything else is refused by its number."""

from __future__ import annotations

import pickle
from dataclasses import replace

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pictologics.errors import GeometryError
from pictologics.geometry import CORNER_ERROR_NOTED, CORNER_ERROR_REFUSED, Grid
from tests.factories.grids import directions, grids
from tests.factories.phantom import OBLIQUE, PHANTOM

indices = st.tuples(*[st.floats(-50, 100)] * 3)
signed_axes = st.tuples(st.permutations(range(3)), st.tuples(*[st.booleans()] * 3))


def size_of(grid: Grid) -> float:
    """The largest coordinate near a grid: what a relative error is relative to."""
    return float(np.abs(np.asarray(grid.origin)).max() + (np.asarray(grid.shape) + 100) @ np.asarray(grid.spacing))


def all_indices(shape) -> np.ndarray:
    return np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), axis=-1)


# --- index and world ---


@given(grids(), indices)
def test_index_to_world_and_back(grid, index):
    again = grid.world_to_index(grid.index_to_world(index))
    scale = size_of(grid) / min(grid.spacing)
    np.testing.assert_allclose(again, index, rtol=0, atol=1e-9 * max(1.0, scale * 1e-3))


@given(grids(), indices)
def test_world_to_index_and_back(grid, offset):
    position = np.asarray(grid.origin) + offset
    again = grid.index_to_world(grid.world_to_index(position))
    np.testing.assert_allclose(again, position, rtol=0, atol=1e-9 * size_of(grid))


@given(grids(), indices)
def test_index_to_world_is_the_affine(grid, index):
    position = grid.affine @ [*index, 1.0]
    np.testing.assert_allclose(grid.index_to_world(index), position[:3], rtol=0, atol=1e-12 * size_of(grid))


@given(grids(), indices)
def test_index_to_world_equals_simpleitk(grid, index):
    image = sitk.Image([int(n) for n in grid.shape], sitk.sitkUInt8)
    image.SetSpacing(grid.spacing)
    image.SetOrigin(grid.origin)
    image.SetDirection(grid.direction.ravel().tolist())
    theirs = image.TransformContinuousIndexToPhysicalPoint(index)
    np.testing.assert_allclose(grid.index_to_world(index), theirs, rtol=0, atol=1e-9 * size_of(grid))


@pytest.mark.parametrize("cosine", [4.45014772e-311, 1e-160])
def test_cosines_that_are_nearly_nothing(cosine):
    grid = Grid((4, 5, 6), (1.0, 1.75, 2.0), (3.0, 4.0, 5.0), [[-1, -cosine, 0], [-cosine, 1, 0], [0, 0, 1]])
    straight = Grid(grid.shape, grid.spacing, grid.origin, np.diag([-1.0, 1.0, 1.0]))
    np.testing.assert_array_equal(grid.index_to_world([1, 2, 3]), [2.0, 7.5, 11.0])
    np.testing.assert_array_equal(grid.world_to_index([2.0, 7.5, 11.0]), [1, 2, 3])
    assert grid.lies_on(straight)
    np.testing.assert_allclose(grid.index_map(straight), np.eye(4), rtol=0, atol=1e-150)


@given(grids(), st.lists(indices, min_size=1, max_size=6))
def test_many_indices_at_once_are_as_one_by_one(grid, several):
    stacked = np.array(several).reshape(1, -1, 3)
    assert grid.index_to_world(stacked).shape == stacked.shape
    for row, index in zip(grid.index_to_world(stacked)[0], several, strict=True):
        np.testing.assert_allclose(row, grid.index_to_world(index), rtol=1e-12, atol=1e-9)
    for row, index in zip(grid.world_to_index(stacked)[0], several, strict=True):
        np.testing.assert_allclose(row, grid.world_to_index(index), rtol=1e-12, atol=1e-9)


def test_phantom_positions_step_by_step():
    grid = Grid(PHANTOM.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    for index in [(0, 0, 0), (6, 0, 0), (0, 5, 0), (0, 0, 4), (6, 5, 4), (-1, 2, 9)]:
        np.testing.assert_allclose(grid.index_to_world(index), PHANTOM.position(index), rtol=0, atol=1e-10)


# --- affines and frames ---


@given(grids(), st.sampled_from(["LPS", "RAS", "LAS"]))
def test_from_affine_is_the_inverse_of_affine(grid, frame):
    again = Grid.from_affine(grid.affine_in(frame), grid.shape, frame)
    assert again.shape == grid.shape
    np.testing.assert_allclose(again.spacing, grid.spacing, rtol=1e-9)
    np.testing.assert_allclose(again.origin, grid.origin, rtol=1e-9)
    np.testing.assert_allclose(again.direction, grid.direction, rtol=0, atol=1e-9)


@given(grids())
def test_ras_is_lps_with_x_and_y_turned_round_and_las_with_y_alone(grid):
    np.testing.assert_array_equal(grid.affine_in("RAS"), np.diag([-1, -1, 1, 1]) @ grid.affine_in("LPS"))
    np.testing.assert_array_equal(grid.affine_in("LAS"), np.diag([1, -1, 1, 1]) @ grid.affine_in("LPS"))
    np.testing.assert_array_equal(grid.affine, grid.affine_in("LPS"))


@given(grids())
def test_no_affine_shows_a_negative_zero(grid):
    for frame in ("LPS", "RAS", "LAS"):
        affine = grid.affine_in(frame)
        assert not np.signbit(affine[affine == 0]).any()


@given(grids())
def test_orientation_letters_equal_nibabel(grid):
    strongest = np.abs(grid.direction).argmax(axis=0)
    assume(sorted(strongest) == [0, 1, 2])  # elsewhere the letters are a matter of taste
    gap = np.sort(np.abs(grid.direction), axis=0)
    assume((gap[2] - gap[1]).min() > 1e-6)
    assert grid.orientation == "".join(nibabel.aff2axcodes(grid.affine_in("RAS")))


@given(grids())
def test_orientation_names_each_axis_once_at_any_angle(grid):
    pairs = [{"R", "L"}, {"A", "P"}, {"I", "S"}]
    assert sorted(next(i for i, pair in enumerate(pairs) if letter in pair) for letter in grid.orientation) == [0, 1, 2]


@given(directions())
def test_handedness_is_the_sign_of_the_determinant(direction):
    grid = Grid((3, 3, 3), direction=direction)
    triple = np.cross(direction[:, 0], direction[:, 1]) @ direction[:, 2]
    assert grid.is_right_handed == (triple > 0)
    assert grid.flip(1).is_right_handed != grid.is_right_handed


# --- rounding and shear ---


@given(grids())
def test_an_affine_rounded_to_float32_is_taken(grid):
    rounded = grid.affine.astype(np.float32)
    # float32 at 2000 mm carries 1e-4 mm, which may be much against a spacing of 0.05 mm.
    again = Grid.from_affine(rounded, grid.shape)
    error = grid.corner_error(again)
    assert error < CORNER_ERROR_NOTED + 2e-4 / min(grid.spacing)
    np.testing.assert_allclose(again.direction.T @ again.direction, np.eye(3), rtol=0, atol=1e-12)


@given(grids(shapes=st.tuples(*[st.integers(5, 40)] * 3)), st.lists(st.floats(-1, 1), min_size=9, max_size=9))
def test_small_rounding_gives_the_nearest_orthogonal_axes(grid, noise):
    noise = np.array(noise).reshape(3, 3)
    assume(np.abs(noise).max() > 0.01)
    # Within a few hundredths of a voxel at the far corner.
    columns = grid.direction + noise * (0.02 / (3 * max(grid.shape) * max(grid.spacing) / min(grid.spacing)))
    affine = grid.affine
    affine[:3, :3] = columns * grid.spacing
    again = Grid.from_affine(affine, grid.shape)
    assert again.corner_error(affine) < CORNER_ERROR_REFUSED
    np.testing.assert_allclose(again.spacing, np.linalg.norm(affine[:3, :3], axis=0), rtol=1e-12)
    np.testing.assert_allclose(again.direction.T @ again.direction, np.eye(3), rtol=0, atol=1e-12)
    # What makes Q the orthogonal polar factor of M, and so the nearest to it: Q'M is symmetric and positive.
    unit = affine[:3, :3] / again.spacing
    stretch = again.direction.T @ unit
    np.testing.assert_allclose(stretch, stretch.T, rtol=0, atol=1e-12)
    assert np.linalg.eigvalsh(stretch).min() > 0


@given(grids(shapes=st.tuples(*[st.integers(10, 40)] * 3)), st.permutations(range(3)), st.floats(0.05, 0.5))
def test_real_shear_is_refused_by_its_number(grid, axes, amount):
    to, along, _ = axes
    shear = np.eye(4)
    shear[to, along] = amount * grid.spacing[along] / grid.spacing[to]
    affine = grid.affine @ shear
    with pytest.raises(GeometryError, match="sheared") as caught:
        Grid.from_affine(affine, grid.shape)
    error = caught.value.values["corner_error"]
    assert error >= CORNER_ERROR_REFUSED
    assert f"{error:.3g}" in str(caught.value)
    nearest = Grid.from_affine(affine, grid.shape, allow_shear=True)
    assert nearest.corner_error(affine) == pytest.approx(error)


@given(grids(), st.tuples(*[st.floats(-3, 3)] * 3))
def test_corner_error_of_a_shift_is_the_shift_in_voxels(grid, voxels):
    moved = Grid(grid.shape, grid.spacing, tuple(grid.index_to_world(voxels)), grid.direction)
    expected = float(np.linalg.norm(voxels))
    assert grid.corner_error(moved) == pytest.approx(expected, rel=1e-9, abs=1e-8 * size_of(grid) / min(grid.spacing))
    assert grid.corner_error(moved.affine) == grid.corner_error(moved)


def test_corner_error_of_a_wrong_step_grows_with_the_number_of_slices():
    grid = Grid((10, 10, 201), (1.0, 1.0, 2.0))
    other = Grid((10, 10, 201), (1.0, 1.0, 2.016))  # a spacing tag that is 0.8 % off
    assert grid.corner_error(other) == pytest.approx(200 * 0.016 / 2.0)
    assert not grid.lies_on(other)


@given(grids())
def test_a_grid_lies_on_itself(grid):
    assert grid.corner_error(grid) < 1e-6
    assert grid.lies_on(grid)


@pytest.mark.parametrize(("shift", "meets"), [(0.09, True), (0.11, False)])
def test_lies_on_within_a_tenth_of_a_voxel(shift, meets):
    grid = Grid((4, 5, 6), (0.5, 1.0, 3.0), (1.0, 2.0, 3.0), OBLIQUE)
    moved = Grid(grid.shape, grid.spacing, tuple(grid.index_to_world((0, 0, shift))), grid.direction)
    assert grid.lies_on(moved) is meets
    assert not grid.lies_on(moved.crop((0, 0, 0), (4, 5, 5)))


# --- other views on one lattice ---


def test_difference_names_the_most_telling():
    """Shape before spacing before direction before origin; each only where it moves a corner by half the limit."""
    grid = Grid((4, 10, 20), (1.0, 1.5, 2.0))
    assert grid.difference(replace(grid, origin=(0.09, 0.0, 0.0))) is None
    assert grid.difference(replace(grid, shape=(4, 10, 21), spacing=(2.0, 1.5, 2.0)))[0] == "shape"
    turn = np.array([[np.cos(0.05), -np.sin(0.05), 0], [np.sin(0.05), np.cos(0.05), 0], [0, 0, 1]])
    turned = replace(grid, direction=turn, origin=(5.0, 0.0, 0.0))
    assert grid.difference(turned) == ("direction", grid.direction.tolist(), turn.tolist())
    wider = replace(turned, spacing=(1.0, 1.5, 2.02))
    assert grid.difference(wider) == ("spacing", (1.0, 1.5, 2.0), (1.0, 1.5, 2.02))
    moved = replace(grid, spacing=(1.0, 1.5, 2.004), origin=(1.0, 0.0, 0.0))
    assert grid.difference(moved) == ("origin", (0.0, 0.0, 0.0), (1.0, 0.0, 0.0))


def test_difference_looks_for_a_turn_along_the_axes_that_have_length():
    """The columns that are turned belong to axes of one voxel: what keeps the grids apart is where they begin."""
    columns = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    turn = np.array([[1, 0, 0], [0, np.cos(0.01), -np.sin(0.01)], [0, np.sin(0.01), np.cos(0.01)]])
    line = Grid((1, 40, 1), direction=columns)
    assert line.difference(replace(line, direction=turn @ columns, origin=(1.0, 0.0, 0.0)))[0] == "origin"


@given(grids(), st.permutations(range(3)), indices)
def test_permuted_keeps_every_voxel_where_it_is(grid, order, index):
    other = grid.permute(order)
    assert other.shape == tuple(grid.shape[k] for k in order)
    there = other.index_to_world([index[k] for k in order])
    np.testing.assert_allclose(there, grid.index_to_world(index), rtol=0, atol=1e-9 * size_of(grid))


@given(grids(), st.integers(0, 2), indices)
def test_flipped_keeps_every_voxel_where_it_is(grid, axis, index):
    other = grid.flip(axis)
    mirrored = list(index)
    mirrored[axis] = grid.shape[axis] - 1 - index[axis]
    np.testing.assert_allclose(
        other.index_to_world(mirrored), grid.index_to_world(index), rtol=0, atol=1e-9 * size_of(grid)
    )


@given(grids(), st.tuples(*[st.integers(-9, 9)] * 3), indices)
def test_cropped_keeps_every_voxel_where_it_is(grid, start, index):
    other = grid.crop(start, (2, 3, 4))
    assert other.shape == (2, 3, 4)
    np.testing.assert_allclose(
        other.index_to_world(np.asarray(index) - start),
        grid.index_to_world(index),
        rtol=0,
        atol=1e-9 * size_of(grid),
    )


small = st.tuples(*[st.integers(1, 7)] * 3)


@given(grids(shapes=small), signed_axes, st.tuples(*[st.integers(-9, 9)] * 3), small)
def test_lattice_map_finds_the_same_voxels(grid, turns, start, shape):
    order, flips = turns
    target = grid.permute(order)
    for axis in range(3):
        if flips[axis]:
            target = target.flip(axis)
    target = target.crop(start, shape)

    found = grid.lattice_map(target)

    assert found.axes == tuple(order)
    assert found.signs == tuple(-1 if flip else 1 for flip in flips)
    assert found.corner_error < 1e-6 * max(1.0, size_of(grid) / min(grid.spacing) * 1e-3)
    on_target = all_indices(target.shape)
    in_source = np.empty_like(on_target)
    for axis in range(3):
        in_source[..., found.axes[axis]] = found.signs[axis] * on_target[..., axis] + found.offset[axis]
    np.testing.assert_allclose(
        grid.index_to_world(in_source), target.index_to_world(on_target), rtol=0, atol=1e-9 * size_of(grid)
    )


@given(grids(shapes=st.tuples(*[st.integers(2, 40)] * 3)), st.integers(0, 2), st.floats(0.11, 0.89))
def test_lattice_map_refuses_a_fraction_of_a_voxel(grid, axis, fraction):
    shift = [0.0, 0.0, 0.0]
    shift[axis] = fraction
    target = grid.crop((0, 0, 0), grid.shape)
    target = Grid(grid.shape, grid.spacing, tuple(grid.index_to_world(shift)), grid.direction)
    with pytest.raises(GeometryError, match="beside the reference's") as caught:
        grid.lattice_map(target)
    beside = caught.value.values["fractional_offset"][axis]
    assert abs(beside) == pytest.approx(min(fraction, 1 - fraction), abs=1e-6)
    assert f"{beside:.6g}"[:4] in str(caught.value)


def test_lattice_map_refuses_another_spacing_and_names_both():
    grid = Grid((64, 64, 30), (0.7, 0.7, 2.5))
    with pytest.raises(GeometryError, match=r"0\.7, 0\.7, 2\.5.*0\.7, 0\.7, 2\.6") as caught:
        grid.lattice_map(Grid((64, 64, 30), (0.7, 0.7, 2.6)))
    assert caught.value.values["spacing"] == (0.7, 0.7, 2.5)
    assert caught.value.values["reference_spacing"] == (0.7, 0.7, 2.6)


@given(st.integers(0, 2), st.floats(1.0, 40.0))
def test_lattice_map_refuses_turned_axes_and_names_the_angle(axis, degrees):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = np.roll([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]], (axis, axis), axis=(0, 1))
    grid = Grid((64, 64, 30), (0.7, 0.7, 0.7))
    with pytest.raises(GeometryError, match="turned") as caught:
        grid.lattice_map(Grid((64, 64, 30), (0.7, 0.7, 0.7), direction=turned))
    assert caught.value.values["angle_degrees"] == pytest.approx(degrees)
    assert f"{degrees:.4g} degrees" in str(caught.value)


def test_lattice_map_takes_a_rounded_header_of_a_far_reference():
    grid = Grid((20, 20, 20), (0.9765625, 0.9765625, 2.5), (-250.0, -250.0, 10.0))
    near = Grid((512, 512, 400), (0.976562, 0.976562, 2.5), (-250.0, -250.0, -740.0))
    found = grid.lattice_map(near)
    assert found.offset == (0, 0, -300)
    assert found.corner_error < CORNER_ERROR_NOTED


# --- the value ---


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ({"shape": (0, 4, 4)}, r"\(0, 4, 4\)"),
        ({"shape": (4, 4)}, r"\(4, 4\)"),
        ({"spacing": (1.0, -2.0, 1.0)}, r"-2\.0"),
        ({"spacing": (1.0, 0.0, 1.0)}, r"0\.0"),
        ({"spacing": (1.0, float("nan"), 1.0)}, "nan"),
        ({"origin": (0.0, float("inf"), 0.0)}, "inf"),
        ({"origin": (0.0, 0.0)}, r"\(0\.0, 0\.0\)"),
        ({"direction": np.eye(4)}, r"\(4, 4\)"),
        ({"direction": np.diag([1.0, 1.0, 0.5])}, r"0\.5"),
        ({"direction": np.full((3, 3), np.nan)}, "nan"),
        ({"direction": [[1, 0.2, 0], [0, 1, 0], [0, 0, 1]]}, r"0\.2"),
    ],
)
def test_what_is_no_grid_is_refused_by_its_number(fields, number):
    with pytest.raises(GeometryError, match=number):
        Grid(**{"shape": (4, 4, 4), **fields})


@pytest.mark.parametrize(
    "affine",
    [np.eye(3), np.full((4, 4), np.nan), np.diag([1.0, 0.0, 1.0, 1.0]), np.ones((4, 4)), np.diag([1, np.inf, 1, 1])],
    ids=["3x3", "nan", "flat", "parallel", "infinite"],
)
def test_what_is_no_affine_is_refused(affine):
    with pytest.raises(GeometryError):
        Grid.from_affine(affine, (4, 4, 4))


# A mirror image, of which two assignments of axes are equally good.
EVEN = np.eye(3) - 2 * np.outer(*[(0.51251, 0.59793, 0.61633) / np.linalg.norm((0.51251, 0.59793, 0.61633))] * 2)


@given(grids())
@example(Grid((1, 1, 1), direction=EVEN))
@example(Grid((1, 1, 1), direction=EVEN[:, [1, 0, 2]]))
@example(Grid((1, 1, 1), direction=EVEN[:, [2, 1, 0]]))
def test_axes_put_along_the_patients_are_the_same_voxels(grid):
    turned, axes, flips = grid.nearest_lps()
    assert turned.orientation == "LPS"
    array = np.arange(np.prod(grid.shape)).reshape(grid.shape)
    seen = np.flip(array.transpose(axes), flips)
    assert seen.shape == turned.shape
    for index in ((0, 0, 0), tuple(n - 1 for n in turned.shape), tuple(n // 3 for n in turned.shape)):
        own = np.unravel_index(seen[index], grid.shape)
        np.testing.assert_allclose(
            turned.index_to_world(index), grid.index_to_world(own), rtol=0, atol=1e-10 * size_of(grid)
        )


@given(grids())
def test_is_a_value(grid):
    same = Grid(grid.shape, grid.spacing, grid.origin, grid.direction.copy())
    assert same == grid
    assert hash(same) == hash(grid)
    assert len({same, grid}) == 1
    assert grid != Grid((grid.shape[0] + 1, *grid.shape[1:]), grid.spacing, grid.origin, grid.direction)
    assert grid != grid.flip(0)
    assert grid != "a grid"


@pytest.mark.parametrize("other", [Grid((2, 3, 4), origin=(0, 0, 1)), Grid((2, 3, 4), (1, 1, 2)), Grid((2, 3, 5))])
def test_a_larger_number_is_another_grid_from_either_side(other):
    grid = Grid((2, 3, 4))
    assert grid != other
    assert other != grid


@given(grids())
def test_pickles_and_stays_immutable(grid):
    for value in (grid, pickle.loads(pickle.dumps(grid))):
        assert value == grid
        with pytest.raises(AttributeError):
            value.spacing = (1.0, 1.0, 1.0)
        with pytest.raises(ValueError, match="read-only"):
            value.direction[0, 0] = 5.0


def test_does_not_share_the_callers_direction():
    mine = np.eye(3)
    grid = Grid((2, 2, 2), direction=mine)
    mine[0, 0] = -1.0
    assert grid.direction[0, 0] == 1.0


def test_takes_numpy_numbers_and_keeps_plain_ones():
    grid = Grid(np.array([2, 3, 4]), np.array([1, 2, 3], np.float32), [np.float64(1), 2, 3])
    assert [type(v) for v in grid.shape] == [int] * 3
    assert [type(v) for v in grid.spacing + grid.origin] == [float] * 6


def test_repr_tells_shape_spacing_and_letters():
    text = repr(Grid((2, 3, 4), (0.5, 1.0, 2.5), (1.0, 2.0, 3.0)))
    for part in ("(2, 3, 4)", "0.5, 1, 2.5", "1, 2, 3", "'LPS'"):
        assert part in text


def test_equal_grids_give_equal_positions_whatever_the_order_of_memory():
    random = np.random.default_rng(0)
    for _ in range(20):
        direction = np.linalg.qr(random.normal(size=(3, 3)))[0]
        rows, columns = (Grid((50, 50, 50), direction=np.array(direction, order=order)) for order in "CF")
        for index in random.integers(0, 50, (5, 3)).tolist():
            assert rows.index_to_world(index).tolist() == columns.index_to_world(index).tolist()
