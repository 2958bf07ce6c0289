"""NiiVue: what the widget is given is the image and its masks, where they are and as they are called."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from pictologics import GeometryError, Grid, Image, OptionError
from pictologics.bridges.nibabel import from_nibabel
from pictologics.labels.label_colors import color_of_label
from tests.bridges.crossings import assert_same_corners
from tests.factories.phantom import PHANTOM

ipyniivue = pytest.importorskip("ipyniivue", reason="ipyniivue is not installed")


@pytest.fixture
def scan() -> Image:
    grid = Grid(PHANTOM.shape, PHANTOM.spacing, PHANTOM.origin, PHANTOM.direction)
    return Image.from_grid(PHANTOM.array.astype(np.float64), grid, modality="CT", metadata={"units": "HU"})


def read(volume) -> Image:
    """What the browser gets."""
    return from_nibabel(nibabel.Nifti1Image.from_bytes(__import__("gzip").decompress(volume.data)))


def test_the_image_is_shown_where_it_is(scan):
    widget = scan.view()
    (volume,) = widget.volumes
    shown = read(volume)
    assert_same_corners(scan, shown.affine, shown.shape)
    np.testing.assert_array_equal(shown.array, scan.array)
    # Soft tissue, as in our pictures.
    assert (volume.colormap, volume.cal_min, volume.cal_max) == ("gray", -160.0, 240.0)
    assert scan.view(window=(0, 100)).volumes[0].cal_max == 50


def test_masks_have_their_names_and_colors(scan):
    array = np.zeros(scan.shape, np.int32)
    array[1:3], array[3:5] = 1, 12
    organs = Image.from_grid(array, scan.grid, modality="SEG", labels={1: "liver", 12: "left lung"})
    tumor = Image.from_grid(scan.array[2:5, 1:] > 50, scan.grid[2:5, 1:])
    _, first, second = scan.view({"organs": organs, "GTV": tumor}, opacity=0.3).volumes
    assert (first.opacity, first.name, second.name) == (0.3, "organs.nii.gz", "GTV.nii.gz")
    np.testing.assert_array_equal(read(first).array, array)
    assert_same_corners(tumor, read(second).affine, tumor.shape)
    table = np.reshape(first.colormap_label.lut, (-1, 4))
    low = int(first.colormap_label.min)
    for value in (1, 12):
        assert tuple(table[value - low]) == (*color_of_label(value), 255)
    assert table[0 - low][3] == 0
    assert [name for name in first.colormap_label.labels if name not in ("", "0", "background")][:1] == ["liver"]
    assert "left lung" in first.colormap_label.labels
    assert "GTV" in second.colormap_label.labels


def test_one_mask_and_several_are_taken(scan):
    mask = Image.from_grid((scan.array > 50).astype(np.float32), scan.grid)
    assert [volume.name for volume in scan.view(mask).volumes] == ["image.nii.gz", "mask.nii.gz"]
    assert [volume.name for volume in scan.view([mask, mask]).volumes[1:]] == ["mask 1.nii.gz", "mask 2.nii.gz"]


def test_masks_of_other_values_are_refused(scan):
    half = Image.from_grid(scan.array / 1000, scan.grid)
    below = Image.from_grid(np.full(scan.shape, -1, np.int16), scan.grid)
    for masks, match in (
        (half, "mask 'mask' are not whole numbers"),
        ({"low": below}, "'low' are -1 to -1 and must be 0 to 32767"),
        ("mask", "masks is 'str' and must be"),
        ([scan.array], r"masks\['mask 1'\] is of type ndarray"),
    ):
        with pytest.raises(OptionError, match=match):
            scan.view(masks)
    with pytest.raises(OptionError, match="opacity"):
        scan.view(opacity=2)
    with pytest.raises(GeometryError):
        Image(np.zeros((3, 4)), (1, 1, 1), (0, 0, 0)).view()
