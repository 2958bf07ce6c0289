"""One array on the voxels of another grid, beside scipy, which does the same point by point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import ndimage

from pictologics.geometry import Grid
from pictologics.interpolation.sampling import Sampling, sample
from pictologics.threads import set_num_threads
from tests.factories.grids import grids, rotations

ORDERS = {"nearest": 0, "linear": 1, "cubic": 3}
# scipy's "wrap" lays the last sample upon the first; its "grid-wrap" is the one without that.
SCIPY_MODES = {
    "nearest": "nearest",
    "mirror_without_edge": "mirror",
    "periodic": "grid-wrap",
    "constant": "constant",
}
ROUNDING = {"float32": 3e-6, "float64": 1e-12}

shapes = st.tuples(*[st.integers(1, 40)] * 3)


def noise(shape, dtype="float64", seed=0):
    """Values of unit size in Fortran order."""
    return np.asfortranarray(np.random.default_rng(seed).uniform(-1, 1, shape).astype(dtype))


def scipy_sample(array, matrix, shape, order, mode, fill_value=0.0):
    return ndimage.affine_transform(
        array.astype(np.float64), matrix[:3, :3], matrix[:3, 3], shape, order=order, mode=mode, cval=fill_value
    )


@st.composite
def straight_maps(draw, shape) -> np.ndarray:
    """From index to index between grids of parallel axes, in any order and direction, around one middle.

    The middle is shifted by a part of a voxel that no rounding turns into a tie or onto the outermost center.
    """
    order = draw(st.permutations(range(3)))
    matrix = np.eye(4)
    matrix[:3, :3] = 0
    target = []
    for k, axis in enumerate(order):
        ratio = draw(st.sampled_from([0.37, 0.5, 0.81, 1.0, 1.13, 2.3])) * draw(st.sampled_from([-1, 1]))
        size = max(1, int(shape[axis] / abs(ratio)))
        matrix[axis, k] = ratio
        matrix[axis, 3] = (shape[axis] - 1) / 2 - ratio * (size - 1) / 2 + draw(st.floats(-0.2, 0.2)) + 0.0137
        target.append(size)
    return matrix, tuple(target)


@given(st.data(), shapes, st.sampled_from(list(ROUNDING)), st.sampled_from([*ORDERS]), st.sampled_from([*SCIPY_MODES]))
def test_parallel_axes_give_what_scipy_gives(data, shape, dtype, method, mode):
    array = noise(shape, dtype)
    matrix, target = data.draw(straight_maps(shape))
    made = sample(array, matrix, target, Sampling(method, mode, fill_value=0.0)).array
    expected = scipy_sample(array, matrix, target, ORDERS[method], SCIPY_MODES[mode])
    # scipy clamps what lies more than half a voxel outside; here that is filled.
    at = np.moveaxis(np.indices(target), 0, -1) @ matrix[:3, :3].T + matrix[:3, 3]
    inside = ((at > -0.5) & (at < np.array(shape) - 0.5)).all(axis=-1)
    clear = (np.abs(at - np.floor(at) - 0.5) > 1e-4).all(axis=-1) | (method != "nearest")
    np.testing.assert_allclose(made[inside & clear], expected[inside & clear], rtol=0, atol=ROUNDING[dtype])
    assert (made[~inside] == 0).all()
    assert made.dtype == dtype
    assert made.flags.f_contiguous


@given(st.integers(1, 30), st.floats(0.3, 2.5), st.sampled_from(["linear", "cubic"]))
def test_reflect_goes_on_with_the_values_in_reverse(size, ratio, method):
    """Against scipy on a row that is long enough for its ends not to matter; its own "reflect" is inexact."""
    row = noise((size, 1, 1))
    long = np.pad(row, [(size * 40, size * 40), (0, 0), (0, 0)], "symmetric")
    matrix = np.diag([ratio, 1.0, 1.0, 1.0])
    matrix[0, 3] = -0.45
    count = max(1, int(size / ratio))
    made = sample(row, matrix, (count, 1, 1), Sampling(method, "symmetric")).array
    matrix[0, 3] += size * 40
    expected = scipy_sample(long, matrix, (count, 1, 1), ORDERS[method], "mirror")
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-12)


@given(rotations(), st.sampled_from(list(ROUNDING)), st.sampled_from(["linear", "cubic", "nearest"]))
def test_turned_axes_give_what_scipy_gives(rotation, dtype, method):
    turned = np.sort(np.abs(rotation), axis=0)[1].max()
    assume(turned < 1e-15 or turned > 0.01)  # what is straight within the tolerance may differ by as much
    grid = Grid((14, 9, 11), (0.9, 1.3, 0.7))
    middle = grid.index_to_world((np.array(grid.shape) - 1) / 2)
    target = Grid((12, 13, 10), (1.1, 0.8, 1.2), tuple(middle - rotation @ (6.05, 4.8, 5.4)), rotation)
    array, matrix = noise(grid.shape, dtype), grid.index_map(target)
    made = sample(array, matrix, target.shape, Sampling(method, fill_value=-9.0))
    expected = scipy_sample(array, matrix, target.shape, ORDERS[method], "nearest")
    at = grid.world_to_index(target.index_to_world(np.moveaxis(np.indices(target.shape), 0, -1)))
    inside = ((at > -0.5 + 1e-4) & (at < np.array(grid.shape) - 0.5 - 1e-4)).all(axis=-1)
    outside = ((at < -0.5 - 1e-4) | (at > np.array(grid.shape) - 0.5 + 1e-4)).any(axis=-1)
    if method == "nearest":
        inside &= (np.abs(at - np.floor(at) - 0.5) > 1e-4).all(axis=-1)
    np.testing.assert_allclose(made.array[inside], expected[inside], rtol=0, atol=ROUNDING[dtype])
    assert (made.array[outside] == -9.0).all()
    assert made.inside == (made.array != -9.0).sum()


@given(grids(shapes), st.sampled_from(["linear", "cubic"]))
def test_a_grid_onto_itself_changes_nothing(grid, method):
    array = noise(grid.shape, "float32")
    np.testing.assert_array_equal(sample(array, grid.index_map(grid), grid.shape, Sampling(method)).array, array)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "uint16", "int64", "float32", "float64"])
def test_types(dtype):
    array = np.asfortranarray(np.random.default_rng(0).integers(0, 2, (5, 6, 7)).astype(dtype))
    half = np.diag([0.5, 0.5, 0.5, 1.0])
    assert sample(array, half, (9, 9, 9), Sampling("nearest")).array.dtype == dtype
    wide = dtype in {"int64", "float64"}
    assert sample(array, half, (9, 9, 9), Sampling("linear")).array.dtype == (np.float64 if wide else np.float32)


@pytest.mark.parametrize("method", [*ORDERS])
def test_the_other_byte_order_makes_no_difference(method):
    array, valid = noise((5, 6, 7), "float32"), noise((5, 6, 7)) > -0.5
    half, how = np.diag([0.5, 0.5, 0.5, 1.0]), Sampling(method, fill_value=-3.0)
    made = sample(array.astype(">f4"), half, (9, 11, 13), how, valid)
    np.testing.assert_array_equal(made.array, sample(array, half, (9, 11, 13), how, valid).array)


def test_large_integers_stay_exact():
    array = np.array([2**62 + 1, 2**62 + 3]).reshape(2, 1, 1)
    half = np.diag([0.5, 1.0, 1.0, 1.0])
    half[0, 3] = -0.3
    made = sample(array, half, (3, 1, 1), Sampling("nearest")).array
    assert made.ravel().tolist() == [2**62 + 1, 2**62 + 1, 2**62 + 3]


@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_of_two_voxels_equally_near_the_one_with_the_higher_index_is_taken(turn):
    array = np.arange(4.0).reshape(4, 1, 1)
    matrix = np.eye(4)
    matrix[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    matrix[0, 3] = 0.5 - 1e-12
    assert sample(array, matrix, (3, 1, 1), Sampling("nearest")).array.ravel().tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_any_memory_order_gives_the_same(order, axes):
    array = np.array(noise((9, 40, 13), "float32").transpose(axes), order=order)
    half = np.diag([0.7, 0.5, 0.6, 1.0])
    expected = sample(np.asfortranarray(array), half, (9, 10, 11), Sampling("cubic")).array
    np.testing.assert_array_equal(sample(array, half, (9, 10, 11), Sampling("cubic")).array, expected)


def test_threads_share_the_work_and_change_no_bit():
    array = noise((30, 70, 50), "float32")
    matrix, shape = np.diag([0.7, 0.5, 0.6, 1.0]), (40, 130, 80)
    valid = noise(array.shape) > -0.8
    made = []
    for threads in (1, 3):
        set_num_threads(threads)
        try:
            made.append(sample(array, matrix, shape, Sampling("cubic"), valid))
        finally:
            set_num_threads(None)
    np.testing.assert_array_equal(made[0].array, made[1].array)
    np.testing.assert_array_equal(made[0].valid, made[1].valid)


@pytest.mark.parametrize("method", [*ORDERS])
def test_a_part_is_what_it_is_in_the_whole(method):
    """Only the part of the source that is needed is looked at; that must not be seen."""
    array, matrix = noise((60, 130, 50)), np.diag([0.9, 1.1, 0.7, 1.0])
    for angle in (0.0, 0.3):
        matrix[:2, :2] = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * [0.9, 1.1]
        large = sample(array, matrix, (60, 100, 60), Sampling(method)).array[20:30, 55:70, 8:20]
        part = matrix.copy()
        part[:3, 3] = matrix[:3, :3] @ (20, 55, 8)
        np.testing.assert_allclose(sample(array, part, large.shape, Sampling(method)).array, large, atol=1e-12)


def test_a_grid_further_away_than_integers_reach_is_outside():
    far = np.eye(4)
    far[0, 3] = -1e30
    assert sample(noise((3, 4, 5)), far, (3, 3, 3), Sampling("linear", fill_value=-1.0)).inside == 0


# --- valid voxels ---


def maps(shape, seed):
    """A straight map and an oblique one."""
    rng = np.random.default_rng(seed)
    straight = np.diag([*rng.uniform(0.4, 2.2, 3), 1.0])
    angle = rng.uniform(0.1, 0.6)
    oblique = straight.copy()
    oblique[:2, :2] @= [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return straight, oblique


invalid_values = st.sampled_from([0.0, -0.0, 1e30, -2048.0, np.nan, np.inf, -np.inf])


@given(st.integers(0, 2**32), invalid_values, invalid_values, st.sampled_from([*ORDERS]), st.booleans())
def test_what_invalid_voxels_hold_never_changes_a_bit(seed, one, other, method, oblique):
    shape, rng = (17, 38, 9), np.random.default_rng(seed)
    valid = np.asfortranarray(ndimage.uniform_filter(rng.uniform(size=shape), 3) > 0.5)
    matrix = maps(shape, seed)[int(oblique)]
    made = []
    for number in (one, other):
        array = noise(shape, "float32", seed)
        array[~valid] = number
        made.append(sample(array, matrix, (20, 21, 13), Sampling(method, fill_value=-7.0), valid))
    assert made[0].array.tobytes() == made[1].array.tobytes()
    np.testing.assert_array_equal(made[0].valid, made[1].valid)
    assert (made[0].array[~made[0].valid] == -7.0).all()
    assert np.isfinite(made[0].array).all()
    assert made[0].not_finite == made[1].not_finite == 0


@given(st.integers(0, 2**32), st.floats(-3000, 3000), st.sampled_from(["linear", "cubic"]), st.booleans())
def test_constants_stay_constant(seed, number, method, oblique):
    shape, rng = (17, 38, 9), np.random.default_rng(seed)
    valid = ndimage.uniform_filter(rng.uniform(size=shape), 3) > 0.5
    array = np.where(valid, number, -9e9)
    made = sample(array, maps(shape, seed)[int(oblique)], (20, 21, 13), Sampling(method), valid)
    np.testing.assert_allclose(made.array[made.valid], number, rtol=1e-12, atol=1e-290)


@given(st.integers(0, 2**32), st.floats(0.1, 1.0), st.sampled_from(["linear", "cubic"]), st.booleans())
def test_values_are_weighted_by_validity(seed, least, method, oblique):
    shape, rng = (17, 12, 9), np.random.default_rng(seed)
    array, valid = noise(shape, seed=seed), rng.uniform(size=shape) > 0.2
    matrix, order = maps(shape, seed)[int(oblique)], ORDERS[method]
    made = sample(array, matrix, (12, 14, 8), Sampling(method, min_valid_weight=least), valid)
    total = scipy_sample(np.where(valid, array, 0), matrix, (12, 14, 8), order, "nearest")
    weight = scipy_sample(valid, matrix, (12, 14, 8), order, "nearest")
    at = np.moveaxis(np.indices((12, 14, 8)), 0, -1) @ matrix[:3, :3].T + matrix[:3, 3]
    inside = ((at >= -0.5) & (at <= np.array(shape) - 0.5)).all(axis=-1)
    clear = np.abs(weight - least) > 2e-5
    np.testing.assert_array_equal(made.valid[clear], ((weight >= least) & inside)[clear])
    both = made.valid & clear
    np.testing.assert_allclose(made.array[both], total[both] / weight[both], rtol=0, atol=1e-11)


@pytest.mark.parametrize("method", [*ORDERS])
def test_all_valid_is_the_same_as_no_mask(method):
    array, matrix = noise((17, 38, 9), "float32"), maps((17, 38, 9), 3)[0]
    plain = sample(array, matrix, (8, 17, 5), Sampling(method))
    masked = sample(array, matrix, (8, 17, 5), Sampling(method), np.ones(array.shape, bool))
    np.testing.assert_array_equal(plain.array, masked.array)
    assert plain.valid is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("method", [*ORDERS])
def test_numbers_that_are_none_are_invalid_and_do_not_spread(bad, method):
    array = noise((12, 13, 14), "float32")
    array[6, 6, 6] = bad
    made = sample(array, np.diag([0.5, 0.5, 0.5, 1.0]), (23, 25, 27), Sampling(method, fill_value=-1.0))
    assert made.not_finite == 1
    assert np.isfinite(made.array).all()
    assert not made.valid[12, 12, 12]
    assert 1 <= (~made.valid).sum() <= 27
    (told,) = made.decisions
    assert told.warning == "content"
