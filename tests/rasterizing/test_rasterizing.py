"""Polygons to voxels, against the plain definition, scikit-image, and areas by the shoelace formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.measure import points_in_poly

from pictologics.errors import GeometryError
from pictologics.rasterizing import (
    centers,
    cross_rows,
    fill_patch,
    measure_coverage,
)

WIDTH, HEIGHT = 23, 17
CENTERS = np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), axis=-1).reshape(-1, 2).astype(float)


ANYWHERE = st.floats(-8, 30)


def polygons(coordinates=ANYWHERE):
    """One to three polygons of any kind: crossing themselves and each other, in and outside the field."""
    return st.lists(
        st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=12).map(np.array), min_size=1, max_size=3
    )


def joined(shapes) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate(shapes).astype(float), np.cumsum([0, *map(len, shapes)])


def mask_of(shapes) -> np.ndarray:
    """Of a whole field."""
    crossed = cross_rows(*joined(shapes), WIDTH, HEIGHT)
    assert crossed.ends[-1] == len(crossed.rows)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    patch = fill_patch(crossed.rows, crossed.columns)
    if patch is not None:
        mask[patch.box] = patch.values
    return mask


def fractions_of(shapes, width=WIDTH, height=HEIGHT) -> np.ndarray:
    """Of a whole field."""
    fractions = np.zeros((height, width))
    found = measure_coverage(*joined(shapes), width, height)
    if found is not None:
        row, column, part = found
        assert part.dtype == np.float32
        fractions[row : row + part.shape[0], column : column + part.shape[1]] = part
    return fractions


def distance_to_edges(shapes) -> np.ndarray:
    """Of every center."""
    nearest = np.full(len(CENTERS), np.inf)
    for shape in shapes:
        for start, end in zip(shape, np.roll(shape, -1, axis=0), strict=True):
            along = end - start
            length = along @ along
            share = np.clip((CENTERS - start) @ along / length, 0, 1) if length > 0 else np.zeros(len(CENTERS))
            nearest = np.minimum(nearest, np.hypot(*(CENTERS - start - share[:, None] * along).T))
    return nearest.reshape(HEIGHT, WIDTH)


def area(shape) -> float:
    """By the shoelace formula."""
    x, y = np.asarray(shape, float).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


@given(polygons())
def test_a_center_is_inside_where_an_odd_number_of_polygons_has_it(shapes):
    odd = np.zeros(len(CENTERS), bool)
    for shape in shapes:
        odd ^= points_in_poly(CENTERS, shape)
    apart = distance_to_edges(shapes) > 1e-5
    assert np.array_equal(mask_of(shapes)[apart], odd.reshape(HEIGHT, WIDTH)[apart])


@given(polygons(st.integers(-3, 20)), st.integers(0, 2), st.booleans())
def test_start_and_sense_of_a_polygon_mean_nothing_even_on_edges(shapes, turn, backwards):
    other = [np.roll(shape, turn, axis=0)[:: -1 if backwards else 1] for shape in shapes]
    assert np.array_equal(mask_of(shapes), mask_of(other[::-1]))


def test_regions_that_share_edges_share_no_voxel_and_leave_none_out():
    """Triangles with corners on centers that tile a square: half-open on every edge."""
    corners = np.array([[2, 2], [14, 2], [14, 14], [2, 14]], float)
    middle = np.array([7.0, 9.0])
    total = sum(mask_of([np.array([middle, corners[k], corners[(k + 1) % 4]])]).astype(int) for k in range(4))
    assert np.array_equal(total, mask_of([corners]))
    # The lower edges belong to it and the upper ones do not.
    assert total.sum() == 144
    assert total[2:14, 2:14].all()


def test_holes_keyholes_and_lakes_on_islands():
    square = lambda low, high: np.array([[low, low], [high, low], [high, high], [low, high]], float)  # noqa: E731
    outer, hole, island = square(0.5, 13.5), square(3.5, 10.5), square(5.5, 8.5)
    assert mask_of([outer, hole, island]).sum() == 13**2 - 7**2 + 3**2
    assert fractions_of([outer, hole[::-1], island]).sum() == pytest.approx(13**2 - 7**2 + 3**2)
    keyhole = np.concatenate([outer, outer[:1], hole[::-1], hole[-1:]])
    assert np.array_equal(mask_of([keyhole]), mask_of([outer, hole]))
    assert np.allclose(fractions_of([keyhole]), fractions_of([outer, hole]), atol=1e-6)


@given(polygons(st.floats(-0.4, 16.4)).map(lambda shapes: shapes[:1]), st.randoms(use_true_random=False))
def test_covered_area_of_a_simple_polygon_is_that_of_the_shoelace_formula(shapes, random):
    # Sorted by angle about a point, corners make a star that does not cross itself.
    shape = shapes[0]
    center = shape.mean(axis=0)
    star = shape[np.argsort(np.arctan2(*(shape - center).T))]
    fractions = fractions_of([star])
    assert fractions.sum() == pytest.approx(area(star), abs=2e-5)
    assert fractions.min() >= 0
    assert fractions.max() <= 1


@settings(max_examples=20)
@given(polygons())
def test_covered_area_of_any_polygons_is_that_of_finer_voxels(shapes):
    """Sampled on lines through the middle of 32 stripes of each row, on which the covered length is exact."""
    fine = 32
    lines = (np.arange(HEIGHT * fine) + 0.5) / fine - 0.5
    covered = np.zeros((HEIGHT * fine, WIDTH))
    borders = np.arange(WIDTH + 1) - 0.5
    for number, line in enumerate(lines):
        crossings = []
        for shape in shapes:
            for (x0, y0), (x1, y1) in zip(shape, np.roll(shape, -1, axis=0), strict=True):
                if min(y0, y1) <= line < max(y0, y1):
                    crossings.append(x0 + (line - y0) * (x1 - x0) / (y1 - y0))
        crossings.sort()
        for begin, end in zip(crossings[::2], crossings[1::2], strict=True):
            covered[number] += np.diff(np.clip(borders, begin, end))
    expected = covered.reshape(HEIGHT, fine, WIDTH).mean(axis=1)
    # A voxel's stripes are wrong only where a corner or a crossing lies in them: an area of at most 1/32 each.
    assert np.abs(fractions_of(shapes) - expected).max() < 8 / fine
    assert np.abs(fractions_of(shapes) - expected).mean() < 0.004


@given(polygons(), st.integers(-4, 4), st.integers(-4, 4))
def test_moved_by_whole_voxels_masks_and_fractions_move_along(shapes, right, up):
    moved = [np.add(shape, (right, up)) for shape in shapes]
    here = slice(max(0, -up), HEIGHT - max(0, up)), slice(max(0, -right), WIDTH - max(0, right))
    there = slice(max(0, up), HEIGHT - max(0, -up)), slice(max(0, right), WIDTH - max(0, -right))
    assert np.allclose(fractions_of(moved)[there], fractions_of(shapes)[here], atol=1e-5)
    apart = distance_to_edges(shapes)[here] > 1e-5
    assert np.array_equal(mask_of(moved)[there][apart], mask_of(shapes)[here][apart])


@given(polygons())
def test_crossings_in_parts_are_those_in_one_go(shapes):
    whole = mask_of(shapes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(centers, "MOST_AT_ONCE", 30)
        assert np.array_equal(mask_of(shapes), whole)
        crossed = cross_rows(*joined(shapes), WIDTH, HEIGHT)
    for shape, begin, end in zip(shapes, crossed.ends, crossed.ends[1:], strict=False):
        patch = fill_patch(crossed.rows[begin:end], crossed.columns[begin:end])
        own = np.zeros_like(whole)
        if patch is not None:
            own[patch.box] = patch.values
        assert np.array_equal(own, mask_of([shape]))


def test_areas_of_thousands_of_edges_across_each_other_are_refused():
    zigzag = np.stack([np.linspace(0.5, 15.5, 7001), np.tile([1.0, 14.0], 3501)[:7001]], axis=1)
    zigzag[:, 1] += np.linspace(0, 1, 7001)
    with pytest.raises(GeometryError, match="draw them by the centers"):
        fractions_of([zigzag])


def test_far_outside_nothing_is_inside_and_no_memory_is_taken():
    far = np.array([[1e12, 1e12], [2e12, 1e12], [1e12, 3e12]])
    assert not mask_of([far]).any()
    assert measure_coverage(*joined([far]), WIDTH, HEIGHT) is None
    around = np.array([[-1e9, -1e9], [1e9, -1e9], [1e9, 1e9], [-1e9, 1e9]])
    assert mask_of([around]).all()
    assert np.allclose(fractions_of([around]), 1)
