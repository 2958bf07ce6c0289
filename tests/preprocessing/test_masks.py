"""Mask steps against SimpleITK and against distances measured one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from pictologics import Image, OptionError
from pictologics.preprocessing import (
    crop_to_mask,
    grow_mask,
    growing,
    keep_largest_component,
)
from pictologics.provenance import Provenance, SliceSource
from tests.factories.phantom import OBLIQUE
from tests.preprocessing.scenes import on_grid

SHAPE = (7, 6, 5)
MASKS = npst.arrays(bool, SHAPE).filter(lambda mask: mask.any())
LABELS = npst.arrays(np.uint8, SHAPE, elements=st.integers(0, 3)).filter(lambda labels: labels.any())
SPACINGS = st.tuples(*(st.sampled_from([0.5, 0.9, 1.0, 2.5]) for _ in range(3)))


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    """Blocks that cut the small masks of these tests into many."""
    monkeypatch.setattr(growing, "BLOCK_SIDE", 3)


def distances(mask: np.ndarray, spacing) -> np.ndarray:
    """From every voxel to every voxel of a mask, mm; (voxels, voxels of the mask)."""
    all_points = np.argwhere(np.ones(SHAPE)) * spacing
    return np.linalg.norm(all_points[:, None] - (np.argwhere(mask) * spacing)[None], axis=2)


@given(mask=MASKS, spacing=SPACINGS, distance=st.sampled_from([0.0, 0.5, 0.9, 1.0, 1.3, 2.5, 4.0, 1e6]))
def test_growing_adds_what_lies_within_the_distance(mask, spacing, distance):
    grown = grow_mask(on_grid(mask, spacing), distance)
    near = distances(mask, spacing).min(axis=1).reshape(SHAPE) <= distance + 1e-6
    np.testing.assert_array_equal(grown.array, near)
    assert grown.array.dtype == np.uint8
    assert grown.grid == on_grid(mask, spacing).grid


@given(mask=MASKS, spacing=SPACINGS, distance=st.sampled_from([0.5, 0.9, 1.0, 1.3, 2.5]))
def test_shrinking_is_growing_what_lies_outside(mask, spacing, distance):
    assume(not mask.all())
    outside = grow_mask(on_grid(~mask, spacing), distance).array
    if outside.all():
        with pytest.raises(OptionError, match=r"leaves nothing of the mask; shrink by less"):
            grow_mask(on_grid(mask, spacing), -distance)
        return
    np.testing.assert_array_equal(grow_mask(on_grid(mask, spacing), -distance).array, outside == 0)


@given(labels=LABELS, spacing=SPACINGS, distance=st.sampled_from([0.9, 1.3, 2.5]))
def test_labels_grow_to_the_nearest_and_not_into_each_other(labels, spacing, distance):
    grown = grow_mask(on_grid(labels, spacing), distance).array
    np.testing.assert_array_equal(grown[labels > 0], labels[labels > 0])
    far = distances(labels > 0, spacing)
    owners = labels[labels > 0]
    for index, label in enumerate(grown.ravel()):
        within = far[index].min() <= distance + 1e-6
        assert (label > 0) == within
        if within:
            assert label in owners[far[index] <= far[index].min() + 1e-6]


def test_a_mask_is_not_shrunk_from_the_edge_of_the_image_and_grows_into_no_invalid_voxel():
    mask = np.zeros(SHAPE, np.uint8)
    mask[:3] = 1
    shrunk = grow_mask(on_grid(mask, (1, 1, 1)), -1).array
    assert shrunk[:2].all()
    assert not shrunk[2:].any()
    valid = np.ones(SHAPE, bool)
    valid[3] = False
    grown = grow_mask(on_grid(mask, (1, 1, 1), source_mask=valid), 2).array
    assert not grown[3].any()
    assert grown[4].all()
    with pytest.raises(OptionError, match="distance_mm is nan"):
        grow_mask(on_grid(mask), math.nan)
    with pytest.raises(OptionError, match="marks no voxel"):
        grow_mask(on_grid(mask * 0), 1)


@pytest.mark.parametrize("connectivity", [6, 26])
@given(labels=LABELS)
def test_the_largest_component(connectivity, labels):
    kept = keep_largest_component(on_grid(labels), connectivity).array
    for number in np.unique(labels[labels > 0]):
        image = sitk.GetImageFromArray((labels == number).astype(np.uint8))
        parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(image, connectivity == 26))
        sizes = np.bincount(parts.ravel())[1:]
        one = kept == number
        assert one.sum() == sizes.max()
        assert np.unique(parts[one]).size == 1
        # Of parts of one size, the one that comes first with x running fastest.
        equal = np.flatnonzero(sizes == sizes.max()) + 1
        first = next(part for part in parts.ravel(order="F") if part in equal)
        assert parts[one][0] == first
    assert not kept[labels == 0].any()


def test_edges_connect_with_18_and_corners_with_26():
    mask = np.zeros(SHAPE, np.uint8)
    mask[0, 0, 0] = mask[1, 1, 0] = mask[2, 2, 1] = 1
    assert [keep_largest_component(on_grid(mask), n).array.sum() for n in (6, 18, 26)] == [1, 2, 3]
    with pytest.raises(OptionError, match="connectivity is 8 and must be 6"):
        keep_largest_component(on_grid(mask), 8)


@given(mask=MASKS, spacing=SPACINGS, margin=st.sampled_from([0.0, 0.8, 1.0, 2.6, 100.0]))
def test_cropping_keeps_every_voxel_where_it_was(mask, spacing, margin):
    values = np.arange(mask.size, dtype=np.float32).reshape(SHAPE)
    slices = tuple(SliceSource("file", k) for k in range(SHAPE[2]))
    fields = {"direction": OBLIQUE, "source_mask": values % 3 > 0, "provenance": Provenance("f", "r", slices)}
    image = Image(values, spacing, (5.0, -60.0, 7.0), **fields)
    part, of_mask = crop_to_mask(image, Image(mask, spacing, (5.0, -60.0, 7.0), OBLIQUE), margin)
    assert part.grid == of_mask.grid
    assert of_mask.array.sum() == mask.sum()
    index = np.argwhere(np.ones(part.array.shape))
    there = image.grid.world_to_index(part.grid.index_to_world(index))
    np.testing.assert_allclose(there, np.round(there), atol=1e-9)
    x, y, z = np.round(there).astype(int).T
    np.testing.assert_array_equal(part.array.ravel(), values[x, y, z])
    np.testing.assert_array_equal(part.source_mask.ravel(), image.source_mask[x, y, z])
    assert [one.frame for one in part.provenance.slices] == sorted(set(z.tolist()))
    for axis, found in enumerate(np.nonzero(mask)):
        more = math.floor(margin / spacing[axis] + 1e-9)
        assert min((x, y, z)[axis]) == max(found.min() - more, 0)
        assert max((x, y, z)[axis]) == min(found.max() + more, SHAPE[axis] - 1)
    assert part.array.flags.f_contiguous


def test_a_crop_needs_a_mask_and_a_margin():
    image = on_grid(np.zeros(SHAPE))
    with pytest.raises(OptionError, match="marks no voxel"):
        crop_to_mask(image, on_grid(np.zeros(SHAPE, np.uint8)))
    with pytest.raises(OptionError, match=r"margin_mm is -1 and must be a number of mm, 0 or more"):
        crop_to_mask(image, on_grid(np.ones(SHAPE, np.uint8)), -1)
