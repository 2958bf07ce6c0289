"""The Image of the contract."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pictologics
from pictologics import (
    GeometryError,
    GeometryWarning,
    Grid,
    Image,
    OptionError,
    PictologicsError,
    create_full_mask,
    load_image,
)
from pictologics.provenance import Provenance
from tests.factories.dicom_series import write_series
from tests.factories.grids import grids
from tests.factories.phantom import OBLIQUE, PHANTOM


@pytest.fixture
def image() -> Image:
    return Image(
        PHANTOM.array.astype(np.float32),
        PHANTOM.spacing,
        PHANTOM.origin,
        PHANTOM.direction,
        "CT",
        metadata={"units": "HU", "frame_of_reference_uid": "1.2.3", "series_instance_uid": "1.2.4"},
    )


def test_fields_are_those_of_the_contract_in_its_order():
    positional = [field.name for field in dataclasses.fields(Image) if not field.kw_only]
    assert positional == ["array", "spacing", "origin", "direction", "modality", "source_mask"]


def test_defaults_are_those_of_the_contract():
    image = Image(np.zeros((2, 2, 2)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    np.testing.assert_array_equal(image.direction, np.eye(3))
    assert image.modality == "Unknown"
    assert image.source_mask is None
    assert image.has_source_mask is False
    assert dict(image.metadata) == {}
    assert image.provenance == Provenance()


def test_is_one_class_under_every_path():
    from pictologics.image import Image as at_home

    assert pictologics.Image is at_home


@pytest.mark.parametrize("array", [np.zeros((3, 4)), np.zeros(5), np.zeros((2, 2, 2, 2)), np.zeros((0, 2, 2))])
def test_construction_validates_nothing(array):
    image = Image(array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    assert image.array is array
    assert str(array.shape) in repr(image)
    assert str(array.shape) in image._repr_html_()


def test_grid_and_affine_say_where_it_is(image):
    assert image.grid == Grid(PHANTOM.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    np.testing.assert_allclose(image.affine, PHANTOM.lps_affine, rtol=1e-12)


def test_grid_of_a_plane_is_refused():
    with pytest.raises(GeometryError):
        _ = Image(np.zeros((3, 4)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)).grid


@given(grids(shapes=st.tuples(*[st.integers(1, 5)] * 3)))
def test_from_grid_lies_on_the_grid(grid):
    image = Image.from_grid(np.zeros(grid.shape), grid, modality="MR")
    assert image.grid == grid
    assert image.modality == "MR"
    image.direction[0, 0] += 0  # its own, and writable


# --- source masks ---


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.int64, np.float32])
def test_source_mask_from_an_array(image, dtype):
    values = (PHANTOM.array % 3).astype(dtype)
    masked = image.with_source_mask(values)
    assert masked.has_source_mask
    assert masked.source_mask.dtype == np.bool_
    np.testing.assert_array_equal(masked.source_mask, values > 0)


def test_source_mask_from_negative_integers_counts_only_what_is_above_zero(image):
    masked = image.with_source_mask(np.where(PHANTOM.array > 100, 1, -1).astype(np.int8))
    np.testing.assert_array_equal(masked.source_mask, PHANTOM.array > 100)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_source_mask_from_an_image(image, dtype):
    mask = Image((PHANTOM.array > 50).astype(dtype), PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction, "SEG")
    np.testing.assert_array_equal(image.with_source_mask(mask).source_mask, PHANTOM.array > 50)


def test_with_source_mask_gives_a_copy_and_leaves_the_image_alone(image):
    mask = np.ones(PHANTOM.shape, bool)
    masked = image.with_source_mask(mask)
    assert masked is not image
    assert image.source_mask is None
    mask[:] = False
    assert masked.source_mask.all()
    for field in ("spacing", "origin", "modality", "metadata", "provenance"):
        assert getattr(masked, field) == getattr(image, field)
    np.testing.assert_array_equal(masked.array, image.array)
    np.testing.assert_array_equal(masked.direction, image.direction)


@pytest.mark.parametrize("shape", [(7, 6, 4), (6, 7, 5), (7, 6), (7, 6, 5, 1), (210,)])
def test_source_mask_of_another_shape_is_refused_by_both_shapes(image, shape):
    with pytest.raises(ValueError, match=r"7, 6, 5") as caught:
        image.with_source_mask(np.ones(shape, bool))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize(
    "place",
    [
        {"origin": (PHANTOM.origin[0] + 1.0, *PHANTOM.origin[1:])},
        {"spacing": (0.75, 1.125, 2.6)},
        {"direction": OBLIQUE[:, [1, 0, 2]]},
        {"direction": None},
    ],
    ids=["moved", "other spacing", "other axes", "straight"],
)
def test_source_mask_that_lies_elsewhere_is_taken_voxel_by_voxel_with_a_warning(image, place):
    fields = {"spacing": PHANTOM.spacing, "origin": PHANTOM.origin, "direction": PHANTOM.direction, **place}
    mask = Image(np.ones(PHANTOM.shape, np.uint8), **fields)
    with pytest.warns(GeometryWarning, match="elsewhere") as caught:
        masked = image.with_source_mask(mask)
    assert masked.source_mask.all()
    (decision,) = [one for one in masked.provenance.decisions if one.warning == "geometry"]
    assert f"{decision.value:.3g}" in str(caught[0].message)


def test_source_mask_within_the_tolerance_is_taken(image):
    near = tuple(image.grid.index_to_world((0.05, 0.05, 0.0)))
    assert image.with_source_mask(
        Image(np.ones(PHANTOM.shape, np.uint8), PHANTOM.spacing, near, PHANTOM.direction)
    ).has_source_mask


# --- at a glance ---


def test_repr_tells_what_to_know(image):
    text = repr(image)
    for part in ("(7, 6, 5)", "0.75, 1.125, 2.5", "'LPS'", "'CT'", "float32", "1 to 210", "HU"):
        assert part in text
    assert "\n" not in text


def test_repr_counts_valid_voxels(image):
    assert "110 of 210" in repr(image.with_source_mask(PHANTOM.array > 100))


def test_repr_html_tells_the_same_and_escapes(image):
    text = dataclasses.replace(image, modality="<script>")._repr_html_()
    assert text.startswith("<table")
    assert "<script>" not in text
    for part in ("(7, 6, 5)", "0.75, 1.125, 2.5", "LPS", "float32", "1 to 210", "HU"):
        assert part in text


def test_repr_passes_over_nan():
    array = np.full((2, 2, 2), np.nan)
    array[0, 0, 0], array[1, 1, 1] = -3.5, 8.0
    assert "-3.5 to 8" in repr(Image(array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))


def test_repr_of_nothing_but_nan_warns_of_nothing():
    assert "nan" in repr(Image(np.full((2, 2, 2), np.nan), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)))


def test_pickles(image):
    image = image.with_source_mask(PHANTOM.array > 100)
    again = pickle.loads(pickle.dumps(image))
    np.testing.assert_array_equal(again.array, image.array)
    np.testing.assert_array_equal(again.source_mask, image.source_mask)
    assert again.grid == image.grid
    assert (again.modality, again.metadata, again.provenance) == (image.modality, image.metadata, image.provenance)


# --- full mask ---


@pytest.mark.parametrize("dtype", [None, np.uint8, np.bool_, np.int32, np.float32, "uint16"])
def test_full_mask_covers_the_image(image, dtype):
    mask = create_full_mask(image) if dtype is None else create_full_mask(image, dtype=dtype)
    assert mask.array.dtype == np.dtype(dtype or np.uint8)
    assert mask.array.shape == PHANTOM.shape
    assert (mask.array == 1).all()
    assert mask.grid == image.grid
    assert mask.source_mask is None


def test_full_mask_shares_no_memory_with_the_image(image):
    mask = create_full_mask(image)
    mask.direction[:] = np.eye(3)
    np.testing.assert_array_equal(image.direction, PHANTOM.direction)


@pytest.mark.parametrize("array", [np.zeros((3, 4)), np.zeros((2, 2, 2, 2)), np.zeros((0, 2, 2)), None, [[[1]]]])
def test_full_mask_of_no_3d_array_is_a_value_error(array):
    image = Image(array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    with pytest.raises(ValueError, match="3D"):
        create_full_mask(image)


def test_writing_to_a_copy_changes_nothing_else(image):
    mask = np.ones(PHANTOM.shape, bool)
    copy = image.with_source_mask(mask)
    before = image.array.copy(), np.array(image.direction), dict(image.metadata)
    copy.array[...] = -1
    copy.direction[...] = 0
    copy.source_mask[...] = False
    copy.metadata["units"] = "none"
    copy.labels[1] = "liver"
    np.testing.assert_array_equal(image.array, before[0])
    np.testing.assert_array_equal(image.direction, before[1])
    assert (dict(image.metadata), dict(image.labels), image.source_mask) == (before[2], {}, None)
    assert mask.all()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_a_source_mask_of_numbers_becomes_one_of_truth_values(dtype):
    image = Image(np.zeros((2, 1, 1)), (1, 1, 1), (0, 0, 0), source_mask=np.array([[[3]], [[0]]], dtype))
    assert image.source_mask.dtype == np.bool_
    assert image.source_mask.ravel().tolist() == [True, False]


def test_images_compare_by_identity_and_equal_by_content():
    def make(**fields):
        return Image(
            **{
                "array": np.array([[[1.0, np.nan]]]),
                "spacing": (1, 1, 1),
                "origin": (0, 0, 0),
                "modality": "CT",
                **fields,
            }
        )

    assert make() != make()
    assert make().equals(make())
    assert make().equals(make(array=np.array([[[1, np.nan]]], np.float32), spacing=[1.0, 1.0, 1.0]))
    for field in (
        {"array": np.ones((1, 1, 2))},
        {"spacing": (1, 1, 2)},
        {"origin": (0, 0, 1)},
        {"direction": np.eye(3)[[1, 0, 2]]},
        {"modality": "MR"},
        {"source_mask": np.ones((1, 1, 2), bool)},
        {"labels": {1: "liver"}},
        {"metadata": {"units": "HU"}},
    ):
        assert not make().equals(make(**field))
    assert not make().equals("an image")


@pytest.mark.parametrize("dtype", ["nonsense", "datetime64[s]", "V8", object, str, [1, 2]])
def test_a_full_mask_of_what_is_no_number_is_refused(image, dtype):
    with pytest.raises(OptionError, match="dtype is"):
        create_full_mask(image, dtype)


@pytest.mark.parametrize("fields", [(None, None, None), (np.zeros((3, 4, 5)), None, None)])
def test_an_image_without_a_place_says_so_wherever_it_is_used(fields):
    nowhere, whole = Image(*fields), Image(np.zeros((3, 4, 5)), (1, 1, 1), (0, 0, 0))
    assert "spacing=None" in repr(nowhere)
    assert "None" in nowhere._repr_html_()
    assert not nowhere.equals(whole)
    for use in (
        lambda: nowhere.grid,
        lambda: create_full_mask(nowhere),
        lambda: whole.with_source_mask(nowhere),
        lambda: load_image(b"", reference_image=nowhere),
    ):
        with pytest.raises(PictologicsError):
            use()


def test_a_ragged_list_is_no_mask():
    with pytest.raises(OptionError, match="mask is"):
        Image(np.zeros((1, 1, 2)), (1, 1, 1), (0, 0, 0)).with_source_mask([[1], [1, 2]])


def test_numpy_takes_an_image_as_its_array(image):
    assert np.asarray(image) is image.array
    assert (image.shape, image.ndim, image.dtype) == (PHANTOM.shape, 3, np.dtype(np.float32))
    doubled = np.array(image)
    assert not np.shares_memory(doubled, image.array)
    assert np.asarray(image, np.float64).dtype == np.float64
    assert np.sum(image) == image.array.sum()
    assert np.shares_memory(image.__array__(copy=None), image.array)


def test_an_array_that_must_not_be_copied_is_not(image):
    assert image.__array__(copy=False) is image.array
    with pytest.raises(ValueError, match="only by a copy"):
        image.__array__(np.float64, copy=False)


def test_a_memory_map_is_no_copy(image, tmp_path):
    mapped = np.memmap(tmp_path / "voxels", np.float32, "w+", shape=(2, 3, 4))
    assert np.shares_memory(dataclasses.replace(image, array=mapped, source_mask=None).__array__(copy=False), mapped)
    listed = dataclasses.replace(image, array=[[[1, 2]]], source_mask=None)
    with pytest.raises(ValueError, match="voxels of type int64 become int64 only by a copy"):
        listed.__array__(copy=False)


def test_an_array_that_is_a_list_is_sliced(image):
    part = dataclasses.replace(image, array=[[[1, 2], [3, 4]]], source_mask=[[[True, False], [False, True]]])[:, :, 1:]
    assert part.array.tolist() == [[[2], [4]]] and part.source_mask.tolist() == [[[False], [True]]]


def test_a_source_mask_of_another_shape_is_not_sliced(image):
    wrong = dataclasses.replace(image, source_mask=np.ones(np.add(image.shape, 1), np.bool_))
    with pytest.raises(GeometryError, match="source mask"):
        wrong[1:]


def test_a_part_keeps_place_labels_and_source_mask(image):
    valid = image.array > np.median(image.array)
    named = dataclasses.replace(image, labels={1: "liver"}).with_source_mask(valid)
    parts = (slice(1, 4), slice(None), slice(None, None, -2))
    part = named[parts]
    np.testing.assert_array_equal(part.array, image.array[parts])
    np.testing.assert_array_equal(part.source_mask, valid[parts])
    assert (part.modality, part.labels, part.metadata) == ("CT", {1: "liver"}, image.metadata)
    assert part.grid == image.grid[parts]
    assert part.array.flags.f_contiguous
    for field in ("array", "source_mask", "direction"):
        assert not np.shares_memory(getattr(part, field), getattr(named, field))
    assert "cropped from" in part.provenance.decisions[-1].text


def test_a_part_knows_its_slices(tmp_path):
    write_series(tmp_path, PHANTOM)
    image = load_image(tmp_path)
    part = image[:, :, 3:0:-1]
    assert part.provenance.slices == image.provenance.slices[3:0:-1]
    assert [place.position for place in part.provenance.slices] == [
        pytest.approx(tuple(part.grid.index_to_world((0, 0, k)))) for k in range(3)
    ]


def test_an_image_is_no_sequence_of_planes(image):
    for use in (iter, list, lambda image: 0.0 in image):
        with pytest.raises(TypeError):
            use(image)
    with pytest.raises(OptionError, match="index the array"):
        image[image.array > 0]


def test_a_copy_shares_nothing(image):
    copy = image.copy()
    assert copy.equals(image)
    copy.array[:] = -1
    copy.metadata["units"] = "none"
    assert not copy.equals(image)
    assert image.metadata["units"] == "HU"
