"""xarray, there and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import GeometryError, GeometryWarning, Grid, Image, OptionError
from pictologics.bridges.xarray import from_xarray, to_xarray
from tests.bridges.crossings import assert_came_back, assert_same_corners, images
from tests.factories.grids import grids
from tests.factories.phantom import PHANTOM

xarray = pytest.importorskip("xarray", reason="xarray is not installed")

any_step = st.tuples(*[st.sampled_from([1, 2, -1, -2])] * 3)


@pytest.fixture
def scan() -> Image:
    grid = Grid(PHANTOM.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    return Image.from_grid(PHANTOM.array.astype(np.float32), grid, modality="CT", metadata={"units": "HU"})


def place_of(array, index) -> np.ndarray:
    """Where a voxel lies, by the rule of the page."""
    direction = np.reshape(array.coords["lattice"].attrs["direction"], (3, 3))
    return direction @ [array.coords[axis].values[k] for axis, k in zip("xyz", index, strict=True)]


@settings(max_examples=40)
@given(images())
def test_everything_comes_back(image):
    array = image.to_xarray()
    last = tuple(size - 1 for size in image.shape)
    np.testing.assert_allclose(place_of(array, last), image.grid.index_to_world(last), rtol=0, atol=1e-6)
    back = Image.from_xarray(array)
    assert_came_back(image, back)
    assert back.grid == image.grid
    assert np.shares_memory(back.array, image.array)


@settings(max_examples=40)
@given(grids(st.tuples(*[st.integers(1, 6)] * 3)), any_step)
def test_slices_stay_where_they_are(grid, steps):
    image = Image.from_grid(np.arange(np.prod(grid.shape), dtype=np.float64).reshape(grid.shape), grid)
    index = tuple(slice(None, None, step) for step in steps)
    expected = image[index]
    part = image.to_xarray().isel(dict(zip("xyz", index, strict=True))).transpose("z", "x", "y")
    back = from_xarray(part)
    np.testing.assert_array_equal(back.array, expected.array)
    if all(abs(step) == 1 or size > 2 for step, size in zip(steps, grid.shape, strict=True)) and min(grid.shape) > 1:
        assert back.grid == expected.grid
    # Of one voxel nothing says which way its axis ran.
    centers = np.array(np.meshgrid(*[range(size) for size in back.shape], indexing="ij")).reshape(3, -1).T
    np.testing.assert_allclose(
        back.grid.index_to_world(centers), expected.grid.index_to_world(centers), rtol=0, atol=1e-6
    )


def test_a_source_mask_goes_with_its_voxels(scan):
    masked = scan.with_source_mask(scan.array > 50)
    back = from_xarray(masked.to_xarray().isel(x=slice(None, None, -1), z=slice(1, 3)))
    expected = masked[::-1, :, 1:3]
    np.testing.assert_array_equal(back.source_mask, expected.source_mask)
    assert_same_corners(expected, back.affine, back.shape)


def test_arithmetic_leaves_an_array_where_it_is(scan):
    for keeps in (False, True):
        with xarray.set_options(keep_attrs=keeps):
            back = from_xarray(to_xarray(scan) * 2)
        assert back.grid.corner_error(scan.grid) < 1e-9
        assert back.modality == ("CT" if keeps else "Unknown")


def test_attributes_are_what_somebody_made_of_them(scan):
    array = to_xarray(scan)
    array.attrs |= {"modality": "PT", "units": "g/ml"}
    assert (from_xarray(array).modality, from_xarray(array).metadata) == ("PT", {"units": "g/ml"})
    del array.attrs["units"]
    assert from_xarray(array).metadata == {}


def test_attributes_are_such_as_files_hold(scan):
    values = [*to_xarray(scan).attrs.values(), *to_xarray(scan).coords["lattice"].attrs.values()]
    for value in values:
        assert isinstance(value, (str, list))
        assert isinstance(value, str) or all(isinstance(number, float) for number in value)


def test_axes_of_the_patient_have_coordinates_of_the_world():
    scan = Image(np.zeros((4, 5, 6), np.float32), (0.5, 0.5, 2.0), (10.0, 20.0, 30.0))
    assert to_xarray(scan).sel(z=35, method="nearest").coords["z"].item() in (34.0, 36.0)
    assert to_xarray(scan).coords["x"].values.tolist() == [10.0, 10.5, 11.0, 11.5]


def test_a_place_that_somebody_changed_counts(scan):
    array = to_xarray(scan)
    nudged = array.coords["y"].values + 1e-9
    back = from_xarray(moved(array, "y", nudged))
    shift = np.array(back.origin) - scan.origin
    np.testing.assert_allclose(shift, 1e-9 * scan.direction[:, 1], rtol=1e-3, atol=0)
    wider = from_xarray(moved(array, "x", array.coords["x"].values * 2))
    assert wider.spacing[0] == pytest.approx(2 * scan.spacing[0])
    # Coordinates in a smaller type are rounded further, and still those of the image.
    narrow = array.assign_coords({axis: array.coords[axis].astype(np.float32) for axis in "xyz"})
    assert from_xarray(narrow).grid == scan.grid
    turned = array.copy()
    turned.coords["lattice"].attrs["direction"] = np.eye(3).ravel().tolist()
    assert from_xarray(turned).grid.orientation == "LPS"
    longer = xarray.concat([array.assign_coords(z=array.z - 5 * scan.spacing[2]), array], "z")
    assert from_xarray(longer).grid.corner_error(scan.grid.pad((0, 0, 5), 0)) < 1e-9


def test_coordinates_alone_say_where_it_is_too(scan):
    array = to_xarray(scan)
    for name in ("origin", "spacing"):
        del array.coords["lattice"].attrs[name]
    assert from_xarray(array).grid.corner_error(scan.grid) < 1e-9
    with pytest.warns(GeometryWarning, match="has one voxel along y and no spacing; 1 mm was assumed"):
        plane = from_xarray(array.isel(y=[2]))
    assert plane.spacing[1] == 1.0
    assert plane.provenance.decisions[0].value == 1.0


def moved(array, axis, values):
    return array.assign_coords({axis: (axis, np.asarray(values, float), array.coords[axis].attrs)})


def test_what_cannot_be_kept_is_refused(scan):
    array = to_xarray(scan)
    in_meters = array.copy()
    in_meters.coords["y"].attrs["units"] = "m"
    turned = [array.copy() for _ in range(3)]
    turned[0].coords["lattice"].attrs["direction"] = [1.0] * 8
    turned[1].coords["lattice"].attrs["direction"] = "LPS"
    turned[2].coords["lattice"].attrs["spacing"] = [1.0]
    days = np.arange(5).astype("datetime64[D]")
    for other, error, match in (
        (array.isel(z=0), GeometryError, r"axes \('x', 'y'\).*isel\(z=\[5\]\)"),
        (array.expand_dims("time"), GeometryError, "x, y and z are required"),
        (moved(array, "z", [0, 1, 2, 4, 5]), GeometryError, "along z are not evenly spaced"),
        (moved(array, "z", [1, 1, 1, 1, 1]), GeometryError, "along z are not evenly spaced"),
        (in_meters, GeometryError, "along y are in 'm' and must be in mm"),
        (turned[0], GeometryError, "the attribute direction .* 9 numbers are required"),
        (turned[1], GeometryError, "the attribute direction of the DataArray is 'LPS'"),
        (turned[2], GeometryError, "the attribute spacing .* 3 numbers are required"),
        (array.isel(z=slice(0, 0)), GeometryError, "no voxel along z"),
        (array.assign_coords(z=list("abcde")), GeometryError, "along z are of type <U1 and must be finite numbers"),
        (array.assign_coords(z=days), GeometryError, "along z are of type datetime64.* must be finite numbers"),
        (moved(array, "z", [np.nan] * 5), GeometryError, "along z are not all finite"),
        (array.drop_vars("x"), GeometryError, "no coordinates along x"),
        (array.drop_vars("lattice"), GeometryError, "does not say how its axes run"),
        (array.astype(complex), OptionError, "complex128"),
        (scan.array, OptionError, "a DataArray of xarray"),
    ):
        with pytest.raises(error, match=match):
            Image.from_xarray(other)
