"""Another spacing and another grid: where the voxels lie, and what they hold."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import ndimage

from pictologics import (
    ContentWarning,
    GeometryError,
    GeometryWarning,
    Grid,
    Image,
    OptionError,
    load_image,
)
from pictologics.preprocessing import resample_image, resample_to
from tests.factories.grids import grids

small = st.tuples(*[st.integers(1, 12)] * 3)
factors = st.tuples(*[st.floats(0.3, 3.0)] * 3).map(np.array)
METHODS = ["nearest", "linear", "cubic"]


def noise_on(grid: Grid, dtype="float32", seed=0) -> Image:
    array = np.random.default_rng(seed).uniform(-1000, 1000, grid.shape).astype(dtype)
    return Image.from_grid(np.asfortranarray(array), grid, modality="CT", metadata={"units": "HU"})


def positions(grid: Grid) -> np.ndarray:
    """World positions of all voxels, (x, y, z, 3)."""
    return grid.index_to_world(np.moveaxis(np.indices(grid.shape), 0, -1))


def to_sitk(image: Image) -> sitk.Image:
    made = sitk.GetImageFromArray(np.ascontiguousarray(image.array.T))
    made.SetSpacing(image.spacing)
    made.SetOrigin(image.origin)
    made.SetDirection(image.direction.ravel())
    return made


def sitk_resample(image: Image, grid: Grid, interpolator) -> np.ndarray:
    like = sitk.Image(*map(int, grid.shape), sitk.sitkUInt8)
    like.SetSpacing(grid.spacing)
    like.SetOrigin(grid.origin)
    like.SetDirection(grid.direction.ravel())
    resampled = sitk.Resample(to_sitk(image), like, sitk.Transform(), interpolator, -5000.0)
    return sitk.GetArrayFromImage(resampled).T


# --- where the voxels lie ---


@given(grids(small), factors)
def test_the_new_grid_has_the_old_center_directions_and_enough_voxels(grid, factor):
    spacing = tuple(factor * grid.spacing)
    made = resample_image(noise_on(grid), spacing)
    np.testing.assert_array_equal(made.direction, grid.direction)
    assert made.spacing == spacing
    old = grid.index_to_world((np.array(grid.shape) - 1) / 2)
    new = made.grid.index_to_world((np.array(made.array.shape) - 1) / 2)
    np.testing.assert_allclose(new, old, atol=1e-9)
    extent, old_extent = np.array(made.array.shape) * spacing, np.array(grid.shape) * grid.spacing
    assert (extent >= old_extent * (1 - 1e-5)).all()
    assert ((extent - spacing < old_extent) | (np.array(made.array.shape) == 1)).all()
    assert made.modality == "CT"
    assert made.metadata == {"units": "HU"}


@given(grids(st.tuples(*[st.integers(2, 9)] * 3)), factors)
def test_a_linear_field_stays_where_it_is_in_the_world(grid, factor):
    slope = np.array([0.7, -1.3, 0.4]) / np.linalg.norm(grid.spacing)
    middle = grid.index_to_world((np.array(grid.shape) - 1) / 2)

    def field(on: Grid) -> np.ndarray:
        return (positions(on) - middle) @ slope

    made = resample_image(Image.from_grid(field(grid), grid), factor * grid.spacing)
    index = grid.world_to_index(positions(made.grid))
    inner = ((index >= 0) & (index <= np.array(grid.shape) - 1)).all(axis=-1)
    np.testing.assert_allclose(made.array[inner], field(made.grid)[inner], atol=1e-9)


def test_sizes_and_origins_by_hand():
    image = noise_on(Grid((512, 512, 300), (0.9, 0.9, 1.0)).crop((0, 0, 0), (10, 20, 30)))
    assert resample_image(image, (1, 1, 1)).array.shape == (9, 18, 30)
    # 10 x 0.3 / 0.1 is 30.000000000000004 in floating point, and 30 voxels.
    assert resample_image(noise_on(Grid((10, 10, 10), (0.3, 0.3, 0.3))), (0.1, 0.3, 0.6)).array.shape == (30, 10, 5)
    # IBSI reference manual: the digital phantom of 4 x 4 x 3 voxels of 3 mm at 2 mm.
    made = resample_image(noise_on(Grid((4, 4, 3), (3.0, 3.0, 3.0))), (2, 2, 2))
    assert made.array.shape == (6, 6, 5)
    assert made.origin == (-0.5, -0.5, -1.0)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_spacing_changes_nothing(method):
    image = noise_on(Grid((7, 8, 9), (0.7, 0.8, 2.5), (-91.0, 13.7, 44.0)))
    made = resample_image(image, image.spacing, method)
    assert made.grid == image.grid
    np.testing.assert_array_equal(made.array, image.array)


# --- what they hold ---


@given(grids(st.tuples(*[st.integers(2, 14)] * 3)), factors, st.sampled_from(METHODS))
def test_scipy_gives_the_same(grid, factor, method):
    image = noise_on(grid)
    made = resample_image(image, factor * grid.spacing, method)
    at = np.moveaxis(grid.world_to_index(positions(made.grid)), -1, 0)
    order = {"nearest": 0, "linear": 1, "cubic": 3}[method]
    expected = ndimage.map_coordinates(image.array.astype(float), at, order=order, mode="nearest")
    clear = (np.abs(at - np.floor(at) - 0.5) > 1e-4).all(axis=0) | (method != "nearest")
    np.testing.assert_allclose(made.array[clear], expected[clear], rtol=0, atol=3e-3)
    assert made.array.dtype == np.float32


@given(grids(st.tuples(*[st.integers(4, 14)] * 3)), grids(st.tuples(*[st.integers(4, 9)] * 3)))
def test_simpleitk_gives_the_same_on_any_grid(grid, target):
    # The target's middle is brought to the image's, with voxels small enough to see it.
    spacing = min(grid.spacing) * np.array([0.93, 0.81, 0.55])
    middle = grid.index_to_world((np.array(grid.shape) - 1) / 2)
    start = middle - target.direction @ ((np.array(target.shape) - 1) / 2 * spacing)
    target = Grid(target.shape, tuple(spacing), tuple(start), target.direction)
    turned = np.sort(np.abs(grid.index_map(target)[:3, :3]), axis=0)[1].max()
    assume(turned < 1e-9 or turned > 0.01)  # what is straight within the tolerance may differ by as much
    image = noise_on(grid)
    for method, interpolator in (("linear", sitk.sitkLinear), ("nearest", sitk.sitkNearestNeighbor)):
        made = resample_to(image, Image.from_grid(np.zeros(target.shape), target), method, -5000.0)
        index = grid.world_to_index(positions(target))
        edge = np.minimum(np.abs(index + 0.5), np.abs(index - np.array(grid.shape) + 0.5)).min(axis=-1)
        tie = np.abs(index - np.floor(index) - 0.5).min(axis=-1)
        clear = (edge > 1e-4) & ((tie > 1e-4) | (method == "linear"))
        expected = sitk_resample(image, target, interpolator)
        np.testing.assert_allclose(made.array[clear], expected[clear], rtol=0, atol=3e-3)
        assert made.grid == target


def test_labels_by_nearest_neighbor_are_labels():
    labels = np.random.default_rng(0).choice([0, 3, 700], (9, 9, 9)).astype(np.uint16)
    image = Image(labels, (1, 1, 1), (0, 0, 0), modality="SEG", labels={3: "liver", 700: "spleen"})
    made = resample_image(image, (0.7, 1.3, 0.4), "nearest")
    assert made.array.dtype == np.uint16
    assert set(np.unique(made.array)) == {0, 3, 700}
    assert made.labels == image.labels


def test_rounding_gives_whole_numbers_of_the_same_type():
    image = noise_on(Grid((7, 8, 9)))
    plain = resample_image(image, (0.7, 0.8, 1.1))
    rounded = resample_image(image, (0.7, 0.8, 1.1), round_intensities=True)
    np.testing.assert_array_equal(rounded.array, np.rint(plain.array))
    assert rounded.array.dtype == np.float32


def test_a_constant_boundary_takes_nothing_from_outside():
    image = Image(np.full((4, 1, 1), 7.0), (2, 1, 1), (0, 0, 0))
    made = resample_image(image, (1, 1, 1), boundary_mode="constant", fill_value=-1)
    assert made.array.ravel().tolist() == [-1, 7, 7, 7, 7, 7, 7, -1]


def test_wrap_goes_on_with_the_opposite_side():
    image = Image(np.array([0.0, 4.0, 8.0]).reshape(3, 1, 1), (2, 1, 1), (0, 0, 0))
    assert resample_image(image, (1, 1, 1), boundary_mode="wrap").array.ravel().tolist() == [2, 1, 3, 5, 7, 6]


# --- valid voxels ---


@pytest.mark.parametrize("method", METHODS)
def test_a_lesion_in_a_box_of_sentinels_keeps_its_values(method):
    x, y, z = np.indices((20, 20, 20)) - 9.5
    valid = x**2 + y**2 + z**2 < 64
    image = Image(np.where(valid, 40.0, -2048.0), (1, 1, 1), (0, 0, 0)).with_source_mask(valid)
    made = resample_image(image, (0.7, 0.7, 0.7), method, fill_value=-2048)
    np.testing.assert_allclose(made.array[made.source_mask], 40.0)
    assert (made.array[~made.source_mask] == -2048).all()
    volume = made.source_mask.sum() * 0.7**3
    assert abs(volume / valid.sum() - 1) < 0.03


def test_a_mask_given_counts_instead_of_the_images_own():
    image = noise_on(Grid((6, 6, 6))).with_source_mask(np.zeros((6, 6, 6), bool))
    given_mask = Image.from_grid(np.ones((6, 6, 6), np.uint8), image.grid)
    assert resample_image(image, (0.5, 1, 1), source_mask=given_mask).source_mask.all()


def test_the_least_valid_weight_moves_the_border():
    valid = np.arange(8).reshape(8, 1, 1) < 4
    image = Image(np.ones((8, 1, 1)), (1, 1, 1), (0, 0, 0)).with_source_mask(valid)
    counts = [resample_image(image, (0.1, 1, 1), min_valid_weight=w).source_mask.sum() for w in (0.1, 0.5, 1.0)]
    assert counts == [44, 40, 35]


def test_infinite_values_are_invalid_and_warned_of():
    image = noise_on(Grid((6, 6, 6)))
    image.array[2, 2, 2], image.array[4, 4, 4] = np.nan, -np.inf
    with pytest.warns(ContentWarning, match="2 voxels are NaN or infinite"):
        made = resample_image(image, (0.5, 0.5, 0.5), "cubic")
    assert np.isfinite(made.array).all()
    assert not made.source_mask.all()


# --- masks by partial volume ---


@pytest.mark.filterwarnings("ignore:.*(look like labels|cuts off)")
@given(grids(st.tuples(*[st.integers(3, 9)] * 3)), factors, st.sampled_from([0.25, 0.5, 0.9]))
def test_a_mask_is_where_its_interpolated_fraction_is(grid, factor, threshold):
    spacing = factor * grid.spacing
    mask = np.random.default_rng(0).uniform(size=grid.shape) > 0.4
    image = Image.from_grid(mask.astype(np.uint8), grid, modality="SEG")
    made = resample_image(image, spacing, mask_threshold=threshold)
    fraction = resample_image(Image.from_grid(mask.astype(np.float64), grid), spacing).array
    clear = np.abs(fraction - threshold) > 1e-5
    np.testing.assert_array_equal(made.array[clear], (fraction >= threshold)[clear])
    assert made.array.dtype == np.uint8


def test_a_fraction_of_just_the_threshold_counts():
    image = Image(np.array([0, 1, 1, 0], np.uint8).reshape(4, 1, 1), (1, 1, 1), (0, 0, 0))
    made = resample_image(image, (2, 1, 1), mask_threshold=0.5)
    assert made.array.ravel().tolist() == [1, 1]


@pytest.mark.filterwarnings("ignore:.*(look like labels|cuts off)")
def test_of_several_labels_the_largest_fraction_wins_on_any_grid():
    rng = np.random.default_rng(1)
    labels = np.asfortranarray(
        np.kron(rng.choice([0, 2, 9, 300], (4, 4, 4)), np.ones((3, 3, 3), int)).astype(np.uint16)
    )
    image = Image(labels, (1, 1, 1), (0, 0, 0), modality="SEG")
    angle = 0.4
    turned = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    for target in (image.grid.with_spacing((0.8, 1.3, 0.5)), Grid((9, 10, 40), (1.1, 0.9, 0.3), (4, 1, 1), turned)):
        made = resample_to(image, target, mask_threshold=0.4)
        fractions = {
            k: resample_to(Image.from_grid((labels == k) * 1.0, image.grid), target).array for k in (2, 9, 300)
        }
        stack = np.stack([fractions[300], fractions[9], fractions[2]])
        best = np.array([300, 9, 2])[stack.argmax(axis=0)]
        expected = np.where(stack.max(axis=0) >= 0.4, best, 0)
        ordered = np.sort(stack, axis=0)
        clear = (np.abs(ordered[-1] - 0.4) > 1e-5) & (ordered[-1] - ordered[-2] > 1e-5)
        np.testing.assert_array_equal(made.array[clear], expected[clear])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", ">i4", "float32", "float64"])
def test_masks_and_labels_keep_their_type(dtype):
    array = np.kron(np.array([0, 1, 1, 0]), np.ones(3)).reshape(12, 1, 1).astype(dtype)
    made = resample_image(Image(array, (1, 1, 1), (0, 0, 0)), (1.5, 1, 1), "cubic", mask_threshold=0.5)
    assert made.array.dtype == np.dtype(dtype).newbyteorder("=")
    assert made.array.ravel().tolist() == [0, 0, 1, 1, 1, 1, 0, 0]


def test_a_mask_of_fractions_becomes_a_mask():
    image = Image(np.array([0.0, 0.6, 1.0, 0.2]).reshape(4, 1, 1), (1, 1, 1), (0, 0, 0))
    assert resample_image(image, (1, 1, 1), mask_threshold=0.5).array.ravel().tolist() == [0, 1, 1, 0]


def test_an_invalid_part_of_a_mask_is_filled():
    image = Image(np.array([1, 1, 1, 1], np.uint8).reshape(4, 1, 1), (1, 1, 1), (0, 0, 0))
    valid = np.array([1, 1, 0, 0]).reshape(4, 1, 1)
    made = resample_image(image, (0.5, 1, 1), mask_threshold=0.5, source_mask=valid, fill_value=9)
    assert made.array.ravel().tolist() == [1, 1, 1, 1, 9, 9, 9, 9]


# --- what is told, and what is refused ---


def test_the_record_says_what_was_done():
    (told,) = resample_image(noise_on(Grid((4, 4, 4))), (2, 2, 2)).provenance.decisions
    assert told.kind == "resampled"
    assert "from 1, 1, 1 to 2, 2, 2 mm by linear interpolation, grid centers aligned" in told.text


def test_a_reference_far_away_is_warned_of():
    with pytest.warns(ContentWarning, match="wholly outside"):
        resample_to(noise_on(Grid((3, 3, 3))), Grid((3, 3, 3), origin=(100, 0, 0)))


@pytest.mark.parametrize("spacing", [(0, 1, 1), (1, -1, 1), (1, 1, np.nan), (np.inf, 1, 1), (1, 1), 1.0, "abc", None])
def test_no_spacing_is_refused(spacing):
    with pytest.raises((GeometryError, OptionError), match="spacing"):
        resample_image(noise_on(Grid((3, 3, 3))), spacing)


@pytest.mark.parametrize("spacing", [1e-5, 1e-300, 5e-324])
def test_a_spacing_in_the_wrong_unit_is_refused_before_memory_is_taken(spacing):
    with pytest.raises((GeometryError, OptionError), match="mm"):
        resample_image(noise_on(Grid((3, 3, 3))), (spacing,) * 3)


@pytest.mark.parametrize(
    "options",
    [
        {"interpolation": "quintic"},
        {"interpolation": None},
        {"boundary_mode": "grid-wrap"},
        {"mask_threshold": 0.0},
        {"mask_threshold": 1.5},
        {"min_valid_weight": 0},
        {"fill_value": "0"},
        {"mask_threshold": 0.5},  # of an image of intensities
    ],
)
def test_options_that_cannot_be_honored_are_refused(options):
    with pytest.raises(OptionError):
        resample_image(noise_on(Grid((3, 3, 3))), (1, 1, 2), **options)


def test_source_masks_that_do_not_fit_are_refused():
    image = noise_on(Grid((3, 3, 3)))
    with pytest.raises(GeometryError, match="shape"):
        resample_image(image, (1, 1, 2), source_mask=np.ones((3, 3, 4), bool))
    with pytest.raises(GeometryError, match="no voxel is valid"):
        resample_image(image, (1, 1, 2), source_mask=np.zeros((3, 3, 3), bool))


def test_a_source_mask_that_lies_elsewhere_is_taken_voxel_by_voxel():
    image, mask = noise_on(Grid((3, 3, 3))), noise_on(Grid((3, 3, 3), origin=(1, 0, 0)))
    with pytest.warns(GeometryWarning, match="lies elsewhere"):
        made = resample_image(image, (1, 1, 2), source_mask=mask)
    assert made.equals(resample_image(image, (1, 1, 2), source_mask=mask.array > 0))


def test_labels_are_not_averaged_without_a_threshold():
    with pytest.raises(OptionError, match="mask_threshold"):
        resample_image(Image(np.ones((3, 3, 3), np.uint8), (1, 1, 1), (0, 0, 0), modality="SEG"), (2, 2, 2))


def test_a_reference_that_is_no_grid_is_refused():
    with pytest.raises(OptionError, match="reference"):
        resample_to(noise_on(Grid((3, 3, 3))), np.eye(4))


# --- real data ---


def test_the_ibsi_ct_at_two_millimeters(shared_data):
    """The grid that the IBSI reference manual prescribes, and SimpleITK's values on it."""
    image = load_image(next((shared_data / "ibsi_ct" / "nifti" / "image").glob("*.nii*")))
    made = resample_image(image, (2, 2, 2), round_intensities=False)
    sizes = np.ceil(np.array(image.array.shape) * image.spacing / 2)
    assert made.array.shape == tuple(sizes)
    expected = sitk_resample(image, made.grid, sitk.sitkLinear)
    np.testing.assert_allclose(made.array, expected, atol=0.01)
