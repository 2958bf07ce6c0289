"""Placing: a crop, a flip or a reordering of an image's axes goes back to exactly where it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pictologics import (
    GeometryError,
    Grid,
    Image,
    OptionError,
)
from pictologics.placement import place, place_with_report, transpose
from tests.factories.grids import grids

small = st.tuples(*[st.integers(2, 7)] * 3)


def image_on(grid: Grid, dtype="float32") -> Image:
    """Distinct values, so that a voxel in a wrong place shows."""
    return Image.from_grid(np.arange(np.prod(grid.shape)).reshape(grid.shape, order="F").astype(dtype), grid)


@st.composite
def rearranged(draw) -> tuple[Image, Image]:
    """An image and the same voxels in another order of axes, some of them flipped."""
    image = image_on(draw(grids(small)))
    order = draw(st.permutations(range(3)))
    array, grid = image.array.transpose(order), image.grid.permute(order)
    for axis in range(3):
        if draw(st.booleans()):
            array, grid = np.flip(array, axis), grid.flip(axis)
    return image, Image.from_grid(array, grid)


@given(rearranged())
def test_rearranged_axes_go_back(pair):
    image, other = pair
    placed = place(other, image.grid)
    np.testing.assert_array_equal(placed.array, image.array)
    assert placed.grid == image.grid
    assert placed.array.flags.f_contiguous


@given(rearranged(), st.data())
def test_a_crop_goes_back_and_the_rest_is_filled(pair, data):
    image, other = pair
    start = [data.draw(st.integers(0, n - 1)) for n in other.grid.shape]
    shape = [data.draw(st.integers(1, n - s)) for n, s in zip(other.grid.shape, start, strict=True)]
    box = tuple(slice(s, s + n) for s, n in zip(start, shape, strict=True))
    crop = Image.from_grid(other.array[box], other.grid.crop(start, shape))
    placed = place(crop, image.grid, fill_value=-7)
    kept = np.isin(image.array, crop.array)
    np.testing.assert_array_equal(placed.array, np.where(kept, image.array, -7))


def test_an_image_wholly_outside_is_said_with_all_four_corners():
    image = image_on(Grid((2, 3, 4), (1.0, 2.0, 3.0), (100.0, 0.0, 0.0)))
    (decision,) = place_with_report(image, Grid((2, 2, 2), (1.0, 2.0, 3.0))).decisions
    assert decision.warning == "content"
    assert "its corners are at [100.0, 0.0, 0.0] and [101.0, 4.0, 9.0] mm" in decision.text
    assert "the reference's at [0.0, 0.0, 0.0] and [1.0, 2.0, 3.0] mm" in decision.text


def test_where_lattices_meet_nothing_is_resampled():
    grid = Grid((2, 3, 4), (1.0, 2.0, 3.0))
    placed = place(image_on(grid), grid.crop((0, 1, 0), (2, 2, 4)))
    assert not placed.provenance.is_resampled
    finer = place(image_on(grid), Grid((3, 3, 4), (0.5, 2.0, 3.0)), 0.0, "linear")
    assert finer.provenance.is_resampled


@given(grids(small), st.tuples(*[st.integers(-9, 9)] * 3))
def test_what_lies_outside_is_cut_off(grid, offset):
    image = image_on(grid)
    shifted = Image.from_grid(image.array, grid.crop(offset, grid.shape))
    placed = place(shifted, grid, fill_value=-1)
    expected = np.full(grid.shape, -1.0)
    for index in np.ndindex(*grid.shape):
        source = np.array(index) - offset
        if (source >= 0).all() and (source < grid.shape).all():
            expected[index] = image.array[tuple(source)]
    np.testing.assert_array_equal(placed.array, expected)
    # The first voxel is 0, which is background.
    lost = np.count_nonzero(image.array) > np.count_nonzero(expected > 0)
    assert any(one.warning == "content" for one in placed.provenance.decisions) == lost


@given(grids(small), st.integers(0, 2), st.floats(0.15, 0.85))
def test_a_fractional_offset_goes_to_the_nearest_voxels_and_the_shift_is_given(grid, axis, fraction):
    assume(abs(fraction - 0.5) > 0.02)
    image = image_on(grid)
    offset = np.zeros(3)
    offset[axis] = fraction
    other = Grid(grid.shape, grid.spacing, tuple(grid.index_to_world(offset)), grid.direction)
    placed = place(Image.from_grid(image.array, other), grid, fill_value=-1)
    moved = round(fraction)
    expected = np.full(grid.shape, -1.0)
    here, there = [slice(None)] * 3, [slice(None)] * 3
    here[axis], there[axis] = slice(moved, None), slice(0, grid.shape[axis] - moved)
    expected[tuple(here)] = image.array[tuple(there)]
    np.testing.assert_array_equal(placed.array, expected)
    (shift,) = [one for one in placed.provenance.decisions if one.warning == "geometry"]
    assert not placed.provenance.is_resampled
    assert shift.value == pytest.approx(abs(moved - fraction), abs=1e-4)
    assert "moved, unchanged, to the nearest ones" in shift.text


@given(st.permutations(range(3)), st.tuples(*[st.booleans()] * 3), st.tuples(*[st.booleans()] * 3))
def test_half_a_voxel_goes_the_same_way_in_the_patient_however_both_files_are_stored(order, flips, target_flips):
    grid = Grid((4, 5, 6), (1.0, 2.0, 3.0))
    image = image_on(Grid((4, 5, 6), (1.0, 2.0, 3.0), (0.5, 1.0, 1.5)))
    expected = place(image, grid, -1)
    # To the right, the front, downwards: the first voxel lies where it would without the offset.
    np.testing.assert_array_equal(expected.array, image.array)
    array, own = image.array.transpose(order), image.grid.permute(order)
    for axis in range(3):
        if flips[axis]:
            array, own = np.flip(array, axis), own.flip(axis)
    target = grid
    for axis in range(3):
        target = target.flip(axis) if target_flips[axis] else target
    placed = place(Image.from_grid(array, own), target, -1)
    np.testing.assert_array_equal(place(placed, grid).array, expected.array)


@given(grids(small), st.integers(0, 2))
def test_another_spacing_is_refused_with_both(grid, axis):
    assume(grid.shape[axis] > 2)
    spacing = list(grid.spacing)
    spacing[axis] *= 1.25
    other = Grid(grid.shape, tuple(spacing), grid.origin, grid.direction)
    with pytest.raises(GeometryError, match="its spacing") as caught:
        place(image_on(other), grid)
    assert caught.value.values["spacing"] == pytest.approx(other.spacing)
    assert caught.value.values["reference_spacing"] == pytest.approx(grid.spacing)


def test_turned_axes_are_refused_with_the_angle():
    angle = np.radians(3.0)
    turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    with pytest.raises(GeometryError, match="turned by 3 degrees"):
        place(image_on(Grid((9, 9, 9), direction=turned)), Grid((9, 9, 9)))


def test_a_rounded_header_meets_its_reference_and_the_record_says_by_how_much():
    grid = Grid((8, 8, 8), (0.7, 0.7, 1.0), (100.0, 200.0, 300.0))
    rounded = Grid((8, 8, 8), (0.7, 0.7, 1.0), (100.02, 200.0, 300.0))
    placed = place(image_on(rounded), grid)
    assert placed.grid == grid
    (note,) = [one for one in placed.provenance.decisions if one.kind == "rounded"]
    assert note.value == pytest.approx(0.02 / 0.7)


def test_a_far_target_origin_does_not_shift_a_crop():
    # 0.02 % of spacing is nothing within the crop and most of a voxel at the far end of the target.
    target = Grid((2000, 4, 4), (1.0, 1.0, 1.0))
    crop = Grid((5, 4, 4), (1.0002, 1.0, 1.0), (1990.0, 0.0, 0.0))
    placed = place(image_on(crop), target, fill_value=-1)
    np.testing.assert_array_equal(placed.array[1990:1995], image_on(crop).array)


def test_the_type_is_kept_and_widened_only_for_the_fill_value():
    grid = Grid((3, 3, 3))
    crop = image_on(grid.crop((1, 1, 1), (1, 1, 1)), "uint8")
    assert place(crop, grid).array.dtype == np.uint8
    assert place(crop, grid, fill_value=255).array.dtype == np.uint8
    assert place(crop, grid, fill_value=-1024).array.dtype == np.int16
    assert place(crop, grid, fill_value=0.5).array.dtype.kind == "f"
    assert place(image_on(crop.grid), grid, fill_value=-1024).array.dtype == np.float32


def test_a_source_mask_is_false_outside_the_image():
    grid = Grid((3, 3, 3))
    crop = image_on(grid.crop((1, 0, 0), (2, 3, 3)))
    placed = place(crop.with_source_mask(np.ones((2, 3, 3), bool)), grid)
    assert placed.source_mask.sum() == 18
    assert not placed.source_mask[0].any()


def test_an_image_already_in_place_is_copied():
    image = image_on(Grid((3, 4, 5)))
    placed = place(image, image.grid)
    assert placed.equals(image)
    placed.array[...] = -1
    assert image.array.min() == 0


@pytest.mark.parametrize("header", ["right", "unaware"])
def test_transposed_axes(header):
    """A file whose y and z are exchanged, with a header that says so and with one that does not know."""
    reference = image_on(Grid((3, 4, 5), (1.0, 2.0, 3.0), (10.0, 20.0, 30.0)))
    stored = reference.array.transpose(0, 2, 1)
    direction = np.eye(3)[:, [0, 2, 1]] if header == "right" else np.eye(3)
    wrong = Image(stored, (1.0, 3.0, 2.0), reference.origin, direction)
    placed = place(transpose(wrong, (0, 2, 1), reference.grid), reference.grid)
    np.testing.assert_array_equal(placed.array, reference.array)


@pytest.mark.parametrize("axes", [(0, 1), (0, 0, 1), (1, 2, 3), "xyz", None, (0, 1, 2, 3)])
def test_axes_that_are_no_order_are_refused(axes):
    image = image_on(Grid((3, 4, 5)))
    with pytest.raises(OptionError, match="transpose_axes"):
        transpose(image, axes, image.grid)


# --- lattices that do not meet ---


def test_without_an_interpolation_the_error_says_what_to_pass():
    image = image_on(Grid((4, 4, 4), (1.1, 1.0, 1.0)))
    with pytest.raises(GeometryError, match='pass interpolation="nearest" for masks'):
        place(image, Grid((4, 4, 4)))


def test_resampling_is_not_advised_where_nothing_is_in_common():
    image = image_on(Grid((4, 4, 4), (1.1, 1.0, 1.0), (900, 0, 0)))
    with pytest.raises(GeometryError, match=r"wholly outside the reference: it reaches from \[900.0, .*") as caught:
        place(image, Grid((4, 4, 4)))
    assert "interpolation" not in str(caught.value)
    # The halves of the outermost voxels are still in common.
    with pytest.raises(GeometryError, match="resample it"):
        place(image_on(Grid((4, 4, 4), (1.1, 1.0, 1.0), (4.0, 0, 0))), Grid((4, 4, 4)))


@given(rearranged(), st.sampled_from(["nearest", "linear", "cubic"]))
def test_where_lattices_meet_no_value_changes_whatever_the_interpolation(pair, method):
    image, other = pair
    np.testing.assert_array_equal(place(other, image.grid, interpolation=method).array, image.array)


@given(grids(small), grids(st.tuples(*[st.integers(3, 9)] * 3)))
def test_nearest_takes_the_voxel_in_which_a_center_lies(grid, target):
    # Two grids that overlap: the target's middle lies on the image's.
    middle = grid.index_to_world((np.array(grid.shape) - 1) / 2)
    half = (np.array(target.shape) - 1) / 2 * target.spacing
    target = Grid(target.shape, target.spacing, tuple(middle - target.direction @ half), target.direction)
    placed = place(image_on(grid, "int32"), target, fill_value=-1, interpolation="nearest")
    at = grid.world_to_index(target.index_to_world(np.moveaxis(np.indices(target.shape), 0, -1)))
    # Centers on a face between two voxels may go either way.
    clear = (np.abs(at - np.floor(at) - 0.5) > 0.02).all(axis=-1)
    nearest = np.round(at).astype(int)
    inside = ((nearest >= 0) & (nearest < grid.shape)).all(axis=-1)
    nearest[~inside] = 0
    expected = np.where(inside, image_on(grid, "int32").array[tuple(np.moveaxis(nearest, -1, 0))], -1)
    np.testing.assert_array_equal(placed.array[clear], expected[clear])
    assert placed.array.dtype == np.int32
    assert placed.array.flags.f_contiguous


def test_resampling_is_told_with_its_numbers_and_warned_of_on_demand():
    image = image_on(Grid((4, 4, 4), origin=(0.5, 0.0, 0.0)))
    grid = Grid((4, 4, 6))
    (told,) = place(image, grid, interpolation="linear").provenance.decisions
    assert (told.kind, told.warning) == ("resampled", None)
    # x = 0 is half a voxel before the first center, on the edge of the image; z = 4 and 5 are outside.
    assert "32 of 96 voxels lie outside the image and hold 0" in told.text
    wide = image_on(Grid((4, 4, 4), (1.1, 1.0, 1.0)))
    warned = place(wide, Grid((5, 4, 4)), fallback="nearest").provenance.decisions[0]
    assert (warned.kind, warned.warning) == ("resampled", "geometry")
    assert "its spacing" in warned.text


def test_outside_the_image_resampled_voxels_are_filled_and_invalid():
    image = image_on(Grid((4, 4, 4))).with_source_mask(np.ones((4, 4, 4), bool))
    target = Grid((8, 4, 4), (1.0, 1.0, 1.0), (0.25, 0.0, 0.0))
    placed = place(image, target, fill_value=-5, interpolation="linear")
    np.testing.assert_allclose(placed.array[:4, 0, 0], [0.25, 1.25, 2.25, 3.0])
    np.testing.assert_array_equal(placed.array[4:], -5)
    assert placed.source_mask[:4].all()
    assert not placed.source_mask[4:].any()


def test_what_lies_wholly_outside_is_warned_of_when_resampled_too():
    placed = place(image_on(Grid((3, 3, 3), origin=(90.5, 0, 0))), Grid((3, 3, 3)), -1, "cubic")
    assert (placed.array == -1).all()
    assert [one.warning for one in placed.provenance.decisions] == ["content"]


@pytest.mark.parametrize("method", ["linear", "cubic"])
def test_labels_are_not_averaged(method):
    labels = Image(np.ones((4, 4, 4), np.uint8), (1, 1, 1), (0.5, 0, 0), modality="SEG")
    with pytest.raises(OptionError, match=r'would invent labels; pass mask_threshold=0.5 or interpolation="nearest"'):
        place(labels, Grid((4, 4, 4)), interpolation=method)
