"""Images with one bright voxel at a known point of the world, and where a radiologist looks for it on the screen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from pictologics import Grid, Image

__all__ = ["Marked", "marked_images", "moved_mask"]

# For each world axis that is looked along: the view, and the world axes, with their signs, to the right and down.
LOOKING_ALONG = {
    0: ("sagittal", (1, 1), (2, -1), "APSI"),
    1: ("coronal", (0, 1), (2, -1), "RLSI"),
    2: ("axial", (0, 1), (1, 1), "RLAP"),
}


@dataclass(frozen=True)
class Marked:
    """An image of one bright voxel, and how its axes were made.

    ``rotation`` turns the patient's axes a little; array axis k runs along its column ``order[k]``, either way.
    """

    image: Image
    index: tuple[int, int, int]
    rotation: np.ndarray
    order: tuple[int, int, int]

    @property
    def position(self) -> np.ndarray:
        return self.image.grid.index_to_world(self.index)

    def view(self, axis: int) -> str:
        return LOOKING_ALONG[self.order[axis]][0]

    def letters(self, axis: int) -> str:
        """Those at the left, right, top and bottom edges."""
        return LOOKING_ALONG[self.order[axis]][3]

    def offset(self, axis: int) -> tuple[float, float]:
        """How far right and down of the picture's middle the marker is, mm, when looking along an array axis."""
        grid = self.image.grid
        middle = grid.index_to_world((np.asarray(grid.shape) - 1) / 2)
        _, right, down, _ = LOOKING_ALONG[self.order[axis]]
        return tuple(float((self.position - middle) @ self.rotation[:, world]) * sign for world, sign in (right, down))

    def lengths(self, axis: int) -> tuple[float, float]:
        """Width and height of the picture, mm."""
        grid = self.image.grid
        _, right, down, _ = LOOKING_ALONG[self.order[axis]]
        across, along = (self.order.index(world) for world, _ in (right, down))
        return grid.shape[across] * grid.spacing[across], grid.shape[along] * grid.spacing[along]


@st.composite
def marked_images(draw) -> Marked:
    """Axes in any order, each either way, turned by up to 15 degrees about each; voxels that are no cubes."""
    angles = draw(st.tuples(*[st.floats(-15, 15)] * 3))
    rotation = np.eye(3)
    for axis, angle in enumerate(np.radians(angles)):
        turn = np.eye(3)
        others = [k for k in range(3) if k != axis]
        turn[np.ix_(others, others)] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        rotation = rotation @ turn
    order = tuple(draw(st.permutations(range(3))))
    signs = np.array(draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3)))
    shape = draw(st.tuples(*[st.integers(9, 16)] * 3))
    spacing = draw(st.tuples(*[st.sampled_from([0.7, 1.0, 1.6, 2.5])] * 3))
    origin = draw(st.tuples(*[st.floats(-500, 500)] * 3))
    index = tuple(draw(st.integers(1, count - 2)) for count in shape)
    array = np.zeros(shape, np.float32)
    array[index] = 100
    grid = Grid(shape, spacing, origin, rotation[:, order] * signs)
    return Marked(Image.from_grid(array, grid), index, rotation, order)


def moved_mask(marked: Marked, order, flips) -> Image:
    """A mask of the marker on a part of the image's lattice, with its axes in another order and direction."""
    start = [k - 1 for k in marked.index]
    grid = marked.image.grid.crop(start, (3, 3, 3)).permute(order)
    for axis in flips:
        grid = grid.flip(axis)
    mask = np.zeros(grid.shape, np.uint8)
    mask[tuple(np.round(grid.world_to_index(marked.position)).astype(int))] = 4
    return Image.from_grid(mask, grid, modality="SEG")
