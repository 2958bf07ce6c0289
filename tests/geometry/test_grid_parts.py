"""Grids made of a grid: of another spacing or shape, of a part, padded; and which points lie in one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics.errors import GeometryError, OptionError
from pictologics.geometry import Grid
from tests.factories.grids import grids


@given(grids(), st.tuples(*[st.floats(0.2, 5.0)] * 3))
def test_another_spacing_covers_the_volume_around_the_same_center(grid, factor):
    spacing = np.array(grid.spacing) * factor
    other = grid.with_spacing(spacing)
    assert other.spacing == tuple(spacing)
    np.testing.assert_array_equal(other.direction, grid.direction)
    middles = [one.index_to_world((np.array(one.shape) - 1) / 2) for one in (grid, other)]
    np.testing.assert_allclose(middles[0], middles[1], atol=1e-9)
    missing = np.array(grid.shape) * grid.spacing / spacing - other.shape
    assert (missing < 2e-6).all()
    assert (missing > -1).all()


def test_the_same_spacing_is_the_same_grid():
    grid = Grid((512, 512, 300), (0.9, 0.9, 1.1), (-230.4, 13.7, 1000.1))
    assert grid.with_spacing(grid.spacing) == grid


@pytest.mark.parametrize("spacing", [(1, 1), (1, 1, 0), (1, -1, 1), (1, 1, np.nan), (np.inf, 1, 1), (5e-324, 1, 1)])
def test_a_spacing_that_makes_no_grid_is_refused(spacing):
    with pytest.raises(GeometryError, match="mm"):
        Grid((4, 5, 6)).with_spacing(spacing)


slice_parts = st.builds(
    slice,
    st.none() | st.integers(-6, 6),
    st.none() | st.integers(-6, 6),
    st.none() | st.integers(-3, 3).filter(bool),
)


@given(grids(shapes=st.tuples(*[st.integers(1, 5)] * 3)), st.tuples(slice_parts, slice_parts, slice_parts))
def test_slices_keep_every_voxel_where_it_is(grid, parts):
    numbers = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), axis=-1)
    taken = numbers[parts]
    if taken.size == 0:
        with pytest.raises(OptionError, match="takes none of its"):
            grid[parts]
        return
    part = grid[parts]
    assert part.shape == taken.shape[:3]
    own = np.stack(np.meshgrid(*map(np.arange, part.shape), indexing="ij"), axis=-1)
    np.testing.assert_allclose(part.index_to_world(own), grid.index_to_world(taken), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("index", "taken"),
    [
        ((..., slice(1, 3)), (4, 5, 2)),
        ((slice(1, 3),), (2, 5, 6)),
        ((slice(1), ..., slice(-2, None)), (1, 5, 2)),
        (..., (4, 5, 6)),
        ((), (4, 5, 6)),
        (slice(np.int64(1), np.int64(3)), (2, 5, 6)),
    ],
)
def test_axes_that_are_not_named_are_taken_whole(index, taken):
    assert Grid((4, 5, 6))[index].shape == taken


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (2, "take one plane by 2:3"),
        ((slice(None), -1), "take one plane by -1:"),
        ((slice(None),) * 4, "3 axes to slice"),
        ((..., ...), "3 axes to slice"),
        (np.ones((4, 5, 6), bool), "ndarray was given"),
        ([1, 2], "list was given"),
        (None, "NoneType was given"),
        (slice(0.5, 2), "not of whole numbers"),
        (slice(None, None, 0), "not of whole numbers"),
        (slice(4, None), "takes none of its 4 voxels"),
    ],
)
def test_what_takes_no_box_of_voxels_is_refused(index, message):
    with pytest.raises(OptionError, match=message):
        Grid((4, 5, 6))[index]


def test_a_grid_is_no_sequence():
    with pytest.raises(TypeError):
        iter(Grid((4, 5, 6)))


@given(grids(), st.tuples(*[st.integers(0, 4)] * 3), st.tuples(*[st.integers(0, 4)] * 3))
def test_what_is_padded_and_cut_again_is_the_same(grid, before, after):
    wide = grid.pad(before, after)
    assert wide.shape == tuple(np.add(grid.shape, np.add(before, after)))
    assert wide.pad([-n for n in before], [-n for n in after]).lies_on(grid)
    np.testing.assert_allclose(wide.index_to_world(before), grid.origin, atol=1e-9 * max(1, *np.abs(grid.origin)))


def test_a_grid_without_voxels_is_not_made():
    with pytest.raises(GeometryError):
        Grid((4, 5, 6)).pad(-2)
    with pytest.raises(GeometryError):
        Grid((4, 5, 6)).resize((0, 5, 6))


@given(grids(), st.tuples(*[st.integers(1, 9)] * 3))
def test_another_shape_covers_the_same_volume(grid, shape):
    other = grid.resize(shape)
    assert other.shape == shape
    size = np.abs(grid.bounds).max()
    np.testing.assert_allclose(other.bounds, grid.bounds, atol=1e-9 * size)


@given(grids(), st.tuples(*[st.floats(-0.499, 0.499)] * 3), st.data())
def test_a_point_in_a_voxel_is_contained_and_within_the_bounds(grid, inside, data):
    voxel = [data.draw(st.integers(0, n - 1)) for n in grid.shape]
    point = grid.index_to_world(np.add(voxel, inside))
    assert grid.contains(point)
    low, high = grid.bounds
    assert (point >= low - 1e-9).all()
    assert (point <= high + 1e-9).all()
    axis = data.draw(st.integers(0, 2))
    voxel[axis] = grid.shape[axis]
    assert not grid.contains(grid.index_to_world(np.add(voxel, inside)))


def test_bounds_of_straight_axes_are_the_outer_faces():
    grid = Grid((4, 5, 6), (1.0, 2.0, 3.0), (10.0, 20.0, 30.0))
    assert grid.bounds.tolist() == [[9.5, 19.0, 28.5], [13.5, 29.0, 46.5]]
    assert grid.flip(0).bounds.tolist() == grid.bounds.tolist()
