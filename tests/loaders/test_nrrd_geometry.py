"""NRRD: where voxels lie equals SimpleITK's; what a header leaves out is told."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import (
    GeometryError,
    GeometryWarning,
    explain,
    load_image,
)
from pictologics.geometry import CORNER_ERROR_NOTED
from tests.factories.grids import grids
from tests.factories.nrrd_files import nrrd_header, write_nrrd
from tests.factories.oracles import assert_is_as_in_simpleitk
from tests.factories.phantom import PHANTOM, Phantom, counting

THREE = np.stack([PHANTOM.array, PHANTOM.array + 1000, PHANTOM.array + 2000])
BARE = {"space": None, "space directions": None, "space origin": None}


def loaded(path, **options):
    """An image, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image = load_image(path, **options)
    return image, " ".join(str(one.message) for one in caught)


@given(grid=grids(st.tuples(*[st.integers(1, 5)] * 3)), space=st.sampled_from(["LPS", "RAS", "LAS"]))
@settings(max_examples=30)
def test_any_orientation_equals_simpleitk(tmp_path, grid, space):
    phantom = Phantom(counting(grid.shape), grid.spacing, grid.origin, grid.direction)
    path = write_nrrd(tmp_path / "scan.nrrd", phantom, space=space)
    image = load_image(path)
    assert image.grid.is_right_handed == grid.is_right_handed
    assert image.grid.corner_error(grid) < CORNER_ERROR_NOTED
    assert_is_as_in_simpleitk(path, image)


@pytest.mark.parametrize("space", ["scanner-xyz", "3D-right-handed", "3D-left-handed"])
def test_spaces_without_anatomy_are_told(tmp_path, space):
    path = write_nrrd(tmp_path / "scan.nrrd", space=space)
    image, told = loaded(path)
    assert "taken as LPS" in told
    assert_is_as_in_simpleitk(path, image)


@pytest.mark.parametrize("space", ["left-posterior-superior-time", "LPST", "scanner-xyz-time"])
def test_spaces_with_time(tmp_path, space):
    steps = [f"({','.join(map(repr, [*column.tolist(), 0.0]))})" for column in PHANTOM.lps_affine[:3, :3].T]
    place = ",".join(map(repr, [*PHANTOM.origin, 0.0]))
    extra = {"space directions": " ".join([*steps, "(0,0,0,2.5)"]), "space origin": f"({place})"}
    path = write_nrrd(tmp_path / "scan.nrrd", array=np.moveaxis(THREE, 0, -1), space=space, extra=extra)
    image, told = loaded(path, dataset_index=2)
    assert ("taken as LPS" in told) == space.startswith("scanner")
    np.testing.assert_array_equal(image.array, THREE[2])
    assert image.grid.corner_error(PHANTOM.lps_affine) < 1e-6


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"spacings": "0.75 1.125 2.5"}, "taken as LPS"),
        ({}, "3 of 3 axes have no spacing"),
        ({"spacings": "0.75 1.125 2.5", "axis mins": "1 2 3"}, "taken as LPS"),
        ({"spacings": "0.75 1.125 2.5", "axis mins": "1 2 3", "centers": "cell cell cell"}, "LPS"),
        ({"spacings": "0.75 1.125 2.5", "axismins": "1 2 3", "centerings": "node node node"}, "LPS"),
        ({"axis mins": "1 2 3", "axis maxs": "7 7 7", "centers": "node node node"}, "LPS"),
        ({"axis mins": "1 2 3", "axis maxs": "8 8 8", "centers": "cell cell cell"}, "LPS"),
        ({"axis mins": "1 2 3", "axis maxs": "8 8 8"}, "LPS"),
    ],
)
def test_geometry_without_space_equals_simpleitk(tmp_path, fields, told):
    """A lower end is the edge of a cell or the center of a node; ITK takes it as an edge where nothing is said."""
    path = write_nrrd(tmp_path / "scan.nrrd", extra={**BARE, **fields})
    image, warned = loaded(path)
    assert told in warned
    assert_is_as_in_simpleitk(path, image)


def test_both_ends_of_an_axis_give_its_spacing(tmp_path):
    """ITK uses them for the origin, and takes 1 as the spacing."""
    for center, spacing, first in (("cell", 1.2, 3.6), ("node", 1.5, 3.0)):
        extra = {**BARE, "axis mins": "1 2 3", "axis maxs": "8 8 9", "centers": f"cell cell {center}"}
        image, _ = loaded(write_nrrd(tmp_path / "scan.nrrd", extra=extra))
        assert image.spacing[2] == pytest.approx(spacing)
        assert image.origin[2] == pytest.approx(first)


def test_what_is_missing_is_told(tmp_path):
    path = write_nrrd(tmp_path / "scan.nrrd", extra={"space origin": None})
    image, told = loaded(path)
    assert "origin of zero" in told
    assert_is_as_in_simpleitk(path, image)
    image, told = loaded(write_nrrd(path, extra={"space directions": None, "spacings": "1 2 3"}))
    assert "no space directions" in told
    assert image.spacing == (1.0, 2.0, 3.0)
    image, told = loaded(write_nrrd(path, extra={"space": None, "space dimension": "3"}))
    assert "no space says" in told
    assert image.grid.corner_error(PHANTOM.lps_affine) < 1e-6


def test_units_of_length_are_converted(tmp_path):
    """ITK passes over them."""
    image = load_image(write_nrrd(tmp_path / "scan.nrrd", extra={"space units": '"cm" "cm" "cm"'}))
    np.testing.assert_allclose(image.spacing, np.multiply(PHANTOM.spacing, 10))
    np.testing.assert_allclose(image.origin, np.multiply(PHANTOM.origin, 10))
    assert any(one.kind == "converted" for one in image.provenance.decisions)
    image, _ = loaded(write_nrrd(tmp_path / "scan.nrrd", extra={**BARE, "spacings": "1 1 1", "units": '"m" "m" "m"'}))
    assert image.spacing == (1000.0, 1000.0, 1000.0)


def test_a_plane_alone_is_one_voxel_thick(tmp_path):
    plane = PHANTOM.array[:, :, :1]
    one = {
        "dimension": "2",
        "sizes": "7 6",
        "space directions": nrrd_header(plane).split("directions: ")[1].split("\n")[0],
    }
    one["space directions"] = " ".join(one["space directions"].split()[:2])
    image, told = loaded(write_nrrd(tmp_path / "scan.nrrd", array=plane, extra=one))
    assert "unknown thickness" in told
    np.testing.assert_array_equal(image.array, plane)
    np.testing.assert_allclose(image.direction, PHANTOM.direction, atol=1e-12)
    assert image.spacing[2] == pytest.approx(1.0)


def test_shear_is_refused_by_its_number_and_may_be_ignored(tmp_path):
    path = write_nrrd(tmp_path / "scan.nrrd", extra={"space directions": "(1,0,0) (0.3,1,0) (0,0,1)"})
    with pytest.raises(GeometryError, match="sheared"):
        load_image(path)
    with pytest.warns(GeometryWarning, match="orthogonal"):
        load_image(path, irregular="ignore")
    assert explain(path).volumes[0].findings[0][0] == "sheared"


@pytest.mark.parametrize(
    "steps", ["(0,0,0) (0,1,0) (0,0,1)", "(1,0,0) (1,0,0) (0,0,1)", "(inf,0,0) (0,1,0) (0,0,1)", "none none (0,0,1)",
              "(nan,0,0) (0,1,0) (0,0,1)"],
)  # fmt: skip
def test_directions_that_span_nothing_are_refused(tmp_path, steps):
    with pytest.raises(GeometryError, match=r"scan\.nrrd"):
        load_image(write_nrrd(tmp_path / "scan.nrrd", extra={"space directions": steps}))
