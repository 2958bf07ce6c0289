"""A mask on an image, plane by plane, is the mask placed as a whole."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pictologics import Grid, Image
from pictologics.pictures.overlays import MaskOnGrid
from pictologics.pictures.scene import spread_evenly
from pictologics.pictures.screen import make_axis_plane
from pictologics.placement import place
from tests.factories.grids import directions


@st.composite
def masks_and_grids(draw) -> tuple[Image, Grid]:
    """A mask on a part of a grid's lattice, or reaching beyond it, in any order and direction of the axes."""
    shape = draw(st.tuples(*[st.integers(2, 9)] * 3))
    spacing = draw(st.tuples(*[st.floats(0.3, 5)] * 3))
    grid = Grid(shape, spacing, (draw(st.floats(-300, 300)), 20.0, -7.0), draw(directions()))
    start = [draw(st.integers(-4, count - 1)) for count in shape]
    # At least one voxel in common.
    size = [draw(st.integers(max(1, 1 - low), 12)) for low in start]
    part = grid.crop(start, size).permute(draw(st.permutations(range(3))))
    for axis in draw(st.sets(st.sampled_from([0, 1, 2]))):
        part = part.flip(axis)
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    array = (rng.integers(0, 4, part.shape) * (rng.random(part.shape) < draw(st.floats(0, 0.6)))).astype(
        draw(st.sampled_from(["uint8", "uint16", "int32", "float32", "bool"]))
    )
    return Image.from_grid(np.asarray(array, order=draw(st.sampled_from(["C", "F"]))), part), grid


@given(both=masks_and_grids())
def test_planes_and_areas_are_those_of_the_whole(both):
    mask, grid = both
    on_grid = MaskOnGrid(mask, grid)
    whole = place(mask, grid).array.astype(int)
    for axis in range(3):
        areas = np.count_nonzero(np.moveaxis(whole, axis, 0).reshape(grid.shape[axis], -1), axis=1)
        np.testing.assert_array_equal(on_grid.areas_along(axis), areas)
        assert areas[on_grid.largest(axis)] == areas.max()
        extent = on_grid.extent(axis)
        found = np.flatnonzero(areas)
        assert (extent[0], extent[-1]) == ((found[0], found[-1]) if found.size else (0, grid.shape[axis] - 1))
        for index in range(grid.shape[axis]):
            plane = make_axis_plane(grid, axis, index)
            np.testing.assert_array_equal(on_grid.labels(plane), plane.cut(whole))


@given(start=st.integers(0, 50), length=st.integers(1, 400), count=st.integers(1, 500))
def test_spread_slices_are_evenly_spaced_and_in_order(start, length, count):
    indices = spread_evenly(range(start, start + length), count)
    assert len(indices) == min(count, length)
    assert indices == sorted(set(indices))
    assert start <= indices[0] and indices[-1] < start + length
    if len(indices) > 2:
        assert np.ptp(np.diff(indices)) <= 1
    # As much is left before the first as after the last.
    assert abs((indices[0] - start) - (start + length - 1 - indices[-1])) <= 1
