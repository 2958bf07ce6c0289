"""Axes, labels and statistics of series in memory."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictologics import GeometryError, Image, ImageSeries, OptionError, SeriesAxis
from pictologics.series.axes import arrange_axes

TIME = SeriesAxis("time", (0.0, 2.5, 5.0), "s")
ECHO = SeriesAxis("echo", (4.92, 7.38), "ms")


def make_images(count: int, shape=(3, 4, 5), dtype=np.float32, seed=1) -> list[Image]:
    rng = np.random.default_rng(seed)
    return [Image(rng.normal(100, 30, shape).astype(dtype), (1, 1.5, 2), (3, 4, 5)) for _ in range(count)]


def make_series(*axes: SeriesAxis, **options) -> tuple[ImageSeries, np.ndarray]:
    """A series, and its voxels as (*axes, x, y, z)."""
    shape = tuple(map(len, axes))
    images = make_images(int(np.prod(shape)), **options)
    stacked = np.stack([image.array for image in images])
    return ImageSeries.from_images(images, *axes), stacked.reshape(*shape, *stacked.shape[1:])


def voxels(series: ImageSeries) -> np.ndarray:
    return np.stack([image.array for image in series])


def test_volumes_by_number():
    series, truth = make_series(TIME)
    assert len(series) == 3
    assert series.shape == (3, 4, 5, 3)
    np.testing.assert_array_equal(voxels(series), truth)
    np.testing.assert_array_equal(series[1].array, truth[1])
    np.testing.assert_array_equal(series[-1].array, truth[2])
    np.testing.assert_array_equal(series[np.int64(2)].array, truth[2])
    np.testing.assert_array_equal(voxels(series[::-1]), truth[::-1])
    np.testing.assert_array_equal(voxels(series[[2, 0]]), truth[[2, 0]])
    assert series[::-1].values("time").tolist() == [5.0, 2.5, 0.0]


def test_several_axes():
    series, truth = make_series(TIME, ECHO)
    assert series.shape == (3, 4, 5, 3, 2)
    np.testing.assert_array_equal(voxels(series), truth.reshape(6, 3, 4, 5))
    np.testing.assert_array_equal(series[3].array, truth[1, 1])
    np.testing.assert_array_equal(voxels(series.pick(echo=1)), truth[:, 1])
    np.testing.assert_array_equal(voxels(series.select(echo=7.38)), truth[:, 1])
    assert [axis.name for axis in series.select(echo=7.38).axes] == ["time"]
    assert series.pick(time=[2, 0], echo=slice(None, None, -1)).shape == (3, 4, 5, 2, 2)
    np.testing.assert_array_equal(voxels(series.pick(time=[2, 0], echo=0)), truth[[2, 0], 0])
    one = series.select(time=2.5, echo=4.92)
    assert len(one) == 1
    np.testing.assert_array_equal(one[0].array, truth[1, 0])


def test_select_takes_slices_lists_and_what_is_nearly_the_label():
    series, _ = make_series(TIME)
    assert series.select(time=slice(1, 5)).values("time").tolist() == [2.5, 5.0]
    assert series.select(time=slice(None, 2.5)).values("time").tolist() == [0.0, 2.5]
    for several in ([5, 0], {5, 0}, frozenset({5, 0})):
        assert series.select(time=several).values("time").tolist() == [0.0, 5.0]
    two = make_series(TIME, ECHO)[0]
    assert [len(two.select(time=one).axes) for one in (5, [5], {5}, frozenset({5}), slice(5, 5))] == [1, 2, 2, 2, 2]
    assert series.select(time=2.5000001).values("time").tolist() == [2.5]


def test_other_coordinates_of_an_axis_are_found_too():
    directions = (None, (1.0, 0.0, 0.0), (0.0, 0.6, 0.8), None)
    axis = SeriesAxis("direction", directions, coordinates={"b_value": (0.0, 800.0, 800.0, 0.0)})
    series, truth = make_series(axis)
    np.testing.assert_array_equal(voxels(series.select(b_value=800)), truth[1:3])
    np.testing.assert_array_equal(voxels(series.select(direction=(0, 0.6, 0.8))), truth[2:3])
    np.testing.assert_array_equal(voxels(series.select(direction=None)), truth[[0, 3]])
    assert series.values("b_value").tolist() == [0, 800, 800, 0]
    assert series.values("direction").shape == (4, 3)
    assert np.isnan(series.values("direction")[0]).all()
    assert len(series.select(b_value=800, direction=(1, 0, 0))) == 1
    with pytest.raises(OptionError, match="no volume has"):
        series.select(b_value=0, direction=(1, 0, 0))


def test_vectors_of_several_lengths_are_filled_up():
    axis = SeriesAxis("direction", ((1.0, 0.0, 0.0), (1.0, 0.0), None))
    np.testing.assert_array_equal(axis.values("direction")[1:], [[1, 0, np.nan], [np.nan] * 3])


WRONG = {
    "number": (lambda series: series[6], r"there is no volume 6: there are 6; choose from 0 to 5"),
    "slice of two axes": (lambda series: series[1:2], r"along 2 axes \(time, echo\).*call pick\(time=slice"),
    "axis": (lambda series: series.select(phase=1), r"there is no axis 'phase': the axes are time, echo"),
    "label": (lambda series: series.select(time=3.0), r"no volume has the time 3.0: there are 0, 2.5, 5"),
    "slice of words": (lambda series: series.select(time=slice("a", "b")), r"go from a number to a number"),
    "slice with a step": (lambda series: series.select(time=slice(0, 5, 2)), r"without a step"),
    "name": (lambda series: series["systole"], r"no volumes are called 'systole'"),
    "float": (lambda series: series.pick(time=1.0), r"taken by numbers, slices and lists of numbers, and 1.0"),
    "float slice": (lambda series: series.pick(time=slice(0.5, 1)), r"takes none of 3 places"),
    "empty": (lambda series: series.pick(time=[]), r"takes none of 3 places"),
    "mean over": (lambda series: series.mean("x"), r"there is no axis 'x'"),
    "two axes of one name": (
        lambda series: ImageSeries.from_images(list(series), TIME, SeriesAxis("time", (0, 1))),
        r"two axes have the name 'time'",
    ),
    "labels named as an axis": (
        lambda series: ImageSeries.from_images(list(series), TIME, SeriesAxis("echo", (0, 1), "", {"time": (0, 1)})),
        r"two axes have the name 'time'",
    ),
    "values": (lambda series: series.values("b_value"), r"there is no axis 'b_value'"),
}


@pytest.mark.parametrize(("ask", "message"), WRONG.values(), ids=WRONG)
def test_what_is_not_there_is_said(ask, message):
    series, _ = make_series(TIME, ECHO)
    with pytest.raises(OptionError, match=message):
        ask(series)


def test_images_of_one_series_lie_on_one_grid():
    first, second = make_images(2)
    second.origin = (3, 4, 5.5)
    with pytest.raises(GeometryError, match=r"image 1 lies 0.25 voxels from the first volume"):
        ImageSeries.from_images([first, second])
    with pytest.raises(GeometryError, match=r"image 1 has shape \(3, 4, 4\)"):
        ImageSeries.from_images([first, first[:, :, :4]])
    with pytest.raises(OptionError, match="the axes have 3 places, and there are 2 images"):
        ImageSeries.from_images([first, first], TIME)
    with pytest.raises(OptionError, match="a list of one Image at least"):
        ImageSeries.from_images([])
    with pytest.raises(OptionError, match="a list of one Image at least"):
        ImageSeries.from_images(3)
    assert len(ImageSeries.from_images(image for image in make_images(2))) == 2
    with pytest.raises(OptionError, match="must be of SeriesAxis"):
        ImageSeries.from_images([first, first], "ab")
    with pytest.raises(OptionError, match="3 labels and 2 of b_value"):
        SeriesAxis("time", (1.0, 2.0, 3.0), coordinates={"b_value": (1.0, 2.0)})


def test_what_is_taken_out_is_a_copy():
    images = make_images(2)
    series = ImageSeries.from_images(images)
    series[0].array[:] = 0
    assert images[0].array.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint8])
@pytest.mark.parametrize("name", ["mean", "std", "min", "max", "sum"])
def test_statistics_are_those_of_numpy(name, dtype):
    series, truth = make_series(TIME, ECHO, dtype=dtype)
    function = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max, "sum": np.sum}[name]
    exact = truth if name in ("min", "max") else truth.astype(np.float64)
    over_all = getattr(series, name)()
    np.testing.assert_allclose(over_all.array, function(exact, axis=(0, 1)), rtol=1e-6)
    for axis, number in (("time", 0), ("echo", 1)):
        found = getattr(series, name)(axis)
        left = ECHO if axis == "time" else TIME
        assert found.axes == (left,)
        np.testing.assert_allclose(voxels(found), function(exact, axis=number), rtol=1e-6)
    expected = dtype if name in ("min", "max") else np.float32 if dtype == np.float32 and name != "sum" else np.float64
    assert over_all.dtype == expected
    assert over_all.grid == series.grid
    assert "of 6 volumes over all volumes" in over_all.provenance.decisions[-1].text


@pytest.mark.parametrize("name", ["mean", "std", "min", "max", "sum"])
def test_voxels_that_are_not_valid_do_not_count(name):
    images = make_images(3)
    masks = np.random.default_rng(5).random((3, 3, 4, 5)) > 0.4
    masks[:, 0, 0, 0] = False
    marked = [image.with_source_mask(mask) for image, mask in zip(images, masks, strict=True)]
    series = ImageSeries.from_images(marked)
    truth = np.ma.masked_array([image.array.astype(np.float64) for image in images], ~masks)
    found = getattr(series, name)()
    expected = getattr(truth, name)(axis=0)
    np.testing.assert_allclose(found.array[~expected.mask], expected.compressed(), rtol=1e-6)
    np.testing.assert_array_equal(found.source_mask, ~expected.mask)
    assert np.isnan(found.array[0, 0, 0])


def test_masks_that_come_late_count_the_volumes_before_them():
    images = make_images(3)
    mask = np.ones((3, 4, 5), bool)
    mask[1, 1, 1] = False
    late = ImageSeries.from_images([*images[:2], images[2].with_source_mask(mask)])
    mean = late.mean()
    assert mean.source_mask is not None
    assert mean.source_mask.all()
    expected = (images[0].array[1, 1, 1].astype(float) + images[1].array[1, 1, 1]) / 2
    assert mean.array[1, 1, 1] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["mean", "std", "min", "max", "sum"])
def test_a_volume_that_is_picked_twice_counts_twice(name):
    series, truth = make_series(TIME, ECHO)
    function = {"mean": np.mean, "std": np.std, "min": np.min, "max": np.max, "sum": np.sum}[name]
    twice = series.pick(time=[0, 0, 2])
    exact = truth[[0, 0, 2]].astype(np.float64)
    np.testing.assert_allclose(getattr(twice, name)().array, function(exact, axis=(0, 1)), rtol=1e-6)
    for axis, number in (("time", 0), ("echo", 1)):
        np.testing.assert_allclose(voxels(getattr(twice, name)(axis)), function(exact, axis=number), rtol=1e-5)


def test_the_deviation_of_large_numbers_keeps_its_digits():
    images = [Image(np.full((2, 2, 2), 1e9 + k), (1, 1, 1), (0, 0, 0)) for k in (0, 1, 2, 3)]
    assert ImageSeries.from_images(images).std().array.max() == pytest.approx(np.std([0, 1, 2, 3]))


def test_all_voxels_in_one_array():
    series, truth = make_series(TIME, ECHO)
    array = series.to_array()
    np.testing.assert_array_equal(array, np.moveaxis(truth, (0, 1), (3, 4)))
    assert array.strides[:3] == (4, 12, 48)
    reverse = series.pick(time=slice(None, None, -1)).to_array()
    np.testing.assert_array_equal(reverse, array[:, :, :, ::-1])


def test_a_volume_of_a_larger_type_makes_all_of_that_type():
    small, large = make_images(1, dtype=np.float32)[0], make_images(1, dtype=np.float64)[0]
    array = ImageSeries.from_images([small, large]).to_array()
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array[..., 1], large.array)
    for images in ([small, large], [large, small]):
        series = ImageSeries.from_images(images)
        assert {getattr(series, name)().dtype for name in ("mean", "std", "min", "max")} == {np.dtype(np.float64)}


numbers = st.lists(st.sampled_from([0.0, 1.0, 2.5]), min_size=1, max_size=8)


@given(first=numbers, second=numbers)
def test_volumes_lie_along_several_axes_only_if_each_combination_is_there_once(first, second):
    count = min(len(first), len(second))
    pairs = list(zip(first[:count], second[:count], strict=True))
    axes, laid = arrange_axes(
        [SeriesAxis("echo", tuple(first[:count])), SeriesAxis("time", tuple(second[:count]), "s")]
    )
    assert sorted(laid.ravel().tolist()) == list(range(count))
    distinct = len(set(first[:count])) * len(set(second[:count]))
    if distinct == count and len(set(pairs)) == count:
        for place in np.ndindex(laid.shape):
            assert pairs[laid[place]] == tuple(axis.labels[k] for axis, k in zip(axes, place, strict=True))
    else:
        (axis,) = axes
        assert axis.name == "volume"
        assert list(zip(axis.column("echo"), axis.column("time"), strict=True)) == pairs


def test_the_same_directions_with_several_b_values_keep_each_its_own():
    x, y = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    b_values = (500.0, 500.0, 1000.0, 1000.0)
    shells = SeriesAxis("direction", (x, y, x, y), coordinates={"b_value": b_values})
    axes, laid = arrange_axes([shells, SeriesAxis("echo", (4.0, 4.0, 8.0, 8.0))])
    (axis,) = axes
    assert axis.column("b_value") == b_values
    assert axis.column("direction") == (x, y, x, y)
    assert laid.tolist() == [0, 1, 2, 3]


def test_labels_may_be_of_numpy():
    vectors = np.eye(3, dtype=np.float32)
    axis = SeriesAxis("time", np.arange(3), "s", {"direction": vectors, "delay": [np.float32(0.5), None, 1]})
    assert axis.labels == (0, 1, 2)
    assert axis.coordinates == {"direction": ((1, 0, 0), (0, 1, 0), (0, 0, 1)), "delay": (0.5, None, 1)}
    assert hash(axis) == hash(SeriesAxis("time", [0, 1, 2], "s"))
    series, _ = make_series(axis)
    assert len(series.select(time=slice(1, None))) == 2
    assert json.loads(json.dumps(axis.labels)) == [0, 1, 2]
    # What an axis gives as an array makes the same axis.
    gaps = SeriesAxis("direction", (None, (0.0, 0.6, 0.8)), coordinates={"time": (None, 2.5)})
    assert SeriesAxis("direction", gaps.values("direction"), "", {"time": gaps.values("time")}) == gaps


def test_how_it_is_shown():
    series, _ = make_series(TIME, SeriesAxis("component", ("magnitude", "phase")))
    assert repr(series) == (
        "ImageSeries(shape=(3, 4, 5, 3, 2), time 0 to 5 s, component magnitude, phase, spacing=(1, 1.5, 2) mm, "
        "orientation='LPS', modality='Unknown')"
    )


def test_an_array_of_xarray():
    xarray = pytest.importorskip("xarray", reason="xarray is not installed")
    directions = (None, (1.0, 0.0, 0.0))
    series, truth = make_series(TIME, SeriesAxis("direction", directions, coordinates={"b_value": (0.0, 800.0)}))
    found = series.to_xarray()
    assert isinstance(found, xarray.DataArray)
    assert found.dims == ("x", "y", "z", "time", "direction")
    np.testing.assert_array_equal(found.sel(time=2.5).values, np.moveaxis(truth[1], 0, 3))
    assert found.coords["b_value"].dims == found.coords["direction_l"].dims == ("direction",)
    assert found.coords["direction_l"].values[1] == 1
    assert found.coords["z"].values.tolist() == [5, 7, 9, 11, 13]
    volume = Image.from_xarray(found.isel(time=2, direction=1))
    assert volume.grid == series.grid
    np.testing.assert_array_equal(volume.array, truth[2, 1])
    np.testing.assert_allclose(found.mean("time").values[..., 0], series.pick(direction=0).mean().array, rtol=1e-6)


def test_what_is_known_of_volumes_is_known_of_their_array():
    pytest.importorskip("xarray", reason="xarray is not installed")
    common = {"series_instance_uid": "1.2.3", "frame_of_reference_uid": "1.2.4", "units": "ms"}
    images = [
        Image(
            image.array,
            image.spacing,
            image.origin,
            modality="MR",
            metadata={**common, "phase": f"{k}"},
            source_mask=image.array > 90 if k else None,
        )
        for k, image in enumerate(make_images(3))
    ]
    found = ImageSeries.from_images(images, TIME).to_xarray()
    assert (found.attrs["modality"], found.attrs["units"]) == ("MR", "ms")
    for k, image in enumerate(images):
        volume = Image.from_xarray(found.isel(time=k))
        assert volume.metadata == common
        assert volume.grid == image.grid
        np.testing.assert_array_equal(volume.array, image.array)
        np.testing.assert_array_equal(volume.source_mask, np.ones(image.shape) if k == 0 else image.source_mask)
    backwards = ImageSeries.from_images(images, TIME)[::-1].to_xarray()
    np.testing.assert_array_equal(backwards.coords["source_mask"].values[..., 0], images[2].source_mask)


@pytest.mark.parametrize("name", ["x", "lattice", "source_mask"])
def test_names_that_stand_for_space_are_no_names_of_axes(name):
    pytest.importorskip("xarray", reason="xarray is not installed")
    for axis in (SeriesAxis(name, (0, 1, 2)), SeriesAxis("time", (0, 1, 2), "s", {name: (0, 1, 2)})):
        with pytest.raises(OptionError, match=f"the name '{name}' of an axis or of labels stands for something else"):
            make_series(axis)[0].to_xarray()


def test_without_xarray_an_error_names_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "xarray", None)
    with pytest.raises(OptionError, match="needs the library xarray"):
        make_series(TIME)[0].to_xarray()
