"""Irregular stacks made regular: the same data at the same places, and nothing invented."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import pictologics
from pictologics import GeometryError
from pictologics.dicom.stacks.rectifying import rectify, refuse_sparse
from pictologics.dicom.stacks.regularity import StackGeometry
from pictologics.geometry import CORNER_ERROR_NOTED
from tests.factories.grids import rotations
from tests.factories.phantom import OBLIQUE
from tests.factories.stacks import ramp, sampled, stack_of

FILL = -5000.0
#: In voxels and in gaps: where a point counts as on the edge of a plane, or on it.
ROUNDING = 1e-6


def world_of(grid) -> np.ndarray:
    return grid.index_to_world(np.stack(np.indices(grid.shape), axis=-1))


def has_data(stack: StackGeometry, grid, long: float = np.inf) -> np.ndarray:
    """Whether the slices above and below each voxel both hold data there, point by point from the definition.

    Gaps longer than ``long`` mm hold none.
    """
    along = (world_of(grid) - stack.positions[0]) @ grid.direction
    heights = stack.offsets[:, 2]
    size = np.array(stack.grid.shape[:2])
    # Whether a point lies on slice k where that slice has pixels, for all k.
    covered = [
        ((along[..., :2] - stack.offsets[k, :2]) / stack.grid.spacing[:2] >= -ROUNDING).all(axis=-1)
        & ((along[..., :2] - stack.offsets[k, :2]) / stack.grid.spacing[:2] <= size - 1 + ROUNDING).all(axis=-1)
        for k in range(heights.size)
    ]
    valid = np.zeros(grid.shape, bool)
    for k, height in enumerate(heights):
        valid |= covered[k] & (np.abs(along[..., 2] - height) < CORNER_ERROR_NOTED * grid.spacing[2])
    for k in np.flatnonzero(np.diff(heights) <= long):
        between = (along[..., 2] > heights[k]) & (along[..., 2] < heights[k + 1])
        between &= np.abs(along[..., 2:] - heights[[k, k + 1]]).min(axis=-1) >= CORNER_ERROR_NOTED * grid.spacing[2]
        valid |= between & covered[k] & covered[k + 1]
    return valid


def check(stack: StackGeometry, long: float = np.inf, dtype="float64", tolerance: float = 1e-9):
    """Rectify a ramp; its values, mask, type and order are what the definition says."""
    array = sampled(stack, ramp, dtype)
    before = array.copy()
    done = rectify(array, stack, FILL)
    np.testing.assert_array_equal(array, before)
    assert done.array.dtype == array.dtype
    assert done.array.shape == done.grid.shape == done.source_mask.shape
    assert done.array.flags.f_contiguous
    assert done.source_mask.flags.f_contiguous
    assert done.source_mask.dtype == np.bool_
    np.testing.assert_array_equal(done.source_mask, has_data(stack, done.grid, long))
    assert (done.array[~done.source_mask] == FILL).all()
    truth = ramp(world_of(done.grid))
    off = np.abs(done.array - truth)[done.source_mask]
    assert off.max() <= tolerance + 1e-12 * np.abs(truth).max(), off.max()
    # Nothing is cut off: every corner of every plane lies in the volume, or less than a step above it.
    for x in (0, stack.grid.shape[0] - 1):
        for y in (0, stack.grid.shape[1] - 1):
            offset = stack.grid.direction[:, :2] @ (np.array([x, y]) * stack.grid.spacing[:2])
            index = done.grid.world_to_index(stack.positions + offset)
            assert (index > -0.1).all()
            assert (index[:, :2] < np.array(done.grid.shape[:2]) - 0.9).all()
            assert (index[:, 2] < done.grid.shape[2]).all()
    return done


directions = st.one_of(st.just(np.eye(3)), rotations())
quarters = st.integers(-12, 12).map(lambda k: k / 4)


# --- what is there is kept ---


def test_a_regular_stack_stays_as_it_is():
    stack = stack_of(np.arange(6) * 2.5, direction=OBLIQUE)
    array = sampled(stack, ramp, "float32")
    done = rectify(array, stack, FILL)
    np.testing.assert_array_equal(done.array, array)
    assert done.source_mask.all()
    assert done.grid.corner_error(stack.grid) < 1e-9
    assert done.decisions == ()


def test_one_slice_stays_as_it_is():
    stack = stack_of([0.0])
    array = sampled(stack, ramp)
    done = rectify(array, stack, FILL)
    np.testing.assert_array_equal(done.array, array)
    assert done.grid == stack.grid


@given(st.sets(st.integers(1, 18), min_size=1, max_size=6), directions, st.sampled_from(["float32", "float64"]))
@settings(max_examples=30)
def test_slices_around_missing_ones_stay_bit_exact(gone, direction, dtype):
    kept = np.setdiff1d(np.arange(20), list(gone))
    stack = stack_of(kept * 2.5, direction=direction)
    array = np.asfortranarray(np.random.default_rng(len(gone)).normal(size=stack.grid.shape), dtype)
    done = rectify(array, stack, FILL)
    assert done.grid.shape == (9, 7, 20)
    assert done.grid.spacing[2] == pytest.approx(2.5, rel=1e-12)
    np.testing.assert_allclose(done.grid.origin, stack.positions[0], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(done.array[:, :, kept], array)
    assert (done.array[:, :, list(gone)] == FILL).all()
    assert done.source_mask[:, :, kept].all()
    assert not done.source_mask[:, :, list(gone)].any()
    (decision,) = done.decisions
    assert decision.kind == "resampled"
    assert f"{len(gone)} slice" in decision.text
    assert decision.value == pytest.approx(2.5)


@given(st.lists(st.floats(-1e-3, 1e-3), min_size=39, max_size=39))
@settings(max_examples=20)
def test_rounded_positions_never_blur_slices(noise):
    """Positions are written to a thousandth of a millimeter: the slices stay bit-exact, also in the plane."""
    kept = np.delete(np.arange(15), [4, 9])
    stack = stack_of(kept * 1.25)
    stack = replace(stack, positions=stack.positions + np.reshape(noise, (13, 3)))
    array = sampled(stack, ramp)
    done = rectify(array, stack, FILL)
    np.testing.assert_array_equal(done.array[:, :, kept], array)
    assert [d.kind for d in done.decisions] == ["resampled"]


def test_what_the_tolerance_hides_is_recorded():
    heights = np.array([0, 2.5, 5.0, 7.6, 12.5, 15.0])
    done = rectify(sampled(stack_of(heights), ramp), stack_of(heights), FILL)
    assert [d.kind for d in done.decisions] == ["resampled", "rounded"]
    assert done.decisions[1].value == pytest.approx(0.04, rel=1e-6)


def test_a_drift_below_the_tolerance_never_blurs_slices():
    heights = np.delete(np.arange(8), [3]) * 2.5
    stack = stack_of(heights, np.outer(heights / 17.5, (0.05 * 0.75, -0.09 * 1.125)))
    array = sampled(stack, ramp)
    done = rectify(array, stack, FILL)
    assert done.grid.shape == (9, 7, 8)
    np.testing.assert_array_equal(done.array[:, :, [0, 1, 2, 4, 5, 6, 7]], array)
    assert done.decisions[-1].kind == "rounded"
    assert done.decisions[-1].value == pytest.approx(np.hypot(0.05, 0.09))


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=5, max_size=5), directions)
@settings(max_examples=30)
def test_whole_voxels_are_moved_exactly(voxels, direction):
    voxels = np.array(voxels) - voxels[0]
    stack = stack_of(np.arange(5) * 2.5, voxels * (0.75, 1.125), direction=direction)
    array = np.asfortranarray(np.random.default_rng(0).normal(size=stack.grid.shape), "float32")
    done = rectify(array, stack, FILL)
    low = voxels.min(axis=0)
    assert done.grid.shape[:2] == tuple(np.array([9, 7]) + voxels.max(axis=0) - low)
    for k, (x, y) in enumerate(voxels - low):
        np.testing.assert_array_equal(done.array[x : x + 9, y : y + 7, k], array[:, :, k])
        inside = np.zeros(done.grid.shape[:2], bool)
        inside[x : x + 9, y : y + 7] = True
        np.testing.assert_array_equal(done.source_mask[:, :, k], inside)
    np.testing.assert_allclose(done.grid.index_to_world((*-low, 0)), stack.positions[0], rtol=0, atol=1e-9)


# --- a ramp in the world comes out as that ramp ---


@given(st.tuples(quarters, quarters), directions, st.integers(2, 8))
def test_tilted_either_way(rate, direction, count):
    """A negative shift moves the origin; parts of a voxel are interpolated."""
    stack = stack_of(np.arange(count) * 2.0, np.array(rate) * (0.75, 1.125) / 2, direction=direction)
    done = check(stack)
    assert done.grid.spacing[2] == pytest.approx(2.0)
    assert done.grid.shape[2] == count


@given(st.lists(st.tuples(quarters, quarters), min_size=6, max_size=6), directions)
def test_shifted_sideways_anyhow(voxels, direction):
    """Some slices may not overlap the next at all."""
    voxels = (np.array(voxels) - voxels[0]) * 3
    check(stack_of(np.arange(6) * 2.0, voxels * (0.75, 1.125), direction=direction))


@given(st.lists(st.floats(2.0, 3.0), min_size=2, max_size=12), directions, st.tuples(quarters, quarters))
def test_uneven_spacing_is_interpolated(gaps, direction, rate):
    """No gap has room for a slice, so that every voxel between two slices holds data."""
    heights = np.concatenate([[0], np.cumsum(gaps)])
    assume(np.abs(heights / heights[-1] * len(gaps) - np.arange(heights.size)).max() > 0.11)
    stack = stack_of(heights, np.round(np.outer(heights, rate)) / 4 * (0.75, 1.125), direction=direction)
    # A plane within a hundredth of a step of a slice is that slice, and holds what lies there.
    slope = np.abs(direction.T @ [2.0, -3.0, 5.0])
    check(stack, tolerance=CORNER_ERROR_NOTED * 3.0 * slope[2])


@pytest.mark.parametrize("rate", [(0, 0), (0, 0.25), (-0.5, 0.25)])
def test_uneven_spacing_comes_out_at_the_finest_step(rate):
    gaps = [2.0, 2.0, 3.5, 3.0, 2.0, 2.5]
    heights = np.concatenate([[0], np.cumsum(gaps)])
    stack = stack_of(heights, np.outer(heights, rate) * (0.75, 1.125), direction=OBLIQUE)
    done = check(stack)
    assert done.grid.spacing[2] == pytest.approx(2.0)
    assert done.grid.shape[2] == 8
    array = sampled(stack, ramp)
    texts = " ".join(d.text for d in done.decisions)
    assert "2 to 3.5 mm" in texts
    assert "the last 1 mm" in texts
    assert all(d.kind == "resampled" for d in done.decisions)
    if rate == (0, 0):
        np.testing.assert_array_equal(done.array[:, :, :3], array[:, :, :3])


@pytest.mark.parametrize(("offset", "step"), [(2.0, 2.0), (0.5, 0.5), (1.7, 1.7), (5 / 3, 5 / 3)])
def test_interleaved_lattices_are_woven_together(offset, step):
    """Two stacks 5 mm apart, one beside the other; also where both happen to lie on one finer lattice."""
    heights = np.sort(np.concatenate([np.arange(6) * 5.0, np.arange(6) * 5.0 + offset]))
    second = np.isclose(heights % 5, offset)
    stack = stack_of(heights, np.outer(second, (1.5, -2.25)), direction=OBLIQUE)
    done = check(stack, tolerance=0.02 * step * 20)
    assert done.grid.spacing[2] == pytest.approx(step, rel=0.01)
    inner = done.source_mask[2:-2, 3:-3]
    assert inner.all()


def test_a_change_of_spacing_is_no_missing_slice():
    """5 mm through the skull base and 10 mm above it lie on one lattice of 5 mm, and nothing is missing."""
    heights = np.concatenate([np.arange(8) * 5.0, 35 + np.arange(1, 9) * 10.0])
    stack = stack_of(heights, (0, 0.25))
    done = check(stack)
    assert done.grid.spacing[2] == pytest.approx(5.0)
    assert done.grid.shape[2] == 24
    level = stack_of(heights)
    array = sampled(level, ramp)
    np.testing.assert_array_equal(rectify(array, level, FILL).array[:, :, :8], array[:, :, :8])


def test_one_short_gap_is_not_the_step():
    """Where two blocks meet, two slices lie close together; the volume keeps the step of the finer block."""
    heights = np.concatenate([np.arange(14) * 4.0, 53.1 + np.arange(14) * 7.0])
    done = check(stack_of(heights, (0, 0.25)), tolerance=0.05 * 4 * 7)
    assert done.grid.spacing[2] == pytest.approx(4.0, rel=0.01)
    # The last plane is the last slice, for the price of a thousandth of the step.
    assert (done.grid.shape[2] - 1) * done.grid.spacing[2] == pytest.approx(144.1)


def test_a_room_for_a_slice_in_an_uneven_stack_stays_empty():
    gaps = np.array([4.0] * 6 + [8.0] + [4.0] * 4 + [1.1] + [7.0] * 6 + [14.0] + [7.0] * 4)
    stack = stack_of(np.concatenate([[0], np.cumsum(gaps)]), (0.125, -0.25))
    long = np.where((gaps == 8) | (gaps == 14))[0]
    array = sampled(stack, ramp)
    done = rectify(array, stack, FILL)
    heights = (world_of(done.grid)[0, 0] - stack.positions[0]) @ done.grid.direction[:, 2]
    said = stack.offsets[:, 2]
    rooms = np.zeros(heights.size, bool)
    for k in long:
        rooms |= (heights > said[k] + 0.05) & (heights < said[k + 1] - 0.05)
    assert rooms.sum() >= 3
    np.testing.assert_array_equal(done.source_mask.any(axis=(0, 1)), ~rooms)
    truth = ramp(world_of(done.grid))
    assert np.abs(done.array - truth)[done.source_mask].max() < 0.02 * 4 * 7
    text = done.decisions[-1].text
    assert f"{rooms.sum()} plane" in text and "no slice: invalid" in text
    assert (
        f"17 of them interpolated between two slices and {heights.size - 17 - rooms.sum()} slices as they were" in text
    )


def test_interpolated_planes_are_counted():
    """Planes each 2 mm: those at 10, 12, 16 and 18 mm lie between slices."""
    stack = stack_of([0, 2, 4, 6, 8, 11, 14, 17, 20])
    (decision,) = rectify(sampled(stack, ramp), stack, FILL).decisions
    counted = "2 mm apart, 4 of them interpolated between two slices and 7 slices as they were"
    assert decision.text.endswith(counted)


def test_a_slice_that_cannot_be_placed_is_named():
    """It stands alone between two long gaps, and no plane meets it."""
    gaps = [2.0, 2.1, 2.0, 2.1, 9.1, 9.0, 2.1, 2.0, 2.0, 2.1]
    stack = stack_of(np.concatenate([[0], np.cumsum(gaps)]))
    done = rectify(sampled(stack, ramp), stack, FILL)
    (lost,) = [d for d in done.decisions if d.kind == "left out"]
    assert lost.text.endswith("6 (at 17.3 mm)")
    assert lost.value == 1
    assert lost.warning == "geometry"


@given(st.floats(-300, 300), st.floats(1.0, 30.0), st.tuples(quarters, quarters))
@settings(max_examples=25)
def test_float32_is_as_exact_as_float32_is(start, step, rate):
    stack = stack_of(np.arange(5) * step, np.array(rate) * (0.75, 1.125) / step, origin=(start, -start, 7.0))
    done = rectify(sampled(stack, ramp, "float32"), stack, FILL)
    assert done.array.dtype == np.float32
    truth = ramp(world_of(done.grid))
    np.testing.assert_allclose(done.array[done.source_mask], truth[done.source_mask], rtol=0, atol=1e-3)


def test_a_sphere_is_round_again():
    """A tilt of 20 degrees shears a sphere by half its size; made regular, its moments are those of a sphere."""
    center, radius = np.array([30.0, 46.0, 30.0]), 18.0

    def sphere(position):
        return np.clip(radius - np.linalg.norm(position - center, axis=-1) + 0.5, 0, 1)

    stack = stack_of(np.arange(31) * 2.0, (0, np.tan(np.radians(20))), shape=(60, 70), spacing=(1, 1), origin=(0, 0, 0))
    done = rectify(sampled(stack, sphere), stack, 0.0)
    weight = done.array[..., None] / done.array.sum()
    world = world_of(done.grid)
    middle = (world * weight).sum(axis=(0, 1, 2))
    np.testing.assert_allclose(middle, center, rtol=0, atol=0.02)
    spread = np.einsum("xyzi,xyzj,xyz->ij", world - middle, world - middle, weight[..., 0])
    np.testing.assert_allclose(spread, np.eye(3) * radius**2 / 5, rtol=0, atol=0.6)
    volume = done.array.sum() * np.prod(done.grid.spacing)
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)


# --- nothing is interpolated with what is no data ---


@pytest.mark.parametrize("rate", [(0.3, -0.7), (-0.2, 0.45)])
@pytest.mark.parametrize("heights", [np.arange(6) * 2.0, [0, 2, 4, 7, 9.5, 13]])
def test_nothing_is_interpolated_across_the_edge(heights, rate):
    stack = stack_of(heights, rate)
    array = np.full(stack.grid.shape, 1000.0, "float32", order="F")
    done = rectify(array, stack, FILL)
    assert set(np.unique(done.array)) == {1000.0, FILL}
    np.testing.assert_array_equal(done.source_mask, done.array == 1000.0)


@given(st.integers(0, 2**32 - 1), st.tuples(quarters, quarters), st.booleans())
@settings(max_examples=30)
def test_nothing_is_interpolated_with_invalid_voxels(seed, rate, uneven):
    """Invalid voxels hold NaN here, which would spread; a plane of theirs is dropped just where it is needed."""
    heights = np.array([0, 2, 4, 7, 9.5, 13]) if uneven else np.arange(6) * 2.0
    stack = stack_of(heights, np.round(np.outer(heights, rate)) / 4 * (0.75, 1.125))
    known = np.random.default_rng(seed).random(stack.grid.shape) < 0.9
    array = sampled(stack, ramp)
    array[~known] = np.nan
    whole = rectify(sampled(stack, ramp), stack, FILL)
    done = rectify(array, stack, FILL, source_mask=np.asfortranarray(known))
    # Where NaN alone would spread is where a voxel without data has a share.
    spread = rectify(array, stack, FILL).array
    np.testing.assert_array_equal(done.source_mask, whole.source_mask & ~np.isnan(spread))
    np.testing.assert_array_equal(done.array[done.source_mask], whole.array[done.source_mask])
    assert (done.array[~done.source_mask] == FILL).all()


def test_infinite_values_are_silent():
    stack = stack_of(np.arange(4) * 2.0, (0, 0.3))
    array = sampled(stack, ramp)
    array[4] = np.inf
    assert rectify(array, stack, FILL).source_mask.any()


# --- threads, memory order, limits ---


def test_any_number_of_threads_and_any_order_of_memory_gives_the_same():
    heights = np.concatenate([[0], np.cumsum([2.0, 3.1, 2.2, 2.9, 2.0, 2.4])])
    stack = stack_of(heights, (0.3, -0.4))
    array = sampled(stack, ramp)
    results = []
    for threads in (1, 2, 5):
        pictologics.set_num_threads(threads)
        results.append(rectify(array, stack, FILL))
    pictologics.set_num_threads(None)
    results.append(rectify(np.ascontiguousarray(array), stack, FILL))
    for result in results[1:]:
        np.testing.assert_array_equal(result.array, results[0].array)
        np.testing.assert_array_equal(result.source_mask, results[0].source_mask)


def test_memory_is_the_volume_and_a_few_slices():
    stack = stack_of(np.arange(60) * 2.0, (0.1, 0.2), shape=(128, 128), spacing=(1, 1))
    array = np.zeros((128, 128, 60), "float32", order="F")
    pictologics.set_num_threads(2)
    tracemalloc.start()
    done = rectify(array, stack, FILL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    pictologics.set_num_threads(None)
    assert peak < done.array.nbytes + done.source_mask.nbytes + 10 * 128 * 128 * 4


@pytest.mark.parametrize(
    ("heights", "shifts"),
    [
        ([0, 1, 2, 1e12], None),
        ([0, 1, 2.3, 1e12], None),
        ([0, 1, 2, 3], [(0, 0), (0, 0), (1e12, 0), (0, 0)]),
        ([0, 1, 2, 1e300], None),
        ([0, 1, 2, 3], [(0, 0), (0, 0), (0, 1e200), (0, 0)]),
    ],
)
def test_a_volume_of_almost_nothing_is_refused(heights, shifts):
    stack = stack_of(heights, shifts, origin=(0, 0, 0))
    with pytest.raises(GeometryError, match="so far apart"):
        rectify(np.zeros(stack.grid.shape, order="F"), stack, FILL)


def test_the_volume_of_almost_nothing_is_named_with_its_last_plane():
    stack = stack_of([0, 1, 2.3, 1e9], origin=(0, 0, 0))
    with pytest.raises(GeometryError) as caught:
        rectify(np.zeros(stack.grid.shape, order="F"), stack, FILL)
    assert caught.value.values["shape"] == (*stack.grid.shape[:2], 1e9 + 1)


def test_a_large_volume_may_have_32_times_the_voxels_of_its_slices():
    stack = stack_of([0, 1, 2, 3], shape=(4096, 4096), origin=(0, 0, 0))
    refuse_sparse((4096, 4096, 4 * 32), stack)
    with pytest.raises(GeometryError, match="4096 x 4096 x 129 voxels"):
        refuse_sparse((4096, 4096, 4 * 32 + 1), stack)


def test_a_small_volume_may_be_almost_empty():
    """Whatever share of it the slices fill: it is the memory that counts."""
    stack = stack_of([0, 1, 2, 300], origin=(0, 0, 0))
    assert rectify(np.zeros(stack.grid.shape, order="F"), stack, FILL).array.shape[2] == 301


def test_planes_that_differ_in_more_than_their_place_are_refused():
    stack = stack_of(np.arange(4) * 2.0)
    spacings = stack.pixel_spacings.copy()
    spacings[2] *= 1.1
    with pytest.raises(GeometryError, match="PixelSpacing runs from"):
        rectify(sampled(stack, ramp), replace(stack, pixel_spacings=spacings), FILL)
    turned = np.tile(OBLIQUE[:, 0], (4, 1))
    with pytest.raises(GeometryError, match="turned"):
        rectify(sampled(stack, ramp), replace(stack, row_axes=turned), FILL)
