"""Images of every kind, and what must be the same of one that went to another library and came back."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from pictologics import Image
from tests.factories.grids import grids

__all__ = ["assert_came_back", "assert_same_corners", "images"]

NEAR = 1e-6
"""How far a corner may be from where it was, mm."""

small_shapes = st.tuples(*[st.integers(1, 5)] * 3)
DTYPES = ("uint8", "int16", "uint16", "int32", "int64", "float32", "float64", "bool")


@st.composite
def images(draw, dtypes=DTYPES) -> Image:
    """Any grid, type of voxels and order of memory, with and without what else an image knows."""
    grid = draw(grids(small_shapes))
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    generator = np.random.default_rng(draw(st.integers(0, 9)))
    low, high = (0, 2) if dtype.kind == "b" else (0, 200) if dtype.kind == "u" else (-200, 200)
    array = generator.integers(low, high, grid.shape).astype(dtype, order=draw(st.sampled_from("CF")))
    is_label_map = dtype.kind in "bu" and draw(st.booleans())
    metadata = draw(st.sampled_from([{}, {"units": "HU"}, {"series_description": 'Ünïcode; "quoted"', "phase": "40%"}]))
    return Image.from_grid(
        array,
        grid,
        modality="SEG" if is_label_map else draw(st.sampled_from(["CT", "MR", "PT", "Unknown"])),
        metadata=dict(metadata),
        labels={1: "liver", 12: "left lung, upper"} if is_label_map else {},
        source_mask=generator.random(grid.shape) > 0.3 if draw(st.booleans()) else None,
    )


def corners_of_affine(affine, shape) -> np.ndarray:
    """Centers of the eight corner voxels, LPS mm."""
    indices = np.array(np.meshgrid(*[(0, size - 1) for size in shape], indexing="ij")).reshape(3, 8)
    return (np.asarray(affine)[:3, :3] @ indices + np.asarray(affine)[:3, 3:]).T


def assert_same_corners(image: Image, lps_affine, shape) -> None:
    """An affine of the other library puts the corners where the image has them."""
    assert tuple(shape) == image.shape
    np.testing.assert_allclose(
        corners_of_affine(lps_affine, shape), corners_of_affine(image.affine, shape), rtol=0, atol=NEAR
    )


def assert_came_back(image: Image, back: Image) -> None:
    """Same place, voxels, type and facts."""
    assert_same_corners(image, back.affine, back.shape)
    np.testing.assert_allclose(back.spacing, image.spacing, rtol=1e-9)
    assert back.array.dtype == image.array.dtype
    np.testing.assert_array_equal(back.array, image.array)
    assert (back.modality, back.metadata, back.labels) == (image.modality, image.metadata, image.labels)
    assert back.has_source_mask == image.has_source_mask
    if image.has_source_mask:
        np.testing.assert_array_equal(back.source_mask, image.source_mask)
