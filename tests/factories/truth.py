"""What an image must be, asked at points of the world."""

from __future__ import annotations

import numpy as np

from pictologics import Image
from tests.factories.phantom import Phantom

__all__ = ["assert_shows", "values_at"]

# Of a voxel; decimal strings hold positions to a thousandth of a millimeter or better.
PLACE_TOLERANCE = 0.01


def values_at(image: Image, positions: np.ndarray) -> np.ndarray:
    """The voxels at points of the world, which must be voxel centers of the image."""
    index = image.grid.world_to_index(positions)
    rounded = np.round(index).astype(int)
    assert np.abs(index - rounded).max() < PLACE_TOLERANCE, f"{np.abs(index - rounded).max()} voxels off"
    assert (rounded >= 0).all(), "outside the image"
    assert (rounded < image.array.shape).all(), "outside the image"
    return image.array[tuple(rounded.T)]


def assert_shows(image: Image, phantom: Phantom, rtol: float = 0.0) -> None:
    """Every voxel of the phantom is in the image, at its place, and nothing else is."""
    assert image.array.size == phantom.array.size
    index = np.stack(np.meshgrid(*map(np.arange, phantom.shape), indexing="ij"), axis=-1).reshape(-1, 3)
    positions = np.array(phantom.origin) + (index * phantom.spacing) @ phantom.direction.T
    np.testing.assert_allclose(values_at(image, positions), phantom.array.reshape(-1), rtol=rtol, atol=0)
