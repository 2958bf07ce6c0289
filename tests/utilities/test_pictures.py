"""A marker at a known point of the patient is found where a radiologist looks for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage

from pictologics import Grid, Image, OptionError, save_planes
from pictologics.utilities.screen import screen_plane

# For each view: the patient direction (LPS) towards which the marker lies, and where that is on the screen.
PLACES = [
    ("axial", (-1, 0, 0), "left"),
    ("axial", (0, -1, 0), "top"),
    ("coronal", (-1, 0, 0), "left"),
    ("coronal", (0, 0, 1), "top"),
    ("sagittal", (0, -1, 0), "left"),
    ("sagittal", (0, 0, 1), "top"),
]

shapes = st.tuples(*[st.integers(9, 15)] * 3)


@pytest.mark.parametrize(("view", "towards", "place"), PLACES)
@given(shape=shapes, order=st.permutations(range(3)), signs=st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3))
def test_the_marker_is_on_its_side_whatever_the_storage_order(view, towards, place, shape, order, signs):
    grid = Grid(shape, (1.0, 1.0, 1.0), (5.0, -20.0, 300.0), np.eye(3)[:, order] * signs)
    centre = grid.index_to_world((np.asarray(grid.shape) - 1) // 2)
    array = np.zeros(grid.shape)
    array[tuple(np.round(grid.world_to_index(centre + 3 * np.array(towards))).astype(int))] = 1
    plane = screen_plane(Image.from_grid(array, grid), view, centre)
    row, column = np.argwhere(plane.values)[0]
    rows, columns = plane.values.shape
    if place == "left":
        assert column < columns / 2 - 1
        assert plane.letters[0] == {"axial": "R", "coronal": "R", "sagittal": "A"}[view]
    else:
        assert row < rows / 2 - 1
        assert plane.letters[2] == {"axial": "A", "coronal": "S", "sagittal": "S"}[view]


def test_the_picture_shows_the_marker_in_true_proportions(tmp_path):
    """A bright box in the right anterior superior eighth of a body of voxels that are not cubes."""
    array = np.zeros((40, 40, 20), np.float32)
    array[:20, :20, 10:] = 1
    image = Image(array, (1.0, 1.0, 2.0), (0.0, 0.0, 0.0))
    save_planes(image, tmp_path / "planes.png", position=(10, 10, 30), window=(0, 1))
    with PilImage.open(tmp_path / "planes.png") as file:
        picture = np.asarray(file.convert("L"), dtype=float)
    height = picture.shape[0]
    for panel, dark in zip(range(3), ("axial", "coronal", "sagittal"), strict=True):
        square = picture[:, panel * (height + 8) : panel * (height + 8) + height]
        quarter = height // 4
        assert square[quarter, quarter] > 200, dark
        for row, column in ((quarter, 3 * quarter), (3 * quarter, quarter), (3 * quarter, 3 * quarter)):
            assert square[row, column] < 50, dark


@pytest.mark.parametrize("array", [np.zeros((5, 6, 7)), np.full((5, 6, 7), np.nan), np.eye(5)[:, :, None] > 0])
def test_images_without_contrast_are_drawn(tmp_path, array):
    save_planes(Image(array, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)), tmp_path / "planes.png")
    with PilImage.open(tmp_path / "planes.png") as picture:
        assert picture.size[0] > 0


def test_what_cannot_be_drawn(tmp_path):
    image = Image(np.zeros((5, 6, 7)), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    with pytest.raises(OptionError, match="PNG"):
        save_planes(image, tmp_path / "planes.jpg")
    with pytest.raises(OptionError, match="no width"):
        save_planes(image, tmp_path / "planes.png", window=(5, 5))
    assert not list(tmp_path.iterdir())
