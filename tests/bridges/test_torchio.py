"""TorchIO, there and back."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictologics import ContentWarning, GeometryError, Grid, Image, OptionError, save_image
from pictologics.bridges.torchio import from_torchio, to_torchio
from tests.bridges.crossings import assert_came_back, assert_same_corners, images
from tests.factories.grids import grids
from tests.factories.phantom import PHANTOM

with warnings.catch_warnings():
    # What the library says of others while it is imported.
    warnings.simplefilter("ignore")
    torchio = pytest.importorskip("torchio", reason="TorchIO is not installed")

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@pytest.fixture
def scan() -> Image:
    grid = Grid(PHANTOM.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    return Image.from_grid(PHANTOM.array.astype(np.float32), grid, modality="CT", metadata={"units": "HU"})


@settings(max_examples=40)
@given(images())
def test_everything_comes_back(image):
    made = image.to_torchio()
    assert_same_corners(image, LPS_FROM_RAS @ made.affine, made.spatial_shape)
    is_label_map = image.dtype == np.bool_ or image.modality == "SEG"
    assert isinstance(made, torchio.LabelMap if is_label_map else torchio.ScalarImage)
    back = Image.from_torchio(made)
    assert back.grid == image.grid
    assert_came_back(image, back)


@settings(max_examples=40)
@given(grids(st.tuples(*[st.integers(1, 5)] * 3)))
def test_an_image_of_theirs_comes_back_to_them(grid):
    voxels = np.random.default_rng(0).normal(size=(1, *grid.shape))
    theirs = torchio.ScalarImage(tensor=voxels, affine=grid.affine_in("RAS"))
    back = from_torchio(theirs).to_torchio()
    np.testing.assert_array_equal(back.data, theirs.data)
    np.testing.assert_allclose(back.affine, theirs.affine, rtol=0, atol=1e-8)


def test_voxels_are_shared_both_ways(scan):
    made = to_torchio(scan)
    assert np.shares_memory(made.data.numpy(), scan.array)
    assert np.shares_memory(from_torchio(made).array, scan.array)


def test_facts_go_through_transforms(scan):
    mask = Image.from_grid((scan.array > 100).astype(np.uint8), scan.grid, modality="SEG", labels={1: "liver"})
    subject = torchio.Subject(scan=scan.to_torchio(), mask=mask.to_torchio())
    done = torchio.Compose([torchio.ToCanonical(), torchio.Resample(1.0)])(subject)
    image, labels = from_torchio(done["scan"]), from_torchio(done["mask"])
    assert (image.modality, image.metadata["units"], labels.labels) == ("CT", "HU", {1: "liver"})
    assert labels.grid.lies_on(image.grid)
    np.testing.assert_allclose(image.spacing, 1, rtol=1e-6)


def test_a_source_mask_that_no_longer_fits_is_said(scan):
    """TorchIO turns voxels round and leaves the affine as it is."""
    masked = scan.with_source_mask(scan.array > 50)
    turned = torchio.RandomFlip(axes=(0,), flip_probability=1)(masked.to_torchio())
    with pytest.warns(ContentWarning, match="source mask is that of other voxels"):
        back = from_torchio(turned)
    assert back.source_mask is None
    np.testing.assert_array_equal(back.array, scan.array[::-1])


def test_a_part_lies_where_it_lay(scan):
    back = from_torchio(torchio.Crop((1, 0, 0, 2, 0, 0))(scan.to_torchio()))
    assert_same_corners(scan[1:, :-2], back.affine, back.shape)
    np.testing.assert_array_equal(back.array, scan.array[1:, :-2])


def test_files_that_torchio_stands_for_are_loaded(scan, tmp_path):
    save_image(scan, tmp_path / "scan.nii.gz")
    back = from_torchio(torchio.ScalarImage(tmp_path / "scan.nii.gz"))
    assert back.grid.corner_error(scan.grid) < 1e-4
    assert (back.modality, back.provenance.source) == ("Unknown", str(tmp_path / "scan.nii.gz"))
    assert from_torchio(torchio.LabelMap(tmp_path / "scan.nii.gz")).modality == "SEG"


def test_what_cannot_be_kept_is_refused(scan):
    made = scan.to_torchio()
    sheared = made.affine.copy()
    sheared[0, 1] += 0.5
    for image, error, match in (
        (torchio.ScalarImage(tensor=made.data, affine=sheared), GeometryError, "sheared"),
        (torchio.ScalarImage(tensor=made.data.repeat(2, 1, 1, 1)), GeometryError, r"image\.data\[:1\]"),
        (made.data, OptionError, "an image of TorchIO"),
    ):
        with pytest.raises(error, match=match):
            Image.from_torchio(image)
